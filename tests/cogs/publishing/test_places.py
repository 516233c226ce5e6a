"""A client that is only logged in: it has heard of no server, and posts as one that has."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.harness.stock_client import StockClient, pointed_library

# isort: split
import discord

from cogs.publishing.languages import MessageLanguages
from cogs.publishing.places import Places
from cogs.publishing.publisher import DiscordPublisher
from domain.jobs import JobState
from domain.obstacles import Obstacle, ObstacleKind
from sandbox.discord import Channel, FakeDiscord, Fault, MemberClient, Permission
from storage.database import Database
from storage.jobs import Job
from tests.harness.private_replies import private_replies
from tests.harness.rendering import make_job
from workflow.errors import (
    ChannelUnavailable,
    HistoryDenied,
    TemporaryPublishError,
    TooLargeToPost,
)
from workflow.publisher import MessageKind, ResultPayload, StatusView

MIB = 1024 * 1024
DELIVERED = JobState.DELIVERED


@pytest.fixture
async def worker(fake_discord: FakeDiscord) -> AsyncIterator[discord.Client]:
    """Log a client in that has no gateway."""
    client = StockClient(discord.Intents(guilds=True))
    async with pointed_library(fake_discord), client:
        await client.login(fake_discord.token)
        yield client
        assert not client.guilds


@pytest.fixture
def publisher(worker: discord.Client, database: Database) -> DiscordPublisher:
    return DiscordPublisher(worker, private_replies(worker, database))


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


def asked(discord: FakeDiscord) -> int:
    """Count the requests about servers and channels."""
    return sum(entry.method == "GET" for entry in discord.journal)


async def test_a_job_is_seen_from_its_status_to_its_deletion(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, videos: Channel, job: Job, clip: Path
):
    """Posted, edited, found again, told by direct message, and deleted."""
    posted = await publisher.post_status(StatusView(job))
    done = replace(job, state=DELIVERED, status_message_id=posted)
    await publisher.edit_status(StatusView(done))
    result = await publisher.post_result(job, ResultPayload(clip))
    assert [message.id for message in videos.messages] == [posted, result]
    assert await publisher.find_message(job, MessageKind.RESULT, 0) == result
    await publisher.notify_done(replace(done, result_message_id=result))
    assert len(fake_discord.member("Ada").direct_channel.messages) == 1
    await publisher.delete_result(replace(done, result_message_id=result))
    assert [message.id for message in videos.messages] == [posted]


async def test_the_upload_limit_is_that_of_the_servers_boosts(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, job: Job, large: Path
):
    """Of both servers, and of direct messages."""
    ada = fake_discord.member("Ada", "Big Screen")
    channel = fake_discord.channel("videos", "Big Screen")
    boosted = make_job(channel, ada)
    assert await publisher.max_file_bytes(boosted) == 50 * MIB
    assert await publisher.max_file_bytes(boosted, private=True) == 10 * MIB
    assert await publisher.max_file_bytes(job) == 10 * MIB
    assert await publisher.post_result(boosted, ResultPayload(large)) == channel.messages[0].id
    with pytest.raises(TooLargeToPost):
        await publisher.post_result(job, ResultPayload(large))


async def test_a_limit_that_discord_does_not_tell_is_not_guessed(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, job: Job
):
    """Else a video would be compressed for good; on a server without us nothing is lost by it."""
    fake_discord.faults.add("GET", f"/guilds/{job.guild_id}", Fault(status=503))
    with pytest.raises(TemporaryPublishError):
        await publisher.max_file_bytes(job)
    assert await publisher.max_file_bytes(replace(job, guild_id=1)) == 10 * MIB


async def test_age_restriction_counts_in_threads_too(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, videos: Channel
):
    """A thread has that of its channel; of a channel that is gone nothing is known."""
    night, world = fake_discord.channel("night"), fake_discord.world
    talk = world.add_thread(night, "night-talk")
    assert videos.guild is not None
    guild = videos.guild.id
    assert await publisher.is_age_restricted(guild, night.id) is True
    assert await publisher.is_age_restricted(guild, talk.id) is True
    assert await publisher.is_age_restricted(guild, videos.id) is False
    assert await publisher.is_age_restricted(guild, fake_discord.channel("videos-talk").id) is False
    assert await publisher.is_age_restricted(guild, 1) is None


async def test_threads_are_posted_to_by_their_own_permissions(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, videos: Channel, job: Job, clip: Path
):
    """In one whose channel takes no messages, and in one that was put away and locked."""
    world, talk = fake_discord.world, fake_discord.channel("videos-talk")
    world.deny(videos, Permission.SEND_MESSAGES)
    assert await publisher.find_obstacle(job.guild_id, talk.id) is None
    missing = Obstacle(ObstacleKind.PERMISSIONS_MISSING, ("send_messages", "attach_files"))
    assert await publisher.find_obstacle(job.guild_id, videos.id) == missing
    world.archive_thread(talk)
    posted = await publisher.post_result(replace(job, channel_id=talk.id), ResultPayload(clip))
    assert talk.messages[0].id == posted


async def test_an_empty_history_is_not_taken_for_what_is_hidden(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, videos: Channel, job: Job, clip: Path
):
    """Else what was posted before a process died would be posted twice."""
    await publisher.post_result(job, ResultPayload(clip))
    talk = fake_discord.channel("videos-talk")
    fake_discord.world.deny(videos, Permission.READ_MESSAGE_HISTORY)
    for channel in (videos, talk):
        there = replace(job, channel_id=channel.id)
        with pytest.raises(HistoryDenied):
            await publisher.find_message(there, MessageKind.RESULT, 0)


async def test_nothing_is_posted_on_another_server(
    fake_discord: FakeDiscord, publisher: DiscordPublisher, job: Job, clip: Path
):
    """Neither a result whose channel was chosen, nor a shared video."""
    other = fake_discord.channel("videos", "Big Screen")
    chosen = replace(job, result_channel_id=other.id)
    for post in (
        publisher.post_result(chosen, ResultPayload(clip)),
        publisher.share(job, ResultPayload(clip), other.id),
    ):
        with pytest.raises(ChannelUnavailable, match="another server"):
            await post
    assert other.messages == []


async def test_what_discord_told_is_kept_for_a_moment(
    fake_discord: FakeDiscord, worker: discord.Client, videos: Channel
):
    """Many ask at once and one request is made; a fault is not kept."""
    places = Places(worker)
    assert videos.guild is not None
    guild, talk = videos.guild.id, fake_discord.channel("videos-talk").id
    fake_discord.faults.add("GET", f"/guilds/{guild}", Fault(status=503))
    with pytest.raises(TemporaryPublishError):
        await places.find_guild(guild)
    before = asked(fake_discord)
    await asyncio.gather(*(places.find_channel(guild, talk) for _ in range(20)))
    assert asked(fake_discord) == before + 3


async def test_a_community_speaks_its_language(
    fake_discord: FakeDiscord, worker: discord.Client, videos: Channel
):
    """As Discord has it."""
    assert videos.guild is not None
    videos.guild.community, videos.guild.preferred_locale = True, "de"
    languages = MessageLanguages(Places(worker))
    assert await languages.of_server(videos.guild.id) == "de"
    assert await languages.of_server(1) is None
