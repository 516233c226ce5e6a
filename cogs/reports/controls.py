"""Knows the menus and the button under a report; each names what it shows, so it works for good."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Self

import discord
from discord import ui

from cogs.ui.i18n import N_, _
from cogs.ui.routing import dispatch_component
from domain.reports import Grouping, ReportPeriod


class ReportType(StrEnum):
    """Which report: a member's own, or their server's."""

    SPEND = "spend"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """What is to be shown; a member's own spending is grouped by nothing else than days."""

    report_type: ReportType
    period: ReportPeriod
    grouping: Grouping = Grouping.DAY

    def __str__(self) -> str:
        """Write it into a custom id."""
        return f"{self.report_type}:{self.period}:{self.grouping}"


class QueryField(StrEnum):
    """What a menu chooses."""

    PERIOD = "period"
    GROUPING = "grouping"


_LABELS: Final = MappingProxyType(
    {
        QueryField.PERIOD: MappingProxyType(
            {
                ReportPeriod.TODAY: N_("Today"),
                ReportPeriod.WEEK: N_("The last 7 days"),
                ReportPeriod.THIRTY_DAYS: N_("The last 30 days"),
                ReportPeriod.MONTH: N_("This month"),
                ReportPeriod.ALL: N_("All time"),
            }
        ),
        QueryField.GROUPING: MappingProxyType(
            {
                Grouping.USER: N_("By member"),
                Grouping.MODEL: N_("By model"),
                Grouping.DAY: N_("By day"),
                Grouping.CHANNEL: N_("By channel"),
            }
        ),
    }
)


def render_controls(asked: ReportQuery) -> list[ui.Item[Any]]:
    """Lay out what goes under a report, a row each."""
    parts = list(QueryField) if asked.report_type is ReportType.REPORT else [QueryField.PERIOD]
    items: list[ui.Item[Any]] = [*(ReportMenu(part, asked) for part in parts), CsvButton(asked)]
    return [ui.ActionRow[Any](item) for item in items]


def _any_of(name: str, kind: type[StrEnum]) -> str:
    return f"(?P<{name}>{'|'.join(kind)})"


_ASKED: Final = ":".join(
    (_any_of("what", ReportType), _any_of("period", ReportPeriod), _any_of("by", Grouping))
)


def _asked(match: re.Match[str]) -> ReportQuery:
    return ReportQuery(
        ReportType(match["what"]), ReportPeriod(match["period"]), Grouping(match["by"])
    )


class ReportMenu(
    ui.DynamicItem[ui.Select[Any]], template=f"{_any_of('part', QueryField)}:{_ASKED}"
):
    """Chooses the days of a report, or what a server's spending is summed by."""

    def __init__(self, part: QueryField, asked: ReportQuery) -> None:
        chosen = getattr(asked, part)
        options = [
            discord.SelectOption(label=_(label), value=value, default=value == chosen)
            for value, label in _LABELS[part].items()
        ]
        super().__init__(ui.Select(custom_id=f"{part}:{asked}", options=options))
        self.query_field = part
        self.query = asked

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the menu again from what Discord sends with a choice."""
        return cls(QueryField(match["part"]), _asked(match))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show what was chosen."""
        await dispatch_component(interaction, self)

    @property
    def chosen_query(self) -> ReportQuery:
        """Return the query with what was chosen; a forged choice leaves it as it is."""
        before = getattr(self.query, self.query_field)
        value = next(iter(self.item.values), "")
        chosen = next((known for known in _LABELS[self.query_field] if known == value), before)
        return replace(self.query, **{self.query_field: chosen})


class CsvButton(ui.DynamicItem[ui.Button[Any]], template=f"csv:{_ASKED}"):
    """Asks for the same as a file."""

    def __init__(self, asked: ReportQuery) -> None:
        super().__init__(ui.Button(label=_("CSV"), custom_id=f"csv:{asked}"))
        self.query = asked

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button again from what Discord sends with a click."""
        return cls(_asked(match))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the file over."""
        await dispatch_component(interaction, self)
