"""Shards: their number, leases on them, sessions to resume, and slots to identify in."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import RowMapping, case, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.shards import ShardLease
from storage.service_tables import identify_slots, shards
from storage.upsert import insert_or_ignore

_FREE = {"owner": None, "until_ms": 0, "is_offered": 0, "heir": None}
_NO_SESSION = {"session_id": None, "resume_url": None, "sequence": None}


@dataclass(frozen=True, slots=True)
class GatewaySession:
    """A session at Discord's gateway: where it is resumed, and after which event."""

    session_id: str
    resume_url: str
    sequence: int


async def count_shards(tx: AsyncConnection) -> int:
    """Return the number of shards; 0 before the first start."""
    return (await tx.execute(select(func.count()).select_from(shards))).scalar_one()


async def create(tx: AsyncConnection, count: int) -> int:
    """Set the number of shards unless it is set, and return what it is."""
    if count and not await count_shards(tx):
        missing = insert_or_ignore(tx, shards, "shard_id")
        await tx.execute(missing, [{"shard_id": number} for number in range(count)])
    return await count_shards(tx)


async def replace_all(tx: AsyncConnection, count: int) -> None:
    """Set another number of shards; sessions of the old number cannot be resumed."""
    await tx.execute(delete(shards))
    await tx.execute(insert(shards), [{"shard_id": number} for number in range(count)])


async def lock_leases(tx: AsyncConnection) -> Sequence[ShardLease]:
    """Return the leases on all shards; no other process changes one until the transaction ends."""
    rows = await tx.execute(select(shards).order_by(shards.c.shard_id).with_for_update())
    return [_lease(row) for row in rows.mappings()]


async def list_leases(tx: AsyncConnection) -> Sequence[ShardLease]:
    """Return the leases on all shards."""
    rows = await tx.execute(select(shards).order_by(shards.c.shard_id))
    return [_lease(row) for row in rows.mappings()]


async def read_sessions(tx: AsyncConnection, owner: str) -> Mapping[int, GatewaySession | None]:
    """Return the shards that a process holds, with the sessions that may be resumed."""
    rows = await tx.execute(select(shards).where(shards.c.owner == owner))
    return {
        row["shard_id"]: None
        if row["session_id"] is None
        else GatewaySession(row["session_id"], row["resume_url"], row["sequence"])
        for row in rows.mappings()
    }


async def take(tx: AsyncConnection, owner: str, shard_ids: Collection[int], until_ms: int) -> None:
    """Take or renew the leases on shards."""
    if shard_ids:
        lease = {**_FREE, "owner": owner, "until_ms": until_ms}
        await tx.execute(update(shards).where(shards.c.shard_id.in_(shard_ids)).values(**lease))


async def renew(tx: AsyncConnection, owner: str, until_ms: int) -> None:
    """Extend the leases of a process on whatever it still holds."""
    await tx.execute(update(shards).where(shards.c.owner == owner).values(until_ms=until_ms))


async def set_offered(tx: AsyncConnection, shard_ids: Collection[int], *, offered: bool) -> None:
    """Offer shards to other processes, or keep them."""
    if shard_ids:
        changed = update(shards).where(shards.c.shard_id.in_(shard_ids))
        await tx.execute(changed.values(is_offered=int(offered), heir=None))


async def inherit(tx: AsyncConnection, heir: str, shard_ids: Collection[int]) -> None:
    """Be the one to whom the holders of some shards give them."""
    if shard_ids:
        await tx.execute(update(shards).where(shards.c.shard_id.in_(shard_ids)).values(heir=heir))


async def save_session(
    tx: AsyncConnection, owner: str, shard_id: int, session: GatewaySession | None
) -> None:
    """Keep the session of a shard, if a process still holds it."""
    held = update(shards).where(shards.c.shard_id == shard_id, shards.c.owner == owner)
    await tx.execute(held.values(**_session_values(session)))


async def hand_over(
    tx: AsyncConnection,
    owner: str,
    shard_id: int,
    session: GatewaySession | None,
    until_ms: int,
) -> None:
    """Give a shard and its session to its heir, or leave it free where there is none."""
    held = update(shards).where(shards.c.shard_id == shard_id, shards.c.owner == owner)
    heir = shards.c.heir
    lease = {**_FREE, "owner": heir, "until_ms": case((heir.is_(None), 0), else_=until_ms)}
    await tx.execute(held.values(**lease, **_session_values(session)))


async def take_identify_slot(
    tx: AsyncConnection, bucket: int, now_ms: int, interval_ms: int
) -> int:
    """Take the next slot of a bucket, and return 0; or how many milliseconds it is away."""
    await tx.execute(
        insert_or_ignore(tx, identify_slots, "bucket").values(bucket=bucket, next_ms=0)
    )
    slot = identify_slots.c.bucket == bucket
    taken = update(identify_slots).where(slot, identify_slots.c.next_ms <= now_ms)
    if (await tx.execute(taken.values(next_ms=now_ms + interval_ms))).rowcount:
        return 0
    next_ms = (await tx.execute(select(identify_slots.c.next_ms).where(slot))).scalar_one()
    return max(1, next_ms - now_ms)


def _lease(row: RowMapping) -> ShardLease:
    return ShardLease(
        shard_id=row["shard_id"],
        owner=row["owner"],
        until_ms=row["until_ms"],
        is_offered=bool(row["is_offered"]),
        heir=row["heir"],
    )


def _session_values(session: GatewaySession | None) -> Mapping[str, object]:
    if session is None:
        return _NO_SESSION
    return {
        "session_id": session.session_id,
        "resume_url": session.resume_url,
        "sequence": session.sequence,
    }
