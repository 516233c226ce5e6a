"""Roles: what a process does, and how it takes part in the shards."""

from collections.abc import Callable
from typing import Final, Literal

from bot.errors import CannotStart
from bot.settings import Settings
from bot.sharding.identifies import ProcessSlots, SharedSlots
from bot.sharding.leases import DatabaseLeases, Sharding, describe_process
from storage import shards
from storage.database import Database
from workflow.signals import Signals

Role = Literal["all", "gateway", "worker", "web"]

_WITH_SHARDS: Final = ("all", "gateway")
_WITH_WORKER: Final = ("all", "worker")
_UNBOUNDED: Final = 1_000_000
"""Room for every shard, which the only process on a SQLite file takes."""


def takes_shards(role: Role) -> bool:
    """Return whether a process of a role holds shards, and so answers members."""
    return role in _WITH_SHARDS


def runs_worker(role: Role) -> bool:
    """Return whether a process of a role makes and posts videos."""
    return role in _WITH_WORKER


def uses_discord(role: Role) -> bool:
    """Return whether a process of a role logs in at Discord."""
    return role != "web"


async def open_sharding(
    settings: Settings,
    database: Database,
    process_id: str,
    now_ms: Callable[[], int],
    signals: Signals,
) -> Sharding:
    """Return how this process takes part in the shards of a database.

    Raises:
        CannotStart: the database has another number of shards.
    """
    role, is_sole = settings.role, database.path is not None
    await require_count(database, settings.shards)
    if settings.shards != "auto" and takes_shards(role):
        count = settings.shards
        await database.transact(lambda tx: shards.create(tx, count))
    room = settings.process_shards if takes_shards(role) else 0
    process = describe_process(process_id, role, _UNBOUNDED if is_sole else room, now_ms())
    return Sharding(
        leases=DatabaseLeases(database, process, now_ms, signals),
        slots=ProcessSlots() if is_sole else SharedSlots(database, now_ms),
        takes_shards=takes_shards(role),
    )


async def require_count(database: Database, wanted: int | Literal["auto"]) -> None:
    """Refuse a number of shards that differs from the database's.

    Raises:
        CannotStart: naming both, and what changes the number.
    """
    count = await database.read(shards.count_shards)
    if wanted != "auto" and count and wanted != count:
        raise CannotStart(
            f"SHARDS: it is {wanted}, and the service has {count}. Set SHARDS={count} or "
            f"SHARDS=auto; or stop every process and run `python -m bot reshard {wanted}`"
        )
