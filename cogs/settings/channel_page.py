"""Knows how the page of one channel looks: in what it differs from the rest of the server."""

from typing import Any

import discord
from discord import ui

from cogs.settings import controls
from cogs.settings.controls import Deed, Spot
from cogs.settings.faults import closed
from cogs.settings.lines import differing, marked
from cogs.settings.rows import rows
from cogs.settings.state import State, gone_channels
from domain.catalogue import n, t


def channel_page(state: State, spot: Spot) -> list[ui.Item[Any]]:
    """Lay out which channel it is, its rules, and what clears them."""
    channel_id = int(spot.about)
    there = [discord.SelectDefaultValue.from_channel(discord.Object(channel_id))]
    if state.guild.get_channel_or_thread(channel_id) is None:
        there = []
    own = differing(state, channel_id)
    text = [
        own or t("It is as on the rest of the server."),
        *marked(closed(state.guild, [channel_id])),
    ]
    about = t("**<#{channel}>**: {rules}", channel=channel_id, rules="\n".join(text))
    return [
        ui.TextDisplay(about),
        controls.channel_menu(spot, Deed.CHOOSE, forums=True, default_values=there),
        *rows(state, spot),
        *_clearing(state, spot, is_own=bool(own)),
    ]


def _clearing(state: State, spot: Spot, *, is_own: bool) -> list[ui.Item[Any]]:
    """Lay out the buttons that clear the rules of this channel, and of those that are gone."""
    buttons: list[ui.Item[Any]] = []
    if is_own:
        buttons.append(controls.danger(spot, Deed.CLEAR, t("Clear these rules")))
    gone = gone_channels(state)
    if gone:
        label = n("Clear {count} deleted channel", "Clear {count} deleted channels", len(gone))
        buttons.append(controls.danger(spot, Deed.SWEEP, label))
    return [ui.ActionRow[Any](*buttons)] if buttons else []
