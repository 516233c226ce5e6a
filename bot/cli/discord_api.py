"""Discord's REST API as the command line asks it: once, with a sentence for each failure."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Self

import aiohttp
import discord
from pydantic import SecretStr

from bot.cli.findings import CheckFailed, Unreachable
from bot.settings import Settings

_TIMEOUT: Final = aiohttp.ClientTimeout(total=15)
_DISCORD: Final = "https://discord.com/api/v10"
_PAGE: Final = 200
"""Servers in one answer of Discord's, at most."""

NEEDED_PERMISSIONS: Final = {
    "View Channels": discord.Permissions(view_channel=True),
    "Send Messages": discord.Permissions(send_messages=True),
    "Attach Files": discord.Permissions(attach_files=True),
    "Read Message History": discord.Permissions(read_message_history=True),
    "Send Messages in Threads": discord.Permissions(send_messages_in_threads=True),
}
"""By the names that Discord's settings give them."""


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """Whose token it is."""

    name: str
    user_id: int
    application_id: int
    is_public: bool
    requires_code_grant: bool

    @property
    def invitation(self) -> str:
        """Return the link that brings the bot to a server, with what it needs and no more."""
        permissions = discord.Permissions(sum(one.value for one in NEEDED_PERMISSIONS.values()))
        return discord.utils.oauth_url(self.application_id, permissions=permissions)


class DiscordApi:
    """Requests with a bot's token; `api_url` is Discord's own if it is None."""

    def __init__(self, token: SecretStr, api_url: str | None) -> None:
        self._headers = {"Authorization": f"Bot {token.get_secret_value()}"}
        self._root = api_url or _DISCORD

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the API with the service's own token."""
        return cls(settings.discord_token, settings.discord_api_url)

    async def get(self, path: str) -> Any:
        """Return what Discord answers, read from JSON.

        Raises:
            CheckFailed: it does not accept the token.
            Unreachable: it does not answer, or not with what was asked for.
        """
        async with self.request(path) as answer:
            try:
                return await answer.json(content_type=None)
            except ValueError:
                raise Unreachable("something else than Discord answers") from None

    @asynccontextmanager
    async def request(self, path: str) -> AsyncGenerator[aiohttp.ClientResponse]:
        """Ask, and yield the answer.

        Raises:
            CheckFailed: Discord does not accept the token.
            Unreachable: it does not answer, or answers with another status than 200.
        """
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False) as session,
                session.get(self._root + path, headers=self._headers) as answer,
            ):
                # A 401 that is not JSON is a proxy's.
                if answer.status == 401 and answer.content_type == "application/json":
                    raise CheckFailed("DISCORD_TOKEN: Discord does not accept this token")
                if answer.status != 200:
                    raise Unreachable(f"Discord answered {answer.status}")
                yield answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable(f"Discord cannot be reached ({type(error).__name__})") from None

    async def fetch_identity(self) -> BotIdentity:
        """Return who the bot is.

        Raises:
            CheckFailed, Unreachable: as `get`.
        """
        me = await self.get("/users/@me")
        application = await self.get("/oauth2/applications/@me")
        return BotIdentity(
            name=me["username"],
            user_id=int(me["id"]),
            application_id=int(application["id"]),
            is_public=application["bot_public"],
            requires_code_grant=application["bot_require_code_grant"],
        )

    async def list_guilds(self) -> list[Any]:
        """List all servers that the bot is in.

        Raises:
            CheckFailed, Unreachable: as `get`.
        """
        guilds: list[Any] = await self.get(f"/users/@me/guilds?limit={_PAGE}")
        page = guilds
        while len(page) == _PAGE:
            last = max(int(guild["id"]) for guild in page)
            page = await self.get(f"/users/@me/guilds?limit={_PAGE}&after={last}")
            guilds = [*guilds, *page]
        return guilds
