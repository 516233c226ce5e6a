"""Members' own data: sent to them, or deleted, at their click."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import discord
import structlog
from discord import ui

from cogs.help import views
from cogs.help.data_buttons import DataAction, DataButton
from cogs.publishing.errors import call_discord
from cogs.ui.i18n import N_, _
from cogs.ui.interactions import InteractionTracker, UserError, run_handler
from cogs.ui.routing import ComponentCog, ComponentRoute, Interaction
from cogs.ui.views import render_question, render_text
from domain.durations import DAY_MS
from workflow.context import Context, MediaUrls
from workflow.errors import ChannelUnavailable, PublishError
from workflow.members.erasure import erase_pending, request_erasure
from workflow.members.export import ExportFile, collect_export, split_parts, write_zip

_log = structlog.get_logger(__name__)

PART_BYTES: Final = 10 * 1024 * 1024
"""What Discord takes as a file in direct messages."""

_QUESTION: Final = N_(
    "Delete your prompts, files, videos and settings, on every server? My posts of them go, and "
    "what waits is cancelled. There's no way back."
)
_DELETED: Final = N_(
    "Done. Your prompts, files and videos are deleted, and my posts of them follow within minutes. "
    "A video that's being made is finished, charged and deleted."
)

Send = Callable[..., Awaitable[object]]


class MemberDataCog(ComponentCog):
    """The buttons under `/privacy`."""

    def __init__(self, context: Context, interactions: InteractionTracker) -> None:
        self._context = context
        self._interactions = interactions
        self._exporting = set[int]()
        self._actions = {
            DataAction.EXPORT: self._export,
            DataAction.DELETE: self._ask_delete,
            DataAction.CONFIRM_DELETE: self._delete,
        }

    @property
    def component_routes(self) -> tuple[ComponentRoute[Any], ...]:
        """Return the route of the buttons about one's own data."""
        return (ComponentRoute(DataButton, self.handle_click),)

    async def handle_click(self, interaction: Interaction, button: DataButton) -> None:
        """Run the handler of a button's action, which answers the click."""
        await run_handler(interaction, self._actions[button.action](interaction))

    async def _ask_delete(self, interaction: Interaction) -> None:
        await self._interactions.defer_reply(interaction)
        confirm = DataButton(DataAction.CONFIRM_DELETE)
        await interaction.edit_original_response(view=render_question(_(_QUESTION), confirm))

    async def _delete(self, interaction: Interaction) -> None:
        """Delete what is at rest; the rest, and the posts, follow in the background."""
        await self._interactions.defer_update_or_reply(interaction)
        try:
            await request_erasure(self._context, interaction.user.id)
        except OSError as error:
            _log.error("erasure not marked", user=interaction.user.id, error=error)
            raise UserError(_("I can't delete anything right now. Try again later.")) from None
        await erase_pending(self._context, interaction.user.id)
        await interaction.edit_original_response(view=render_text(_(_DELETED)))

    async def _export(self, interaction: Interaction) -> None:
        await self._interactions.defer_reply(interaction)
        user_id = interaction.user.id
        if user_id in self._exporting:
            raise UserError(_("I'm collecting your data already. Give me a minute."))
        self._exporting.add(user_id)
        try:
            files = await collect_export(self._context, user_id)
            parts, too_large = split_parts(files, PART_BYTES)
            text = await self._send_parts(interaction, parts)
        except (OSError, PublishError) as error:
            _log.warning("export not sent", user=user_id, error=error)
            raise UserError(_("I couldn't send your data. Try again later.")) from None
        finally:
            self._exporting.discard(user_id)
        links = _links(self._context.media_urls, too_large, self._context.now_ms() + DAY_MS)
        await interaction.edit_original_response(
            view=views.render_export(text, links, views.operator_id(interaction))
        )

    async def _send_parts(
        self, interaction: Interaction, parts: Sequence[Sequence[ExportFile]]
    ) -> str:
        """Send the parts by direct message, else with the private answer; say where they are."""
        send, text = _by_dm(interaction), _("I've sent you your data by direct message.")
        async for path in _written(parts):
            try:
                await _send(send, path)
            except ChannelUnavailable:
                send, text = _follow_up(interaction), _("Here's your data.")
                await _send(send, path)
        return text


def _by_dm(interaction: Interaction) -> Send:
    async def send(**content: Any) -> None:
        channel = await call_discord(interaction.user.create_dm())
        await channel.send(**content)

    return send


def _follow_up(interaction: Interaction) -> Send:
    async def send(**content: Any) -> None:
        await interaction.followup.send(**content, ephemeral=True, wait=True)

    return send


async def _send(send: Send, path: Path) -> None:
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.File[Any](f"attachment://{path.name}"))
    with closing(discord.File(path, filename=path.name)) as file:
        await call_discord(send(view=view, file=file))


async def _written(parts: Sequence[Sequence[ExportFile]]) -> AsyncIterator[Path]:
    """Write one part after the other, and yield its path; it goes before the next is written."""
    with TemporaryDirectory(prefix="dailies-export-") as folder:
        for number, part in enumerate(parts, 1):
            name = "data.zip" if len(parts) == 1 else f"data-{number}-of-{len(parts)}.zip"
            path = Path(folder) / name
            await write_zip(part, path)
            yield path
            await asyncio.to_thread(path.unlink)


def _links(
    urls: MediaUrls | None, files: Sequence[ExportFile], until_ms: int
) -> list[tuple[str, str | None]]:
    """Return the names of files that fit in no message, each with a link of ours if there is."""
    return [(file.name, _link(urls, file, until_ms)) for file in files]


def _link(urls: MediaUrls | None, file: ExportFile, until_ms: int) -> str | None:
    folder, _slash, name = file.name.partition("/")
    if urls is None or isinstance(file.content, bytes) or name.endswith(".fit.mp4"):
        return None
    if folder == "videos":
        return urls.url_for_result(name, until_ms)
    return urls.url_for_input(name, until_ms)
