"""The processes of the service, for the operator: what each does, and which are behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.shards import ShardLease
from domain.versions import version_key
from storage import leases, processes, shards
from storage.processes import ProcessRow

_SILENT_MS: Final = 15_000
_NO_TURN_MS: Final = 60_000
_WITH_WORKER: Final = ("all", "worker")


class Lag(StrEnum):
    """How a process is behind the others."""

    OLD_VERSION = "old version"
    NOT_SEEN = "not seen"
    NO_TURN = "no turn"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStatus:
    """A process: `shards` are those that it holds, `jobs` how many it works on at the moment.

    Times are Unix milliseconds.
    """

    host: str
    version: str
    role: str
    shards: Sequence[int]
    jobs: int
    seen_at_ms: int
    last_turn_ms: int | None
    lags: Sequence[Lag]


async def list_processes(tx: AsyncConnection, now_ms: int) -> Sequence[ProcessStatus]:
    """Return the processes that were seen in the last quarter of an hour."""
    rows, held = await processes.list_processes(tx), await shards.list_leases(tx)
    newest = max((version_key(row.version) for row in rows), default=())
    jobs = await leases.count_by_owner(tx, now_ms)
    return [_status(row, held, jobs.get(row.id, 0), newest, now_ms) for row in rows]


def _status(
    row: ProcessRow,
    held: Sequence[ShardLease],
    jobs: int,
    newest: tuple[int, ...],
    now_ms: int,
) -> ProcessStatus:
    is_worker = row.role in _WITH_WORKER
    lags = {
        Lag.OLD_VERSION: version_key(row.version) < newest,
        Lag.NOT_SEEN: now_ms - row.seen_at_ms > _SILENT_MS,
        Lag.NO_TURN: is_worker and now_ms - (row.last_turn_ms or row.started_at_ms) > _NO_TURN_MS,
    }
    return ProcessStatus(
        host=row.host,
        version=row.version,
        role=row.role,
        shards=[lease.shard_id for lease in held if lease.owner == row.id],
        jobs=jobs,
        seen_at_ms=row.seen_at_ms,
        last_turn_ms=row.last_turn_ms if is_worker else None,
        lags=[lag for lag, is_so in lags.items() if is_so],
    )
