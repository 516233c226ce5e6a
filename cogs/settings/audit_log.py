"""Knows how a change that is on record is told on the page that it concerns."""

import re
from typing import Final

from cogs.settings.controls import Page, Spot
from cogs.settings.field_types import Knob, Pick
from cogs.settings.fields import LIMIT_KINDS, knob_of
from cogs.ui import text
from domain.catalogue import t
from domain.quotas import Target
from workflow.billing.quotas import Change

_TEXT_SHOWN: Final = 80
_IDS_SHOWN: Final = 3
_ID: Final = re.compile(r"\d{15,20}")


def concerns(change: Change, spot: Spot) -> bool:
    """Tell whether something on a page was changed; on the first page, anything."""
    if change.what == "preset":
        return spot.page in (Page.HOME, Page.PRESETS)
    field, about = _field(change)
    if spot.page is Page.HOME:
        return any(knob_of(page, field) for page in Page)
    is_here = about == spot.about if spot.page is Page.CHANNEL else not about
    return is_here and spot.page is not Page.PRESETS and knob_of(spot.page, field) is not None


def said(change: Change) -> str:
    """Say who changed what, when, from what to what."""
    who, when = f"<@{change.actor}>", f"<t:{change.at_ms // 1000}:R>"
    if change.what == "preset":
        return _preset_said(change, who, when)
    field, about = _field(change)
    knob = next(filter(None, (knob_of(page, field) for page in Page)), None)
    return t(
        "Last change: {what}, {before} → {after}, by {who} {when}",
        what=_label(knob, about),
        before=_shown(knob, change.before),
        after=_shown(knob, change.after),
        who=who,
        when=when,
    )


def _preset_said(change: Change, who: str, when: str) -> str:
    name = text.harmless(change.subject.partition(":")[2], _TEXT_SHOWN)
    if change.before is None:
        return t("Last change: preset {name} added by {who} {when}", name=name, who=who, when=when)
    if change.after is None:
        return t(
            "Last change: preset {name} deleted by {who} {when}", name=name, who=who, when=when
        )
    return t("Last change: preset {name} changed by {who} {when}", name=name, who=who, when=when)


def _field(change: Change) -> tuple[str, str]:
    """Name what was changed, and the channel if it was the rule of one."""
    if change.what == "limit":
        target, _, kind = change.subject.split(":")
        return (kind, "") if target == Target.MEMBERS and kind in LIMIT_KINDS else ("", "")
    field, _, about = change.subject.partition(":")
    return field, about


def _label(knob: Knob | None, about: str) -> str:
    label = "" if knob is None else t(knob.label)
    return t("{what} in <#{channel}>", what=label, channel=about) if about else label


def _shown(knob: Knob | None, value: str | None) -> str:
    if value is None:
        return t("not set")
    if not isinstance(knob, Pick):
        return text.harmless(value, _TEXT_SHOWN)
    sign, ids = "@&" if knob.roles else "#", _ID.findall(value)
    named = " ".join(f"<{sign}{id_}>" for id_ in ids[:_IDS_SHOWN])
    return f"{named} …" if len(ids) > _IDS_SHOWN else named
