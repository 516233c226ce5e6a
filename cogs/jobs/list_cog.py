"""The job list: the command /jobs, and the buttons on its answer."""

from typing import Any

from discord import app_commands

from cogs.films.views import list_items
from cogs.jobs import list_views
from cogs.jobs.list_views import NEWEST_PAGE, ListAction, ListActionButton, PageButton
from cogs.publishing.ephemeral_replies import EphemeralReplies
from cogs.ui import text
from cogs.ui.i18n import N_, _
from cogs.ui.interactions import InteractionTracker, guild_id_of, run_handler
from cogs.ui.routing import ComponentCog, ComponentRoute, Interaction
from workflow.context import Context
from workflow.errors import (
    JobNotFound,
    NotCancellable,
    NotDelivered,
    PostUnconfirmed,
    PublishError,
    TemporaryPublishError,
    TooLargeToPost,
)
from workflow.films.orders import list_films
from workflow.results.job_list import read_job_page
from workflow.results.repost import repost
from workflow.stages.accept import cancel
from workflow.worker import Worker


class JobListCog(ComponentCog):
    """The private list of a member's videos on a server."""

    def __init__(
        self,
        context: Context,
        worker: Worker,
        interactions: InteractionTracker,
        ephemeral_replies: EphemeralReplies,
    ) -> None:
        self._context = context
        self._worker = worker
        self._interactions = interactions
        self._ephemeral_replies = ephemeral_replies

    @property
    def component_routes(self) -> tuple[ComponentRoute[Any], ...]:
        """Return the routes of the list's buttons."""
        return (
            ComponentRoute(PageButton, self.show_page),
            ComponentRoute(ListActionButton, self.handle_action),
        )

    @app_commands.command(name="jobs", description=N_("See and manage your videos"))
    async def jobs(self, interaction: Interaction) -> None:
        """List a member's newest videos."""
        await run_handler(interaction, self._list(interaction))

    async def show_page(self, interaction: Interaction, button: PageButton) -> None:
        """Show the page that begins with a job."""
        await run_handler(interaction, self._turn_page(interaction, button.start))

    async def handle_action(self, interaction: Interaction, button: ListActionButton) -> None:
        """Cancel or repost a job, and show its page again."""
        work = self._run_action(interaction, button.action, button.job_id, button.start)
        await run_handler(interaction, work)

    async def _list(self, interaction: Interaction) -> None:
        await self._interactions.defer_reply(interaction)
        await self._show(interaction, NEWEST_PAGE)

    async def _turn_page(self, interaction: Interaction, start: str) -> None:
        await self._interactions.defer_update_or_reply(interaction)
        await self._show(interaction, start)

    async def _run_action(
        self, interaction: Interaction, action: ListAction, job_id: str, start: str
    ) -> None:
        await self._interactions.defer_update_or_reply(interaction)
        handler = self._cancel if action is ListAction.CANCEL else self._repost
        try:
            notice = await handler(interaction, job_id)
        except JobNotFound:
            notice = _(text.NO_SUCH_VIDEO)
        finally:
            self._worker.wake()
        await self._show(interaction, start, notice)

    async def _cancel(self, interaction: Interaction, job_id: str) -> str:
        try:
            await cancel(self._context, job_id, interaction.user.id)
        except NotCancellable as error:
            return text.format_too_late(error)
        return _(text.CANCELLED)

    async def _repost(self, interaction: Interaction, job_id: str) -> str:
        guild_id, user_id = guild_id_of(interaction), interaction.user.id
        try:
            # A private result comes by this interaction if it cannot come by direct message.
            await self._ephemeral_replies.remember(job_id, interaction)
            reposted = await repost(self._context, job_id, guild_id, user_id)
        except NotDelivered:
            return _("There's no video to post.")
        except TooLargeToPost:
            return _(
                "It's too large to post here. I've kept it, and the operator of this bot "
                "can send it to you."
            )
        except (TemporaryPublishError, PostUnconfirmed):
            return _(
                "Discord didn't answer. If the video isn't there, click *Post again* in a moment."
            )
        except PublishError:
            return _("I can't post there or DM you. Allow one of them, then click *Post again*.")
        return list_views.format_repost_outcome(reposted.outcome, reposted.job)

    async def _show(self, interaction: Interaction, start: str, notice: str | None = None) -> None:
        first = None if start == NEWEST_PAGE else start
        page = await read_job_page(
            self._context, guild_id_of(interaction), interaction.user.id, first
        )
        films = await list_films(self._context, guild_id_of(interaction), interaction.user.id)
        items = list_items(films) if first is None else []
        view = list_views.render_job_list(page, start, notice, items)
        await interaction.edit_original_response(view=view)
