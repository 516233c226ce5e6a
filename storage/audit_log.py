"""Append-only audit log: who changed what, when, from what to what.

The database rejects updates, deletes and a second change by the same interaction.
"""

from collections.abc import Collection
from dataclasses import asdict

from sqlalchemy import RowMapping, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.audit_log import Change, NewChange
from storage.schema import changes


async def record(tx: AsyncConnection, change: NewChange) -> None:
    """Append a change."""
    await tx.execute(insert(changes).values(asdict(change)))


async def list_latest(
    tx: AsyncConnection, guild_id: int, limit: int, *, kinds: Collection[str] | None = None
) -> list[Change]:
    """Return a server's latest changes, newest first; only those of `kinds`, if given."""
    conditions = [] if kinds is None else [changes.c.what.in_(kinds)]
    found = await tx.execute(
        select(changes)
        .where(changes.c.guild_id == guild_id, *conditions)
        .order_by(changes.c.id.desc())
        .limit(limit)
    )
    return [_row_to_change(row) for row in found.mappings()]


async def get_by_interaction(tx: AsyncConnection, interaction_id: int) -> Change | None:
    """Return the change that an interaction has made already."""
    found = await tx.execute(select(changes).where(changes.c.interaction_id == interaction_id))
    row = found.mappings().one_or_none()
    return None if row is None else _row_to_change(row)


def _row_to_change(row: RowMapping) -> Change:
    return Change(**row)
