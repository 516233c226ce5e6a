"""The `/spend` and `/report` commands: spending of a member, and of a server for its managers."""

from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from typing import Any, Final, TypeVar

import discord
import structlog
from discord import app_commands, ui

from cogs.reports import views
from cogs.reports.charts.renderer import ChartRenderer, ChartRenderError
from cogs.reports.controls import (
    CsvButton,
    ReportMenu,
    ReportQuery,
    ReportType,
    render_controls,
)
from cogs.ui import text
from cogs.ui.forms import chosen_values
from cogs.ui.i18n import N_, _, format_date_span, format_number
from cogs.ui.interactions import (
    InteractionTracker,
    UserError,
    guild_id_of,
    is_manager,
    role_ids,
    run_handler,
)
from cogs.ui.layout import BLUE, box, gallery, layout, text_block
from cogs.ui.names import NameResolver, channel_names
from cogs.ui.routing import ComponentCog, ComponentRoute, Interaction
from domain.reports import DayRange, Grouping, ReportPeriod
from workflow.context import Context
from workflow.reports import csv_export, spending
from workflow.reports.spending import SpendingReport

_log = structlog.get_logger(__name__)

_CHART_FILENAME: Final = "spending.png"

E = TypeVar("E", bound=StrEnum)


class ReportFormat(StrEnum):
    """The formats of a server's report."""

    CHART = "chart"
    CSV = "csv"


_PERIODS: Final = [app_commands.Choice(name=p.value, value=p.value) for p in ReportPeriod]
_GROUPINGS: Final = [app_commands.Choice(name=g.value, value=g.value) for g in Grouping]
_FORMATS: Final = [app_commands.Choice(name=s.value, value=s.value) for s in ReportFormat]
_PERIOD_TEXT: Final = N_("Which days to add up (UTC); default: 30d")


@dataclass(frozen=True, slots=True)
class _TitledReport:
    """A report with its title, and the names of the members or channels in it."""

    figures: SpendingReport
    title: str
    names: dict[int, str]


class ReportCog(ComponentCog):
    """Spending reports; all responses are private."""

    def __init__(self, context: Context, interactions: InteractionTracker) -> None:
        self._context = context
        self._interactions = interactions
        self._renderer = ChartRenderer()
        self._names = NameResolver(context.now_ms)

    @property
    def component_routes(self) -> tuple[ComponentRoute[Any], ...]:
        """Return the handlers of the menus and the button below a report."""
        return (
            ComponentRoute(ReportMenu, self.update_report),
            ComponentRoute(CsvButton, self.send_csv),
        )

    @app_commands.command(name="spend", description=N_("See what you spent on this server"))
    @app_commands.describe(period=_PERIOD_TEXT)
    @app_commands.choices(period=_PERIODS)
    async def spend(self, interaction: Interaction, period: str = "30d") -> None:
        """Show a member's own spending."""
        await run_handler(interaction, self._spend(interaction, period))

    @app_commands.command(name="report", description=N_("See what this server spent, and on what"))
    @app_commands.describe(
        period=_PERIOD_TEXT,
        group_by=N_("How to group the sums; default: user"),
        style=N_("A chart (default) or a CSV file"),
    )
    @app_commands.choices(period=_PERIODS, group_by=_GROUPINGS, style=_FORMATS)
    @app_commands.rename(style="format")
    @app_commands.default_permissions(manage_guild=True)
    async def report(
        self,
        interaction: Interaction,
        period: str = "30d",
        group_by: str = "user",
        style: str = "chart",
    ) -> None:
        """Show the server's spending to a manager."""
        await run_handler(interaction, self._report(interaction, period, group_by, style))

    async def update_report(self, interaction: Interaction, menu: ReportMenu) -> None:
        """Replace the report that is shown by the selected one."""
        query = menu.changed_query(next(iter(chosen_values(interaction)), ""))
        await run_handler(interaction, self._show_in_place(interaction, query))

    async def send_csv(self, interaction: Interaction, button: CsvButton) -> None:
        """Send a report as a CSV file."""
        await run_handler(interaction, self._send_csv_reply(interaction, button.query))

    async def _spend(self, interaction: Interaction, period: str) -> None:
        await self._interactions.defer_reply(interaction)
        query = ReportQuery(ReportType.SPEND, _parse_choice(ReportPeriod, "period", period))
        await self._show(interaction, query)

    async def _report(
        self, interaction: Interaction, period: str, grouping: str, style: str
    ) -> None:
        await self._interactions.defer_reply(interaction)
        query = ReportQuery(
            ReportType.REPORT,
            _parse_choice(ReportPeriod, "period", period),
            _parse_choice(Grouping, "group_by", grouping),
        )
        if _parse_choice(ReportFormat, "format", style) is ReportFormat.CSV:
            await self._send_csv(interaction, query)
        else:
            await self._show(interaction, query)

    async def _show_in_place(self, interaction: Interaction, query: ReportQuery) -> None:
        await self._interactions.defer_update_or_reply(interaction)
        await self._show(interaction, query)

    async def _send_csv_reply(self, interaction: Interaction, query: ReportQuery) -> None:
        await self._interactions.defer_reply(interaction)
        await self._send_csv(interaction, query)

    async def _show(self, interaction: Interaction, query: ReportQuery) -> None:
        report = await self._read_report(interaction, query)
        svg = views.render_chart(report.figures, report.title, query.grouping, report.names)
        files: list[discord.File] = []
        try:
            alt = views.format_alt_text(report.figures, report.title)
            png = BytesIO(await self._renderer.render_png(svg))
            files.append(discord.File(png, filename=_CHART_FILENAME, description=alt))
        except ChartRenderError as error:
            _log.error("report chart failed", error=error)
        await interaction.edit_original_response(
            view=_card(report, query, files), attachments=files
        )

    async def _send_csv(self, interaction: Interaction, query: ReportQuery) -> None:
        days, text = await self._build_csv(interaction, query)
        is_grouped = query.report_type is ReportType.REPORT
        kind = f"{query.report_type}-by-{query.grouping}" if is_grouped else query.report_type
        name = f"{kind}-{days.first}-to-{days.last}.csv"
        file = discord.File(BytesIO(csv_export.encode_csv(text)), filename=name)
        view = layout(text_block(_describe_csv(days, text)), ui.File[Any](f"attachment://{name}"))
        await interaction.edit_original_response(view=view, attachments=[file])

    async def _build_csv(
        self, interaction: Interaction, query: ReportQuery
    ) -> tuple[DayRange, str]:
        if query.report_type is ReportType.REPORT:
            report = await self._read_report(interaction, query)
            lines, days = report.figures.groups, report.figures.days
            return days, csv_export.format_server_csv(lines, days, query.grouping, report.names)
        days, rows = await spending.read_member_statement(
            self._context, guild_id_of(interaction), interaction.user.id, query.period
        )
        return days, csv_export.format_statement_csv(rows)

    async def _read_report(self, interaction: Interaction, query: ReportQuery) -> _TitledReport:
        """Return the report of a query.

        Raises:
            UserError: only managers may see a server's spending.
        """
        guild_id, guild = guild_id_of(interaction), interaction.guild
        if query.report_type is ReportType.SPEND:
            roles = role_ids(interaction.user)
            user_id = interaction.user.id
            own = await spending.read_member_report(
                self._context, guild_id, user_id, roles, query.period
            )
            return _TitledReport(own, _("Your spending"), {})
        if not is_manager(interaction):
            raise UserError(_("You need *Manage Server* to see what this server spent."))
        whole = await spending.read_server_report(
            self._context, guild_id, query.period, query.grouping
        )
        return _TitledReport(whole, _title(guild), await self._resolve_names(guild, whole))

    async def _resolve_names(
        self, guild: discord.Guild | None, figures: SpendingReport
    ) -> dict[int, str]:
        if guild is None:
            return {}
        channels = [line.channel_id for line in figures.groups if line.channel_id]
        members = [line.user_id for line in figures.groups if line.user_id]
        return channel_names(guild, channels) | await self._names.member_names(guild, members)


def _parse_choice(kind: type[E], name: str, value: str) -> E:
    """Parse a choice; a client with outdated commands may send any text.

    Raises:
        UserError: the text is no choice; the error lists the choices.
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


def _title(guild: discord.Guild | None) -> str:
    if guild is None:
        return _("Spending on this server")
    return _("Spending on {server}", server=guild.name)


def _describe_csv(days: DayRange, text: str) -> str:
    sentences = [_("{days}. Amounts are in US dollars, times in UTC.", days=format_date_span(days))]
    if text.count("\n") > spending.MAX_STATEMENT_ENTRIES:
        most = format_number(spending.MAX_STATEMENT_ENTRIES)
        sentences.append(_("Only the newest {most} rows are included.", most=most))
    return " ".join(sentences)


def _card(report: _TitledReport, query: ReportQuery, files: list[discord.File]) -> ui.LayoutView:
    own = query.report_type is ReportType.SPEND
    lines = views.format_summary(report.figures, own=own)
    if query.period is ReportPeriod.MONTH:
        lines += views.format_forecast(report.figures)
    if not own:
        lines += views.format_breakdown(report.figures, query.grouping, report.names)
    pictures = (discord.MediaGalleryItem(file, description=file.description) for file in files)
    body = box(BLUE, *gallery(pictures), text_block("\n".join(lines)))
    return layout(body, *render_controls(query))
