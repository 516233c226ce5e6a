"""Where results go and how they are shown, as a server's managers decided."""

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from domain.guild_settings import AppliesTo
from domain.jobs import JobState
from sandbox.demo.job_posts import is_post, job_id_in
from sandbox.discord import Channel, DiscordConfig, FakeDiscord, MemberClient, Message, Permission
from sandbox.discord.models import walk_components
from storage.schema import jobs
from tests.harness.bot import BotHarness
from workflow.billing.quotas import Actor
from workflow.guilds import settings

_numbers = count(1)
PICTURE = Path(__file__).parents[3] / "sandbox" / "demo" / "pictures" / "lake.jpg"
VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}

pytestmark = [pytest.mark.usefixtures("dailies"), pytest.mark.time_scale(600)]


@pytest.fixture
async def fake_discord() -> AsyncIterator[FakeDiscord]:
    """Open a Discord that forgets a nonce at once, as it does after some minutes."""
    options = DiscordConfig(
        sends_per_window=5_000, requests_per_second=5_000, nonce_seconds=0, identify_seconds=0
    )
    async with FakeDiscord(options) as opened:
        yield opened


@pytest.fixture
def gallery(fake_discord: FakeDiscord) -> Channel:
    """Name the channel for results."""
    return fake_discord.channel("general")


async def decide(harness: BotHarness, **fields: object) -> None:
    """Let a manager set some fields."""
    guild = harness.channel.guild
    assert guild is not None
    manager = Actor(user_id=1, interaction_id=next(_numbers))
    await settings.change(
        harness.context, guild.id, manager, lambda now: now.model_copy(update=fields)
    )


async def forget_delivery(harness: BotHarness, job: str) -> None:
    """Put a job back to where it was when it had just been posted."""
    now = {"state": JobState.POSTING, "result_message_id": None, "ended_at_ms": None}
    await harness.database.transact(
        lambda tx: tx.execute(update(jobs).where(jobs.c.id == job).values(now))
    )


async def result_in(channel: Channel, job: str) -> Message:
    """Wait for a job's video in a channel."""
    return await channel.wait_for(
        lambda message: any(file.filename == f"{job}.mp4" for file in message.attachments),
        within=120,
        awaited=f"the video of {job}",
    )


def results(channel: Channel, job: str) -> list[Message]:
    """List the messages of a channel that carry a job's video."""
    return [
        message
        for message in channel.messages
        if any(file.filename == f"{job}.mp4" for file in message.attachments)
    ]


def spoilers(message: Message) -> list[bool]:
    """Return for each picture or video of a message whether it is a spoiler."""
    return [
        item.get("spoiler", False)
        for found in walk_components(message.components)
        if found["type"] == 12
        for item in found["items"]
    ]


async def test_a_result_goes_to_the_channel_for_results(
    stopped_harness: BotHarness, ada: MemberClient, gallery: Channel
) -> None:
    """It mentions its member there; the status message stays as a line that says where it is."""
    await decide(stopped_harness, result_channel=gallery.id)
    job = await stopped_harness.order_video(ada, "video", VIDEO)
    message = await result_in(gallery, job)
    assert ada.user in message.mentions
    done = await stopped_harness.wait_for_status(job, "video is ready")
    assert f"/{gallery.id}/{message.id})" in done.text
    assert results(stopped_harness.channel, job) == []
    listed = await (await ada.run_command(stopped_harness.channel, "jobs")).until_answered()
    assert f"/{gallery.id}/{message.id})" in listed.text


@pytest.mark.parametrize("why", ["gone", "forbidden"])
async def test_a_result_whose_channel_takes_none_goes_where_it_was_asked_for(
    stopped_harness: BotHarness,
    ada: MemberClient,
    fake_discord: FakeDiscord,
    gallery: Channel,
    why: str,
) -> None:
    """Nobody has to look for a video that is paid for."""
    await decide(stopped_harness, result_channel=gallery.id)
    if why == "gone":
        fake_discord.world.delete_channel(gallery)
    else:
        fake_discord.world.deny(gallery, Permission.SEND_MESSAGES)
    message = await stopped_harness.make_video(ada, "video", VIDEO)
    job = await stopped_harness.job(message.attachments[0].filename.removesuffix(".mp4"))
    assert (job.result_message_id, job.result_channel_id) == (message.id, None)


@pytest.mark.parametrize("where", ["another server", "nowhere"])
async def test_a_result_never_goes_to_another_server(
    stopped_harness: BotHarness, ada: MemberClient, fake_discord: FakeDiscord, where: str
) -> None:
    """Whatever an earlier version let a manager set: it goes where it was asked for."""
    foreign = fake_discord.channel("general", "Big Screen")
    await decide(stopped_harness, result_channel=foreign.id if where[0] == "a" else 10**30)
    message = await stopped_harness.make_video(ada, "video", VIDEO)
    job = await stopped_harness.job(message.attachments[0].filename.removesuffix(".mp4"))
    assert (job.state, job.result_channel_id) == (JobState.DELIVERED, None)
    assert foreign.messages == []


async def test_a_result_in_its_channel_is_found_after_a_restart(
    stopped_harness: BotHarness, ada: MemberClient, gallery: Channel
) -> None:
    """A post whose answer was lost with the process is not made a second time."""
    await decide(stopped_harness, result_channel=gallery.id)
    job = await stopped_harness.order_video(ada, "video", VIDEO)
    message = await result_in(gallery, job)
    await stopped_harness.wait_for_end(job)
    await stopped_harness.stop()
    await forget_delivery(stopped_harness, job)
    await stopped_harness.start()
    found = await stopped_harness.wait_for_state(job, JobState.DELIVERED)
    assert (found.result_message_id, found.result_channel_id) == (message.id, gallery.id)
    assert len(results(gallery, job)) == 1


async def test_deleting_and_posting_again_find_the_result(
    stopped_harness: BotHarness, ada: MemberClient, gallery: Channel
) -> None:
    """*Delete* takes the message away in its channel; a new post follows the settings of then."""
    await decide(stopped_harness, result_channel=gallery.id)
    job = await stopped_harness.order_video(ada, "video", VIDEO)
    first = await result_in(gallery, job)
    await stopped_harness.wait_for_end(job)
    await decide(stopped_harness, result_channel=None)
    listed = await (await ada.run_command(stopped_harness.channel, "jobs")).until_answered()
    await (await ada.click(listed, "Post again")).until_answered()
    second = await result_in(stopped_harness.channel, job)
    assert first not in gallery.messages
    asked = await (await ada.click(second, "Delete")).until_answered()
    await (await ada.click(asked, "Delete it")).until_answered()
    assert results(stopped_harness.channel, job) == []


@pytest.mark.parametrize(
    ("spoilers_of", "prompt", "hidden"),
    [
        (AppliesTo.NONE, "a war", False),
        (AppliesTo.SENSITIVE, "a lake", False),
        (AppliesTo.SENSITIVE, "a war", True),
        (AppliesTo.ALL, "a lake", True),
    ],
)
async def test_what_the_server_hides_is_shown_after_a_click_only(
    stopped_harness: BotHarness,
    ada: MemberClient,
    spoilers_of: AppliesTo,
    prompt: str,
    *,
    hidden: bool,
) -> None:
    """The video, and the pictures on the card of a job that is under way."""
    await decide(stopped_harness, spoilers=spoilers_of, sensitive=("war",))
    options = {"prompt": prompt, "image": PICTURE, "duration": 4, "resolution": "480p"}
    job = await stopped_harness.order_video(ada, "animate", options)
    status = await stopped_harness.channel.wait_for(
        lambda message: is_post(message, job, "status"), within=120, awaited="a card"
    )
    assert spoilers(status) == [hidden]
    assert spoilers(await stopped_harness.wait_for_result(job)) == [hidden]


@pytest.mark.parametrize("name", ["general", "night"])
async def test_what_is_for_adults_does_not_go_to_a_channel_for_all(
    stopped_harness: BotHarness, ada: MemberClient, fake_discord: FakeDiscord, name: str
) -> None:
    """Under an age gate, the channel for results has to be age-restricted too."""
    chosen, night = fake_discord.channel(name), fake_discord.channel("night")
    asked_in = fake_discord.world.add_channel(ada.guild, "late", nsfw=True)
    await decide(stopped_harness, age_gate=AppliesTo.ALL, result_channel=chosen.id)
    typed = await (await ada.run_command(asked_in, "video", VIDEO)).until_answered()
    job = job_id_in(typed)
    await result_in(night if name == "night" else asked_in, job)
    assert len(results(chosen, job)) == (name == "night")
