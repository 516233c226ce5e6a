"""The gateway: how a client identifies, stays, leaves and resumes."""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.discord import serializers
from sandbox.discord.config import DiscordConfig
from sandbox.discord.events import PRIVILEGED, GatewayEvent, Intent
from sandbox.discord.json_values import Json, as_list, as_object
from sandbox.discord.models import Guild
from sandbox.discord.session_limits import SessionStart, SessionStartLimits
from sandbox.discord.sessions import GatewaySession
from sandbox.discord.world import World

_FRAME_BYTES = 4096
_FRAMES, _FRAMES_SECONDS = 120, 60.0
_LATENCY_SECONDS = 0.01
_SESSION_ENDING_CODES = (1000, 1001)
"""A client that closes with one of these has no session to come back to."""


class Opcode(IntEnum):
    """The gateway's opcodes."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE_UPDATE = 3
    VOICE_STATE_UPDATE = 4
    RESUME = 6
    RECONNECT = 7
    REQUEST_GUILD_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class ConnectionClosed(Exception):
    """The connection ends with one of Discord's close codes."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class Gateway:
    """Holds the sessions, and brings events to them.

    Attributes:
        identify_count, resume_count: how often a client has asked to begin a session, or taken one
            up again.
        started, resumed: the shards of those that began, and of those taken up again.
        granted_intents: the privileged intents that the application has been given.
        is_unavailable: whether new connections are refused with 503; may be set.
        identify_close_code: with which every IDENTIFY is refused, if at all; may be set.
        session_limits: how many sessions may begin.
    """

    def __init__(self, options: DiscordConfig, world: World) -> None:
        self._options = options
        self._world = world
        self._sessions: dict[str, GatewaySession] = {}
        self.url = ""
        self.identify_count = 0
        self.resume_count = 0
        self.started: list[int] = []
        self.resumed: list[int] = []
        self.session_limits = SessionStartLimits(options, world.now)
        self.granted_intents = Intent.NONE
        self.is_unavailable = False
        self.identify_close_code: int | None = None
        world.listen(self.dispatch)

    def routes(self) -> list[web.RouteDef]:
        """List what is served."""
        return [web.get("/gateway", self.serve), web.get("/gateway/", self.serve)]

    @property
    def has_client(self) -> bool:
        """Return whether a client is here that has identified."""
        return any(session.socket is not None for session in self._sessions.values())

    def dispatch(self, event: GatewayEvent) -> None:
        """Bring an event to every session that hears of it, also to one that may come back."""
        if not self._concerns_bot(event):
            return
        for session in self._alive():
            if session.receives(event):
                session.dispatch(event)

    async def request_reconnect(self) -> None:
        """Send op 7 to every client."""
        await self._send_all({"op": Opcode.RECONNECT, "d": None})

    async def invalidate_sessions(self, *, resumable: bool = False) -> None:
        """Send op 9 to every client; unless resumable, their sessions are over."""
        await self._send_all({"op": Opcode.INVALID_SESSION, "d": resumable})
        if not resumable:
            self._sessions.clear()

    async def drop_connections(self, code: int | None = None) -> None:
        """End every connection with a close code, or tear it down without one."""
        for session in self._alive():
            socket, session.socket = session.socket, None
            if socket is None:
                continue
            if code is not None:
                await socket.close(code=code)
            elif (transport := socket.get_extra_info("socket")) is not None:
                transport.shutdown(2)

    async def close(self) -> None:
        """End every connection as Discord does when it goes away."""
        await self.drop_connections(1001)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Speak with one client until it leaves or has to."""
        if self.is_unavailable:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse(max_msg_size=_FRAME_BYTES * 4, compress=False)
        await socket.prepare(request)
        connection = _Connection(self, socket)
        try:
            await connection.run()
        except ConnectionClosed as end:
            with suppress(ConnectionError):
                await socket.close(code=end.code, message=end.reason.encode())
        finally:
            await connection.leave()
        return socket

    def hello_payload(self) -> Json:
        """Write how often a heartbeat is wanted."""
        return {"heartbeat_interval": round(self._options.heartbeat_seconds * 1000), "_trace": []}

    @property
    def heartbeat_timeout_s(self) -> float:
        """Return after how many seconds without a heartbeat a client is taken for dead."""
        return self._options.heartbeat_seconds * 1.5

    def connected_sessions(self) -> list[GatewaySession]:
        """List the sessions whose clients are here, in the order in which they began."""
        return [session for session in self._alive() if session.socket is not None]

    def connected_shards(self) -> list[int]:
        """List the shards of the clients that are here; one of several clients is there twice."""
        return sorted(session.shard_id for session in self.connected_sessions())

    async def identify(self, data: Json) -> GatewaySession | None:
        """Begin a session, beside others of the same shard; None if it comes too soon.

        Raises:
            ConnectionClosed: the token, the intents or the shard are wrong, or too many have begun.
        """
        self.identify_count += 1
        if self.identify_close_code is not None:
            raise ConnectionClosed(self.identify_close_code, "Refused.")
        self._check_token(data.get("token"))
        if as_object(data.get("properties")) is None:
            raise ConnectionClosed(4002, "Error while decoding payload.")
        session = GatewaySession(self._intents(data.get("intents")), _shard(data.get("shard")))
        if len(self._guilds_of(session)) > self._options.guilds_per_shard:
            raise ConnectionClosed(4011, "Sharding required.")
        match self.session_limits.start(session.shard_id):
            case SessionStart.TOO_SOON:
                return None
            case SessionStart.TOO_MANY:
                await self.drop_connections(4004)
                raise ConnectionClosed(4004, "Authentication failed.")
            case SessionStart.GRANTED:
                self._sessions[session.id] = session
                self.started.append(session.shard_id)
                return session

    def send_ready(self, session: GatewaySession) -> None:
        """Send a new session its user and its servers."""
        own = self._guilds_of(session)
        unavailable = [{"id": str(guild.id), "unavailable": True} for guild in own]
        session.send("READY", self._ready(session, unavailable))
        if session.intents & Intent.GUILDS:
            for guild in (found for found in own if not found.unavailable):
                channels = self._world.visible_channels(guild)
                data = serializers.guild_create_json(guild, channels, self._world.bot_user.id)
                session.send("GUILD_CREATE", data)
        self._world.changes.notify()

    def resume(self, data: Json) -> GatewaySession | None:
        """Find the session that a client wants to take up again, if that is possible.

        Raises:
            ConnectionClosed: the token or the sequence number is wrong.
        """
        self._check_token(data.get("token"))
        session = self._sessions.get(str(data.get("session_id")))
        sequence = data.get("seq")
        if session is None or session not in self._alive() or not isinstance(sequence, int):
            return None
        if sequence > session.sequence:
            raise ConnectionClosed(4007, "Invalid seq.")
        if not session.can_replay(sequence):
            return None
        self.resume_count += 1
        self.resumed.append(session.shard_id)
        session.replay(sequence)
        self._world.changes.notify()
        return session

    def on_disconnect(self, session: GatewaySession, *, is_over: bool) -> None:
        """Remember when a session's client went away, unless it said that it won't come back."""
        session.socket, session.left_at = None, self._world.now()
        if is_over:
            self._sessions.pop(session.id, None)
        self._world.changes.notify()

    def _guilds_of(self, session: GatewaySession) -> list[Guild]:
        bot, guilds = self._world.bot_user.id, self._world.guilds.values()
        return [guild for guild in guilds if bot in guild.members and session.covers(guild.id)]

    def _concerns_bot(self, event: GatewayEvent) -> bool:
        """Return whether an event is the bot's to hear: of its servers, or about its commands."""
        guild = self._world.guilds.get(event.guild_id or 0)
        is_member = guild is None or self._world.bot_user.id in guild.members
        return is_member or event.name in ("INTERACTION_CREATE", "GUILD_DELETE")

    def _alive(self) -> list[GatewaySession]:
        now, most = self._world.now(), self._options.resume_seconds
        for session in list(self._sessions.values()):
            if session.left_at is not None and now - session.left_at > most:
                del self._sessions[session.id]
        return list(self._sessions.values())

    async def _send_all(self, frame: Json) -> None:
        for session in self._alive():
            if session.socket is not None:
                with suppress(ConnectionError):
                    await session.socket.send_json(frame)

    def _check_token(self, token: object) -> None:
        if self.session_limits.are_exceeded or token != self._options.token:
            raise ConnectionClosed(4004, "Authentication failed.")

    def _intents(self, value: object) -> Intent:
        if not isinstance(value, int) or value & ~int(Intent.KNOWN) or value < 0:
            raise ConnectionClosed(4013, "Invalid intent(s).")
        if Intent(value) & PRIVILEGED & ~self.granted_intents:
            raise ConnectionClosed(4014, "Disallowed intent(s).")
        return Intent(value)

    def _ready(self, session: GatewaySession, guilds: list[Json]) -> Json:
        bot = self._world.bot_user
        return {
            "v": 10,
            "user": serializers.user_json(bot) | {"verified": True, "mfa_enabled": False},
            "guilds": guilds,
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.url,
            **({} if session.shard is None else {"shard": list(session.shard)}),
            "application": {"id": str(bot.id), "flags": 0},
            "private_channels": [],
            "relationships": [],
            "presences": [],
            "_trace": [],
        }


class _Connection:
    """One client's WebSocket, from HELLO on."""

    def __init__(self, gateway: Gateway, socket: web.WebSocketResponse) -> None:
        self._gateway = gateway
        self._socket = socket
        self._session: GatewaySession | None = None
        self._sender: asyncio.Task[None] | None = None
        self._frames: deque[float] = deque()
        self._beat = asyncio.get_running_loop().time()
        self._ends_session = False
        self._handlers: dict[int, Callable[[Any], Any]] = {
            Opcode.HEARTBEAT: self._heartbeat,
            Opcode.IDENTIFY: self._identify,
            Opcode.RESUME: self._resume,
        }

    async def run(self) -> None:
        """Take the client's frames until it leaves.

        Raises:
            ConnectionClosed: the client did something wrong, or fell silent.
        """
        await self._send(Opcode.HELLO, self._gateway.hello_payload())
        loop = asyncio.get_running_loop()
        while True:
            left = self._beat + self._gateway.heartbeat_timeout_s - loop.time()
            try:
                async with asyncio.timeout(left):
                    frame = await self._socket.receive()
            except TimeoutError:
                raise ConnectionClosed(4009, "Session timed out.") from None
            if frame.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                is_own_end = frame.type is WSMsgType.CLOSE
                self._ends_session = is_own_end and frame.data in _SESSION_ENDING_CODES
                return
            await self._take(frame.data)

    async def leave(self) -> None:
        """Stop sending, and let the session wait for its client."""
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)
        if self._session is not None and self._session.socket in (self._socket, None):
            self._gateway.on_disconnect(self._session, is_over=self._ends_session)

    async def _take(self, text: str | bytes) -> None:
        now = asyncio.get_running_loop().time()
        while self._frames and self._frames[0] <= now - _FRAMES_SECONDS:
            self._frames.popleft()
        self._frames.append(now)
        if len(self._frames) > _FRAMES:
            raise ConnectionClosed(4008, "Rate limited.")
        op, data = _decoded(text)
        if op in self._handlers:
            await self._handlers[op](data)
        elif op not in (
            Opcode.PRESENCE_UPDATE,
            Opcode.VOICE_STATE_UPDATE,
            Opcode.REQUEST_GUILD_MEMBERS,
        ):
            raise ConnectionClosed(4001, "Unknown opcode.")
        elif self._session is None:
            raise ConnectionClosed(4003, "Not authenticated.")
        elif op == Opcode.REQUEST_GUILD_MEMBERS:
            raise ConnectionClosed(4002, "The stand-in hands out no member lists.")

    async def _heartbeat(self, _data: object) -> None:
        self._beat = asyncio.get_running_loop().time()
        # discord.py notes the time of a heartbeat in another thread, just after it was sent. It
        # takes an answer that comes sooner than that for a very late one to the heartbeat before.
        await asyncio.sleep(_LATENCY_SECONDS)
        await self._send(Opcode.HEARTBEAT_ACK, None)

    async def _identify(self, data: object) -> None:
        if self._session is not None:
            raise ConnectionClosed(4005, "Already authenticated.")
        session = await self._gateway.identify(_object(data))
        if session is None:
            await self._send(Opcode.INVALID_SESSION, False)  # noqa: FBT003 - Discord's own form
            return
        self._attach(session)
        self._gateway.send_ready(session)

    async def _resume(self, data: object) -> None:
        if self._session is not None:
            raise ConnectionClosed(4005, "Already authenticated.")
        session = self._gateway.resume(_object(data))
        if session is None:
            await self._send(Opcode.INVALID_SESSION, False)  # noqa: FBT003 - Discord's own form
            return
        self._attach(session)
        session.send("RESUMED", {"_trace": []})

    def _attach(self, session: GatewaySession) -> None:
        self._session = session
        session.socket, session.left_at = self._socket, None
        self._sender = asyncio.create_task(self._send_outbox(session))

    async def _send_outbox(self, session: GatewaySession) -> None:
        outbox = session.outbox
        with suppress(ConnectionError):
            while True:
                text = await outbox.get()
                await asyncio.sleep(session.lag_s)
                await self._socket.send_str(text)

    async def _send(self, op: Opcode, data: object) -> None:
        await self._socket.send_json({"op": int(op), "d": data, "s": None, "t": None})


def _decoded(text: str | bytes) -> tuple[int, object]:
    try:
        if len(text) > _FRAME_BYTES:
            raise ConnectionClosed(4002, "Error while decoding payload.")
        frame = as_object(json.loads(text))
    except ValueError:
        frame = None
    if frame is None or not isinstance(frame.get("op"), int):
        raise ConnectionClosed(4002, "Error while decoding payload.")
    return frame["op"], frame.get("d")


def _object(data: object) -> Json:
    found = as_object(data)
    if found is None:
        raise ConnectionClosed(4002, "Error while decoding payload.")
    return found


def _shard(value: object) -> tuple[int, int] | None:
    if value is None:
        return None
    match as_list(value):
        case [int(index), int(count)] if 0 <= index < count:
            return index, count
        case _:
            raise ConnectionClosed(4010, "Invalid shard.")
