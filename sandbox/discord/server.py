"""The stand-in's server, and what a test works with."""

import socket
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from aiohttp import web
from yarl import URL

from sandbox.discord.app_state import AppState
from sandbox.discord.cdn import Cdn
from sandbox.discord.commands import CommandRegistry
from sandbox.discord.config import DiscordConfig
from sandbox.discord.default_world import build_default_world
from sandbox.discord.faults import FaultQueue
from sandbox.discord.gateway import Gateway
from sandbox.discord.interactions import InteractionRegistry
from sandbox.discord.journal import RequestJournal
from sandbox.discord.member_client import MemberClient
from sandbox.discord.middleware import ApiMiddleware
from sandbox.discord.models import Channel
from sandbox.discord.paths import API_PREFIX
from sandbox.discord.rate_limits import RateLimits
from sandbox.discord.routes_about import AboutRoutes
from sandbox.discord.routes_channels import ChannelRoutes
from sandbox.discord.routes_commands import CommandRoutes
from sandbox.discord.routes_interactions import InteractionRoutes
from sandbox.discord.world import World
from sandbox.local_access import reachable, same_origin_only


class FakeDiscord:
    """Serves Discord's API, gateway and files on this machine while its context is open.

    Attributes:
        api_url, gateway_url, root_url: its addresses, known once the context is open.
        token: the bot token that it accepts.
        world, journal, faults, gateway, commands, interactions: its state, and what may be
            changed about it.
    """

    api_url: str
    gateway_url: str
    root_url: str

    def __init__(
        self, options: DiscordConfig | None = None, now: Callable[[], float] = time.time
    ) -> None:
        self.config = options or DiscordConfig()
        self.token = self.config.token
        self.world = World(now)
        build_default_world(self.world)
        self.journal = RequestJournal()
        self.faults = FaultQueue()
        self.gateway = Gateway(self.config, self.world)
        self.interactions = InteractionRegistry(self.config, self.world)
        self.commands = CommandRegistry(
            self.world.ids, now, self.world.bot_user.id, self.config.command_creates_per_day
        )
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Listen, and be ready to answer."""
        async with AsyncExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-discord-"))
            listener = _listen(self.config)
            stack.callback(listener.close)
            host = reachable(self.config.host)
            root = f"//{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
            self.api_url = f"http:{root}{API_PREFIX}"
            self.gateway_url = self.gateway.url = f"ws:{root}/gateway"
            self.root_url = f"http:{root}/"
            self._rooms = self._furnish(Path(folder))
            await self._open(stack, listener)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop, and leave nothing behind."""
        await self._stack.aclose()

    def member(self, name: str, guild: str | None = None) -> MemberClient:
        """Find a member of a server (the first, if none is named) by name."""
        found = self.world.guild(guild)
        user = self.world.user(name)
        if user.id not in found.members:
            raise LookupError(f"{name} is no member of {found.name}")
        return MemberClient(self._rooms, user, found)

    def channel(self, name: str, guild: str | None = None) -> Channel:
        """Find a channel or thread of a server (the first, if none is named) by name."""
        return self.world.channel(name, guild)

    async def wait_for_commands(self, names: Iterable[str], within: float = 120) -> None:
        """Return once a bot has identified and these commands are registered.

        Raises:
            WaitTimeoutError: not within so many seconds.
        """
        wanted = set(names)
        await self.world.changes.wait_until(
            lambda: (self.gateway.has_client and wanted <= self._registered()) or None,
            within,
            f"a bot with the commands {', '.join(sorted(wanted))}",
            lambda: (
                f"{'a' if self.gateway.has_client else 'no'} bot with "
                f"{', '.join(sorted(self._registered())) or 'no commands'}"
            ),
        )

    def _registered(self) -> set[str]:
        guilds = self.world.guilds
        found = [command for guild in guilds for command in self.commands.visible_in(guild)]
        return {str(command["name"]) for command in found}

    def _furnish(self, folder: Path) -> AppState:
        world = self.world
        cdn = Cdn(folder, world.ids, world.now, self.config.link_seconds)
        cdn.root = URL(self.root_url)
        return AppState(
            config=self.config,
            world=world,
            cdn=cdn,
            commands=self.commands,
            interactions=self.interactions,
            gateway=self.gateway,
            journal=self.journal,
            faults=self.faults,
            rate_limits=RateLimits(self.config, world.now),
        )

    async def _open(self, stack: AsyncExitStack, listener: socket.socket) -> None:
        rooms = self._rooms
        app = web.Application(
            middlewares=[same_origin_only(self.config.host), ApiMiddleware(rooms).handle]
        )
        app.add_routes([*AboutRoutes(rooms).routes(), *CommandRoutes(rooms).routes()])
        app.add_routes([*ChannelRoutes(rooms).routes(), *InteractionRoutes(rooms).routes()])
        app.add_routes([*self.gateway.routes(), *rooms.cdn.routes(), *self._more_routes()])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        stack.push_async_callback(runner.cleanup)
        stack.push_async_callback(self._close_connections)
        await runner.setup()
        await web.SockSite(runner, listener).start()

    def _more_routes(self) -> Iterable[web.RouteDef]:
        """List what a subclass serves besides."""
        return ()

    async def _close_connections(self) -> None:
        """End what would otherwise go on for good."""
        await self.gateway.close()


def _listen(options: DiscordConfig) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    return socket.create_server((options.host, options.port), family=family)
