"""What a quota, a cooldown or the queue says no to, as violations."""

from domain.money import MicroUSD
from domain.quotas import Shortfall
from domain.violations import Source, Violation, ViolationCode
from workflow.errors import CooldownActive, OverLimit, QueueFull, TooManyInFlight


def quota_violations(error: OverLimit, price: MicroUSD) -> list[Violation]:
    """List the limits that have no room, each with what is left under it."""
    return [_shortfall(short, price) for short in error.shortfalls]


def in_flight_violation(error: TooManyInFlight) -> Violation:
    """Name how many videos the member may have under way."""
    if not error.limit:
        return Violation.of(ViolationCode.VIDEOS_FORBIDDEN, Source.QUOTA)
    return Violation.of(ViolationCode.TOO_MANY_IN_FLIGHT, Source.QUOTA, limit=error.limit)


def cooldown_violation(error: CooldownActive) -> Violation:
    """Name when the member may ask again."""
    return Violation.of(
        ViolationCode.COOLDOWN_ACTIVE,
        Source.QUOTA,
        seconds=error.cooldown_s,
        until_ms=error.until_ms,
    )


def queue_violation(error: QueueFull) -> Violation:
    """Name whose queue is full, and how many jobs wait in it."""
    is_members = error.scope == "member"
    code = ViolationCode.MEMBER_QUEUE_FULL if is_members else ViolationCode.SERVER_QUEUE_FULL
    return Violation.of(code, Source.QUEUE, most=error.limit)


def _shortfall(short: Shortfall, price: MicroUSD) -> Violation:
    if price > short.limit + short.grant_balance:
        return Violation.of(
            ViolationCode.QUOTA_TOO_SMALL,
            Source.QUOTA,
            scope=short.scope,
            period=short.period,
            price=price,
            limit=short.limit,
            grants=short.grant_balance,
        )
    return Violation.of(
        ViolationCode.QUOTA_EXCEEDED,
        Source.QUOTA,
        scope=short.scope,
        period=short.period,
        price=price,
        limit=short.limit,
        left=max(0, short.limit - short.used),
        grants=short.grant_balance,
        resets_at_ms=short.resets_at_ms,
    )
