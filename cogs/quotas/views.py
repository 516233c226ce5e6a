"""Knows how quotas, grants and their changes look; says nothing by itself."""

import re
from collections.abc import Container, Iterable, Sequence
from itertools import accumulate
from types import MappingProxyType
from typing import Any, Final, Protocol, Self, cast

import discord
from discord import ui

from cogs.ui import text
from domain.catalogue import mark, n, t
from domain.money import ZERO, show_usd
from domain.quotas import Kind, Limit, Period, Room, Ruling, Scope, Target, show_limit
from workflow.billing.quotas import Change, House, Standing


class Revoking(Protocol):
    """The cog that takes grants back; found by its name, for a button outlives it."""

    async def revoke(self, interaction: discord.Interaction[Any], grant_id: int) -> None:
        """Take back what is unspent of a grant, and answer the click."""
        ...


class RevokeButton(ui.DynamicItem[ui.Button[Any]], template=r"revoke:(?P<grant>\d{1,18})"):
    """A button for one grant."""

    def __init__(self, grant_id: int, label: str | None = None) -> None:
        custom_id, style = f"revoke:{grant_id}", discord.ButtonStyle.danger
        label = label or t("Revoke")
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
        cog = cast("Revoking", interaction.client.get_cog("Managing"))
        await cog.revoke(interaction, self.grant_id)


_BLUE: Final = discord.Colour(0x5865F2)
_BAR: Final = 12
_BUTTONS: Final = 5
"""As many as a row holds."""

_NOTE_SHOWN: Final = 80
_LIMITS_SHOWN: Final = 1_500
"""Characters of the list of limits; a message shows 4,000 in all."""

_UNLIMITED: Final = MappingProxyType(
    {Period.DAY: mark("Today: no limit"), Period.MONTH: mark("This month: no limit")}
)
_UNLIMITED_USE: Final = MappingProxyType(
    {
        Period.DAY: mark("Today: no limit, {used} used"),
        Period.MONTH: mark("This month: no limit, {used} used"),
    }
)
_LIMITED: Final = MappingProxyType(
    {Period.DAY: mark("Today: {room}"), Period.MONTH: mark("This month: {room}")}
)
_SERVERS: Final = MappingProxyType(
    {
        Period.DAY: mark("This server, today: {room}"),
        Period.MONTH: mark("This server, this month: {room}"),
    }
)
_PACE: Final = MappingProxyType(
    {
        Kind.COOLDOWN: mark("Videos: {allowed} between videos"),
        Kind.IN_FLIGHT: mark("Videos: {allowed}"),
    }
)
_SET: Final = MappingProxyType(
    {
        Kind.DAY: mark("{whom}: {allowed} a day"),
        Kind.MONTH: mark("{whom}: {allowed} a month"),
        Kind.COOLDOWN: mark("{whom}: {allowed} between videos"),
        Kind.IN_FLIGHT: mark("{whom}: {allowed}"),
    }
)
_CHANGED: Final = MappingProxyType(
    {
        Kind.DAY: mark("{when} {who}: day limit of {whose}, {before} → {after}"),
        Kind.MONTH: mark("{when} {who}: month limit of {whose}, {before} → {after}"),
        Kind.COOLDOWN: mark("{when} {who}: cooldown limit of {whose}, {before} → {after}"),
        Kind.IN_FLIGHT: mark("{when} {who}: in_flight limit of {whose}, {before} → {after}"),
    }
)
_GRANTED: Final = mark("{when} {who}: grant for <@{member}>, {before} → {after}")
_REVOKED: Final = mark("{when} {who}: revoke for <@{member}>, {before} → {after}")


def shown(standing: Standing, other: str | None = None) -> list[ui.Item[Any]]:
    """Lay out what a member has left, with a bar for each period; `other` mentions someone else."""
    lines = [
        t("**What {member} has left**", member=other) if other else t("**What you have left**"),
        *(
            line
            for room in standing.left.rooms
            if room.scope is Scope.MEMBER
            for line in _own(room, standing.rulings[Kind(room.period)])
        ),
        t(
            "Grants: **{amount}**, used when the quota is spent.",
            amount=show_usd(standing.left.grants),
        ),
        *_pace(standing),
        *(
            t(_SERVERS[room.period], room=_bar(room))
            for room in standing.left.rooms
            if room.scope is Scope.SERVER and room.limit is not None
        ),
    ]
    return [_box(lines)]


def revocable(standing: Standing) -> list[ui.Item[Any]]:
    """Lay out a button for each of the newest grants that are not spent."""
    buttons = [
        RevokeButton(grant.id, t("Revoke {amount}", amount=show_usd(grant.unspent)))
        for grant in standing.grants[:_BUTTONS]
    ]
    return [_row(buttons)] if buttons else []


def set_here(house: House, roles: Iterable[int]) -> list[ui.Item[Any]]:
    """Lay out what managers have set on a server whose `roles` there are, and the last changes."""
    known = set(roles)
    limits = [f"- {_set(limit, known)}" for limit in house.limits]
    changes = [f"- {change(one)}" for one in house.changes]
    lines = [
        t("**Set on this server**"),
        *(_as_many_as_fit(limits) or [t("Nothing: the service's own limits count.")]),
        *([t("**Last changes**"), *changes] if changes else []),
    ]
    return [_box(lines)]


def change(of: Change) -> str:
    """Say who changed what, when, from what to what."""
    said = t(
        _deed(of),
        when=f"<t:{of.at_ms // 1000}:R>",
        who=f"<@{of.actor}>",
        before=of.before or t("not set"),
        after=of.after or t("not set"),
        **_subject(of),
    )
    return f"{said} ({text.harmless(of.note, _NOTE_SHOWN)})" if of.note else said


def whom(limit: Limit) -> str:
    """Say, as the first word of a sentence, whom a limit is set for."""
    match limit.target:
        case Target.MEMBERS:
            return t("Each member")
        case Target.SERVER:
            return t("This server")
        case Target.EVERYTHING:
            return t("The whole service")
        case _:
            return _whose(limit.target, limit.subject_id)


def amount(limit: Limit | None) -> str:
    """Say what was allowed by what was set, if anything was."""
    return t("nothing set") if limit is None else show_limit(limit.kind, limit.amount)


def granted(text: str, grant_id: int) -> ui.LayoutView:
    """Lay out what was given, with the button that takes it back."""
    return page(ui.TextDisplay(text), _row([RevokeButton(grant_id)]))


def page(*items: ui.Item[Any]) -> ui.LayoutView:
    """Put what is laid out under each other."""
    view = ui.LayoutView(timeout=None)
    for item in items:
        view.add_item(item)
    return view


def _own(room: Room, by: Ruling) -> list[str]:
    if room.limit is not None:
        said = t(_LIMITED[room.period], room=_bar(room))
    elif room.used:
        said = t(_UNLIMITED_USE[room.period], used=show_usd(room.used))
    else:
        said = t(_UNLIMITED[room.period])
    return [said, f"-# {_origin(by)}"]


def _bar(room: Room) -> str:
    limit, used = room.limit or ZERO, max(0, room.used)
    # Rounded up, so that the least use is seen; under a limit of nothing all is used.
    full = min(_BAR, -(-used * _BAR // limit)) if limit else _BAR
    return t(
        "{bar} **{left}** left of {limit}, anew <t:{resets}:R>",
        bar=f"{'▰' * full}{'▱' * (_BAR - full)}",
        left=show_usd(room.left or ZERO),
        limit=show_usd(limit),
        resets=room.resets_at_ms // 1000,
    )


def _origin(by: Ruling) -> str:
    if by.limit is not None:
        return t("set for {whose}", whose=_whose(by.limit.target, by.limit.subject_id))
    if by.amount is not None:
        return t("the service's own limit")
    return t("nobody has set one")


def _pace(standing: Standing) -> list[str]:
    return [
        t(said, allowed=show_limit(kind, amount))
        for kind, said in _PACE.items()
        if (amount := standing.rulings[kind].amount) is not None
    ]


def _set(limit: Limit, known_roles: Container[int]) -> str:
    allowed = show_limit(limit.kind, limit.amount)
    said = t(_SET[limit.kind], whom=whom(limit), allowed=allowed)
    if limit.target is Target.ROLE and limit.subject_id not in known_roles:
        return t("{limit} (the role is deleted: this does nothing)", limit=said)
    return said


def _deed(of: Change) -> str:
    if of.what == "limit":
        return _CHANGED[Kind(of.subject.split(":")[2])]
    return _GRANTED if of.what == "grant" else _REVOKED


def _subject(of: Change) -> dict[str, object]:
    target, id_, *_kind = of.subject.split(":")
    return {"whose": _whose(Target(target), int(id_)), "member": id_}


def _whose(target: Target, subject_id: int) -> str:
    match target:
        case Target.MEMBER:
            return f"<@{subject_id}>"
        case Target.ROLE:
            return f"<@&{subject_id}>"
        case Target.MEMBERS:
            return t("each member")
        case Target.SERVER:
            return t("this server")
        case Target.EVERYTHING:
            return t("the whole service")


def _as_many_as_fit(lines: Sequence[str]) -> list[str]:
    ends = accumulate(len(line) + 1 for line in lines)
    fitting = sum(end <= _LIMITS_SHOWN for end in ends)
    more = len(lines) - fitting
    rest = [f"- {n('… and {count} more.', '… and {count} more.', more)}"] if more else []
    return [*lines[:fitting], *rest]


def _row(buttons: Sequence[ui.Item[Any]]) -> ui.Item[Any]:
    return ui.ActionRow(*buttons)


def _box(lines: Iterable[str]) -> ui.Item[Any]:
    return ui.Container(ui.TextDisplay("\n".join(lines)), accent_colour=_BLUE)
