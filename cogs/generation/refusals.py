"""Refusals by a quota, a cooldown or the queue, as violations."""

from collections.abc import Generator
from contextlib import contextmanager

import structlog

from domain.errors import RulesViolated
from domain.money import MicroUSD
from domain.quotas import Shortfall
from domain.violations import Source, Violation, ViolationCode
from workflow.errors import (
    CooldownActive,
    InputLost,
    InputNotKept,
    OverLimit,
    QueueFull,
    ServerNotAdmitted,
    TooManyInFlight,
)
from workflow.order_limits import ORDER_REFUSALS, OrderRefusal

_log = structlog.get_logger(__name__)


@contextmanager
def as_violations(price: MicroUSD) -> Generator[None]:
    """Raise the refusal of an order of this price as `RulesViolated`."""
    try:
        yield
    except ServerNotAdmitted:
        violations = [Violation.of(ViolationCode.SERVER_REFUSED, Source.CHANNEL)]
    except InputLost:
        violations = [Violation.of(ViolationCode.INPUTS_GONE, Source.ATTACHMENT)]
    except InputNotKept as error:
        _log.exception("input not stored")
        code = ViolationCode.FILE_NOT_TAKEN
        violations = [Violation.of(code, Source.ATTACHMENT, name=error.name)]
    except ORDER_REFUSALS as refusal:
        violations = order_violations(refusal, price)
    else:
        return
    raise RulesViolated(violations)


def order_violations(refusal: OrderRefusal, price: MicroUSD | None = None) -> list[Violation]:
    """Return a violation for each limit that refuses an order; of no price, whatever it costs."""
    match refusal:
        case OverLimit():
            return [_shortfall_violation(shortfall, price) for shortfall in refusal.shortfalls]
        case QueueFull():
            return [_queue_violation(refusal)]
        case TooManyInFlight():
            return [_in_flight_violation(refusal)]
        case CooldownActive():
            return [_cooldown_violation(refusal)]


def _in_flight_violation(error: TooManyInFlight) -> Violation:
    if not error.limit:
        return Violation.of(ViolationCode.VIDEOS_FORBIDDEN, Source.QUOTA)
    return Violation.of(ViolationCode.TOO_MANY_IN_FLIGHT, Source.QUOTA, limit=error.limit)


def _cooldown_violation(error: CooldownActive) -> Violation:
    return Violation.of(
        ViolationCode.COOLDOWN_ACTIVE,
        Source.QUOTA,
        seconds=error.cooldown_s,
        until_ms=error.until_ms,
    )


def _queue_violation(error: QueueFull) -> Violation:
    is_member_queue = error.scope == "member"
    code = ViolationCode.MEMBER_QUEUE_FULL if is_member_queue else ViolationCode.SERVER_QUEUE_FULL
    return Violation.of(code, Source.QUEUE, most=error.limit)


def _shortfall_violation(shortfall: Shortfall, price: MicroUSD | None) -> Violation:
    if price is None:
        return Violation.of(
            ViolationCode.QUOTA_USED_UP,
            Source.QUOTA,
            scope=shortfall.scope,
            period=shortfall.period,
            limit=shortfall.limit,
            resets_at_ms=shortfall.resets_at_ms,
        )
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
        left=max(0, shortfall.limit - shortfall.used),
        grants=shortfall.grant_balance,
        resets_at_ms=shortfall.resets_at_ms,
    )
