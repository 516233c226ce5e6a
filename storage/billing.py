"""Knows the ledger: append-only rows in micro-dollars, moved together with the quota buckets.

A `hold` sets money aside for one attempt of a job. Exactly one `charge` (at most the hold) or
`release` (all of it) resolves it. An `adjust` corrects what was charged. A `grant` gives a member
money for when their quota is spent; a negative one takes back what is unspent of another.

Each row tells how much of it came from grants: a hold takes that part last, and whatever a charge
or an adjust leaves of it goes back there first. The database's own indexes, checks and triggers
refuse everything else; see the migrations. `storage.audit` proves it all from the rows.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, Unpack

from sqlalchemy import ColumnElement, Row, RowMapping, case, exists, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.money import ZERO, MicroUSD
from domain.quotas import Limits
from storage import quotas
from storage.errors import LedgerError
from storage.quotas import QuotaSubject, SplitAmount
from storage.schema import billing

EntryKind = Literal["hold", "charge", "release", "adjust", "grant"]
Account = Literal["member", "operator"]

SERVICE_ACTOR = "service"
"""The actor of entries that no person made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One row of the ledger; `from_grant` is the part of the amount that grants pay.

    A negative grant takes back from the one that `grant_id` names.
    """

    id: int
    kind: EntryKind
    job_id: str | None
    attempt: int | None
    hold_id: int | None
    grant_id: int | None
    amount: MicroUSD
    from_grant: MicroUSD
    account: Account
    guild_id: int
    user_id: int
    price_version: str
    created_at_ms: int
    actor: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerTotals:
    """What is on hold now, and the sums of the other kinds over all time."""

    held: MicroUSD
    charged: MicroUSD
    released: MicroUSD
    adjusted: MicroUSD
    granted: MicroUSD


class NewHold(TypedDict):
    """What a hold is made of; `limits` are those it must fit under."""

    job_id: str
    attempt: int
    guild_id: int
    user_id: int
    amount: MicroUSD
    price_version: str
    limits: Limits
    now_ms: int


class NewGrant(TypedDict):
    """What a grant is made of."""

    guild_id: int
    user_id: int
    amount: MicroUSD
    actor: str
    note: str
    now_ms: int


class NewAdjustment(TypedDict):
    """What an adjust is made of; a negative amount gives back."""

    job_id: str
    guild_id: int
    user_id: int
    amount: MicroUSD
    account: Account
    actor: str
    note: str
    now_ms: int


def is_open_hold() -> ColumnElement[bool]:
    """Say that a hold in `billing` has no resolution."""
    resolution = billing.alias()
    return ~exists().where(
        resolution.c.hold_id == billing.c.id, resolution.c.kind.in_(["charge", "release"])
    )


async def hold(tx: AsyncConnection, **new: Unpack[NewHold]) -> int:
    """Set an amount aside for one attempt of a job, once, and return the hold's id.

    Raises:
        QuotaExceeded: naming every limit in the way; let it end the transaction.
        LedgerError: the attempt holds another amount already, or the ledger refuses the row.
    """
    held = await _hold_of(tx, new["job_id"], new["attempt"])
    if held is not None:
        if held.amount_micro != new["amount"]:
            raise LedgerError(f"This attempt of job {new['job_id']} already holds another amount.")
        return held.id
    place = QuotaSubject(new["guild_id"], new["user_id"], new["now_ms"])
    taken = await quotas.reserve(tx, place, new["amount"], new["limits"])
    hold_id = await _append(
        tx,
        kind="hold",
        job_id=new["job_id"],
        attempt=new["attempt"],
        amount_micro=new["amount"],
        from_grant_micro=taken.from_grant,
        guild_id=new["guild_id"],
        user_id=new["user_id"],
        price_version=new["price_version"],
        created_at_ms=new["now_ms"],
    )
    await quotas.link_buckets(tx, hold_id, taken)
    return hold_id


async def charge(
    tx: AsyncConnection,
    job_id: str,
    attempt: int,
    *,
    now_ms: int,
    amount: MicroUSD | None = None,
    note: str = "",
) -> None:
    """Turn a hold into a charge; without an amount, all of it. No limit is asked.

    Raises:
        LedgerError: there is no such hold, it is resolved, it is smaller, or the job is paid.
    """
    held = await _required_hold(tx, job_id, attempt)
    charged = held.amount_micro if amount is None else amount
    # The quota pays first, so what is not charged goes back to the grants first.
    quota = held.amount_micro - held.from_grant_micro
    parts = SplitAmount(charged, max(0, charged - quota))
    await _append(tx, **_resolution(held, "charge", parts, now_ms, note))
    await quotas.change_buckets(tx, held.id, held=_freed(held), charged=parts)


async def release(
    tx: AsyncConnection, job_id: str, attempt: int, *, now_ms: int, note: str
) -> None:
    """Give a whole hold back.

    Raises:
        LedgerError: there is no such hold, or it is resolved.
    """
    held = await _required_hold(tx, job_id, attempt)
    parts = SplitAmount(held.amount_micro, held.from_grant_micro)
    await _append(tx, **_resolution(held, "release", parts, now_ms, note))
    await quotas.change_buckets(tx, held.id, held=_freed(held), charged=SplitAmount(0, 0))


async def adjust(tx: AsyncConnection, **new: Unpack[NewAdjustment]) -> None:
    """Correct what a job cost the member or the operator.

    The member's side counts in the buckets of the hold that was charged; what is given back goes
    to the grants first, what is taken comes from the quota.

    Raises:
        LedgerError: the amount is zero, or the member would get back more than they paid.
    """
    job_id, amount = new["job_id"], new["amount"]
    held = await _adjusted_hold(tx, job_id)
    members = new["account"] == "member"
    if members and await amount_paid(tx, job_id) + amount < 0:
        raise LedgerError(f"The member paid less for job {job_id} than would be given back.")
    parts = SplitAmount(amount, await _back_to_grants(tx, held.id, amount) if members else 0)
    await _append(
        tx,
        kind="adjust",
        job_id=job_id,
        hold_id=held.id if members else None,
        amount_micro=amount,
        from_grant_micro=parts.from_grant,
        account=new["account"],
        guild_id=new["guild_id"],
        user_id=new["user_id"],
        price_version=held.price_version,
        created_at_ms=new["now_ms"],
        actor=new["actor"],
        note=new["note"],
    )
    if members:
        await quotas.change_buckets(tx, held.id, held=SplitAmount(0, 0), charged=parts)


async def grant(tx: AsyncConnection, **new: Unpack[NewGrant]) -> int:
    """Give a member money to use when their quota is spent, and return the grant's id.

    Raises:
        LedgerError: the amount is not above zero.
    """
    if new["amount"] <= 0:
        raise LedgerError("A grant gives something.")
    await quotas.change_grant_balance(tx, new["guild_id"], new["user_id"], new["amount"])
    return await _append(
        tx,
        kind="grant",
        amount_micro=new["amount"],
        guild_id=new["guild_id"],
        user_id=new["user_id"],
        price_version="",
        created_at_ms=new["now_ms"],
        actor=new["actor"],
        note=new["note"],
    )


async def revoke(
    tx: AsyncConnection, grant_id: int, *, actor: str, now_ms: int, note: str = ""
) -> MicroUSD:
    """Take back what is unspent of a grant, and tell how much that was.

    Raises:
        LedgerError: there is no such grant.
    """
    given = await _grant(tx, grant_id)
    unspent = await quotas.lock_grant_balance(tx, given.guild_id, given.user_id)
    rests = await unspent_grants(tx, given.guild_id, given.user_id, unspent)
    amount = next((rest for found, rest in rests if found.id == grant_id), ZERO)
    if amount:
        await quotas.change_grant_balance(tx, given.guild_id, given.user_id, MicroUSD(-amount))
        await _append(
            tx,
            kind="grant",
            grant_id=grant_id,
            amount_micro=-amount,
            guild_id=given.guild_id,
            user_id=given.user_id,
            price_version="",
            created_at_ms=now_ms,
            actor=actor,
            note=note,
        )
    return amount


async def unspent_grants(
    tx: AsyncConnection, guild_id: int, user_id: int, unspent: MicroUSD
) -> list[tuple[LedgerEntry, MicroUSD]]:
    """List a member's grants of which something is unspent, newest first, and how much.

    The oldest grant is spent first, so what is unspent in all is that of the newest ones.
    """
    rows = await _grants(tx, guild_id, user_id)
    back = Counter[int | None]()
    for row in rows:
        back[row.grant_id] += row.amount
    rests = list[tuple[LedgerEntry, MicroUSD]]()
    for row in rows:
        rest = MicroUSD(min(row.amount + back[row.id], unspent))
        if row.grant_id is None and rest > 0:
            rests.append((row, rest))
            unspent = MicroUSD(unspent - rest)
    return rests


async def get_entry(tx: AsyncConnection, entry_id: int) -> LedgerEntry | None:
    """Read one row."""
    found = await tx.execute(select(billing).where(billing.c.id == entry_id))
    row = found.mappings().one_or_none()
    return None if row is None else _entry(row)


async def list_entries(tx: AsyncConnection, job_id: str) -> list[LedgerEntry]:
    """Read a job's rows, oldest first."""
    found = await tx.execute(select(billing).where(billing.c.job_id == job_id).order_by("id"))
    return [_entry(row) for row in found.mappings()]


async def has_open_hold(tx: AsyncConnection, job_id: str, attempt: int) -> bool:
    """Tell whether an attempt of a job has a hold that is not resolved."""
    found = select(billing.c.id).where(
        billing.c.kind == "hold",
        billing.c.job_id == job_id,
        billing.c.attempt == attempt,
        is_open_hold(),
    )
    return (await tx.execute(found)).scalar() is not None


async def amount_paid(tx: AsyncConnection, job_id: str) -> MicroUSD:
    """Tell what a job has cost its member in the end."""
    summed = await tx.execute(
        select(func.coalesce(func.sum(billing.c.amount_micro), 0)).where(
            billing.c.job_id == job_id,
            billing.c.account == "member",
            billing.c.kind.in_(["charge", "adjust"]),
        )
    )
    return MicroUSD(int(summed.scalar_one()))


async def get_totals(tx: AsyncConnection) -> LedgerTotals:
    """Sum the ledger."""
    summed = await tx.execute(
        select(billing.c.kind, func.sum(billing.c.amount_micro)).group_by(billing.c.kind)
    )
    # A sum of 64-bit integers is a Decimal on PostgreSQL.
    sums = {kind: MicroUSD(int(amount)) for kind, amount in summed}
    open_holds = select(func.coalesce(func.sum(billing.c.amount_micro), 0)).where(
        billing.c.kind == "hold", is_open_hold()
    )
    return LedgerTotals(
        held=MicroUSD(int((await tx.execute(open_holds)).scalar_one())),
        charged=sums.get("charge", ZERO),
        released=sums.get("release", ZERO),
        adjusted=sums.get("adjust", ZERO),
        granted=sums.get("grant", ZERO),
    )


async def _append(tx: AsyncConnection, **row: object) -> int:
    row = {"account": "member", "actor": SERVICE_ACTOR, "note": ""} | row
    try:
        appended = await tx.execute(insert(billing).values(**row).returning(billing.c.id))
    except IntegrityError as error:
        raise LedgerError(f"The ledger refuses this {row['kind']}: {error.orig}") from error
    return appended.scalar_one()


async def _hold_of(tx: AsyncConnection, job_id: str, attempt: int) -> Row[Any] | None:
    found = await tx.execute(
        select(billing).where(
            billing.c.kind == "hold", billing.c.job_id == job_id, billing.c.attempt == attempt
        )
    )
    return found.one_or_none()


async def _required_hold(tx: AsyncConnection, job_id: str, attempt: int) -> Row[Any]:
    held = await _hold_of(tx, job_id, attempt)
    if held is None:
        raise LedgerError(f"Attempt {attempt} of job {job_id} has no hold.")
    return held


def _resolution(
    held: Row[Any], kind: EntryKind, parts: SplitAmount, now_ms: int, note: str
) -> dict[str, object]:
    return {
        "kind": kind,
        "job_id": held.job_id,
        "attempt": held.attempt,
        "hold_id": held.id,
        "amount_micro": parts.amount,
        "from_grant_micro": parts.from_grant,
        "guild_id": held.guild_id,
        "user_id": held.user_id,
        "price_version": held.price_version,
        "created_at_ms": now_ms,
        "note": note,
    }


def _freed(held: Row[Any]) -> SplitAmount:
    return SplitAmount(-held.amount_micro, -held.from_grant_micro)


async def _adjusted_hold(tx: AsyncConnection, job_id: str) -> Row[Any]:
    charges = billing.alias()
    paid = exists().where(charges.c.hold_id == billing.c.id, charges.c.kind == "charge")
    found = await tx.execute(
        select(billing)
        .where(billing.c.kind == "hold", billing.c.job_id == job_id)
        .order_by(case((paid, 0), else_=1), billing.c.attempt.desc())
        .limit(1)
        # Two adjusts of one job wait for each other here, or both might give the same money back.
        .with_for_update()
    )
    held = found.one_or_none()
    if held is None:
        raise LedgerError(f"Job {job_id} has no hold whose cost could be corrected.")
    return held


async def _back_to_grants(tx: AsyncConnection, hold_id: int, amount: int) -> int:
    """Tell how much of what is given back goes to grants: what they paid, at most."""
    summed = await tx.execute(
        select(func.coalesce(func.sum(billing.c.from_grant_micro), 0)).where(
            billing.c.hold_id == hold_id, billing.c.kind.in_(["charge", "adjust"])
        )
    )
    return max(min(amount, 0), -int(summed.scalar_one()))


async def _grant(tx: AsyncConnection, grant_id: int) -> Row[Any]:
    found = await tx.execute(
        select(billing)
        .where(billing.c.id == grant_id, billing.c.kind == "grant", billing.c.amount_micro > 0)
        # Two that take back from one grant wait for each other here.
        .with_for_update()
    )
    given = found.one_or_none()
    if given is None:
        raise LedgerError(f"There is no grant {grant_id}.")
    return given


async def _grants(tx: AsyncConnection, guild_id: int, user_id: int) -> list[LedgerEntry]:
    """Read what a member was granted and what of it was taken back, newest first."""
    found = await tx.execute(
        select(billing)
        .where(
            billing.c.kind == "grant",
            billing.c.guild_id == guild_id,
            billing.c.user_id == user_id,
        )
        .order_by(billing.c.id.desc())
    )
    return [_entry(row) for row in found.mappings()]


def _entry(row: RowMapping) -> LedgerEntry:
    fields: dict[str, Any] = dict(row)
    amount, from_grant = fields.pop("amount_micro"), fields.pop("from_grant_micro")
    return LedgerEntry(amount=MicroUSD(amount), from_grant=MicroUSD(from_grant), **fields)
