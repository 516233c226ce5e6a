"""Posts to Discord with the bot's token, each with a nonce made from its job's id.

A repeated post with the same nonce is one message. Interaction tokens expire after 15 minutes and
their posts have no nonce, so only private results that cannot be sent directly use them.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, cast

import discord
from discord import ui

from cogs.publishing import carriers
from cogs.publishing.access import DestinationAccess
from cogs.publishing.attachments import attachment_urls, open_files, with_attachments
from cogs.publishing.credit import remove_credit
from cogs.publishing.ephemeral_replies import (
    EphemeralReplies,
    interaction_webhook,
    send_followup,
)
from cogs.publishing.errors import call_discord
from cogs.publishing.gateway import gateway_of
from cogs.publishing.history import MessageHistory
from cogs.publishing.languages import MessageLanguages, in_its_language, to_its_member
from cogs.publishing.places import Places
from cogs.publishing.refusals import BlockedByAutoMod, NoSharedServer, ReplyForbidden
from cogs.publishing.refused_requests import RefusedRequests
from cogs.publishing.status_edits import edit_status
from cogs.publishing.threads import Channel, call_in_channel
from cogs.publishing.video_messages import (
    NO_MENTIONS,
    OutgoingMessage,
    edit_message,
    mention_only,
    name_videos,
    send_message,
)
from cogs.ui import text, views
from cogs.ui.answers import render_answer
from cogs.ui.i18n import speaking
from cogs.ui.notify_button import render_done_notice
from cogs.ui.takes_views import render_takes
from domain.job_view import JobView
from domain.jobs import SENT_BY_DM, JobState
from domain.obstacles import Obstacle
from workflow.errors import (
    ChannelDeleted,
    ChannelUnavailable,
    MessageDeleted,
    PostUnconfirmed,
    PublishError,
    TemporaryPublishError,
    TooLargeToPost,
)
from workflow.publisher import (
    AnswerView,
    MessageKind,
    ReleaseNotice,
    ResultPayload,
    StatusView,
    TakesPost,
)

_ORIGINAL: Final = cast("int", "@original")
"""Discord's name for the answer to an interaction, in the place of a message's id."""

_DEFAULT_MAX_BYTES: Final = 10 * 1024 * 1024
"""Bytes that Discord takes as a file in direct messages, or on a server without boosts."""


class DiscordPublisher:
    """The publisher of jobs on Discord; it rests while `refused` are too many."""

    def __init__(
        self,
        client: discord.Client,
        ephemeral_replies: EphemeralReplies,
        refused: RefusedRequests | None = None,
        languages: MessageLanguages | None = None,
    ) -> None:
        self.languages = languages or MessageLanguages(Places(client))
        self._places = self.languages.places
        self._client = client
        self._gateway = gateway_of(client)
        self._refused = refused or RefusedRequests()
        self._ephemeral_replies = ephemeral_replies
        self._history = MessageHistory(client, self._places)
        self._access = DestinationAccess(client, self._places)

    @property
    def is_ready(self) -> bool:
        """Return whether Discord has sent the bot's channels, and does not refuse too much."""
        return self._client.is_ready() and not self._refused.are_too_many

    @property
    def has_spare_requests(self) -> bool:
        """Return whether Discord's limits are far enough for what could be left out."""
        return self.is_ready and self._refused.has_room

    @property
    def is_connected(self) -> bool:
        """Return whether this process's shards are connected: they report servers that are left."""
        return self.is_ready and self._gateway.is_connected

    def has_left(self, guild_id: int) -> bool:
        """Return whether the bot is known to be no member of a server."""
        return self._access.has_left(guild_id)

    def is_destination_cached(self, guild_id: int, channel_id: int | None) -> bool:
        """Return whether `find_obstacle` answers without a request."""
        return self._access.is_cached(guild_id, channel_id)

    async def find_obstacle(self, guild_id: int, channel_id: int | None) -> Obstacle | None:
        """Return what keeps a video from a channel, or from the server; None if nothing does."""
        return await self._access.find_obstacle(guild_id, channel_id)

    async def is_member(self, guild_id: int, user_id: int) -> bool:
        """Return whether a user is on a server, as Discord answers now."""
        return await self._places.is_member(guild_id, user_id)

    @to_its_member
    async def notify_released(self, notice: ReleaseNotice) -> None:
        """Send a member a direct message about their jobs that were released."""
        channel = await self._dm_channel(notice.user_id)
        nonce, view = f"n{notice.job_id}", views.render_text(text.format_release_notice(notice))
        await call_discord(channel.send(view=view, nonce=nonce, allowed_mentions=NO_MENTIONS))

    @in_its_language
    async def post_status(self, status: StatusView) -> int:
        """Post the status message with its files; it pings nobody."""
        try:
            return await self._post_status(status, without_prompt=False)
        except BlockedByAutoMod:
            return await self._post_status(status, without_prompt=True)
        except TooLargeToPost:
            return await self._post_status(
                replace(status, preview_urls=(), files=()), without_prompt=False
            )

    @in_its_language
    async def edit_status(self, status: StatusView) -> bool:
        """Update the status message; return whether it is there: a deleted one is left alone."""
        message_id = status.job.status_message_id
        return message_id is not None and await self._edit(status, message_id) is not None

    async def edit_answer(self, view: AnswerView) -> None:
        """Update the private answer to a job's request with its interaction's token."""
        answer, job = view.answer, view.status.job
        webhook = interaction_webhook(self._client, answer.application_id, answer.token)
        with speaking(job.language):
            edit = webhook.edit_message(_ORIGINAL, view=render_answer(view))
            await call_discord(edit)

    @in_its_language
    async def attach_files(self, status: StatusView, files: Sequence[Path]) -> dict[str, str]:
        """Return fresh URLs of files on the status message, attaching those that it lacks.

        Every response with the message has fresh URLs; an edit, unlike a read, needs no permission
        to read the channel's history.
        """
        message_id = status.job.status_message_id
        assert message_id is not None, "there is a message to attach the files to"
        try:
            urls = attachment_urls(await self._edit(status, message_id))
        except (ChannelUnavailable, TemporaryPublishError):
            raise
        except PublishError:
            urls = {}  # the view may name files that are not attached
        if any(file.name not in urls for file in files):
            extended = with_attachments(status, files)
            urls = attachment_urls(await self._edit(extended, message_id, extended.files))
        return urls

    @in_its_language
    async def attach_to_carrier(
        self, status: StatusView, part: int, files: Sequence[Path], message_id: int | None
    ) -> tuple[int, dict[str, str]]:
        """Return the id of a carrier, posted unless it is known, and fresh URLs of files on it."""
        channel = await self._message_channel(status.job)
        return await carriers.attach_to_carrier(
            self._client, channel, status, part, files, message_id
        )

    async def find_carriers(self, job: JobView, since_ms: int) -> dict[int, int]:
        """Return the ids of a job's carriers posted since then, by their parts."""
        channel = await self._message_channel(job)
        if not job.private:
            await self._history.require_readable(job.guild_id, channel.id)
        return await self._history.find_carriers(channel, job.id, since_ms)

    async def delete_message(self, job: JobView, message_id: int) -> None:
        """Delete a message in the channel of a job's status, if it still exists."""
        with suppress(ChannelDeleted, MessageDeleted):
            await self._delete(await self._message_channel(job), message_id)

    async def delete_carrier(self, job: JobView, message_id: int) -> None:
        """Delete a carrier of a job, if it still exists."""
        await self.delete_message(job, message_id)

    @in_its_language
    async def post_failure(self, status: StatusView, *, tells_why: bool) -> int:
        """Reply to the status message, pinging the member; return the reply's id.

        Where the bot may not read the history, the message is no reply, and says what happened.
        """
        job = status.job
        assert job.status_message_id is not None, "there is a message to reply to"
        channel = await self._message_channel(job)
        message = channel.get_partial_message(job.status_message_id)
        view = views.render_failure(status, tells_why=tells_why)
        try:
            return await self._post_failure(channel, job, view, replies_to=message)
        except ReplyForbidden:
            view = views.render_failure(status, tells_why=True)
            return await self._post_failure(channel, job, view, replies_to=None)

    async def max_file_bytes(self, job: JobView, *, private: bool = False) -> int:
        """Return how many bytes a file may have on the job's server, or in direct messages."""
        if private or job.private:
            return _DEFAULT_MAX_BYTES
        try:
            return (await self._places.find_guild(job.guild_id)).filesize_limit
        except ChannelUnavailable:
            return _DEFAULT_MAX_BYTES  # only direct messages are left

    @in_its_language
    async def post_result(self, job: JobView, payload: ResultPayload) -> int:
        """Post the result to its channel; without the prompt where AutoMod refuses it."""
        if job.private:
            return await self._send_private(job, _result_message(job, payload, private=True))
        channel = await self._places.find_messageable(job.guild_id, job.destination_channel_id)
        return await self._send_result(channel, job, _result_message(job, payload))

    @to_its_member
    async def send_result_by_dm(self, job: JobView, payload: ResultPayload) -> int:
        """Send the result to the member's direct messages."""
        return await self._send_by_dm(job, _result_message(job, payload, private=True))

    @in_its_language
    async def post_takes(self, post: TakesPost) -> int:
        """Post takes of one request to their channel."""
        job = post.job
        if job.private:
            return await self._send_private(job, _takes_message(post, private=True))
        channel = await self._places.find_messageable(job.guild_id, job.destination_channel_id)
        return await self._send_result(channel, job, _takes_message(post))

    @to_its_member
    async def send_takes_by_dm(self, post: TakesPost) -> int:
        """Send takes of one request to the member's direct messages."""
        return await self._send_by_dm(post.job, _takes_message(post, private=True))

    @in_its_language
    async def edit_takes(self, post: TakesPost, *, replaces_files: bool = True) -> None:
        """Leave only these takes in a posted message; it may be gone already.

        Its other files stay attached, though unseen, where they are not replaced.
        """
        job = post.job
        assert job.result_message_id is not None, "there is a message to edit"
        is_direct = job.private or job.reason == SENT_BY_DM
        channel = await self._dm_channel(job.user_id) if is_direct else self._result_channel(job)
        message = _takes_message(post, private=is_direct)
        with suppress(ChannelDeleted, MessageDeleted):
            await edit_message(
                self._client,
                channel,
                job.result_message_id,
                message,
                replaces_files=replaces_files,
            )

    @to_its_member
    async def notify_done(self, job: JobView) -> int:
        """Send the member of a delivered job a done-notification, and return its id."""
        channel = await self._dm_channel(job.user_id)
        send = channel.send(
            view=render_done_notice(job), nonce=f"d{job.id}", allowed_mentions=NO_MENTIONS
        )
        return (await call_discord(send)).id

    async def delete_notice(self, job: JobView, message_id: int) -> None:
        """Delete a done-notification, if the direct messages still have it."""
        await self._delete_dm(job, message_id)

    async def delete_result(self, job: JobView) -> None:
        """Delete the result where it was posted: in the channel, or in the direct messages."""
        message_id = job.result_message_id
        if message_id is None:
            return
        try:
            await self._delete(await self._place_of_result(job), message_id)
        except (ChannelUnavailable, MessageDeleted) as error:
            is_gone = isinstance(error, ChannelDeleted | MessageDeleted)
            was_in_dms = not job.private and await self._delete_dm(job, message_id)
            if not (is_gone or was_in_dms):
                raise

    async def find_result_dm(self, job: JobView, since_ms: int) -> int | None:
        """Return the id of a result sent to the member's direct messages since then, if any."""
        return await self._find_dm(job, MessageKind.RESULT, since_ms)

    async def find_message(self, job: JobView, kind: MessageKind, since_ms: int) -> int | None:
        """Return the id of a job's message of a kind posted since then, if any."""
        if job.private:
            return await self._find_dm(job, kind, since_ms)
        is_result = kind is MessageKind.RESULT
        channel = self._result_channel(job) if is_result else self._channel(job)
        await self._history.require_readable(job.guild_id, channel.id)
        return await self._history.find_message(channel, job.id, kind, since_ms)

    async def is_age_restricted(self, guild_id: int, channel_id: int) -> bool | None:
        """Return whether a channel, or a thread's channel, is age-restricted; None if gone."""
        try:
            return (await self._places.find_channel(guild_id, channel_id)).is_age_restricted
        except ChannelUnavailable:
            return None

    @in_its_language
    async def share(self, job: JobView, payload: ResultPayload, channel_id: int) -> int:
        """Post a video in a showcase channel; it pings nobody."""
        channel = await self._places.find_messageable(job.guild_id, channel_id)
        build_view = partial(views.render_showcase, job, payload)
        videos = name_videos([(job, payload)])
        message = OutgoingMessage(videos, f"x{job.id}", NO_MENTIONS, build_view)
        return await send_message(self._client, channel, message)

    async def remove_credit(self, job: JobView) -> None:
        """Take the credit out of a remix's result and its showcase post, as far as there are any.

        A result that was sent by direct message stays there as it is.
        """
        if job.result_message_id is not None:
            place = await self._place_of_result(job)
            await remove_credit(self._client, place, job.result_message_id)
        if job.shared_message_id is not None and job.shared_channel_id is not None:
            showcase = self._client.get_partial_messageable(
                job.shared_channel_id, guild_id=job.guild_id
            )
            await remove_credit(self._client, showcase, job.shared_message_id)

    async def find_shared(self, job: JobView, channel_id: int) -> int | None:
        """Return the id of a job's post in a showcase channel, if any."""
        await self._history.require_readable(job.guild_id, channel_id)
        channel = self._client.get_partial_messageable(channel_id, guild_id=job.guild_id)
        return await self._history.find_message(
            channel, job.id, MessageKind.SHARED, job.created_at_ms
        )

    async def delete_shared(self, job: JobView) -> None:
        """Delete a job's post in the showcase channel, if it still exists."""
        if job.shared_message_id is None or job.shared_channel_id is None:
            return
        channel = self._client.get_partial_messageable(job.shared_channel_id, guild_id=job.guild_id)
        with suppress(ChannelDeleted, MessageDeleted):
            await self._delete(channel, job.shared_message_id)

    async def _find_dm(self, job: JobView, kind: MessageKind, since_ms: int) -> int | None:
        try:
            return await self._history.find_message(
                await self._dm_channel(job.user_id), job.id, kind, since_ms
            )
        except ChannelUnavailable:
            return None

    async def _send_private(self, job: JobView, message: OutgoingMessage) -> int:
        """Send a private result by direct message, else by an interaction of its member.

        A post by an interaction has no nonce, so it is not repeated if it may have arrived, even if
        another process sent it.
        """
        try:
            with speaking(job.language):
                return await self._send_by_dm(job, message)
        except NoSharedServer:
            raise
        except ChannelUnavailable:
            webhook = await self._ephemeral_replies.find_webhook(job)
            if webhook is None:
                raise
        if not await self._ephemeral_replies.use(job):
            raise PostUnconfirmed
        try:
            return await send_followup(webhook, message)
        except PostUnconfirmed:
            raise
        except Exception:
            await self._ephemeral_replies.release(job)
            raise

    async def _send_by_dm(self, job: JobView, message: OutgoingMessage) -> int:
        return await self._send_result(await self._dm_channel(job.user_id), job, message)

    async def _delete(self, channel: Channel, message_id: int) -> None:
        message = channel.get_partial_message(message_id)
        await call_in_channel(self._client, channel, message.delete)

    async def _delete_dm(self, job: JobView, message_id: int) -> bool:
        """Delete a message of the direct messages, if it is there."""
        try:
            await self._delete(await self._dm_channel(job.user_id), message_id)
        except (ChannelUnavailable, MessageDeleted):
            return False
        return True

    async def _send_result(self, channel: Channel, job: JobView, message: OutgoingMessage) -> int:
        """Send a result; one that was deleted a moment ago is sent again if its member asks for it.

        Discord answers a repeated nonce with the deletion, so that takes another one.
        """
        try:
            return await send_message(self._client, channel, message)
        except MessageDeleted:
            if job.state is not JobState.DELIVERED:
                raise
            nonce = f"{message.nonce}.{(job.result_message_id or 0) % 1000}"
            return await send_message(self._client, channel, replace(message, nonce=nonce))

    async def _post_status(self, status: StatusView, *, without_prompt: bool) -> int:
        job = status.job
        view, nonce = views.render_status(status, without_prompt=without_prompt), f"s{job.id}"
        channel = await self._message_channel(job)

        async def post() -> discord.Message:
            with open_files(status.files) as files:
                return await channel.send(
                    view=view, nonce=nonce, files=files, allowed_mentions=NO_MENTIONS
                )

        return (await call_in_channel(self._client, channel, post)).id

    async def _post_failure(
        self,
        channel: Channel,
        job: JobView,
        view: ui.LayoutView,
        *,
        replies_to: discord.PartialMessage | None,
    ) -> int:
        reference = replies_to and replies_to.to_reference(fail_if_not_exists=False)
        post = partial(
            channel.send,
            view=view,
            nonce=f"f{job.id}",
            allowed_mentions=mention_only(job.user_id),
            **({"reference": reference} if reference else {}),
        )
        return (await call_in_channel(self._client, channel, post)).id

    async def _edit(
        self, status: StatusView, message_id: int, files: Sequence[Path] = ()
    ) -> discord.Message | None:
        channel = await self._message_channel(status.job)
        return await edit_status(self._client, channel, status, message_id, files)

    async def _dm_channel(self, user_id: int) -> discord.DMChannel:
        user = await call_discord(self._client.fetch_user(user_id))
        return await call_discord(user.create_dm())

    async def _message_channel(self, job: JobView) -> Channel:
        """Return the channel of a job's messages, or its member's direct messages."""
        return await self._dm_channel(job.user_id) if job.private else self._channel(job)

    async def _place_of_result(self, job: JobView) -> Channel:
        return await self._dm_channel(job.user_id) if job.private else self._result_channel(job)

    def _channel(self, job: JobView) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)

    def _result_channel(self, job: JobView) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(
            job.destination_channel_id, guild_id=job.guild_id
        )


def _result_message(
    job: JobView, payload: ResultPayload, *, private: bool = False
) -> OutgoingMessage:
    build_view = partial(views.render_result, job, payload, private=private)
    videos = name_videos([(job, payload)])
    mentions = mention_only(job.user_id) if payload.shot is None else NO_MENTIONS
    return OutgoingMessage(videos, f"r{job.id}", mentions, build_view)


def _takes_message(post: TakesPost, *, private: bool = False) -> OutgoingMessage:
    build_view = partial(render_takes, post, private=private)
    nonce, mentions = f"t{post.order_id}.{post.number}", mention_only(post.job.user_id)
    return OutgoingMessage(name_videos(post.takes), nonce, mentions, build_view)
