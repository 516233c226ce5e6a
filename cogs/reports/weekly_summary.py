"""Publishing of weekly summaries to the channels that managers chose."""

from io import BytesIO
from typing import Final

import discord
import structlog
from discord import ui

from cogs.publishing.errors import call_discord, to_publish_error
from cogs.publishing.languages import MessageLanguages
from cogs.reports import views
from cogs.reports.charts.renderer import ChartRenderer, ChartRenderError
from cogs.ui.i18n import _, speaking
from cogs.ui.layout import BLUE, box, gallery, layout, text_block
from domain.reports import Grouping
from workflow.errors import PublishError, TemporaryPublishError
from workflow.reports.weekly_summary import WeeklySummary

_log = structlog.get_logger(__name__)

_CHART_FILENAME: Final = "week.png"
_NO_MENTIONS: Final = discord.AllowedMentions.none()
_CLOCK_MARGIN_MS: Final = 60_000
_HISTORY_LIMIT: Final = 200


class WeeklySummaryPublisher:
    """Publisher that posts each weekly summary once."""

    def __init__(self, client: discord.Client, languages: MessageLanguages) -> None:
        self._client = client
        self._languages = languages
        self._places = languages.places
        self._renderer = ChartRenderer()

    async def publish(self, summary: WeeklySummary) -> bool:
        """Post a summary; return False if Discord did not answer and the call should be retried.

        What Discord refuses is not retried, and an empty week is not posted.
        """
        if summary.is_empty:
            return True
        if not self._client.is_ready():
            return False
        try:
            if not await self._is_posted(summary):
                with speaking(await self._languages.of_server(summary.guild_id)):
                    await self._send(summary)
        except TemporaryPublishError as error:
            _log.warning("weekly summary not posted", server=summary.guild_id, error=error)
            return False
        except PublishError as error:
            _log.warning("weekly summary refused", server=summary.guild_id, error=error)
        return True

    async def _is_posted(self, summary: WeeklySummary) -> bool:
        """Return whether an earlier attempt, interrupted before its record, posted it."""
        if summary.posted_since_ms is None:
            return False
        since_ms = summary.posted_since_ms - _CLOCK_MARGIN_MS - discord.utils.DISCORD_EPOCH
        channel = await self._places.find_messageable(summary.guild_id, summary.channel_id)
        history = channel.history(
            limit=_HISTORY_LIMIT, after=discord.Object(max(0, since_ms) << 22)
        )
        try:
            return any([self._is_own(m) and _is_summary_of(m, summary.week) async for m in history])
        except Exception as error:
            raise to_publish_error(error) from error

    def _is_own(self, message: discord.Message) -> bool:
        return self._client.user is not None and message.author.id == self._client.user.id

    async def _send(self, summary: WeeklySummary) -> None:
        channel = await self._places.find_messageable(summary.guild_id, summary.channel_id)
        files = await self._render_chart(summary)
        send = channel.send(
            view=_card(summary, files),
            files=files,
            # Discord merges two messages with the same nonce within a few minutes.
            nonce=f"{summary.week[2:4]}{summary.week[-2:]}{summary.guild_id}",
            allowed_mentions=_NO_MENTIONS,
        )
        await call_discord(send)

    async def _render_chart(self, summary: WeeklySummary) -> list[discord.File]:
        guild = await self._places.find_guild(summary.guild_id)
        title = _("The week on {server}", server=guild.name)
        svg = views.render_chart(summary.figures, title, Grouping.DAY, {})
        try:
            png = BytesIO(await self._renderer.render_png(svg))
        except ChartRenderError as error:
            _log.error("weekly summary chart failed", error=error)
            return []
        alt = views.format_alt_text(summary.figures, title)
        return [discord.File(png, filename=_CHART_FILENAME, description=alt)]


def _card(summary: WeeklySummary, files: list[discord.File]) -> ui.LayoutView:
    pictures = (discord.MediaGalleryItem(file, description=file.description) for file in files)
    lines = [*views.format_weekly_summary(summary.figures), _signature(summary.week)]
    return layout(box(BLUE, *gallery(pictures), text_block("\n".join(lines))))


def _signature(week: str) -> str:
    return f"-# {week}"


def _is_summary_of(message: discord.Message, week: str) -> bool:
    items = ui.LayoutView.from_message(message).walk_children()
    texts = [item.content for item in items if isinstance(item, ui.TextDisplay)]
    return any(text.endswith(_signature(week)) for text in texts)
