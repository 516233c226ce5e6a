"""Spending limits: scopes, precedence and reset times.

Periods are UTC days and months, so daylight saving time has no effect.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.errors import InvalidInput
from domain.money import ZERO, MicroUSD, format_usd_en, parse_usd
from domain.violations import Source, Violation, ViolationCode

MAX_AMOUNT: Final = MicroUSD(1_000_000_000_000)
"""The largest amount that a person may enter; sums of it stay far below 64 bits."""


class Scope(StrEnum):
    """Whose spending a limit bounds."""

    MEMBER = "member"
    SERVER = "server"
    EVERYTHING = "everything"


class Period(StrEnum):
    """The time over which spending is summed, in UTC."""

    DAY = "day"
    MONTH = "month"


class LimitKind(StrEnum):
    """What a limit counts: micro-dollars, seconds between two requests, or jobs at once."""

    DAY = "day"
    MONTH = "month"
    COOLDOWN = "cooldown"
    IN_FLIGHT = "in_flight"


class LimitTarget(StrEnum):
    """For whom a limit is set."""

    MEMBER = "member"
    ROLE = "role"
    """Each member who has the role, separately."""

    MEMBERS = "members"
    """Each member of a server for whom nothing more specific is set."""

    SERVER = "server"
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A configured limit; an amount of None lifts the less specific limits.

    `guild_id` is 0 for everything, `subject_id` is the member's or the role's id, or 0.
    """

    target: LimitTarget
    kind: LimitKind
    amount: int | None
    guild_id: int = 0
    subject_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits that apply to one member on one server; None means no limit."""

    member_day: MicroUSD | None
    server_day: MicroUSD | None
    everything_day: MicroUSD | None
    member_month: MicroUSD | None = None
    server_month: MicroUSD | None = None
    everything_month: MicroUSD | None = None
    cooldown_s: int | None = None
    in_flight: int | None = None

    def of(self, scope: Scope, period: Period) -> MicroUSD | None:
        """Return the spending limit of a scope and period; None means no limit."""
        return getattr(self, f"{scope}_{period}")


@dataclass(frozen=True, slots=True)
class EffectiveLimit:
    """The amount that applies to a member, and the limit it comes from.

    Without a `source` the amount is the operator's default; None means no limit.
    """

    amount: int | None
    source: Limit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitUsage:
    """How much of a limit is held or charged, and when it resets; None means no limit."""

    scope: Scope
    period: Period
    limit: MicroUSD | None
    used: MicroUSD
    resets_at_ms: int

    @property
    def remaining(self) -> MicroUSD | None:
        """Return what may still be spent, never below zero; None means no limit."""
        return None if self.limit is None else MicroUSD(max(0, self.limit - self.used))


@dataclass(frozen=True, slots=True)
class RemainingQuota:
    """The usage of every limit that applies to a member, and their unspent grants."""

    usages: tuple[LimitUsage, ...]
    grant_balance: MicroUSD

    def remaining_under(self, scope: Scope, period: Period = Period.DAY) -> MicroUSD | None:
        """Return what is left of one limit; None means no limit."""
        return next(
            usage.remaining
            for usage in self.usages
            if (usage.scope, usage.period) == (scope, period)
        )

    @property
    def for_member(self) -> MicroUSD | None:
        """Return what the member's own limits and grants leave; None means no limit."""
        amounts = [usage.remaining for usage in self.usages if usage.scope is Scope.MEMBER]
        limited = [amount for amount in amounts if amount is not None]
        return MicroUSD(min(limited) + self.grant_balance) if limited else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """A limit that a hold of `requested` would exceed, and when it resets.

    `grant_balance` is what the member's grants could add to the limit.
    """

    scope: Scope
    period: Period
    limit: MicroUSD
    used: MicroUSD
    requested: MicroUSD
    resets_at_ms: int
    grant_balance: MicroUSD = ZERO


def find_effective_limit(
    kind: LimitKind, limits: Iterable[Limit], role_ids: Collection[int], default: int | None
) -> EffectiveLimit:
    """Return the limit that applies to a member.

    The member's own takes precedence over those of their roles, of which the most generous applies,
    then over that of all members, then over the operator's default.
    """
    of_kind = [limit for limit in limits if limit.kind is kind]
    candidates = (
        [limit for limit in of_kind if limit.target is LimitTarget.MEMBER],
        [
            limit
            for limit in of_kind
            if limit.target is LimitTarget.ROLE and limit.subject_id in role_ids
        ],
        [limit for limit in of_kind if limit.target is LimitTarget.MEMBERS],
    )
    for tied in candidates:
        if tied:
            best = max(tied, key=_generosity)
            return EffectiveLimit(best.amount, best)
    return EffectiveLimit(default, None)


def resolve_limits(
    limits: Collection[Limit], role_ids: Collection[int], defaults: Limits
) -> Limits:
    """Return all limits that apply to a member; `limits` are those set for them or their server."""

    def own(kind: LimitKind, default: int | None) -> int | None:
        return find_effective_limit(kind, limits, role_ids, default).amount

    def shared(target: LimitTarget, kind: LimitKind, default: MicroUSD | None) -> MicroUSD | None:
        found = [limit for limit in limits if (limit.target, limit.kind) == (target, kind)]
        return _dollars(found[0].amount) if found else default

    return Limits(
        member_day=_dollars(own(LimitKind.DAY, defaults.member_day)),
        member_month=_dollars(own(LimitKind.MONTH, defaults.member_month)),
        server_day=shared(LimitTarget.SERVER, LimitKind.DAY, defaults.server_day),
        server_month=shared(LimitTarget.SERVER, LimitKind.MONTH, defaults.server_month),
        everything_day=shared(LimitTarget.EVERYTHING, LimitKind.DAY, defaults.everything_day),
        everything_month=shared(LimitTarget.EVERYTHING, LimitKind.MONTH, defaults.everything_month),
        cooldown_s=own(LimitKind.COOLDOWN, defaults.cooldown_s),
        in_flight=own(LimitKind.IN_FLIGHT, defaults.in_flight),
    )


def period_name(period: Period, now_ms: int) -> str:
    """Return the name of the day (`2026-11-21`) or the month (`2026-11`) of a time."""
    return f"{_utc(now_ms):%Y-%m-%d}" if period is Period.DAY else f"{_utc(now_ms):%Y-%m}"


def period_end_ms(period: Period, now_ms: int) -> int:
    """Return when the day or the month of a time ends, in Unix milliseconds."""
    today = _utc(now_ms).replace(hour=0, minute=0, second=0)
    if period is Period.DAY:
        end = today + timedelta(days=1)
    else:
        end = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return int(end.timestamp()) * 1000


def parse_amount(text: str) -> MicroUSD:
    """Parse an amount that a person enters: plain dollars up to a million.

    Raises:
        InvalidInput: the text is no such amount.
    """
    amount = parse_usd(text)
    if amount > MAX_AMOUNT:
        raise InvalidInput(
            Violation.of(ViolationCode.AMOUNT_TOO_LARGE, Source.SETTINGS, most=MAX_AMOUNT)
        )
    return amount


def parse_limit(text: str) -> MicroUSD | None:
    """Parse a limit: 0 allows no spending, `none` sets no limit.

    Raises:
        InvalidInput: the text is neither.
    """
    if text.strip().lower() == "none":
        return None
    try:
        return parse_amount(text)
    except InvalidInput as error:
        raise InvalidInput(
            Violation.of(ViolationCode.NOT_A_LIMIT, Source.SETTINGS, fault=error.violation)
        ) from None


def format_limit_en(kind: LimitKind, amount: int | None) -> str:
    """Format a limit for the audit log, which is in English."""
    if amount is None:
        return "none"
    match kind:
        case LimitKind.DAY | LimitKind.MONTH:
            return format_usd_en(MicroUSD(amount))
        case LimitKind.COOLDOWN:
            return f"{amount} s"
        case LimitKind.IN_FLIGHT:
            return f"{amount} at once"


def _generosity(limit: Limit) -> float:
    if limit.amount is None:
        return float("inf")
    return -limit.amount if limit.kind is LimitKind.COOLDOWN else limit.amount


def _dollars(amount: int | None) -> MicroUSD | None:
    return None if amount is None else MicroUSD(amount)


def _utc(now_ms: int) -> datetime:
    return datetime.fromtimestamp(now_ms // 1000, UTC)
