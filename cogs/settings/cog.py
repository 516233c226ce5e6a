"""The `/settings` command and the interactions with its panel."""

import asyncio
import re
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from discord import app_commands, ui

from cogs.settings import modals, pages
from cogs.settings.checks import ServerIds
from cogs.settings.controls import (
    ControlAction,
    ReopenFormButton,
    SettingsControl,
    SettingsLocation,
    SettingsPage,
    parse_location,
)
from cogs.settings.field_types import TextField, not_offered
from cogs.settings.fields import find_field
from cogs.settings.modals import FormValues, RejectedForm
from cogs.settings.pages import RejectionNotice
from cogs.settings.service import ManagerContext, SettingsService, SettingsState
from cogs.ui.forms import chosen_values, read_texts
from cogs.ui.i18n import N_, _
from cogs.ui.interactions import (
    InteractionTracker,
    UserError,
    channel_id_of,
    is_manager,
    run_handler,
)
from cogs.ui.routing import ComponentCog, ComponentRoute, FormRoute, Interaction
from domain.errors import RulesViolated
from domain.presets import MAX_NAME_CHARS
from domain.snowflakes import parse_snowflake
from workflow.billing.quotas import Actor
from workflow.context import Context
from workflow.pending_interactions import KEPT_MINUTES, PendingStore

_PAGES_BY_ACTION: Final = MappingProxyType(
    {
        ControlAction.OPEN_PAGE: tuple(SettingsPage),
        ControlAction.SELECT_SUBJECT: (SettingsPage.CHANNEL, SettingsPage.PRESETS),
        ControlAction.CLEAR: (SettingsPage.CHANNEL,),
        ControlAction.CLEAR_DELETED: (SettingsPage.CHANNEL,),
        ControlAction.ADD: (SettingsPage.PRESETS,),
        ControlAction.EDIT: (SettingsPage.PRESETS,),
        ControlAction.REMOVE: (SettingsPage.PRESETS,),
    }
)

_FORM_READ_S: Final = 2
"""A form has to be the first response, and Discord waits three seconds for it."""


class SettingsCog(ComponentCog):
    """The settings panel, shown privately to managers."""

    def __init__(self, context: Context, interactions: InteractionTracker) -> None:
        self._service = SettingsService(context)
        self._interactions = interactions
        self._rejected_forms = PendingStore(
            context.database, context.now_ms, "rejected settings", RejectedForm
        )

    @property
    def component_routes(self) -> tuple[ComponentRoute[Any], ...]:
        """Return the handlers of the panel's controls."""
        return (
            ComponentRoute(SettingsControl, self.handle_control),
            ComponentRoute(ReopenFormButton, self.reopen_form),
        )

    @property
    def form_routes(self) -> tuple[FormRoute, ...]:
        """Return the route of the panel's forms, which an earlier process may have opened."""
        return (FormRoute(modals.FORM_CUSTOM_ID, self._submit_form),)

    @app_commands.command(name="settings", description=N_("See and change this server's settings"))
    @app_commands.default_permissions(manage_guild=True)
    async def settings(self, interaction: Interaction) -> None:
        """Show the first page."""
        await self._interactions.defer_reply(interaction)
        await run_handler(interaction, self._show_home(interaction))

    async def handle_control(self, interaction: Interaction, control: SettingsControl) -> None:
        """Apply what a control does, and show the updated page."""
        values = chosen_values(interaction)
        handling = self._handle_control(interaction, control.location, control.control_name, values)
        await run_handler(interaction, handling)

    async def reopen_form(self, interaction: Interaction, button: ReopenFormButton) -> None:
        """Reopen a rejected form with its values."""
        await run_handler(interaction, self._reopen_form(interaction, button.form_key))

    async def _show_home(self, interaction: Interaction) -> None:
        manager_context = _manager_context(interaction)
        await self._show_page(interaction, manager_context, SettingsLocation(SettingsPage.HOME))

    async def _handle_control(
        self,
        interaction: Interaction,
        location: SettingsLocation,
        control_name: str,
        values: Sequence[str],
    ) -> None:
        manager_context = _manager_context(interaction)
        _check_control(location, control_name)
        if _opens_form(location, control_name):
            # Discord accepts a form as the first response only: no deferring here.
            await interaction.response.send_modal(
                await self._build_modal(manager_context, location, control_name)
            )
            return
        await self._interactions.defer_update_or_reply(interaction)
        if control_name == ControlAction.OPEN_PAGE:
            await self._show_page(interaction, manager_context, _chosen_page(interaction, values))
            return
        await self._apply_change(
            interaction,
            manager_context,
            location,
            self._change_by_control(manager_context, location, control_name, values),
        )

    async def _submit_form(
        self, interaction: Interaction, match: re.Match[str], data: Mapping[str, Any]
    ) -> None:
        """Apply a submitted form; if it breaks rules, store it for its manager to correct."""
        form = RejectedForm(
            interaction.user.id, parse_location(match), match["control"], read_texts(data)
        )
        manager_context = _manager_context(interaction)
        _check_control(form.location, form.control_name)
        await self._interactions.defer_update_or_reply(interaction)
        await self._apply_change(
            interaction,
            manager_context,
            form.location,
            self._change_by_form(manager_context, form),
            form,
        )

    async def _reopen_form(self, interaction: Interaction, key: str) -> None:
        _manager_context(interaction)
        form = await self._find_rejected_form(key, interaction.user.id)
        if form is None:
            raise UserError(
                _(
                    "That form expired after {minutes} minutes. Start over.",
                    minutes=KEPT_MINUTES,
                )
            )
        await interaction.response.send_modal(
            _make_modal(form.location, form.control_name, form.values)
        )

    async def _find_rejected_form(self, key: str, user_id: int) -> RejectedForm | None:
        try:
            async with asyncio.timeout(_FORM_READ_S):
                return await self._rejected_forms.get(key, user_id)
        except TimeoutError:
            raise _too_slow() from None

    async def _build_modal(
        self, manager_context: ManagerContext, location: SettingsLocation, control_name: str
    ) -> ui.Modal:
        try:
            async with asyncio.timeout(_FORM_READ_S):
                state = await self._service.read_state(manager_context.guild)
        except TimeoutError:
            raise _too_slow() from None
        return _make_modal(location, control_name, _current_values(state, location, control_name))

    async def _apply_change(
        self,
        interaction: Interaction,
        manager_context: ManagerContext,
        location: SettingsLocation,
        change: Awaitable[SettingsLocation],
        form: RejectedForm | None = None,
    ) -> None:
        """Apply a change and show the resulting page; above it list the rules that it breaks."""
        try:
            after = await change
        except RulesViolated as error:
            button = None if form is None else await self._store_rejected_form(interaction, form)
            notice = RejectionNotice(error.violations, button)
            await self._show_page(interaction, manager_context, location, notice)
        else:
            await self._show_page(interaction, manager_context, after)

    async def _store_rejected_form(
        self, interaction: Interaction, form: RejectedForm
    ) -> ReopenFormButton:
        """Store a rejected form, and return the button that reopens it."""
        key = str(interaction.id)
        await self._rejected_forms.put(key, form.user_id, form)
        return ReopenFormButton(key, _("Edit again"))

    async def _show_page(
        self,
        interaction: Interaction,
        manager_context: ManagerContext,
        location: SettingsLocation,
        notice: RejectionNotice | None = None,
    ) -> None:
        view = pages.render_page(
            await self._service.read_state(manager_context.guild), location, notice
        )
        await interaction.edit_original_response(view=view)

    async def _change_by_control(
        self,
        manager_context: ManagerContext,
        location: SettingsLocation,
        control_name: str,
        values: Sequence[str],
    ) -> SettingsLocation:
        """Apply a control that needs no form, and return the location of the page that shows it."""
        match control_name:
            case ControlAction.SELECT_SUBJECT:
                return _selected_location(location, manager_context.ids, values)
            case ControlAction.CLEAR:
                await self._service.clear_channel_rules(manager_context, int(location.subject))
            case ControlAction.CLEAR_DELETED:
                await self._service.clear_deleted_channels(manager_context)
            case ControlAction.REMOVE:
                await self._service.remove_preset(manager_context, location.subject)
                return SettingsLocation(SettingsPage.PRESETS)
            case _:
                field = find_field(location.page, control_name)
                if field is None or isinstance(field, TextField):
                    raise _panel_outdated()
                await self._service.set_value(
                    manager_context, location, control_name, field.parse_input(values)
                )
        return location

    async def _change_by_form(
        self, manager_context: ManagerContext, form: RejectedForm
    ) -> SettingsLocation:
        """Apply a form, and return the location of the page that shows it."""
        if form.control_name in (ControlAction.ADD, ControlAction.EDIT):
            name = await self._service.save_preset(
                manager_context, form.location.subject, form.values
            )
            return replace(form.location, subject=name)
        field = find_field(form.location.page, form.control_name)
        if not isinstance(field, TextField):
            raise _panel_outdated()
        value = field.parse_input(form.values.get(modals.TEXT_INPUT_ID, ""))
        await self._service.set_value(manager_context, form.location, form.control_name, value)
        return form.location


def _manager_context(interaction: Interaction) -> ManagerContext:
    """Return the manager and server of an interaction.

    Raises:
        UserError: the member lacks, or has lost, the permission to manage the server.
    """
    if not is_manager(interaction):
        raise UserError(_("You need *Manage Server* for that."))
    guild = interaction.guild
    if guild is None or guild.unavailable:
        raise UserError(_("Discord hasn't told me about this server yet. Try again in a moment."))
    ids = ServerIds.of(guild, interaction)
    return ManagerContext(ids, Actor(interaction.user.id, interaction.id))


def _check_control(location: SettingsLocation, control_name: str) -> None:
    """Check that a page has a control.

    Raises:
        UserError: it has none of this name, in this version.
    """
    is_action = control_name in list(ControlAction)
    if is_action and location.page in _PAGES_BY_ACTION[ControlAction(control_name)]:
        return
    if is_action or find_field(location.page, control_name) is None:
        raise _panel_outdated()


def _opens_form(location: SettingsLocation, control_name: str) -> bool:
    return control_name in (ControlAction.ADD, ControlAction.EDIT) or isinstance(
        find_field(location.page, control_name), TextField
    )


def _chosen_page(interaction: Interaction, values: Sequence[str]) -> SettingsLocation:
    """Return the location of the selected page."""
    chosen = next(iter(values), "")
    page = next((page for page in SettingsPage if page == chosen), SettingsPage.HOME)
    return SettingsLocation(
        page, str(channel_id_of(interaction)) if page is SettingsPage.CHANNEL else ""
    )


def _selected_location(
    location: SettingsLocation, ids: ServerIds, values: Sequence[str]
) -> SettingsLocation:
    """Return the location of the selected preset or channel of this page.

    Raises:
        RulesViolated: the channel is not the server's.
    """
    subject = next(iter(values), "")[:MAX_NAME_CHARS]
    if location.page is SettingsPage.CHANNEL:
        channel_id = parse_snowflake(subject)
        if channel_id is None or not ids.has_channel(channel_id):
            raise not_offered()
    return replace(location, subject=subject)


def _make_modal(location: SettingsLocation, control_name: str, form_values: FormValues) -> ui.Modal:
    if control_name in (ControlAction.ADD, ControlAction.EDIT):
        return modals.preset_modal(location, control_name, form_values)
    field = find_field(location.page, control_name)
    if not isinstance(field, TextField):
        raise _panel_outdated()
    return modals.text_modal(location, field, form_values.get(modals.TEXT_INPUT_ID, ""))


def _current_values(
    state: SettingsState, location: SettingsLocation, control_name: str
) -> FormValues:
    """Return the current values for the form that changes them."""
    if control_name in (ControlAction.ADD, ControlAction.EDIT):
        preset = state.find_preset(location.subject)
        return {} if preset is None else modals.preset_to_form_values(preset)
    field = find_field(location.page, control_name)
    if not isinstance(field, TextField):
        raise _panel_outdated()
    return {modals.TEXT_INPUT_ID: field.format_input(state.value(location, control_name))}


def _too_slow() -> UserError:
    return UserError(_("We're a bit slow right now. Click again in a moment."))


def _panel_outdated() -> UserError:
    return UserError(_("This panel is out of date. Run `/settings` again."))
