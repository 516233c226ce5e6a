"""Views of the help: the registered commands, today's prices and limits."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

import discord
from discord import app_commands, ui
from discord.ext import commands

from cogs.help import price_views
from cogs.help.data_buttons import DataAction, DataButton
from cogs.quotas import views as quota_views
from cogs.ui.i18n import _
from cogs.ui.layout import BLUE, box, fitting_lines, layout, lines_box, row, text_block
from cogs.ui.routing import Interaction
from domain.models import MODELS
from workflow.billing.quotas import QuotaStatus
from workflow.context import Policy

_LIST_CHARS: Final = 1_500

AnyCommand = app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu


def render_help(
    listed: Sequence[AnyCommand],
    quota_status: QuotaStatus,
    policy: Policy,
    notify_button: ui.Item[Any],
) -> ui.LayoutView:
    """Lay out the help; `notify_button` is the button for done-notifications."""
    for_everyone = [command for command in listed if not is_for_managers(command)]
    for_managers = [command for command in listed if is_for_managers(command)]
    lines = [_("**I make short videos** from text, pictures, clips and sounds.")]
    lines += [_line(command) for command in for_everyone]
    if for_managers:
        lines += [
            _("**For server managers**"),
            *(_line(command) for command in for_managers),
        ]
    return layout(
        lines_box(BLUE, lines),
        lines_box(
            BLUE,
            [
                _("**Prices**"),
                *(f"{m.label}: {price_views.format_rates(m)}" for m in MODELS.values()),
            ],
        ),
        *quota_views.render_quota(quota_status),
        lines_box(BLUE, _rules(policy)),
        row(notify_button),
    )


def render_privacy(texts: Iterable[str]) -> ui.LayoutView:
    """Lay out the sections about privacy, and the buttons about one's own data."""
    buttons = row(DataButton(DataAction.EXPORT), DataButton(DataAction.DELETE))
    return layout(box(BLUE, *(text_block(text) for text in texts)), buttons)


def render_export(
    text: str, too_large: Sequence[tuple[str, str | None]], operator: int | None
) -> ui.LayoutView:
    """Lay out what became of an export; `too_large` are names of files, with links to some."""
    linked = [f"- [{name}]({link})" for name, link in too_large if link is not None]
    rest = [f"- {name}" for name, link in too_large if link is None]
    blocks = [text]
    if linked:
        title = _("Too large for a message; these links work for a day:")
        blocks.append("\n".join([title, *fitting_lines(linked, _LIST_CHARS)]))
    if rest:
        title = (
            _("Too large for a message. The operator of this bot can give you:")
            if operator is None
            else _(
                "Too large for a message. The operator of this bot, <@{operator}>, can give you:",
                operator=operator,
            )
        )
        blocks.append("\n".join([title, *fitting_lines(rest, _LIST_CHARS)]))
    return layout(*(text_block(block) for block in blocks))


def operator_id(interaction: Interaction) -> int | None:
    """Return the id of the bot's owner, or of the owner of its team."""
    application = cast("commands.Bot", interaction.client).application
    if application is None:
        return None
    return application.team.owner_id if application.team else application.owner.id


def is_for_managers(listed: AnyCommand) -> bool:
    """Return whether Discord offers a command to managers alone."""
    needed = listed.default_permissions
    return needed is not None and needed.manage_guild


def is_for_operator(listed: AnyCommand) -> bool:
    """Return whether a command is for the operator of the service."""
    needed = listed.default_permissions
    return needed is not None and needed.administrator


def _line(listed: AnyCommand) -> str:
    match listed:
        case app_commands.ContextMenu():
            return f"- {_format_context_menu(listed)}"
        case app_commands.Group():
            names = [command.qualified_name for command in listed.walk_commands()]
            mentions = " ".join(f"`/{name}`" for name in names)
            return f"- {mentions}: {_(listed.description)}"
        case _:
            return f"- `/{listed.name}`: {_(listed.description)}"


def _format_context_menu(listed: app_commands.ContextMenu) -> str:
    if listed.type is discord.AppCommandType.message:
        return _("**{name}**: in a message's menu, under *Apps*", name=_(listed.name))
    return _("**{name}**: in a member's menu, under *Apps*", name=_(listed.name))


def _rules(policy: Policy) -> list[str]:
    rules = (
        _("You see the price right away, and can cancel while your video waits."),
        _("You also pay for videos that fail.")
        if policy.charge_failed_tasks
        else _("You only pay for videos that work."),
        _("Turn on *DM me when videos are done* to get a ping."),
        _(
            "Up to {own} of your videos can wait at once, and {all} on this server.",
            own=policy.max_queued_per_member,
            all=policy.max_queued_per_server,
        ),
    )
    return [_("**Good to know**"), *(f"- {rule}" for rule in rules)]
