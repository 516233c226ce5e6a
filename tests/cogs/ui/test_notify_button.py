"""*Message me when done*: one direct message with a link, to those who wish it, at most once."""

from typing import Any

import pytest

from domain.guild_settings import ServerSettings
from domain.jobs import JobState
from sandbox.discord import DiscordStandIn, Fault, Interaction, Message, Permission, Person
from storage import guild_settings
from tests.harness.bot import House, buttons, job_in
from workflow.guilds.notifications import is_told

S = JobState
VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
ON, OFF = "Message me when done", "Stop messaging me"
POSTS = "/channels/*/messages"
_PATIENCE_S = 20

pytestmark = pytest.mark.time_scale(600)


async def ordered(home: House, person: Person) -> tuple[str, Interaction]:
    """Type `/video`; give the job's id and the private answer."""
    answer = await (await person.type(home.channel, "video", VIDEO)).until_answered()
    return job_in(answer), answer


async def turned(person: Person, where: Message | Interaction, button: str) -> None:
    """Click the button, and wait until it has turned round."""
    clicked = await (await person.click(where, button)).until_answered()
    other = {ON: OFF, OFF: ON}[button]
    assert other in buttons(clicked)
    assert button not in buttons(clicked)


async def told(person: Person, job: str) -> Message:
    """Wait for the direct message about a job."""
    return await person.direct_channel.wait_for(
        lambda message: message.text.endswith(f"-# {job} · done"),
        within=_PATIENCE_S,
        awaited=f"a message about {job}",
    )


async def settled(home: House, job: str) -> None:
    """Wait until a job is delivered and all that follows has been done."""
    await home.status(job, "Done")
    await home.stop()


async def test_who_wishes_so_is_told_with_a_link(home: House, ada: Person) -> None:
    """The button stands on the private answer, whose text stays; the message pings nobody."""
    job, answer = await ordered(home, ada)
    assert ON in buttons(answer)
    before = answer.text
    await turned(ada, answer, ON)
    assert answer.text == before
    result = await home.result(job)
    message = await told(ada, job)
    assert f"/{home.channel.id}/{result.id})" in message.text
    assert ada.direct_channel.messages == [message]
    assert buttons(message) == [OFF]


async def test_nobody_else_is_told(home: House, ada: Person, ben: Person) -> None:
    """Neither who never wished so, nor anybody about another's videos."""
    _, answer = await ordered(home, ada)
    await turned(ada, answer, ON)
    job, others = await ordered(home, ben)
    assert ON in buttons(others)
    await settled(home, job)
    assert ben.direct_channel.messages == []
    assert not any(job in message.text for message in ada.direct_channel.messages)


async def test_the_choice_lasts_and_the_button_shows_it(home: House, ada: Person) -> None:
    """After a restart too, under the next request, in the help, and on an old card."""
    _, answer = await ordered(home, ada)
    await turned(ada, answer, ON)
    await home.restart()
    job, later = await ordered(home, ada)
    assert OFF in buttons(later)
    await told(ada, job)
    helped = await (await ada.type(home.channel, "help")).until_answered()
    assert "Message me when done" in helped.text
    await turned(ada, helped, OFF)
    await turned(ada, answer, OFF)
    assert home.channel.guild is not None
    assert not await is_told(home.context, home.channel.guild.id, ada.id)


async def test_the_message_itself_has_the_button_to_stop(home: House, ada: Person) -> None:
    """It works in the direct messages, after a restart, and can be taken back there."""
    _, answer = await ordered(home, ada)
    await turned(ada, answer, ON)
    job, _ = await ordered(home, ada)
    message = await told(ada, job)
    await home.restart()
    await turned(ada, message, OFF)
    last, _ = await ordered(home, ada)
    await home.status(last, "Done")
    await turned(ada, message, ON)
    await home.stop()
    assert not any(last in found.text for found in ada.direct_channel.messages)


async def test_closed_direct_messages_hinder_nothing(
    home: House, stand_in: DiscordStandIn, ada: Person
) -> None:
    """The video is delivered; nothing is tried again, also when they open."""
    stand_in.world.close_dms(ada.user)
    job, answer = await ordered(home, ada)
    await turned(ada, answer, ON)
    await home.status(job, "Done")
    stand_in.world.open_dms(ada.user)
    await home.restart()
    last, _ = await ordered(home, ada)
    await told(ada, last)
    assert len(ada.direct_channel.messages) == 1


async def test_a_lost_answer_leaves_one_message(
    home: House, stand_in: DiscordStandIn, ada: Person
) -> None:
    """The nonce makes the library's second try the same message; a restart adds none."""
    job, answer = await ordered(home, ada)
    await turned(ada, answer, ON)
    place = f"/channels/{ada.direct_channel.id}/messages"
    stand_in.faults.on("POST", place, Fault(status=502, effect=True))
    message = await told(ada, job)
    await home.status(job, "Done")
    await home.restart()
    await settled(home, job)
    assert ada.direct_channel.messages == [message]


async def test_who_gets_the_video_itself_is_not_told_besides(
    home: House, stand_in: DiscordStandIn, ada: Person
) -> None:
    """It came directly because the channel did not take it, or because it is private."""
    guild = home.channel.guild
    assert guild is not None
    text = ServerSettings(private_allowed=True).model_dump_json()
    await home.database.transact(lambda tx: guild_settings.save(tx, guild.id, text, 1))
    options = {**VIDEO, "prompt": "a lake [[slow:1800]]"}
    answer = await (await ada.type(home.channel, "video", options)).until_answered()
    await turned(ada, answer, ON)
    await home.status(job_in(answer), "Being made")
    stand_in.world.deny(home.channel, Permission.SEND_MESSAGES)
    private = await (
        await ada.type(home.channel, "video", {**VIDEO, "private": True})
    ).until_answered()
    assert ON not in buttons(private)
    assert OFF not in buttons(private)
    for job in (job_in(answer), job_in(private)):
        await home.until(job, S.DELIVERED)
    await home.stop()
    assert not any("· done" in message.text for message in ada.direct_channel.messages)


async def test_a_button_of_another_server_does_nothing(
    home: House, stand_in: DiscordStandIn, ada: Person
) -> None:
    """The choice is made on the server that it is about."""
    button = {"type": 2, "style": 2, "label": "Click", "custom_id": "tell:on:77", "id": 2}
    row = {"type": 1, "id": 1, "components": [button]}
    world = stand_in.world
    message = Message(world.ids.next(), home.channel, world.bot, components=[row])
    world.post(message)
    answer = await (await ada.click(message, "Click")).until_answered()
    assert answer.ephemeral
    assert not await is_told(home.context, 77, ada.id)
