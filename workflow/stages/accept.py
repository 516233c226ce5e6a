"""First step: a checked request becomes a job with its price on hold, in one transaction."""

from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.job_view import JobView
from domain.jobs import JobState, new_job_id
from domain.pricing import quote
from domain.quotas import Limits, RemainingQuota
from domain.requests import VideoRequest
from storage import billing, jobs, limits, queue, quotas
from storage.errors import QuotaExceeded, StaleJobError
from storage.jobs import Job, NewJob
from storage.quotas import QuotaSubject
from workflow.context import Context
from workflow.errors import (
    CooldownActive,
    JobNotFound,
    NotCancellable,
    OverLimit,
    QueueFull,
    TooManyInFlight,
)
from workflow.publisher import SubmissionBlock
from workflow.submission_gate import find_submission_block

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A checked request, and who made it where.

    `repeats` are further keys under which the same order may have come just before: of two clicks
    on one button, one makes the job. `role_ids` are the member's roles, which may have limits. What
    comes of a `private` one is for the member alone.
    """

    interaction_id: int
    guild_id: int
    channel_id: int
    user_id: int
    request: VideoRequest
    duplicate_keys: tuple[int, ...] = ()
    role_ids: tuple[int, ...] = ()
    private: bool = False


class _Repeated(Exception):
    """Another transaction has just made the job of this order."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A job on the belt, its place in line, what is left to spend, and what it waits for if so."""

    job: JobView
    queue_position: int
    remaining: RemainingQuota
    submission_block: SubmissionBlock | None = None


async def accept(context: Context, order: Order) -> Accepted:
    """Put an order on the belt; the same interaction twice gives the same job.

    Raises:
        OverLimit: the price does not fit under a quota; nothing is held.
        QueueFull: too many jobs of the member or the server wait.
        TooManyInFlight: the member has as many jobs under way as they may have.
        CooldownActive: the member's last request was too short a time ago.
    """
    try:
        news = await context.database.transact(lambda tx: _accept(tx, context, order))
    except (QuotaExceeded, QueueFull, TooManyInFlight, CooldownActive, _Repeated) as error:
        news = await context.database.transact(lambda tx: _again(tx, context, order))
        if news is None:
            raise _in_words(error) from None
    job = news.job
    _log.info("accepted", job=job.id, server=job.guild_id, price_micro_usd=job.price)
    return news


async def cancel(context: Context, job: str, user_id: int) -> Job:
    """Take a waiting job off the belt and release its hold.

    Raises:
        JobNotFound: no such job of this member.
        NotCancellable: it has left the queue.
    """

    async def record_cancellation(tx: AsyncConnection) -> Job:
        found = await jobs.get(tx, job)
        if found is None or found.user_id != user_id:
            raise JobNotFound
        if found.state is not JobState.QUEUED:
            raise NotCancellable(found.state)
        now_ms = context.now_ms()
        cancelled = await jobs.transition(tx, found, JobState.CANCELLED, now_ms=now_ms)
        await billing.release(tx, job, found.attempt, now_ms=now_ms, note="cancelled by the member")
        return cancelled

    try:
        return await context.database.transact(record_cancellation)
    except StaleJobError:  # by the belt, just now: another look tells where the job stands
        return await context.database.transact(record_cancellation)


async def _accept(tx: AsyncConnection, context: Context, order: Order) -> Accepted:
    counting = await limits.get_effective(
        tx, order.guild_id, order.user_id, order.role_ids, context.policy.limits
    )
    job = await _known(tx, order) or await _add(tx, context, order, counting)
    return await _news(tx, context, job, counting)


async def _again(tx: AsyncConnection, context: Context, order: Order) -> Accepted | None:
    """Look whether the job of a refused order is there already, made by the same click."""
    return None if await _known(tx, order) is None else await _accept(tx, context, order)


def _in_words(error: Exception) -> Exception:
    return OverLimit(error.shortfalls) if isinstance(error, QuotaExceeded) else error


async def _known(tx: AsyncConnection, order: Order) -> Job | None:
    for key in (order.interaction_id, *order.duplicate_keys):
        if (job := await jobs.get_by_interaction(tx, key)) is not None:
            return job
    return None


async def _news(tx: AsyncConnection, context: Context, job: Job, counting: Limits) -> Accepted:
    place = QuotaSubject(job.guild_id, job.user_id, context.now_ms())
    left = await quotas.get_remaining(tx, place, counting)
    halt = await find_submission_block(tx, context)
    place_in_line = await queue.position(tx, job.id)
    return Accepted(job, place_in_line, left, halt)


async def _add(tx: AsyncConnection, context: Context, order: Order, counting: Limits) -> Job:
    price, now_ms = quote(order.request), context.now_ms()
    job, _ = await jobs.enqueue(
        tx,
        NewJob(
            id=new_job_id(now_ms, context.random.getrandbits(50)),
            interaction_id=order.interaction_id,
            guild_id=order.guild_id,
            channel_id=order.channel_id,
            user_id=order.user_id,
            request=order.request,
            price=price.amount,
            price_version=price.version,
            created_at_ms=now_ms,
            private=order.private,
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
        limits=counting,
        now_ms=now_ms,
    )
    # The hold has locked the bucket that counts everything, so nobody else is here at this moment.
    await _check_repeats(tx, order)
    await _check_queue(tx, context, order)
    await _check_pace(tx, job, counting)
    return job


async def _check_repeats(tx: AsyncConnection, order: Order) -> None:
    """Give way to the same order under another key."""
    for key in order.duplicate_keys:
        if await jobs.get_by_interaction(tx, key) is not None:
            raise _Repeated


async def _check_queue(tx: AsyncConnection, context: Context, order: Order) -> None:
    """Count the jobs that wait, this one included."""
    of_member, of_server = await queue.count_queued(tx, order.guild_id, order.user_id)
    if of_member > context.policy.max_queued_per_member:
        raise QueueFull("member", context.policy.max_queued_per_member)
    if of_server > context.policy.max_queued_per_server:
        raise QueueFull("server", context.policy.max_queued_per_server)


async def _check_pace(tx: AsyncConnection, job: Job, counting: Limits) -> None:
    """Count what the member has under way, this one included, and look at their last request."""
    if counting.in_flight is not None:
        under_way = await queue.count_active(tx, job.guild_id, job.user_id)
        if under_way > counting.in_flight:
            raise TooManyInFlight(counting.in_flight)
    if not counting.cooldown_s:
        return
    last_ms = await jobs.previous_request_ms(tx, job)
    if last_ms is None:
        return
    # A clock that was set back must not make anyone wait longer than the cooldown.
    until_ms = min(last_ms, job.created_at_ms) + counting.cooldown_s * 1000
    if job.created_at_ms < until_ms:
        raise CooldownActive(counting.cooldown_s, until_ms)
