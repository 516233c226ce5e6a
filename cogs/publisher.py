"""Posts to Discord with the bot's token, once: every post has a nonce made from its job's id.

Interaction tokens die after 15 minutes and their posts have no nonce, so nothing here uses one.
"""

from collections.abc import Awaitable, Generator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import aiohttp
import discord
from discord import ui
from yarl import URL

from cogs import cards, showcase_cards
from cogs.private_answers import PrivateAnswers
from cogs.tell_buttons import told
from workflow.errors import HistoryDenied, PlaceGone, PublishError, TooLargeToPost, TryLater
from workflow.publishing import JobView, Parcel, Post, Sight
from workflow.sights import RUNNING

_PLAIN_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of a file that a direct message, or a server without boosts, takes."""

_TOO_LARGE: Final = 40005
_FILTERED: Final = frozenset({200000, 200001, 240000, 20009})
_GONE: Final = frozenset({10003, 10004, 10013, 40003, 50001, 50007, 50013, 50083, 50278, 160005})

_HISTORY_MARGIN_MS: Final = 600_000
_HISTORY_DEPTH: Final = 2_000

_NOBODY: Final = discord.AllowedMentions.none()

_WITH_AGE_LIMIT: Final = (
    discord.TextChannel,
    discord.VoiceChannel,
    discord.StageChannel,
    discord.ForumChannel,
    discord.Thread,
)

T = TypeVar("T")


class _Filtered(PublishError):
    """The channel's word filter refused the text."""


class DiscordPublisher:
    """Shows jobs in their channels, on behalf of the belt."""

    def __init__(self, client: discord.Client, answers: PrivateAnswers) -> None:
        self._client = client
        self._answers = answers

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
                await self._answers.show(sight.job, cards.status(bare))
            raise

    async def _post_fitting_status(self, sight: Sight) -> int:
        try:
            return await self._post_status(sight, bare=False)
        except _Filtered:
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
            offered = _addresses(await self._edit(sight, message_id))
        except (PlaceGone, TryLater):
            raise
        except PublishError:
            offered = {}  # the card may name files that do not hang there
        if any(file.name not in offered for file in files):
            carrying = _carrying(sight, files)
            offered = _addresses(await self._edit(carrying, message_id, carrying.files))
        return offered

    async def post_failure(self, sight: Sight) -> int:
        """Tell the member in a reply to the status message that there will be no video."""
        job = sight.job
        assert job.status_message_id is not None, "there is a message to reply to"
        channel = await self._home(job)
        message = channel.get_partial_message(job.status_message_id)
        send = channel.send(
            view=cards.failure(sight),
            nonce=f"f{job.id}",
            allowed_mentions=_only(job.user_id),
            reference=message.to_reference(fail_if_not_exists=False),
        )
        return (await _tell(send)).id

    def largest_file(self, job: JobView, *, private: bool = False) -> int:
        """Tell how many bytes a file may have on the job's server, or in direct messages."""
        direct = private or job.private
        guild = None if direct else self._client.get_guild(job.guild_id)
        return guild.filesize_limit if guild else _PLAIN_LIMIT

    async def post_result(self, job: JobView, parcel: Parcel) -> int:
        """Post the result to its channel; without the prompt where a filter refuses it."""
        if job.private:
            return await self._hand_over(job, parcel)
        lay_out = partial(cards.result, job, parcel)
        letter = _Letter(job.id, f"r{job.id}", _only(job.user_id), lay_out)
        return await _send_video(self._result_channel(job), parcel.video, letter)

    async def send_result_privately(self, job: JobView, parcel: Parcel) -> int:
        """Send the result to the member's direct messages."""
        channel = await self._direct_channel(job)
        lay_out = partial(cards.result, job, parcel, private=True)
        letter = _Letter(job.id, f"r{job.id}", _only(job.user_id), lay_out)
        return await _send_video(channel, parcel.video, letter)

    async def tell_done(self, job: JobView) -> None:
        """Write to the member of a delivered job where its result is."""
        channel = await self._direct_channel(job)
        send = channel.send(view=told(job), nonce=f"d{job.id}", allowed_mentions=_NOBODY)
        await _tell(send)

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
            raise _translated(error) from error

    async def find_private_result(self, job: JobView, since_ms: int) -> int | None:
        """Look in the member's direct messages for a result sent since then."""
        return await self._find_directly(job, Post.RESULT, since_ms)

    async def find(self, job: JobView, post: Post, since_ms: int) -> int | None:
        """Look in the channel's history for what was posted for a job since then."""
        if job.private:
            return await self._find_directly(job, post, since_ms)
        is_result = post is Post.RESULT
        self._must_read_history(job.place_id if is_result else job.channel_id)
        channel = self._result_channel(job) if is_result else self._channel(job)
        return await self._search(channel, job, post, since_ms)

    async def is_for_adults(self, channel_id: int) -> bool | None:
        """Tell whether a channel, or that of a thread, is age-restricted; None for a lost one."""
        channel = self._client.get_channel(channel_id)
        try:
            channel = channel or await _tell(self._client.fetch_channel(channel_id))
        except PlaceGone:
            return None
        return isinstance(channel, _WITH_AGE_LIMIT) and channel.is_nsfw()

    async def share(self, job: JobView, parcel: Parcel, channel_id: int) -> int:
        """Post a video in a showcase channel; it pings nobody."""
        channel = self._client.get_partial_messageable(channel_id, guild_id=job.guild_id)
        lay_out = partial(showcase_cards.shared, job, parcel)
        letter = _Letter(job.id, f"x{job.id}", _NOBODY, lay_out)
        return await _send_video(channel, parcel.video, letter)

    async def find_shared(self, job: JobView, channel_id: int) -> int | None:
        """Look in a showcase channel's history for the post of a job."""
        self._must_read_history(channel_id)
        channel = self._client.get_partial_messageable(channel_id, guild_id=job.guild_id)
        return await self._search(channel, job, Post.SHARED, job.created_at_ms)

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
            raise _translated(error) from error

    async def _find_directly(self, job: JobView, post: Post, since_ms: int) -> int | None:
        try:
            return await self._search(await self._direct_channel(job), job, post, since_ms)
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
            return await _follow_up(interaction, job, parcel)

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

    async def _delete_private(self, job: JobView, message_id: int) -> None:
        try:
            channel = await self._direct_channel(job)
            await _tell(channel.get_partial_message(message_id).delete())
        except PlaceGone:
            return  # neither here nor there

    async def _post_status(self, sight: Sight, *, bare: bool) -> int:
        job = sight.job
        view, nonce = cards.status(sight, bare=bare), f"s{job.id}"
        with _opened(sight.files) as files:
            channel = await self._home(job)
            send = channel.send(view=view, nonce=nonce, files=files, allowed_mentions=_NOBODY)
            return (await _tell(send)).id

    async def _edit(
        self, sight: Sight, message_id: int, files: Sequence[Path] = ()
    ) -> discord.Message | None:
        """Edit the status message, with `files` in place of what hung there; None if it is gone.

        Without files, what hangs there stays while APIXO may ask for it, and goes then.
        """
        try:
            return await self._edit_once(sight, message_id, files, bare=False)
        except _Filtered:
            return await self._edit_once(sight, message_id, files, bare=True)

    async def _edit_once(
        self, sight: Sight, message_id: int, files: Sequence[Path], *, bare: bool
    ) -> discord.Message | None:
        message = (await self._home(sight.job)).get_partial_message(message_id)
        view, running = cards.status(sight, bare=bare), sight.job.state in RUNNING
        with _opened(files) as attachments:
            # Without saying so again, an edit would mark the member as mentioned.
            edit = message.edit(
                view=view,
                attachments=attachments or (discord.utils.MISSING if running else []),
                allowed_mentions=_NOBODY,
            )
            try:
                return await edit
            except discord.NotFound:
                return None
            except Exception as error:
                raise _translated(error) from error

    async def _direct_channel(self, job: JobView) -> discord.DMChannel:
        user = await _tell(self._client.fetch_user(job.user_id))
        return await _tell(user.create_dm())

    async def _home(self, job: JobView) -> discord.DMChannel | discord.PartialMessageable:
        """Give the place of a job's messages: the channel, or its member's direct messages."""
        return await self._direct_channel(job) if job.private else self._channel(job)

    def _channel(self, job: JobView) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)

    def _result_channel(self, job: JobView) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(job.place_id, guild_id=job.guild_id)

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


class _LayOut(Protocol):
    def __call__(self, *, bare: bool) -> ui.LayoutView: ...


@dataclass(frozen=True, slots=True)
class _Letter:
    """What a video of a job is sent with; `lay_out` makes the card, `bare` without the prompt."""

    job_id: str
    nonce: str
    mentions: discord.AllowedMentions
    lay_out: _LayOut


async def _send_video(channel: discord.abc.Messageable, video: Path | None, letter: _Letter) -> int:
    try:
        return await _send_once(channel, video, letter, bare=False)
    except _Filtered:
        return await _send_once(channel, video, letter, bare=True)


async def _send_once(
    channel: discord.abc.Messageable, video: Path | None, letter: _Letter, *, bare: bool
) -> int:
    view, nonce, mentions = letter.lay_out(bare=bare), letter.nonce, letter.mentions
    if video is None:
        return (await _tell(channel.send(view=view, nonce=nonce, allowed_mentions=mentions))).id
    with closing(discord.File(video, filename=f"{letter.job_id}.mp4")) as file:
        send = channel.send(view=view, file=file, nonce=nonce, allowed_mentions=mentions)
        return (await _tell(send)).id


async def _follow_up(interaction: discord.Interaction[Any], job: JobView, parcel: Parcel) -> int:
    """Send a result where only its member sees it, in answer to an interaction."""
    view = cards.result(job, parcel, private=True)
    with _opened([] if parcel.video is None else [parcel.video]) as files:
        send = interaction.followup.send(view=view, files=files, ephemeral=True, wait=True)
        return (await _tell(send)).id


@contextmanager
def _opened(paths: Sequence[Path]) -> Generator[list[discord.File]]:
    """Open files to be sent."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(closing(discord.File(path, filename=path.name))) for path in paths
        ]


def _carrying(sight: Sight, files: Sequence[Path]) -> Sight:
    """Let a card show these files as attachments, beside those that it carries anyway."""
    carried = tuple(dict.fromkeys((*sight.files, *files)))
    attached = (f"attachment://{file.name}" for file in carried)
    return replace(sight, pictures=tuple(attached), files=carried)


def _addresses(message: discord.Message | None) -> dict[str, str]:
    """List the addresses of what hangs on a message, by file name.

    A message of components lists a file where it is shown, and nowhere else.

    Raises:
        PlaceGone: there is no message.
    """
    if message is None:
        raise PlaceGone("the message is gone")
    addresses = [attachment.url for attachment in message.attachments]
    for item in ui.LayoutView.from_message(message).walk_children():
        if isinstance(item, ui.MediaGallery):
            addresses += [shown.media.url for shown in item.items]
        elif isinstance(item, ui.File):
            addresses.append(item.url)
    return {URL(address).name: address for address in addresses}


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
    if signature.endswith(f" · {showcase_cards.mark_of(job_id)}"):
        return Post.SHARED
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
