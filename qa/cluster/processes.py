"""The processes of one service, kept running while one after the other is killed."""

import asyncio
import random
import signal
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sandbox.demo.process import Process, ServiceProcess, terminate
from sandbox.discord import FakeDiscord
from storage import shards
from storage.database import Database

_LOOK_S: Final = 0.05
_RESTART_S: Final = 1.0
"""After how long a process that died is started again, as an operator's system would."""


@dataclass(slots=True)
class Outage:
    """When nobody heard of a shard's servers, in Unix seconds: from the death of its process on."""

    shard_id: int
    began_s: float
    ended_s: float | None = None

    @property
    def duration_s(self) -> float:
        """Return how long it lasted, or has lasted by now."""
        return (self.ended_s or time.time()) - self.began_s


@dataclass(frozen=True, slots=True)
class Kill:
    """When a process was killed, in Unix seconds, and the shards that it ever held."""

    at_s: float
    shard_ids: frozenset[int]


@dataclass(slots=True)
class _Slot:
    """Where one process runs, and the next one when it has died."""

    service: ServiceProcess
    process: Process | None = None
    keeping: asyncio.Task[None] | None = None


@dataclass
class Cluster:
    """Processes on one database and one store; `start` starts them, `end` ends them.

    Attributes:
        outages: of shards, each from a kill on.
        kills: of processes.
        odd_ends: exit codes of processes that ended otherwise.
    """

    services: Sequence[ServiceProcess]
    discord: FakeDiscord
    database: Database
    shard_count: int
    outages: list[Outage] = field(default_factory=list[Outage])
    kills: list[Kill] = field(default_factory=list[Kill])
    odd_ends: list[int] = field(default_factory=list[int])

    def __post_init__(self) -> None:
        self._slots = [_Slot(service) for service in self.services]
        self._is_ending = False
        self._ever_held = defaultdict[str, set[int]](set)

    async def start(self, within_s: float) -> None:
        """Start every process, and wait until all shards are connected and commands are there.

        Raises:
            TimeoutError: that takes too long.
        """
        for slot in self._slots:
            slot.process = await slot.service.start()
            slot.keeping = asyncio.create_task(self._keep(slot))
        await self.discord.wait_for_commands({"video"}, within=within_s)
        await self.until_connected(within_s)

    async def until_connected(self, within_s: float) -> None:
        """Wait until every process runs, and every shard is connected.

        Raises:
            TimeoutError: that takes too long.
        """
        async with asyncio.timeout(within_s):
            while not self._is_whole():
                await asyncio.sleep(_LOOK_S)

    async def kill_at_random(self, dice: random.Random, every_s: float, most: int) -> None:
        """Kill one process after the other, so many at most, until this is cancelled."""
        while len(self.kills) < most:
            await asyncio.sleep(every_s * dice.uniform(0.5, 1.5))
            await self._kill(dice.choice(self._slots))

    async def watch(self) -> None:
        """Note who holds what, and when a shard is connected again, until this is cancelled."""
        while True:
            await self._read_holders()
            connected = self._connected()
            for outage in self.outages:
                if outage.ended_s is None and outage.shard_id in connected:
                    outage.ended_s = time.time()
            await asyncio.sleep(_LOOK_S)

    async def end(self) -> list[int]:
        """Ask every process to end, and return their exit codes."""
        self._is_ending = True
        for slot in self._slots:
            if slot.keeping is not None:
                slot.keeping.cancel()
                await asyncio.gather(slot.keeping, return_exceptions=True)
        left = [slot.process for slot in self._slots if slot.process is not None]
        return [await terminate(process) for process in left]

    @property
    def log(self) -> str:
        """Return what all of them have logged."""
        written = [one.log for one in self.services if one.log.exists()]
        return "".join(path.read_text(errors="replace") for path in written)

    def _is_whole(self) -> bool:
        processes = [slot.process for slot in self._slots]
        are_running = all(one is not None and one.returncode is None for one in processes)
        return are_running and len(self._connected()) == self.shard_count

    def _connected(self) -> set[int]:
        return {*self.discord.gateway.connected_shards()}

    async def _kill(self, slot: _Slot) -> None:
        process = slot.process
        if process is None or process.returncode is not None:
            return
        held = (await self._read_holders())[_number_of(process)]
        process.send_signal(signal.SIGKILL)
        await process.wait()
        at_s = time.time()
        self.kills.append(Kill(at_s, frozenset(self._ever_held[_number_of(process)])))
        self.outages += [Outage(shard_id, at_s) for shard_id in held]

    async def _read_holders(self) -> Mapping[str, set[int]]:
        """Return the shards that each process holds, by its number."""
        holders = defaultdict[str, set[int]](set)
        for lease in await self.database.read(shards.list_leases):
            if lease.owner is not None:
                number = lease.owner.split(":")[1]
                holders[number].add(lease.shard_id)
                self._ever_held[number].add(lease.shard_id)
        return holders

    async def _keep(self, slot: _Slot) -> None:
        while not self._is_ending and slot.process is not None:
            code = await slot.process.wait()
            if code != -signal.SIGKILL:
                self.odd_ends.append(code)
            await asyncio.sleep(_RESTART_S)
            slot.process = await slot.service.start()


def _number_of(process: Process) -> str:
    """Return a process's number, as it names itself in its leases."""
    return str(process.pid)
