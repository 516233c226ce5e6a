"""Entries of the audit log on the pages of the settings panel."""

import re
from typing import Final

from cogs.settings.controls import SettingsLocation, SettingsPage
from cogs.settings.field_types import ChannelOrRoleField, SelectField, SettingField
from cogs.settings.fields import LIMIT_KIND_BY_FIELD, find_field
from cogs.ui import text
from cogs.ui.i18n import _
from domain.audit_log import Change
from domain.guild_settings import format_setting
from domain.quotas import LimitTarget

_TEXT_SHOWN: Final = 80
_IDS_SHOWN: Final = 3
_ID: Final = re.compile(r"\d{15,20}")


def affects_page(change: Change, location: SettingsLocation) -> bool:
    """Return whether a change concerns a field of a page; the first page shows every change."""
    if change.what == "preset":
        return location.page in (SettingsPage.HOME, SettingsPage.PRESETS)
    field_name, channel_id = _changed_field(change)
    if location.page is SettingsPage.HOME:
        return any(find_field(page, field_name) for page in SettingsPage)
    is_here = (
        channel_id == location.subject if location.page is SettingsPage.CHANNEL else not channel_id
    )
    return (
        is_here
        and location.page is not SettingsPage.PRESETS
        and find_field(location.page, field_name) is not None
    )


def format_setting_change(change: Change) -> str:
    """Format a change: the setting, its values before and after, the member, the time."""
    who, when = f"<@{change.actor}>", f"<t:{change.at_ms // 1000}:R>"
    if change.what == "preset":
        return _format_preset_change(change, who, when)
    field_name, channel_id = _changed_field(change)
    field = next(filter(None, (find_field(page, field_name) for page in SettingsPage)), None)
    return _(
        "Last change: {what}, {before} → {after}, by {who} {when}",
        what=_label(field, channel_id),
        before=_format_value(field, change.before),
        after=_format_value(field, change.after),
        who=who,
        when=when,
    )


def _format_preset_change(change: Change, who: str, when: str) -> str:
    name = text.sanitize(change.subject.partition(":")[2], _TEXT_SHOWN)
    if change.before is None:
        return _("Last change: preset {name} added by {who} {when}", name=name, who=who, when=when)
    if change.after is None:
        return _(
            "Last change: preset {name} deleted by {who} {when}", name=name, who=who, when=when
        )
    return _("Last change: preset {name} changed by {who} {when}", name=name, who=who, when=when)


def _changed_field(change: Change) -> tuple[str, str]:
    """Return the name of the changed field, and the channel's id if it is a channel's own rule."""
    if change.what == "limit":
        target, _, kind = change.subject.split(":")
        return (
            (kind, "")
            if target == LimitTarget.MEMBERS and kind in LIMIT_KIND_BY_FIELD
            else ("", "")
        )
    field_name, _, channel_id = change.subject.partition(":")
    return field_name, channel_id


def _label(field: SettingField | None, channel_id: str) -> str:
    label = "" if field is None else _(field.label)
    return _("{what} in <#{channel}>", what=label, channel=channel_id) if channel_id else label


def _format_value(field: SettingField | None, value: str | None) -> str:
    if value is None:
        return _("default")
    if isinstance(field, SelectField):
        named = {format_setting(field.name, one.value): one.label for one in field.options}
        value = _(named[value]) if value in named else value
    if not isinstance(field, ChannelOrRoleField):
        return text.sanitize(value, _TEXT_SHOWN)
    prefix, ids = "@&" if field.selects_roles else "#", _ID.findall(value)
    mentions = " ".join(f"<{prefix}{id_}>" for id_ in ids[:_IDS_SHOWN])
    return f"{mentions} …" if len(ids) > _IDS_SHOWN else mentions
