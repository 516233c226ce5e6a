"""The panel on which managers see and change what counts on their server: `/settings`."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import discord
from discord import app_commands, ui
from discord.ext import commands

from cogs.generation.service import Desk
from cogs.settings import modals, pages
from cogs.settings.controls import Deed, Page, RetypeButton, Spot, spot_of
from cogs.settings.field_types import Text
from cogs.settings.fields import knob_of
from cogs.settings.modals import Kept, Typed
from cogs.settings.pages import Notice
from cogs.settings.service import Clerk, Seat, State
from cogs.ui.interactions import TurnedAway, answering, is_manager
from cogs.ui.ttl_store import KEPT_MINUTES, Drafts
from domain.catalogue import mark, t
from domain.errors import BrokenRules
from workflow.billing.quotas import Manager
from workflow.context import Context

_FORM_READ_S: Final = 2
"""A form has to be the first answer, and Discord waits three seconds for it."""

_Interaction = discord.Interaction[Any]


class SettingsPanel(commands.Cog):
    """Shows the panel to managers, privately, and does what its controls are used for."""

    def __init__(self, context: Context, desk: Desk) -> None:
        self._clerk = Clerk(context)
        self._desk = desk
        self._kept = Drafts[Kept](context.now_ms)

    @app_commands.command(
        name="settings", description=mark("See and change what counts on this server")
    )
    @app_commands.default_permissions(manage_guild=True)
    async def settings(self, interaction: _Interaction) -> None:
        """Show the first page."""
        await self._desk.open(interaction)
        await answering(interaction, self._open(interaction))

    async def use(
        self, interaction: _Interaction, spot: Spot, knob: str, values: Sequence[str]
    ) -> None:
        """Do what a control was used for, and show the page as it is then."""
        await answering(interaction, self._use(interaction, spot, knob, values))

    async def retype(self, interaction: _Interaction, key: str) -> None:
        """Open a form once more with what was typed into it."""
        await answering(interaction, self._retype(interaction, key))

    @commands.Cog.listener("on_interaction")
    async def form(self, interaction: _Interaction) -> None:
        """Take a form that is sent off, also one that an earlier process has opened."""
        data: dict[str, Any] = {**(interaction.data or {})}
        about = modals.FORM.fullmatch(str(data.get("custom_id")))
        if interaction.type is not discord.InteractionType.modal_submit or about is None:
            return
        typed = modals.typed_in(data)
        kept = Kept(interaction.user.id, spot_of(about), about["knob"], typed)
        await answering(interaction, self._take(interaction, kept))

    async def _open(self, interaction: _Interaction) -> None:
        seat = _seat(interaction)
        await self._show(interaction, seat, Spot(Page.HOME))

    async def _use(
        self, interaction: _Interaction, spot: Spot, knob: str, values: Sequence[str]
    ) -> None:
        seat = _seat(interaction)
        if _opens_form(spot, knob):
            await interaction.response.send_modal(await self._filled_form(seat, spot, knob))
            return
        await self._desk.open_in_place(interaction)
        if knob in (Deed.TURN, Deed.CHOOSE):
            await self._show(interaction, seat, _turned(interaction, spot, knob, values))
            return
        await self._do(interaction, seat, spot, self._change(seat, spot, knob, values))

    async def _take(self, interaction: _Interaction, kept: Kept) -> None:
        """Take what was typed; if it breaks rules, keep it, so that nobody types it twice."""
        seat = _seat(interaction)
        await self._desk.open_in_place(interaction)

        def mend() -> RetypeButton:
            key = str(interaction.id)
            self._kept.keep(key, kept)
            return RetypeButton(key, t("Edit again"))

        await self._do(interaction, seat, kept.spot, self._change_typed(seat, kept), mend)

    async def _retype(self, interaction: _Interaction, key: str) -> None:
        _seat(interaction)
        kept = self._kept.find(key, interaction.user.id)
        if kept is None:
            raise TurnedAway(
                t(
                    "What you typed is kept for {minutes} minutes at most, and it is gone. "
                    "Type it anew.",
                    minutes=KEPT_MINUTES,
                )
            )
        await interaction.response.send_modal(_form(kept.spot, kept.knob, kept.typed))

    async def _filled_form(self, seat: Seat, spot: Spot, knob: str) -> ui.Modal:
        try:
            async with asyncio.timeout(_FORM_READ_S):
                state = await self._clerk.read(seat.guild)
        except TimeoutError:
            raise TurnedAway(t("The service is slow just now. Click again in a moment.")) from None
        return _form(spot, knob, _standing(state, spot, knob))

    async def _do(
        self,
        interaction: _Interaction,
        seat: Seat,
        spot: Spot,
        change: Awaitable[Spot],
        mend: Callable[[], RetypeButton] | None = None,
    ) -> None:
        """Make a change and show where it leads; if it breaks rules, name them above its page."""
        try:
            after = await change
        except BrokenRules as error:
            notice = Notice(error.rules, mend() if mend else None)
            await self._show(interaction, seat, spot, notice)
        else:
            await self._show(interaction, seat, after)

    async def _show(
        self, interaction: _Interaction, seat: Seat, spot: Spot, notice: Notice | None = None
    ) -> None:
        view = pages.laid_out(await self._clerk.read(seat.guild), spot, notice)
        await interaction.edit_original_response(view=view)

    async def _change(self, seat: Seat, spot: Spot, knob: str, values: Sequence[str]) -> Spot:
        """Change what a control was used for that needs no form; tell which page shows it."""
        match knob:
            case Deed.CLEAR:
                await self._clerk.clear_channel(seat, int(spot.about))
            case Deed.SWEEP:
                await self._clerk.sweep(seat)
            case Deed.REMOVE:
                await self._clerk.remove_preset(seat, spot.about)
                return Spot(Page.PRESETS)
            case _:
                known = knob_of(spot.page, knob)
                if known is None or isinstance(known, Text):
                    raise _out_of_date()
                await self._clerk.put(seat, spot, knob, known.read(values))
        return spot

    async def _change_typed(self, seat: Seat, kept: Kept) -> Spot:
        """Change what was typed into a form; tell which page shows it."""
        if kept.knob in (Deed.ADD, Deed.EDIT):
            name = await self._clerk.keep_preset(seat, kept.spot.about, kept.typed)
            return replace(kept.spot, about=name)
        knob = knob_of(kept.spot.page, kept.knob)
        if not isinstance(knob, Text):
            raise _out_of_date()
        value = knob.read(kept.typed.get(modals.TEXT, ""))
        await self._clerk.put(seat, kept.spot, kept.knob, value)
        return kept.spot


def _seat(interaction: _Interaction) -> Seat:
    """Find out who wants to change something, and turn away whoever may not (any more)."""
    if not is_manager(interaction):
        raise TurnedAway(t("Only members with *Manage Server* can do that."))
    if interaction.guild is None:
        raise TurnedAway(t("Discord has not told me of this server yet. Try again in a moment."))
    return Seat(interaction.guild, Manager(interaction.user.id, interaction.id))


def _opens_form(spot: Spot, knob: str) -> bool:
    return knob in (Deed.ADD, Deed.EDIT) or isinstance(knob_of(spot.page, knob), Text)


def _turned(interaction: _Interaction, spot: Spot, knob: str, values: Sequence[str]) -> Spot:
    """Tell which page was chosen, or what a page is to be about."""
    chosen = next(iter(values), "")
    if knob == Deed.CHOOSE:
        return replace(spot, about=chosen)
    page = next((page for page in Page if page == chosen), Page.HOME)
    return Spot(page, str(interaction.channel_id) if page is Page.CHANNEL else "")


def _form(spot: Spot, knob: str, typed: Typed) -> ui.Modal:
    if knob in (Deed.ADD, Deed.EDIT):
        return modals.preset_form(spot, knob, typed)
    text = knob_of(spot.page, knob)
    if not isinstance(text, Text):
        raise _out_of_date()
    return modals.text_form(spot, text, typed.get(modals.TEXT, ""))


def _standing(state: State, spot: Spot, knob: str) -> Typed:
    """Write what is set as it stands in the form that changes it."""
    if knob in (Deed.ADD, Deed.EDIT):
        preset = state.preset(spot.about)
        return {} if preset is None else modals.preset_typed(preset)
    text = knob_of(spot.page, knob)
    if not isinstance(text, Text):
        raise _out_of_date()
    return {modals.TEXT: text.written(state.value(spot, knob))}


def _out_of_date() -> TurnedAway:
    return TurnedAway(t("This panel is out of date. Type `/settings` once more."))
