"""Knows where each thing that is set on the panel is kept; reads and changes it for a manager."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import discord
from pydantic import BaseModel

from cogs.settings.controls import Page, Spot
from cogs.settings.field_types import Allowance
from cogs.settings.fields import LIMIT_KINDS
from cogs.settings.modals import Typed, preset_of
from domain.catalogue import t
from domain.errors import BrokenRules
from domain.guild_settings import ChannelRules, Rules, ServerSettings
from domain.presets import Preset, key_of
from domain.quotas import Limit, Target
from workflow.billing import quotas
from workflow.billing.quotas import Change, Manager
from workflow.context import Context
from workflow.guilds import presets, settings

_USUAL: Final = ServerSettings()


@dataclass(frozen=True, slots=True)
class State:
    """What is set on a server now; `pace` is what is set for each member, under its kind's name."""

    guild: discord.Guild
    settings: ServerSettings
    presets: tuple[Preset, ...]
    pace: Mapping[str, Allowance]
    changes: tuple[Change, ...]

    def value(self, spot: Spot, field: str) -> Any:
        """Give what is set under a name on a page."""
        if field in LIMIT_KINDS:
            return self.pace.get(field)
        return getattr(self._holder(spot), field)

    def is_set(self, spot: Spot, field: str) -> bool:
        """Tell whether managers set it, or it is as it comes."""
        if field in LIMIT_KINDS:
            return field in self.pace
        return self.value(spot, field) != getattr(_usual(spot), field)

    def preset(self, name: str) -> Preset | None:
        """Find a preset by its name."""
        return next((one for one in self.presets if one.key == key_of(name)), None)

    def _holder(self, spot: Spot) -> BaseModel:
        match spot.page:
            case Page.MODELS:
                return self.settings.rules
            case Page.CHANNEL:
                return own_rules(self.settings, int(spot.about))
            case Page.PRESETS:
                return self.preset(spot.about) or Preset(name="")
            case _:
                return self.settings


def own_rules(settings: ServerSettings, channel_id: int) -> Rules:
    """Give the rules of one channel alone."""
    found = (one.rules for one in settings.overrides if one.channel_id == channel_id)
    return next(found, Rules())


def changed(settings: ServerSettings, spot: Spot, field: str, value: Any) -> ServerSettings:
    """Change what is set under a name on a page, and nothing else."""
    match spot.page:
        case Page.MODELS:
            rules = settings.rules.model_copy(update={field: value})
            return settings.model_copy(update={"rules": rules})
        case Page.CHANNEL:
            channel_id = int(spot.about)
            rules = own_rules(settings, channel_id).model_copy(update={field: value})
            return with_rules(settings, channel_id, rules)
        case _:
            return settings.model_copy(update={field: value})


def with_rules(settings: ServerSettings, channel_id: int, rules: Rules) -> ServerSettings:
    """Put other rules in the place of a channel's own; those that leave all open are none."""
    others = tuple(one for one in settings.overrides if one.channel_id != channel_id)
    own = () if rules == Rules() else (ChannelRules(channel_id=channel_id, rules=rules),)
    return settings.model_copy(update={"overrides": (*others, *own)})


def without_rules(settings: ServerSettings, channel_ids: Container[int]) -> ServerSettings:
    """Clear the own rules of some channels."""
    left = tuple(one for one in settings.overrides if one.channel_id not in channel_ids)
    return settings.model_copy(update={"overrides": left})


def gone_channels(state: State) -> list[int]:
    """List the channels with rules of their own that are not there any more."""
    ids = [one.channel_id for one in state.settings.overrides]
    return [id_ for id_ in ids if state.guild.get_channel_or_thread(id_) is None]


def _usual(spot: Spot) -> BaseModel:
    match spot.page:
        case Page.MODELS | Page.CHANNEL:
            return Rules()
        case Page.PRESETS:
            return Preset(name="")
        case _:
            return _USUAL


@dataclass(frozen=True, slots=True)
class Seat:
    """A manager who changes something on a server, by one interaction."""

    guild: discord.Guild
    manager: Manager


class Clerk:
    """Changes one thing at a time and lets the rest be, whoever else changes something.

    What breaks rules raises BrokenRules, in words for the manager, and changes nothing.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    async def read(self, guild: discord.Guild) -> State:
        """Read what is set on a server now."""
        house = await quotas.house(self._context, guild.id)
        pace = {
            str(limit.kind): Allowance(limit.amount)
            for limit in house.limits
            if limit.target is Target.MEMBERS and limit.kind in LIMIT_KINDS.values()
        }
        return State(
            guild=guild,
            settings=await settings.read(self._context, guild.id),
            presets=tuple(await presets.listed(self._context, guild.id)),
            pace=pace,
            changes=await settings.latest(self._context, guild.id),
        )

    async def put(self, seat: Seat, spot: Spot, field: str, value: Any) -> None:
        """Set one thing on a page."""
        if field in LIMIT_KINDS:
            await self._put_limit(seat, field, value)
        elif spot.page is Page.PRESETS:
            preset = await self._preset(seat, spot.about)
            await self._save(seat, preset.model_copy(update={field: value}), over=preset.name)
        else:
            change = partial(changed, spot=spot, field=field, value=value)
            await settings.change(self._context, seat.guild.id, seat.manager, change)

    async def clear_channel(self, seat: Seat, channel_id: int) -> None:
        """Let a channel be as the rest of the server."""
        clear = partial(with_rules, channel_id=channel_id, rules=Rules())
        await settings.change(self._context, seat.guild.id, seat.manager, clear)

    async def sweep(self, seat: Seat) -> None:
        """Clear the rules of channels that are not there any more."""
        gone = gone_channels(await self.read(seat.guild))
        sweep = partial(without_rules, channel_ids=gone)
        await settings.change(self._context, seat.guild.id, seat.manager, sweep)

    async def keep_preset(self, seat: Seat, name: str, typed: Typed) -> str:
        """Save what was typed over the preset of a name, or as a new one; give its name then."""
        before = await self._preset(seat, name) if name else Preset(name="")
        after = preset_of(before, typed)
        await self._save(seat, after, over=name)
        return " ".join(after.name.split())

    async def remove_preset(self, seat: Seat, name: str) -> None:
        """Remove a preset, if it is still there."""
        await presets.remove(self._context, seat.guild.id, seat.manager, name)

    async def _put_limit(self, seat: Seat, field: str, allowance: Allowance | None) -> None:
        limit = Limit(
            target=Target.MEMBERS,
            kind=LIMIT_KINDS[field],
            amount=None if allowance is None else allowance.amount,
            guild_id=seat.guild.id,
        )
        put = quotas.clear_limit if allowance is None else quotas.set_limit
        await put(self._context, limit, seat.manager)

    async def _save(self, seat: Seat, preset: Preset, *, over: str) -> None:
        await presets.save(self._context, seat.guild.id, seat.manager, preset, over=over)

    async def _preset(self, seat: Seat, name: str) -> Preset:
        known = await presets.listed(self._context, seat.guild.id)
        found = next((one for one in known if one.key == key_of(name)), None)
        if found is None:
            raise BrokenRules([t("This preset is deleted.")])
        return found
