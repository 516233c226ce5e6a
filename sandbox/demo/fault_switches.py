"""What a visitor can let go wrong, once each: armed, used up, or called off."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from aiohttp import web

from sandbox.apixo import FakeApixo
from sandbox.apixo import Fault as ApixoFault
from sandbox.demo.widgets import Json, format_duration, switch
from sandbox.discord import FakeDiscord
from sandbox.discord import Fault as DiscordFault
from sandbox.discord.faults import Handler

_MINUTE: Final = 60.0
_AWAY_S: Final = 3.0


class FaultSwitch(Protocol):
    """Something that can go wrong; it is `on` from the arming until it has happened."""

    @property
    def is_on(self) -> bool:
        """Return whether it is still to happen, or happening."""
        ...

    async def set_on(self, *, on: bool) -> None:
        """Arm it, or call it off; what is so already stays so."""
        ...

    def to_json(self) -> Json:
        """Describe it as a switch of the page."""
        ...


class FaultSwitches:
    """All that can go wrong, by the names of the switches."""

    def __init__(self, apixo: FakeApixo, discord: FakeDiscord) -> None:
        self._by_name: dict[str, FaultSwitch] = {
            "lost-answer": _Cue(apixo, "lost-answer", _LOST_ANSWER),
            "no-status": _NoStatus(apixo),
            "dead-link": _Cue(apixo, "dead-link", _DEAD_LINK),
            "too-large": _Cue(apixo, "too-large", _TOO_LARGE),
            "posted-500": _LostPost(discord),
            "gateway": _HangUp(discord),
        }

    def __iter__(self) -> Iterator[FaultSwitch]:
        return iter(self._by_name.values())

    def get(self, name: str) -> FaultSwitch | None:
        """Find one by its switch's name."""
        return self._by_name.get(name)

    async def turn_all_off(self) -> None:
        """Let everything go well again."""
        for mishap in self:
            await mishap.set_on(on=False)


@dataclass(frozen=True, slots=True)
class _Words:
    label: str
    hint: str
    directive: str


_LOST_ANSWER: Final = _Words(
    "The next submission times out after its task was made",
    "APIXO makes it, but answers 504. The member reads that it is being found out; the operator "
    "finds a parked job, never sent again. After half an hour of APIXO's time the hold is given "
    "back.",
    "[[effect:504]]",
)
_DEAD_LINK: Final = _Words(
    "The next video's link has expired",
    "APIXO reports success, but the file is not there. After a quarter of an hour of APIXO's time "
    "the member gets the price back, and the operator finds a job whose result is lost.",
    "[[result:404]]",
)
_TOO_LARGE: Final = _Words(
    "The next video is larger than Discord takes",
    "60 MB, more than either server takes. A link or a smaller copy is posted; the original stays "
    "on the bot's disk.",
    "[[size:60]]",
)


class _Cue:
    """A directive that the next task gets."""

    def __init__(self, apixo: FakeApixo, name: str, words: _Words) -> None:
        self._cues = apixo.queued_directives
        self._name = name
        self._words = words

    @property
    def is_on(self) -> bool:
        return self._words.directive in self._cues

    async def set_on(self, *, on: bool) -> None:
        if on and not self.is_on:
            self._cues.append(self._words.directive)
        elif self.is_on and not on:
            self._cues.remove(self._words.directive)

    def to_json(self) -> Json:
        words, note = self._words, "waits for the next submission" if self.is_on else ""
        return switch(self._name, words.label, words.hint, note, on=self.is_on)


class _NoStatus:
    """A minute of APIXO's time without a status; it begins with the first question."""

    def __init__(self, apixo: FakeApixo) -> None:
        self._apixo = apixo
        self._is_armed = False
        self._until: float | None = None

    @property
    def is_on(self) -> bool:
        return self._is_armed and (
            self._until is None or self._apixo.scaled_clock.now() < self._until
        )

    async def set_on(self, *, on: bool) -> None:
        if on and not self.is_on:
            self._until = None
            self._apixo.faults.add_while("status", ApixoFault(status=502), self._lasts)
        self._is_armed = on

    def to_json(self) -> Json:
        real = format_duration(_MINUTE / self._apixo.scaled_clock.scale)
        hint = (
            f"A minute of APIXO's time, {real} here. The member sees nothing of it; the operator "
            "finds warnings in the log, each later than the one before."
        )
        name, label = "no-status", "Status answers 502 for a minute"
        return switch(name, label, hint, self._note() if self.is_on else "", on=self.is_on)

    def _lasts(self) -> bool:
        if self.is_on and self._until is None:
            self._until = self._apixo.scaled_clock.now() + _MINUTE
        return self.is_on

    def _note(self) -> str:
        if self._until is None:
            return "waits for the next question"
        pace = self._apixo.scaled_clock
        return f"{format_duration((self._until - pace.now()) / pace.scale)} left"


@dataclass(slots=True)
class _Trap:
    """Whether a fault that waits among Discord's is still wanted."""

    is_armed: bool = True
    is_sprung: bool = False


@dataclass(frozen=True, kw_only=True)
class _Trapped(DiscordFault):
    """A fault that lets its request pass if it was called off meanwhile."""

    trap: _Trap

    async def apply(self, request: web.Request, work: Handler) -> web.StreamResponse:
        self.trap.is_sprung = True
        if not self.trap.is_armed:
            return await work()
        return await super().apply(request, work)


class _LostPost:
    """Discord makes the bot's next post, and answers 500."""

    def __init__(self, discord: FakeDiscord) -> None:
        self._faults = discord.faults
        self._trap: _Trap | None = None

    @property
    def is_on(self) -> bool:
        return self._trap is not None and self._trap.is_armed and not self._trap.is_sprung

    async def set_on(self, *, on: bool) -> None:
        if self._trap is not None and not self._trap.is_sprung:
            self._trap.is_armed = on
        elif on:
            self._trap = _Trap()
            fault = _Trapped(status=500, takes_effect=True, trap=self._trap)
            self._faults.add("POST", "/channels/*/messages", fault)

    def to_json(self) -> Json:
        hint = (
            "The bot sends it again with the same nonce, by which Discord knows it: the member "
            "sees it once, the operator nothing."
        )
        label = "Discord answers 500 after the next post was made"
        note = "waits for the bot's next message" if self.is_on else ""
        return switch("posted-500", label, hint, note, on=self.is_on)


class _HangUp:
    """The gateway ends every connection and takes none for a moment."""

    def __init__(self, discord: FakeDiscord) -> None:
        self._gateway = discord.gateway
        self._waiting: asyncio.Task[None] | None = None

    @property
    def is_on(self) -> bool:
        return self._waiting is not None

    async def set_on(self, *, on: bool) -> None:
        if on and not self.is_on:
            self._gateway.is_unavailable = True
            self._waiting = asyncio.create_task(self._come_back())
            await self._gateway.drop_connections()
        elif self._waiting is not None and not on:
            self._waiting.cancel()
            self._answer()

    def to_json(self) -> Json:
        hint = (
            f"It takes no call for {_AWAY_S:g} seconds. The member sees that no bot is connected; "
            "the bot comes back by itself, and what is being made goes on."
        )
        note = "away for a moment" if self.is_on else ""
        return switch("gateway", "The gateway drops now", hint, note, on=self.is_on)

    async def _come_back(self) -> None:
        await asyncio.sleep(_AWAY_S)
        self._answer()

    def _answer(self) -> None:
        self._gateway.is_unavailable = False
        self._waiting = None
