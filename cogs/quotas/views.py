"""Messages about quotas, grants and their changes."""

import re
from collections.abc import Container, Iterable
from types import MappingProxyType
from typing import Any, Final, Self

import discord
from discord import ui

from cogs.ui import text
from cogs.ui.i18n import N_, _, format_left, format_price, format_usd
from cogs.ui.layout import BLUE, fitting_lines, layout, lines_box, row, text_block
from cogs.ui.routing import Interaction, dispatch_component
from cogs.ui.text import format_limit
from domain.audit_log import Change
from domain.money import ZERO
from domain.quotas import EffectiveLimit, Limit, LimitKind, LimitTarget, LimitUsage, Period, Scope
from workflow.billing.quotas import QuotaStatus, ServerLimits


class RevokeButton(ui.DynamicItem[ui.Button[Any]], template=r"revoke:(?P<grant>[0-9]{1,18})"):
    """A button that revokes one grant."""

    def __init__(self, grant_id: int, label: str | None = None) -> None:
        custom_id, style = f"revoke:{grant_id}", discord.ButtonStyle.danger
        label = label or _("Take back")
        super().__init__(ui.Button(label=label, style=style, custom_id=custom_id))
        self.grant_id = grant_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button from the interaction that Discord sends."""
        return cls(int(match["grant"]))

    async def callback(self, interaction: Interaction) -> None:
        """Dispatch the click to the quota cog."""
        await dispatch_component(interaction, self)


_BAR_CELLS: Final = 12
_BUTTONS: Final = 5
"""Discord allows five buttons in a row."""

_NOTE_SHOWN: Final = 80
_LIMITS_SHOWN: Final = 1_500
"""Characters of the list of limits; a message shows 4,000 in all."""

_UNLIMITED: Final = MappingProxyType(
    {Period.DAY: N_("Today: no limit"), Period.MONTH: N_("This month: no limit")}
)
_UNLIMITED_USE: Final = MappingProxyType(
    {
        Period.DAY: N_("Today: no limit, {used} used"),
        Period.MONTH: N_("This month: no limit, {used} used"),
    }
)
_LIMITED_USE: Final = MappingProxyType(
    {Period.DAY: N_("Today: {room}"), Period.MONTH: N_("This month: {room}")}
)
_SERVERS: Final = MappingProxyType(
    {
        Period.DAY: N_("This server today: {room}"),
        Period.MONTH: N_("This server this month: {room}"),
    }
)
_PACE_LIMITS: Final = MappingProxyType(
    {
        LimitKind.COOLDOWN: N_("Videos: {allowed} between videos"),
        LimitKind.IN_FLIGHT: N_("Videos: {allowed}"),
    }
)
_SET: Final = MappingProxyType(
    {
        LimitKind.DAY: N_("{whom}: {allowed} a day"),
        LimitKind.MONTH: N_("{whom}: {allowed} a month"),
        LimitKind.COOLDOWN: N_("{whom}: {allowed} between videos"),
        LimitKind.IN_FLIGHT: N_("{whom}: {allowed}"),
    }
)
_CHANGED: Final = MappingProxyType(
    {
        LimitKind.DAY: N_("{when} {who}: daily limit for {whose}, {before} → {after}"),
        LimitKind.MONTH: N_("{when} {who}: monthly limit for {whose}, {before} → {after}"),
        LimitKind.COOLDOWN: N_("{when} {who}: cooldown for {whose}, {before} → {after}"),
        LimitKind.IN_FLIGHT: N_("{when} {who}: videos at once for {whose}, {before} → {after}"),
    }
)
_GRANTED: Final = N_("{when} {who}: bonus for <@{member}>, {before} → {after}")
_REVOKED: Final = N_("{when} {who}: took back a bonus of <@{member}>, {before} → {after}")


def render_quota(quota_status: QuotaStatus, other: str | None = None) -> list[ui.Item[Any]]:
    """Build the quota of a member, with a bar for each period.

    `other` is the mention of the member if it is not the one who asks.
    """
    lines = [
        _("**What {member} has left**", member=other) if other else _("**What you have left**"),
        *(
            line
            for usage in quota_status.remaining.usages
            if usage.scope is Scope.MEMBER
            for line in _format_usage(usage, quota_status.effective_limits[LimitKind(usage.period)])
        ),
        *_format_bonus(quota_status, is_own=other is None),
        *_format_pace_limits(quota_status),
        *(
            _(_SERVERS[usage.period], room=_format_bar(usage))
            for usage in quota_status.remaining.usages
            if usage.scope is Scope.SERVER and usage.limit is not None
        ),
    ]
    return [lines_box(BLUE, lines)]


def render_revoke_buttons(quota_status: QuotaStatus) -> list[ui.Item[Any]]:
    """Build a button for each of the newest grants that are not spent."""
    buttons = [
        RevokeButton(grant.id, _("Take back {amount}", amount=format_left(grant.unspent)))
        for grant in quota_status.grants[:_BUTTONS]
    ]
    return [row(*buttons)] if buttons else []


def render_server_limits(server_limits: ServerLimits, roles: Iterable[int]) -> list[ui.Item[Any]]:
    """Build the limits that managers have set, and the last changes; `roles` are the existing."""
    known_roles = set(roles)
    limits = [f"- {_format_limit_line(limit, known_roles)}" for limit in server_limits.limits]
    changes = [f"- {format_quota_change(one)}" for one in server_limits.changes]
    lines = [
        _("**Limits on this server**"),
        *(fitting_lines(limits, _LIMITS_SHOWN) or [_("No limits set here. The defaults apply.")]),
        *([_("**Recent changes**"), *changes] if changes else []),
    ]
    return [lines_box(BLUE, lines)]


def format_quota_change(change: Change) -> str:
    """Format a change: the limit or grant, its values before and after, the member, the time."""
    line = _(
        _change_template(change),
        when=f"<t:{change.at_ms // 1000}:R>",
        who=f"<@{change.actor}>",
        before=change.before or _("default"),
        after=change.after or _("default"),
        **_change_subject(change),
    )
    return f"{line} ({text.sanitize(change.note, _NOTE_SHOWN)})" if change.note else line


def format_limit_subject(limit: Limit) -> str:
    """Format whom a limit is for, as the start of a sentence."""
    match limit.target:
        case LimitTarget.MEMBERS:
            return _("Every member")
        case LimitTarget.SERVER:
            return _("This server")
        case LimitTarget.EVERYTHING:
            return _("The whole bot")
        case _:
            return _mention_target(limit.target, limit.subject_id)


def format_limit_amount(limit: Limit | None) -> str:
    """Format the amount of a limit, or that there was none."""
    return _("default") if limit is None else format_limit(limit.kind, limit.amount)


def render_grant(text: str, grant_id: int) -> ui.LayoutView:
    """Build the message about a grant, with the button that revokes it."""
    return layout(text_block(text), row(RevokeButton(grant_id)))


def _format_usage(usage: LimitUsage, effective_limit: EffectiveLimit) -> list[str]:
    if usage.limit is not None:
        line = _(_LIMITED_USE[usage.period], room=_format_bar(usage))
    elif usage.used:
        line = _(_UNLIMITED_USE[usage.period], used=format_price(usage.used))
    else:
        line = _(_UNLIMITED[usage.period])
    return [line, *_format_origin(effective_limit)]


def _format_bonus(quota_status: QuotaStatus, *, is_own: bool) -> list[str]:
    amount = quota_status.remaining.grant_balance
    if not amount:
        return []
    if is_own:
        return [_("Bonus: {amount}, used after your daily limit.", amount=format_left(amount))]
    return [_("Bonus: {amount}, used after their daily limit.", amount=format_left(amount))]


def _format_bar(usage: LimitUsage) -> str:
    limit, used = usage.limit or ZERO, max(0, usage.used)
    # It fills with what is left, rounded down, so that the smallest use is visible.
    full = max(0, limit - used) * _BAR_CELLS // limit if limit else 0
    return _(
        "{bar} {left} of {limit} left, resets <t:{resets}:R>",
        bar=f"{'▰' * full}{'▱' * (_BAR_CELLS - full)}",
        left=format_left(usage.remaining or ZERO),
        limit=format_usd(limit),
        resets=usage.resets_at_ms // 1000,
    )


def _format_origin(effective_limit: EffectiveLimit) -> list[str]:
    """Format where a limit comes from; nothing where there is none."""
    source = effective_limit.source
    if source is not None:
        whose = _mention_target(source.target, source.subject_id)
        return [f"-# {_('set for {whose}', whose=whose)}"]
    return [] if effective_limit.amount is None else [f"-# {_('default limit')}"]


def _format_pace_limits(quota_status: QuotaStatus) -> list[str]:
    return [
        _(template, allowed=format_limit(kind, amount))
        for kind, template in _PACE_LIMITS.items()
        if (amount := quota_status.effective_limits[kind].amount) is not None
    ]


def _format_limit_line(limit: Limit, known_roles: Container[int]) -> str:
    allowed = format_limit(limit.kind, limit.amount)
    line = _(_SET[limit.kind], whom=format_limit_subject(limit), allowed=allowed)
    if limit.target is LimitTarget.ROLE and limit.subject_id not in known_roles:
        return _("{limit} (role deleted, no effect)", limit=line)
    return line


def _change_template(change: Change) -> str:
    if change.what == "limit":
        return _CHANGED[LimitKind(change.subject.split(":")[2])]
    return _GRANTED if change.what == "grant" else _REVOKED


def _change_subject(change: Change) -> dict[str, object]:
    target, id_, *_kind = change.subject.split(":")
    return {"whose": _mention_target(LimitTarget(target), int(id_)), "member": id_}


def _mention_target(target: LimitTarget, subject_id: int) -> str:
    match target:
        case LimitTarget.MEMBER:
            return f"<@{subject_id}>"
        case LimitTarget.ROLE:
            return f"<@&{subject_id}>"
        case LimitTarget.MEMBERS:
            return _("every member")
        case LimitTarget.SERVER:
            return _("this server")
        case LimitTarget.EVERYTHING:
            return _("the whole bot")
