"""The commands that show what was spent: a member's own, and for managers their server's."""

from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from typing import Any, Final, TypeVar

import discord
import structlog
from discord import app_commands, ui

from cogs.reports import views
from cogs.reports.charts.dates import format_date_span
from cogs.reports.charts.renderer import ChartRenderer, ChartRenderError
from cogs.reports.controls import (
    CsvButton,
    ReportMenu,
    ReportQuery,
    ReportType,
    render_controls,
)
from cogs.ui import text
from cogs.ui.i18n import N_, _, format_number
from cogs.ui.interactions import InteractionTracker, UserError, is_manager, role_ids, run_handler
from cogs.ui.layout import BLUE
from cogs.ui.names import NameResolver, channel_names
from cogs.ui.routing import ComponentCog, ComponentRoute
from domain.reports import DayRange, Grouping, ReportPeriod
from workflow.context import Context
from workflow.reports import csv_export, spending
from workflow.reports.spending import SpendingReport

_log = structlog.get_logger(__name__)

_PICTURE: Final = "spending.png"

_Interaction = discord.Interaction[Any]
E = TypeVar("E", bound=StrEnum)


class ReportFormat(StrEnum):
    """How a manager may have a report."""

    CHART = "chart"
    CSV = "csv"


_PERIODS: Final = [app_commands.Choice(name=p.value, value=p.value) for p in ReportPeriod]
_GROUPINGS: Final = [app_commands.Choice(name=g.value, value=g.value) for g in Grouping]
_STYLES: Final = [app_commands.Choice(name=s.value, value=s.value) for s in ReportFormat]
_PERIOD_TEXT: Final = N_("The days to sum, in UTC; 30d when left out")


@dataclass(frozen=True, slots=True)
class _Found:
    """Figures, what they are headed by, and the names of those in them."""

    figures: SpendingReport
    title: str
    names: dict[int, str]


class ReportCog(ComponentCog):
    """Shows spending, privately."""

    def __init__(self, context: Context, interactions: InteractionTracker) -> None:
        self._context = context
        self._interactions = interactions
        self._painter = ChartRenderer()
        self._names = NameResolver(context.now_ms)

    @property
    def component_routes(self) -> tuple[ComponentRoute[Any], ...]:
        """List the menus and the button under a report."""
        return (
            ComponentRoute(ReportMenu, self.update_report),
            ComponentRoute(CsvButton, self.send_csv),
        )

    @app_commands.command(name="spend", description=N_("See what you have spent on this server"))
    @app_commands.describe(period=_PERIOD_TEXT)
    @app_commands.choices(period=_PERIODS)
    async def spend(self, interaction: _Interaction, period: str = "30d") -> None:
        """Show members their own spending."""
        await run_handler(interaction, self._spend(interaction, period))

    @app_commands.command(
        name="report", description=N_("See what this server has spent, and on what")
    )
    @app_commands.describe(
        period=_PERIOD_TEXT,
        group_by=N_("What the sums are by; user when left out"),
        style=N_("A picture with the numbers, or a table as a file; chart when left out"),
    )
    @app_commands.choices(period=_PERIODS, group_by=_GROUPINGS, style=_STYLES)
    @app_commands.rename(style="format")
    @app_commands.default_permissions(manage_guild=True)
    async def report(
        self,
        interaction: _Interaction,
        period: str = "30d",
        group_by: str = "user",
        style: str = "chart",
    ) -> None:
        """Show managers their server's spending."""
        await run_handler(interaction, self._report(interaction, period, group_by, style))

    async def update_report(self, interaction: _Interaction, menu: ReportMenu) -> None:
        """Put another report in the place of the one that is shown."""
        await run_handler(interaction, self._show_in_place(interaction, menu.chosen_query))

    async def send_csv(self, interaction: _Interaction, button: CsvButton) -> None:
        """Hand over a report as a file."""
        await run_handler(interaction, self._hand_beside(interaction, button.query))

    async def _spend(self, interaction: _Interaction, period: str) -> None:
        await self._interactions.defer_reply(interaction)
        asked = ReportQuery(ReportType.SPEND, _one_of(ReportPeriod, "period", period))
        await self._show(interaction, asked)

    async def _report(
        self, interaction: _Interaction, period: str, grouping: str, style: str
    ) -> None:
        await self._interactions.defer_reply(interaction)
        asked = ReportQuery(
            ReportType.REPORT,
            _one_of(ReportPeriod, "period", period),
            _one_of(Grouping, "group_by", grouping),
        )
        if _one_of(ReportFormat, "format", style) is ReportFormat.CSV:
            await self._hand(interaction, asked)
        else:
            await self._show(interaction, asked)

    async def _show_in_place(self, interaction: _Interaction, asked: ReportQuery) -> None:
        await self._interactions.defer_update_or_reply(interaction)
        await self._show(interaction, asked)

    async def _hand_beside(self, interaction: _Interaction, asked: ReportQuery) -> None:
        await self._interactions.defer_reply(interaction)
        await self._hand(interaction, asked)

    async def _show(self, interaction: _Interaction, asked: ReportQuery) -> None:
        found = await self._find(interaction, asked)
        svg = views.render_chart(found.figures, found.title, asked.grouping, found.names)
        files: list[discord.File] = []
        try:
            alt = views.format_alt_text(found.figures, found.title)
            png = BytesIO(await self._painter.render_png(svg))
            files.append(discord.File(png, filename=_PICTURE, description=alt))
        except ChartRenderError as error:
            _log.error("no picture of spending", error=str(error))
        await interaction.edit_original_response(view=_card(found, asked, files), attachments=files)

    async def _hand(self, interaction: _Interaction, asked: ReportQuery) -> None:
        days, text = await self._sheet(interaction, asked)
        name = f"{asked.report_type}-{days.first}-to-{days.last}.csv"
        file = discord.File(BytesIO(csv_export.encode_csv(text)), filename=name)
        view = ui.LayoutView(timeout=None)
        view.add_item(ui.TextDisplay(_about_sheet(days, text))).add_item(
            ui.File(f"attachment://{name}")
        )
        await interaction.edit_original_response(view=view, attachments=[file])

    async def _sheet(self, interaction: _Interaction, asked: ReportQuery) -> tuple[DayRange, str]:
        if asked.report_type is ReportType.REPORT:
            found = await self._find(interaction, asked)
            lines, days = found.figures.groups, found.figures.days
            return days, csv_export.format_server_csv(lines, days, asked.grouping, found.names)
        days, rows = await spending.read_member_statement(
            self._context, _server(interaction), interaction.user.id, asked.period
        )
        return days, csv_export.format_statement_csv(rows)

    async def _find(self, interaction: _Interaction, asked: ReportQuery) -> _Found:
        """Sum what whoever asks may see.

        Raises:
            UserError: a server's spending is for its managers.
        """
        guild_id, guild = _server(interaction), interaction.guild
        if asked.report_type is ReportType.SPEND:
            roles = role_ids(interaction.user)
            who = interaction.user.id
            own = await spending.read_member_report(
                self._context, guild_id, who, roles, asked.period
            )
            return _Found(own, _("Your spending"), {})
        if not is_manager(interaction):
            raise UserError(_("Only who may *Manage Server* can see what a server has spent."))
        whole = await spending.read_server_report(
            self._context, guild_id, asked.period, asked.grouping
        )
        return _Found(whole, _title(guild), await self._name(guild, whole))

    async def _name(self, guild: discord.Guild | None, found: SpendingReport) -> dict[int, str]:
        if guild is None:
            return {}
        channels = [line.channel_id for line in found.groups if line.channel_id]
        members = [line.user_id for line in found.groups if line.user_id]
        return channel_names(guild, channels) | await self._names.member_names(guild, members)


def _one_of(kind: type[E], name: str, value: str) -> E:
    """Read a choice; a client with old commands may send any other.

    Raises:
        UserError: naming what there is.
    """
    if value not in list(kind):
        raise UserError(
            _(
                "{option} can be {known}, not {given}.",
                option=name,
                known=", ".join(kind),
                given=text.sanitize(value, 40),
            )
        )
    return kind(value)


def _server(interaction: _Interaction) -> int:
    assert interaction.guild_id is not None, "reports are for servers only"
    return interaction.guild_id


def _title(guild: discord.Guild | None) -> str:
    if guild is None:
        return _("Spending on this server")
    return _("Spending on {server}", server=guild.name)


def _about_sheet(days: DayRange, text: str) -> str:
    said = [_("{days}. Amounts are US dollars, days and times UTC.", days=format_date_span(days))]
    if text.count("\n") > spending.MAX_STATEMENT_ENTRIES:
        most = format_number(spending.MAX_STATEMENT_ENTRIES)
        said.append(_("It has the newest {most} rows only.", most=most))
    return " ".join(said)


def _card(found: _Found, asked: ReportQuery, files: list[discord.File]) -> ui.LayoutView:
    own = asked.report_type is ReportType.SPEND
    lines = views.format_summary(found.figures, own=own)
    if not own:
        lines += views.format_breakdown(found.figures, asked.grouping, found.names)
    pictures = [discord.MediaGalleryItem(file, description=file.description) for file in files]
    body: list[ui.Item[Any]] = [ui.MediaGallery[Any](*pictures)] if pictures else []
    body.append(ui.TextDisplay[Any]("\n".join(lines)))
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container[Any](*body, accent_colour=BLUE))
    for row in render_controls(asked):
        view.add_item(row)
    return view
