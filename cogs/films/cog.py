"""The command that joins a member's videos to one film, and the buttons about films."""

import asyncio
import io
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any, Final

import aiohttp
import discord
import structlog
from discord import app_commands

from cogs.films import views
from cogs.films.controls import FilmAction, FilmButton, VideoMenu
from cogs.generation.eligibility import permission_violations, request_origin
from cogs.servers.gate import ServerGate
from cogs.ui import text
from cogs.ui.i18n import N_, _, speak
from cogs.ui.interactions import (
    InteractionTracker,
    UserError,
    check_may_delete,
    guild_id_of,
    run_handler,
)
from cogs.ui.routing import ComponentCog, ComponentRoute, Interaction, UnknownInteraction
from cogs.ui.sharing import answer_share, check_may_share
from cogs.ui.views import render_question, render_text
from domain.durations import DAY_MS
from domain.errors import Outage, RulesViolated
from domain.films import MAX_FILMS_A_DAY, MAX_PARTS, MIN_PARTS, OPEN, FilmState, FilmView
from workflow.context import Context
from workflow.errors import FilmNotFound, FilmRefused, UnusableVideo
from workflow.films import orders
from workflow.films.orders import Choice, FilmOrder
from workflow.films.publisher import FilmPublisher
from workflow.films.sharing import share_film
from workflow.films.worker import FilmWorker
from workflow.pending_interactions import PendingStore
from workflow.video_tools.film_tools import FilmTools

_log = structlog.get_logger(__name__)

_FOLLOW_S: Final = 2
_FOLLOWED_S: Final = 14 * 60
"""Less than the life of an interaction's token."""

_NO_SUCH_FILM: Final = N_("I can't find that film.")


@dataclass(frozen=True, slots=True)
class FilmDraft:
    """What a member has chosen so far: jobs' ids in order, and the page that they look at."""

    parts: tuple[str, ...] = ()
    dissolve: bool = False
    page: int = 0
    has_sheet: bool = False


class FilmsCog(ComponentCog):
    """The choice of videos, the private answer about a film, and the buttons under it."""

    def __init__(
        self,
        context: Context,
        worker: FilmWorker,
        tools: FilmTools,
        publisher: FilmPublisher,
        interactions: InteractionTracker,
        gate: ServerGate,
    ) -> None:
        self._context = context
        self._worker = worker
        self._tools = tools
        self._publisher = publisher
        self._interactions = interactions
        self._gate = gate
        self._drafts = PendingStore(context.database, context.now_ms, "film", FilmDraft)
        self._followers = set[asyncio.Task[None]]()
        self._actions = {
            FilmAction.UNDO: self._undo,
            FilmAction.CUTS: self._use_cuts,
            FilmAction.DISSOLVES: self._use_dissolves,
            FilmAction.NEWER: self._show_newer,
            FilmAction.OLDER: self._show_older,
            FilmAction.MAKE: self._make,
            FilmAction.CANCEL: self._cancel,
            FilmAction.DETAILS: self._details,
            FilmAction.SHARED_DETAILS: self._details,
            FilmAction.SHARE: self._share,
            FilmAction.DELETE: self._ask_delete,
            FilmAction.CONFIRM_DELETE: self._confirm_delete,
            FilmAction.POST_AGAIN: self._post_again,
        }

    @property
    def component_routes(self) -> tuple[ComponentRoute[Any], ...]:
        """Return the routes of the menu and the buttons."""
        return (
            ComponentRoute(VideoMenu, self.handle_pick),
            ComponentRoute(FilmButton, self.handle_click),
        )

    async def cog_unload(self) -> None:
        """Stop following films; their messages come all the same."""
        for task in self._followers:
            task.cancel()
        await asyncio.gather(*self._followers, return_exceptions=True)

    @app_commands.command(name="film", description=N_("Join your videos into one film"))
    async def film(self, interaction: Interaction) -> None:
        """Show a member their videos to choose from."""
        await run_handler(interaction, self._open(interaction))

    async def handle_pick(self, interaction: Interaction, menu: VideoMenu) -> None:
        """Add the picked video to the end of the film."""
        await run_handler(interaction, self._pick(interaction, menu.key))

    async def handle_click(self, interaction: Interaction, button: FilmButton) -> None:
        """Run the handler of a button's action, which answers the click."""
        await run_handler(interaction, self._actions[button.action](interaction, button.subject))

    async def _open(self, interaction: Interaction) -> None:
        await self._interactions.defer_reply(interaction)
        await self._gate.check(interaction)
        await self._show_page(interaction, str(interaction.id), FilmDraft())

    async def _show_newer(self, interaction: Interaction, key: str) -> None:
        await self._interactions.defer_update(interaction)
        draft = await self._find_draft(interaction, key)
        await self._show_page(interaction, key, replace(draft, page=max(0, draft.page - 1)))

    async def _show_older(self, interaction: Interaction, key: str) -> None:
        await self._interactions.defer_update(interaction)
        draft = await self._find_draft(interaction, key)
        await self._show_page(interaction, key, replace(draft, page=draft.page + 1))

    async def _pick(self, interaction: Interaction, key: str) -> None:
        await self._interactions.defer_update(interaction)
        draft = await self._find_draft(interaction, key)
        values: list[str] = (interaction.data or {}).get("values", [])
        parts = (*draft.parts, *values)[:MAX_PARTS]
        await self._show(interaction, key, replace(draft, parts=parts))

    async def _undo(self, interaction: Interaction, key: str) -> None:
        await self._interactions.defer_update(interaction)
        draft = await self._find_draft(interaction, key)
        await self._show(interaction, key, replace(draft, parts=draft.parts[:-1]))

    async def _use_cuts(self, interaction: Interaction, key: str) -> None:
        await self._interactions.defer_update(interaction)
        draft = await self._find_draft(interaction, key)
        await self._show(interaction, key, replace(draft, dissolve=False))

    async def _use_dissolves(self, interaction: Interaction, key: str) -> None:
        await self._interactions.defer_update(interaction)
        draft = await self._find_draft(interaction, key)
        await self._show(interaction, key, replace(draft, dissolve=True))

    async def _show_page(self, interaction: Interaction, key: str, draft: FilmDraft) -> None:
        """Show a page with a sheet of its videos, if one can be drawn."""
        choice = await self._list_choice(interaction, draft)
        if draft.page == 0 and len(choice.videos) < MIN_PARTS:
            raise UserError(_("You need at least two videos here. Make some with `/video`."))
        sheet = await self._draw_sheet(choice, draft.page)
        files = [] if sheet is None else [discord.File(io.BytesIO(sheet), views.SHEET_FILE)]
        draft = replace(draft, has_sheet=sheet is not None)
        await self._edit(interaction, key, draft, choice, attachments=files)

    async def _show(self, interaction: Interaction, key: str, draft: FilmDraft) -> None:
        await self._edit(interaction, key, draft, await self._list_choice(interaction, draft))

    async def _edit(
        self, interaction: Interaction, key: str, draft: FilmDraft, choice: Choice, **files: Any
    ) -> None:
        guild_id, user_id = guild_id_of(interaction), interaction.user.id
        chosen = await orders.get_parts(self._context, guild_id, user_id, draft.parts)
        draft = replace(draft, parts=tuple(video.id for video in chosen))
        await self._drafts.put(key, user_id, draft)
        view = views.render_choice(
            key,
            draft.page,
            choice,
            chosen,
            dissolve=draft.dissolve,
            has_sheet=draft.has_sheet,
        )
        await interaction.edit_original_response(view=view, **files)

    async def _list_choice(self, interaction: Interaction, draft: FilmDraft) -> Choice:
        return await orders.list_choice(
            self._context, guild_id_of(interaction), interaction.user.id, draft.page
        )

    async def _draw_sheet(self, choice: Choice, page: int) -> bytes | None:
        names = [f"{video.id}.mp4" for video in choice.videos]
        try:
            async with AsyncExitStack() as stack:
                use = self._context.media.use_video
                videos = [await stack.enter_async_context(use(name)) for name in names]
                return await self._tools.draw_contact_sheet(videos, page * orders.PAGE_SIZE + 1)
        except (FileNotFoundError, UnusableVideo, Outage, OSError) as error:
            _log.warning("contact sheet not drawn", error=error)
            return None

    async def _find_draft(self, interaction: Interaction, key: str) -> FilmDraft:
        draft = await self._drafts.get(key, interaction.user.id)
        if draft is None:
            raise UnknownInteraction(key)
        return draft

    async def _make(self, interaction: Interaction, key: str) -> None:
        await self._interactions.defer_update(interaction)
        draft = await self._find_draft(interaction, key)
        film = await self._accept(interaction, key, draft)
        self._worker.wake()
        view = views.render_progress(film)
        await interaction.edit_original_response(view=view, attachments=[])
        self._follow(interaction, film)

    async def _accept(self, interaction: Interaction, key: str, draft: FilmDraft) -> FilmView:
        order = FilmOrder(
            interaction_id=int(key),
            guild_id=guild_id_of(interaction),
            user_id=interaction.user.id,
            parts=draft.parts,
            dissolve=draft.dissolve,
            origin=request_origin(interaction),
            language=str(interaction.locale),
        )
        if lacking := permission_violations(interaction):
            raise RulesViolated(lacking)
        try:
            return await orders.accept_film(self._context, order)
        except FilmRefused as refusal:
            if refusal.violations:
                raise RulesViolated(refusal.violations) from None
            raise UserError(self._format_refusal(refusal)) from None

    def _format_refusal(self, refusal: FilmRefused) -> str:
        match refusal.code:
            case "busy":
                return _("I'm still joining your last film. Wait for it, or cancel it in `/jobs`.")
            case "day":
                midnight_s = (self._context.now_ms() // DAY_MS + 1) * DAY_MS // 1000
                return _(
                    "You've made {count} films today. You can make more {when}.",
                    count=MAX_FILMS_A_DAY,
                    when=f"<t:{midnight_s}:R>",
                )
            case _:
                return _("One of these videos is gone. Pick others with `/film`.")

    def _follow(self, interaction: Interaction, film: FilmView) -> None:
        task = asyncio.create_task(self._show_progress(interaction, film), name=film.id)
        self._followers.add(task)
        task.add_done_callback(self._followers.discard)

    async def _show_progress(self, interaction: Interaction, film: FilmView) -> None:
        """Keep the private answer up to date until the film has come to its end."""
        speak(str(interaction.locale))
        shown = (film.state, film.percent)
        for _round in range(_FOLLOWED_S // _FOLLOW_S):
            if shown[0] not in OPEN:
                return
            await asyncio.sleep(_FOLLOW_S)
            try:
                film = await orders.get_film(self._context, film.id)
                if (film.state, film.percent) != shown:
                    shown = (film.state, film.percent)
                    await interaction.edit_original_response(view=views.render_progress(film))
            except (FilmNotFound, discord.HTTPException):
                return
            except (Outage, aiohttp.ClientError, OSError):
                continue

    async def _cancel(self, interaction: Interaction, film_id: str) -> None:
        await self._interactions.defer_update_or_reply(interaction)
        try:
            is_cancelled = await orders.cancel_film(self._context, film_id, interaction.user.id)
        except FilmNotFound:
            raise UserError(_(_NO_SUCH_FILM)) from None
        if not is_cancelled:
            raise UserError(_("Too late to cancel. I'm posting it already."))
        await interaction.edit_original_response(view=render_text(_("🚫 **Cancelled**")))

    async def _post_again(self, interaction: Interaction, film_id: str) -> None:
        await self._interactions.defer_update_or_reply(interaction)
        try:
            is_posted = await orders.post_again(self._context, film_id, interaction.user.id)
        except FilmNotFound:
            raise UserError(_(_NO_SUCH_FILM)) from None
        if not is_posted:
            raise UserError(_("There's no video to post."))
        self._worker.wake()
        film = await orders.get_film(self._context, film_id)
        await interaction.edit_original_response(view=views.render_progress(film))
        self._follow(interaction, film)

    async def _details(self, interaction: Interaction, film_id: str) -> None:
        await self._interactions.defer_reply(interaction)
        film = await self._find_film(interaction, film_id)
        videos = await orders.get_parts(self._context, film.guild_id, film.user_id, film.parts)
        await interaction.edit_original_response(view=views.render_details(film, videos))

    async def _share(self, interaction: Interaction, film_id: str) -> None:
        await self._interactions.defer_reply(interaction)
        film = await self._find_film(interaction, film_id)
        check_may_share(interaction, film.user_id, film.destination_channel_id)
        sharing = share_film(self._context, self._publisher, film.id)
        view = render_text(await answer_share(sharing))
        await interaction.edit_original_response(view=view)

    async def _ask_delete(self, interaction: Interaction, film_id: str) -> None:
        await self._interactions.defer_reply(interaction)
        film = await self._find_deletable_film(interaction, film_id)
        question = _("Delete this film for everyone? Your videos stay.")
        confirm = FilmButton(FilmAction.CONFIRM_DELETE, film.id)
        await interaction.edit_original_response(view=render_question(question, confirm))

    async def _confirm_delete(self, interaction: Interaction, film_id: str) -> None:
        await self._interactions.defer_update_or_reply(interaction)
        film = await self._find_deletable_film(interaction, film_id)
        if not await orders.delete_film(self._context, film.id):
            raise UserError(_("It's being posted right now. Try again in a moment."))
        self._worker.wake()
        await interaction.edit_original_response(view=render_text(_(text.DELETED)))

    async def _find_film(self, interaction: Interaction, film_id: str) -> FilmView:
        """Return a film that is visible here; a private one is to its member alone."""
        try:
            film = await orders.get_film(self._context, film_id)
        except FilmNotFound:
            raise UserError(_(_NO_SUCH_FILM)) from None
        is_elsewhere = interaction.guild_id not in (film.guild_id, None)
        is_for_member_only = film.private or interaction.guild_id is None
        is_hidden = is_for_member_only and film.user_id != interaction.user.id
        if is_elsewhere or is_hidden or film.state is FilmState.DELETED:
            raise UserError(_(_NO_SUCH_FILM))
        return film

    async def _find_deletable_film(self, interaction: Interaction, film_id: str) -> FilmView:
        film = await self._find_film(interaction, film_id)
        check_may_delete(interaction, film.user_id, film.destination_channel_id)
        return film
