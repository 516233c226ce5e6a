"""Knows the audit trail: who changed what, when, from what to what. It is append-only.

The database refuses changed and removed rows, and a second change by the same interaction.
"""

from collections.abc import Collection
from dataclasses import asdict

from sqlalchemy import RowMapping, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.audit_log import Change, NewChange
from storage.schema import changes


async def record(tx: AsyncConnection, change: NewChange) -> None:
    """Write a change down."""
    await tx.execute(insert(changes).values(asdict(change)))


async def list_latest(
    tx: AsyncConnection, guild_id: int, limit: int, *, kinds: Collection[str] | None = None
) -> list[Change]:
    """Read a server's last changes, newest first; only those of some `sorts`, if given."""
    wanted = [] if kinds is None else [changes.c.what.in_(kinds)]
    found = await tx.execute(
        select(changes)
        .where(changes.c.guild_id == guild_id, *wanted)
        .order_by(changes.c.id.desc())
        .limit(limit)
    )
    return [_change(row) for row in found.mappings()]


async def get_by_interaction(tx: AsyncConnection, interaction_id: int) -> Change | None:
    """Read the change that an interaction has made already."""
    found = await tx.execute(select(changes).where(changes.c.interaction_id == interaction_id))
    row = found.mappings().one_or_none()
    return None if row is None else _change(row)


def _change(row: RowMapping) -> Change:
    return Change(**row)
