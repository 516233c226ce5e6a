"""First stage: a checked request becomes a queued job with a hold, in one transaction."""

from dataclasses import dataclass, replace

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.job_view import JobView
from domain.jobs import JobState, new_job_id
from domain.limit_warnings import LimitCrossing, find_crossings
from domain.money import ZERO, MicroUSD
from domain.pricing import quote
from domain.quotas import Limits, RemainingQuota, Scope
from domain.requests import VideoRequest
from storage import billing, jobs, limits, queue, quotas
from storage.errors import QuotaExceeded, StaleJobError
from storage.jobs import Job, NewJob
from storage.quotas import QuotaSubject
from workflow.billing import limit_warnings
from workflow.context import Context
from workflow.errors import (
    CooldownActive,
    JobNotFound,
    NotCancellable,
    OverLimit,
    QueueFull,
    ServerNotAdmitted,
    TooManyInFlight,
)
from workflow.input_files import discard_inputs, keep_inputs
from workflow.order_limits import check_pace, check_queue
from workflow.publisher import SubmissionBlock
from workflow.servers.admission import is_allowed
from workflow.submission_gate import find_submission_block

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A checked request, with its member and channel.

    `duplicate_keys` are further keys under which the same order may have been accepted just before:
    of two clicks on one button, one makes the job. `role_ids` are the member's roles, which may
    have limits. The result of a `private` order is visible to the member alone. `language` is the
    locale in which the member uses Discord.
    """

    interaction_id: int
    guild_id: int
    channel_id: int
    user_id: int
    request: VideoRequest
    duplicate_keys: tuple[int, ...] = ()
    role_ids: tuple[int, ...] = ()
    private: bool = False
    language: str | None = None


class _DuplicateOrder(Exception):
    """Another transaction has just made the job of this order."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A queued job, its queue position, the remaining quota, and the current submission block.

    `crossings` are the limits of the member's own to which it has brought them near.
    """

    job: JobView
    queue_position: int
    remaining: RemainingQuota
    submission_block: SubmissionBlock | None = None
    crossings: tuple[LimitCrossing, ...] = ()


async def accept(context: Context, order: Order) -> Accepted:
    """Queue a job for an order and hold its price; a repeated interaction returns the same job.

    Raises:
        OverLimit: a quota does not cover the price; nothing is held.
        ServerNotAdmitted: the server may not spend.
        QueueFull: the member or the server has too many queued jobs.
        TooManyInFlight: the member has as many active jobs as they may have.
        CooldownActive: the member's last request was too recent.
        InputLost, InputNotKept: one of its files is gone, or cannot be kept.
    """
    kept = await keep_inputs(context, order.request)
    try:
        accepted = await context.database.transact(lambda tx: _accept(tx, context, order))
    except (QuotaExceeded, QueueFull, TooManyInFlight, CooldownActive, _DuplicateOrder) as error:
        accepted = await context.database.transact(lambda tx: _find_existing(tx, context, order))
        if accepted is None:
            await discard_inputs(context, kept)
            raise _public_error(error) from None
    job = accepted.job
    _log.info("job accepted", job=job.id, server=job.guild_id, price_micro_usd=job.price)
    return accepted


async def cancel(context: Context, job: str, user_id: int) -> Job:
    """Cancel a queued job and release its hold.

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
    except StaleJobError:  # by the worker, just now: read the job again
        return await context.database.transact(record_cancellation)


async def _accept(tx: AsyncConnection, context: Context, order: Order) -> Accepted:
    effective_limits = await limits.get_effective(
        tx, order.guild_id, order.user_id, order.role_ids, context.policy.limits
    )
    existing = await _get_existing(tx, order)
    if existing is not None:
        return await _describe(tx, context, existing, effective_limits)
    job, hold_id = await _create_job(tx, context, order, effective_limits)
    accepted = await _describe(tx, context, job, effective_limits)
    await limit_warnings.record_crossings(tx, job.guild_id, accepted.remaining, job.price)
    return replace(accepted, crossings=await _own_crossings(tx, accepted, hold_id))


async def _own_crossings(
    tx: AsyncConnection, accepted: Accepted, hold_id: int
) -> tuple[LimitCrossing, ...]:
    """Return which of their own limits an order has crossed; bonuses count for none of them."""
    usages, price = accepted.remaining.usages, accepted.job.price
    if not find_crossings(usages, Scope.MEMBER, price):
        return ()
    entry = await billing.get_entry(tx, hold_id)
    from_bonus = entry.from_grant if entry is not None else ZERO
    return find_crossings(usages, Scope.MEMBER, MicroUSD(price - from_bonus))


async def _find_existing(tx: AsyncConnection, context: Context, order: Order) -> Accepted | None:
    """Return the job of a refused order if the same click has already made it."""
    return None if await _get_existing(tx, order) is None else await _accept(tx, context, order)


def _public_error(error: Exception) -> Exception:
    return OverLimit(error.shortfalls) if isinstance(error, QuotaExceeded) else error


async def _get_existing(tx: AsyncConnection, order: Order) -> Job | None:
    for key in (order.interaction_id, *order.duplicate_keys):
        if (job := await jobs.get_by_interaction(tx, key)) is not None:
            return job
    return None


async def _describe(
    tx: AsyncConnection, context: Context, job: Job, effective_limits: Limits
) -> Accepted:
    subject = QuotaSubject(job.guild_id, job.user_id, context.now_ms())
    remaining = await quotas.get_remaining(tx, subject, effective_limits)
    block = await find_submission_block(tx, context)
    queue_position = await queue.position(tx, job.id)
    return Accepted(job, queue_position, remaining, block)


async def _create_job(
    tx: AsyncConnection, context: Context, order: Order, effective_limits: Limits
) -> tuple[Job, int]:
    """Queue a job and hold its price; return it and the hold's id."""
    if not await is_allowed(tx, context, order.guild_id):
        raise ServerNotAdmitted
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
            language=order.language,
        ),
    )
    hold_id = await billing.hold(
        tx,
        job_id=job.id,
        attempt=job.attempt,
        guild_id=job.guild_id,
        user_id=job.user_id,
        amount=job.price,
        price_version=job.price_version,
        limits=effective_limits,
        now_ms=now_ms,
    )
    # The hold has locked the service-wide usage row, so no other order is checked at this moment.
    await _check_duplicates(tx, order)
    await check_queue(tx, context, order.guild_id, order.user_id)
    await check_pace(tx, job, effective_limits)
    return job, hold_id


async def _check_duplicates(tx: AsyncConnection, order: Order) -> None:
    """Refuse an order that was accepted under another of its keys."""
    for key in order.duplicate_keys:
        if await jobs.get_by_interaction(tx, key) is not None:
            raise _DuplicateOrder
