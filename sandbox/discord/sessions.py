"""Gateway sessions: what was sent, kept so that a client can resume."""

import asyncio
import json
import secrets
from collections import deque
from dataclasses import dataclass, field

from aiohttp import web

from sandbox.discord.events import GatewayEvent, Intent
from sandbox.discord.json_values import Json

_REPLAY = 1_000


@dataclass(eq=False, slots=True)
class GatewaySession:
    """One identified client, or one that may still come back.

    `shard` is which part of the servers it hears of, and into how many they are divided; without
    one it hears of all. `lag_s` is how much later than others it hears of anything, in seconds.
    """

    intents: Intent
    shard: tuple[int, int] | None
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    sequence: int = 0
    socket: web.WebSocketResponse | None = None
    left_at: float | None = None
    lag_s: float = 0.0
    outbox: asyncio.Queue[str] = field(default_factory=asyncio.Queue[str])
    _sent: deque[tuple[int, str]] = field(
        default_factory=lambda: deque[tuple[int, str]](maxlen=_REPLAY)
    )

    @property
    def shard_id(self) -> int:
        """Return the number of its shard."""
        return 0 if self.shard is None else self.shard[0]

    def receives(self, event: GatewayEvent) -> bool:
        """Return whether an event is for this session, by its intents and its shard."""
        return self.covers(event.guild_id) and event.intent & self.intents == event.intent

    def covers(self, guild_id: int | None) -> bool:
        """Return whether a server is this session's; what happens in none is the first shard's."""
        index, count = self.shard or (0, 1)
        return index == (0 if guild_id is None else (guild_id >> 22) % count)

    def dispatch(self, event: GatewayEvent) -> None:
        """Number an event, keep it, and put it in the way to the client."""
        readable = self.intents & Intent.MESSAGE_CONTENT or event.redacted_data is None
        self.send(event.name, event.data if readable else event.redacted_data)

    def send(self, name: str, data: Json | None) -> None:
        """Number a dispatch, keep it, and put it in the way to the client."""
        self.sequence += 1
        text = json.dumps({"op": 0, "t": name, "s": self.sequence, "d": data})
        self._sent.append((self.sequence, text))
        if self.socket is not None:
            self.outbox.put_nowait(text)

    def can_replay(self, sequence: int) -> bool:
        """Return whether everything after a number is still kept."""
        oldest = self._sent[0][0] if self._sent else self.sequence + 1
        return oldest - 1 <= sequence <= self.sequence

    def replay(self, sequence: int) -> None:
        """Put everything after a number in the way to the client once more."""
        self.outbox = asyncio.Queue()
        for number, text in self._sent:
            if number > sequence:
                self.outbox.put_nowait(text)
