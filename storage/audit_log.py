"""Knows the audit trail: who changed what, when, from what to what. It is append-only.

The database refuses changed and removed rows, and a second change by the same interaction.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass

from sqlalchemy import RowMapping, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.schema import changes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChange:
    """What a change is made of; `before` or `after` is None where nothing was or is set.

    `what` is the sort of change (`limit`, `grant`, `revoke`, `preset`, …) and `subject` names what
    was changed. `guild_id` is 0 for what concerns every server. `interaction_id` is that of the
    click or command by which it was made, `entry_id` the ledger's row that it is about.
    """

    at_ms: int
    guild_id: int
    actor: str
    what: str
    subject: str
    before: str | None
    after: str | None
    note: str = ""
    interaction_id: int | None = None
    entry_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(NewChange):
    """A change that was made; ids rise."""

    id: int


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
