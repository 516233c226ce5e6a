"""Sentences about quotas: what is left of them, and that they do not cover a video."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cogs.ui.i18n import N_, _, format_left, format_price, format_usd
from domain.limit_warnings import LimitCrossing
from domain.money import MicroUSD
from domain.quotas import Period, RemainingQuota, Scope

_Sentences = Mapping[tuple[Scope, Period], str]

_DAY, _MONTH = frozenset({Period.DAY}), frozenset({Period.MONTH})
_REMAINING: Final = MappingProxyType(
    {
        _DAY: N_("You have {day} left today."),
        _MONTH: N_("You have {month} left this month."),
        _DAY | _MONTH: N_("You have {day} left today and {month} this month."),
    }
)
_REMAINING_WITH_BONUS: Final = MappingProxyType(
    {
        _DAY: N_("You have {day} left today, plus {bonus} bonus."),
        _MONTH: N_("You have {month} left this month, plus {bonus} bonus."),
        _DAY | _MONTH: N_("You have {day} left today and {month} this month, plus {bonus} bonus."),
    }
)
_TIGHTER_LIMITS: Final[_Sentences] = MappingProxyType(
    {
        (Scope.SERVER, Period.DAY): N_("This server has only {amount} left today."),
        (Scope.SERVER, Period.MONTH): N_("This server has only {amount} left this month."),
        (Scope.EVERYTHING, Period.DAY): N_("The whole bot has only {amount} left today."),
        (Scope.EVERYTHING, Period.MONTH): N_("The whole bot has only {amount} left this month."),
    }
)
_TOO_SMALL: Final[_Sentences] = MappingProxyType(
    {
        (Scope.MEMBER, Period.DAY): N_(
            "That's {price}, more than your daily limit of {limit}. Try a shorter or smaller video."
        ),
        (Scope.MEMBER, Period.MONTH): N_(
            "That's {price}, more than your monthly limit of {limit}. Try a shorter or smaller "
            "video."
        ),
        (Scope.SERVER, Period.DAY): N_(
            "That's {price}, more than this server's daily limit of {limit}. Try a shorter or "
            "smaller video."
        ),
        (Scope.SERVER, Period.MONTH): N_(
            "That's {price}, more than this server's monthly limit of {limit}. Try a shorter or "
            "smaller video."
        ),
        (Scope.EVERYTHING, Period.DAY): N_(
            "That's {price}, more than the whole bot's daily limit of {limit}. Try a shorter or "
            "smaller video."
        ),
        (Scope.EVERYTHING, Period.MONTH): N_(
            "That's {price}, more than the whole bot's monthly limit of {limit}. Try a shorter or "
            "smaller video."
        ),
    }
)
_TOO_SMALL_WITH_BONUS: Final = MappingProxyType(
    {
        Period.DAY: N_(
            "That's {price}, more than your daily limit of {limit} plus your {bonus} bonus. Try a "
            "shorter or smaller video."
        ),
        Period.MONTH: N_(
            "That's {price}, more than your monthly limit of {limit} plus your {bonus} bonus. Try "
            "a shorter or smaller video."
        ),
    }
)
_EXCEEDED: Final[_Sentences] = MappingProxyType(
    {
        (Scope.MEMBER, Period.DAY): N_(
            "That's {price}, and you have {left} left today. Your limit resets {when}."
        ),
        (Scope.MEMBER, Period.MONTH): N_(
            "That's {price}, and you have {left} left this month. Your limit resets {when}."
        ),
        (Scope.SERVER, Period.DAY): N_(
            "That's {price}, and this server has {left} left today. Its limit resets {when}."
        ),
        (Scope.SERVER, Period.MONTH): N_(
            "That's {price}, and this server has {left} left this month. Its limit resets {when}."
        ),
        (Scope.EVERYTHING, Period.DAY): N_(
            "That's {price}, and the whole bot has {left} left today. Its limit resets {when}."
        ),
        (Scope.EVERYTHING, Period.MONTH): N_(
            "That's {price}, and the whole bot has {left} left this month. Its limit resets {when}."
        ),
    }
)
_EXCEEDED_WITH_BONUS: Final = MappingProxyType(
    {
        Period.DAY: N_(
            "That's {price}, and you have {left} left today, plus {bonus} bonus. Your limit resets "
            "{when}."
        ),
        Period.MONTH: N_(
            "That's {price}, and you have {left} left this month, plus {bonus} bonus. Your limit "
            "resets {when}."
        ),
    }
)
_USED_UP: Final[_Sentences] = MappingProxyType(
    {
        (Scope.MEMBER, Period.DAY): N_("You've used up today's {limit}. It resets {when}."),
        (Scope.MEMBER, Period.MONTH): N_("You've used up this month's {limit}. It resets {when}."),
        (Scope.SERVER, Period.DAY): N_(
            "This server has used up today's {limit}. It resets {when}."
        ),
        (Scope.SERVER, Period.MONTH): N_(
            "This server has used up this month's {limit}. It resets {when}."
        ),
        (Scope.EVERYTHING, Period.DAY): N_(
            "The whole bot has used up today's {limit}. It resets {when}."
        ),
        (Scope.EVERYTHING, Period.MONTH): N_(
            "The whole bot has used up this month's {limit}. It resets {when}."
        ),
    }
)
_NOTHING_ALLOWED: Final = MappingProxyType(
    {
        Scope.MEMBER: N_("Video spending is off for you here."),
        Scope.SERVER: N_("Video spending is off on this server."),
        Scope.EVERYTHING: N_("Video spending is off for the whole bot."),
    }
)


_NEARLY_USED_UP: Final = MappingProxyType(
    {
        Period.DAY: N_("⚠️ You've used {percent} % of your daily limit."),
        Period.MONTH: N_("⚠️ You've used {percent} % of your monthly limit."),
    }
)


def format_remaining_quota(remaining: RemainingQuota) -> str:
    """Format what a member has left in each limited period, and any tighter limit of others."""
    own = {
        usage.period: usage.remaining
        for usage in remaining.usages
        if usage.scope is Scope.MEMBER and usage.remaining is not None
    }
    return " ".join([_format_own(own, remaining.grant_balance), *_tighter(remaining)])


def format_own_crossing(crossing: LimitCrossing) -> str:
    """Format that a member has nearly used up a limit of their own."""
    return _(_NEARLY_USED_UP[crossing.usage.period], percent=crossing.percent)


def _format_own(own: Mapping[Period, MicroUSD], bonus: MicroUSD) -> str:
    if not own:
        return _("You have no spending limit.")
    amounts = {str(period): format_left(left) for period, left in own.items()}
    sentences = _REMAINING_WITH_BONUS if bonus else _REMAINING
    return _(sentences[frozenset(own)], bonus=format_left(bonus), **amounts)


def _tighter(remaining: RemainingQuota) -> list[str]:
    """Return sentences about the limits of others that leave less than the member's own."""
    own = remaining.for_member
    return [
        _(_TIGHTER_LIMITS[usage.scope, usage.period], amount=format_left(usage.remaining))
        for usage in remaining.usages
        if usage.scope is not Scope.MEMBER
        and usage.remaining is not None
        and (own is None or usage.remaining < own)
    ]


def format_quota_used_up(
    *, scope: Scope, period: Period, limit: MicroUSD, resets_at_ms: int
) -> str:
    """Format that a quota leaves nothing, and when it resets."""
    if not limit:
        return _(_NOTHING_ALLOWED[scope])
    return _(_USED_UP[scope, period], limit=format_usd(limit), when=_relative(resets_at_ms))


def format_quota_too_small(
    *, scope: Scope, period: Period, price: MicroUSD, limit: MicroUSD, grants: MicroUSD
) -> str:
    """Format that a video costs more than a quota ever allows."""
    if not limit and not grants:
        return _(_NOTHING_ALLOWED[scope])
    sentence = _TOO_SMALL_WITH_BONUS[period] if grants else _TOO_SMALL[scope, period]
    return _(
        sentence,
        price=format_price(price),
        limit=format_usd(limit),
        bonus=format_left(grants),
    )


def format_quota_exceeded(
    *,
    scope: Scope,
    period: Period,
    price: MicroUSD,
    left: MicroUSD,
    grants: MicroUSD,
    resets_at_ms: int,
) -> str:
    """Format what is left of a quota, and when it resets."""
    sentence = _EXCEEDED_WITH_BONUS[period] if grants else _EXCEEDED[scope, period]
    return _(
        sentence,
        price=format_price(price),
        left=format_left(left),
        bonus=format_left(grants),
        when=_relative(resets_at_ms),
    )


def _relative(at_ms: int) -> str:
    return f"<t:{at_ms // 1000}:R>"
