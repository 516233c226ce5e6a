"""The processes of one service, kept running while one after the other is killed."""

import asyncio
import random
import signal
import time
from collections.abc import Sequence
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
        kills: how many processes were killed.
        odd_ends: exit codes of processes that ended otherwise.
    """

    services: Sequence[ServiceProcess]
    discord: FakeDiscord
    database: Database
    shard_count: int
    outages: list[Outage] = field(default_factory=list[Outage])
    kills: int = 0
    odd_ends: list[int] = field(default_factory=list[int])

    def __post_init__(self) -> None:
        self._slots = [_Slot(service) for service in self.services]
        self._is_ending = False

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
        """Wait until every shard is connected.

        Raises:
            TimeoutError: that takes too long.
        """
        async with asyncio.timeout(within_s):
            while len(self._connected()) < self.shard_count:
                await asyncio.sleep(_LOOK_S)

    async def kill_at_random(self, dice: random.Random, every_s: float) -> None:
        """Kill one process after the other, until this is cancelled."""
        while True:
            await asyncio.sleep(every_s * dice.uniform(0.5, 1.5))
            await self._kill(dice.choice(self._slots))

    async def watch(self) -> None:
        """Note when a shard is connected again after a kill, until this is cancelled."""
        while True:
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

    def _connected(self) -> set[int]:
        return {*self.discord.gateway.connected_shards()}

    async def _kill(self, slot: _Slot) -> None:
        process = slot.process
        if process is None or process.returncode is not None:
            return
        held = await self._held_by(process.pid)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        self.kills += 1
        self.outages += [Outage(shard_id, time.time()) for shard_id in held]

    async def _held_by(self, pid: int) -> list[int]:
        leases = await self.database.read(shards.list_leases)
        return [one.shard_id for one in leases if f":{pid}:" in (one.owner or "")]

    async def _keep(self, slot: _Slot) -> None:
        while not self._is_ending and slot.process is not None:
            code = await slot.process.wait()
            if code != -signal.SIGKILL:
                self.odd_ends.append(code)
            await asyncio.sleep(_RESTART_S)
            slot.process = await slot.service.start()
