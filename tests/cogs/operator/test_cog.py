"""What the operator does in Discord, and what everybody else is told who tries."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest

from cogs.operator.process_views import format_processes
from cogs.operator.views import render_parked_jobs
from domain.jobs import JobState
from domain.money import MicroUSD
from sandbox.apixo import FakeApixo
from sandbox.discord import FakeDiscord, Fault, Interaction, MemberClient, Message
from sandbox.discord.interactions import InteractionType
from sandbox.discord.models import Permission, walk_components
from storage import audit, audit_log, limits, submission_pause
from storage.billing import LedgerEntry
from storage.database import Database
from storage.jobs import JobEvent
from tests.harness.bot import BotHarness, button_labels
from tests.harness.rendering import (
    HOSTILE_TEXTS,
    NOW_MS,
    longest_request,
    make_job,
    rendered_markup,
)
from workflow.operator.parked_jobs import PAGE_SIZE, ParkedJob, ParkedPage
from workflow.operator.processes import Lag, ProcessStatus

S = JobState
VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
LOST: dict[str, Any] = {**VIDEO, "prompt": "a lake [[effect:504]]"}
BUTTON, TEXT_DISPLAY = 2, 10
LONGEST = longest_request("a lake")
HTML = b"<!doctype html><title>Just a moment...</title>"
STRANGER = "Only the operator of this bot can do that."

pytestmark = pytest.mark.time_scale(600)


@pytest.fixture
def olga(fake_discord: FakeDiscord) -> MemberClient:
    """Give the owner of the application."""
    return fake_discord.member("Olga")


async def says(person: MemberClient, harness: BotHarness, command: str, **options: Any) -> str:
    return (await answered(person, harness, command, **options)).text


async def answered(
    person: MemberClient, harness: BotHarness, command: str, **options: Any
) -> Interaction:
    typed = await person.run_command(harness.channel, command, options)
    answer = await typed.until_answered(20)
    assert answer.ephemeral
    return answer


def button_styles(listed: Interaction) -> list[int]:
    assert listed.message is not None
    return [one["style"] for one in walk_components(listed.message.components) if one["type"] == 2]


async def shows(person: MemberClient, listed: Interaction, button: str, until: str) -> str:
    """Click on the list, which changes in place, and read it then."""
    await person.click(listed, button)
    message = listed.message
    assert message is not None
    return await home_changes(message, until)


async def home_changes(message: Message, until: str) -> str:
    async with asyncio.timeout(120):
        while until not in message.text:
            await asyncio.sleep(0.01)
    return message.text


async def clean(database: Database) -> None:
    assert (await database.read(audit.run_audit)).violations == ()


def custom_ids(listed: Interaction) -> list[str]:
    assert listed.message is not None
    found = walk_components(listed.message.components)
    return [item["custom_id"] for item in found if item["type"] == BUTTON]


def test_each_process_is_a_line_and_those_behind_come_first() -> None:
    """Host, version, role, shards, work, the last turn; and what is wrong."""
    well = ProcessStatus(
        host="one",
        version="0.3.0",
        role="all",
        shards=[0, 2],
        jobs=3,
        seen_at_ms=9_000,
        last_turn_ms=8_000,
        lags=[],
    )
    behind = replace(well, host="two", version="0.2.0", role="gateway", shards=[], jobs=0)
    lags = [Lag.OLD_VERSION, Lag.NOT_SEEN]
    still = replace(well, host="three", role="worker", shards=[], jobs=1, lags=[Lag.NO_TURN])
    assert format_processes([well]) == []
    assert format_processes([well, replace(behind, last_turn_ms=None, lags=lags), still]) == [
        "**Processes**",
        (
            "⚠️ two 0.2.0 · answers members · standing by · an older version: restart it"
            " · last seen <t:9:R>"
        ),
        "⚠️ three 0.3.0 · makes and posts videos · makes 1 video · its worker last ran <t:8:R>",
        (
            "✅ one 0.3.0 · does everything · shards 0, 2 · makes 3 videos"
            " · its worker last ran <t:8:R>"
        ),
    ]


async def test_pause_and_resume_over_a_restart(
    harness: BotHarness, olga: MemberClient, ada: MemberClient, database: Database
) -> None:
    """The card and the private answer say who paused and why; then the video comes."""
    assert "Paused." in await says(olga, harness, "operator pause", reason="moving *house*")
    answer = await answered(ada, harness, "video", **VIDEO)
    assert "Paused: moving \\*house\\*" in answer.text
    await harness.channel.wait_for(
        lambda m: "Paused:" in m.text, within=120, awaited="the pause on the card"
    )
    await harness.restart()
    assert "Paused by" in await says(olga, harness, "operator status")
    assert "Resumed." in await says(olga, harness, "operator resume")
    await harness.channel.wait_for(
        lambda m: "your video is ready" in m.text, within=120, awaited="the video"
    )
    assert "It's already running." in await says(olga, harness, "operator resume")
    changes = await database.read(lambda tx: audit_log.list_latest(tx, 0, 9))
    assert [change.what for change in changes] == ["go on", "stop"]
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
    harness: BotHarness,
    fake_discord: FakeDiscord,
    database: Database,
    command: str,
    options: dict[str, Any],
) -> None:
    """Whatever Discord offers them, the bot asks who owns it."""
    stranger = administrator(fake_discord)
    assert await says(stranger, harness, command, **options) == STRANGER
    assert await database.read(lambda tx: audit_log.list_latest(tx, 0, 9)) == []
    assert (await database.read(submission_pause.get)).stopped_at_ms is None


async def test_who_has_handed_the_service_over_is_the_operator_no_more(
    harness: BotHarness, fake_discord: FakeDiscord, olga: MemberClient
) -> None:
    """Discord is asked each time, and not believed for as long as the process lives."""
    assert STRANGER not in await says(olga, harness, "operator status")
    guild, max_ = fake_discord.world.guild(), administrator(fake_discord)
    guild.members[olga.id].roles |= guild.members[max_.id].roles
    guild.owner_id = max_.id
    assert await says(olga, harness, "operator status") == STRANGER


def administrator(fake_discord: FakeDiscord) -> MemberClient:
    """Give Max the permission to do everything on the server."""
    guild = fake_discord.world.guild()
    role = fake_discord.world.add_role(guild, "Admin", Permission.ADMINISTRATOR)
    max_ = fake_discord.member("Max")
    guild.members[max_.id].roles.add(role.id)
    return max_


async def lost(harness: BotHarness, ada: MemberClient) -> str:
    """Have a submission's answer get lost, and its grace end."""
    job = await harness.order_video(ada, "video", LOST)
    await harness.wait_for_state(job, S.SUBMIT_UNKNOWN)
    await harness.channel.wait_for(
        lambda m: "never arrived" in m.text, within=120, awaited="the end of the grace"
    )
    return job


async def test_a_task_is_bound_and_its_video_comes(
    harness: BotHarness, olga: MemberClient, ada: MemberClient, apixo: FakeApixo, database: Database
) -> None:
    """With its evidence on the list, a form for the id, and a wrong id turned away."""
    job = await lost(harness, ada)
    listed = await answered(olga, harness, "operator parked")
    facts = ("**Lost contact**", job, f"<@{ada.id}>", "Costs $0.04 · you covered $0.04", "HTTP 504")
    for fact in (*facts, "Look for its task at APIXO, sent <t:"):
        assert fact in listed.text, fact
    assert button_labels(listed) == ["Link a task", "End for free", "Close"]
    assert button_styles(listed) == [1, 2, 2], "the advised one is blue"
    form = await (await olga.click(listed, "Link a task")).until_answered()
    refused = await (await olga.submit_modal(form, {"task": "no-such-task"})).until_answered()
    await home_changes(message_of(refused, listed), "APIXO doesn't know that task")
    (task,) = apixo.tasks
    form = await (await olga.click(listed, "Link a task")).until_answered()
    await olga.submit_modal(form, {"task": f" {task.id} "})
    await harness.wait_for_end(job)
    assert await harness.ledger_kinds(job) == ["hold", "release", "adjust"]
    await clean(database)


def message_of(answer: Interaction, listed: Interaction) -> Message:
    message = answer.message or listed.message
    assert message is not None
    return message


async def test_money_moves_only_after_a_second_click_which_works_after_a_restart(
    harness: BotHarness, olga: MemberClient, ada: MemberClient, database: Database
) -> None:
    """The member's card shows the end; a third click finds that it has moved on."""
    job = await lost(harness, ada)
    listed = await answered(olga, harness, "operator parked")
    asked = await shows(olga, listed, "End for free", "off your account?")
    assert "$0.04" in asked
    assert (await harness.job(job)).state is S.SUBMIT_UNKNOWN
    assert button_labels(listed)[0] == "Yes, end for free"
    assert button_styles(listed)[0] == 4, "it is red"
    sure = next(one for one in custom_ids(listed) if ":sure:" in one)
    await harness.restart()
    await shows(olga, listed, sure, "Ended. Nobody pays.")
    await harness.wait_for_status(
        job, "looked into it: there won't be a video. You weren't charged."
    )
    assert await harness.ledger_kinds(job) == ["hold", "release", "adjust", "adjust"]
    forged = await press(harness, olga, sure)
    assert "has changed in the meantime" in forged.text
    assert "Nothing needs your decision." in await says(olga, harness, "operator parked")
    await clean(database)


async def press(harness: BotHarness, person: MemberClient, custom_id: str) -> Interaction:
    """Click a button on a public message, as on a card that is shown no more."""
    button = {"type": BUTTON, "style": 1, "label": "Click", "custom_id": custom_id, "id": 2}
    row = {"type": 1, "id": 1, "components": [button]}
    world = harness.discord.world
    message = Message(world.ids.next(), harness.channel, world.bot_user, "old", components=[row])
    world.post(message)
    answer = await (await person.click(message, custom_id)).until_answered(20)
    assert answer.ephemeral
    return answer


async def test_strangers_get_nowhere_with_the_buttons_and_the_form(
    harness: BotHarness, fake_discord: FakeDiscord, olga: MemberClient, ada: MemberClient
) -> None:
    """Not even with those that they were shown by mistake."""
    job = await lost(harness, ada)
    listed = await answered(olga, harness, "operator parked")
    stranger = administrator(fake_discord)
    for custom_id in [*custom_ids(listed), "operator:page:0"]:
        assert (await press(harness, stranger, custom_id)).text == STRANGER
    fence = custom_ids(listed)[0].rpartition(":")[2]
    field = {"type": 18, "component": {"type": 4, "custom_id": "task", "value": "x"}}
    data = {"custom_id": f"operator:task:{job}:{fence}", "components": [field]}
    sent = fake_discord.interactions.dispatch(
        InteractionType.MODAL, stranger.user, harness.channel, data
    )
    assert (await sent.until_answered(20)).text == STRANGER
    assert (await harness.job(job)).state is S.SUBMIT_UNKNOWN


async def test_the_operator_is_told_once_of_what_is_parked(
    harness: BotHarness, olga: MemberClient, ada: MemberClient
) -> None:
    """By direct message, and not again after a restart."""
    job = await lost(harness, ada)
    told = await olga.direct_channel.wait_for(
        lambda m: "needs your decision" in m.text, within=120, awaited="the news"
    )
    assert "(1 lost contact)" in told.text
    async with asyncio.timeout(120):
        while (await harness.job(job)).told_at_ms is None:
            await asyncio.sleep(0.01)
    await harness.restart()
    harness.clock_offset_ms += 120_000
    await says(olga, harness, "operator status")
    assert len(olga.direct_channel.messages) == 1


@pytest.mark.parametrize("ending", [{"ending": "reset"}, {"status": 503}], ids=["reset", "503"])
async def test_alerts_whose_answer_is_lost_are_looked_for(
    harness: BotHarness,
    fake_discord: FakeDiscord,
    olga: MemberClient,
    ada: MemberClient,
    ending: dict[str, Any],
) -> None:
    """The operator has them, so they are not sent once more."""
    posts = f"/channels/{olga.direct_channel.id}/messages"
    fake_discord.faults.add("POST", posts, Fault(takes_effect=True, **ending))
    job = await lost(harness, ada)
    async with asyncio.timeout(120):
        while (await harness.job(job)).told_at_ms is None:
            await asyncio.sleep(0.01)
    assert len(olga.direct_channel.messages) == 1
    assert fake_discord.journal.count_requests("POST", posts) == 1


@pytest.mark.parametrize(
    "answer",
    [{"status": 503}, {"status": 403, "raw": b""}, {"status": 200, "raw": HTML}],
    ids=["503", "empty 403", "HTML"],
)
async def test_alerts_that_may_have_been_sent_are_sent_again_only_after_a_look(
    harness: BotHarness,
    fake_discord: FakeDiscord,
    olga: MemberClient,
    ada: MemberClient,
    answer: dict[str, Any],
) -> None:
    """Whatever a proxy says of the history, too."""
    posts = f"/channels/{olga.direct_channel.id}/messages"
    fake_discord.faults.add("POST", posts, Fault(takes_effect=True, **answer))
    fake_discord.faults.add("GET", posts, Fault(status=403, raw=HTML), 2)
    job = await lost(harness, ada)
    async with asyncio.timeout(120):
        while (await harness.job(job)).told_at_ms is None:
            await asyncio.sleep(0.01)
            harness.clock_offset_ms += 10_000
    assert len(olga.direct_channel.messages) == 1
    assert fake_discord.journal.count_requests("POST", posts) == 1


async def test_the_next_process_sends_no_second_alert(
    harness: BotHarness, fake_discord: FakeDiscord, olga: MemberClient, ada: MemberClient
) -> None:
    """What may have been sent died with the last one, and the history cannot be read."""
    posts = f"/channels/{olga.direct_channel.id}/messages"
    fake_discord.faults.add("POST", posts, Fault(takes_effect=True, status=503))
    fake_discord.faults.add("GET", posts, Fault(status=403, raw=HTML), None)
    job = await lost(harness, ada)
    await olga.direct_channel.wait_for(
        lambda m: "needs your decision" in m.text, within=120, awaited="the alert"
    )
    await harness.restart()
    async with asyncio.timeout(120):
        while (await harness.job(job)).told_at_ms is None:
            await asyncio.sleep(0.01)
            harness.clock_offset_ms += 10_000
    assert len(olga.direct_channel.messages) == 1
    assert fake_discord.journal.count_requests("POST", posts) == 2


async def test_the_exposures_limit_stops_the_service_and_tells_everybody(
    stopped_harness: BotHarness, olga: MemberClient, ada: MemberClient
) -> None:
    """The operator by direct message, the member on the card; a resume lets it go on."""
    stopped_harness.policy = replace(stopped_harness.policy, exposure_limit=MicroUSD(40_000))
    await stopped_harness.start()
    await lost(stopped_harness, ada)
    await olga.direct_channel.wait_for(
        lambda m: "$0.04 may have been spent" in m.text, within=120, awaited="the news"
    )
    assert (
        "We're paused for a moment" in (await answered(ada, stopped_harness, "video", **VIDEO)).text
    )
    status = await says(olga, stopped_harness, "operator status")
    assert "Paused:" in status
    assert "Unconfirmed spending today: $0.04, pauses at $0.04" in status
    assert "Resumed." in await says(olga, stopped_harness, "operator resume")
    await stopped_harness.channel.wait_for(
        lambda m: "your video is ready" in m.text, within=120, awaited="the video"
    )


async def test_want_of_room_stops_the_service_and_tells_everybody(
    stopped_harness: BotHarness, olga: MemberClient, ada: MemberClient
) -> None:
    """The operator by direct message and whatever they ask, the member on both cards."""
    stopped_harness.policy = replace(stopped_harness.policy, max_tasks=10**9)
    await stopped_harness.start()
    await olga.direct_channel.wait_for(
        lambda m: "GB of disk space are left" in m.text, within=120, awaited="the news"
    )
    assert (
        "We're paused for a moment" in (await answered(ada, stopped_harness, "video", **VIDEO)).text
    )
    await stopped_harness.channel.wait_for(
        lambda m: "We're paused for a moment" in m.text,
        within=120,
        awaited="the want of room on the card",
    )
    assert "Paused:" in await says(olga, stopped_harness, "operator status")
    assert "Free up" in await says(olga, stopped_harness, "operator resume")
    assert stopped_harness.submitted_inputs() == []
    stopped_harness.policy = replace(stopped_harness.policy, max_tasks=5)
    await stopped_harness.restart()
    await stopped_harness.channel.wait_for(
        lambda m: "your video is ready" in m.text, within=120, awaited="the video"
    )


async def test_limits_of_everything_and_of_a_server(
    harness: BotHarness, olga: MemberClient, ada: MemberClient, database: Database
) -> None:
    """Set, shown in the refusal of a member over it, and cleared; odd input is refused."""
    guild = str(ada.guild.id)
    said = await says(olga, harness, "operator limit", period="day", amount="0.03")
    assert said == "Daily limit for the whole bot: $0.03 (before: default)."
    assert (
        "whole bot's daily limit of $0.03" in (await answered(ada, harness, "video", **VIDEO)).text
    )
    said = await says(olga, harness, "operator limit", period="day")
    assert said == "Daily limit for the whole bot: default (before: $0.03)."
    said = await says(olga, harness, "operator limit", period="month", amount="none", server=guild)
    assert said == f"Monthly limit for server {guild}: none (before: default)."
    found = await database.read(lambda tx: limits.list_for_guild(tx, int(guild)))
    assert len(found) == 1
    for bad in ({"amount": "-5"}, {"amount": "5,00"}, {"amount": "5", "server": "here"}):
        said = await says(olga, harness, "operator limit", period="day", **bad)
        assert re.search("I can't read|the server's ID", said)


def test_the_longest_facts_fit_into_a_message(fake_discord: FakeDiscord, ada: MemberClient) -> None:
    """Three jobs with everything at its longest, and what was said to the last click."""
    found = [longest(fake_discord, ada) for _ in range(PAGE_SIZE)]
    view = render_parked_jobs(
        ParkedPage(tuple(found), 0, 9, 27, dict.fromkeys(range(2**63 - 3, 2**63), 10**6)), "x" * 200
    )
    shown = view.to_components()
    texts = [item["content"] for item in walk_components(shown) if item["type"] == TEXT_DISPLAY]
    assert sum(map(len, texts)) <= 4_000
    assert sum(1 for _ in walk_components(shown)) <= 40
    lines = [line for text in texts for line in text.splitlines()]
    foreign = [line.removeprefix("> ") for line in lines if line.startswith(("> ", "Task "))]
    assert len(foreign) == 2 * PAGE_SIZE
    assert not any(rendered_markup(line) for line in foreign)


def longest(fake_discord: FakeDiscord, ada: MemberClient) -> ParkedJob:
    """Make a job about which as much is known as there can be."""
    channel = fake_discord.channel("videos")
    hostile = {
        "reason": HOSTILE_TEXTS["long"],
        "task_id": HOSTILE_TEXTS["long"],
        "request": LONGEST,
    }
    job = replace(make_job(channel, ada, S.STUCK, prompt="a lake"), **hostile)
    event = JobEvent(S.GENERATING, S.SUBMIT_UNKNOWN, NOW_MS, None)
    entry = LedgerEntry(
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
    return ParkedJob(
        job=job,
        parked_from=S.GENERATING,
        since_ms=NOW_MS,
        events=(event,) * 40,
        entries=(entry,) * 40,
        held=price,
        member_paid=price,
        operator_paid=price,
    )
