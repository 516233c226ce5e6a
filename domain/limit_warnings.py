"""Warnings before a spending limit: when a hold crosses one, and how long the rest will last."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from domain.durations import DAY_MS
from domain.money import ZERO, MicroUSD
from domain.quotas import LimitUsage, Period, Scope, period_name

MEMBER_THRESHOLDS: Final = (80,)
SHARED_THRESHOLDS: Final = (50, 80, 95)
"""Per cent of a limit; the member's own, and those of a server or of everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitCrossing:
    """A threshold in per cent of a limit, and the usage that has just crossed it."""

    threshold: int
    usage: LimitUsage

    @property
    def limit(self) -> MicroUSD:
        """Return the limit."""
        return self.usage.limit or ZERO

    @property
    def percent(self) -> int:
        """Return how much of the limit is used, in whole per cent."""
        return self.usage.used * 100 // (self.limit or 1)


def find_crossings(
    usages: Iterable[LimitUsage], scope: Scope, added: MicroUSD
) -> tuple[LimitCrossing, ...]:
    """Return the highest threshold of each of a scope's limits that `added` has crossed.

    The usages include it. Of two holds at once only one crosses, for a limit's usage is locked.
    """
    thresholds = MEMBER_THRESHOLDS if scope is Scope.MEMBER else SHARED_THRESHOLDS
    found = list[LimitCrossing]()
    for usage in usages:
        if usage.scope is not scope or not usage.limit:
            continue
        before = usage.used - added
        crossed = [at for at in thresholds if before * 100 < at * usage.limit <= usage.used * 100]
        if crossed:
            found.append(LimitCrossing(threshold=max(crossed), usage=usage))
    return tuple(found)


def used_up_at_ms(usage: LimitUsage, now_ms: int) -> int | None:
    """Return when a limit is used up at the pace of its period so far, in Unix milliseconds.

    None means not before it resets.
    """
    left, used = usage.remaining, usage.used
    if left is None or used <= 0:
        return None
    passed_ms = max(1, now_ms - period_start_ms(usage.period, now_ms))
    at_ms = now_ms + left * passed_ms // used
    return at_ms if at_ms < usage.resets_at_ms else None


def period_start_ms(period: Period, now_ms: int) -> int:
    """Return when the day or month of a time began, in Unix milliseconds."""
    today_ms = now_ms - now_ms % DAY_MS
    if period is Period.DAY:
        return today_ms
    day_of_month = int(period_name(Period.DAY, now_ms)[-2:])
    return today_ms - (day_of_month - 1) * DAY_MS
