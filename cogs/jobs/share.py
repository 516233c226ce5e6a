"""*Share*: the member or a moderator posts a video in the server's showcase channel."""

from collections.abc import Awaitable, Callable
from types import MappingProxyType
from typing import Final

from cogs.ui import views
from cogs.ui.i18n import N_, _
from cogs.ui.interactions import InteractionTracker, UserError
from cogs.ui.routing import Interaction
from domain.job_view import JobView
from workflow.context import Context
from workflow.errors import MessageDeleted, NotDelivered, PublishError, TemporaryPublishError
from workflow.results.share import ShareOutcome, ShareResult, share

_OUTCOMES: Final = MappingProxyType(
    {
        ShareOutcome.POSTED: N_("Shared! See it here: {link}"),
        ShareOutcome.ALREADY_SHARED: N_("Already shared! See it here: {link}"),
        ShareOutcome.NO_SHOWCASE: N_(
            "No showcase yet. A server manager can pick one in `/settings`."
        ),
        ShareOutcome.ADULTS_ONLY: N_(
            "This video is from an age-restricted channel, and the showcase isn't one."
        ),
        ShareOutcome.TOO_LARGE: N_("This video is too large for the showcase channel."),
        ShareOutcome.GONE: N_("This video's file is gone, so I can't share it."),
    }
)


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
        if not _may_share(interaction, job):
            raise UserError(
                _("Only the person who made this, or someone with *Manage Messages*, can share it.")
            )
        view = views.render_text(_format_result(await self._share(job)))
        await interaction.edit_original_response(view=view)

    async def _share(self, job: JobView) -> ShareResult:
        try:
            return await share(self._context, job.id)
        except NotDelivered:
            raise UserError(_("There's no video to share.")) from None
        except (TemporaryPublishError, MessageDeleted):
            raise UserError(
                _("Discord didn't answer. Check the showcase, and click again if it's not there.")
            ) from None
        except PublishError:
            raise UserError(
                _(
                    "I can't post in the showcase. A server manager can give me *View "
                    "Channel*, *Send Messages* and *Attach Files* there."
                )
            ) from None


def _may_share(interaction: Interaction, job: JobView) -> bool:
    may_moderate = interaction.permissions.manage_messages
    is_same_channel = interaction.channel_id == job.destination_channel_id
    return job.user_id == interaction.user.id or (is_same_channel and may_moderate)


def _format_result(result: ShareResult) -> str:
    job = result.job
    path = f"{job.guild_id}/{job.shared_channel_id}/{job.shared_message_id}"
    return _(_OUTCOMES[result.outcome], link=f"https://discord.com/channels/{path}")
