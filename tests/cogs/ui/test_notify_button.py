"""*DM me when videos are done*: one message with a link, to those who wish it, once."""

from typing import Any

import pytest

from domain.guild_settings import GuildSettings
from domain.jobs import JobState
from sandbox.demo.job_posts import is_about, is_post, job_id_in
from sandbox.discord import FakeDiscord, Fault, Interaction, MemberClient, Message, Permission
from storage import guild_settings
from tests.harness.bot import BotHarness, button_labels
from workflow.guilds.notifications import wants_done_notification

S = JobState
VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
ON, OFF = "DM me when videos are done", "Stop DMs"
POSTS = "/channels/*/messages"
_PATIENCE_S = 120

pytestmark = pytest.mark.time_scale(600)


async def ordered(harness: BotHarness, person: MemberClient) -> tuple[str, Interaction]:
    """Type `/video`; give the job's id and the private answer."""
    answer = await (await person.run_command(harness.channel, "video", VIDEO)).until_answered()
    return job_id_in(answer), answer


async def turned(person: MemberClient, where: Message | Interaction, button: str) -> None:
    """Click the button, and wait until it has turned round."""
    clicked = await (await person.click(where, button)).until_answered()
    other = {ON: OFF, OFF: ON}[button]
    assert other in button_labels(clicked)
    assert button not in button_labels(clicked)


async def told(person: MemberClient, job: str) -> Message:
    """Wait for the direct message about a job."""
    return await person.direct_channel.wait_for(
        lambda message: is_post(message, job, "notice"),
        within=_PATIENCE_S,
        awaited=f"a message about {job}",
    )


async def settled(harness: BotHarness, job: str) -> None:
    """Wait until a job is delivered and all that follows has been done."""
    await harness.wait_for_end(job)
    await harness.stop()


async def test_who_wishes_so_is_told_with_a_link(harness: BotHarness, ada: MemberClient) -> None:
    """The button is on the private answer; the message pings nobody."""
    job, answer = await ordered(harness, ada)
    assert ON in button_labels(answer)
    await turned(ada, answer, ON)
    result = await harness.wait_for_result(job)
    message = await told(ada, job)
    assert f"/{harness.channel.id}/{result.id})" in message.text
    assert ada.direct_channel.messages == [message]
    assert button_labels(message) == [OFF, "Details"]


async def test_nobody_else_is_told(
    harness: BotHarness, ada: MemberClient, ben: MemberClient
) -> None:
    """Neither who never wished so, nor anybody about another's videos."""
    _, answer = await ordered(harness, ada)
    await turned(ada, answer, ON)
    job, others = await ordered(harness, ben)
    assert ON in button_labels(others)
    await settled(harness, job)
    assert ben.direct_channel.messages == []
    assert not any(is_about(message, job) for message in ada.direct_channel.messages)


async def test_the_choice_lasts_and_the_button_shows_it(
    harness: BotHarness, ada: MemberClient
) -> None:
    """After a restart too, under the next request, in the help, and on an old card."""
    _, answer = await ordered(harness, ada)
    await turned(ada, answer, ON)
    await harness.restart()
    job, later = await ordered(harness, ada)
    assert OFF in button_labels(later)
    await told(ada, job)
    helped = await (await ada.run_command(harness.channel, "help")).until_answered()
    assert "DM me when videos are done" in helped.text
    await turned(ada, helped, OFF)
    await turned(ada, answer, OFF)
    assert harness.channel.guild is not None
    assert not await wants_done_notification(harness.context, harness.channel.guild.id, ada.id)


async def test_the_message_itself_has_the_button_to_stop(
    harness: BotHarness, ada: MemberClient
) -> None:
    """It works in the direct messages, after a restart, and can be taken back there."""
    _, answer = await ordered(harness, ada)
    await turned(ada, answer, ON)
    job, _ = await ordered(harness, ada)
    message = await told(ada, job)
    await harness.restart()
    await turned(ada, message, OFF)
    last, _ = await ordered(harness, ada)
    await harness.wait_for_end(last)
    await turned(ada, message, ON)
    await harness.stop()
    assert not any(last in found.text for found in ada.direct_channel.messages)


async def test_closed_direct_messages_hinder_nothing(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """The video is delivered; nothing is tried again, also when they open."""
    fake_discord.world.close_dms(ada.user)
    job, answer = await ordered(harness, ada)
    await turned(ada, answer, ON)
    await harness.wait_for_end(job)
    fake_discord.world.open_dms(ada.user)
    await harness.restart()
    last, _ = await ordered(harness, ada)
    await told(ada, last)
    assert len(ada.direct_channel.messages) == 1


async def test_a_lost_answer_leaves_one_message(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """The nonce makes the library's second try the same message; a restart adds none."""
    job, answer = await ordered(harness, ada)
    await turned(ada, answer, ON)
    place = f"/channels/{ada.direct_channel.id}/messages"
    fake_discord.faults.add("POST", place, Fault(status=502, takes_effect=True))
    message = await told(ada, job)
    await harness.wait_for_end(job)
    await harness.restart()
    await settled(harness, job)
    assert ada.direct_channel.messages == [message]


async def test_who_gets_the_video_itself_is_not_told_besides(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """It came directly because the channel did not take it, or because it is private."""
    guild = harness.channel.guild
    assert guild is not None
    text = GuildSettings(private_allowed=True).model_dump_json()
    await harness.database.transact(lambda tx: guild_settings.save_settings(tx, guild.id, text, 1))
    options = {**VIDEO, "prompt": "a lake [[slow:1800]]"}
    answer = await (await ada.run_command(harness.channel, "video", options)).until_answered()
    await turned(ada, answer, ON)
    await harness.wait_for_status(job_id_in(answer), "Making your video")
    fake_discord.world.deny(harness.channel, Permission.SEND_MESSAGES)
    private = await (
        await ada.run_command(harness.channel, "video", {**VIDEO, "private": True})
    ).until_answered()
    assert ON not in button_labels(private)
    assert OFF not in button_labels(private)
    for job in (job_id_in(answer), job_id_in(private)):
        await harness.wait_for_state(job, S.DELIVERED)
    await harness.stop()
    assert not any("· done" in message.text for message in ada.direct_channel.messages)


async def test_a_button_of_another_server_does_nothing(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """The choice is made on the server that it is about."""
    button = {"type": 2, "style": 2, "label": "Click", "custom_id": "tell:on:77", "id": 2}
    row = {"type": 1, "id": 1, "components": [button]}
    world = fake_discord.world
    message = Message(world.ids.next(), harness.channel, world.bot_user, components=[row])
    world.post(message)
    answer = await (await ada.click(message, "Click")).until_answered()
    assert answer.ephemeral
    assert not await wants_done_notification(harness.context, 77, ada.id)
