"""Knows how members are told that a limit or the queue has no room for their video."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.catalogue import mark, n, t
from domain.money import MicroUSD, show_usd
from domain.quotas import Period, Scope, Shortfall
from workflow.errors import AtOnce, CoolingDown, OverLimit, QueueFull

_Told = Mapping[tuple[Scope, Period], str]

_NEVER: Final[_Told] = MappingProxyType(
    {
        (Scope.MEMBER, Period.DAY): mark(
            "This costs {price}, more than the {limit} that you have for a whole day."
        ),
        (Scope.MEMBER, Period.MONTH): mark(
            "This costs {price}, more than the {limit} that you have for a whole month."
        ),
        (Scope.SERVER, Period.DAY): mark(
            "This costs {price}, more than the {limit} that this server has for a whole day."
        ),
        (Scope.SERVER, Period.MONTH): mark(
            "This costs {price}, more than the {limit} that this server has for a whole month."
        ),
        (Scope.EVERYTHING, Period.DAY): mark(
            "This costs {price}, more than the {limit} that the service has for a whole day."
        ),
        (Scope.EVERYTHING, Period.MONTH): mark(
            "This costs {price}, more than the {limit} that the service has for a whole month."
        ),
    }
)
_NEVER_WITH_GRANTS: Final = MappingProxyType(
    {
        Period.DAY: mark(
            "This costs {price}, more than the {limit} that you have for a whole day, and "
            "{grants} of grants."
        ),
        Period.MONTH: mark(
            "This costs {price}, more than the {limit} that you have for a whole month, and "
            "{grants} of grants."
        ),
    }
)
_LATER: Final[_Told] = MappingProxyType(
    {
        (Scope.MEMBER, Period.DAY): mark(
            "This costs {price}, but you have {left} left of today's {limit}."
        ),
        (Scope.MEMBER, Period.MONTH): mark(
            "This costs {price}, but you have {left} left of this month's {limit}."
        ),
        (Scope.SERVER, Period.DAY): mark(
            "This costs {price}, but this server has {left} left of today's {limit}."
        ),
        (Scope.SERVER, Period.MONTH): mark(
            "This costs {price}, but this server has {left} left of this month's {limit}."
        ),
        (Scope.EVERYTHING, Period.DAY): mark(
            "This costs {price}, but the service has {left} left of today's {limit}."
        ),
        (Scope.EVERYTHING, Period.MONTH): mark(
            "This costs {price}, but the service has {left} left of this month's {limit}."
        ),
    }
)
_LATER_WITH_GRANTS: Final = MappingProxyType(
    {
        Period.DAY: mark(
            "This costs {price}, but you have {left} left of today's {limit}, and {grants} of "
            "grants."
        ),
        Period.MONTH: mark(
            "This costs {price}, but you have {left} left of this month's {limit}, and {grants} of "
            "grants."
        ),
    }
)


def over_limit(error: OverLimit, price: MicroUSD) -> list[str]:
    """Say which limits have no room, what is left under each and when there is more, if ever."""
    return [
        _never(short, price) if price > short.limit + short.grants else _later(short, price)
        for short in error.shortfalls
    ]


def at_once(error: AtOnce) -> str:
    """Say that the member has as many videos under way as they may have."""
    if not error.most:
        return t("A manager of this server has set that you may ask for no videos.")
    return n(
        "You may have {count} video under way at once. Try again when one is done.",
        "You may have {count} videos under way at once. Try again when one is done.",
        error.most,
    )


def cooling_down(error: CoolingDown) -> str:
    """Say when the member may ask again."""
    # Rounded up: Discord shows whole seconds, and too early would be refused again.
    until_s = -(-error.until_ms // 1000)
    return t(
        "This server asks for {seconds} s between two of your videos. You can ask again {when}.",
        seconds=error.cooldown_s,
        when=f"<t:{until_s}:R>",
    )


def queue_full(error: QueueFull) -> str:
    """Say that too many jobs wait."""
    if error.whose == "member":
        return t(
            "You have {most} videos waiting already. Try again when some are done.", most=error.most
        )
    return t(
        "This server has {most} videos waiting already. Try again when some are done.",
        most=error.most,
    )


def _never(short: Shortfall, price: MicroUSD) -> str:
    told = _NEVER_WITH_GRANTS[short.period] if short.grants else _NEVER[short.scope, short.period]
    amounts = {
        "price": show_usd(price),
        "limit": show_usd(short.limit),
        "grants": show_usd(short.grants),
    }
    return f"{t(told, **amounts)} {t('Choose a shorter or smaller video.')}"


def _later(short: Shortfall, price: MicroUSD) -> str:
    told = _LATER_WITH_GRANTS[short.period] if short.grants else _LATER[short.scope, short.period]
    amounts = {
        "price": show_usd(price),
        "left": show_usd(MicroUSD(max(0, short.limit - short.used))),
        "limit": show_usd(short.limit),
        "grants": show_usd(short.grants),
    }
    more = t("There is more {when}.", when=f"<t:{short.resets_at_ms // 1000}:R>")
    return f"{t(told, **amounts)} {more}"
