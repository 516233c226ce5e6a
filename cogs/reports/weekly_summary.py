"""Posts the summaries of a week that managers asked for, each once."""

from io import BytesIO
from typing import Any, Final

import aiohttp
import discord
import structlog
from discord import ui

from cogs.reports import views
from cogs.reports.charts.renderer import ChartRenderer, ChartRenderError
from cogs.ui.i18n import _
from cogs.ui.layout import BLUE
from domain.reports import Grouping
from workflow.reports.weekly_summary import WeeklySummary

_log = structlog.get_logger(__name__)

_PICTURE: Final = "week.png"
_NOBODY: Final = discord.AllowedMentions.none()
_MARGIN_MS: Final = 60_000
_DEPTH: Final = 200


class WeeklySummaryPublisher:
    """Posts summaries to the channels that managers chose."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._painter = ChartRenderer()

    async def publish(self, summary: WeeklySummary) -> bool:
        """Post a summary; False if Discord did not answer, and it is to be tried again.

        A channel that is gone or forbidden is left alone: managers see that nothing comes.
        """
        if not self._client.is_ready():
            return False
        try:
            if not await self._is_posted(summary):
                await self._send(summary)
        except (discord.Forbidden, discord.NotFound) as error:
            _log.warning("no summary", server=summary.guild_id, error=str(error))
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
            _log.warning("summary not posted yet", server=summary.guild_id, error=str(error))
            return False
        return True

    async def _is_posted(self, summary: WeeklySummary) -> bool:
        """Look whether a process that was cut off has posted it."""
        if summary.posted_since_ms is None:
            return False
        since_ms = summary.posted_since_ms - _MARGIN_MS - discord.utils.DISCORD_EPOCH
        history = self._channel(summary).history(
            limit=_DEPTH, after=discord.Object(max(0, since_ms) << 22)
        )
        me = self._client.user
        async for message in history:
            if me is not None and message.author.id == me.id and _is_of(message, summary.week):
                return True
        return False

    async def _send(self, summary: WeeklySummary) -> None:
        files = await self._picture(summary)
        await self._channel(summary).send(
            view=_card(summary, files),
            files=files,
            # Of two posts with one nonce in a few minutes, Discord makes one.
            nonce=f"{summary.week[2:4]}{summary.week[-2:]}{summary.guild_id}",
            allowed_mentions=_NOBODY,
        )

    async def _picture(self, summary: WeeklySummary) -> list[discord.File]:
        title = self._title(summary)
        svg = views.render_chart(summary.figures, title, Grouping.DAY, {})
        try:
            png = BytesIO(await self._painter.render_png(svg))
        except ChartRenderError as error:
            _log.error("no picture of a week", error=str(error))
            return []
        alt = views.format_alt_text(summary.figures, title)
        return [discord.File(png, filename=_PICTURE, description=alt)]

    def _title(self, summary: WeeklySummary) -> str:
        guild = self._client.get_guild(summary.guild_id)
        if guild is None:
            return _("The week on this server")
        return _("The week on {server}", server=guild.name)

    def _channel(self, summary: WeeklySummary) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(summary.channel_id, guild_id=summary.guild_id)


def _card(summary: WeeklySummary, files: list[discord.File]) -> ui.LayoutView:
    pictures = [discord.MediaGalleryItem(file, description=file.description) for file in files]
    body: list[ui.Item[Any]] = [ui.MediaGallery[Any](*pictures)] if pictures else []
    lines = [*views.format_weekly_summary(summary.figures), _signature(summary.week)]
    body.append(ui.TextDisplay[Any]("\n".join(lines)))
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container[Any](*body, accent_colour=BLUE))
    return view


def _signature(week: str) -> str:
    return f"-# {week}"


def _is_of(message: discord.Message, week: str) -> bool:
    items = ui.LayoutView.from_message(message).walk_children()
    texts = [item.content for item in items if isinstance(item, ui.TextDisplay)]
    return any(text.endswith(_signature(week)) for text in texts)
