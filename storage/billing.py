"""The ledger: append-only rows in micro-dollars, changed together with the quota buckets.

A `hold` reserves money for one attempt of a job. Exactly one `charge` (at most the hold) or
`release` (all of it) resolves it. An `adjust` corrects what was charged. A `grant` gives a member
money for when their quota is spent; a negative one revokes the unspent part of another.

Each row records how much of it came from grants: a hold uses grants last, and what a charge or an
adjust returns goes back to them first. Indexes, checks and triggers of the database reject
everything else; see the migrations. `storage.audit` checks it all from the rows.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, Unpack

from sqlalchemy import ColumnElement, Row, RowMapping, case, exists, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.job_view import JobAmounts
from domain.money import ZERO, MicroUSD
from domain.quotas import Limits
from storage import quotas
from storage.errors import LedgerError
from storage.quotas import QuotaSubject, SplitAmount
from storage.schema import billing

EntryKind = Literal["hold", "charge", "release", "adjust", "grant"]
Account = Literal["member", "operator"]

SERVICE_ACTOR = "service"
"""Actor of the entries that the service itself makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One row of the ledger; `from_grant` is the part of the amount that grants pay.

    A negative grant revokes the one that `grant_id` names.
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
    """The amount on hold now, and the sums of the other kinds over all time."""

    held: MicroUSD
    charged: MicroUSD
    released: MicroUSD
    adjusted: MicroUSD
    granted: MicroUSD


class NewHold(TypedDict):
    """Fields of a new hold; it must fit under `limits`."""

    job_id: str
    attempt: int
    guild_id: int
    user_id: int
    amount: MicroUSD
    price_version: str
    limits: Limits
    now_ms: int


class NewGrant(TypedDict):
    """Fields of a new grant."""

    guild_id: int
    user_id: int
    amount: MicroUSD
    actor: str
    note: str
    now_ms: int


class NewAdjustment(TypedDict):
    """Fields of a new adjust; a negative amount is a refund."""

    job_id: str
    guild_id: int
    user_id: int
    amount: MicroUSD
    account: Account
    actor: str
    note: str
    now_ms: int


def is_open_hold() -> ColumnElement[bool]:
    """Return the condition that a hold in `billing` is not resolved."""
    resolution = billing.alias()
    return ~exists().where(
        resolution.c.hold_id == billing.c.id, resolution.c.kind.in_(["charge", "release"])
    )


async def hold(tx: AsyncConnection, **new: Unpack[NewHold]) -> int:
    """Reserve an amount for one attempt of a job and return the hold's id; idempotent.

    Raises:
        QuotaExceeded: naming every exceeded limit; let it roll the transaction back.
        LedgerError: the attempt already holds another amount, or the ledger rejects the row.
    """
    hold_row = await _find_hold(tx, new["job_id"], new["attempt"])
    if hold_row is not None:
        if hold_row.amount_micro != new["amount"]:
            raise LedgerError(f"This attempt of job {new['job_id']} already holds another amount.")
        return hold_row.id
    subject = QuotaSubject(new["guild_id"], new["user_id"], new["now_ms"])
    reservation = await quotas.reserve(tx, subject, new["amount"], new["limits"])
    hold_id = await _append(
        tx,
        kind="hold",
        job_id=new["job_id"],
        attempt=new["attempt"],
        amount_micro=new["amount"],
        from_grant_micro=reservation.from_grant,
        guild_id=new["guild_id"],
        user_id=new["user_id"],
        price_version=new["price_version"],
        created_at_ms=new["now_ms"],
    )
    await quotas.link_buckets(tx, hold_id, reservation)
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
    """Turn a hold into a charge, in full unless `amount` says less; limits do not apply.

    Raises:
        LedgerError: there is no such hold, it is resolved, it is smaller, or the job is paid.
    """
    hold_row = await _required_hold(tx, job_id, attempt)
    charged = hold_row.amount_micro if amount is None else amount
    # The quota pays first, so the uncharged part returns to the grants first.
    quota = hold_row.amount_micro - hold_row.from_grant_micro
    parts = SplitAmount(charged, max(0, charged - quota))
    await _append(tx, **_resolution(hold_row, "charge", parts, now_ms, note))
    await quotas.change_buckets(tx, hold_row.id, held=_negated_hold(hold_row), charged=parts)


async def release(
    tx: AsyncConnection, job_id: str, attempt: int, *, now_ms: int, note: str
) -> None:
    """Release a whole hold.

    Raises:
        LedgerError: there is no such hold, or it is resolved.
    """
    hold_row = await _required_hold(tx, job_id, attempt)
    parts = SplitAmount(hold_row.amount_micro, hold_row.from_grant_micro)
    await _append(tx, **_resolution(hold_row, "release", parts, now_ms, note))
    await quotas.change_buckets(
        tx, hold_row.id, held=_negated_hold(hold_row), charged=SplitAmount(0, 0)
    )


async def adjust(tx: AsyncConnection, **new: Unpack[NewAdjustment]) -> None:
    """Correct what a job cost the member or the operator.

    The member's side changes the buckets of the charged hold. A refund goes to the grants first, an
    extra cost comes from the quota.

    Raises:
        LedgerError: the amount is zero, or the refund exceeds what the member paid.
    """
    job_id, amount = new["job_id"], new["amount"]
    hold_row = await _lock_adjusted_hold(tx, job_id)
    is_member = new["account"] == "member"
    if is_member and (await amounts_of(tx, job_id)).paid + amount < 0:
        raise LedgerError(f"The member paid less for job {job_id} than would be given back.")
    parts = SplitAmount(
        amount, await _grant_refund_part(tx, hold_row.id, amount) if is_member else 0
    )
    await _append(
        tx,
        kind="adjust",
        job_id=job_id,
        hold_id=hold_row.id if is_member else None,
        amount_micro=amount,
        from_grant_micro=parts.from_grant,
        account=new["account"],
        guild_id=new["guild_id"],
        user_id=new["user_id"],
        price_version=hold_row.price_version,
        created_at_ms=new["now_ms"],
        actor=new["actor"],
        note=new["note"],
    )
    if is_member:
        await quotas.change_buckets(tx, hold_row.id, held=SplitAmount(0, 0), charged=parts)


async def grant(tx: AsyncConnection, **new: Unpack[NewGrant]) -> int:
    """Grant a member money for when their quota is spent, and return the grant's id.

    Raises:
        LedgerError: the amount is not positive.
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
    """Revoke the unspent part of a grant, and return its amount.

    Raises:
        LedgerError: there is no such grant.
    """
    given = await _lock_grant(tx, grant_id)
    unspent = await quotas.lock_grant_balance(tx, given.guild_id, given.user_id)
    unspent_by_grant = await unspent_grants(tx, given.guild_id, given.user_id, unspent)
    amount = next((rest for found, rest in unspent_by_grant if found.id == grant_id), ZERO)
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
    """Return a member's grants that are not fully spent, newest first, with the unspent amounts.

    The oldest grant is spent first, so the unspent total belongs to the newest ones.
    """
    if not unspent:
        return []
    rows = await _list_grants(tx, guild_id, user_id)
    revoked = Counter[int | None]()
    for row in rows:
        revoked[row.grant_id] += row.amount
    unspent_by_grant = list[tuple[LedgerEntry, MicroUSD]]()
    for row in rows:
        rest = MicroUSD(min(row.amount + revoked[row.id], unspent))
        if row.grant_id is None and rest > 0:
            unspent_by_grant.append((row, rest))
            unspent = MicroUSD(unspent - rest)
    return unspent_by_grant


async def get_entry(tx: AsyncConnection, entry_id: int) -> LedgerEntry | None:
    """Return one row."""
    found = await tx.execute(select(billing).where(billing.c.id == entry_id))
    row = found.mappings().one_or_none()
    return None if row is None else _row_to_entry(row)


async def list_entries(tx: AsyncConnection, job_id: str) -> list[LedgerEntry]:
    """Return a job's rows, oldest first."""
    found = await tx.execute(select(billing).where(billing.c.job_id == job_id).order_by("id"))
    return [_row_to_entry(row) for row in found.mappings()]


async def has_open_hold(tx: AsyncConnection, job_id: str, attempt: int) -> bool:
    """Return whether an attempt of a job has an unresolved hold."""
    found = select(billing.c.id).where(
        billing.c.kind == "hold",
        billing.c.job_id == job_id,
        billing.c.attempt == attempt,
        is_open_hold(),
    )
    return (await tx.execute(found)).scalar() is not None


async def sum_by_job(tx: AsyncConnection, job_ids: Collection[str]) -> dict[str, JobAmounts]:
    """Return the sums of these jobs' rows on their members' accounts."""
    kind = billing.c.kind
    found = await tx.execute(
        select(
            billing.c.job_id,
            _sum_where((kind == "hold") & is_open_hold()),
            *(_sum_where(kind == name) for name in ("charge", "release", "adjust")),
        )
        .where(billing.c.job_id.in_(job_ids), billing.c.account == "member")
        .group_by(billing.c.job_id)
    )
    names = ("held", "charged", "released", "adjusted")
    # SUM over 64-bit integers returns a Decimal on PostgreSQL.
    rows = {job_id: [MicroUSD(int(amount)) for amount in sums] for job_id, *sums in found}
    return {
        job_id: JobAmounts(**dict(zip(names, rows.get(job_id, ()), strict=False)))
        for job_id in job_ids
    }


async def amounts_of(tx: AsyncConnection, job_id: str) -> JobAmounts:
    """Return the sums of one job's rows on its member's account."""
    return (await sum_by_job(tx, [job_id]))[job_id]


async def get_totals(tx: AsyncConnection) -> LedgerTotals:
    """Return the totals of the ledger."""
    summed = await tx.execute(
        select(billing.c.kind, func.sum(billing.c.amount_micro)).group_by(billing.c.kind)
    )
    # SUM over 64-bit integers returns a Decimal on PostgreSQL.
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


def _sum_where(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.sum(case((condition, billing.c.amount_micro), else_=0))


async def _append(tx: AsyncConnection, **row: object) -> int:
    row = {"account": "member", "actor": SERVICE_ACTOR, "note": ""} | row
    try:
        appended = await tx.execute(insert(billing).values(**row).returning(billing.c.id))
    except IntegrityError as error:
        # The lines below the first quote the row, with its note.
        first = str(error.orig).partition("\n")[0]
        raise LedgerError(f"The ledger refuses this {row['kind']}: {first}") from error
    return appended.scalar_one()


async def _find_hold(tx: AsyncConnection, job_id: str, attempt: int) -> Row[Any] | None:
    found = await tx.execute(
        select(billing).where(
            billing.c.kind == "hold", billing.c.job_id == job_id, billing.c.attempt == attempt
        )
    )
    return found.one_or_none()


async def _required_hold(tx: AsyncConnection, job_id: str, attempt: int) -> Row[Any]:
    hold_row = await _find_hold(tx, job_id, attempt)
    if hold_row is None:
        raise LedgerError(f"Attempt {attempt} of job {job_id} has no hold.")
    return hold_row


def _resolution(
    hold_row: Row[Any], kind: EntryKind, parts: SplitAmount, now_ms: int, note: str
) -> dict[str, object]:
    return {
        "kind": kind,
        "job_id": hold_row.job_id,
        "attempt": hold_row.attempt,
        "hold_id": hold_row.id,
        "amount_micro": parts.amount,
        "from_grant_micro": parts.from_grant,
        "guild_id": hold_row.guild_id,
        "user_id": hold_row.user_id,
        "price_version": hold_row.price_version,
        "created_at_ms": now_ms,
        "note": note,
    }


def _negated_hold(hold_row: Row[Any]) -> SplitAmount:
    return SplitAmount(-hold_row.amount_micro, -hold_row.from_grant_micro)


async def _lock_adjusted_hold(tx: AsyncConnection, job_id: str) -> Row[Any]:
    charges = billing.alias()
    paid = exists().where(charges.c.hold_id == billing.c.id, charges.c.kind == "charge")
    found = await tx.execute(
        select(billing)
        .where(billing.c.kind == "hold", billing.c.job_id == job_id)
        .order_by(case((paid, 0), else_=1), billing.c.attempt.desc())
        .limit(1)
        # Serializes adjusts of one job: two at once might refund the same money.
        .with_for_update()
    )
    hold_row = found.one_or_none()
    if hold_row is None:
        raise LedgerError(f"Job {job_id} has no hold whose cost could be corrected.")
    return hold_row


async def _grant_refund_part(tx: AsyncConnection, hold_id: int, amount: int) -> int:
    """Return the part of a refund that goes to grants: at most what they paid; not positive."""
    summed = await tx.execute(
        select(func.coalesce(func.sum(billing.c.from_grant_micro), 0)).where(
            billing.c.hold_id == hold_id, billing.c.kind.in_(["charge", "adjust"])
        )
    )
    return max(min(amount, 0), -int(summed.scalar_one()))


async def _lock_grant(tx: AsyncConnection, grant_id: int) -> Row[Any]:
    found = await tx.execute(
        select(billing)
        .where(billing.c.id == grant_id, billing.c.kind == "grant", billing.c.amount_micro > 0)
        # Serializes concurrent revocations of one grant.
        .with_for_update()
    )
    given = found.one_or_none()
    if given is None:
        raise LedgerError(f"There is no grant {grant_id}.")
    return given


async def _list_grants(tx: AsyncConnection, guild_id: int, user_id: int) -> list[LedgerEntry]:
    """Return the grants and revocations of a member, newest first."""
    found = await tx.execute(
        select(billing)
        .where(
            billing.c.kind == "grant",
            billing.c.guild_id == guild_id,
            billing.c.user_id == user_id,
        )
        .order_by(billing.c.id.desc())
    )
    return [_row_to_entry(row) for row in found.mappings()]


def _row_to_entry(row: RowMapping) -> LedgerEntry:
    fields: dict[str, Any] = dict(row)
    amount, from_grant = fields.pop("amount_micro"), fields.pop("from_grant_micro")
    return LedgerEntry(amount=MicroUSD(amount), from_grant=MicroUSD(from_grant), **fields)
