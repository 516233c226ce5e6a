"""Posts of the publisher, over a real client: what they are, and what becomes of refusals."""

import time
from dataclasses import replace
from pathlib import Path

import discord
import pytest
from aiohttp import ClientSession, web
from yarl import URL

from cogs.publishing.publisher import DiscordPublisher
from domain.jobs import JobState
from sandbox.demo.job_posts import is_post
from sandbox.discord import (
    Channel,
    FakeDiscord,
    Fault,
    MemberClient,
    Message,
    Permission,
    Upload,
)
from sandbox.discord.faults import Handler
from sandbox.discord.models import walk_components
from storage.database import Database
from storage.jobs import Job
from tests.harness.private_replies import private_replies
from tests.harness.rendering import make_job
from tests.harness.stock_client import StockClient, run_bot, wait_until
from workflow.errors import (
    ChannelUnavailable,
    HistoryDenied,
    PublishError,
    TemporaryPublishError,
    TooLargeToPost,
)
from workflow.publisher import MessageKind, ResultPayload, StatusView

POSTS = "/channels/*/messages"
MIB = 1024 * 1024
GALLERY = 12


class HungUp(Fault):
    """A connection that is closed in good order, but without an answer."""

    async def apply(self, request: web.Request, work: Handler) -> web.StreamResponse:
        if self.takes_effect:
            await work()
        assert request.transport is not None
        request.transport.close()
        return web.Response()


class Blocked(Fault):
    """What the network in front of Discord says to an address that has asked too much."""

    async def apply(self, request: web.Request, work: Handler) -> web.StreamResponse:
        return web.Response(status=429, text="error code: 1015")


LOST = [Fault(status=503), Fault(ending="reset"), HungUp()]


def since_ms() -> int:
    return time.time_ns() // 1_000_000


def galleries(message: Message) -> list[str | None]:
    """List the files that a message plays, by the id of the attachment."""
    return [
        item["media"].get("attachment_id")
        for component in walk_components(message.components)
        if component["type"] == GALLERY
        for item in component["items"]
    ]


@pytest.fixture
def job(videos: Channel, ada: MemberClient) -> Job:
    return make_job(videos, ada)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Make a file of one byte more than a server without boosts takes."""
    path = tmp_path / "large.mp4"
    with path.open("wb") as file:
        file.truncate(10 * MIB + 1)
    return path


async def test_a_status_message_shows_the_job_and_pings_nobody(
    publisher: DiscordPublisher, videos: Channel, job: Job
) -> None:
    """It is one message in the job's channel, with the prompt and the job's id."""
    posted = await publisher.post_status(StatusView(job, queue_position=2))
    assert [message.id for message in videos.messages] == [posted]
    message = videos.messages[0]
    assert "a lake at dusk" in message.text
    assert is_post(message, job.id, "status")
    assert (message.notified_user_ids, message.mentions) == (set(), [])


async def test_an_edit_shows_the_new_state_and_mentions_nobody(
    publisher: DiscordPublisher, videos: Channel, job: Job
) -> None:
    """The member is neither notified nor marked as mentioned."""
    posted = await publisher.post_status(
        StatusView(replace(job, state=JobState.QUEUED), queue_position=3)
    )
    assert "Number 3 in line" in videos.messages[0].text
    done = replace(job, state=JobState.DELIVERED, status_message_id=posted)
    await publisher.edit_status(StatusView(done))
    message = videos.messages[0]
    assert message.text == f"✅ <@{job.user_id}>'s video is ready."
    assert is_post(message, job.id, "status")
    assert (message.edit_count, message.notified_user_ids, message.mentions) == (1, set(), [])


async def test_a_deleted_status_message_is_left_alone(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, videos: Channel, job: Job
) -> None:
    """It is not posted again, and nothing is raised; the same where there never was one."""
    posted = await publisher.post_status(StatusView(job))
    fake_discord.world.delete_message(videos.messages[0])
    await publisher.edit_status(StatusView(replace(job, status_message_id=posted)))
    await publisher.edit_status(StatusView(job))
    assert videos.messages == []
    assert fake_discord.journal.count_requests("PATCH", f"{POSTS}/*") == 1


async def test_a_result_carries_the_video_and_pings_its_member_alone(
    publisher: DiscordPublisher, videos: Channel, ada: MemberClient, job: Job, clip: Path
) -> None:
    """The file is named after the job, arrives whole, and plays in a gallery."""
    posted = await publisher.post_result(job, ResultPayload(clip))
    message = videos.message(posted)
    assert message is not None
    (file,) = message.attachments
    assert (file.filename, file.content_type) == (f"{job.id}.mp4", "video/mp4")
    assert file.path.read_bytes() == clip.read_bytes()
    assert galleries(message) == [str(file.id)]
    assert message.notified_user_ids == {ada.id}


async def test_a_prompt_full_of_mentions_pings_nobody_but_the_member(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, videos: Channel, clip: Path
) -> None:
    """Not even where the bot may mention everyone."""
    ada, ben = fake_discord.member("Ada"), fake_discord.member("Ben")
    fake_discord.world.allow(videos, Permission.MENTION_EVERYONE)
    job = make_job(videos, ada, prompt=f"@everyone @here <@{ben.id}> <@!{ben.id}>")
    status = await publisher.post_status(StatusView(job))
    await publisher.edit_status(StatusView(replace(job, status_message_id=status)))
    await publisher.post_result(job, ResultPayload(clip))
    assert [message.notified_user_ids for message in videos.messages] == [set(), {ada.id}]
    assert not any(message.mention_everyone for message in videos.messages)


async def test_a_result_that_does_not_fit_says_so_to_the_member(
    publisher: DiscordPublisher, videos: Channel, ada: MemberClient, job: Job
) -> None:
    """Without a file: the message mentions the member and carries nothing."""
    await publisher.post_result(job, ResultPayload(None))
    message = videos.messages[0]
    assert "too large" in message.text
    assert (message.attachments, message.notified_user_ids) == ([], {ada.id})


async def test_a_private_result_is_a_direct_message(
    publisher: DiscordPublisher, videos: Channel, ada: MemberClient, job: Job, clip: Path
) -> None:
    """The channel sees nothing of it."""
    posted = await publisher.send_result_by_dm(job, ResultPayload(clip))
    (message,) = ada.direct_channel.messages
    assert message.id == posted
    assert message.attachments[0].filename == f"{job.id}.mp4"
    assert galleries(message) == [str(message.attachments[0].id)]
    assert videos.messages == []


@pytest.mark.parametrize("deleted", [False, True])
async def test_a_failure_is_told_in_a_reply_that_pings_the_member(
    fake_discord: FakeDiscord,
    publisher: DiscordPublisher,
    videos: Channel,
    ada: MemberClient,
    job: Job,
    deleted: bool,
) -> None:
    """Also where the status message is gone; then it answers nothing."""
    status = await publisher.post_status(StatusView(job))
    if deleted:
        fake_discord.world.delete_message(videos.messages[0])
    failed = replace(job, state=JobState.FAILED, status_message_id=status)
    posted = videos.message(await publisher.post_failure(StatusView(failed), tells_why=deleted))
    assert posted is not None
    assert posted.reference == (None if deleted else status)
    assert posted.notified_user_ids == {ada.id}
    assert ("You weren't charged" in posted.text) == deleted
    assert is_post(posted, job.id, "failure")


async def test_every_post_is_made_once_however_often_it_is_sent(
    publisher: DiscordPublisher, videos: Channel, ada: MemberClient, job: Job, clip: Path
) -> None:
    """The nonce is the job's, one for each kind of message."""
    status = await publisher.post_status(StatusView(job))
    failed = StatusView(replace(job, state=JobState.FAILED, status_message_id=status))
    result, failure = (
        await publisher.post_result(job, ResultPayload(clip)),
        await publisher.post_failure(failed, tells_why=False),
    )
    assert len({status, result, failure}) == 3
    assert await publisher.post_status(StatusView(job)) == status
    assert await publisher.post_result(job, ResultPayload(clip)) == result
    assert await publisher.post_failure(failed, tells_why=False) == failure
    other = make_job(videos, ada)
    assert await publisher.post_result(other, ResultPayload(clip)) not in {status, result, failure}
    assert len(videos.messages) == 4


async def test_a_deleted_channel_is_gone(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, videos: Channel, job: Job, clip: Path
) -> None:
    """For every kind of post, and for a look into its history."""
    fake_discord.world.delete_channel(videos)
    for attempt in (
        publisher.post_status(StatusView(job)),
        publisher.post_result(job, ResultPayload(clip)),
        publisher.find_message(job, MessageKind.RESULT, since_ms()),
    ):
        with pytest.raises(ChannelUnavailable):
            await attempt


@pytest.mark.parametrize(
    "denied", [Permission.VIEW_CHANNEL, Permission.SEND_MESSAGES, Permission.ATTACH_FILES]
)
async def test_a_lacking_permission_makes_the_place_gone(
    fake_discord: FakeDiscord,
    publisher: DiscordPublisher,
    videos: Channel,
    job: Job,
    clip: Path,
    denied: Permission,
) -> None:
    """Whichever of those that a result needs."""
    fake_discord.world.deny(videos, denied)
    with pytest.raises(ChannelUnavailable):
        await publisher.post_result(job, ResultPayload(clip))


async def test_a_thread_that_takes_no_posts_is_gone(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, ada: MemberClient, clip: Path
) -> None:
    """It is locked; one that is open takes the result."""
    thread = fake_discord.channel("videos-talk")
    job = make_job(thread, ada)
    fake_discord.world.lock_thread(thread)
    with pytest.raises(ChannelUnavailable):
        await publisher.post_result(job, ResultPayload(clip))
    fake_discord.world.lock_thread(thread, locked=False)
    assert await publisher.post_result(job, ResultPayload(clip)) == thread.messages[0].id


async def test_a_closed_mailbox_is_gone(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, ada: MemberClient, job: Job, clip: Path
) -> None:
    """There is no further place to go to."""
    fake_discord.world.close_dms(ada.user)
    with pytest.raises(ChannelUnavailable):
        await publisher.send_result_by_dm(job, ResultPayload(clip))


async def test_a_member_whom_discord_does_not_know_is_gone(
    publisher: DiscordPublisher, job: Job, clip: Path
) -> None:
    """An account may be deleted while its video is made."""
    with pytest.raises(ChannelUnavailable):
        await publisher.send_result_by_dm(replace(job, user_id=1), ResultPayload(clip))


async def test_a_video_that_discord_finds_too_large_is_told_as_such(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, job: Job, large: Path
) -> None:
    """Discord's 40005, where it takes less than it said."""
    with pytest.raises(TooLargeToPost):
        await publisher.post_result(job, ResultPayload(large))
    assert fake_discord.journal.requests_to("POST", POSTS)[0].status == 413


async def test_a_boosted_server_takes_more_but_a_direct_message_does_not(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, large: Path
) -> None:
    """The limit is that of the place, whatever the member's own is."""
    ada = fake_discord.member("Ada", "Big Screen")
    fake_discord.world.give_nitro(ada.user)
    channel = fake_discord.channel("videos", "Big Screen")
    job = make_job(channel, ada)
    assert await publisher.max_file_bytes(job) == 50 * MIB
    assert await publisher.max_file_bytes(job, private=True) == 10 * MIB
    assert await publisher.post_result(job, ResultPayload(large)) == channel.messages[0].id
    with pytest.raises(TooLargeToPost):
        await publisher.send_result_by_dm(job, ResultPayload(large))


@pytest.mark.parametrize("code", [200000, 200001, 240000, 20009])
async def test_a_filtered_result_is_posted_without_the_prompt(
    fake_discord: FakeDiscord,
    publisher: DiscordPublisher,
    videos: Channel,
    ada: MemberClient,
    job: Job,
    clip: Path,
    code: int,
) -> None:
    """Once, with the video and the member's mention."""
    fake_discord.faults.add_post_refusal(videos.id, code, times=1)
    await publisher.post_result(job, ResultPayload(clip))
    (message,) = videos.messages
    assert "a lake at dusk" not in message.text
    assert message.attachments[0].filename == f"{job.id}.mp4"
    assert message.notified_user_ids == {ada.id}


async def test_a_result_that_is_filtered_in_any_form_is_refused(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, videos: Channel, job: Job, clip: Path
) -> None:
    """It is tried with the prompt and without, and no more."""
    fake_discord.faults.add_post_refusal(videos.id, 200000)
    with pytest.raises(PublishError) as refused:
        await publisher.post_result(job, ResultPayload(clip))
    assert not isinstance(
        refused.value, ChannelUnavailable | TooLargeToPost | TemporaryPublishError
    )
    assert fake_discord.journal.count_requests("POST", POSTS) == 2


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_fault_after_the_work_was_done_leaves_one_message(
    fake_discord: FakeDiscord,
    publisher: DiscordPublisher,
    videos: Channel,
    job: Job,
    clip: Path,
    status: int,
) -> None:
    """The library asks again with the same nonce and the same file."""
    fake_discord.faults.add("POST", POSTS, Fault(status=status, takes_effect=True))
    posted = await publisher.post_result(job, ResultPayload(clip))
    assert [message.id for message in videos.messages] == [posted]
    assert videos.messages[0].attachments[0].path.read_bytes() == clip.read_bytes()
    assert fake_discord.journal.count_requests("POST", POSTS) == 2


@pytest.mark.parametrize("takes_effect", [False, True])
@pytest.mark.parametrize("fault", LOST, ids=["503", "reset", "hung up"])
async def test_a_lost_answer_is_tried_later_and_leaves_one_message(
    fake_discord: FakeDiscord,
    publisher: DiscordPublisher,
    videos: Channel,
    job: Job,
    clip: Path,
    fault: Fault,
    takes_effect: bool,
) -> None:
    """Whether or not the work was done, the next try gives the one message."""
    fake_discord.faults.add("POST", POSTS, replace(fault, takes_effect=takes_effect))
    with pytest.raises(TemporaryPublishError):
        await publisher.post_result(job, ResultPayload(clip))
    assert len(videos.messages) == int(takes_effect)
    posted = await publisher.post_result(job, ResultPayload(clip))
    assert [message.id for message in videos.messages] == [posted]


async def test_a_rate_limit_is_waited_for(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, videos: Channel, job: Job, clip: Path
) -> None:
    """The post comes after the wait that Discord asked for, with its file."""
    fake_discord.faults.add("POST", POSTS, Fault(status=429, retry_after=0.05), times=2)
    posted = await publisher.post_result(job, ResultPayload(clip))
    assert [message.id for message in videos.messages] == [posted]
    assert videos.messages[0].attachments[0].size == clip.stat().st_size


async def test_a_block_by_the_network_in_front_is_tried_later(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, videos: Channel, job: Job, clip: Path
) -> None:
    """Its 429 says no time to wait, so the library does not ask again."""
    fake_discord.faults.add("POST", POSTS, Blocked())
    with pytest.raises(TemporaryPublishError):
        await publisher.post_result(job, ResultPayload(clip))
    assert await publisher.post_result(job, ResultPayload(clip)) == videos.messages[0].id


async def test_a_fault_on_the_way_to_the_mailbox_is_tried_later(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, job: Job, clip: Path
) -> None:
    """Finding the member, or opening the direct channel."""
    fake_discord.faults.add("GET", "/users/*", Fault(status=503))
    fake_discord.faults.add("POST", "/users/@me/channels", Fault(ending="reset"))
    for _ in range(2):
        with pytest.raises(TemporaryPublishError):
            await publisher.send_result_by_dm(job, ResultPayload(clip))


@pytest.mark.parametrize("fault", LOST, ids=["503", "reset", "hung up"])
async def test_an_edit_and_a_search_that_fail_are_tried_later(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, job: Job, fault: Fault
) -> None:
    """An unknown outcome is never taken for an answer."""
    shown = replace(job, status_message_id=await publisher.post_status(StatusView(job)))
    fake_discord.faults.add("PATCH", f"{POSTS}/*", fault)
    with pytest.raises(TemporaryPublishError):
        await publisher.edit_status(StatusView(shown))
    # Twice, since aiohttp itself asks again where a kept connection breaks under a GET.
    fake_discord.faults.add("GET", POSTS, fault, times=2)
    with pytest.raises(TemporaryPublishError):
        await publisher.find_message(job, MessageKind.STATUS, since_ms())


async def test_an_odd_refusal_is_nothing_else(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, videos: Channel, job: Job, clip: Path
) -> None:
    """A 400 that no rule names is neither tried again nor taken for a lost place."""
    fake_discord.faults.add(
        "POST", POSTS, Fault(status=400, code=50035, message="Invalid Form Body")
    )
    with pytest.raises(PublishError) as refused:
        await publisher.post_result(job, ResultPayload(clip))
    assert type(refused.value) is PublishError
    assert videos.messages == []


async def test_what_was_posted_is_found(
    publisher: DiscordPublisher, videos: Channel, ada: MemberClient, job: Job, clip: Path
) -> None:
    """Status and result are told apart, with a file and without, and from a failure's reply."""
    began, other = since_ms(), make_job(videos, ada)
    status = await publisher.post_status(StatusView(job))
    assert await publisher.find_message(job, MessageKind.RESULT, began) is None
    failed = replace(job, state=JobState.FAILED, status_message_id=status)
    await publisher.post_failure(StatusView(failed), tells_why=True)
    assert await publisher.find_message(job, MessageKind.RESULT, began) is None
    result = await publisher.post_result(job, ResultPayload(clip))
    told = await publisher.post_result(other, ResultPayload(None))
    assert await publisher.find_message(job, MessageKind.STATUS, began) == status
    assert await publisher.find_message(job, MessageKind.RESULT, began) == result
    assert await publisher.find_message(other, MessageKind.STATUS, began) is None
    assert await publisher.find_message(other, MessageKind.RESULT, began) == told


async def test_an_edited_status_message_is_found(publisher: DiscordPublisher, job: Job) -> None:
    """An edit does not make it look like a result."""
    began = since_ms()
    status = await publisher.post_status(StatusView(job))
    await publisher.edit_status(StatusView(replace(job, status_message_id=status)))
    assert await publisher.find_message(job, MessageKind.STATUS, began) == status
    assert await publisher.find_message(job, MessageKind.RESULT, began) is None


async def test_a_failure_told_without_its_status_message_is_no_result(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, videos: Channel, job: Job
) -> None:
    """A reply to a message that is gone answers nothing, yet it is what it is."""
    began = since_ms()
    gone = await publisher.post_status(StatusView(job))
    fake_discord.world.delete_message(videos.messages[0])
    stuck = replace(job, state=JobState.STUCK, status_message_id=gone)
    await publisher.post_failure(StatusView(stuck), tells_why=False)
    assert await publisher.find_message(job, MessageKind.RESULT, began) is None
    assert await publisher.find_message(job, MessageKind.STATUS, began) is None


async def test_a_new_process_finds_what_the_old_one_posted(
    fake_discord: FakeDiscord, database: Database, videos: Channel, job: Job, clip: Path
) -> None:
    """Behind more messages than one page of the history has."""
    began, posted = since_ms(), dict[MessageKind, int]()
    async with run_bot(fake_discord, StockClient(discord.Intents(guilds=True))) as client:
        publisher = DiscordPublisher(client, private_replies(client, database))
        for n in range(120):
            await fake_discord.member("Ben").send_message(videos, f"chatter {n}")
        posted[MessageKind.STATUS] = await publisher.post_status(StatusView(job))
        posted[MessageKind.RESULT] = await publisher.post_result(job, ResultPayload(clip))
    async with run_bot(fake_discord, StockClient(discord.Intents(guilds=True))) as client:
        publisher = DiscordPublisher(client, private_replies(client, database))
        for post, message_id in posted.items():
            assert await publisher.find_message(job, post, began) == message_id


async def test_only_messages_of_its_own_are_found(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, videos: Channel, job: Job, clip: Path
) -> None:
    """Neither what a member writes or attaches counts, nor what another bot copies."""
    began, ben = since_ms(), fake_discord.member("Ben")
    await publisher.post_status(StatusView(job))
    await publisher.post_result(job, ResultPayload(clip))
    own = videos.messages.copy()
    videos.messages.clear()
    file = Upload(f"{job.id}.mp4", b"not a video")
    await ben.send_message(videos, f"<@{job.user_id}> your video is ready.\n-# {job.id}", [file])
    for message in own:
        copied = replace(message, id=fake_discord.world.ids.next(), author=ben.user)
        fake_discord.world.post(copied)
    for post in MessageKind:
        assert await publisher.find_message(job, post, began) is None


@pytest.mark.parametrize("quote", ["{}", "-# {}", "{}.mp4", "x · {}"])
async def test_a_prompt_that_quotes_a_job_is_not_taken_for_it(
    fake_discord: FakeDiscord,
    publisher: DiscordPublisher,
    videos: Channel,
    job: Job,
    clip: Path,
    quote: str,
) -> None:
    """The bot's own messages about another job may carry the id in their prompt."""
    began = since_ms()
    other = make_job(videos, fake_discord.member("Ben"), prompt=quote.format(job.id))
    status = await publisher.post_status(StatusView(other))
    await publisher.edit_status(StatusView(replace(other, status_message_id=status)))
    await publisher.post_result(other, ResultPayload(clip))
    await publisher.share(other, ResultPayload(clip), videos.id)
    for post in MessageKind:
        assert await publisher.find_message(job, post, began) is None
        is_posted = await publisher.find_message(other, post, began) is not None
        assert is_posted == (post is not MessageKind.FAILURE)


@pytest.mark.parametrize("place", ["videos", "videos-talk"])
async def test_a_history_that_may_not_be_read_is_no_proof(
    fake_discord: FakeDiscord,
    client: StockClient,
    publisher: DiscordPublisher,
    videos: Channel,
    ada: MemberClient,
    place: str,
) -> None:
    """Discord shows such a bot an empty list; that is not taken for an answer."""
    fake_discord.world.deny(videos, Permission.READ_MESSAGE_HISTORY)
    channel = client.get_channel(videos.id)
    assert isinstance(channel, discord.TextChannel)
    me = channel.guild.me
    await wait_until(client, lambda: not channel.permissions_for(me).read_message_history)
    with pytest.raises(HistoryDenied):
        await publisher.find_message(
            make_job(fake_discord.channel(place), ada), MessageKind.RESULT, since_ms()
        )


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """Make a picture as it is kept."""
    path = tmp_path / "5c.jpg"
    path.write_bytes(Path("sandbox/demo/pictures/lake.jpg").read_bytes())
    return path


def with_files(job: Job, *files: Path) -> StatusView:
    """Show a waiting job with files that hang on its message."""
    shown = tuple(f"attachment://{file.name}" for file in files)
    return StatusView(replace(job, state=JobState.QUEUED), preview_urls=shown, files=files)


async def served(url: str) -> bytes:
    """Fetch an address as APIXO does."""
    async with ClientSession() as session, session.get(URL(url, encoded=True)) as answer:
        assert answer.status == 200
        return await answer.read()


async def test_a_status_message_carries_the_files_that_have_no_link(
    publisher: DiscordPublisher, videos: Channel, job: Job, lake: Path
) -> None:
    """They are shown; the message is found by its last line all the same."""
    posted = await publisher.post_status(with_files(job, lake))
    (message,) = videos.messages
    assert galleries(message) == [str(message.attachments[0].id)]
    assert await publisher.find_message(job, MessageKind.STATUS, since_ms()) == posted


async def test_files_too_large_to_hang_there_are_left_out(
    publisher: DiscordPublisher, videos: Channel, job: Job, large: Path
) -> None:
    """The card is posted without them, for it says more than they do."""
    await publisher.post_status(with_files(job, large))
    (message,) = videos.messages
    assert message.attachments == []
    status = with_files(replace(job, status_message_id=message.id))
    with pytest.raises(TooLargeToPost):
        await publisher.attach_files(status, [large])


@pytest.mark.parametrize("denied", [Permission.NONE, Permission.READ_MESSAGE_HISTORY])
@pytest.mark.parametrize("hangs", [True, False])
async def test_files_are_offered_under_fresh_addresses(
    fake_discord: FakeDiscord,
    publisher: DiscordPublisher,
    videos: Channel,
    job: Job,
    lake: Path,
    hangs: bool,
    denied: Permission,
) -> None:
    """Whether or not they hang there already, and without a right to read the history."""
    fake_discord.world.deny(videos, denied)
    posted = await publisher.post_status(with_files(job, *([lake] if hangs else [])))
    status = with_files(replace(job, status_message_id=posted), *([lake] if hangs else []))
    offered = await publisher.attach_files(status, [lake])
    assert await served(offered[lake.name]) == lake.read_bytes()
    (message,) = videos.messages
    assert len(message.attachments) == 1
    assert message.edit_count == (1 if hangs else 2)


async def test_a_card_that_names_files_which_do_not_hang_there_gets_them(
    publisher: DiscordPublisher, videos: Channel, job: Job, lake: Path
) -> None:
    """A file may have come back, or the operator have changed the settings."""
    posted = await publisher.post_status(with_files(job))
    status = with_files(replace(job, status_message_id=posted), lake)
    offered = await publisher.attach_files(status, [lake])
    assert await served(offered[lake.name]) == lake.read_bytes()


async def test_sounds_and_pictures_are_offered_together(
    publisher: DiscordPublisher, job: Job, lake: Path, tmp_path: Path
) -> None:
    """A gallery takes no sound, so each is shown as a file; both have addresses."""
    sound = tmp_path / "5d.mp3"
    sound.write_bytes(b"ID3 sound")
    posted = await publisher.post_status(with_files(job, lake, sound))
    status = with_files(replace(job, status_message_id=posted), lake, sound)
    offered = await publisher.attach_files(status, [lake, sound])
    assert await served(offered[sound.name]) == b"ID3 sound"
    assert await served(offered[lake.name]) == lake.read_bytes()


async def test_files_can_not_be_offered_on_a_message_that_is_gone(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, videos: Channel, job: Job, lake: Path
) -> None:
    """Somebody has deleted it."""
    posted = await publisher.post_status(with_files(job, lake))
    fake_discord.world.delete_message(videos.messages[0])
    with pytest.raises(ChannelUnavailable):
        await publisher.attach_files(
            with_files(replace(job, status_message_id=posted), lake), [lake]
        )


async def test_files_leave_the_message_when_nobody_asks_for_them_any_more(
    publisher: DiscordPublisher, videos: Channel, job: Job, lake: Path
) -> None:
    """While the video is made they stay, also where the card does not show them."""
    posted = await publisher.post_status(with_files(job, lake))
    for state, left in ((JobState.GENERATING, 1), (JobState.DELIVERED, 0)):
        await publisher.edit_status(
            StatusView(replace(job, state=state, status_message_id=posted), ready_at_ms=since_ms())
        )
        assert len(videos.messages[0].attachments) == left


@pytest.mark.parametrize("private", [False, True])
async def test_a_result_is_deleted_where_it_was_posted(
    publisher: DiscordPublisher,
    videos: Channel,
    ada: MemberClient,
    job: Job,
    clip: Path,
    private: bool,
) -> None:
    """In the channel or in the direct messages; a second time nothing is wrong."""
    send = publisher.send_result_by_dm if private else publisher.post_result
    posted = replace(job, result_message_id=await send(job, ResultPayload(clip)))
    for _ in range(2):
        await publisher.delete_result(posted)
        assert videos.messages + ada.direct_channel.messages == []
    await publisher.delete_result(job)


async def test_a_delete_that_is_not_answered_is_told(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, job: Job, clip: Path
) -> None:
    """Nobody is to believe that it is gone."""
    posted = replace(job, result_message_id=await publisher.post_result(job, ResultPayload(clip)))
    fake_discord.faults.add("DELETE", f"{POSTS}/*", Fault(status=503))
    with pytest.raises(TemporaryPublishError):
        await publisher.delete_result(posted)
