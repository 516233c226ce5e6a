"""How members are told that a quota has no room for their video."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cogs.ui.i18n import N_, _, format_usd
from domain.money import MicroUSD
from domain.quotas import Period, Scope

_Told = Mapping[tuple[Scope, Period], str]

_NEVER: Final[_Told] = MappingProxyType(
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
_NEVER_WITH_GRANTS: Final = MappingProxyType(
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
_LATER: Final[_Told] = MappingProxyType(
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
_LATER_WITH_GRANTS: Final = MappingProxyType(
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


def format_quota_too_small(
    *, scope: Scope, period: Period, price: MicroUSD, limit: MicroUSD, grants: MicroUSD
) -> str:
    """Say that a video costs more than a quota ever has."""
    told = _NEVER_WITH_GRANTS[period] if grants else _NEVER[scope, period]
    said = _(told, price=format_usd(price), limit=format_usd(limit), grants=format_usd(grants))
    return f"{said} {_('Choose a shorter or smaller video.')}"


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
    """Say what is left of a quota, and when there is more."""
    told = _LATER_WITH_GRANTS[period] if grants else _LATER[scope, period]
    said = _(
        told,
        price=format_usd(price),
        left=format_usd(left),
        limit=format_usd(limit),
        grants=format_usd(grants),
    )
    return f"{said} {_('There is more {when}.', when=f'<t:{resets_at_ms // 1000}:R>')}"
