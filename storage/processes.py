"""The processes of the service, as each writes itself down while it lives."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.service_tables import processes
from storage.upsert import upsert

ALIVE_MS: Final = 25_000
"""How long a process that was not seen counts as alive: as long as a lease on a shard."""

_KEPT_MS: Final = 15 * 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRow:
    """A process; `room` is how many shards it takes at most, `last_turn_ms` its worker's last.

    `pid_space` names the machine or container in which `pid` counts; None if it is not known.
    """

    id: str
    host: str
    pid: int
    pid_space: str | None
    version: str
    role: str
    room: int
    started_at_ms: int
    seen_at_ms: int
    last_turn_ms: int | None = None


async def record(tx: AsyncConnection, process: ProcessRow) -> None:
    """Write a process down, and forget those that were not seen for a quarter of an hour."""
    await tx.execute(upsert(tx, processes, "id"), asdict(process))
    gone = processes.c.seen_at_ms < process.seen_at_ms - _KEPT_MS
    await tx.execute(delete(processes).where(gone))


async def list_processes(tx: AsyncConnection) -> Sequence[ProcessRow]:
    """Return the processes that are written down, the oldest first."""
    rows = await tx.execute(select(processes).order_by(processes.c.started_at_ms, processes.c.id))
    return [ProcessRow(**row) for row in rows.mappings()]


async def list_alive(
    tx: AsyncConnection, now_ms: int, alive_ms: int = ALIVE_MS
) -> Sequence[ProcessRow]:
    """Return the processes that were seen a short while ago."""
    return [found for found in await list_processes(tx) if found.seen_at_ms > now_ms - alive_ms]


async def remove(tx: AsyncConnection, process_id: str | None) -> None:
    """Remove a process that ends; with None all, when no other can be alive."""
    gone = delete(processes)
    await tx.execute(gone if process_id is None else gone.where(processes.c.id == process_id))
