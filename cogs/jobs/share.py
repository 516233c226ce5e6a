"""What *Share* does: a video is posted where the whole server looks, by those who may do so."""

from collections.abc import Awaitable, Callable
from types import MappingProxyType
from typing import Any, Final

import discord

from cogs.generation.service import Desk
from cogs.ui import views
from cogs.ui.interactions import TurnedAway
from domain.catalogue import mark, t
from workflow.context import Context
from workflow.errors import PublishError, TooSoon, TryLater
from workflow.publisher import JobView
from workflow.results.share import Shared, Sharing, share

_SAID: Final = MappingProxyType(
    {
        Shared.POSTED: mark("It is in the showcase now: {link}"),
        Shared.THERE: mark("It is in the showcase already: {link}"),
        Shared.NO_SHOWCASE: mark(
            "This server has no showcase channel. Whoever has *Manage Server* can choose one with "
            "`/settings`."
        ),
        Shared.ADULTS_ONLY: mark(
            "This video is for an age-restricted channel, and the showcase is not one."
        ),
        Shared.TOO_LARGE: mark("This video is too large for the showcase channel."),
        Shared.GONE: mark("The file of this video is not kept any more, so it can not be shared."),
    }
)

_Interaction = discord.Interaction[Any]


class Showing:
    """Answers clicks on *Share*; `find` finds a job where a click came from."""

    def __init__(
        self,
        context: Context,
        desk: Desk,
        find: Callable[[_Interaction, str], Awaitable[JobView]],
    ) -> None:
        self._context = context
        self._desk = desk
        self._find = find

    async def share(self, interaction: _Interaction, job_id: str) -> None:
        """Post the video in the showcase channel, and say where it is."""
        await self._desk.open(interaction)
        job = await self._find(interaction, job_id)
        if not _may_share(interaction, job):
            raise TurnedAway(
                t(
                    "Only the member who asked for this video, or who has *Manage Messages*, can "
                    "share it."
                )
            )
        view = views.note(_said(await self._shared(job)))
        await interaction.edit_original_response(view=view)

    async def _shared(self, job: JobView) -> Sharing:
        try:
            return await share(self._context, job.id)
        except TooSoon:
            raise TurnedAway(t("There is no video that could be shared.")) from None
        except TryLater:
            raise TurnedAway(
                t("Discord did not answer. Look whether it is in the showcase, or click again.")
            ) from None
        except PublishError:
            raise TurnedAway(
                t(
                    "I may not post in the showcase channel. Whoever has *Manage Server* can let "
                    "me view it, send messages and attach files there."
                )
            ) from None


def _may_share(interaction: _Interaction, job: JobView) -> bool:
    moderates = interaction.permissions.manage_messages
    here = interaction.channel_id == job.place_id
    return job.user_id == interaction.user.id or (here and moderates)


def _said(sharing: Sharing) -> str:
    job = sharing.job
    place = f"{job.guild_id}/{job.shared_channel_id}/{job.shared_message_id}"
    return t(_SAID[sharing.outcome], link=f"https://discord.com/channels/{place}")
