"""When a limit is crossed, and how long the rest lasts."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.limit_warnings import find_crossings, period_start_ms, used_up_at_ms
from domain.money import MicroUSD
from domain.quotas import LimitUsage, Period, Scope, period_end_ms


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


NOON = at("2026-11-10 12:00")


def usage(
    used: int, limit: int | None = 100, scope: Scope = Scope.SERVER, **more: Period
) -> LimitUsage:
    period = more.get("period", Period.DAY)
    return LimitUsage(
        scope=scope,
        period=period,
        limit=None if limit is None else MicroUSD(limit),
        used=MicroUSD(used),
        resets_at_ms=period_end_ms(period, NOON),
    )


@pytest.mark.parametrize(
    ("before", "after", "crossed"),
    [
        (0, 49, []),
        (0, 50, [50]),
        (50, 79, []),
        (49, 80, [80]),
        (79, 95, [95]),
        (0, 100, [95]),
        (95, 100, []),
        (100, 101, []),
    ],
)
def test_the_highest_threshold_that_was_crossed_counts(
    before: int, after: int, crossed: list[int]
) -> None:
    """One that was reached before is none."""
    found = find_crossings([usage(after)], Scope.SERVER, MicroUSD(after - before))
    assert [crossing.threshold for crossing in found] == crossed


def test_a_member_is_warned_of_their_own_limits_from_eighty_per_cent_on() -> None:
    """Where there is no limit, or nothing is allowed, nothing is crossed."""
    usages = [usage(80, scope=Scope.MEMBER), usage(80), usage(80, None), usage(80, 0)]
    found = find_crossings(usages, Scope.MEMBER, MicroUSD(50))
    assert [(one.threshold, one.percent) for one in found] == [(80, 80)]
    assert find_crossings([usage(60, scope=Scope.MEMBER)], Scope.MEMBER, MicroUSD(60)) == ()


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40))
def test_each_threshold_is_crossed_once_as_holds_add_up(holds: list[int]) -> None:
    """However large each is."""
    total, thresholds = 0, list[int]()
    for hold in holds:
        total += hold
        found = find_crossings([usage(total)], Scope.SERVER, MicroUSD(hold))
        thresholds += [crossing.threshold for crossing in found]
    assert thresholds == sorted(set(thresholds))
    assert (max(thresholds, default=0) >= 50) == (total >= 50)


@pytest.mark.parametrize(
    ("used", "until"),
    [(80, "2026-11-10 15:00"), (50, None), (40, None), (0, None), (100, "2026-11-10 12:00")],
)
def test_a_days_limit_lasts_at_its_pace_until(used: int, until: str | None) -> None:
    """After twelve hours; None means until it resets."""
    assert used_up_at_ms(usage(used), NOON) == (until and at(until))


def test_a_months_limit_counts_from_its_first_day() -> None:
    """Nine and a half days have passed."""
    assert period_start_ms(Period.MONTH, NOON) == at("2026-11-01 00:00")
    assert used_up_at_ms(usage(50, period=Period.MONTH), NOON) == at("2026-11-20 00:00")
    assert used_up_at_ms(usage(10, None), NOON) is None
