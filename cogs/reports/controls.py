"""Menus and the CSV button below a report.

The custom id names the report, so that the controls work after a restart.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Self

import discord
from discord import ui

from cogs.ui.i18n import N_, _
from cogs.ui.layout import LayoutItem, row
from cogs.ui.routing import Interaction, dispatch_component
from domain.reports import Grouping, ReportPeriod


class ReportType(StrEnum):
    """The type of a report: a member's own, or their server's."""

    SPEND = "spend"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """The query of a report; a member's own spending is always grouped by day."""

    report_type: ReportType
    period: ReportPeriod
    grouping: Grouping = Grouping.DAY

    def __str__(self) -> str:
        """Return the query as part of a custom id."""
        return f"{self.report_type}:{self.period}:{self.grouping}"


class QueryField(StrEnum):
    """The field of a query that a menu changes."""

    PERIOD = "period"
    GROUPING = "grouping"


_LABELS: Final = MappingProxyType(
    {
        QueryField.PERIOD: MappingProxyType(
            {
                ReportPeriod.TODAY: N_("Today"),
                ReportPeriod.WEEK: N_("Last 7 days"),
                ReportPeriod.THIRTY_DAYS: N_("Last 30 days"),
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


def render_controls(query: ReportQuery) -> list[LayoutItem]:
    """Build the controls below a report, a row each."""
    parts = list(QueryField) if query.report_type is ReportType.REPORT else [QueryField.PERIOD]
    items: list[LayoutItem] = [*(ReportMenu(part, query) for part in parts), CsvButton(query)]
    return [row(item) for item in items]


def _one_of(name: str, kind: type[StrEnum]) -> str:
    return f"(?P<{name}>{'|'.join(kind)})"


_QUERY_PATTERN: Final = ":".join(
    (_one_of("what", ReportType), _one_of("period", ReportPeriod), _one_of("by", Grouping))
)


def _parse_query(match: re.Match[str]) -> ReportQuery:
    return ReportQuery(
        ReportType(match["what"]), ReportPeriod(match["period"]), Grouping(match["by"])
    )


class ReportMenu(
    ui.DynamicItem[ui.Select[Any]], template=f"{_one_of('part', QueryField)}:{_QUERY_PATTERN}"
):
    """A menu for the period of a report, or for the grouping of a server's report."""

    def __init__(self, part: QueryField, query: ReportQuery) -> None:
        chosen = getattr(query, part)
        options = [
            discord.SelectOption(label=_(label), value=value, default=value == chosen)
            for value, label in _LABELS[part].items()
        ]
        super().__init__(ui.Select(custom_id=f"{part}:{query}", options=options))
        self.query_field = part
        self.query = query

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the menu from the interaction that Discord sends."""
        return cls(QueryField(match["part"]), _parse_query(match))

    async def callback(self, interaction: Interaction) -> None:
        """Dispatch the choice to the report cog."""
        await dispatch_component(interaction, self)

    def changed_query(self, value: str) -> ReportQuery:
        """Return the query with another value; one that is not offered leaves it unchanged."""
        before = getattr(self.query, self.query_field)
        chosen = next((known for known in _LABELS[self.query_field] if known == value), before)
        return replace(self.query, **{self.query_field: chosen})


class CsvButton(ui.DynamicItem[ui.Button[Any]], template=f"csv:{_QUERY_PATTERN}"):
    """A button that sends the same report as a CSV file."""

    def __init__(self, query: ReportQuery) -> None:
        super().__init__(ui.Button(label=_("CSV"), custom_id=f"csv:{query}"))
        self.query = query

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button from the interaction that Discord sends."""
        return cls(_parse_query(match))

    async def callback(self, interaction: Interaction) -> None:
        """Dispatch the click to the report cog."""
        await dispatch_component(interaction, self)
