"""Transfer of a whole database to another, row by row as it is, on either engine.

It is one transaction of the target, its schema included: what is interrupted leaves nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnClause,
    ColumnElement,
    Table,
    TableClause,
    column,
    delete,
    func,
    insert,
    select,
    table,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import StorageError, TransferRefused
from storage.schema import PROCESS_TABLES, metadata
from storage.service_tables import belt
from storage.shards import count_shards, create

_BATCH_ROWS: Final = 500
_PRIME: Final = 1_000_003

_COPIED: Final = [each for each in metadata.sorted_tables if each.name not in PROCESS_TABLES]

Checksum = Mapping[str, int]
"""The rows of a table, the sum of each of its numbers, and the length of each of its texts."""


Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Transferred:
    """The number of tables and rows."""

    tables: int
    rows: int


async def count_rows(tx: AsyncConnection) -> int:
    """Return the number of rows to be copied."""
    return sum([await _count(tx, each) for each in _COPIED])


async def transfer(
    source: AsyncConnection, target: AsyncConnection, advance: Advance
) -> Transferred:
    """Copy all rows to a target whose schema is there; `advance` gets numbers of rows.

    Of shards the number alone is copied: no process that lives holds one, and their sessions end.

    Raises:
        TransferRefused: the target has rows, or what was written is not what was read.
        StorageError: the target does not take a row.
    """
    await _require_empty(target)
    triggers = await _disable_triggers(target)
    await target.execute(delete(belt))  # its one row comes with the schema
    rows = 0
    for each in _COPIED:
        rows += await _copy(source, target, each, advance)
        await _copy_sequence(source, target, each)
    await create(target, await count_shards(source))
    await _enable_triggers(target, triggers)
    for each in _COPIED:
        read, written = await _checksum(source, each), await _checksum(target, each)
        if read != written:
            raise TransferRefused(f"{each.name} differs: {_difference(read, written)}.")
    return Transferred(len(_COPIED), rows)


async def count_other_sessions(tx: AsyncConnection) -> int:
    """Return how many sessions of the service were in a PostgreSQL database before this one."""
    if tx.dialect.name != "postgresql":
        return 0
    found = await tx.execute(
        text(
            "SELECT count(*) FROM pg_stat_activity AS other, pg_stat_activity AS own "
            "WHERE own.pid = pg_backend_pid() AND other.datname = own.datname "
            "AND other.application_name = own.application_name "
            "AND other.backend_start < own.backend_start"
        )
    )
    return found.scalar_one()


async def _require_empty(target: AsyncConnection) -> None:
    for each in metadata.sorted_tables:
        if each is not belt and await _count(target, each):
            raise TransferRefused(
                f"The target is not empty: there are rows in {each.name}. Take another one."
            )


async def _count(tx: AsyncConnection, each: Table) -> int:
    return (await tx.execute(select(func.count()).select_from(each))).scalar_one()


async def _copy(
    source: AsyncConnection, target: AsyncConnection, each: Table, advance: Advance
) -> int:
    """Copy the rows of a table, the oldest first: a row may refer to an older one."""
    plain = _plain(each)
    order = [plain.c[part.name] for part in each.primary_key]
    found = await source.stream(
        select(plain).order_by(*order).execution_options(yield_per=_BATCH_ROWS)
    )
    rows = 0
    async for batch in found.mappings().partitions(_BATCH_ROWS):
        try:
            await target.execute(insert(plain), [dict(row) for row in batch])
        except DBAPIError as error:
            # What follows the first line may quote the row.
            reason = str(error.orig).partition("\n")[0]
            raise StorageError(f"The target does not take a row of {each.name}: {reason}") from None
        rows += len(batch)
        advance(len(batch))
    return rows


async def _copy_sequence(source: AsyncConnection, target: AsyncConnection, each: Table) -> None:
    """Have the next number be the same: a number that was used is never used again."""
    number = each.primary_key.columns.values()[0]
    if number.autoincrement is not True:
        return
    last = await _last_number(source, each)
    if last is None:
        return
    if target.dialect.name == "postgresql":
        sequence = func.pg_get_serial_sequence(each.name, number.name)
        await target.execute(select(func.setval(sequence, last)))
        return
    given = {"name": each.name, "seq": last}
    await target.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), given)
    await target.execute(
        text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"), given
    )


async def _last_number(tx: AsyncConnection, each: Table) -> int | None:
    """Return the last number that a table has given, None if it gave none."""
    if tx.dialect.name == "sqlite":
        found = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        return (await tx.execute(found, {"name": each.name})).scalar()
    number = each.primary_key.columns.values()[0]
    sequence = select(func.pg_get_serial_sequence(each.name, number.name))
    name = (await tx.execute(sequence)).scalar_one()
    last = await tx.execute(text(f"SELECT last_value, is_called FROM {name}"))  # noqa: S608 - the server's own word
    value, is_called = last.one()
    return value if is_called else None


async def _disable_triggers(target: AsyncConnection) -> list[tuple[str, str]]:
    """Put the triggers aside, which would add up the sums again; return SQLite's."""
    if target.dialect.name == "postgresql":
        for each in metadata.sorted_tables:
            await target.execute(text(f"ALTER TABLE {each.name} DISABLE TRIGGER USER"))
        return []
    found = await target.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    triggers = [(name, sql) for name, sql in found]
    for name, _ in triggers:
        await target.exec_driver_sql(f"DROP TRIGGER {name}")
    return triggers


async def _enable_triggers(target: AsyncConnection, triggers: Iterable[tuple[str, str]]) -> None:
    if target.dialect.name == "postgresql":
        for each in metadata.sorted_tables:
            await target.execute(text(f"ALTER TABLE {each.name} ENABLE TRIGGER USER"))
    for _, sql in triggers:
        await target.exec_driver_sql(sql)


async def _checksum(tx: AsyncConnection, each: Table) -> Checksum:
    plain = _plain(each)
    sums = [func.count(), *(_sum(plain.c[part.name], part) for part in each.columns)]
    found = (await tx.execute(select(*sums).select_from(plain))).one()
    names = ["rows", *(part.name for part in each.columns)]
    # SUM over 64-bit integers returns a Decimal on PostgreSQL.
    return {name: int(value or 0) for name, value in zip(names, found, strict=True)}


def _sum(plain: ColumnElement[Any], part: Column[Any]) -> ColumnElement[Any]:
    """Sum the lengths of texts, and what is left of numbers: a sum of ids is beyond 64 bits."""
    is_number = isinstance(part.type, BigInteger)
    return func.sum(plain % _PRIME) if is_number else func.sum(func.length(plain))


def _plain(each: Table) -> TableClause:
    """Return a table without types, to have every value as it is."""
    names: list[ColumnClause[Any]] = [column(part.name) for part in each.columns]
    return table(each.name, *names)


def _difference(read: Checksum, written: Checksum) -> str:
    return ", ".join(
        f"{name} {read[name]} and {written[name]}" for name in read if read[name] != written[name]
    )
