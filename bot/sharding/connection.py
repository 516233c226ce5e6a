"""The connection of one shard to Discord's gateway, kept up through every outage.

The library's own loop ends when nobody answers its first attempt, and comes back at once, for ever,
to a gateway that closes each connection; a day has 1,000 sessions. This one makes growing pauses.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Final, Never

import aiohttp
import discord
import structlog
from discord.gateway import DiscordWebSocket, ReconnectWebSocket
from yarl import URL

from bot.errors import GatewayRefused
from bot.pauses import growing_pause_s
from storage.shards import GatewaySession

_log = structlog.get_logger(__name__)

INTENTS: Final = discord.Intents(guilds=True)
"""The events that the bot hears of; none of them is privileged."""

REFUSALS: Final[Mapping[int, str]] = MappingProxyType(
    {
        4004: "DISCORD_TOKEN: Discord does not accept this token any more. Copy the bot's token "
        "from the developer portal",
        4010: "Discord has no shard of the number that this process named. That is a bug: "
        "report it",
        4011: "Discord wants more shards: the bot is in more servers than one shard may serve. "
        "Stop every process and run `python -m bot reshard N`, with twice as many as there are",
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

_RENEWAL_PAUSE_S: Final = 60.0
KEEP_SESSION: Final = 4000
"""A close code after which Discord keeps the session for whoever resumes it."""

END_SESSION: Final = 1000
"""A close code after which there is no session to resume."""

WaitForIdentify = Callable[[int], Awaitable[None]]
"""Waits until a shard may identify."""


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


class ShardConnection:
    """The connection of one shard, perhaps with a session that another process began.

    Such a session brings nothing of the servers that the shard has, so another one is begun beside
    it when Discord lets one begin, and takes its place without missing an event.

    Attributes:
        is_connected: whether events arrive now.
        has_servers: whether the shard's servers are in the cache.
        is_usable: whether it has, or another process's session is resumed.
    """

    def __init__(
        self,
        client: discord.Client,
        shard_id: int,
        wait_for_identify: WaitForIdentify,
        session: GatewaySession | None = None,
    ) -> None:
        self.shard_id = shard_id
        self.is_connected = False
        self.has_servers = False
        self.is_usable = False
        self._client = client
        self._wait_for_identify = wait_for_identify
        self._session = session
        self._began_here = session is None
        self._pauses = ReconnectPauses()
        self._is_first = True
        self._failures = 0
        self._ws: DiscordWebSocket | None = None
        self._renewal: asyncio.Task[None] | None = None

    @property
    def session(self) -> GatewaySession | None:
        """Return the session that may be resumed, as far as its events were handled."""
        return self._session if self._ws is None else (_session_of(self._ws) or self._session)

    async def run(self) -> None:
        """Stay connected until the client is closed.

        Raises:
            GatewayRefused: Discord refuses the connection for a reason that only a person can
                repair.
        """
        try:
            while not self._client.is_closed():
                reason = await self._run_once()
                self._note_end()
                if self._client.is_closed():
                    return
                await _pause(self._pauses.next_s(failed=self._failures > 0), reason, self.shard_id)
        finally:
            self._note_end()

    async def close(self, code: int) -> GatewaySession | None:
        """Close the connection, and return the session that may be resumed, after `run` has ended.

        With `KEEP_SESSION` Discord keeps it for a while.
        """
        session, ws = self.session, self._ws
        self._session, self._ws = session, None
        await _close(ws, code)
        return session

    def on_connected(self) -> None:
        """Hear that a session has begun."""
        self.is_connected = True

    def on_ready(self) -> None:
        """Hear that Discord has told of the shard's servers."""
        self.has_servers = self.is_usable = True

    def on_resumed(self) -> None:
        """Hear that a session is resumed; another process's is to be replaced."""
        self.is_connected = self.is_usable = True
        if not self._began_here and self._renewal is None:
            self._renewal = asyncio.create_task(self._renew(), name=f"shard {self.shard_id}")

    async def _run_once(self) -> str:
        """Connect, handle events until the connection ends, and return why it ended."""
        self._failures += 1
        try:
            await self._open()
            self._failures, self._is_first = 0, False
            await self._handle_events()
        except ReconnectWebSocket as request:
            self._keep_session(resume=request.resume)
            return "the connection ended"
        except Exception as error:  # noqa: BLE001 - the library raises anything on odd frames
            raise_refusal(error)
            ws = self._ws
            self._keep_session(resume=True)
            await _close(ws, KEEP_SESSION)
            return _describe(error)

    async def _handle_events(self) -> Never:
        """Handle the events of the connection, and of the one that takes its place."""
        while True:
            ws = self._ws
            assert ws is not None, "opened before"
            try:
                await ws.poll_event()
            except Exception:
                if ws is self._ws:
                    raise

    async def _open(self) -> None:
        if self._session is None:
            self._began_here = True
            await self._wait_for_identify(self.shard_id)
        self._ws = await self._connect(self._session)

    async def _connect(self, session: GatewaySession | None) -> DiscordWebSocket:
        resumed: Mapping[str, Any] = {}
        if session is not None:
            resumed = {
                "resume": True,
                "gateway": URL(session.resume_url),
                "session": session.session_id,
                "sequence": session.sequence,
            }
        opening = DiscordWebSocket.from_client(
            self._client, initial=self._is_first, shard_id=self.shard_id, **resumed
        )
        return await asyncio.wait_for(opening, _OPEN_TIMEOUT_S)

    async def _renew(self) -> None:
        """Replace another process's session by one that brings the servers."""
        while not self._began_here:
            try:
                await self._wait_for_identify(self.shard_id)
                await self._replace()
            except Exception as error:  # noqa: BLE001 - the session that is there goes on
                _log.info("session not renewed", shard=self.shard_id, error=_describe(error))
                await asyncio.sleep(_RENEWAL_PAUSE_S)

    async def _replace(self) -> None:
        before = self._ws
        ws = await self._connect(None)
        try:
            while ws.session_id is None:
                await ws.poll_event()
            if self._ws is not before:
                raise ConnectionError("the session to be replaced is gone")
        except BaseException:
            await _close(ws, END_SESSION)
            raise
        self._ws = ws
        self._began_here = True
        await _close(before, END_SESSION)

    def _keep_session(self, *, resume: bool) -> None:
        is_resumable = resume and self._failures < _RESUME_ATTEMPTS
        self._session = self.session if is_resumable else None
        self._ws = None

    def _note_end(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
            self._renewal = None
        if self.is_connected:
            self.is_connected = False
            self._client.dispatch("disconnect")


async def _close(ws: DiscordWebSocket | None, code: int) -> None:
    if ws is not None and ws.open:
        with suppress(aiohttp.ClientError, OSError):
            await ws.close(code)


def _session_of(ws: DiscordWebSocket) -> GatewaySession | None:
    if ws.session_id is None or ws.sequence is None:
        return None
    return GatewaySession(ws.session_id, str(ws.gateway), ws.sequence)


async def _pause(pause_s: float, reason: str, shard_id: int) -> None:
    if pause_s:
        _log.warning(
            "gateway unreachable", error=reason, shard=shard_id, retry_in_s=round(pause_s, 1)
        )
    await asyncio.sleep(pause_s)


def raise_refusal(error: Exception) -> None:
    """Raise GatewayRefused for what only a person can repair; pass over any other error."""
    if isinstance(error, discord.ConnectionClosed) and error.code in REFUSALS:
        raise GatewayRefused(f"{REFUSALS[error.code]} (close code {error.code}).") from None


def _describe(error: Exception) -> str:
    if isinstance(error, discord.ConnectionClosed):
        return f"close code {error.code}"
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"HTTP {error.status}"
    return type(error).__name__
