"""Knows the menus and the button under a report; each names what it shows, so it works for good."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Protocol, Self, cast

import discord
from discord import ui

from domain.catalogue import mark, t
from domain.reports import Grouping, ReportPeriod


class What(StrEnum):
    """Which report: a member's own, or their server's."""

    SPEND = "spend"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be shown; a member's own spending is grouped by nothing else than days."""

    what: What
    period: ReportPeriod
    grouping: Grouping = Grouping.DAY

    def __str__(self) -> str:
        """Write it into a custom id."""
        return f"{self.what}:{self.period}:{self.grouping}"


class Showing(Protocol):
    """The cog that shows reports; found by its name, for a menu outlives it."""

    async def show_anew(self, interaction: discord.Interaction[Any], asked: Asked) -> None:
        """Put another report in the place of the one that is shown."""
        ...

    async def hand_sheet(self, interaction: discord.Interaction[Any], asked: Asked) -> None:
        """Hand over a report as a file."""
        ...


class Part(StrEnum):
    """What a menu chooses."""

    PERIOD = "period"
    GROUPING = "grouping"


_LABELS: Final = MappingProxyType(
    {
        Part.PERIOD: MappingProxyType(
            {
                ReportPeriod.TODAY: mark("Today"),
                ReportPeriod.WEEK: mark("The last 7 days"),
                ReportPeriod.THIRTY_DAYS: mark("The last 30 days"),
                ReportPeriod.MONTH: mark("This month"),
                ReportPeriod.ALL: mark("All time"),
            }
        ),
        Part.GROUPING: MappingProxyType(
            {
                Grouping.USER: mark("By member"),
                Grouping.MODEL: mark("By model"),
                Grouping.DAY: mark("By day"),
                Grouping.CHANNEL: mark("By channel"),
            }
        ),
    }
)


def controls(asked: Asked) -> list[ui.Item[Any]]:
    """Lay out what goes under a report, a row each."""
    parts = list(Part) if asked.what is What.REPORT else [Part.PERIOD]
    items: list[ui.Item[Any]] = [*(ReportMenu(part, asked) for part in parts), SheetButton(asked)]
    return [ui.ActionRow[Any](item) for item in items]


def _any_of(name: str, kind: type[StrEnum]) -> str:
    return f"(?P<{name}>{'|'.join(kind)})"


_ASKED: Final = ":".join(
    (_any_of("what", What), _any_of("period", ReportPeriod), _any_of("by", Grouping))
)


def _asked(match: re.Match[str]) -> Asked:
    return Asked(What(match["what"]), ReportPeriod(match["period"]), Grouping(match["by"]))


def _cog(interaction: discord.Interaction[Any]) -> Showing:
    return cast("Showing", interaction.client.get_cog("Spending"))


class ReportMenu(ui.DynamicItem[ui.Select[Any]], template=f"{_any_of('part', Part)}:{_ASKED}"):
    """Chooses the days of a report, or what a server's spending is summed by."""

    def __init__(self, part: Part, asked: Asked) -> None:
        chosen = getattr(asked, part)
        options = [
            discord.SelectOption(label=t(label), value=value, default=value == chosen)
            for value, label in _LABELS[part].items()
        ]
        super().__init__(ui.Select(custom_id=f"{part}:{asked}", options=options))
        self.part = part
        self.asked = asked

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the menu again from what Discord sends with a choice."""
        return cls(Part(match["part"]), _asked(match))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show what was chosen; a forged choice shows the same again."""
        before = getattr(self.asked, self.part)
        value = next(iter(self.item.values), "")
        chosen = next((known for known in _LABELS[self.part] if known == value), before)
        asked = replace(self.asked, **{self.part: chosen})
        await _cog(interaction).show_anew(interaction, asked)


class SheetButton(ui.DynamicItem[ui.Button[Any]], template=f"csv:{_ASKED}"):
    """Asks for the same as a file."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(ui.Button(label=t("CSV"), custom_id=f"csv:{asked}"))
        self.asked = asked

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button again from what Discord sends with a click."""
        return cls(_asked(match))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the file over."""
        await _cog(interaction).hand_sheet(interaction, self.asked)


ITEMS: Final = (ReportMenu, SheetButton)
"""What a client has to know, so that reports of earlier processes go on working."""
