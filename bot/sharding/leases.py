"""Leases on shards: which ones this process holds, and which it takes, inherits or gives away."""

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.sharding.identifies import IdentifySlots
from bot.version import VERSION
from domain.shards import ShardLease, SharePlan, plan_share
from domain.versions import version_key
from storage import processes, shards
from storage.database import Database
from storage.processes import ALIVE_MS, ProcessRow
from storage.shards import GatewaySession
from workflow.signals import Signal, Signals

BEAT_S: Final = 5.0
"""Seconds between two beats: what a process does to be seen, and to keep its leases."""

LEASE_MS: Final = ALIVE_MS
"""How long a process keeps its shards without a beat."""

_BEAT_SOON_S: Final = 0.25
_SAFETY_MS: Final = 2_000

Sessions = Mapping[int, GatewaySession | None]
"""Shards by number, each with the session that may be resumed."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What a process holds after a beat.

    Attributes:
        shards: the shards, with the sessions to be resumed.
        count: how many shards there are at all.
        given: those that another process waits for.
        next_beat_s: when to beat again, None for never.
        others_have_room: whether another process would take one more.
    """

    shards: Sessions = field(default_factory=dict[int, GatewaySession | None])
    count: int = 0
    given: Sequence[int] = ()
    next_beat_s: float | None = None
    others_have_room: bool = False


class ShardLeases(Protocol):
    """The leases of one process."""

    @property
    def keeps_sessions(self) -> bool:
        """Return whether another process may resume what this one leaves."""
        ...

    @property
    def may_be_lost(self) -> bool:
        """Return whether another process may have taken what this one held."""
        ...

    @property
    def is_alone(self) -> bool:
        """Return whether nobody else hears what this process's shards do, as far as is known."""
        ...

    def on_change(self, react: Callable[[], None]) -> None:
        """Have `react` called when another process has changed what a beat would find."""
        ...

    async def has_older(self) -> bool:
        """Return whether a living process of a lower version takes shards."""
        ...

    async def count(self) -> int:
        """Return the number of shards, 0 before it is set."""
        ...

    async def create_shards(self, count: int) -> None:
        """Set the number of shards, if nobody has."""
        ...

    async def beat(self, sessions: Sessions, last_turn_ms: int | None) -> Holding:
        """Renew the leases, keep the sessions, and take or offer what the share asks for."""
        ...

    async def hand_over(self, shard_id: int, session: GatewaySession | None) -> None:
        """Give a shard to its heir, or leave it free."""
        ...

    async def take_no_more(self) -> None:
        """Offer everything from now on: the process is about to end."""
        ...

    async def end(self) -> None:
        """Be seen no more."""
        ...


@dataclass(frozen=True, slots=True)
class Sharding:
    """How a process takes part in the shards; `takes_shards` says whether at all."""

    leases: ShardLeases
    slots: IdentifySlots
    takes_shards: bool = True


def describe_process(process_id: str, role: str, room: int, now_ms: int) -> ProcessRow:
    """Return this process, which takes as many shards as it has room for."""
    return ProcessRow(
        id=process_id,
        host=socket.gethostname(),
        pid=os.getpid(),
        pid_space=_pid_space(),
        version=VERSION,
        role=role,
        room=room,
        started_at_ms=now_ms,
        seen_at_ms=now_ms,
    )


class DatabaseLeases:
    """The leases of a process in the database that all processes share.

    On SQLite there is no other process: it takes every shard once, and nothing expires. Elsewhere
    the others are told by `signals` of what they wait for.
    """

    def __init__(
        self,
        database: Database,
        process: ProcessRow,
        now_ms: Callable[[], int],
        signals: Signals,
    ) -> None:
        self._database = database
        self._process = process
        self._now_ms = now_ms
        self._signals = signals
        self._is_sole = database.path is not None
        self._renewed_ms = now_ms()
        self._others_have_room = False
        self._is_settled = False
        self._told_room: int | None = None
        self._saved: dict[int, GatewaySession | None] = {}

    @property
    def keeps_sessions(self) -> bool:
        """Return whether another process may resume what this one leaves."""
        return not self._is_sole

    @property
    def may_be_lost(self) -> bool:
        """Return whether another process may have taken what this one held."""
        return self._others_have_room and not self._is_renewed

    @property
    def is_alone(self) -> bool:
        """Return whether nobody else hears what this process's shards do, as far as is known."""
        return self._is_sole or (self._is_settled and self._is_renewed)

    def on_change(self, react: Callable[[], None]) -> None:
        """Have `react` called when another process has changed what a beat would find."""
        if self._process.room:
            self._signals.on(Signal.SHARDS, lambda _: react())

    async def has_older(self) -> bool:
        """Return whether a living process of a lower version takes shards.

        Raises:
            DatabaseUnavailable: the database does not work.
        """
        if self._is_sole:
            return False
        known = await self._database.read(processes.list_processes)
        own, now_ms = version_key(self._process.version), self._now_ms()
        return any(
            found.room and version_key(found.version) < own and not self._is_dead(found, now_ms)
            for found in known
        )

    async def count(self) -> int:
        """Return the number of shards, 0 before it is set."""
        return await self._database.read(shards.count_shards)

    async def create_shards(self, count: int) -> None:
        """Set the number of shards, if nobody has."""
        await self._database.transact(lambda tx: shards.create(tx, count))

    async def beat(self, sessions: Sessions, last_turn_ms: int | None) -> Holding:
        """Renew the leases, keep the sessions, and take or offer what the share asks for.

        Raises:
            DatabaseUnavailable: the database does not work.
        """
        now_ms = self._now_ms()
        self._process = replace(self._process, seen_at_ms=now_ms, last_turn_ms=last_turn_ms)
        holding, plan = await self._database.transact(lambda tx: self._beat(tx, sessions, now_ms))
        self._renewed_ms = now_ms
        self._others_have_room = holding.others_have_room
        is_moving = holding.next_beat_s == _BEAT_SOON_S or holding.shards.keys() != sessions.keys()
        self._is_settled = not is_moving
        self._saved = dict(sessions)
        if plan.offer or plan.inherit or self._told_room != self._process.room:
            self._told_room = self._process.room
            self._signals.tell_others(Signal.SHARDS)
        return holding

    async def hand_over(self, shard_id: int, session: GatewaySession | None) -> None:
        """Give a shard to its heir, or leave it free.

        Raises:
            DatabaseUnavailable: the database does not work.
        """
        me, until_ms = self._process.id, self._now_ms() + LEASE_MS
        await self._database.transact(
            lambda tx: shards.hand_over(tx, me, shard_id, session, until_ms)
        )
        self._is_settled = False
        self._signals.tell_others(Signal.SHARDS)

    async def take_no_more(self) -> None:
        """Offer everything from the next beat on: the process is about to end."""
        self._process = replace(self._process, room=0)

    async def end(self) -> None:
        """Be seen no more.

        Raises:
            DatabaseUnavailable: the database does not work.
        """
        await self._database.transact(lambda tx: processes.remove(tx, self._process.id))

    @property
    def _is_renewed(self) -> bool:
        """Return whether the last beat is not so long ago that its leases may have run out."""
        return self._now_ms() - self._renewed_ms <= LEASE_MS - _SAFETY_MS

    async def _beat(
        self, tx: AsyncConnection, sessions: Sessions, now_ms: int
    ) -> tuple[Holding, SharePlan]:
        leases = await shards.lock_leases(tx)
        if self._is_sole:
            await processes.remove(tx, None)
        await processes.record(tx, self._process)
        known = await processes.list_processes(tx)
        dead = {found.id for found in known if self._is_dead(found, now_ms)}
        room = {found.id: found.room for found in known if found.id not in dead}
        me, until_ms = self._process.id, now_ms + LEASE_MS
        leases = [self._without_dead(lease, dead) for lease in leases]
        await self._save(tx, sessions)
        plan = plan_share(me, leases, room, now_ms)
        await shards.renew(tx, me, until_ms)
        await shards.take(tx, me, plan.take, until_ms)
        await shards.inherit(tx, me, plan.inherit)
        await shards.set_offered(tx, plan.offer, offered=True)
        await shards.set_offered(tx, plan.keep, offered=False)
        return await self._read_holding(tx, room), plan

    async def _save(self, tx: AsyncConnection, sessions: Sessions) -> None:
        if self._is_sole:
            return
        for shard_id, session in sessions.items():
            if shard_id not in self._saved or session != self._saved[shard_id]:
                await shards.save_session(tx, self._process.id, shard_id, session)

    async def _read_holding(self, tx: AsyncConnection, room: Mapping[str, int]) -> Holding:
        me, leases = self._process.id, await shards.list_leases(tx)
        given = [one.shard_id for one in leases if one.owner == me and one.heir is not None]
        is_moving = any(one.heir == me or (one.owner == me and one.is_offered) for one in leases)
        held_by_others = sum(one.owner not in (None, me) for one in leases)
        others_room = sum(size for process, size in room.items() if process != me)
        beat_s = _BEAT_SOON_S if is_moving else BEAT_S
        return Holding(
            shards=await shards.read_sessions(tx, me),
            count=len(leases),
            given=given,
            next_beat_s=None if self._is_sole else beat_s,
            others_have_room=others_room > held_by_others,
        )

    def _is_dead(self, process: ProcessRow, now_ms: int) -> bool:
        if process.id == self._process.id:
            return False
        if process.seen_at_ms <= now_ms - LEASE_MS:
            return True
        here = process.pid_space is not None and process.pid_space == self._process.pid_space
        return here and (process.pid == self._process.pid or not _is_running(process.pid))

    def _without_dead(self, lease: ShardLease, dead: set[str]) -> ShardLease:
        """Return a lease that has run out for one whose holder cannot be alive."""
        is_over = lease.owner in dead or (self._is_sole and lease.owner != self._process.id)
        return replace(lease, until_ms=0) if is_over else lease


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _pid_space() -> str | None:
    """Return what names this machine, since its start, and this container; None off Linux."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    return None
