"""Knows what is set on a server as the panel shows it, and how one choice changes it."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, Final

import discord
from pydantic import BaseModel

from cogs.settings.controls import Page, Spot
from cogs.settings.fields import LIMIT_KINDS
from cogs.settings.typing_in import Allowance
from domain.presets import Preset, key_of
from domain.servers import ChannelRules, Rules, ServerSettings
from workflow.money.quotas import Change

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
