"""Knows how members are told that a limit or the queue has no room for their video."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.catalogue import N_, _, ngettext
from domain.money import MicroUSD, format_usd
from domain.quotas import Period, Scope, Shortfall
from workflow.errors import CooldownActive, OverLimit, QueueFull, TooManyInFlight

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


def format_quota_exceeded(error: OverLimit, price: MicroUSD) -> list[str]:
    """Say which limits have no room, what is left under each and when there is more, if ever."""
    return [
        _never(short, price) if price > short.limit + short.grant_balance else _later(short, price)
        for short in error.shortfalls
    ]


def format_too_many_in_flight(error: TooManyInFlight) -> str:
    """Say that the member has as many videos under way as they may have."""
    if not error.limit:
        return _("A manager of this server has set that you may ask for no videos.")
    return ngettext(
        "You may have {count} video under way at once. Try again when one is done.",
        "You may have {count} videos under way at once. Try again when one is done.",
        error.limit,
    )


def format_cooldown(error: CooldownActive) -> str:
    """Say when the member may ask again."""
    # Rounded up: Discord shows whole seconds, and too early would be refused again.
    until_s = -(-error.until_ms // 1000)
    return _(
        "This server asks for {seconds} s between two of your videos. You can ask again {when}.",
        seconds=error.cooldown_s,
        when=f"<t:{until_s}:R>",
    )


def format_queue_full(error: QueueFull) -> str:
    """Say that too many jobs wait."""
    if error.scope == "member":
        return _(
            "You have {most} videos waiting already. Try again when some are done.",
            most=error.limit,
        )
    return _(
        "This server has {most} videos waiting already. Try again when some are done.",
        most=error.limit,
    )


def _never(short: Shortfall, price: MicroUSD) -> str:
    told = (
        _NEVER_WITH_GRANTS[short.period]
        if short.grant_balance
        else _NEVER[short.scope, short.period]
    )
    amounts = {
        "price": format_usd(price),
        "limit": format_usd(short.limit),
        "grants": format_usd(short.grant_balance),
    }
    return f"{_(told, **amounts)} {_('Choose a shorter or smaller video.')}"


def _later(short: Shortfall, price: MicroUSD) -> str:
    told = (
        _LATER_WITH_GRANTS[short.period]
        if short.grant_balance
        else _LATER[short.scope, short.period]
    )
    amounts = {
        "price": format_usd(price),
        "left": format_usd(MicroUSD(max(0, short.limit - short.used))),
        "limit": format_usd(short.limit),
        "grants": format_usd(short.grant_balance),
    }
    more = _("There is more {when}.", when=f"<t:{short.resets_at_ms // 1000}:R>")
    return f"{_(told, **amounts)} {more}"
