"""*Share*: the member or a moderator posts a video in the server's showcase channel."""

from collections.abc import Awaitable, Callable

from cogs.ui import views
from cogs.ui.interactions import InteractionTracker
from cogs.ui.routing import Interaction
from cogs.ui.sharing import answer_share, check_may_share
from domain.job_view import JobView
from workflow.context import Context
from workflow.results.share import share


class ShareHandler:
    """The handler of *Share*; `find_job` returns a job visible where the click came from."""

    def __init__(
        self,
        context: Context,
        interactions: InteractionTracker,
        find_job: Callable[[Interaction, str], Awaitable[JobView]],
    ) -> None:
        self._context = context
        self._interactions = interactions
        self._find_job = find_job

    async def share(self, interaction: Interaction, job_id: str) -> None:
        """Post the video in the showcase channel, and answer with a link to it."""
        await self._interactions.defer_reply(interaction)
        job = await self._find_job(interaction, job_id)
        check_may_share(interaction, job.user_id, job.destination_channel_id)
        view = views.render_text(await answer_share(share(self._context, job.id)))
        await interaction.edit_original_response(view=view)
