"""Sentences about limits that are nearly used up, and about bonuses given and taken back."""

from types import MappingProxyType
from typing import Final

from cogs.ui.i18n import N_, _, format_price, format_usd
from domain.limit_warnings import LimitCrossing, used_up_at_ms
from domain.quotas import Period, Scope
from workflow.billing.bonus_notes import BonusNote

_USED: Final = MappingProxyType(
    {
        (Scope.SERVER, Period.DAY): N_(
            "⚠️ **This server has used {percent} % of today's limit**: {used} of {limit}."
        ),
        (Scope.SERVER, Period.MONTH): N_(
            "⚠️ **This server has used {percent} % of this month's limit**: {used} of {limit}."
        ),
        (Scope.EVERYTHING, Period.DAY): N_(
            "⚠️ **The whole bot has used {percent} % of today's limit**: {used} of {limit}."
        ),
        (Scope.EVERYTHING, Period.MONTH): N_(
            "⚠️ **The whole bot has used {percent} % of this month's limit**: {used} of {limit}."
        ),
    }
)


def format_crossing(crossing: LimitCrossing, now_ms: int) -> str:
    """Format how much of a shared limit is used, and until when it lasts at this pace."""
    usage = crossing.usage
    used = _(
        _USED[usage.scope, usage.period],
        percent=crossing.percent,
        used=format_price(usage.used),
        limit=format_usd(crossing.limit),
    )
    at_ms = used_up_at_ms(usage, now_ms)
    if at_ms is None:
        resets_s = usage.resets_at_ms // 1000
        return f"{used} {_('At this pace it lasts until it resets <t:{at}:R>.', at=resets_s)}"
    return f"{used} {_('At this pace it is used up <t:{at}:R>.', at=at_ms // 1000)}"


def format_bonus_note(note: BonusNote) -> str:
    """Format that a member got a bonus, or that the rest of one was taken back."""
    if note.amount < 0:
        taken = format_price(note.amount_taken)
        return _("A manager took back {amount} of your bonus.", amount=taken)
    return _("🎁 You got a **{amount}** bonus!", amount=format_price(note.amount))
