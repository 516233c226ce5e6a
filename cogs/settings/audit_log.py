"""Knows how a change that is on record is told on the page that it concerns."""

import re
from typing import Final

from cogs.settings.controls import SettingsLocation, SettingsPage
from cogs.settings.field_types import ChannelOrRoleField, SettingField
from cogs.settings.fields import LIMIT_KIND_BY_FIELD, find_field
from cogs.ui import text
from cogs.ui.i18n import _
from domain.audit_log import Change
from domain.quotas import LimitTarget

_TEXT_SHOWN: Final = 80
_IDS_SHOWN: Final = 3
_ID: Final = re.compile(r"\d{15,20}")


def affects_page(change: Change, spot: SettingsLocation) -> bool:
    """Tell whether something on a page was changed; on the first page, anything."""
    if change.what == "preset":
        return spot.page in (SettingsPage.HOME, SettingsPage.PRESETS)
    field, about = _field(change)
    if spot.page is SettingsPage.HOME:
        return any(find_field(page, field) for page in SettingsPage)
    is_here = about == spot.subject if spot.page is SettingsPage.CHANNEL else not about
    return (
        is_here
        and spot.page is not SettingsPage.PRESETS
        and find_field(spot.page, field) is not None
    )


def format_setting_change(change: Change) -> str:
    """Say who changed what, when, from what to what."""
    who, when = f"<@{change.actor}>", f"<t:{change.at_ms // 1000}:R>"
    if change.what == "preset":
        return _preset_said(change, who, when)
    field, about = _field(change)
    knob = next(filter(None, (find_field(page, field) for page in SettingsPage)), None)
    return _(
        "Last change: {what}, {before} → {after}, by {who} {when}",
        what=_label(knob, about),
        before=_shown(knob, change.before),
        after=_shown(knob, change.after),
        who=who,
        when=when,
    )


def _preset_said(change: Change, who: str, when: str) -> str:
    name = text.sanitize(change.subject.partition(":")[2], _TEXT_SHOWN)
    if change.before is None:
        return _("Last change: preset {name} added by {who} {when}", name=name, who=who, when=when)
    if change.after is None:
        return _(
            "Last change: preset {name} deleted by {who} {when}", name=name, who=who, when=when
        )
    return _("Last change: preset {name} changed by {who} {when}", name=name, who=who, when=when)


def _field(change: Change) -> tuple[str, str]:
    """Name what was changed, and the channel if it was the rule of one."""
    if change.what == "limit":
        target, _, kind = change.subject.split(":")
        return (
            (kind, "")
            if target == LimitTarget.MEMBERS and kind in LIMIT_KIND_BY_FIELD
            else ("", "")
        )
    field, _, about = change.subject.partition(":")
    return field, about


def _label(knob: SettingField | None, about: str) -> str:
    label = "" if knob is None else _(knob.label)
    return _("{what} in <#{channel}>", what=label, channel=about) if about else label


def _shown(knob: SettingField | None, value: str | None) -> str:
    if value is None:
        return _("not set")
    if not isinstance(knob, ChannelOrRoleField):
        return text.sanitize(value, _TEXT_SHOWN)
    sign, ids = "@&" if knob.selects_roles else "#", _ID.findall(value)
    named = " ".join(f"<{sign}{id_}>" for id_ in ids[:_IDS_SHOWN])
    return f"{named} …" if len(ids) > _IDS_SHOWN else named
