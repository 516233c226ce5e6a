"""Knows where each thing that is set on the panel is kept; reads and changes it for a manager."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import discord

from cogs.settings.controls import Page, Spot
from cogs.settings.fields import LIMIT_KINDS
from cogs.settings.forms import Typed, preset_of
from cogs.settings.state import State, changed, gone_channels, with_rules, without_rules
from cogs.settings.typing_in import Allowance
from domain.catalogue import t
from domain.errors import BrokenRules
from domain.presets import Preset, key_of
from domain.quotas import Limit, Target
from domain.servers import Rules
from workflow.context import Context
from workflow.money import quotas
from workflow.money.quotas import Manager
from workflow.servers import presets, settings, trail


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
            changes=await trail.latest(self._context, guild.id),
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
