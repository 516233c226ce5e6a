"""Settles what a job costs once that is known: its member pays, or the operator, or nobody.

A member whose hold was given back was told that they are not charged, so that stays true whatever
turns up later: the operator's booking then stands for the task.
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
    """Have a job paid as quoted; the operator pays for a member whose hold was given back.

    To be called after the job's own row was changed: two who settle it at once meet there.
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
    """Give the member back what they paid for a job, if they paid anything."""
    paid = await billing.amount_paid(tx, job.id)
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
