"""Settlement of a job's price: charged to its member, booked to the operator, or released.

A member whose hold was released has been promised that they are not charged. That stays true when
the task turns up later: the operator's account then bears its price.
"""

from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.money import ZERO, MicroUSD
from storage import billing, exposure
from storage.billing import SERVICE_ACTOR
from storage.jobs import Job


class Payer(StrEnum):
    """Who pays for a task."""

    MEMBER = "member"
    OPERATOR = "operator"
    NOBODY = "nobody"


async def resolve_payment(
    tx: AsyncConnection,
    job: Job,
    payer: Payer,
    *,
    now_ms: int,
    note: str = "",
    actor: str = SERVICE_ACTOR,
) -> None:
    """Settle a job at its quoted price; the operator pays for a member whose hold was released.

    Call it after the job's row was changed in the same transaction: that row's lock keeps two
    transactions from settling it at once.
    """
    if await billing.has_open_hold(tx, job.id, job.attempt):
        if payer is Payer.MEMBER:
            await billing.charge(tx, job.id, job.attempt, now_ms=now_ms, note=note)
            return
        await billing.release(tx, job.id, job.attempt, now_ms=now_ms, note=note)
    due = ZERO if payer is Payer.NOBODY else job.price
    change = MicroUSD(due - await exposure.get_for_job(tx, job.id))
    if change:
        await billing.adjust(
            tx,
            job_id=job.id,
            guild_id=job.guild_id,
            user_id=job.user_id,
            amount=change,
            account="operator",
            actor=actor,
            note=note,
            now_ms=now_ms,
        )


async def refund(
    tx: AsyncConnection, job: Job, *, now_ms: int, note: str, actor: str = SERVICE_ACTOR
) -> None:
    """Refund what the member paid for a job, if anything."""
    paid = (await billing.amounts_of(tx, job.id)).paid
    if paid:
        await billing.adjust(
            tx,
            job_id=job.id,
            guild_id=job.guild_id,
            user_id=job.user_id,
            amount=MicroUSD(-paid),
            account="member",
            actor=actor,
            note=note,
            now_ms=now_ms,
        )
