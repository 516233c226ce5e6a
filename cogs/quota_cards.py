"""Knows how quotas, grants and their changes look; says nothing by itself."""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any, Final

import discord
from discord import ui

from cogs import words
from cogs.revoking import RevokeButton
from domain.money import ZERO, show_usd
from domain.quotas import Kind, Limit, Period, Room, Ruling, Scope, Target, show_limit
from workflow.quotas import Change, House, Standing

_BLUE: Final = discord.Colour(0x5865F2)
_BAR: Final = 12
_BUTTONS: Final = 5
"""As many as a row holds."""

_NOTE_SHOWN: Final = 80
_LIMITS_SHOWN: Final = 1_500
"""Characters of the list of limits; a message shows 4,000 in all."""

_WHEN: Final = {Period.DAY: "Today", Period.MONTH: "This month"}
_EACH: Final = {Kind.DAY: " a day", Kind.MONTH: " a month", Kind.COOLDOWN: " between videos"}
_WHOSE: Final = {Scope.SERVER: "This server", Scope.EVERYTHING: "The whole service"}


def shown(who_has: str, standing: Standing) -> list[ui.Item[Any]]:
    """Lay out what a member has left, with a bar for each period; `who_has` is `you have`, say."""
    lines = [
        f"**What {who_has} left**",
        *(
            line
            for room in standing.left.rooms
            if room.scope is Scope.MEMBER
            for line in _own(room, standing.rulings[Kind(room.period)])
        ),
        f"Grants: **{show_usd(standing.left.grants)}**, used when the quota is spent.",
        *_pace(standing),
        *(
            f"{_WHOSE[room.scope]}, {_WHEN[room.period].lower()}: {_bar(room)}"
            for room in standing.left.rooms
            if room.scope is Scope.SERVER and room.limit is not None
        ),
    ]
    return [_box(lines)]


def revocable(standing: Standing) -> list[ui.Item[Any]]:
    """Lay out a button for each of the newest grants that are not spent."""
    buttons = [
        RevokeButton(grant.id, f"Revoke {show_usd(grant.unspent)}")
        for grant in standing.grants[:_BUTTONS]
    ]
    return [_row(buttons)] if buttons else []


def set_here(house: House, roles: Iterable[int]) -> list[ui.Item[Any]]:
    """Lay out what managers have set on a server whose `roles` there are, and the last changes."""
    known = set(roles)
    limits = [
        f"- {whom(limit)}: {show_limit(limit.kind, limit.amount)}{_EACH.get(limit.kind, '')}"
        + (
            " (the role is deleted: this does nothing)"
            if limit.target is Target.ROLE and limit.subject_id not in known
            else ""
        )
        for limit in house.limits
    ]
    changes = [f"- {change(one)}" for one in house.changes]
    lines = [
        "**Set on this server**",
        *(_as_many_as_fit(limits) or ["Nothing: the service's own limits count."]),
        *(["**Last changes**", *changes] if changes else []),
    ]
    return [_box(lines)]


def change(of: Change) -> str:
    """Say who changed what, when, from what to what."""
    when, who = f"<t:{of.at_ms // 1000}:R>", f"<@{of.actor}>"
    note = f" ({words.harmless(of.note, _NOTE_SHOWN)})" if of.note else ""
    before, after = of.before or "not set", of.after or "not set"
    target, *rest = of.subject.split(":")
    subject_id = int(rest[0]) if rest else 0
    if of.what == "limit":
        whose = _whose(Target(target), subject_id)
        return f"{when} {who}: {rest[1]} limit of {whose}, {before} → {after}{note}"
    return f"{when} {who}: {of.what} for <@{subject_id}>, {before} → {after}{note}"


def whom(limit: Limit) -> str:
    """Say whom a limit is set for."""
    name = _whose(limit.target, limit.subject_id)
    return f"{name[0].upper()}{name[1:]}"


def amount(limit: Limit | None) -> str:
    """Say what was allowed by what was set, if anything was."""
    return "nothing set" if limit is None else show_limit(limit.kind, limit.amount)


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
    if room.limit is None:
        spent = f", {show_usd(room.used)} used" if room.used else ""
        return [f"{_WHEN[room.period]}: no limit{spent}", f"-# {_origin(by)}"]
    return [f"{_WHEN[room.period]}: {_bar(room)}", f"-# {_origin(by)}"]


def _bar(room: Room) -> str:
    limit, used = room.limit or ZERO, max(0, room.used)
    # Rounded up, so that the least use is seen; under a limit of nothing all is used.
    full = min(_BAR, -(-used * _BAR // limit)) if limit else _BAR
    return (
        f"{'▰' * full}{'▱' * (_BAR - full)} **{show_usd(room.left or ZERO)}** left of "
        f"{show_usd(limit)}, anew <t:{room.resets_at_ms // 1000}:R>"
    )


def _origin(by: Ruling) -> str:
    if by.limit is None:
        return "the service's own limit" if by.amount is not None else "nobody has set one"
    return f"set for {_whose(by.limit.target, by.limit.subject_id)}"


def _pace(standing: Standing) -> list[str]:
    kinds = (Kind.COOLDOWN, Kind.IN_FLIGHT)
    return [
        f"Videos: {show_limit(kind, amount)}{_EACH.get(kind, '')}"
        for kind in kinds
        if (amount := standing.rulings[kind].amount) is not None
    ]


def _whose(target: Target, subject_id: int) -> str:
    match target:
        case Target.MEMBER:
            return f"<@{subject_id}>"
        case Target.ROLE:
            return f"<@&{subject_id}>"
        case Target.MEMBERS:
            return "each member"
        case Target.SERVER:
            return "this server"
        case Target.EVERYTHING:
            return "the whole service"


def _as_many_as_fit(lines: Sequence[str]) -> list[str]:
    ends = accumulate(len(line) + 1 for line in lines)
    fitting = sum(end <= _LIMITS_SHOWN for end in ends)
    more = len(lines) - fitting
    return [*lines[:fitting], *([f"- … and {more} more."] if more else [])]


def _row(buttons: Sequence[ui.Item[Any]]) -> ui.Item[Any]:
    return ui.ActionRow(*buttons)


def _box(lines: Iterable[str]) -> ui.Item[Any]:
    return ui.Container(ui.TextDisplay("\n".join(lines)), accent_colour=_BLUE)
