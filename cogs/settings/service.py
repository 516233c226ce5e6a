"""Knows where each thing that is set on the panel is kept; reads and changes it for a manager."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import discord
from pydantic import BaseModel

from cogs.settings.controls import SettingsLocation, SettingsPage
from cogs.settings.field_types import MemberLimit
from cogs.settings.fields import LIMIT_KIND_BY_FIELD
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

_USUAL: Final = GuildSettings()


@dataclass(frozen=True, slots=True)
class SettingsState:
    """What is set on a server now; `pace` is what is set for each member, under its kind's name."""

    guild: discord.Guild
    settings: GuildSettings
    presets: tuple[Preset, ...]
    member_limits: Mapping[str, MemberLimit]
    changes: tuple[Change, ...]

    def value(self, spot: SettingsLocation, field: str) -> Any:
        """Give what is set under a name on a page."""
        if field in LIMIT_KIND_BY_FIELD:
            return self.member_limits.get(field)
        return getattr(self._holder(spot), field)

    def is_set(self, spot: SettingsLocation, field: str) -> bool:
        """Tell whether managers set it, or it is as it comes."""
        if field in LIMIT_KIND_BY_FIELD:
            return field in self.member_limits
        return self.value(spot, field) != getattr(_usual(spot), field)

    def find_preset(self, name: str) -> Preset | None:
        """Find a preset by its name."""
        return next((one for one in self.presets if one.key == preset_key(name)), None)

    def _holder(self, spot: SettingsLocation) -> BaseModel:
        match spot.page:
            case SettingsPage.MODELS:
                return self.settings.rules
            case SettingsPage.CHANNEL:
                return channel_rules(self.settings, int(spot.subject))
            case SettingsPage.PRESETS:
                return self.find_preset(spot.subject) or Preset(name="")
            case _:
                return self.settings


def channel_rules(settings: GuildSettings, channel_id: int) -> GenerationRules:
    """Give the rules of one channel alone."""
    found = (one.rules for one in settings.overrides if one.channel_id == channel_id)
    return next(found, GenerationRules())


def with_value(
    settings: GuildSettings, location: SettingsLocation, field_name: str, value: Any
) -> GuildSettings:
    """Change what is set under a name on a page, and nothing else."""
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
    """Put other rules in the place of a channel's own; those that leave all open are none."""
    others = tuple(one for one in settings.overrides if one.channel_id != channel_id)
    own = () if rules == GenerationRules() else (ChannelRules(channel_id=channel_id, rules=rules),)
    return settings.model_copy(update={"overrides": (*others, *own)})


def without_channel_rules(settings: GuildSettings, channel_ids: Container[int]) -> GuildSettings:
    """Clear the own rules of some channels."""
    left = tuple(one for one in settings.overrides if one.channel_id not in channel_ids)
    return settings.model_copy(update={"overrides": left})


def deleted_channel_ids(state: SettingsState) -> list[int]:
    """List the channels with rules of their own that are not there any more."""
    ids = [one.channel_id for one in state.settings.overrides]
    return [id_ for id_ in ids if state.guild.get_channel_or_thread(id_) is None]


def _usual(spot: SettingsLocation) -> BaseModel:
    match spot.page:
        case SettingsPage.MODELS | SettingsPage.CHANNEL:
            return GenerationRules()
        case SettingsPage.PRESETS:
            return Preset(name="")
        case _:
            return _USUAL


@dataclass(frozen=True, slots=True)
class ManagerContext:
    """A manager who changes something on a server, by one interaction."""

    guild: discord.Guild
    manager: Actor


class SettingsService:
    """Changes one thing at a time and lets the rest be, whoever else changes something.

    What breaks rules raises RulesViolated, and changes nothing.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    async def read_state(self, guild: discord.Guild) -> SettingsState:
        """Read what is set on a server now."""
        house = await quotas.read_server_limits(self._context, guild.id)
        pace = {
            str(limit.kind): MemberLimit(limit.amount)
            for limit in house.limits
            if limit.target is LimitTarget.MEMBERS and limit.kind in LIMIT_KIND_BY_FIELD.values()
        }
        return SettingsState(
            guild=guild,
            settings=await settings.read(self._context, guild.id),
            presets=tuple(await presets.list_presets(self._context, guild.id)),
            member_limits=pace,
            changes=await settings.latest_changes(self._context, guild.id),
        )

    async def set_value(
        self, seat: ManagerContext, spot: SettingsLocation, field: str, value: Any
    ) -> None:
        """Set one thing on a page."""
        if field in LIMIT_KIND_BY_FIELD:
            await self._put_limit(seat, field, value)
        elif spot.page is SettingsPage.PRESETS:
            preset = await self._preset(seat, spot.subject)
            await self._save(seat, preset.model_copy(update={field: value}), over=preset.name)
        else:
            change = partial(with_value, location=spot, field_name=field, value=value)
            await settings.change(self._context, seat.guild.id, seat.manager, change)

    async def clear_channel_rules(self, seat: ManagerContext, channel_id: int) -> None:
        """Let a channel be as the rest of the server."""
        clear = partial(with_channel_rules, channel_id=channel_id, rules=GenerationRules())
        await settings.change(self._context, seat.guild.id, seat.manager, clear)

    async def clear_deleted_channels(self, seat: ManagerContext) -> None:
        """Clear the rules of channels that are not there any more."""
        gone = deleted_channel_ids(await self.read_state(seat.guild))
        sweep = partial(without_channel_rules, channel_ids=gone)
        await settings.change(self._context, seat.guild.id, seat.manager, sweep)

    async def save_preset(self, seat: ManagerContext, name: str, typed: FormValues) -> str:
        """Save what was typed over the preset of a name, or as a new one; give its name then."""
        before = await self._preset(seat, name) if name else Preset(name="")
        after = apply_form_values(before, typed)
        await self._save(seat, after, over=name)
        return " ".join(after.name.split())

    async def remove_preset(self, seat: ManagerContext, name: str) -> None:
        """Remove a preset, if it is still there."""
        await presets.remove(self._context, seat.guild.id, seat.manager, name)

    async def _put_limit(
        self, seat: ManagerContext, field: str, allowance: MemberLimit | None
    ) -> None:
        limit = Limit(
            target=LimitTarget.MEMBERS,
            kind=LIMIT_KIND_BY_FIELD[field],
            amount=None if allowance is None else allowance.amount,
            guild_id=seat.guild.id,
        )
        put = quotas.clear_limit if allowance is None else quotas.set_limit
        await put(self._context, limit, seat.manager)

    async def _save(self, seat: ManagerContext, preset: Preset, *, over: str) -> None:
        await presets.save(self._context, seat.guild.id, seat.manager, preset, replaces=over)

    async def _preset(self, seat: ManagerContext, name: str) -> Preset:
        known = await presets.list_presets(self._context, seat.guild.id)
        found = next((one for one in known if one.key == preset_key(name)), None)
        if found is None:
            raise RulesViolated([Violation.of(ViolationCode.PRESET_DELETED, Source.SETTINGS)])
        return found
