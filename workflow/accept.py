"""First step: a checked request becomes a job with its price on hold, in one transaction."""

from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState, job_id
from domain.pricing import quote
from domain.requests import VideoRequest
from storage import billing, jobs, quotas
from storage.errors import JobTaken, QuotaExceeded
from storage.jobs import Job, NewJob
from storage.quotas import Left
from workflow.context import Context
from workflow.errors import NotYours, OverLimit, QueueFull, TooLate

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A checked request, and who made it where."""

    interaction_id: int
    guild_id: int
    channel_id: int
    user_id: int
    request: VideoRequest


@dataclass(frozen=True, slots=True)
class Accepted:
    """A job on the belt, its place in line and what is left to spend today."""

    job: Job
    place: int
    left: Left


async def accept(context: Context, order: Order) -> Accepted:
    """Put an order on the belt; the same interaction twice gives the same job.

    Raises:
        OverLimit: the price does not fit under a quota; nothing is held.
        QueueFull: too many jobs of the member or the server wait.
    """
    try:
        news = await context.database.transact(lambda tx: _accept(tx, context, order))
    except QuotaExceeded as error:
        raise OverLimit(error.shortfalls) from None
    job = news.job
    _log.info("accepted", job=job.id, server=job.guild_id, price_micro_usd=job.price)
    return news


async def cancel(context: Context, job: str, user_id: int) -> Job:
    """Take a waiting job off the belt and release its hold.

    Raises:
        NotYours: no such job of this member.
        TooLate: it has left the queue.
    """

    async def work(tx: AsyncConnection) -> Job:
        found = await jobs.get(tx, job)
        if found is None or found.user_id != user_id:
            raise NotYours
        if found.state is not JobState.QUEUED:
            raise TooLate(found.state)
        now_ms = context.now_ms()
        cancelled = await jobs.move(tx, found, JobState.CANCELLED, now_ms=now_ms)
        await billing.release(tx, job, found.attempt, now_ms=now_ms, note="cancelled by the member")
        return cancelled

    try:
        return await context.database.transact(work)
    except JobTaken:  # by the belt, just now: another look tells where the job stands
        return await context.database.transact(work)


async def _accept(tx: AsyncConnection, context: Context, order: Order) -> Accepted:
    now_ms, policy = context.now_ms(), context.policy
    known = await jobs.by_interaction(tx, order.interaction_id)
    job = known or await _add(tx, context, order, now_ms)
    left = await quotas.left(tx, order.guild_id, order.user_id, policy.limits, now_ms)
    return Accepted(job, await jobs.place_in_line(tx, job.id), left)


async def _add(tx: AsyncConnection, context: Context, order: Order, now_ms: int) -> Job:
    price = quote(order.request)
    job, _ = await jobs.add(
        tx,
        NewJob(
            id=job_id(now_ms, context.random.getrandbits(50)),
            interaction_id=order.interaction_id,
            guild_id=order.guild_id,
            channel_id=order.channel_id,
            user_id=order.user_id,
            request=order.request,
            price=price.amount,
            price_version=price.version,
            created_at_ms=now_ms,
        ),
    )
    await billing.hold(
        tx,
        job_id=job.id,
        attempt=job.attempt,
        guild_id=job.guild_id,
        user_id=job.user_id,
        amount=job.price,
        price_version=job.price_version,
        limits=context.policy.limits,
        now_ms=now_ms,
    )
    await _check_queue(tx, context, order)
    return job


async def _check_queue(tx: AsyncConnection, context: Context, order: Order) -> None:
    """Count the jobs that wait, this one included.

    The hold has locked the bucket that counts everything, so nobody else counts at this moment.
    """
    of_member, of_server = await jobs.waiting(tx, order.guild_id, order.user_id)
    if of_member > context.policy.max_queued_per_member:
        raise QueueFull("member", context.policy.max_queued_per_member)
    if of_server > context.policy.max_queued_per_server:
        raise QueueFull("server", context.policy.max_queued_per_server)
