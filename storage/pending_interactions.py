"""What buttons, forms and private answers wait for, and claims of interactions; for minutes."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.service_tables import interaction_claims as claims
from storage.service_tables import pending_interactions as pending
from storage.upsert import insert_or_ignore, upsert

MAX_PER_MEMBER: Final = 50
"""Rows of a kind that a member may have; no member has more jobs in the queue."""

MAX_ROWS: Final = 20_000
"""Rows of all members; a row has a few kilobytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRow:
    """A row; `payload` is JSON, `until_ms` is when it expires, Unix milliseconds."""

    kind: str
    key: str
    user_id: int
    payload: str
    until_ms: int
    used_at_ms: int | None = None


async def put(tx: AsyncConnection, row: PendingRow) -> None:
    """Set a row; beyond the most of its kind, those of its member that expire first go."""
    columns = {name: getattr(row, name) for name in PendingRow.__slots__}
    await tx.execute(upsert(tx, pending, "kind", "key"), columns)
    is_own = and_(pending.c.user_id == row.user_id, pending.c.kind == row.kind)
    newest = select(pending.c.key).where(is_own).order_by(pending.c.until_ms.desc())
    excess = (await tx.execute(newest.offset(MAX_PER_MEMBER))).scalars().all()
    if excess:
        await tx.execute(delete(pending).where(is_own, pending.c.key.in_(excess)))


async def get(
    tx: AsyncConnection, kind: str, key: str, user_id: int, now_ms: int
) -> PendingRow | None:
    """Return a member's row, if it has not expired."""
    found = select(pending).where(_is_valid(kind, key, user_id, now_ms))
    row = (await tx.execute(found)).mappings().one_or_none()
    return None if row is None else PendingRow(**row)


async def extend(
    tx: AsyncConnection, kind: str, key: str, user_id: int, now_ms: int, until_ms: int
) -> None:
    """Let a member's row, if it has not expired, expire later."""
    which = _is_valid(kind, key, user_id, now_ms)
    await tx.execute(update(pending).where(which).values(until_ms=until_ms))


async def set_used(tx: AsyncConnection, kind: str, key: str, user_id: int, now_ms: int) -> bool:
    """Mark a member's row as used; of several that do so at once, one gets True."""
    unused = and_(_is_valid(kind, key, user_id, now_ms), pending.c.used_at_ms.is_(None))
    marked = await tx.execute(update(pending).where(unused).values(used_at_ms=now_ms))
    return marked.rowcount == 1


async def set_unused(tx: AsyncConnection, kind: str, key: str) -> None:
    """Take the mark back."""
    which = and_(pending.c.kind == kind, pending.c.key == key)
    await tx.execute(update(pending).where(which).values(used_at_ms=None))


async def claim(tx: AsyncConnection, interaction_id: int, owner: str, until_ms: int) -> bool:
    """Claim an interaction; return whether `owner` has it, now or already."""
    row = {"interaction_id": interaction_id, "owner": owner, "until_ms": until_ms}
    inserted = await tx.execute(insert_or_ignore(tx, claims, "interaction_id").values(row))
    if inserted.rowcount == 1:
        return True
    found = select(claims.c.owner).where(claims.c.interaction_id == interaction_id)
    return (await tx.execute(found)).scalar_one() == owner


async def find_end_ms(tx: AsyncConnection, now_ms: int) -> int | None:
    """Return until when rows that expire are to be removed; None if there are none.

    That is now, or later if there are too many.
    """
    newest = select(pending.c.until_ms).order_by(pending.c.until_ms.desc())
    if excess_ms := (await tx.execute(newest.offset(MAX_ROWS).limit(1))).scalar():
        return max(now_ms, excess_ms)
    expired = or_(
        exists().where(pending.c.until_ms <= now_ms), exists().where(claims.c.until_ms <= now_ms)
    )
    return now_ms if (await tx.execute(select(expired))).scalar() else None


async def remove_until(tx: AsyncConnection, end_ms: int, now_ms: int) -> None:
    """Remove rows that expire until `end_ms`, and claims that have expired."""
    await tx.execute(delete(pending).where(pending.c.until_ms <= end_ms))
    await tx.execute(delete(claims).where(claims.c.until_ms <= now_ms))


async def remove_all(tx: AsyncConnection) -> None:
    """Remove everything: what a copy has of it is no longer true."""
    await tx.execute(delete(pending))
    await tx.execute(delete(claims))


def _is_valid(kind: str, key: str, user_id: int, now_ms: int) -> ColumnElement[bool]:
    return and_(
        pending.c.kind == kind,
        pending.c.key == key,
        pending.c.user_id == user_id,
        pending.c.until_ms > now_ms,
    )
