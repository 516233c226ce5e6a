"""A play of two processes that give their shards to each other, on top of an order under way.

The first one starts, then the second, which is given its share; a member orders; the first hands
over and ends, comes back and is given its share; at last both end, the second with nobody to hand
over to. One that is killed is started again.
"""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from qa.crash_matrix.cell_run import CellRun
from qa.crash_matrix.wishes import create_shards
from sandbox.demo.process import Process, ServiceProcess, terminate
from sandbox.discord import Interaction, WaitTimeoutError
from storage import shards
from tests.harness.ports import free_port

SHARD_COUNT: Final = 2
RECONNECT_LIMIT_S: Final = 45
"""After how long a shard must be connected again; leases pass ten times faster than in service."""

_CALLS: Final = ("shards.", "gateway.", "transact.leases.beat", "transact.leases.end")
_ENDS: Final = (0, -signal.SIGTERM)
"""How a process ends that is asked to: the latter before it has heard of signals at all."""

_SLOW: Final = "[[slow:3000]]"
"""So slow a task that it is under way while the first process hands over."""

_ANSWER_S: Final = 5
_END_S: Final = 25
_LOOK_S: Final = 0.05


def is_of_hand_over(point: str) -> bool:
    """Return whether a point is one of a hand-over; the others are passed under other faults."""
    return point.partition(":")[2].startswith(_CALLS)


class HandOverRun(CellRun):
    """A play of two processes."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._kill_points = [*self._cell.kill_points]
        self._slots = _Slot(self, "@first"), _Slot(self, "@second")

    async def run(self) -> None:
        """Have the processes hand over to each other, and gather what is left."""
        try:
            await self._hand_over_to_each_other()
        except (TimeoutError, WaitTimeoutError) as error:
            self.traces.violations.append(f"silent: {error or await self._describe()}")
        await self._gather()

    async def close(self) -> None:
        """Leave nothing running."""
        for slot in self._slots:
            await slot.close()
        await super().close()

    @property
    def next_kill_point(self) -> str:
        """Where the next process that starts is to die, if it is to."""
        return next(iter(self._kill_points), "")

    def on_killed(self) -> None:
        """Note that a process was killed."""
        self.traces.kill_count += 1
        self._kill_points = self._kill_points[1:]
        self._stage.on_killed()

    def service_at(self, slot: str) -> ServiceProcess:
        """Return the service as it runs at a slot, with a log and a port of its own."""
        name, own = slot.removeprefix("@"), {"SLOT": slot, "HTTP_PORT": str(free_port())}
        if "PASSED" in self._service.environment:
            own["PASSED"] = f"{self._passed}-{name}"
        environment = {**self._service.environment, **own}
        return replace(self._service, folder=self.folder / name, environment=environment)

    async def _hand_over_to_each_other(self) -> None:
        await create_shards(self._stage.database_url, SHARD_COUNT)
        first, second = self._slots
        begun_s = time.monotonic()
        await first.start()
        await self._until_held(SHARD_COUNT)
        self.traces.restarts_s.append(time.monotonic() - begun_s)
        await second.start()
        await self._until_held(1, 1)
        await self._order_video()
        await self._hand_over(first)
        await self._until_rest()
        for leaving in (first, second):
            await leaving.leave()
        if any(one.owner for one in await self._read(shards.list_leases)) and not self._was_killed:
            self.traces.violations.append("silent: a shard is held though every process has ended")

    async def _hand_over(self, leaving: "_Slot") -> None:
        """Have a process end and come back, with a command typed at the moment of its end."""
        typed, begun_s = await self._ask(), time.monotonic()
        await leaving.leave()
        await self._until_held(SHARD_COUNT)
        self.traces.restarts_s.append(time.monotonic() - begun_s)
        if not await _is_answered(typed) and not self._was_killed:
            self.traces.violations.append("silent: a command during a hand-over was not answered")
        await leaving.start()
        await self._until_held(1, 1)

    @property
    def _was_killed(self) -> bool:
        return self.traces.kill_count > 0

    async def _order_video(self) -> None:
        self._stage.apixo.queued_directives.append(_SLOW)
        await self._arm()
        while not await self._jobs():
            await self._order()

    async def _ask(self) -> Interaction:
        return await self._stage.member.run_command(self._stage.channel, "price", {})

    async def _until_held(self, *counts: int) -> None:
        """Wait until so many processes hold so many shards each, and a command is answered.

        Raises:
            TimeoutError: that takes too long.
        """

        async def is_so() -> bool:
            held = Counter(one.owner for one in await self._read(shards.list_leases) if one.owner)
            connected = {*self._stage.discord.gateway.connected_shards()}
            return sorted(held.values()) == [*counts] and len(connected) == SHARD_COUNT

        await self._until(is_so, f"the shards are not held by {len(counts)} process(es)")
        await self._until(self._is_answered, "no command is answered")

    async def _is_answered(self) -> bool:
        return await _is_answered(await self._ask())

    async def _until(self, holds: Callable[[], Awaitable[bool]], otherwise: str) -> None:
        try:
            async with asyncio.timeout(RECONNECT_LIMIT_S):
                while not await holds():
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError:
            raise TimeoutError(f"{otherwise} within {RECONNECT_LIMIT_S} s") from None

    async def _gather(self) -> None:
        await super()._gather()
        for slot in self._slots:
            log = self.service_at(slot.name).log
            self.traces.log += log.read_text(errors="replace") if log.exists() else ""
        for path in self.folder.glob(f"{self._passed.name}-*"):
            self.traces.points_passed += path.read_text().splitlines()


async def _is_answered(typed: Interaction) -> bool:
    """Return whether a command was answered: its process may have died when it was to."""
    with suppress(WaitTimeoutError):
        await typed.until_answered(within=_ANSWER_S)
    return typed.is_answered


class _Slot:
    """One of the processes: it is started again when it was killed, unless it was to end."""

    def __init__(self, play: HandOverRun, name: str) -> None:
        self.name = name
        self._play = play
        self._process: Process | None = None
        self._watching: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._leaves = False

    async def start(self) -> None:
        """Start the process."""
        self._leaves = False
        await self._launch()
        self._watching = asyncio.create_task(self._watch(), name=self.name)

    async def leave(self) -> None:
        """Ask the process to end, and wait for that.

        Raises:
            TimeoutError: it did not end.
        """
        async with self._starting:
            self._leaves = True
            assert self._process is not None, "it was started"
            self._process.send_signal(signal.SIGTERM)
        assert self._watching is not None, "since its start"
        async with asyncio.timeout(_END_S):
            await self._watching

    async def close(self) -> None:
        """Kill the process, if it is there."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if self._process is not None:
            await terminate(self._process, 0)

    async def _launch(self) -> None:
        service = self._play.service_at(self.name)
        doom = {"DOOM": self._play.next_kill_point}
        self._process = await replace(service, environment={**service.environment, **doom}).start()

    async def _watch(self) -> None:
        while self._process is not None:
            code = await self._process.wait()
            if code == -signal.SIGKILL:
                self._play.on_killed()
            elif not self._leaves or code not in _ENDS:
                self._play.traces.violations.append(f"silent: a process ended with {code}")
                return
            async with self._starting:
                if self._leaves:
                    return
                await self._launch()
