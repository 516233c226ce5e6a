"""Knows how quotas, grants and their changes look; says nothing by itself."""

import re
from collections.abc import Container, Iterable
from types import MappingProxyType
from typing import Any, Final, Self

import discord
from discord import ui

from cogs.ui import text
from cogs.ui.i18n import N_, _, format_usd
from cogs.ui.layout import BLUE, fitting_lines, layout, lines_box, row
from cogs.ui.routing import dispatch_component
from cogs.ui.text import format_limit
from domain.audit_log import Change
from domain.money import ZERO
from domain.quotas import EffectiveLimit, Limit, LimitKind, LimitTarget, LimitUsage, Period, Scope
from workflow.billing.quotas import QuotaStatus, ServerLimits


class RevokeButton(ui.DynamicItem[ui.Button[Any]], template=r"revoke:(?P<grant>\d{1,18})"):
    """A button for one grant."""

    def __init__(self, grant_id: int, label: str | None = None) -> None:
        custom_id, style = f"revoke:{grant_id}", discord.ButtonStyle.danger
        label = label or _("Revoke")
        super().__init__(ui.Button(label=label, style=style, custom_id=custom_id))
        self.grant_id = grant_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button again from what Discord sends with a click."""
        return cls(int(match["grant"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the click to the cog that knows what to do."""
        await dispatch_component(interaction, self)


_BAR: Final = 12
_BUTTONS: Final = 5
"""As many as a row holds."""

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
_LIMITED: Final = MappingProxyType(
    {Period.DAY: N_("Today: {room}"), Period.MONTH: N_("This month: {room}")}
)
_SERVERS: Final = MappingProxyType(
    {
        Period.DAY: N_("This server, today: {room}"),
        Period.MONTH: N_("This server, this month: {room}"),
    }
)
_PACE: Final = MappingProxyType(
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
        LimitKind.DAY: N_("{when} {who}: day limit of {whose}, {before} → {after}"),
        LimitKind.MONTH: N_("{when} {who}: month limit of {whose}, {before} → {after}"),
        LimitKind.COOLDOWN: N_("{when} {who}: cooldown limit of {whose}, {before} → {after}"),
        LimitKind.IN_FLIGHT: N_("{when} {who}: in_flight limit of {whose}, {before} → {after}"),
    }
)
_GRANTED: Final = N_("{when} {who}: grant for <@{member}>, {before} → {after}")
_REVOKED: Final = N_("{when} {who}: revoke for <@{member}>, {before} → {after}")


def render_quota(standing: QuotaStatus, other: str | None = None) -> list[ui.Item[Any]]:
    """Lay out what a member has left, with a bar for each period; `other` mentions someone else."""
    lines = [
        _("**What {member} has left**", member=other) if other else _("**What you have left**"),
        *(
            line
            for room in standing.remaining.usages
            if room.scope is Scope.MEMBER
            for line in _own(room, standing.effective_limits[LimitKind(room.period)])
        ),
        _(
            "Grants: **{amount}**, used when the quota is spent.",
            amount=format_usd(standing.remaining.grant_balance),
        ),
        *_pace(standing),
        *(
            _(_SERVERS[room.period], room=_bar(room))
            for room in standing.remaining.usages
            if room.scope is Scope.SERVER and room.limit is not None
        ),
    ]
    return [lines_box(BLUE, lines)]


def render_revoke_buttons(standing: QuotaStatus) -> list[ui.Item[Any]]:
    """Lay out a button for each of the newest grants that are not spent."""
    buttons = [
        RevokeButton(grant.id, _("Revoke {amount}", amount=format_usd(grant.unspent)))
        for grant in standing.grants[:_BUTTONS]
    ]
    return [row(*buttons)] if buttons else []


def render_server_limits(house: ServerLimits, roles: Iterable[int]) -> list[ui.Item[Any]]:
    """Lay out what managers have set on a server whose `roles` there are, and the last changes."""
    known = set(roles)
    limits = [f"- {_set(limit, known)}" for limit in house.limits]
    changes = [f"- {format_quota_change(one)}" for one in house.changes]
    lines = [
        _("**Set on this server**"),
        *(fitting_lines(limits, _LIMITS_SHOWN) or [_("Nothing: the service's own limits count.")]),
        *([_("**Last changes**"), *changes] if changes else []),
    ]
    return [lines_box(BLUE, lines)]


def format_quota_change(of: Change) -> str:
    """Say who changed what, when, from what to what."""
    said = _(
        _deed(of),
        when=f"<t:{of.at_ms // 1000}:R>",
        who=f"<@{of.actor}>",
        before=of.before or _("not set"),
        after=of.after or _("not set"),
        **_subject(of),
    )
    return f"{said} ({text.sanitize(of.note, _NOTE_SHOWN)})" if of.note else said


def format_limit_subject(limit: Limit) -> str:
    """Say, as the first word of a sentence, whom a limit is set for."""
    match limit.target:
        case LimitTarget.MEMBERS:
            return _("Each member")
        case LimitTarget.SERVER:
            return _("This server")
        case LimitTarget.EVERYTHING:
            return _("The whole service")
        case _:
            return _whose(limit.target, limit.subject_id)


def format_limit_amount(limit: Limit | None) -> str:
    """Say what was allowed by what was set, if anything was."""
    return _("nothing set") if limit is None else format_limit(limit.kind, limit.amount)


def render_grant(text: str, grant_id: int) -> ui.LayoutView:
    """Lay out what was given, with the button that takes it back."""
    return layout(ui.TextDisplay(text), row(RevokeButton(grant_id)))


def _own(room: LimitUsage, by: EffectiveLimit) -> list[str]:
    if room.limit is not None:
        said = _(_LIMITED[room.period], room=_bar(room))
    elif room.used:
        said = _(_UNLIMITED_USE[room.period], used=format_usd(room.used))
    else:
        said = _(_UNLIMITED[room.period])
    return [said, f"-# {_origin(by)}"]


def _bar(room: LimitUsage) -> str:
    limit, used = room.limit or ZERO, max(0, room.used)
    # Rounded up, so that the least use is seen; under a limit of nothing all is used.
    full = min(_BAR, -(-used * _BAR // limit)) if limit else _BAR
    return _(
        "{bar} **{left}** left of {limit}, anew <t:{resets}:R>",
        bar=f"{'▰' * full}{'▱' * (_BAR - full)}",
        left=format_usd(room.remaining or ZERO),
        limit=format_usd(limit),
        resets=room.resets_at_ms // 1000,
    )


def _origin(by: EffectiveLimit) -> str:
    if by.source is not None:
        return _("set for {whose}", whose=_whose(by.source.target, by.source.subject_id))
    if by.amount is not None:
        return _("the service's own limit")
    return _("nobody has set one")


def _pace(standing: QuotaStatus) -> list[str]:
    return [
        _(said, allowed=format_limit(kind, amount))
        for kind, said in _PACE.items()
        if (amount := standing.effective_limits[kind].amount) is not None
    ]


def _set(limit: Limit, known_roles: Container[int]) -> str:
    allowed = format_limit(limit.kind, limit.amount)
    said = _(_SET[limit.kind], whom=format_limit_subject(limit), allowed=allowed)
    if limit.target is LimitTarget.ROLE and limit.subject_id not in known_roles:
        return _("{limit} (the role is deleted: this does nothing)", limit=said)
    return said


def _deed(of: Change) -> str:
    if of.what == "limit":
        return _CHANGED[LimitKind(of.subject.split(":")[2])]
    return _GRANTED if of.what == "grant" else _REVOKED


def _subject(of: Change) -> dict[str, object]:
    target, id_, *_kind = of.subject.split(":")
    return {"whose": _whose(LimitTarget(target), int(id_)), "member": id_}


def _whose(target: LimitTarget, subject_id: int) -> str:
    match target:
        case LimitTarget.MEMBER:
            return f"<@{subject_id}>"
        case LimitTarget.ROLE:
            return f"<@&{subject_id}>"
        case LimitTarget.MEMBERS:
            return _("each member")
        case LimitTarget.SERVER:
            return _("this server")
        case LimitTarget.EVERYTHING:
            return _("the whole service")
