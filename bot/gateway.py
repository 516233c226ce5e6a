"""The gateway connection, kept up through every outage.

The library's own loop ends when nobody answers its first attempt, and comes back at once, for ever,
to a gateway that closes each connection; a day has 1,000 sessions. This one makes growing pauses.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Final, cast

import aiohttp
import discord
import structlog
from discord.gateway import DiscordWebSocket, ReconnectWebSocket

from bot.errors import GatewayRefused
from bot.pauses import growing_pause_s

_log = structlog.get_logger(__name__)

INTENTS: Final = discord.Intents(guilds=True)
"""The events that the bot hears of; none of them is privileged."""

REFUSALS: Final[Mapping[int, str]] = MappingProxyType(
    {
        4004: "DISCORD_TOKEN: Discord does not accept this token any more. Copy the bot's token "
        "from the developer portal",
        4010: "Discord has no shard of the number that this process named. That is a bug: "
        "report it",
        4011: "Discord wants the servers shared out over several connections: the bot is in more "
        "than one may serve. Take it out of some",
        4012: "Discord no longer speaks this version's language on the gateway: start a newer "
        "version",
        4013: "Discord does not know the intents that this version asks for: start a newer version",
        4014: "Discord does not grant the intents that this version asks for: enable them in the "
        "developer portal, or start the version that belongs to this application",
    }
)
"""By close code: what only a person can repair. After any other code the connection comes back."""

_OPEN_TIMEOUT_S: Final = 60
_WINDOW_S: Final = 1_800
_FREE_RECONNECTS: Final = 3
_RESUME_ATTEMPTS: Final = 3
"""Failures after which a session is given up: its own address at Discord may be gone."""

_Session = Mapping[str, Any]
_NO_SESSION: Final[_Session] = MappingProxyType({})


class ReconnectPauses:
    """Pauses before connections; they grow as long as connections end soon or fail."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._ends_s: list[float] = []

    def next_s(self, *, failed: bool) -> float:
        """Return the seconds to wait after a connection that ended, or one that failed.

        The first few that end within half an hour come back at once: Discord moves connections.
        """
        now_s = self._now_s()
        self._ends_s = [at_s for at_s in self._ends_s if now_s - at_s < _WINDOW_S] + [now_s]
        excess = len(self._ends_s) - (0 if failed else _FREE_RECONNECTS)
        return growing_pause_s(excess) if excess > 0 else 0.0


async def keep_connected(bot: discord.Client) -> None:
    """Keep the gateway connected until the client is closed.

    Raises:
        GatewayRefused: Discord refuses the connection for a reason that only a person can repair.
    """
    connection = _Connection(bot)
    while not bot.is_closed():
        reason = await connection.run_once()
        if bot.is_closed():
            return
        bot.dispatch("disconnect")
        await _pause(connection.next_pause_s(), reason)


class _Connection:
    """The connection of a client, and the session that it may be resumed with."""

    def __init__(self, bot: discord.Client) -> None:
        self._bot = bot
        self._pauses = ReconnectPauses()
        self._session = _NO_SESSION
        self._is_first = True
        self._failures = 0

    async def run_once(self) -> str:
        """Connect, handle events until the connection ends, and return why it ended."""
        self._failures += 1
        try:
            await self._open()
            self._failures, self._is_first = 0, False
            while True:
                await self._bot.ws.poll_event()
        except ReconnectWebSocket as request:
            self._keep_session(resume=request.resume)
            return "the connection ended"
        except Exception as error:  # noqa: BLE001 - the library raises anything on odd frames
            _raise_refusal(error)
            self._keep_session(resume=True)
            await self._drop()
            return _describe(error)

    def next_pause_s(self) -> float:
        """Return the seconds to wait before the next attempt."""
        return self._pauses.next_s(failed=self._failures > 0)

    async def _open(self) -> None:
        opening = DiscordWebSocket.from_client(
            self._bot, initial=self._is_first, shard_id=self._bot.shard_id, **self._session
        )
        self._bot.ws = await asyncio.wait_for(opening, _OPEN_TIMEOUT_S)

    def _keep_session(self, *, resume: bool) -> None:
        ws = cast("DiscordWebSocket | None", self._bot.ws)
        is_resumable = resume and self._failures < _RESUME_ATTEMPTS
        if ws is None or ws.session_id is None or not is_resumable:
            self._session = _NO_SESSION
        else:
            self._session = {
                "resume": True,
                "gateway": ws.gateway,
                "session": ws.session_id,
                "sequence": ws.sequence,
            }

    async def _drop(self) -> None:
        """Close what is left of a connection in which something unexpected came."""
        ws = cast("DiscordWebSocket | None", self._bot.ws)
        if ws is not None and ws.open:
            with suppress(aiohttp.ClientError, OSError):
                await ws.close(4000)


async def _pause(pause_s: float, reason: str) -> None:
    if pause_s:
        _log.warning("gateway unreachable", error=reason, retry_in_s=round(pause_s, 1))
    await asyncio.sleep(pause_s)


def _raise_refusal(error: Exception) -> None:
    if isinstance(error, discord.ConnectionClosed) and error.code in REFUSALS:
        raise GatewayRefused(f"{REFUSALS[error.code]} (close code {error.code}).") from None


def _describe(error: Exception) -> str:
    if isinstance(error, discord.ConnectionClosed):
        return f"close code {error.code}"
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"HTTP {error.status}"
    return type(error).__name__
