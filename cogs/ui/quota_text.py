"""Sentences about quotas that do not cover a video."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cogs.ui.i18n import N_, _, format_usd
from domain.money import MicroUSD
from domain.quotas import Period, Scope

_Sentences = Mapping[tuple[Scope, Period], str]

_TOO_SMALL: Final[_Sentences] = MappingProxyType(
    {
        (Scope.MEMBER, Period.DAY): N_(
            "This costs {price}, more than the {limit} that you have for a whole day."
        ),
        (Scope.MEMBER, Period.MONTH): N_(
            "This costs {price}, more than the {limit} that you have for a whole month."
        ),
        (Scope.SERVER, Period.DAY): N_(
            "This costs {price}, more than the {limit} that this server has for a whole day."
        ),
        (Scope.SERVER, Period.MONTH): N_(
            "This costs {price}, more than the {limit} that this server has for a whole month."
        ),
        (Scope.EVERYTHING, Period.DAY): N_(
            "This costs {price}, more than the {limit} that the service has for a whole day."
        ),
        (Scope.EVERYTHING, Period.MONTH): N_(
            "This costs {price}, more than the {limit} that the service has for a whole month."
        ),
    }
)
_TOO_SMALL_WITH_GRANTS: Final = MappingProxyType(
    {
        Period.DAY: N_(
            "This costs {price}, more than the {limit} that you have for a whole day, and "
            "{grants} of grants."
        ),
        Period.MONTH: N_(
            "This costs {price}, more than the {limit} that you have for a whole month, and "
            "{grants} of grants."
        ),
    }
)
_EXCEEDED: Final[_Sentences] = MappingProxyType(
    {
        (Scope.MEMBER, Period.DAY): N_(
            "This costs {price}, but you have {left} left of today's {limit}."
        ),
        (Scope.MEMBER, Period.MONTH): N_(
            "This costs {price}, but you have {left} left of this month's {limit}."
        ),
        (Scope.SERVER, Period.DAY): N_(
            "This costs {price}, but this server has {left} left of today's {limit}."
        ),
        (Scope.SERVER, Period.MONTH): N_(
            "This costs {price}, but this server has {left} left of this month's {limit}."
        ),
        (Scope.EVERYTHING, Period.DAY): N_(
            "This costs {price}, but the service has {left} left of today's {limit}."
        ),
        (Scope.EVERYTHING, Period.MONTH): N_(
            "This costs {price}, but the service has {left} left of this month's {limit}."
        ),
    }
)
_EXCEEDED_WITH_GRANTS: Final = MappingProxyType(
    {
        Period.DAY: N_(
            "This costs {price}, but you have {left} left of today's {limit}, and {grants} of "
            "grants."
        ),
        Period.MONTH: N_(
            "This costs {price}, but you have {left} left of this month's {limit}, and {grants} of "
            "grants."
        ),
    }
)
_USED_UP: Final[_Sentences] = MappingProxyType(
    {
        (Scope.MEMBER, Period.DAY): N_("You've used up today's {limit}."),
        (Scope.MEMBER, Period.MONTH): N_("You've used up this month's {limit}."),
        (Scope.SERVER, Period.DAY): N_("This server has used up today's {limit}."),
        (Scope.SERVER, Period.MONTH): N_("This server has used up this month's {limit}."),
        (Scope.EVERYTHING, Period.DAY): N_("The service has used up today's {limit}."),
        (Scope.EVERYTHING, Period.MONTH): N_("The service has used up this month's {limit}."),
    }
)
_NOTHING_ALLOWED: Final = MappingProxyType(
    {
        Scope.MEMBER: N_("You may spend nothing on videos here."),
        Scope.SERVER: N_("This server may spend nothing on videos."),
        Scope.EVERYTHING: N_("The service may spend nothing on videos."),
    }
)


def format_quota_used_up(
    *, scope: Scope, period: Period, limit: MicroUSD, resets_at_ms: int
) -> str:
    """Format that a quota leaves nothing, and when there is more."""
    if not limit:
        return _(_NOTHING_ALLOWED[scope])
    return f"{_(_USED_UP[scope, period], limit=format_usd(limit))} {_more(resets_at_ms)}"


def format_quota_too_small(
    *, scope: Scope, period: Period, price: MicroUSD, limit: MicroUSD, grants: MicroUSD
) -> str:
    """Format that a video costs more than a quota ever allows."""
    sentence = _TOO_SMALL_WITH_GRANTS[period] if grants else _TOO_SMALL[scope, period]
    refusal = _(
        sentence, price=format_usd(price), limit=format_usd(limit), grants=format_usd(grants)
    )
    return f"{refusal} {_('Choose a shorter or smaller video.')}"


def format_quota_exceeded(  # noqa: PLR0913 - the values of its sentence, by name
    *,
    scope: Scope,
    period: Period,
    price: MicroUSD,
    limit: MicroUSD,
    left: MicroUSD,
    grants: MicroUSD,
    resets_at_ms: int,
) -> str:
    """Format what is left of a quota, and when there is more."""
    sentence = _EXCEEDED_WITH_GRANTS[period] if grants else _EXCEEDED[scope, period]
    refusal = _(
        sentence,
        price=format_usd(price),
        left=format_usd(left),
        limit=format_usd(limit),
        grants=format_usd(grants),
    )
    return f"{refusal} {_more(resets_at_ms)}"


def _more(resets_at_ms: int) -> str:
    return _("There is more {when}.", when=f"<t:{resets_at_ms // 1000}:R>")
