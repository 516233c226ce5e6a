"""Knows the ledger: append-only rows in micro-dollars, moved together with the quota buckets.

A `hold` sets money aside for one attempt of a job. Exactly one `charge` (at most the hold) or
`release` (all of it) resolves it. An `adjust` corrects what was charged, a `grant` gives. The
database's own indexes, checks and triggers refuse everything else; see the migrations.
"""

from dataclasses import dataclass
from typing import Any, Literal, TypedDict, Unpack

from sqlalchemy import ColumnElement, Row, RowMapping, case, exists, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.money import ZERO, MicroUSD
from storage import quotas
from storage.errors import QuotaExceeded, WrongMoney
from storage.quotas import Limits, Place
from storage.schema import billing

Kind = Literal["hold", "charge", "release", "adjust", "grant"]
Account = Literal["member", "operator"]

SERVICE = "service"
"""The actor of entries that no person made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the ledger."""

    id: int
    kind: Kind
    job_id: str | None
    attempt: int | None
    hold_id: int | None
    amount: MicroUSD
    account: Account
    guild_id: int
    user_id: int
    price_version: str
    created_at_ms: int
    actor: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
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


class NewAdjust(TypedDict):
    """What an adjust is made of; a negative amount gives back."""

    job_id: str
    guild_id: int
    user_id: int
    amount: MicroUSD
    account: Account
    actor: str
    note: str
    now_ms: int


def is_open() -> ColumnElement[bool]:
    """Say that a hold in `billing` has no resolution."""
    resolution = billing.alias()
    return ~exists().where(
        resolution.c.hold_id == billing.c.id, resolution.c.kind.in_(["charge", "release"])
    )


async def hold(tx: AsyncConnection, **new: Unpack[NewHold]) -> int:
    """Set an amount aside for one attempt of a job, once, and return the hold's id.

    Raises:
        QuotaExceeded: naming every limit in the way; let it end the transaction.
        WrongMoney: the attempt holds another amount already, or the ledger refuses the row.
    """
    held = await _hold_of(tx, new["job_id"], new["attempt"])
    if held is not None:
        if held.amount_micro != new["amount"]:
            raise WrongMoney(f"This attempt of job {new['job_id']} already holds another amount.")
        return held.id
    hold_id = await _append(
        tx,
        kind="hold",
        job_id=new["job_id"],
        attempt=new["attempt"],
        amount_micro=new["amount"],
        guild_id=new["guild_id"],
        user_id=new["user_id"],
        price_version=new["price_version"],
        created_at_ms=new["now_ms"],
    )
    place = Place(new["guild_id"], new["user_id"], new["now_ms"])
    if shortfalls := await quotas.hold(tx, hold_id, place, new["amount"], new["limits"]):
        raise QuotaExceeded(shortfalls)
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
        WrongMoney: there is no such hold, it is resolved, it is smaller, or the job is paid.
    """
    held = await _required_hold(tx, job_id, attempt)
    charged = held.amount_micro if amount is None else amount
    await _append(tx, **_resolution(held, "charge", charged, now_ms, note))
    await quotas.settle(tx, held.id, held=-held.amount_micro, charged=charged)


async def release(
    tx: AsyncConnection, job_id: str, attempt: int, *, now_ms: int, note: str
) -> None:
    """Give a whole hold back.

    Raises:
        WrongMoney: there is no such hold, or it is resolved.
    """
    held = await _required_hold(tx, job_id, attempt)
    await _append(tx, **_resolution(held, "release", held.amount_micro, now_ms, note))
    await quotas.settle(tx, held.id, held=-held.amount_micro, charged=0)


async def adjust(tx: AsyncConnection, **new: Unpack[NewAdjust]) -> None:
    """Correct what a job cost the member or the operator.

    The member's side counts in the buckets of the hold that was charged.

    Raises:
        WrongMoney: the amount is zero, or the member would get back more than they paid.
    """
    job_id, amount = new["job_id"], new["amount"]
    held = await _adjusted_hold(tx, job_id)
    members = new["account"] == "member"
    if members and await _paid(tx, job_id) + amount < 0:
        raise WrongMoney(f"The member paid less for job {job_id} than would be given back.")
    await _append(
        tx,
        kind="adjust",
        job_id=job_id,
        hold_id=held.id if members else None,
        amount_micro=amount,
        account=new["account"],
        guild_id=new["guild_id"],
        user_id=new["user_id"],
        price_version=held.price_version,
        created_at_ms=new["now_ms"],
        actor=new["actor"],
        note=new["note"],
    )
    if members:
        await quotas.settle(tx, held.id, held=0, charged=amount)


async def entries(tx: AsyncConnection, job_id: str) -> list[Entry]:
    """Read a job's rows, oldest first."""
    found = await tx.execute(select(billing).where(billing.c.job_id == job_id).order_by("id"))
    return [_entry(row) for row in found.mappings()]


async def totals(tx: AsyncConnection) -> Totals:
    """Sum the ledger."""
    summed = await tx.execute(
        select(billing.c.kind, func.sum(billing.c.amount_micro)).group_by(billing.c.kind)
    )
    # A sum of 64-bit integers is a Decimal on PostgreSQL.
    sums = {kind: MicroUSD(int(amount)) for kind, amount in summed}
    open_holds = select(func.coalesce(func.sum(billing.c.amount_micro), 0)).where(
        billing.c.kind == "hold", is_open()
    )
    return Totals(
        held=MicroUSD(int((await tx.execute(open_holds)).scalar_one())),
        charged=sums.get("charge", ZERO),
        released=sums.get("release", ZERO),
        adjusted=sums.get("adjust", ZERO),
        granted=sums.get("grant", ZERO),
    )


async def _append(tx: AsyncConnection, **row: object) -> int:
    row = {"account": "member", "actor": SERVICE, "note": ""} | row
    try:
        appended = await tx.execute(insert(billing).values(**row).returning(billing.c.id))
    except IntegrityError as error:
        raise WrongMoney(f"The ledger refuses this {row['kind']}: {error.orig}") from error
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
        raise WrongMoney(f"Attempt {attempt} of job {job_id} has no hold.")
    return held


def _resolution(
    held: Row[Any], kind: Kind, amount: int, now_ms: int, note: str
) -> dict[str, object]:
    return {
        "kind": kind,
        "job_id": held.job_id,
        "attempt": held.attempt,
        "hold_id": held.id,
        "amount_micro": amount,
        "guild_id": held.guild_id,
        "user_id": held.user_id,
        "price_version": held.price_version,
        "created_at_ms": now_ms,
        "note": note,
    }


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
        raise WrongMoney(f"Job {job_id} has no hold whose cost could be corrected.")
    return held


async def _paid(tx: AsyncConnection, job_id: str) -> int:
    summed = await tx.execute(
        select(func.coalesce(func.sum(billing.c.amount_micro), 0)).where(
            billing.c.job_id == job_id,
            billing.c.account == "member",
            billing.c.kind.in_(["charge", "adjust"]),
        )
    )
    return int(summed.scalar_one())


def _entry(row: RowMapping) -> Entry:
    fields: dict[str, Any] = dict(row)
    return Entry(amount=MicroUSD(fields.pop("amount_micro")), **fields)
