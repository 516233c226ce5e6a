"""Refusals by a quota, a cooldown or the queue, as violations."""

from domain.money import MicroUSD
from domain.quotas import Shortfall
from domain.violations import Source, Violation, ViolationCode
from workflow.errors import CooldownActive, OverLimit, QueueFull, TooManyInFlight


def quota_violations(error: OverLimit, price: MicroUSD) -> list[Violation]:
    """Return a violation for each exceeded limit, with what is left under it."""
    return [_shortfall_violation(shortfall, price) for shortfall in error.shortfalls]


def in_flight_violation(error: TooManyInFlight) -> Violation:
    """Return the violation of the limit of a member's videos in flight."""
    if not error.limit:
        return Violation.of(ViolationCode.VIDEOS_FORBIDDEN, Source.QUOTA)
    return Violation.of(ViolationCode.TOO_MANY_IN_FLIGHT, Source.QUOTA, limit=error.limit)


def cooldown_violation(error: CooldownActive) -> Violation:
    """Return the violation that names when the member may ask again."""
    return Violation.of(
        ViolationCode.COOLDOWN_ACTIVE,
        Source.QUOTA,
        seconds=error.cooldown_s,
        until_ms=error.until_ms,
    )


def queue_violation(error: QueueFull) -> Violation:
    """Return the violation of a full queue: whose it is, and how many jobs wait in it."""
    is_member_queue = error.scope == "member"
    code = ViolationCode.MEMBER_QUEUE_FULL if is_member_queue else ViolationCode.SERVER_QUEUE_FULL
    return Violation.of(code, Source.QUEUE, most=error.limit)


def _shortfall_violation(shortfall: Shortfall, price: MicroUSD) -> Violation:
    if price > shortfall.limit + shortfall.grant_balance:
        return Violation.of(
            ViolationCode.QUOTA_TOO_SMALL,
            Source.QUOTA,
            scope=shortfall.scope,
            period=shortfall.period,
            price=price,
            limit=shortfall.limit,
            grants=shortfall.grant_balance,
        )
    return Violation.of(
        ViolationCode.QUOTA_EXCEEDED,
        Source.QUOTA,
        scope=shortfall.scope,
        period=shortfall.period,
        price=price,
        limit=shortfall.limit,
        left=max(0, shortfall.limit - shortfall.used),
        grants=shortfall.grant_balance,
        resets_at_ms=shortfall.resets_at_ms,
    )
