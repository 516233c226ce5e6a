"""First stage: a checked order becomes queued jobs with their holds, in one transaction."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.job_view import JobView
from domain.jobs import ENDED_WITHOUT_VIDEO, PARKED, JobState, new_job_id
from domain.limit_warnings import LimitCrossing, find_crossings
from domain.money import MicroUSD
from domain.orders import OrderKind
from domain.pricing import Quote, quote
from domain.quotas import Limits, RemainingQuota, Scope
from domain.requests import VideoRequest
from storage import billing, jobs, limits, orders, queue, quotas
from storage.errors import QuotaExceeded, StaleJobError
from storage.jobs import Job, NewJob
from storage.media import SavedInput
from storage.orders import OrderRow, job_key
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

    `further` are more requests of the same order, each a job of its own: all are accepted, or none;
    `kind` says what they are to each other. `duplicate_keys` are further keys under which the same
    order may have been accepted just before: of two clicks on one button, one makes the jobs.
    `role_ids` are the member's roles, which may have limits. `plan` records, with the new jobs,
    what is to become of their videos. The results of a `private` order are visible to the member
    alone. `language` is the locale in which the member uses Discord. `remix_of` is the job that it
    was made from.
    """

    interaction_id: int
    guild_id: int
    channel_id: int
    user_id: int
    request: VideoRequest
    further: tuple[VideoRequest, ...] = ()
    kind: OrderKind = OrderKind.TAKES
    duplicate_keys: tuple[int, ...] = ()
    role_ids: tuple[int, ...] = ()
    private: bool = False
    language: str | None = None
    remix_of: str | None = None
    plan: Callable[[AsyncConnection, Sequence[Job]], Awaitable[None]] | None = None

    @property
    def requests(self) -> tuple[VideoRequest, ...]:
        """Return all its requests, in their order."""
        return self.request, *self.further


class _DuplicateOrder(Exception):
    """Another transaction has just made the jobs of this order."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A queued job, its queue position, the remaining quota, and the current submission block.

    `crossings` are the limits of the member's own to which it has brought them near. Of an order of
    several, `job` is the first, and `further` are the others.
    """

    job: JobView
    queue_position: int
    remaining: RemainingQuota
    submission_block: SubmissionBlock | None = None
    crossings: tuple[LimitCrossing, ...] = ()
    further: tuple[JobView, ...] = ()

    @property
    def jobs(self) -> tuple[JobView, ...]:
        """Return all jobs of the order, in their order."""
        return self.job, *self.further

    @property
    def price(self) -> MicroUSD:
        """Return the sum of the jobs' prices."""
        return MicroUSD(sum(job.price for job in self.jobs))


async def accept(context: Context, order: Order) -> Accepted:
    """Queue an order's jobs and hold their prices; a repeated interaction returns the same jobs.

    Raises:
        OverLimit: a quota does not cover the price; nothing is held.
        ServerNotAdmitted: the server may not spend.
        QueueFull: the member or the server would have too many queued jobs.
        TooManyInFlight: the member would have more active jobs than they may have.
        CooldownActive: the member's last request was too recent.
        InputLost, InputNotKept: one of its files is gone, or cannot be kept.
    """
    kept = await _keep_inputs(context, order.requests)
    try:
        accepted = await context.database.transact(lambda tx: _accept(tx, context, order))
    except (QuotaExceeded, QueueFull, TooManyInFlight, CooldownActive, _DuplicateOrder) as error:
        accepted = await context.database.transact(lambda tx: _find_existing(tx, context, order))
        if accepted is None:
            await discard_inputs(context, kept)
            raise _public_error(error) from None
    for job in accepted.jobs:
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
        return await _cancel(tx, context, found)

    try:
        return await context.database.transact(record_cancellation)
    except StaleJobError:  # by the worker, just now: read the job again
        return await context.database.transact(record_cancellation)


async def cancel_order(context: Context, order_id: str, user_id: int) -> int:
    """Cancel the queued jobs of an order and release their holds; return how many go on.

    Raises:
        JobNotFound: no such order of this member.
        NotCancellable: all of them have left the queue.
    """

    async def record_cancellation(tx: AsyncConnection) -> int:
        waiting = await orders.lock_in_state(tx, order_id, JobState.QUEUED)
        found = await orders.list_jobs(tx, order_id)
        if not found or found[0].user_id != user_id:
            raise JobNotFound
        if not waiting:
            raise NotCancellable(found[0].state)
        for job in waiting:
            await _cancel(tx, context, job)
        ended = ENDED_WITHOUT_VIDEO | PARKED
        return sum(job.state not in ended for job in found) - len(waiting)

    return await context.database.transact(record_cancellation)


async def _cancel(tx: AsyncConnection, context: Context, job: Job) -> Job:
    now_ms = context.now_ms()
    cancelled = await jobs.transition(tx, job, JobState.CANCELLED, now_ms=now_ms)
    await billing.release(tx, job.id, job.attempt, now_ms=now_ms, note="cancelled by the member")
    return cancelled


async def _keep_inputs(context: Context, requests: Sequence[VideoRequest]) -> list[SavedInput]:
    return [one for request in set(requests) for one in await keep_inputs(context, request)]


async def _accept(tx: AsyncConnection, context: Context, order: Order) -> Accepted:
    effective_limits = await limits.get_effective(
        tx, order.guild_id, order.user_id, order.role_ids, context.policy.limits
    )
    existing = await _get_existing(tx, order)
    if existing is not None:
        return await _describe(tx, context, existing, effective_limits)
    new_jobs, hold_ids = await _create_jobs(tx, context, order, effective_limits)
    accepted = await _describe(tx, context, new_jobs, effective_limits)
    await limit_warnings.record_crossings(tx, order.guild_id, accepted.remaining, accepted.price)
    return replace(accepted, crossings=await _own_crossings(tx, accepted, hold_ids))


async def _own_crossings(
    tx: AsyncConnection, accepted: Accepted, hold_ids: Sequence[int]
) -> tuple[LimitCrossing, ...]:
    """Return which of their own limits an order has crossed; bonuses count for none of them."""
    usages, price = accepted.remaining.usages, accepted.price
    if not find_crossings(usages, Scope.MEMBER, price):
        return ()
    entries = [await billing.get_entry(tx, hold_id) for hold_id in hold_ids]
    from_bonus = sum(entry.from_grant for entry in entries if entry is not None)
    return find_crossings(usages, Scope.MEMBER, MicroUSD(price - from_bonus))


async def _find_existing(tx: AsyncConnection, context: Context, order: Order) -> Accepted | None:
    """Return the jobs of a refused order if the same click has already made them."""
    return None if await _get_existing(tx, order) is None else await _accept(tx, context, order)


def _public_error(error: Exception) -> Exception:
    return OverLimit(error.shortfalls) if isinstance(error, QuotaExceeded) else error


async def _get_existing(tx: AsyncConnection, order: Order) -> list[Job] | None:
    for key in (order.interaction_id, *order.duplicate_keys):
        if (job := await jobs.get_by_interaction(tx, key)) is not None:
            of_order = [] if job.order_id is None else await orders.list_jobs(tx, job.order_id)
            is_first = bool(of_order) and of_order[0].id == job.id
            return of_order if is_first else [job]  # another is alone, in the place of one
    return None


async def _describe(
    tx: AsyncConnection, context: Context, of_order: Sequence[Job], effective_limits: Limits
) -> Accepted:
    job, *further = of_order
    subject = QuotaSubject(job.guild_id, job.user_id, context.now_ms())
    remaining = await quotas.get_remaining(tx, subject, effective_limits)
    block = await find_submission_block(tx, context)
    queue_position = await queue.position(tx, job.id)
    return Accepted(job, queue_position, remaining, block, further=tuple(further))


async def _create_jobs(
    tx: AsyncConnection, context: Context, order: Order, effective_limits: Limits
) -> tuple[list[Job], list[int]]:
    """Queue the jobs of an order and hold their prices; return them and the holds' ids."""
    if not await is_allowed(tx, context, order.guild_id):
        raise ServerNotAdmitted
    now_ms, prices = context.now_ms(), [quote(request) for request in order.requests]
    if order.further:
        subject = QuotaSubject(order.guild_id, order.user_id, now_ms)
        total = MicroUSD(sum(price.amount for price in prices))
        await quotas.check(tx, subject, total, effective_limits)
    new_jobs = await _enqueue(tx, context, order, prices, now_ms)
    if order.plan is not None:
        await order.plan(tx, new_jobs)
    hold_ids = [await _hold(tx, job, effective_limits, now_ms) for job in new_jobs]
    # The hold has locked the service-wide usage row, so no other order is checked at this moment.
    await _check_duplicates(tx, order)
    await check_queue(tx, context, order.guild_id, order.user_id)
    await check_pace(tx, new_jobs, effective_limits)
    return new_jobs, hold_ids


async def _enqueue(
    tx: AsyncConnection, context: Context, order: Order, prices: Sequence[Quote], now_ms: int
) -> list[Job]:
    order_id = _new_id(context, now_ms) if order.further else None
    queued = list[Job]()
    for index, (request, price) in enumerate(zip(order.requests, prices, strict=True), start=1):
        job, is_new = await jobs.enqueue(
            tx,
            NewJob(
                id=_new_id(context, now_ms),
                interaction_id=job_key(order.interaction_id, index),
                guild_id=order.guild_id,
                channel_id=order.channel_id,
                user_id=order.user_id,
                request=request,
                price=price.amount,
                price_version=price.version,
                created_at_ms=now_ms,
                private=order.private,
                language=order.language,
                remix_of=order.remix_of,
                order_id=order_id,
                order_index=index if order_id else None,
            ),
        )
        if order_id and not is_new:
            raise _DuplicateOrder
        queued.append(job)
    if order_id:
        await orders.add(tx, _order_row(order, order_id, now_ms))
    return queued


def _order_row(order: Order, order_id: str, now_ms: int) -> OrderRow:
    return OrderRow(
        id=order_id,
        kind=order.kind,
        interaction_id=order.interaction_id,
        guild_id=order.guild_id,
        channel_id=order.channel_id,
        user_id=order.user_id,
        created_at_ms=now_ms,
        private=order.private,
        language=order.language,
    )


def _new_id(context: Context, now_ms: int) -> str:
    return new_job_id(now_ms, context.random.getrandbits(50))


async def _hold(tx: AsyncConnection, job: Job, effective_limits: Limits, now_ms: int) -> int:
    return await billing.hold(
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


async def _check_duplicates(tx: AsyncConnection, order: Order) -> None:
    """Refuse an order that was accepted under another of its keys."""
    for key in order.duplicate_keys:
        if await jobs.get_by_interaction(tx, key) is not None:
            raise _DuplicateOrder
