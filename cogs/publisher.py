"""Posts to Discord with the bot's token, once: every post has a nonce made from its job's id.

Interaction tokens die after 15 minutes and their posts have no nonce, so nothing here uses one.
"""

from collections.abc import Awaitable
from contextlib import closing
from pathlib import Path
from typing import Final, TypeVar

import aiohttp
import discord
from discord import ui

from cogs import cards
from workflow.errors import HistoryDenied, PlaceGone, PublishError, TooLargeToPost, TryLater
from workflow.publishing import JobView, Post, Sight

_PLAIN_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of a file that a direct message, or a server without boosts, takes."""

_TOO_LARGE: Final = 40005
_FILTERED: Final = frozenset({200000, 200001, 240000, 20009})
_GONE: Final = frozenset({10003, 10004, 10013, 40003, 50001, 50007, 50013, 50083, 50278, 160005})

_HISTORY_MARGIN_MS: Final = 600_000
_HISTORY_DEPTH: Final = 2_000

_NOBODY: Final = discord.AllowedMentions.none()

T = TypeVar("T")


class _Filtered(PublishError):
    """The channel's word filter refused the text."""


class DiscordPublisher:
    """Shows jobs in their channels, on behalf of the belt."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    @property
    def is_ready(self) -> bool:
        """Tell whether Discord has said what the bot may do where."""
        return self._client.is_ready()

    async def post_status(self, sight: Sight) -> int:
        """Post the public status message; it pings nobody."""
        try:
            return await self._post_status(sight, bare=False)
        except _Filtered:
            return await self._post_status(sight, bare=True)

    async def edit_status(self, sight: Sight) -> None:
        """Bring the status message up to date; a deleted one is left alone."""
        if sight.job.status_message_id is None:
            return
        try:
            await self._edit_status(sight, sight.job.status_message_id, bare=False)
        except _Filtered:
            await self._edit_status(sight, sight.job.status_message_id, bare=True)

    async def post_failure(self, sight: Sight) -> int:
        """Tell the member in a reply to the status message that there will be no video."""
        job = sight.job
        assert job.status_message_id is not None, "there is a message to reply to"
        channel = self._channel(job)
        message = channel.get_partial_message(job.status_message_id)
        send = channel.send(
            view=cards.failure(sight),
            nonce=f"f{job.id}",
            allowed_mentions=_only(job.user_id),
            reference=message.to_reference(fail_if_not_exists=False),
        )
        return (await _tell(send)).id

    async def post_result(self, job: JobView, video: Path | None) -> int:
        """Post the result to the job's channel; without the prompt where a filter refuses it."""
        guild = self._client.get_guild(job.guild_id)
        limit = guild.filesize_limit if guild else _PLAIN_LIMIT
        return await self._send_result(self._channel(job), job, video, limit)

    async def send_result_privately(self, job: JobView, video: Path | None) -> int:
        """Send the result to the member's direct messages."""
        channel = await self._direct_channel(job)
        return await self._send_result(channel, job, video, _PLAIN_LIMIT)

    async def find_private_result(self, job: JobView, since_ms: int) -> int | None:
        """Look in the member's direct messages for a result sent since then."""
        try:
            channel = await self._direct_channel(job)
            return await self._search(channel, job, Post.RESULT, since_ms)
        except PlaceGone:
            return None

    async def find(self, job: JobView, post: Post, since_ms: int) -> int | None:
        """Look in the channel's history for what was posted for a job since then."""
        self._must_read_history(job.channel_id)
        return await self._search(self._channel(job), job, post, since_ms)

    async def _search(
        self, channel: discord.abc.Messageable, job: JobView, post: Post, since_ms: int
    ) -> int | None:
        since = discord.Object((since_ms - _HISTORY_MARGIN_MS - discord.utils.DISCORD_EPOCH) << 22)
        history = channel.history(limit=_HISTORY_DEPTH, after=since)
        try:
            async for message in history:
                if self._is_mine(message) and _kind(message, job.id) is post:
                    return message.id
        except Exception as error:
            raise _translated(error) from error
        return None

    async def _send_result(
        self, channel: discord.abc.Messageable, job: JobView, video: Path | None, limit: int
    ) -> int:
        size = (job.file_size or 0) if video is not None else 0
        if size > limit:
            raise TooLargeToPost(f"{size} bytes, {limit} fit")
        try:
            return await _post_video(channel, job, video, bare=False)
        except _Filtered:
            return await _post_video(channel, job, video, bare=True)

    async def _post_status(self, sight: Sight, *, bare: bool) -> int:
        job = sight.job
        view, nonce = cards.status(sight, bare=bare), f"s{job.id}"
        send = self._channel(job).send(view=view, nonce=nonce, allowed_mentions=_NOBODY)
        return (await _tell(send)).id

    async def _edit_status(self, sight: Sight, message_id: int, *, bare: bool) -> None:
        message = self._channel(sight.job).get_partial_message(message_id)
        try:
            # Without saying so again, an edit would mark the member as mentioned.
            await message.edit(view=cards.status(sight, bare=bare), allowed_mentions=_NOBODY)
        except discord.NotFound:
            return
        except Exception as error:
            raise _translated(error) from error

    async def _direct_channel(self, job: JobView) -> discord.DMChannel:
        user = await _tell(self._client.fetch_user(job.user_id))
        return await _tell(user.create_dm())

    def _channel(self, job: JobView) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)

    def _is_mine(self, message: discord.Message) -> bool:
        return self._client.user is not None and message.author.id == self._client.user.id

    def _must_read_history(self, channel_id: int) -> None:
        """Refuse to look where Discord would answer with an empty list rather than an error."""
        channel = self._client.get_channel(channel_id)
        if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            return
        try:
            allowed = channel.permissions_for(channel.guild.me)
        except (AttributeError, discord.ClientException):
            return  # the cache knows neither the bot's roles nor a thread's channel
        if allowed.view_channel and not allowed.read_message_history:
            raise HistoryDenied("the bot may not read the channel's history")


async def _post_video(
    channel: discord.abc.Messageable, job: JobView, video: Path | None, *, bare: bool
) -> int:
    view: ui.LayoutView = cards.result(job, attached=video is not None, bare=bare)
    nonce, mentions = f"r{job.id}", _only(job.user_id)
    if video is None:
        return (await _tell(channel.send(view=view, nonce=nonce, allowed_mentions=mentions))).id
    with closing(discord.File(video, filename=f"{job.id}.mp4")) as file:
        send = channel.send(view=view, file=file, nonce=nonce, allowed_mentions=mentions)
        return (await _tell(send)).id


def _only(user_id: int) -> discord.AllowedMentions:
    return discord.AllowedMentions(
        everyone=False, roles=False, replied_user=False, users=[discord.Object(user_id)]
    )


def _kind(message: discord.Message, job_id: str) -> Post | None:
    """Tell which of a job's messages this is, by its last line: a prompt may quote any job."""
    view = ui.LayoutView.from_message(message)
    texts = [item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay)]
    signature = texts[-1].rpartition("\n")[2] if texts else ""
    if signature == f"-# {job_id}":
        return Post.STATUS
    return Post.RESULT if signature.endswith(f" · {job_id}") else None


async def _tell(post: Awaitable[T]) -> T:
    """Await a request to Discord, with its errors in the workflow's words."""
    try:
        return await post
    except Exception as error:
        raise _translated(error) from error


def _translated(error: Exception) -> Exception:
    match error:
        case PublishError():
            return error
        case discord.HTTPException():
            return _refusal(error)
        case aiohttp.ClientError() | OSError() | TimeoutError():
            return TryLater(f"no answer from Discord ({type(error).__name__})")
        case _:
            # An answer that the library stumbles over: a proxy's, or cut off.
            return TryLater(f"an odd answer from Discord ({type(error).__name__})")


def _refusal(error: discord.HTTPException) -> PublishError:
    if error.code in _FILTERED:
        return _Filtered(error.text)
    if error.status == 413 or error.code == _TOO_LARGE:
        return TooLargeToPost(error.text)
    if error.status >= 500 or error.status in (401, 429):
        return TryLater(f"Discord answered {error.status}")
    if error.status == 403 and error.code == 0:
        return TryLater("refused by something in front of Discord")
    if error.status in (403, 404) or error.code in _GONE:
        return PlaceGone(error.text)
    return PublishError(f"Discord refused: {error.text}")
