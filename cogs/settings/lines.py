"""Knows how what is set, and what is wrong with it, is said in a line."""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

from cogs.settings.controls import Page, Spot
from cogs.settings.faults import faults
from cogs.settings.fields import KNOBS
from cogs.settings.knobs import Knob, Pick
from cogs.settings.state import State
from domain.catalogue import n, t

BRIEFLY: Final = 500
"""Characters of a list that has others beside it; a message shows 4,000 in all."""


def line(state: State, spot: Spot, knob: Knob) -> str:
    """Say what is set under a name; in bold if managers set it."""
    shown = knob.shown(state.value(spot, knob.field))
    is_set = state.is_set(spot, knob.field)
    return f"{t(knob.label)}: **{shown}**" if is_set else f"{t(knob.label)}: {shown}"


def differing(state: State, channel_id: int) -> str:
    """Say in what a channel differs from the rest of its server, if in anything."""
    spot = Spot(Page.CHANNEL, str(channel_id))
    knobs = [knob for knob in KNOBS[Page.CHANNEL] if state.is_set(spot, knob.field)]
    return " · ".join(line(state, spot, knob) for knob in knobs)


def warnings(state: State, spot: Spot, knob: Knob) -> list[str]:
    """Say what is wrong with the channels or roles that are set under a name."""
    if not isinstance(knob, Pick):
        return []
    ids = knob.ids(state.value(spot, knob.field))
    return marked(faults(state.guild, knob, ids))


def marked(said: Iterable[str]) -> list[str]:
    """Mark warnings as such."""
    return [f"⚠️ {one}" for one in said]


def fitting(parts: Sequence[str], most: int, between: str = "\n") -> str:
    """Join as many parts as fit, and say how many more there are."""
    ends = accumulate(len(part) + len(between) for part in parts)
    shown = sum(end <= most for end in ends)
    more = len(parts) - shown
    rest = [n("… and {count} more.", "… and {count} more.", more)] if more else []
    return between.join([*parts[:shown], *rest])
