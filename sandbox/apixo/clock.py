"""Clocks: the wall's, one moved by hand, and the stand-in's own faster one."""

import asyncio
import time
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

_TICK: Final = 1e-6
"""The least that is waited: less would be lost in a float of Unix seconds."""


class Clock(Protocol):
    """The machine's wall time."""

    def now(self) -> float:
        """Return the seconds since the Unix epoch."""
        ...

    async def wait(self, seconds: float, wake: asyncio.Event) -> None:
        """Return after `seconds`, or as soon as `wake` is set."""
        ...


class SystemClock:
    """The machine's time, without the jumps that its wall clock may make."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Return the seconds since the Unix epoch."""
        return self._offset + time.monotonic()

    async def wait(self, seconds: float, wake: asyncio.Event) -> None:
        """Return after `seconds`, or as soon as `wake` is set."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await wake.wait()


class ManualClock:
    """A clock that a test moves by hand."""

    def __init__(self, start: float = 1_767_965_610.0) -> None:
        self._start = start
        self._passed = 0.0
        self._sleepers: set[asyncio.Event] = set()

    def now(self) -> float:
        """Return the seconds since the Unix epoch."""
        return self._start + self._passed

    def advance(self, seconds: float) -> None:
        """Move the hands and let everyone who waits look at them."""
        self._passed += seconds
        for sleeper in self._sleepers:
            sleeper.set()

    async def wait(self, seconds: float, wake: asyncio.Event) -> None:
        """Return when the hands have passed `seconds`, or as soon as `wake` is set."""
        until = self.now() + seconds
        while self.now() < until and not wake.is_set():
            await self._moved_or(wake)

    async def _moved_or(self, wake: asyncio.Event) -> None:
        moved = asyncio.Event()
        self._sleepers.add(moved)
        waits = [asyncio.ensure_future(event.wait()) for event in (moved, wake)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._sleepers.discard(moved)
            for wait in waits:
                wait.cancel()


@dataclass(frozen=True, slots=True)
class _Leg:
    """From `wall` on, `generation` seconds pass `scale` times as fast as the wall's."""

    generation: float
    wall: float
    scale: float


class ScaledClock:
    """Counts generation seconds: the clock's, `scale` times as fast, and skipped at will."""

    def __init__(self, clock: Clock, scale: float) -> None:
        self._clock = clock
        self._legs = [_Leg(0.0, clock.now(), scale)]
        self._changed = asyncio.Event()

    @property
    def scale(self) -> float:
        """How many generation seconds pass in one second of the clock."""
        return self._legs[-1].scale

    def now(self) -> float:
        """Return the generation seconds since the start, to the microsecond."""
        leg = self._legs[-1]
        return round(leg.generation + (self._clock.now() - leg.wall) * leg.scale, 6)

    def wall_time_at(self, moment: float) -> float:
        """Return the clock's time at which `moment` (generation seconds) was or will be reached."""
        index = bisect_right(self._legs, moment, key=lambda leg: leg.generation) - 1
        leg = self._legs[max(index, 0)]
        reached = leg.wall + (moment - leg.generation) / leg.scale
        return reached if leg is self._legs[-1] else min(reached, self._legs[index + 1].wall)

    def adjust(self, *, scale: float | None = None, skip: float = 0.0) -> None:
        """Go on at `scale`, `skip` generation seconds further on."""
        leg = _Leg(self.now() + skip, self._clock.now(), scale or self.scale)
        self._legs.append(leg)
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_until(self, moment: float) -> None:
        """Return once `moment` (generation seconds) has been reached."""
        while (left := round(moment, 6) - self.now()) > 0:
            await self._clock.wait(max(left / self.scale, _TICK), self._changed)
