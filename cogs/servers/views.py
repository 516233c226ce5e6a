"""Messages for the operator about servers: the question about a new one, and the list."""

from collections.abc import Sequence
from typing import Any, Final

import discord
from discord import ui

from cogs.servers.buttons import ServerAction, ServerButton, ServerPageButton
from cogs.ui import text
from cogs.ui.i18n import N_, _, format_price, format_usd, ngettext
from cogs.ui.layout import BLUE, LayoutItem, box, layout, row, text_block
from domain.money import MicroUSD
from domain.servers import BY_MIGRATION, BY_OWNER, Server
from workflow.servers.admission import Admission, ServerEntry, ServerPage

_AMBER: Final = discord.Colour(0xF0B232)
_NAME_CHARS: Final = 60
_ADMISSIONS: Final = {
    Admission.PENDING: N_("needs your decision"),
    Admission.REFUSED: N_("refused"),
    Admission.UNKNOWN: N_("needs your decision"),
}


def render_question(waiting: Sequence[Server]) -> ui.LayoutView:
    """Build the question whether to admit a server; several are counted, and listed on a click."""
    if len(waiting) > 1:
        question = ngettext(
            "**{count} server wants to make videos.** Nothing is spent until you approve it.",
            "**{count} servers want to make videos.** Nothing is spent until you approve them.",
            len(waiting),
        )
        return layout(
            box(_AMBER, text_block(question)), row(ServerPageButton(0, _("Show servers")))
        )
    (server,) = waiting
    question = _(
        (
            "**{name}** ({server}, owned by <@{owner}>) wants to make videos. Nothing is "
            "spent until you approve it."
        ),
        name=_name(server),
        server=server.guild_id,
        owner=server.owner_id or 0,
    )
    return layout(box(_AMBER, text_block(question)), _question_buttons(server.guild_id, 0))


def render_servers(page: ServerPage, message: str | None = None) -> ui.LayoutView:
    """Build a page of the servers, below the `message` about the last decision."""
    items: list[LayoutItem] = [] if message is None else [text_block(message)]
    title = ngettext("**{count} server**", "**{count} servers**", page.total)
    parts: list[LayoutItem] = [text_block(f"{title}\n-# {_rule(page)}")]
    for entry in page.rows:
        parts += [ui.Separator[Any](), text_block(_format_entry(entry))]
        parts.append(_entry_buttons(entry, page))
    items.append(box(BLUE, *parts))
    if page.pages > 1:
        items.append(
            row(
                ServerPageButton(max(0, page.number - 1), _("Previous"), disabled=page.number == 0),
                ServerPageButton(
                    page.number + 1, _("Next"), disabled=page.number >= page.pages - 1
                ),
            )
        )
    return layout(*items)


def _rule(page: ServerPage) -> str:
    if page.by_admission:
        return _("Servers you owned when I joined can make videos, and servers you approve.")
    return _("`ALLOWED_SERVERS` decides which servers can make videos.")


def _format_entry(entry: ServerEntry) -> str:
    server, use = entry.server, entry.use
    last = (
        _("never used")
        if use.last_used_ms is None
        else _("last used {when}", when=f"<t:{use.last_used_ms // 1000}:R>")
    )
    lines = [
        f"**{_name(server)}** ({server.guild_id}): {_format_admission(entry)}",
        _(
            "Limits: {day} a day, {month} a month",
            day=_amount(entry.day_limit),
            month=_amount(entry.month_limit),
        ),
        _(
            "Spent: {today} today, {total} in total; {last}",
            today=format_price(use.spent_today),
            total=format_price(use.spent),
            last=last,
        ),
    ]
    return "\n".join(lines)


def _format_admission(entry: ServerEntry) -> str:
    server = entry.server
    if entry.admission is not Admission.ADMITTED:
        return _(_ADMISSIONS[entry.admission])
    when = f"<t:{(server.admitted_at_ms or 0) // 1000}:d>"
    match server.admitted_by:
        case None:
            return _("approved")
        case by if by == BY_OWNER:
            return _("approved {when}, as yours", when=when)
        case by if by == BY_MIGRATION:
            return _("approved, since it had videos before")
        case by:
            return _("approved {when} by {who}", when=when, who=f"<@{by}>")


def _entry_buttons(entry: ServerEntry, page: ServerPage) -> LayoutItem:
    guild_id = entry.server.guild_id
    if not page.by_admission:
        return row(ServerButton(ServerAction.LEAVE, guild_id, page.number))
    if entry.admission is Admission.ADMITTED:
        actions = (ServerAction.WITHDRAW, ServerAction.LEAVE)
        return row(*(ServerButton(action, guild_id, page.number) for action in actions))
    return _question_buttons(guild_id, page.number)


def _question_buttons(guild_id: int, page: int) -> LayoutItem:
    actions = (ServerAction.ADMIT, ServerAction.ADMIT_WITH_LIMIT, ServerAction.LEAVE)
    return row(*(ServerButton(action, guild_id, page) for action in actions))


def _name(server: Server) -> str:
    return text.sanitize(server.name, _NAME_CHARS) or _("a server")


def _amount(limit: MicroUSD | None) -> str:
    return _("none") if limit is None else format_usd(limit)
