"""Discord's refusals, over a real client: which are final, and what follows from each."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest

from cogs.publishing.errors import call_discord
from cogs.publishing.publisher import DiscordPublisher
from cogs.publishing.refusals import (
    REFUSALS,
    AlreadyAcknowledged,
    BlockedByAutoMod,
    InteractionExpired,
    NoSharedServer,
    NotOnServer,
    ReplyForbidden,
    ThreadArchived,
)
from domain.jobs import RESULT_MESSAGE_DELETED, JobState
from sandbox.discord import Channel, FakeDiscord, Fault, MemberClient, Permission
from storage import audit
from storage.jobs import Job
from tests.harness.bot import BotHarness
from tests.harness.rendering import make_job
from tests.harness.stock_client import StockClient, wait_until
from workflow.errors import (
    ChannelDeleted,
    ChannelUnavailable,
    HistoryDenied,
    MessageDeleted,
    PublishError,
    TemporaryPublishError,
    TooLargeToPost,
)
from workflow.publisher import MessageKind, ResultPayload, StatusView

POSTS = "/channels/*/messages"
VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}

CONSEQUENCES: dict[type[PublishError], tuple[int, ...]] = {
    ChannelDeleted: (10003, 10013),
    ChannelUnavailable: (10004, 40007, 40058, 50001, 50007, 50008, 50013, 160005),
    NoSharedServer: (50278,),
    ThreadArchived: (50083,),
    NotOnServer: (10007,),
    MessageDeleted: (10008,),
    BlockedByAutoMod: (20009, 200000, 200001, 240000),
    TooLargeToPost: (30015, 40005, 50045),
    ReplyForbidden: (160002,),
    InteractionExpired: (10015, 10062, 50027),
    AlreadyAcknowledged: (40060,),
    TemporaryPublishError: (20016, 20022, 20028, 20029, 30046, 40003, 40004, 130000),
    PublishError: (50006, 50035, 99999),
}

HTML = b"<!doctype html><title>Just a moment...</title>"
NOT_DISCORDS = [
    Fault(status=404, raw=HTML),
    Fault(status=403, raw=HTML),
    Fault(status=400, raw=HTML),
    Fault(status=401, raw=HTML),
    Fault(status=404, raw=b""),
    Fault(status=403, raw=b""),
    Fault(status=404, code=0, message="404: Not Found"),
    Fault(status=403, code=0, message="403: Forbidden"),
    Fault(status=404, code=1010),
    Fault(status=503, code=10003),
]


@pytest.fixture
def job(videos: Channel, ada: MemberClient) -> Job:
    return make_job(videos, ada)


@pytest.fixture
def thread(fake_discord: FakeDiscord) -> Channel:
    return fake_discord.channel("videos-talk")


async def test_each_code_has_its_consequence(
    fake_discord: FakeDiscord, client: StockClient, videos: Channel, subtests: pytest.Subtests
) -> None:
    """Every row of the table, and codes that are not in it, with the status of a refusal."""
    assert {*REFUSALS} <= {code for codes in CONSEQUENCES.values() for code in codes}
    channel = client.get_partial_messageable(videos.id)
    for error, code in [(error, code) for error, codes in CONSEQUENCES.items() for code in codes]:
        with subtests.test(code=code):
            fault = Fault(status=400, code=code)
            fake_discord.faults.add("POST", POSTS, fault)
            with pytest.raises(PublishError) as refused:
                await call_discord(channel.send("said"))
            assert type(refused.value) is error
            assert str(code) in str(refused.value)


async def test_what_is_not_discords_is_tried_later(
    fake_discord: FakeDiscord,
    publisher: DiscordPublisher,
    videos: Channel,
    job: Job,
    clip: Path,
    subtests: pytest.Subtests,
) -> None:
    """Whatever the request: nothing is taken for gone, and nothing for done."""
    status = await publisher.post_status(StatusView(job))
    result = await publisher.post_result(job, ResultPayload(clip))
    job = replace(job, status_message_id=status, result_message_id=result)
    shared = replace(job, shared_message_id=result, shared_channel_id=videos.id)
    attempts = {
        "POST": lambda: publisher.post_failure(
            StatusView(replace(job, state=JobState.FAILED)), tells_why=True
        ),
        "PATCH": lambda: publisher.edit_status(StatusView(job)),
        "DELETE": lambda: publisher.delete_result(job),
        "delete": lambda: publisher.delete_shared(shared),
        "GET": lambda: publisher.find_message(job, MessageKind.RESULT, 1_800_000_000_000),
    }
    for fault in NOT_DISCORDS:
        for method, attempt in attempts.items():
            with subtests.test(fault=str(fault), method=method):
                fake_discord.faults.add(method.upper(), f"{POSTS}/*", fault, times=None)
                fake_discord.faults.add(method.upper(), POSTS, fault, times=None)
                with pytest.raises(TemporaryPublishError):
                    await attempt()
                fake_discord.faults.clear()
    assert [message.id for message in videos.messages] == [status, result]


@pytest.mark.parametrize("raw", [HTML, b""])
async def test_a_success_that_is_not_discords_is_no_success(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, job: Job, clip: Path, raw: bytes
) -> None:
    """A page in the place of the posted message says nothing of it."""
    fake_discord.faults.add("POST", POSTS, Fault(status=200, raw=raw))
    with pytest.raises(TemporaryPublishError):
        await publisher.post_result(job, ResultPayload(clip))


@pytest.mark.parametrize("place", ["the thread", "the direct messages"])
async def test_deletion_is_told_only_of_what_is_gone(
    fake_discord: FakeDiscord,
    publisher: DiscordPublisher,
    videos: Channel,
    ada: MemberClient,
    job: Job,
    clip: Path,
    place: str,
) -> None:
    """A channel that cannot be seen keeps its message, unless that is elsewhere."""
    send = publisher.post_result if place == "the thread" else publisher.send_result_by_dm
    job = replace(job, result_message_id=await send(job, ResultPayload(clip)))
    fake_discord.world.deny(videos, Permission.VIEW_CHANNEL)
    if place == "the thread":
        with pytest.raises(ChannelUnavailable):
            await publisher.delete_result(job)
        fake_discord.world.allow(videos, Permission.VIEW_CHANNEL)
    await publisher.delete_result(job)
    assert videos.messages + ada.direct_channel.messages == []


async def test_without_the_history_a_failure_is_told_all_the_same(
    fake_discord: FakeDiscord,
    publisher: DiscordPublisher,
    videos: Channel,
    ada: MemberClient,
    job: Job,
) -> None:
    """It answers no message, but pings its member."""
    job = replace(
        job, state=JobState.FAILED, status_message_id=await publisher.post_status(StatusView(job))
    )
    fake_discord.world.deny(videos, Permission.READ_MESSAGE_HISTORY)
    posted = videos.message(await publisher.post_failure(StatusView(job), tells_why=False))
    assert posted is not None
    assert (posted.reference, posted.notified_user_ids) == (None, {ada.id})
    assert "You weren't charged" in posted.text


async def test_an_archived_thread_stops_nothing(
    fake_discord: FakeDiscord,
    publisher: DiscordPublisher,
    thread: Channel,
    ada: MemberClient,
    clip: Path,
) -> None:
    """The card is edited, files hang on it, the failure is told, the result posted and deleted."""
    job = make_job(thread, ada)
    status = await publisher.post_status(StatusView(job))
    job = replace(job, status_message_id=status, state=JobState.FAILED)
    fake_discord.world.archive_thread(thread)
    await publisher.edit_status(StatusView(job))
    assert "You weren't charged" in thread.messages[0].text
    fake_discord.world.archive_thread(thread)
    offered = await publisher.attach_files(StatusView(replace(job, state=JobState.QUEUED)), [clip])
    assert [*offered] == [clip.name]
    fake_discord.world.archive_thread(thread)
    await publisher.post_failure(StatusView(job), tells_why=False)
    for refused in (None, "POST", "DELETE"):
        fake_discord.world.archive_thread(thread)
        if refused:
            fake_discord.faults.add(
                refused, f"{POSTS}{'/*' * (refused == 'DELETE')}", Fault(code=50083)
            )
        result = await publisher.post_result(make_job(thread, ada), ResultPayload(clip))
        fake_discord.world.archive_thread(thread)
        await publisher.delete_result(replace(job, result_message_id=result))
    assert len(thread.messages) == 2


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_thread_that_is_archived_again_at_once_is_tried_again_later(
    fake_discord: FakeDiscord,
    publisher: DiscordPublisher,
    thread: Channel,
    ada: MemberClient,
    method: str,
) -> None:
    """A final refusal would leave a card that says "Being made" under a finished video."""
    job = make_job(thread, ada)
    status = await publisher.post_status(StatusView(job))
    job = replace(job, status_message_id=status, result_message_id=status)
    fake_discord.faults.add(method, f"{POSTS}/*", Fault(code=50083), 2)
    attempt = (
        publisher.edit_status(StatusView(job))
        if method == "PATCH"
        else publisher.delete_result(job)
    )
    with pytest.raises(TemporaryPublishError):
        await attempt


async def test_a_locked_thread_that_is_archived_is_refused(
    fake_discord: FakeDiscord,
    publisher: DiscordPublisher,
    thread: Channel,
    ada: MemberClient,
    clip: Path,
) -> None:
    """Nobody but who manages threads may take it up; nothing is said to be deleted."""
    job = make_job(thread, ada)
    result = await publisher.post_result(job, ResultPayload(clip))
    fake_discord.world.lock_thread(thread)
    fake_discord.world.archive_thread(thread)
    job = replace(job, status_message_id=result, result_message_id=result)
    for attempt in (
        publisher.edit_status(StatusView(job)),
        publisher.post_result(make_job(thread, ada), ResultPayload(clip)),
        publisher.delete_result(job),
    ):
        with pytest.raises(ChannelUnavailable):
            await attempt
    assert len(thread.messages) == 1


async def test_an_archived_threads_empty_history_is_no_proof(
    fake_discord: FakeDiscord,
    client: StockClient,
    publisher: DiscordPublisher,
    thread: Channel,
    videos: Channel,
    ada: MemberClient,
) -> None:
    """The gateway's cache does not know the thread, so its permissions are asked for."""
    fake_discord.world.archive_thread(thread)
    fake_discord.world.deny(thread, Permission.READ_MESSAGE_HISTORY)
    channel = client.get_channel(videos.id)
    assert isinstance(channel, discord.TextChannel)
    await wait_until(
        client, lambda: not channel.permissions_for(channel.guild.me).read_message_history
    )
    assert client.get_channel(thread.id) is None
    with pytest.raises(HistoryDenied):
        await publisher.find_message(make_job(thread, ada), MessageKind.RESULT, 1_800_000_000_000)


async def test_a_result_deleted_before_its_answer_came_is_told_as_deleted(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, videos: Channel, job: Job, clip: Path
) -> None:
    """It is not posted again, unless the member asks for it."""
    fake_discord.faults.add("POST", POSTS, Fault(status=503, takes_effect=True))
    with pytest.raises(TemporaryPublishError):
        await publisher.post_result(job, ResultPayload(clip))
    fake_discord.world.delete_message(videos.messages[0])
    with pytest.raises(MessageDeleted):
        await publisher.post_result(job, ResultPayload(clip))
    delivered = replace(job, state=JobState.DELIVERED)
    again = {await publisher.post_result(delivered, ResultPayload(clip)) for _ in range(2)}
    assert again == {message.id for message in videos.messages}


@pytest.mark.time_scale(600)
class TestService:
    """The whole service."""

    @pytest.fixture
    async def running(self, stopped_harness: BotHarness) -> BotHarness:
        await stopped_harness.start()
        return stopped_harness

    async def test_a_page_in_the_place_of_an_answer_does_not_park_a_video(
        self, running: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
    ) -> None:
        """The post is tried again until it goes through."""
        fake_discord.faults.add("POST", POSTS, Fault())
        fake_discord.faults.add("POST", POSTS, Fault(status=404, raw=HTML))
        fake_discord.faults.add("POST", POSTS, Fault(status=403, raw=b""))
        job = await running.order_video(ada, "video", VIDEO)
        await running.wait_for_result(job)
        assert (await running.wait_for_state(job, JobState.DELIVERED)).failures == 0
        assert ada.direct_channel.messages == []

    async def test_a_video_that_a_moderator_deleted_at_once_is_delivered(
        self, running: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
    ) -> None:
        """Nothing goes to the direct messages; *Post again* brings it back."""
        fake_discord.faults.add("POST", POSTS, Fault())
        fake_discord.faults.add("POST", POSTS, Fault(status=503, takes_effect=True))
        job = await running.order_video(ada, "video", VIDEO)
        fake_discord.world.delete_message(await running.wait_for_result(job))
        found = await running.wait_for_state(job, JobState.DELIVERED)
        assert (found.result_message_id, found.reason) == (None, RESULT_MESSAGE_DELETED)
        assert ada.direct_channel.messages == []
        assert (await running.database.read(audit.run_audit)).ok
        listed = await (await ada.run_command(running.channel, "jobs")).until_answered()
        await (await ada.click(listed, "Post again")).until_answered()
        posted = await running.wait_for_result(job)
        assert (await running.job(job)).result_message_id == posted.id
