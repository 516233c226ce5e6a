"""Orders of several jobs: accepted together, posted together."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from domain.orders import OrderKind
from storage.jobs import Job, fetch_all
from storage.schema import jobs, orders

_KEY_BITS: Final = 62


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """An order: who gave it, where and when."""

    id: str
    kind: OrderKind
    interaction_id: int
    guild_id: int
    channel_id: int
    user_id: int
    created_at_ms: int
    private: bool
    language: str | None


async def add(tx: AsyncConnection, new: OrderRow) -> None:
    """Add an order; its jobs follow in the same transaction.

    Raises:
        IntegrityError: its interaction has one already.
    """
    row = {name: getattr(new, name) for name in OrderRow.__dataclass_fields__}
    await tx.execute(insert(orders).values(row | {"private": int(new.private)}))


async def get(tx: AsyncConnection, order_id: str) -> OrderRow | None:
    """Return an order."""
    found = await tx.execute(select(orders).where(orders.c.id == order_id))
    row = found.mappings().one_or_none()
    if row is None:
        return None
    fields: dict[str, Any] = dict(row)
    fields |= {"kind": OrderKind(row["kind"]), "private": bool(row["private"])}
    return OrderRow(**fields)


async def list_jobs(tx: AsyncConnection, order_id: str) -> list[Job]:
    """Return the jobs of an order, in their order."""
    return await fetch_all(tx, _JOBS, wanted=order_id)


async def join_job(tx: AsyncConnection, job_id: str, order_id: str, index: int) -> None:
    """Make a job part of an order, in the place of another."""
    joined = update(jobs).where(jobs.c.id == job_id)
    await tx.execute(joined.values(order_id=order_id, order_index=index))


async def list_takes(tx: AsyncConnection, order_id: str) -> list[Job]:
    """Return the jobs of an order of takes, in their order; none if it is of another kind."""
    return await fetch_all(tx, _TAKES, wanted=order_id)


async def lock_in_state(tx: AsyncConnection, order_id: str, state: JobState) -> list[Job]:
    """Return the jobs of an order in a state, in their order, locked until the transaction ends."""
    return await fetch_all(tx, _LOCKED, wanted=order_id, state=state)


async def share_lease(tx: AsyncConnection, holder: Job, others: Collection[str]) -> None:
    """Let nobody touch some jobs while the holder of a lease works on them, too."""
    lease = {"lease_owner": holder.lease_owner, "lease_until_ms": holder.lease_until_ms}
    await tx.execute(update(jobs).where(jobs.c.id.in_(others)).values(**lease))


async def mark_told(tx: AsyncConnection, told: Collection[str], number: int) -> None:
    """Record which post of their order says of some jobs that they have no video."""
    await tx.execute(update(jobs).where(jobs.c.id.in_(told)).values(order_post=number))


def job_key(interaction_id: int, index: int) -> int:
    """Return the key of an order's job in `jobs.interaction_id`; the first has the order's own.

    Those of the others are less than any other key: neither an interaction nor a click has one.
    """
    if index == 1:
        return interaction_id
    digest = hashlib.sha256(f"{interaction_id}/{index}".encode()).digest()
    return -1 - (1 << _KEY_BITS) - (int.from_bytes(digest[:8]) >> (64 - _KEY_BITS))


_JOBS = (
    select(jobs)
    .where(jobs.c.order_id == bindparam("wanted"))
    .order_by(jobs.c.order_index, jobs.c.id)
)
_TAKES = _JOBS.join(orders, orders.c.id == jobs.c.order_id).where(orders.c.kind == OrderKind.TAKES)
_LOCKED = _JOBS.where(jobs.c.state == bindparam("state")).with_for_update()
