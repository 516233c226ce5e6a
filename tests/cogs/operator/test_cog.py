"""What the operator does in Discord, and what everybody else is told who tries."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest

from cogs.operator.views import parked
from domain.jobs import JobState
from domain.money import MicroUSD
from sandbox.apixo import ApixoStandIn
from sandbox.discord import DiscordStandIn, Interaction, Message, Person
from sandbox.discord.interactions import Kind
from sandbox.discord.models import Permission, walk
from storage import audit, audit_log, limits, submission_pause
from storage.billing import Entry
from storage.database import Database
from storage.jobs import Event
from tests.harness.bot import House, buttons
from tests.harness.rendering import HOSTILE, NOW_MS, a_job, live_markup, longest_request
from workflow.operator.parked_jobs import PAGE, Evidence, ParkedPage

S = JobState
VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
LOST: dict[str, Any] = {**VIDEO, "prompt": "a lake [[effect:504]]"}
BUTTON, TEXT_DISPLAY = 2, 10
LONGEST = longest_request("a lake")
STRANGER = "Only the operator of this service can do that."

pytestmark = pytest.mark.time_scale(600)


@pytest.fixture
def olga(stand_in: DiscordStandIn) -> Person:
    """Give the owner of the application."""
    return stand_in.member("Olga")


async def says(person: Person, home: House, command: str, **options: Any) -> str:
    return (await answered(person, home, command, **options)).text


async def answered(person: Person, home: House, command: str, **options: Any) -> Interaction:
    typed = await person.type(home.channel, command, options)
    answer = await typed.until_answered(20)
    assert answer.ephemeral
    return answer


async def shows(person: Person, listed: Interaction, button: str, until: str) -> str:
    """Click on the list, which changes in place, and read it then."""
    await person.click(listed, button)
    message = listed.message
    assert message is not None
    return await home_changes(message, until)


async def home_changes(message: Message, until: str) -> str:
    async with asyncio.timeout(20):
        while until not in message.text:
            await asyncio.sleep(0.01)
    return message.text


async def clean(database: Database) -> None:
    assert (await database.read(audit.check)).violations == ()


def custom_ids(listed: Interaction) -> list[str]:
    assert listed.message is not None
    found = walk(listed.message.components)
    return [item["custom_id"] for item in found if item["type"] == BUTTON]


async def test_pause_and_resume_over_a_restart(
    home: House, olga: Person, ada: Person, database: Database
) -> None:
    """The card and the private answer say who paused and why; then the video comes."""
    assert "Stopped." in await says(olga, home, "operator pause", reason="moving *house*")
    answer = await answered(ada, home, "video", **VIDEO)
    assert "has paused it: moving \\*house\\*" in answer.text
    await home.channel.wait_for(
        lambda m: "has paused it" in m.text, within=20, awaited="the pause on the card"
    )
    await home.restart()
    assert "Stopped by" in await says(olga, home, "operator status")
    assert "It goes on." in await says(olga, home, "operator resume")
    await home.channel.wait_for(
        lambda m: "your video is ready" in m.text, within=20, awaited="the video"
    )
    assert "Nothing has stopped it." in await says(olga, home, "operator resume")
    trail = await database.read(lambda tx: audit_log.latest(tx, 0, 9))
    assert [change.what for change in trail] == ["go on", "stop"]
    await clean(database)


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("operator status", {}),
        ("operator parked", {}),
        ("operator resume", {}),
        ("operator pause", {"reason": "because"}),
        ("operator limit", {"period": "day", "amount": "none"}),
    ],
)
async def test_an_administrator_is_not_the_operator(
    home: House, stand_in: DiscordStandIn, database: Database, command: str, options: dict[str, Any]
) -> None:
    """Whatever Discord offers them, the bot asks who owns it."""
    stranger = administrator(stand_in)
    assert await says(stranger, home, command, **options) == STRANGER
    assert await database.read(lambda tx: audit_log.latest(tx, 0, 9)) == []
    assert (await database.read(submission_pause.state)).stopped_at_ms is None


async def test_who_has_handed_the_service_over_is_the_operator_no_more(
    home: House, stand_in: DiscordStandIn, olga: Person
) -> None:
    """Discord is asked each time, and not believed for as long as the process lives."""
    assert STRANGER not in await says(olga, home, "operator status")
    guild, max_ = stand_in.world.guild(), administrator(stand_in)
    guild.members[olga.id].roles |= guild.members[max_.id].roles
    guild.owner_id = max_.id
    assert await says(olga, home, "operator status") == STRANGER


def administrator(stand_in: DiscordStandIn) -> Person:
    """Give Max the permission to do everything on the server."""
    guild = stand_in.world.guild()
    role = stand_in.world.add_role(guild, "Admin", Permission.ADMINISTRATOR)
    max_ = stand_in.member("Max")
    guild.members[max_.id].roles.add(role.id)
    return max_


async def lost(home: House, ada: Person) -> str:
    """Have a submission's answer get lost, and its grace end."""
    job = await home.type(ada, "video", LOST)
    await home.until(job, S.SUBMIT_UNKNOWN)
    await home.channel.wait_for(
        lambda m: "no video turned up" in m.text, within=20, awaited="the end of the grace"
    )
    return job


async def test_a_task_is_bound_and_its_video_comes(
    home: House, olga: Person, ada: Person, apixo: ApixoStandIn, database: Database
) -> None:
    """With its evidence on the list, a form for the id, and a wrong id turned away."""
    job = await lost(home, ada)
    listed = await answered(olga, home, "operator parked")
    for fact in ("**submit_unknown**", job, f"({ada.id})", "borne by you $0.04", "HTTP 504"):
        assert fact in listed.text, fact
    assert buttons(listed) == ["Bind a task", "Release", "Close"]
    form = await (await olga.click(listed, "Bind a task")).until_answered()
    refused = await (await olga.submit_modal(form, {"task": "no-such-task"})).until_answered()
    await home_changes(message_of(refused, listed), "APIXO does not know the task")
    (task,) = apixo.tasks
    form = await (await olga.click(listed, "Bind a task")).until_answered()
    await olga.submit_modal(form, {"task": f" {task.id} "})
    await home.status(job, "Done")
    assert await home.ledger(job) == ["hold", "release", "adjust"]
    await clean(database)


def message_of(answer: Interaction, listed: Interaction) -> Message:
    message = answer.message or listed.message
    assert message is not None
    return message


async def test_money_moves_only_after_a_second_click_which_works_after_a_restart(
    home: House, olga: Person, ada: Person, database: Database
) -> None:
    """The member's card tells the end; a third click finds that it has moved on."""
    job = await lost(home, ada)
    listed = await answered(olga, home, "operator parked")
    asked = await shows(olga, listed, "Release", "off your account?")
    assert "$0.04" in asked
    assert (await home.job(job)).state is S.SUBMIT_UNKNOWN
    sure = next(one for one in custom_ids(listed) if ":sure:" in one)
    await home.restart()
    await shows(olga, listed, sure, "is ended; nobody pays for it")
    await home.status(job, "looked into it: there will be no video. Nothing was charged.")
    assert await home.ledger(job) == ["hold", "release", "adjust", "adjust"]
    forged = await press(home, olga, sure)
    assert "has moved on since" in forged.text
    assert "No job waits for a decision of yours." in await says(olga, home, "operator parked")
    await clean(database)


async def press(home: House, person: Person, custom_id: str) -> Interaction:
    """Click a button on a public message, as on a card that is shown no more."""
    button = {"type": BUTTON, "style": 1, "label": "Click", "custom_id": custom_id, "id": 2}
    row = {"type": 1, "id": 1, "components": [button]}
    world = home.stand_in.world
    message = Message(world.ids.next(), home.channel, world.bot, "old", components=[row])
    world.post(message)
    answer = await (await person.click(message, custom_id)).until_answered(20)
    assert answer.ephemeral
    return answer


async def test_strangers_get_nowhere_with_the_buttons_and_the_form(
    home: House, stand_in: DiscordStandIn, olga: Person, ada: Person
) -> None:
    """Not even with those that they were shown by mistake."""
    job = await lost(home, ada)
    listed = await answered(olga, home, "operator parked")
    stranger = administrator(stand_in)
    for custom_id in [*custom_ids(listed), "operator:page:0"]:
        assert (await press(home, stranger, custom_id)).text == STRANGER
    fence = custom_ids(listed)[0].rpartition(":")[2]
    field = {"type": 18, "component": {"type": 4, "custom_id": "task", "value": "x"}}
    data = {"custom_id": f"operator:task:{job}:{fence}", "components": [field]}
    sent = stand_in.interactions.dispatch(Kind.MODAL, stranger.user, home.channel, data)
    assert (await sent.until_answered(20)).text == STRANGER
    assert (await home.job(job)).state is S.SUBMIT_UNKNOWN


async def test_the_operator_is_told_once_of_what_is_parked(
    home: House, olga: Person, ada: Person
) -> None:
    """By direct message, and not again after a restart."""
    job = await lost(home, ada)
    told = await olga.direct_channel.wait_for(
        lambda m: "waits for your decision" in m.text, within=20, awaited="the news"
    )
    assert "(1 submit_unknown)" in told.text
    async with asyncio.timeout(20):
        while (await home.job(job)).told_at_ms is None:
            await asyncio.sleep(0.01)
    await home.restart()
    home.ahead_ms += 120_000
    await says(olga, home, "operator status")
    assert len(olga.direct_channel.messages) == 1


async def test_the_exposures_limit_stops_the_service_and_tells_everybody(
    house: House, olga: Person, ada: Person
) -> None:
    """The operator by direct message, the member on the card; a resume lets it go on."""
    house.policy = replace(house.policy, exposure_limit=MicroUSD(40_000))
    await house.start()
    await lost(house, ada)
    await olga.direct_channel.wait_for(
        lambda m: "$0.04 may have been spent" in m.text, within=20, awaited="the news"
    )
    assert "No new videos are started" in (await answered(ada, house, "video", **VIDEO)).text
    status = await says(olga, house, "operator status")
    assert "Stopped by itself" in status
    assert "Exposure today: $0.04, stops at $0.04" in status
    assert "It goes on." in await says(olga, house, "operator resume")
    await house.channel.wait_for(
        lambda m: "your video is ready" in m.text, within=20, awaited="the video"
    )


async def test_want_of_room_stops_the_service_and_tells_everybody(
    house: House, olga: Person, ada: Person
) -> None:
    """The operator by direct message and whatever they ask, the member on both cards."""
    house.policy = replace(house.policy, max_tasks=10**9)
    await house.start()
    await olga.direct_channel.wait_for(
        lambda m: "GB are free where videos are kept" in m.text, within=20, awaited="the news"
    )
    assert "no room left" in (await answered(ada, house, "video", **VIDEO)).text
    await house.channel.wait_for(
        lambda m: "no room left" in m.text, within=20, awaited="the want of room on the card"
    )
    assert "Stopped by itself" in await says(olga, house, "operator status")
    assert "Free some" in await says(olga, house, "operator resume")
    assert house.submitted() == []
    house.policy = replace(house.policy, max_tasks=5)
    await house.restart()
    await house.channel.wait_for(
        lambda m: "your video is ready" in m.text, within=20, awaited="the video"
    )


async def test_limits_of_everything_and_of_a_server(
    home: House, olga: Person, ada: Person, database: Database
) -> None:
    """Set, shown in the refusal of whoever is over it, and cleared; odd input is refused."""
    guild = str(ada.guild.id)
    said = await says(olga, home, "operator limit", period="day", amount="0.03")
    assert said == "The day limit of everything: $0.03. Before: nothing set."
    assert "$0.03 that the service has" in (await answered(ada, home, "video", **VIDEO)).text
    said = await says(olga, home, "operator limit", period="day")
    assert said == "The day limit of everything: nothing set. Before: $0.03."
    said = await says(olga, home, "operator limit", period="month", amount="none", server=guild)
    assert said == f"The month limit of server {guild}: none. Before: nothing set."
    found = await database.read(lambda tx: limits.of_server(tx, int(guild)))
    assert len(found) == 1
    for bad in ({"amount": "-5"}, {"amount": "5,00"}, {"amount": "5", "server": "here"}):
        said = await says(olga, home, "operator limit", period="day", **bad)
        assert re.search("can not be taken|is the id of a server", said)


def test_the_longest_facts_fit_into_a_message(stand_in: DiscordStandIn, ada: Person) -> None:
    """Three jobs with everything at its longest, and what was said to the last click."""
    found = [longest(stand_in, ada) for _ in range(PAGE)]
    view = parked(ParkedPage(tuple(found), 0, 9, 27), "x" * 200)
    shown = view.to_components()
    texts = [item["content"] for item in walk(shown) if item["type"] == TEXT_DISPLAY]
    assert sum(map(len, texts)) <= 4_000
    assert sum(1 for _ in walk(shown)) <= 40
    lines = [line for text in texts for line in text.splitlines()]
    foreign = [line.removeprefix("> ") for line in lines if line.startswith(("> ", "Task "))]
    assert len(foreign) == 2 * PAGE
    assert not any(live_markup(line) for line in foreign)


def longest(stand_in: DiscordStandIn, ada: Person) -> Evidence:
    """Make a job about which as much is known as there can be."""
    channel = stand_in.channel("videos")
    hostile = {"reason": HOSTILE["long"], "task_id": HOSTILE["long"], "request": LONGEST}
    job = replace(a_job(channel, ada, S.STUCK, prompt="a lake"), **hostile)
    event = Event(S.GENERATING, S.SUBMIT_UNKNOWN, NOW_MS, None)
    entry = Entry(
        id=1,
        kind="release",
        job_id=job.id,
        attempt=1,
        hold_id=1,
        grant_id=None,
        amount=MicroUSD(8_700_001),
        from_grant=MicroUSD(0),
        account="operator",
        guild_id=job.guild_id,
        user_id=job.user_id,
        price_version="2026-11",
        created_at_ms=NOW_MS,
        actor="service",
        note="",
    )
    price = MicroUSD(8_700_001)
    return Evidence(
        job=job,
        stood=S.GENERATING,
        since_ms=NOW_MS,
        events=(event,) * 40,
        entries=(entry,) * 40,
        held=price,
        paid=price,
        borne=price,
    )
