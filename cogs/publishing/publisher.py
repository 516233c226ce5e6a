"""Posts to Discord with the bot's token, once: every post has a nonce made from its job's id.

Interaction tokens die after 15 minutes and their posts have no nonce, so nothing here uses one.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

import discord
from discord import ui

from cogs.publishing.attachments import addresses, carrying, opened
from cogs.publishing.ephemeral_replies import PrivateAnswers
from cogs.publishing.errors import Filtered, asked, translated
from cogs.publishing.history import History
from cogs.ui import views
from cogs.ui.notify_button import told
from workflow.errors import PlaceGone, PublishError, TooLargeToPost, TryLater
from workflow.publisher import JobView, Parcel, Post, Sight
from workflow.status_updates import RUNNING

NOBODY: Final = discord.AllowedMentions.none()


class _LayOut(Protocol):
    def __call__(self, *, bare: bool) -> ui.LayoutView: ...


@dataclass(frozen=True, slots=True)
class Letter:
    """What a video of a job is sent with; `lay_out` makes the card, `bare` without the prompt."""

    job_id: str
    nonce: str
    mentions: discord.AllowedMentions
    lay_out: _LayOut


async def send_video(channel: discord.abc.Messageable, video: Path | None, letter: Letter) -> int:
    """Send a letter with its video, or without one; a post that is made twice is one message."""
    try:
        return await _send_once(channel, video, letter, bare=False)
    except Filtered:
        return await _send_once(channel, video, letter, bare=True)


async def follow_up(interaction: discord.Interaction[Any], job: JobView, parcel: Parcel) -> int:
    """Send a result where only its member sees it, in answer to an interaction."""
    view = views.result(job, parcel, private=True)
    with opened([] if parcel.video is None else [parcel.video]) as files:
        send = interaction.followup.send(view=view, files=files, ephemeral=True, wait=True)
        return (await asked(send)).id


def only(user_id: int) -> discord.AllowedMentions:
    """Let a message ping one member, and nobody else."""
    return discord.AllowedMentions(
        everyone=False, roles=False, replied_user=False, users=[discord.Object(user_id)]
    )


async def _send_once(
    channel: discord.abc.Messageable, video: Path | None, letter: Letter, *, bare: bool
) -> int:
    view, nonce, mentions = letter.lay_out(bare=bare), letter.nonce, letter.mentions
    if video is None:
        return (await asked(channel.send(view=view, nonce=nonce, allowed_mentions=mentions))).id
    with closing(discord.File(video, filename=f"{letter.job_id}.mp4")) as file:
        send = channel.send(view=view, file=file, nonce=nonce, allowed_mentions=mentions)
        return (await asked(send)).id


_PLAIN_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of a file that a direct message, or a server without boosts, takes."""

_WITH_AGE_LIMIT: Final = (
    discord.TextChannel,
    discord.VoiceChannel,
    discord.StageChannel,
    discord.ForumChannel,
    discord.Thread,
)


class DiscordPublisher:
    """Shows jobs in their channels, on behalf of the belt."""

    def __init__(self, client: discord.Client, answers: PrivateAnswers) -> None:
        self._client = client
        self._answers = answers
        self._history = History(client)

    @property
    def is_ready(self) -> bool:
        """Tell whether Discord has said what the bot may do where."""
        return self._client.is_ready()

    async def post_status(self, sight: Sight) -> int:
        """Post the status message with its files; it pings nobody.

        That of a private job whose member takes no direct messages is shown in the private answer
        to its order, while that can be changed; there is no message then all the same.
        """
        try:
            return await self._post_fitting_status(sight)
        except PlaceGone:
            if sight.job.private:
                bare = replace(sight, pictures=(), files=())
                await self._answers.show(sight.job, views.status(bare))
            raise

    async def _post_fitting_status(self, sight: Sight) -> int:
        try:
            return await self._post_status(sight, bare=False)
        except Filtered:
            return await self._post_status(sight, bare=True)
        except TooLargeToPost:
            return await self._post_status(replace(sight, pictures=(), files=()), bare=False)

    async def edit_status(self, sight: Sight) -> None:
        """Bring the status message up to date; a deleted one is left alone."""
        if sight.job.status_message_id is not None:
            await self._edit(sight, sight.job.status_message_id)

    async def offer_files(self, sight: Sight, files: Sequence[Path]) -> dict[str, str]:
        """Give fresh addresses of files that hang on the status message, or do so from now on.

        Whatever Discord says of a message has fresh addresses; an edit, unlike a look, needs no
        permission to read the channel's history.
        """
        message_id = sight.job.status_message_id
        assert message_id is not None, "there is a message for the files to hang on"
        try:
            offered = addresses(await self._edit(sight, message_id))
        except (PlaceGone, TryLater):
            raise
        except PublishError:
            offered = {}  # the card may name files that do not hang there
        if any(file.name not in offered for file in files):
            laden = carrying(sight, files)
            offered = addresses(await self._edit(laden, message_id, laden.files))
        return offered

    async def post_failure(self, sight: Sight) -> int:
        """Tell the member in a reply to the status message that there will be no video."""
        job = sight.job
        assert job.status_message_id is not None, "there is a message to reply to"
        channel = await self._home(job)
        message = channel.get_partial_message(job.status_message_id)
        send = channel.send(
            view=views.failure(sight),
            nonce=f"f{job.id}",
            allowed_mentions=only(job.user_id),
            reference=message.to_reference(fail_if_not_exists=False),
        )
        return (await asked(send)).id

    def largest_file(self, job: JobView, *, private: bool = False) -> int:
        """Tell how many bytes a file may have on the job's server, or in direct messages."""
        direct = private or job.private
        guild = None if direct else self._client.get_guild(job.guild_id)
        return guild.filesize_limit if guild else _PLAIN_LIMIT

    async def post_result(self, job: JobView, parcel: Parcel) -> int:
        """Post the result to its channel; without the prompt where a filter refuses it."""
        if job.private:
            return await self._hand_over(job, parcel)
        lay_out = partial(views.result, job, parcel)
        letter = Letter(job.id, f"r{job.id}", only(job.user_id), lay_out)
        return await send_video(self._result_channel(job), parcel.video, letter)

    async def send_result_privately(self, job: JobView, parcel: Parcel) -> int:
        """Send the result to the member's direct messages."""
        channel = await self._direct_channel(job)
        lay_out = partial(views.result, job, parcel, private=True)
        letter = Letter(job.id, f"r{job.id}", only(job.user_id), lay_out)
        return await send_video(channel, parcel.video, letter)

    async def tell_done(self, job: JobView) -> None:
        """Write to the member of a delivered job where its result is."""
        channel = await self._direct_channel(job)
        send = channel.send(view=told(job), nonce=f"d{job.id}", allowed_mentions=NOBODY)
        await asked(send)

    async def delete_result(self, job: JobView) -> None:
        """Delete the result where it was posted: in the channel, or in the direct messages."""
        if job.result_message_id is None:
            return
        if job.private:
            await self._delete_private(job, job.result_message_id)
            return
        try:
            await self._result_channel(job).get_partial_message(job.result_message_id).delete()
        except discord.NotFound:
            await self._delete_private(job, job.result_message_id)
        except Exception as error:
            raise translated(error) from error

    async def find_private_result(self, job: JobView, since_ms: int) -> int | None:
        """Look in the member's direct messages for a result sent since then."""
        return await self._find_directly(job, Post.RESULT, since_ms)

    async def find(self, job: JobView, post: Post, since_ms: int) -> int | None:
        """Look in the channel's history for what was posted for a job since then."""
        if job.private:
            return await self._find_directly(job, post, since_ms)
        is_result = post is Post.RESULT
        self._history.must_be_readable(job.place_id if is_result else job.channel_id)
        channel = self._result_channel(job) if is_result else self._channel(job)
        return await self._history.find(channel, job.id, post, since_ms)

    async def is_for_adults(self, channel_id: int) -> bool | None:
        """Tell whether a channel, or that of a thread, is age-restricted; None for a lost one."""
        channel = self._client.get_channel(channel_id)
        try:
            channel = channel or await asked(self._client.fetch_channel(channel_id))
        except PlaceGone:
            return None
        return isinstance(channel, _WITH_AGE_LIMIT) and channel.is_nsfw()

    async def share(self, job: JobView, parcel: Parcel, channel_id: int) -> int:
        """Post a video in a showcase channel; it pings nobody."""
        channel = self._client.get_partial_messageable(channel_id, guild_id=job.guild_id)
        lay_out = partial(views.shared, job, parcel)
        letter = Letter(job.id, f"x{job.id}", NOBODY, lay_out)
        return await send_video(channel, parcel.video, letter)

    async def find_shared(self, job: JobView, channel_id: int) -> int | None:
        """Look in a showcase channel's history for the post of a job."""
        self._history.must_be_readable(channel_id)
        channel = self._client.get_partial_messageable(channel_id, guild_id=job.guild_id)
        return await self._history.find(channel, job.id, Post.SHARED, job.created_at_ms)

    async def delete_shared(self, job: JobView) -> None:
        """Delete a job's post in the showcase channel; it may be gone already."""
        if job.shared_message_id is None or job.shared_channel_id is None:
            return
        place = self._client.get_partial_messageable(job.shared_channel_id, guild_id=job.guild_id)
        try:
            await place.get_partial_message(job.shared_message_id).delete()
        except discord.NotFound:
            return
        except Exception as error:
            raise translated(error) from error

    async def _find_directly(self, job: JobView, post: Post, since_ms: int) -> int | None:
        try:
            return await self._history.find(await self._direct_channel(job), job.id, post, since_ms)
        except PlaceGone:
            return None

    async def _hand_over(self, job: JobView, parcel: Parcel) -> int:
        """Send a private result to its member: directly, else by an interaction of theirs.

        What an interaction posts has no nonce, so that is tried once.
        """
        try:
            return await self.send_result_privately(job, parcel)
        except PlaceGone:
            interaction = self._answers.take(job)
            if interaction is None:
                raise
            return await follow_up(interaction, job, parcel)

    async def _delete_private(self, job: JobView, message_id: int) -> None:
        try:
            channel = await self._direct_channel(job)
            await asked(channel.get_partial_message(message_id).delete())
        except PlaceGone:
            return  # neither here nor there

    async def _post_status(self, sight: Sight, *, bare: bool) -> int:
        job = sight.job
        view, nonce = views.status(sight, bare=bare), f"s{job.id}"
        with opened(sight.files) as files:
            channel = await self._home(job)
            send = channel.send(view=view, nonce=nonce, files=files, allowed_mentions=NOBODY)
            return (await asked(send)).id

    async def _edit(
        self, sight: Sight, message_id: int, files: Sequence[Path] = ()
    ) -> discord.Message | None:
        """Edit the status message, with `files` in place of what hung there; None if it is gone.

        Without files, what hangs there stays while APIXO may ask for it, and goes then.
        """
        try:
            return await self._edit_once(sight, message_id, files, bare=False)
        except Filtered:
            return await self._edit_once(sight, message_id, files, bare=True)

    async def _edit_once(
        self, sight: Sight, message_id: int, files: Sequence[Path], *, bare: bool
    ) -> discord.Message | None:
        message = (await self._home(sight.job)).get_partial_message(message_id)
        view, running = views.status(sight, bare=bare), sight.job.state in RUNNING
        with opened(files) as attachments:
            # Without saying so again, an edit would mark the member as mentioned.
            edit = message.edit(
                view=view,
                attachments=attachments or (discord.utils.MISSING if running else []),
                allowed_mentions=NOBODY,
            )
            try:
                return await edit
            except discord.NotFound:
                return None
            except Exception as error:
                raise translated(error) from error

    async def _direct_channel(self, job: JobView) -> discord.DMChannel:
        user = await asked(self._client.fetch_user(job.user_id))
        return await asked(user.create_dm())

    async def _home(self, job: JobView) -> discord.DMChannel | discord.PartialMessageable:
        """Give the place of a job's messages: the channel, or its member's direct messages."""
        return await self._direct_channel(job) if job.private else self._channel(job)

    def _channel(self, job: JobView) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)

    def _result_channel(self, job: JobView) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(job.place_id, guild_id=job.guild_id)
