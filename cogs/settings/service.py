"""Service behind the settings panel: reads and changes a server's settings, presets and limits."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import discord
from pydantic import BaseModel

from cogs.settings.checks import ServerIds
from cogs.settings.controls import SettingsLocation, SettingsPage
from cogs.settings.field_types import ChannelOrRoleField, MemberLimit, not_offered
from cogs.settings.fields import LIMIT_KIND_BY_FIELD, find_field
from cogs.settings.modals import FormValues, apply_form_values
from domain.audit_log import Change
from domain.errors import RulesViolated
from domain.guild_settings import ChannelRules, GenerationRules, GuildSettings
from domain.presets import Preset, preset_key
from domain.quotas import Limit, LimitTarget
from domain.violations import Source, Violation, ViolationCode
from workflow.billing import quotas
from workflow.billing.quotas import Actor
from workflow.context import Context
from workflow.guilds import presets, settings
from workflow.reports import weekly_summary

_DEFAULT_SETTINGS: Final = GuildSettings()


@dataclass(frozen=True, slots=True)
class SettingsState:
    """The settings of a server at one moment.

    `member_limits` has the limits that hold for each member, by the names of their fields.
    """

    guild: discord.Guild
    settings: GuildSettings
    presets: tuple[Preset, ...]
    member_limits: Mapping[str, MemberLimit]
    changes: tuple[Change, ...]

    def value(self, location: SettingsLocation, field_name: str) -> Any:
        """Return the value of a field on a page; None if nothing is set."""
        if field_name in LIMIT_KIND_BY_FIELD:
            return self.member_limits.get(field_name)
        return getattr(self._values_of(location), field_name)

    def is_set(self, location: SettingsLocation, field_name: str) -> bool:
        """Return whether managers have changed a field from its default."""
        if field_name in LIMIT_KIND_BY_FIELD:
            return field_name in self.member_limits
        return self.value(location, field_name) != getattr(_default_values(location), field_name)

    def find_preset(self, name: str) -> Preset | None:
        """Return the preset of a name, or None."""
        return next((one for one in self.presets if one.key == preset_key(name)), None)

    def _values_of(self, location: SettingsLocation) -> BaseModel:
        match location.page:
            case SettingsPage.MODELS:
                return self.settings.rules
            case SettingsPage.CHANNEL:
                return channel_rules(self.settings, int(location.subject))
            case SettingsPage.PRESETS:
                return self.find_preset(location.subject) or Preset(name="")
            case _:
                return self.settings


def channel_rules(settings: GuildSettings, channel_id: int) -> GenerationRules:
    """Return the rules that one channel has of its own."""
    rules = (one.rules for one in settings.overrides if one.channel_id == channel_id)
    return next(rules, GenerationRules())


def with_value(
    settings: GuildSettings, location: SettingsLocation, field_name: str, value: Any
) -> GuildSettings:
    """Return settings in which one field of a page has another value."""
    match location.page:
        case SettingsPage.MODELS:
            rules = settings.rules.model_copy(update={field_name: value})
            return settings.model_copy(update={"rules": rules})
        case SettingsPage.CHANNEL:
            channel_id = int(location.subject)
            rules = channel_rules(settings, channel_id).model_copy(update={field_name: value})
            return with_channel_rules(settings, channel_id, rules)
        case _:
            return settings.model_copy(update={field_name: value})


def with_channel_rules(
    settings: GuildSettings, channel_id: int, rules: GenerationRules
) -> GuildSettings:
    """Return settings with other rules for a channel; rules that set nothing remove its entry."""
    others = tuple(one for one in settings.overrides if one.channel_id != channel_id)
    own_rules = (
        () if rules == GenerationRules() else (ChannelRules(channel_id=channel_id, rules=rules),)
    )
    return settings.model_copy(update={"overrides": (*others, *own_rules)})


def without_channel_rules(settings: GuildSettings, channel_ids: Container[int]) -> GuildSettings:
    """Return settings without the own rules of some channels."""
    remaining = tuple(one for one in settings.overrides if one.channel_id not in channel_ids)
    return settings.model_copy(update={"overrides": remaining})


def deleted_channel_ids(state: SettingsState) -> list[int]:
    """List the deleted channels that still have rules of their own."""
    ids = [one.channel_id for one in state.settings.overrides]
    return [id_ for id_ in ids if state.guild.get_channel_or_thread(id_) is None]


def _check_ids(ids: ServerIds, location: SettingsLocation, field_name: str, value: Any) -> None:
    """Check that the page's channel, and the channels or roles that were selected, are known.

    Raises:
        RulesViolated: one is not the server's.
    """
    field = find_field(location.page, field_name)
    is_known = location.page is not SettingsPage.CHANNEL or ids.has_channel(int(location.subject))
    if isinstance(field, ChannelOrRoleField):
        is_known &= all(ids.has(field, id_) for id_ in field.selected_ids(value))
    if not is_known:
        raise not_offered()


def _default_values(location: SettingsLocation) -> BaseModel:
    match location.page:
        case SettingsPage.MODELS | SettingsPage.CHANNEL:
            return GenerationRules()
        case SettingsPage.PRESETS:
            return Preset(name="")
        case _:
            return _DEFAULT_SETTINGS


@dataclass(frozen=True, slots=True)
class ManagerContext:
    """The manager who changes a setting, and the server; an interaction makes one change."""

    ids: ServerIds
    manager: Actor

    @property
    def guild(self) -> discord.Guild:
        """Return the server."""
        return self.ids.guild


class SettingsService:
    """Access to a server's settings, one change at a time: concurrent other changes survive.

    A change that breaks rules raises RulesViolated and leaves everything as it was.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    async def read_state(self, guild: discord.Guild) -> SettingsState:
        """Read the current settings of a server."""
        server_limits = await quotas.read_server_limits(self._context, guild.id)
        member_limits = {
            str(limit.kind): MemberLimit(limit.amount)
            for limit in server_limits.limits
            if limit.target is LimitTarget.MEMBERS and limit.kind in LIMIT_KIND_BY_FIELD.values()
        }
        return SettingsState(
            guild=guild,
            settings=await settings.read(self._context, guild.id),
            presets=tuple(await presets.list_presets(self._context, guild.id)),
            member_limits=member_limits,
            changes=await settings.latest_changes(self._context, guild.id),
        )

    async def set_value(
        self,
        manager_context: ManagerContext,
        location: SettingsLocation,
        field_name: str,
        value: Any,
    ) -> None:
        """Set one field of a page."""
        _check_ids(manager_context.ids, location, field_name, value)
        if field_name in LIMIT_KIND_BY_FIELD:
            await self._change_member_limit(manager_context, field_name, value)
        elif location.page is SettingsPage.PRESETS:
            preset = await self._preset(manager_context, location.subject)
            await self._save(
                manager_context,
                preset.model_copy(update={field_name: value}),
                replaced_name=preset.name,
            )
        else:
            if field_name == "summary_channel":
                await weekly_summary.skip_due_week(self._context, manager_context.guild.id)
            change = partial(with_value, location=location, field_name=field_name, value=value)
            await settings.change(
                self._context, manager_context.guild.id, manager_context.manager, change
            )

    async def clear_channel_rules(self, manager_context: ManagerContext, channel_id: int) -> None:
        """Remove a channel's own rules, so that the server's apply to it."""
        clear = partial(with_channel_rules, channel_id=channel_id, rules=GenerationRules())
        await settings.change(
            self._context, manager_context.guild.id, manager_context.manager, clear
        )

    async def clear_deleted_channels(self, manager_context: ManagerContext) -> None:
        """Remove the rules of channels that were deleted."""
        deleted_ids = deleted_channel_ids(await self.read_state(manager_context.guild))
        remove_deleted = partial(without_channel_rules, channel_ids=deleted_ids)
        await settings.change(
            self._context, manager_context.guild.id, manager_context.manager, remove_deleted
        )

    async def save_preset(
        self, manager_context: ManagerContext, name: str, form_values: FormValues
    ) -> str:
        """Save a form over the preset of a name, or as a new one without a name.

        Return the name under which it was saved.
        """
        before = await self._preset(manager_context, name) if name else Preset(name="")
        after = apply_form_values(before, form_values)
        await self._save(manager_context, after, replaced_name=name)
        return " ".join(after.name.split())

    async def remove_preset(self, manager_context: ManagerContext, name: str) -> None:
        """Remove a preset; do nothing if it was removed before."""
        await presets.remove(self._context, manager_context.guild.id, manager_context.manager, name)

    async def _change_member_limit(
        self, manager_context: ManagerContext, field_name: str, member_limit: MemberLimit | None
    ) -> None:
        limit = Limit(
            target=LimitTarget.MEMBERS,
            kind=LIMIT_KIND_BY_FIELD[field_name],
            amount=None if member_limit is None else member_limit.amount,
            guild_id=manager_context.guild.id,
        )
        change_limit = quotas.clear_limit if member_limit is None else quotas.set_limit
        await change_limit(self._context, limit, manager_context.manager)

    async def _save(
        self, manager_context: ManagerContext, preset: Preset, *, replaced_name: str
    ) -> None:
        await presets.save(
            self._context,
            manager_context.guild.id,
            manager_context.manager,
            preset,
            replaces=replaced_name,
        )

    async def _preset(self, manager_context: ManagerContext, name: str) -> Preset:
        saved = await presets.list_presets(self._context, manager_context.guild.id)
        preset = next((one for one in saved if one.key == preset_key(name)), None)
        if preset is None:
            raise RulesViolated([Violation.of(ViolationCode.PRESET_DELETED, Source.SETTINGS)])
        return preset
