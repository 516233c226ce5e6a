"""Limits of orders that no price decides: the queue, jobs at once, the time between two, no quota.

They are checked before a request's files are fetched, and again when it becomes a job.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.money import MicroUSD
from domain.quotas import Limits, LimitUsage, RemainingQuota, Scope, Shortfall
from storage import jobs, limits, queue, quotas
from storage.jobs import Job
from storage.quotas import QuotaSubject
from workflow.billing.quotas import Member
from workflow.context import Context
from workflow.errors import CooldownActive, OverLimit, QueueFull, TooManyInFlight

OrderRefusal = OverLimit | QueueFull | TooManyInFlight | CooldownActive
ORDER_REFUSALS: Final = (OverLimit, QueueFull, TooManyInFlight, CooldownActive)

_LEAST_PRICE = MicroUSD(1)


async def find_refusals(
    context: Context, member: Member, keys: Collection[int], *, coming: int = 1
) -> tuple[OrderRefusal, ...]:
    """Return every limit that refuses a member's next order, of `coming` jobs, whatever it costs.

    There is none for an order that has a job already, under one of its `keys`.
    """

    async def find(tx: AsyncConnection) -> tuple[OrderRefusal, ...]:
        for key in keys:
            if await jobs.get_by_interaction(tx, key) is not None:
                return ()
        return await _find(tx, context, member, coming)

    return await context.database.read(find)


async def _find(
    tx: AsyncConnection, context: Context, member: Member, coming: int
) -> tuple[OrderRefusal, ...]:
    guild_id, user_id, now_ms = member.guild_id, member.user_id, context.now_ms()
    effective = await limits.get_effective(
        tx, guild_id, user_id, member.role_ids, context.policy.limits
    )
    subject = QuotaSubject(guild_id, user_id, now_ms)
    checks: tuple[Callable[[], Awaitable[None]], ...] = (
        lambda: _check_quota(tx, subject, effective),
        lambda: check_queue(tx, context, guild_id, user_id, coming=coming),
        lambda: _check_in_flight(tx, subject, effective, coming=coming),
        lambda: _check_cooldown(tx, subject, effective),
    )
    found = list[OrderRefusal]()
    for check in checks:
        try:
            await check()
        except ORDER_REFUSALS as refusal:
            found.append(refusal)
    return tuple(found)


async def check_queue(
    tx: AsyncConnection, context: Context, guild_id: int, user_id: int, *, coming: int = 0
) -> None:
    """Check the number of queued jobs, with those that are `coming`.

    Raises:
        QueueFull: the member or the server has too many.
    """
    member_count, server_count = await queue.count_queued(tx, guild_id, user_id)
    if member_count + coming > context.policy.max_queued_per_member:
        raise QueueFull("member", context.policy.max_queued_per_member)
    if server_count + coming > context.policy.max_queued_per_server:
        raise QueueFull("server", context.policy.max_queued_per_server)


async def check_pace(
    tx: AsyncConnection, new_jobs: Sequence[Job], effective_limits: Limits
) -> None:
    """Check the member's active jobs, including the new ones of an order, and their cooldown.

    Raises:
        TooManyInFlight: the member has too many.
        CooldownActive: the member's last request was too recent.
    """
    job = new_jobs[0]
    subject = QuotaSubject(job.guild_id, job.user_id, job.created_at_ms)
    await _check_in_flight(tx, subject, effective_limits)
    await _check_cooldown(tx, subject, effective_limits, besides=[one.id for one in new_jobs])


async def _check_in_flight(
    tx: AsyncConnection, subject: QuotaSubject, effective_limits: Limits, *, coming: int = 0
) -> None:
    if effective_limits.in_flight is None:
        return
    in_flight = await queue.count_active(tx, subject.guild_id, subject.user_id)
    if in_flight + coming > effective_limits.in_flight:
        raise TooManyInFlight(effective_limits.in_flight)


async def _check_cooldown(
    tx: AsyncConnection,
    subject: QuotaSubject,
    effective_limits: Limits,
    *,
    besides: Collection[str] = (),
) -> None:
    if not effective_limits.cooldown_s:
        return
    last_ms = await jobs.last_request_ms(tx, subject.guild_id, subject.user_id, besides=besides)
    if last_ms is None:
        return
    # A clock that was set back must not make anyone wait longer than the cooldown.
    until_ms = min(last_ms, subject.now_ms) + effective_limits.cooldown_s * 1000
    if subject.now_ms < until_ms:
        raise CooldownActive(effective_limits.cooldown_s, until_ms)


async def _check_quota(
    tx: AsyncConnection, subject: QuotaSubject, effective_limits: Limits
) -> None:
    """Raise `OverLimit` where a limit leaves nothing, and no grant adds to it."""
    left = await quotas.get_remaining(tx, subject, effective_limits)
    shortfalls = tuple(
        _shortfall(usage, usage.limit)
        for usage in left.usages
        if usage.limit is not None and not _leaves_any(usage, left)
    )
    if shortfalls:
        raise OverLimit(shortfalls)


def _leaves_any(usage: LimitUsage, left: RemainingQuota) -> bool:
    has_grants = usage.scope is Scope.MEMBER and left.grant_balance > 0
    return has_grants or usage.remaining != 0


def _shortfall(usage: LimitUsage, limit: MicroUSD) -> Shortfall:
    return Shortfall(
        scope=usage.scope,
        period=usage.period,
        limit=limit,
        used=usage.used,
        requested=_LEAST_PRICE,
        resets_at_ms=usage.resets_at_ms,
    )
