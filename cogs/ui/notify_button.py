"""The button for done-notifications, and the notification itself."""

import re
from typing import Any, Final, Self

import discord
from discord import ui

from cogs.ui import text
from cogs.ui.buttons import ButtonAction
from cogs.ui.i18n import _
from cogs.ui.layout import layout, row, text_block
from cogs.ui.post_marks import NOTICE_MARK, marked_button
from cogs.ui.routing import Interaction, dispatch_component
from domain.job_view import JobView
from domain.snowflakes import SNOWFLAKE

_MAX_PROMPT_CHARS: Final = 60
_CUSTOM_ID: Final = f"tell:(?P<wanted>on|off):(?P<guild>{SNOWFLAKE})"


class NotifyButton(ui.DynamicItem[ui.Button[Any]], template=_CUSTOM_ID):
    """A button that turns done-notifications for a server's videos on or off, as `enabled` says."""

    def __init__(self, guild_id: int, *, enabled: bool) -> None:
        label = _("DM me when videos are done") if enabled else _("Stop DMs")
        custom_id = f"tell:{'on' if enabled else 'off'}:{guild_id}"
        super().__init__(ui.Button(label=label, custom_id=custom_id))
        self.guild_id = guild_id
        self.enabled = enabled

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button from the custom id of a click."""
        return cls(int(match["guild"]), enabled=match["wanted"] == "on")

    async def callback(self, interaction: Interaction) -> None:
        """Hand the click to its handler."""
        await dispatch_component(interaction, self)


def render_done_notice(job: JobView) -> ui.LayoutView:
    """Lay out the done-notification with a link to the result."""
    content = _(
        '✅ Your video "{prompt}" is ready. {link}',
        prompt=text.sanitize(job.request.prompt, _MAX_PROMPT_CHARS),
        link=text.link_to_result(job, _("Watch it")),
    )
    buttons = (NotifyButton(job.guild_id, enabled=False), marked_button(job.id, NOTICE_MARK))
    return layout(text_block(content), row(*buttons))


def job_id_on(message: discord.Message) -> str | None:
    """Return the job that a private answer is about, by its *Details* button; None if it is none.

    Others' messages about a job have a mark there.
    """
    view = ui.LayoutView.from_message(message)
    view.stop()
    buttons = (item for item in view.walk_children() if isinstance(item, ui.Button))
    marks = (str(button.custom_id).split(":") for button in buttons)
    return next((mark[1] for mark in marks if mark[:-1] == [ButtonAction.DETAILS]), None)


def toggle_button(message: discord.Message, button: NotifyButton) -> ui.LayoutView:
    """Lay out a message as it is, with its button toggled."""
    view = ui.LayoutView.from_message(message, timeout=None)
    for item in view.walk_children():
        if isinstance(item, ui.Button) and re.fullmatch(_CUSTOM_ID, item.custom_id or ""):
            item.custom_id, item.label = button.item.custom_id, button.item.label
    view.stop()  # so discord.py keeps no reference to it
    return view
