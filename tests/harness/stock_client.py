"""A stock discord.py bot on the stand-in, and a way to speak to it without any library."""

import asyncio
import json
import warnings
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import yarl

from sandbox.discord import FakeDiscord

with warnings.catch_warnings():
    # It imports a module that Python 3.13 no longer has, and is told so.
    warnings.simplefilter("ignore")
    import discord
    import discord.gateway
    import discord.http
    from discord import app_commands, ui

__all__ = [
    "RestClient",
    "StockClient",
    "app_commands",
    "discord",
    "point_library_at",
    "pointed_library",
    "run_bot",
    "ui",
    "wait_until",
]


def point_library_at(api_url: str, gateway_url: str) -> None:
    """Point the unmodified library at a stand-in."""
    discord.http.Route.BASE = api_url
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)


@asynccontextmanager
async def pointed_library(fake_discord: FakeDiscord) -> AsyncGenerator[None]:
    """Point the unmodified library at a stand-in, and back again at the end."""
    before = discord.http.Route.BASE, str(discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY)
    point_library_at(fake_discord.api_url, fake_discord.gateway_url)
    try:
        yield
    finally:
        point_library_at(*before)


class StockClient(discord.Client):
    """A plain client with a command tree, as in the library's own examples."""

    def __init__(self, intents: discord.Intents) -> None:
        super().__init__(intents=intents)
        self.tree = app_commands.CommandTree(self)
        self.http.max_ratelimit_timeout = None
        self._connection.guild_ready_timeout = 0.02

    @property
    def is_connected(self) -> bool:
        """Return whether events arrive."""
        return self.is_ready() and self.ws.open

    def has_servers_of(self, _guild_id: int) -> bool:
        """Return whether it was told of its servers, which are all that there are."""
        return self.is_ready()

    async def setup_hook(self) -> None:
        """Register the commands that were put on the tree."""
        await self.tree.sync()


async def wait_until(bot: discord.Client, condition: Callable[[], bool]) -> None:
    """Return once a condition holds, now or after any event that the gateway brings.

    Raises:
        TimeoutError: it did not within two minutes.
    """
    async with asyncio.timeout(120):
        while not condition():
            await bot.wait_for("socket_event_type")


@asynccontextmanager
async def run_bot(
    fake_discord: FakeDiscord, bot: StockClient, token: str | None = None
) -> AsyncGenerator[StockClient]:
    """Run a bot until it is ready, and to its end."""
    async with pointed_library(fake_discord):
        task = asyncio.create_task(bot.start(token or fake_discord.token))
        ready = asyncio.create_task(bot.wait_until_ready())
        try:
            async with asyncio.timeout(120):
                await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
            yield bot
        finally:
            ready.cancel()
            await bot.close()
            await asyncio.gather(task, ready, return_exceptions=True)


class RestClient:
    """Speaks to the REST interface without any library in between."""

    def __init__(self, session: aiohttp.ClientSession, fake_discord: FakeDiscord) -> None:
        self._session = session
        self._stand_in = fake_discord

    async def __call__(
        self, method: str, path: str, body: object = None, **more: Any
    ) -> tuple[int, Any]:
        """Send a request and give the answer's status and JSON."""
        headers = {"Authorization": f"Bot {self._stand_in.token}", **more.pop("headers", {})}
        if body is not None:
            more["data"] = json.dumps(body)
            headers["Content-Type"] = "application/json"
        url = self._stand_in.api_url + path
        async with self._session.request(method, url, headers=headers, **more) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def request_refused(
        self, method: str, path: str, body: object = None, **more: Any
    ) -> Any:
        """Send a request that is to be refused, and give (status, code)."""
        status, answer = await self(method, path, body, **more)
        assert status >= 400, answer
        return status, answer["code"]
