"""Knows how the help looks: the commands as they are registered, the prices and limits of today."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import discord
from discord import app_commands, ui

from cogs.help import price_views
from cogs.quotas import views as quota_cards
from cogs.ui.i18n import _
from cogs.ui.layout import BLUE, box, layout, lines_box, row, text_block
from domain.models import MODELS
from workflow.billing.quotas import QuotaStatus
from workflow.context import Policy

AnyCommand = app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu


def render_help(
    listed: Sequence[AnyCommand],
    ids: Mapping[str, int],
    standing: QuotaStatus,
    policy: Policy,
    notify_button: ui.Item[Any],
) -> ui.LayoutView:
    """Lay out the help; `ids` are the commands' ids at Discord, as far as they are known.

    `bell` is the button about messages when a video is done.
    """
    everyones = [one for one in listed if not is_for_managers(one)]
    managers = [one for one in listed if is_for_managers(one)]
    lines = [_("**I make short videos** from words, pictures, clips and sounds.")]
    lines += [_line(one, ids) for one in everyones]
    if managers:
        lines += [_("**For who may *Manage Server***"), *(_line(one, ids) for one in managers)]
    return layout(
        lines_box(BLUE, lines),
        lines_box(
            BLUE,
            [
                _("**Prices today**"),
                *(f"{m.label}: {price_views.format_rates(m)}" for m in MODELS.values()),
            ],
        ),
        *quota_cards.render_quota(standing),
        lines_box(BLUE, _rules(policy)),
        row(notify_button),
    )


def render_privacy(texts: Iterable[str]) -> ui.LayoutView:
    """Lay out what is said of privacy."""
    items = [text_block(text) for text in texts]
    return layout(box(BLUE, *items))


def command_mention(name: str, ids: Mapping[str, int]) -> str:
    """Name a command so that a click types it; plainly where its id is not known."""
    command_id = ids.get(name.partition(" ")[0])
    return f"`/{name}`" if command_id is None else f"</{name}:{command_id}>"


def is_for_managers(listed: AnyCommand) -> bool:
    """Tell whether Discord offers a command to managers alone."""
    needed = listed.default_permissions
    return needed is not None and needed.manage_guild


def is_for_operator(listed: AnyCommand) -> bool:
    """Tell whether a command is for whoever runs the service."""
    needed = listed.default_permissions
    return needed is not None and needed.administrator


def _line(listed: AnyCommand, ids: Mapping[str, int]) -> str:
    match listed:
        case app_commands.ContextMenu():
            return f"- {_in_menu(listed)}"
        case app_commands.Group():
            names = [one.qualified_name for one in listed.walk_commands()]
            mentions = " ".join(command_mention(name, ids) for name in names)
            return f"- {mentions}: {_(listed.description)}"
        case _:
            return f"- {command_mention(listed.name, ids)}: {_(listed.description)}"


def _in_menu(listed: app_commands.ContextMenu) -> str:
    if listed.type is discord.AppCommandType.message:
        return _("**{name}**: in the menu of a message, under *Apps*", name=listed.name)
    return _("**{name}**: in the menu of a member, under *Apps*", name=listed.name)


def _rules(policy: Policy) -> list[str]:
    rules = (
        _("Every request is checked first; you see the price, and *Cancel* while it waits."),
        _("A video that fails costs its price too.")
        if policy.charge_failed_tasks
        else _("A video that fails costs nothing."),
        _("*Message me when done*, below and under each request, has me write to you."),
        _(
            "{own} of your videos may wait in line at once, and {all} of this server's.",
            own=policy.max_queued_per_member,
            all=policy.max_queued_per_server,
        ),
    )
    return [_("**Good to know**"), *(f"- {rule}" for rule in rules)]
