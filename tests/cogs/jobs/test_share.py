"""*Share*: a finished video is shown to the whole server, by the right people, once."""

import asyncio
from typing import Any

import pytest

from domain.guild_settings import GuildSettings
from domain.jobs import JobState
from sandbox.demo.job_posts import job_id_in
from sandbox.discord import Channel, FakeDiscord, MemberClient, Message, Permission
from tests.harness.bot import BotHarness, button_labels
from workflow.billing.quotas import Actor
from workflow.guilds import settings

VIDEO: dict[str, Any] = {"prompt": "a lake *at* dusk", "duration": 4, "resolution": "480p"}

pytestmark = pytest.mark.time_scale(600)


@pytest.fixture
def showcase(fake_discord: FakeDiscord) -> Channel:
    return fake_discord.world.add_channel(fake_discord.world.guild(), "showcase")


async def choose(harness: BotHarness, channel: Channel) -> None:
    """Make a channel the showcase."""
    guild = harness.channel.guild
    assert guild is not None

    def change(before: GuildSettings) -> GuildSettings:
        return before.model_copy(update={"showcase_channel": channel.id})

    await settings.change(harness.context, guild.id, Actor(1, 1), change)


async def share(person: MemberClient, result: Message) -> str:
    """Click, and read the private answer."""
    clicked = await person.click(result, "Share")
    answered = await clicked.until_answered()
    assert answered.ephemeral
    return answered.text


async def test_a_shared_video_has_its_prompt_and_its_author_and_pings_nobody(
    harness: BotHarness, ada: MemberClient, showcase: Channel
) -> None:
    """The answer leads there; a second click, also after a restart, leads to the same post."""
    await choose(harness, showcase)
    result = await harness.make_video(ada, "video", VIDEO)
    told = await share(ada, result)
    (post,) = showcase.messages
    assert f"/{showcase.id}/{post.id}" in told
    assert f"<@{ada.id}>" in post.text
    assert "a lake \\*at\\* dusk" in post.text
    assert "480p" in post.text
    assert (post.notified_user_ids, button_labels(post)) == (set(), ["Details"])
    file = harness.context.media.video_path(result.attachments[0].filename)
    assert post.attachments[0].path.read_bytes() == file.read_bytes()
    await harness.restart()
    again = await share(ada, result)
    assert "Already shared!" in again
    assert f"/{showcase.id}/{post.id}" in again
    assert showcase.messages == [post]


async def test_a_double_click_is_one_post_and_delete_takes_it_away(
    harness: BotHarness, ada: MemberClient, showcase: Channel
) -> None:
    """Result, showcase and file go together."""
    await choose(harness, showcase)
    result = await harness.make_video(ada, "video", VIDEO)
    await asyncio.gather(share(ada, result), share(ada, result))
    assert len(showcase.messages) == 1
    question = await (await ada.click(result, "Delete")).until_answered()
    await ada.click(question, "Delete it")
    await question.until_text(lambda text: text == "Deleted.")
    assert showcase.messages == []
    assert result not in harness.channel.messages


async def test_moderators_share_too_and_strangers_do_not(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, showcase: Channel
) -> None:
    """A moderator of the channel where the video is."""
    await choose(harness, showcase)
    ben, result = fake_discord.member("Ben"), await harness.make_video(ada, "video", VIDEO)
    assert "Only the person who made this" in await share(ben, result)
    assert showcase.messages == []
    role = fake_discord.world.add_role(ben.guild, "keepers", Permission.MANAGE_MESSAGES)
    fake_discord.world.set_roles(ben.guild, ben.user, role)
    assert "Shared! See it here" in await share(ben, result)
    (post,) = showcase.messages
    assert f"<@{ada.id}>" in post.text


async def test_a_server_without_a_showcase_is_told_how_to_have_one(
    harness: BotHarness, ada: MemberClient, showcase: Channel
) -> None:
    """It has no button; that of a video from before the showcase was given up says who can help."""
    await choose(harness, showcase)
    result = await harness.make_video(ada, "video", VIDEO)
    assert "Share" in button_labels(result)
    guild = harness.channel.guild
    assert guild is not None
    give_up = {"showcase_channel": None}
    await settings.change(
        harness.context, guild.id, Actor(1, 2), lambda before: before.model_copy(update=give_up)
    )
    assert "Share" not in button_labels(await harness.make_video(ada, "video", VIDEO))
    assert "</settings:" in await share(ada, result)


@pytest.mark.parametrize("lacking", [Permission.SEND_MESSAGES, Permission.ATTACH_FILES])
async def test_a_showcase_that_the_bot_may_not_post_in_is_told(
    harness: BotHarness,
    fake_discord: FakeDiscord,
    ada: MemberClient,
    showcase: Channel,
    lacking: Permission,
) -> None:
    """And so is one that was deleted; the video stays where it is."""
    await choose(harness, showcase)
    result = await harness.make_video(ada, "video", VIDEO)
    fake_discord.world.deny(showcase, lacking)
    assert "I can't post in the showcase" in await share(ada, result)
    assert (showcase.messages, result in harness.channel.messages) == ([], True)


async def test_a_video_from_an_age_restricted_channel_stays_among_adults(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, showcase: Channel
) -> None:
    """It may go to another such channel, but not to one that is open to all."""
    night = fake_discord.channel("night")
    await choose(harness, showcase)
    job = job_id_in(await (await ada.run_command(night, "video", VIDEO)).until_answered())
    await harness.wait_for_state(job, JobState.DELIVERED)
    result = await night.wait_for(
        lambda message: bool(message.attachments), within=120, awaited="the video"
    )
    assert "age-restricted" in await share(ada, result)
    assert showcase.messages == []


async def test_a_prompt_that_the_showcases_filter_refuses_is_left_out(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, showcase: Channel
) -> None:
    """The video is shown all the same."""
    await choose(harness, showcase)
    result = await harness.make_video(ada, "video", VIDEO)
    fake_discord.faults.add_post_refusal(showcase.id, 200000, times=1)
    assert "Shared! See it here" in await share(ada, result)
    (post,) = showcase.messages
    assert "dusk" not in post.text
