"""Which limit counts, when a period ends, and what is an amount."""

from datetime import UTC, datetime

import pytest

from domain.errors import InvalidInput
from domain.money import MicroUSD
from domain.quotas import (
    EffectiveLimit,
    Limit,
    LimitKind,
    Limits,
    LimitTarget,
    LimitUsage,
    Period,
    RemainingQuota,
    Scope,
    find_effective_limit,
    format_limit_en,
    parse_amount,
    parse_limit,
    period_end_ms,
    period_name,
    resolve_limits,
)
from domain.violations import ViolationCode as Code

DEFAULTS = Limits(
    member_day=MicroUSD(5), server_day=MicroUSD(50), everything_day=MicroUSD(200), cooldown_s=None
)


def a_limit(
    target: LimitTarget, amount: int | None, kind: LimitKind = LimitKind.DAY, subject: int = 0
) -> Limit:
    return Limit(target=target, kind=kind, amount=amount, guild_id=1, subject_id=subject)


MEMBER = a_limit(LimitTarget.MEMBER, 1, subject=3)
LOW, HIGH = a_limit(LimitTarget.ROLE, 2, subject=41), a_limit(LimitTarget.ROLE, 9, subject=42)
ALL = a_limit(LimitTarget.MEMBERS, 7)
LIFTED = a_limit(LimitTarget.ROLE, None, subject=43)


@pytest.mark.parametrize(
    ("limits", "roles", "counts"),
    [
        ([], (), EffectiveLimit(5, None)),
        ([ALL], (), EffectiveLimit(7, ALL)),
        ([ALL, LOW], (41,), EffectiveLimit(2, LOW)),
        ([ALL, LOW, HIGH], (41, 42), EffectiveLimit(9, HIGH)),
        ([ALL, LOW, HIGH, LIFTED], (41, 42, 43), EffectiveLimit(None, LIFTED)),
        ([ALL, LOW, HIGH], (99,), EffectiveLimit(7, ALL)),
        ([ALL, LOW, HIGH, MEMBER], (41, 42), EffectiveLimit(1, MEMBER)),
        ([a_limit(LimitTarget.MEMBERS, 0)], (), EffectiveLimit(0, a_limit(LimitTarget.MEMBERS, 0))),
        ([a_limit(LimitTarget.MEMBERS, 3, LimitKind.MONTH)], (), EffectiveLimit(5, None)),
    ],
)
def test_the_nearest_limit_counts_and_the_best_role(
    limits: list[Limit], roles: tuple[int, ...], counts: EffectiveLimit
) -> None:
    """Member before roles before each member before the operator; none lifts, zero does not."""
    assert find_effective_limit(LimitKind.DAY, limits, roles, DEFAULTS.member_day) == counts


def test_of_cooldowns_the_shortest_is_the_best() -> None:
    """The most generous role counts, whatever it is generous with."""
    cooldowns = [
        a_limit(LimitTarget.ROLE, seconds, LimitKind.COOLDOWN, subject)
        for subject, seconds in ((41, 60), (42, 5))
    ]
    assert find_effective_limit(LimitKind.COOLDOWN, cooldowns, (41, 42), None).amount == 5
    lifted = a_limit(LimitTarget.ROLE, None, LimitKind.COOLDOWN, 43)
    assert (
        find_effective_limit(LimitKind.COOLDOWN, [*cooldowns, lifted], (41, 43), None).amount
        is None
    )


def test_every_limit_is_resolved_by_itself() -> None:
    """What is set for one scope, period or kind changes no other."""
    limits = [
        a_limit(LimitTarget.MEMBERS, 30, LimitKind.MONTH),
        a_limit(LimitTarget.SERVER, None),
        Limit(target=LimitTarget.EVERYTHING, kind=LimitKind.MONTH, amount=900),
        a_limit(LimitTarget.MEMBERS, 60, LimitKind.COOLDOWN),
        a_limit(LimitTarget.MEMBER, 2, LimitKind.IN_FLIGHT, 3),
    ]
    assert resolve_limits(limits, (), DEFAULTS) == Limits(
        member_day=MicroUSD(5),
        member_month=MicroUSD(30),
        server_day=None,
        everything_day=MicroUSD(200),
        everything_month=MicroUSD(900),
        cooldown_s=60,
        in_flight=2,
    )
    assert resolve_limits([], (), DEFAULTS) == DEFAULTS


@pytest.mark.parametrize(
    ("moment", "day", "month"),
    [
        ("2028-02-28T23:59:59.999", "2028-02-29T00:00:00", "2028-03-01T00:00:00"),
        ("2028-02-29T00:00:00", "2028-03-01T00:00:00", "2028-03-01T00:00:00"),
        ("2027-02-28T12:00:00", "2027-03-01T00:00:00", "2027-03-01T00:00:00"),
        ("2026-12-31T23:59:59.999", "2027-01-01T00:00:00", "2027-01-01T00:00:00"),
        ("2026-01-31T00:00:00", "2026-02-01T00:00:00", "2026-02-01T00:00:00"),
        ("2026-03-29T00:30:00", "2026-03-30T00:00:00", "2026-04-01T00:00:00"),
        ("2026-10-25T00:30:00", "2026-10-26T00:00:00", "2026-11-01T00:00:00"),
    ],
)
def test_periods_end_with_the_utc_day_and_month(moment: str, day: str, month: str) -> None:
    """Month ends, leap days, years, and the nights in which Europe's clocks change."""
    now_ms = _ms(moment)
    assert period_end_ms(Period.DAY, now_ms) == _ms(day)
    assert period_end_ms(Period.MONTH, now_ms) == _ms(month)
    assert period_name(Period.DAY, now_ms) == moment[:10]
    assert period_name(Period.MONTH, now_ms) == moment[:7]
    assert period_name(Period.DAY, period_end_ms(Period.DAY, now_ms)) == day[:10]


@pytest.mark.parametrize(
    ("text", "amount"),
    [("5", 5_000_000), ("0.5", 500_000), ("$2.50", 2_500_000), (" 0 ", 0), ("1000000", 10**12)],
)
def test_plain_dollars_are_an_amount(text: str, amount: int) -> None:
    """With or without the sign, and blanks around do no harm."""
    assert parse_amount(text) == amount
    assert parse_limit(text) == amount


@pytest.mark.parametrize(
    "text",
    ["-5", "+5", "1e9", "NaN", "inf", "5,00", "1,000", "", ".5", "5.", "0.1234567", "1000000.01"],
)
def test_anything_else_is_none(text: str) -> None:
    """Nothing is guessed, and nothing is so large that sums of it could overflow."""
    with pytest.raises(InvalidInput) as amount:
        parse_amount(text)
    code = Code.AMOUNT_TOO_LARGE if text == "1000000.01" else Code.NOT_PLAIN_DOLLARS
    assert amount.value.violation.code is code
    with pytest.raises(InvalidInput) as limit:
        parse_limit(text)
    assert limit.value.violation.code is Code.NOT_A_LIMIT
    assert dict(limit.value.violation.params) == {"fault": amount.value.violation}


def test_none_lifts_a_limit_and_is_no_amount() -> None:
    """In any case of letters."""
    assert parse_limit(" None ") is None
    with pytest.raises(InvalidInput):
        parse_amount("none")


@pytest.mark.parametrize(
    ("kind", "amount", "shown"),
    [
        (LimitKind.DAY, 5_000_000, "$5.00"),
        (LimitKind.MONTH, None, "none"),
        (LimitKind.COOLDOWN, 60, "60 s"),
        (LimitKind.IN_FLIGHT, 3, "3 at once"),
    ],
)
def test_a_limit_is_written_in_its_own_unit(
    kind: LimitKind, amount: int | None, shown: str
) -> None:
    """Dollars, seconds or a number."""
    assert format_limit_en(kind, amount) == shown


def test_what_a_member_has_left_is_the_least_of_their_periods_and_the_grants() -> None:
    """The server's room is not theirs, more used than allowed is nothing left."""

    def left(day: int | None, month: int | None, used: int = 0) -> MicroUSD | None:
        rooms = [
            LimitUsage(
                scope=scope,
                period=period,
                limit=None if limit is None else MicroUSD(limit),
                used=MicroUSD(used),
                resets_at_ms=0,
            )
            for scope, period, limit in (
                (Scope.MEMBER, Period.DAY, day),
                (Scope.MEMBER, Period.MONTH, month),
                (Scope.SERVER, Period.DAY, 1),
            )
        ]
        return RemainingQuota(tuple(rooms), MicroUSD(7)).for_member

    assert left(None, None) is None
    assert left(50, None) == 57
    assert left(50, 20) == 27
    assert left(50, 20, used=60) == 7


def _ms(moment: str) -> int:
    return round(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() * 1000)
