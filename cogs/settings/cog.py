"""The panel on which managers see and change what counts on their server: `/settings`."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import Any, Final

import discord
from discord import app_commands, ui
from discord.ext import commands

from cogs.settings import modals, pages
from cogs.settings.controls import (
    ControlAction,
    ReopenFormButton,
    SettingsControl,
    SettingsLocation,
    SettingsPage,
    chosen_values,
    parse_location,
)
from cogs.settings.field_types import TextField
from cogs.settings.fields import find_field
from cogs.settings.modals import FormValues, RejectedForm
from cogs.settings.pages import RejectionNotice
from cogs.settings.service import ManagerContext, SettingsService, SettingsState
from cogs.ui.i18n import N_, _
from cogs.ui.interactions import InteractionTracker, UserError, is_manager, run_handler
from cogs.ui.routing import ComponentCog, ComponentRoute
from cogs.ui.ttl_store import TTL_MINUTES, TTLStore
from domain.errors import RulesViolated
from workflow.billing.quotas import Actor
from workflow.context import Context

_FORM_READ_S: Final = 2
"""A form has to be the first answer, and Discord waits three seconds for it."""

_Interaction = discord.Interaction[Any]


class SettingsCog(ComponentCog):
    """Shows the panel to managers, privately, and does what its controls are used for."""

    def __init__(self, context: Context, interactions: InteractionTracker) -> None:
        self._clerk = SettingsService(context)
        self._interactions = interactions
        self._kept = TTLStore[RejectedForm](context.now_ms)

    @property
    def component_routes(self) -> tuple[ComponentRoute[Any], ...]:
        """List the controls of the panel."""
        return (
            ComponentRoute(SettingsControl, self.handle_control),
            ComponentRoute(ReopenFormButton, self.reopen_form),
        )

    @app_commands.command(
        name="settings", description=N_("See and change what counts on this server")
    )
    @app_commands.default_permissions(manage_guild=True)
    async def settings(self, interaction: _Interaction) -> None:
        """Show the first page."""
        await self._interactions.defer_reply(interaction)
        await run_handler(interaction, self._open(interaction))

    async def handle_control(self, interaction: _Interaction, control: SettingsControl) -> None:
        """Do what a control was used for, and show the page as it is then."""
        values = chosen_values(interaction)
        work = self._use(interaction, control.location, control.control_name, values)
        await run_handler(interaction, work)

    async def reopen_form(self, interaction: _Interaction, button: ReopenFormButton) -> None:
        """Open a form once more with what was typed into it."""
        await run_handler(interaction, self._retype(interaction, button.form_key))

    @commands.Cog.listener("on_interaction")
    async def on_form_submit(self, interaction: _Interaction) -> None:
        """Take a form that is sent off, also one that an earlier process has opened."""
        data: dict[str, Any] = {**(interaction.data or {})}
        about = modals.FORM_CUSTOM_ID.fullmatch(str(data.get("custom_id")))
        if interaction.type is not discord.InteractionType.modal_submit or about is None:
            return
        typed = modals.read_form_values(data)
        kept = RejectedForm(interaction.user.id, parse_location(about), about["knob"], typed)
        await run_handler(interaction, self._take(interaction, kept))

    async def _open(self, interaction: _Interaction) -> None:
        seat = _seat(interaction)
        await self._show(interaction, seat, SettingsLocation(SettingsPage.HOME))

    async def _use(
        self, interaction: _Interaction, spot: SettingsLocation, knob: str, values: Sequence[str]
    ) -> None:
        seat = _seat(interaction)
        if _opens_form(spot, knob):
            await interaction.response.send_modal(await self._filled_form(seat, spot, knob))
            return
        await self._interactions.defer_update_or_reply(interaction)
        if knob in (ControlAction.OPEN_PAGE, ControlAction.SELECT_SUBJECT):
            await self._show(interaction, seat, _turned(interaction, spot, knob, values))
            return
        await self._do(interaction, seat, spot, self._change(seat, spot, knob, values))

    async def _take(self, interaction: _Interaction, kept: RejectedForm) -> None:
        """Take what was typed; if it breaks rules, keep it, so that nobody types it twice."""
        seat = _seat(interaction)
        await self._interactions.defer_update_or_reply(interaction)
        await self._do(interaction, seat, kept.location, self._change_typed(seat, kept), kept)

    async def _retype(self, interaction: _Interaction, key: str) -> None:
        _seat(interaction)
        kept = self._kept.get(key, interaction.user.id)
        if kept is None:
            raise UserError(
                _(
                    "What you typed is kept for {minutes} minutes at most, and it is gone. "
                    "Type it anew.",
                    minutes=TTL_MINUTES,
                )
            )
        await interaction.response.send_modal(_form(kept.location, kept.control_name, kept.values))

    async def _filled_form(
        self, seat: ManagerContext, spot: SettingsLocation, knob: str
    ) -> ui.Modal:
        try:
            async with asyncio.timeout(_FORM_READ_S):
                state = await self._clerk.read_state(seat.guild)
        except TimeoutError:
            raise UserError(_("The service is slow just now. Click again in a moment.")) from None
        return _form(spot, knob, _standing(state, spot, knob))

    async def _do(
        self,
        interaction: _Interaction,
        seat: ManagerContext,
        spot: SettingsLocation,
        change: Awaitable[SettingsLocation],
        typed: RejectedForm | None = None,
    ) -> None:
        """Make a change and show where it leads; if it breaks rules, name them above its page."""
        try:
            after = await change
        except RulesViolated as error:
            button = None if typed is None else self._keep(interaction, typed)
            notice = RejectionNotice(error.violations, button)
            await self._show(interaction, seat, spot, notice)
        else:
            await self._show(interaction, seat, after)

    def _keep(self, interaction: _Interaction, typed: RejectedForm) -> ReopenFormButton:
        """Keep what was typed, and return the button that opens its form."""
        key = str(interaction.id)
        self._kept.put(key, typed)
        return ReopenFormButton(key, _("Edit again"))

    async def _show(
        self,
        interaction: _Interaction,
        seat: ManagerContext,
        spot: SettingsLocation,
        notice: RejectionNotice | None = None,
    ) -> None:
        view = pages.render_page(await self._clerk.read_state(seat.guild), spot, notice)
        await interaction.edit_original_response(view=view)

    async def _change(
        self, seat: ManagerContext, spot: SettingsLocation, knob: str, values: Sequence[str]
    ) -> SettingsLocation:
        """Change what a control was used for that needs no form; tell which page shows it."""
        match knob:
            case ControlAction.CLEAR:
                await self._clerk.clear_channel_rules(seat, int(spot.subject))
            case ControlAction.CLEAR_DELETED:
                await self._clerk.clear_deleted_channels(seat)
            case ControlAction.REMOVE:
                await self._clerk.remove_preset(seat, spot.subject)
                return SettingsLocation(SettingsPage.PRESETS)
            case _:
                known = find_field(spot.page, knob)
                if known is None or isinstance(known, TextField):
                    raise _out_of_date()
                await self._clerk.set_value(seat, spot, knob, known.parse_input(values))
        return spot

    async def _change_typed(self, seat: ManagerContext, kept: RejectedForm) -> SettingsLocation:
        """Change what was typed into a form; tell which page shows it."""
        if kept.control_name in (ControlAction.ADD, ControlAction.EDIT):
            name = await self._clerk.save_preset(seat, kept.location.subject, kept.values)
            return replace(kept.location, subject=name)
        knob = find_field(kept.location.page, kept.control_name)
        if not isinstance(knob, TextField):
            raise _out_of_date()
        value = knob.parse_input(kept.values.get(modals.TEXT_INPUT_ID, ""))
        await self._clerk.set_value(seat, kept.location, kept.control_name, value)
        return kept.location


def _seat(interaction: _Interaction) -> ManagerContext:
    """Find out who wants to change something, and turn away whoever may not (any more)."""
    if not is_manager(interaction):
        raise UserError(_("Only members with *Manage Server* can do that."))
    if interaction.guild is None:
        raise UserError(_("Discord has not told me of this server yet. Try again in a moment."))
    return ManagerContext(interaction.guild, Actor(interaction.user.id, interaction.id))


def _opens_form(spot: SettingsLocation, knob: str) -> bool:
    return knob in (ControlAction.ADD, ControlAction.EDIT) or isinstance(
        find_field(spot.page, knob), TextField
    )


def _turned(
    interaction: _Interaction, spot: SettingsLocation, knob: str, values: Sequence[str]
) -> SettingsLocation:
    """Tell which page was chosen, or what a page is to be about."""
    chosen = next(iter(values), "")
    if knob == ControlAction.SELECT_SUBJECT:
        return replace(spot, subject=chosen)
    page = next((page for page in SettingsPage if page == chosen), SettingsPage.HOME)
    return SettingsLocation(
        page, str(interaction.channel_id) if page is SettingsPage.CHANNEL else ""
    )


def _form(spot: SettingsLocation, knob: str, typed: FormValues) -> ui.Modal:
    if knob in (ControlAction.ADD, ControlAction.EDIT):
        return modals.preset_modal(spot, knob, typed)
    text = find_field(spot.page, knob)
    if not isinstance(text, TextField):
        raise _out_of_date()
    return modals.text_modal(spot, text, typed.get(modals.TEXT_INPUT_ID, ""))


def _standing(state: SettingsState, spot: SettingsLocation, knob: str) -> FormValues:
    """Write what is set as it stands in the form that changes it."""
    if knob in (ControlAction.ADD, ControlAction.EDIT):
        preset = state.find_preset(spot.subject)
        return {} if preset is None else modals.preset_to_form_values(preset)
    text = find_field(spot.page, knob)
    if not isinstance(text, TextField):
        raise _out_of_date()
    return {modals.TEXT_INPUT_ID: text.format_input(state.value(spot, knob))}


def _out_of_date() -> UserError:
    return UserError(_("This panel is out of date. Type `/settings` once more."))
