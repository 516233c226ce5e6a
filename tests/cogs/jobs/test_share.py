"""*Share*: a finished video is shown to the whole server, by the right people, once."""

import asyncio
from typing import Any

import pytest

from domain.guild_settings import ServerSettings
from domain.jobs import JobState
from sandbox.discord import Channel, DiscordStandIn, Message, Permission, Person
from tests.harness.bot import House, buttons, job_in
from workflow.billing.quotas import Manager
from workflow.guilds import settings

VIDEO: dict[str, Any] = {"prompt": "a lake *at* dusk", "duration": 4, "resolution": "480p"}

pytestmark = pytest.mark.time_scale(600)


@pytest.fixture
def showcase(stand_in: DiscordStandIn) -> Channel:
    return stand_in.world.add_channel(stand_in.world.guild(), "showcase")


async def choose(home: House, channel: Channel) -> None:
    """Make a channel the showcase."""
    guild = home.channel.guild
    assert guild is not None

    def change(before: ServerSettings) -> ServerSettings:
        return before.model_copy(update={"showcase_channel": channel.id})

    await settings.change(home.context, guild.id, Manager(1, 1), change)


async def share(person: Person, result: Message) -> str:
    """Click, and read the private answer."""
    clicked = await person.click(result, "Share")
    answered = await clicked.until_answered()
    assert answered.ephemeral
    return answered.text


async def test_a_shared_video_has_its_prompt_and_its_author_and_pings_nobody(
    home: House, ada: Person, showcase: Channel
) -> None:
    """The answer leads there; a second click, also after a restart, leads to the same post."""
    await choose(home, showcase)
    result = await home.made(ada, "video", VIDEO)
    told = await share(ada, result)
    (post,) = showcase.messages
    assert f"/{showcase.id}/{post.id}" in told
    assert f"<@{ada.id}>" in post.text
    assert "a lake \\*at\\* dusk" in post.text
    assert "480p" in post.text
    assert (post.pinged, buttons(post)) == (set(), ["Details"])
    file = home.context.media.path(result.attachments[0].filename)
    assert post.attachments[0].path.read_bytes() == file.read_bytes()
    await home.restart()
    again = await share(ada, result)
    assert "already" in again
    assert f"/{showcase.id}/{post.id}" in again
    assert showcase.messages == [post]


async def test_a_double_click_is_one_post_and_delete_takes_it_away(
    home: House, ada: Person, showcase: Channel
) -> None:
    """Result, showcase and file go together."""
    await choose(home, showcase)
    result = await home.made(ada, "video", VIDEO)
    await asyncio.gather(share(ada, result), share(ada, result))
    assert len(showcase.messages) == 1
    question = await (await ada.click(result, "Delete")).until_answered()
    await ada.click(question, "Delete it")
    await question.until_text(lambda text: text == "Deleted.")
    assert showcase.messages == []
    assert result not in home.channel.messages


async def test_moderators_share_too_and_strangers_do_not(
    home: House, stand_in: DiscordStandIn, ada: Person, showcase: Channel
) -> None:
    """Whoever manages messages where the video is."""
    await choose(home, showcase)
    ben, result = stand_in.member("Ben"), await home.made(ada, "video", VIDEO)
    assert "Only the member" in await share(ben, result)
    assert showcase.messages == []
    role = stand_in.world.add_role(ben.guild, "keepers", Permission.MANAGE_MESSAGES)
    stand_in.world.set_roles(ben.guild, ben.user, role)
    assert "in the showcase now" in await share(ben, result)
    (post,) = showcase.messages
    assert f"<@{ada.id}>" in post.text


async def test_a_server_without_a_showcase_is_told_how_to_have_one(
    home: House, ada: Person
) -> None:
    """The button is there for everyone, and says who can help."""
    result = await home.made(ada, "video", VIDEO)
    assert "Share" in buttons(result)
    assert "`/settings`" in await share(ada, result)


@pytest.mark.parametrize("lacking", [Permission.SEND_MESSAGES, Permission.ATTACH_FILES])
async def test_a_showcase_that_the_bot_may_not_post_in_is_told(
    home: House, stand_in: DiscordStandIn, ada: Person, showcase: Channel, lacking: Permission
) -> None:
    """And so is one that was deleted; the video stays where it is."""
    await choose(home, showcase)
    result = await home.made(ada, "video", VIDEO)
    stand_in.world.deny(showcase, lacking)
    assert "I may not post in the showcase" in await share(ada, result)
    assert (showcase.messages, result in home.channel.messages) == ([], True)


async def test_a_video_from_an_age_restricted_channel_stays_among_adults(
    home: House, stand_in: DiscordStandIn, ada: Person, showcase: Channel
) -> None:
    """It may go to another such channel, but not to one that is open to all."""
    night = stand_in.channel("night")
    await choose(home, showcase)
    job = job_in(await (await ada.type(night, "video", VIDEO)).until_answered())
    await home.until(job, JobState.DELIVERED)
    result = await night.wait_for(
        lambda message: bool(message.attachments), within=20, awaited="the video"
    )
    assert "age-restricted" in await share(ada, result)
    assert showcase.messages == []


async def test_a_prompt_that_the_showcases_filter_refuses_is_left_out(
    home: House, stand_in: DiscordStandIn, ada: Person, showcase: Channel
) -> None:
    """The video is shown all the same."""
    await choose(home, showcase)
    result = await home.made(ada, "video", VIDEO)
    stand_in.faults.in_channel(showcase.id, 200000, times=1)
    assert "in the showcase now" in await share(ada, result)
    (post,) = showcase.messages
    assert "dusk" not in post.text
