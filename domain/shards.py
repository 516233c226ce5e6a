"""Shards: parts of the servers, each with a connection of its own, shared out among processes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardLease:
    """Who holds a shard, until when (Unix milliseconds), and who is to have it next.

    A shard that is offered is still held: its holder gives it to the process that becomes its heir.
    """

    shard_id: int
    owner: str | None = None
    until_ms: int = 0
    is_offered: bool = False
    heir: str | None = None


@dataclass(frozen=True, slots=True)
class SharePlan:
    """What a process does about its share: the ids of the shards of each kind."""

    take: Sequence[int] = ()
    inherit: Sequence[int] = ()
    offer: Sequence[int] = ()
    keep: Sequence[int] = ()


def shard_of(guild_id: int, shard_count: int) -> int:
    """Return the shard that hears of a server, as Discord computes it."""
    return (guild_id >> 22) % shard_count


def share_out(
    shard_count: int, room: Mapping[str, int], held: Mapping[str, int]
) -> Mapping[str, int]:
    """Return how many shards each process is to have, as evenly as their room allows.

    Who holds more already gets the larger share, so that nothing moves without need.
    """
    shares: dict[str, int] = {}
    left = shard_count
    order = sorted(room, key=lambda one: (room[one], -held.get(one, 0), one))
    for position, process in enumerate(order):
        fair = -(-left // (len(order) - position))
        shares[process] = min(room[process], fair)
        left -= shares[process]
    return shares


def plan_share(
    me: str, leases: Sequence[ShardLease], room: Mapping[str, int], now_ms: int
) -> SharePlan:
    """Return what a process does so that shards become shared out evenly.

    `room` has the living processes, and how many shards each takes at most. A lease of its own that
    has run out is still its own: nobody took the shard, and it is renewed.
    """
    renewed = [replace(one, until_ms=now_ms + 1) if one.owner == me else one for one in leases]
    holders = [_holder(lease, room, now_ms) for lease in renewed]
    held = {process: holders.count(process) for process in room}
    excess = held.get(me, 0) - share_out(len(leases), room, held).get(me, 0)
    own = [lease for lease in leases if lease.owner == me and not _has_heir(lease, room)]
    if excess > 0:
        given = own[-excess:]
        kept = own[:-excess]
        return SharePlan(
            offer=[lease.shard_id for lease in given if not lease.is_offered],
            keep=[lease.shard_id for lease in kept if lease.is_offered],
        )
    free = [lease.shard_id for lease, holder in zip(leases, holders, strict=True) if holder is None]
    take = free[:-excess] if excess else []
    offered = [
        lease.shard_id
        for lease, holder in zip(leases, holders, strict=True)
        if lease.is_offered and holder not in (None, me) and not _has_heir(lease, room)
    ]
    return SharePlan(
        take=take,
        inherit=offered[: -excess - len(take)],
        keep=[lease.shard_id for lease in own if lease.is_offered],
    )


def _holder(lease: ShardLease, alive: Collection[str], now_ms: int) -> str | None:
    """Return who has a shard or is about to; a lease that has run out is nobody's."""
    if lease.owner is None or lease.until_ms <= now_ms:
        return None
    return lease.heir if _has_heir(lease, alive) else lease.owner


def _has_heir(lease: ShardLease, alive: Collection[str]) -> bool:
    return lease.heir is not None and lease.heir in alive
