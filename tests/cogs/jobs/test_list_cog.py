"""The list of one's own videos, over the wire: every state in words, pages, and both buttons."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from cogs.jobs.list_views import ListAction, ListActionButton, render_job_list
from domain.job_view import JobAmounts
from domain.jobs import PARKED, JobState
from domain.money import ZERO, MicroUSD
from sandbox.demo.job_posts import job_id_in
from sandbox.discord import (
    Channel,
    DiscordConfig,
    FakeDiscord,
    Fault,
    Interaction,
    MemberClient,
    Message,
    Permission,
)
from sandbox.discord.models import walk_components
from tests.harness.bot import BotHarness, button_labels
from tests.harness.rendering import (
    HOSTILE_TEXTS,
    NOW_MS,
    longest_request,
    make_job,
    rendered_markup,
)
from workflow.billing.quotas import Actor
from workflow.operator import control
from workflow.publisher import BlockReason, StatusView, SubmissionBlock
from workflow.results.job_list import PAGE_SIZE, JobListEntry, JobListPage

S = JobState
VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
WAITING: dict[str, Any] = {**VIDEO, "prompt": "a lake [[slow:4000]]"}
BUTTON = 2


@dataclass
class DiscordsClock:
    """The time at Discord's; it forgets a nonce after five minutes."""

    ahead_s: float = 0

    def now(self) -> float:
        return time.time() + self.ahead_s


@pytest.fixture
def clock() -> DiscordsClock:
    return DiscordsClock()


@pytest.fixture
async def fake_discord(clock: DiscordsClock) -> AsyncIterator[FakeDiscord]:
    options = DiscordConfig(sends_per_window=5_000, requests_per_second=5_000, identify_seconds=0)
    async with FakeDiscord(options, clock.now) as opened:
        yield opened


pytestmark = pytest.mark.time_scale(600)

all_wait_on = pytest.mark.time_scale(60)
"""For what has to be seen before the first of the waiting videos is made, however busy this is."""


async def ask(harness: BotHarness, person: MemberClient) -> Interaction:
    """Ask for the list, which is private and within what Discord shows."""
    asked = await person.run_command(harness.channel, "jobs")
    message = (await asked.until_answered()).message
    assert message is not None
    assert asked.ephemeral
    return asked


async def click(
    harness: BotHarness, person: MemberClient, where: Message | Interaction, button: str, until: str
) -> str:
    """Click on the list, which changes in place, and read it then."""
    message = where.message if isinstance(where, Interaction) else where
    assert message is not None
    clicked = await person.click(message, button)
    seen = message if message.ephemeral else await answer_to(clicked)
    return await harness.discord.world.changes.wait_until(
        lambda: seen.text if until in seen.text else None, 20, until, lambda: seen.text
    )


async def answer_to(clicked: Interaction) -> Message:
    message = (await clicked.until_answered(20)).message
    assert message is not None
    assert clicked.ephemeral
    return message


async def order_numbered(harness: BotHarness, person: MemberClient, numbers: range) -> None:
    for number in numbers:
        options = {**WAITING, "prompt": f"{WAITING['prompt']} {number}"}
        await harness.order_video(person, "video", options)


def numbers_on(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"^> .* (\d+)$", text, re.MULTILINE)]


def videos_of(harness: BotHarness, job: str) -> list[Message]:
    named = f"{job}.mp4"
    return [m for m in harness.channel.messages if any(f.filename == named for f in m.attachments)]


def forged(harness: BotHarness, custom_id: str) -> Message:
    """Post a message of the bot's with a button that it never made."""
    button = {"type": BUTTON, "style": 1, "label": "Click", "custom_id": custom_id, "id": 2}
    row = {"type": 1, "id": 1, "components": [button]}
    world = harness.discord.world
    message = Message(world.ids.next(), harness.channel, world.bot_user, "odd", components=[row])
    world.post(message)
    return message


async def undeliverable(harness: BotHarness, person: MemberClient) -> str:
    """Make a video that neither the channel nor its member takes."""
    world = harness.discord.world
    job = await harness.order_video(person, "video", {**VIDEO, "prompt": "a lake [[slow:400]]"})
    await harness.wait_for_state(job, S.GENERATING)
    world.deny(harness.channel, Permission.SEND_MESSAGES)
    world.close_dms(person.user)
    await harness.wait_for_state(job, S.UNDELIVERABLE)
    return job


def drawn(channel: Channel, ada: MemberClient, state: JobState, **changes: Any) -> str:
    """Write the list with one job of a state, as it is sent."""
    status = changes.pop("status", {})
    money = changes.pop("money", JobAmounts(held=ZERO, charged=ZERO, released=ZERO, adjusted=ZERO))
    job = make_job(channel, ada, state, **changes)
    row = JobListEntry(StatusView(job, **status), money, can_cancel=False, can_repost=False)
    view = render_job_list(
        JobListPage(rows=(row,), newer=None, older=None, newer_count=0, total=1), "newest"
    )
    return "\n".join(view_texts(view.to_components()))


def view_texts(components: list[Any]) -> list[str]:
    return [found["content"] for found in walk_components(components) if found["type"] == 10]


async def test_without_videos_the_list_says_so(harness: BotHarness, ada: MemberClient) -> None:
    """It says where to begin, and offers nothing to click."""
    asked = await ask(harness, ada)
    assert "haven't made a video" in asked.text
    assert button_labels(asked) == []


async def test_the_list_tells_state_prompt_cost_time_and_link(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Of one's own videos alone; the newest first."""
    result = await harness.make_video(ada, "video", VIDEO)
    await harness.order_video(harness.discord.member("Ben"), "video", VIDEO)
    waiting = await harness.order_video(ada, "video", WAITING)
    made = result.attachments[0].filename[:20]
    status = await harness.wait_for_status(waiting, "")
    async with asyncio.timeout(120):
        while (await harness.job(waiting)).status_message_id is None:
            await asyncio.sleep(0.01)
    asked = await ask(harness, ada)
    assert "1–2 of 2" in asked.text
    above, _, below = asked.text.partition("✅")
    where = f"https://discord.com/channels/{ada.guild.id}/{harness.channel.id}"
    assert f"[See it]({where}/{status.id})" in above
    assert "Costs $0.04" in above
    assert "**Done**" in below
    assert "> a lake at dusk" in below
    assert "Paid $0.04" in below
    assert f"[Watch it]({where}/{result.id})" in below
    assert f"<t:{(await harness.job(made)).created_at_ms // 1000}:R>" in below


@all_wait_on
async def test_the_list_tells_the_place_in_line(harness: BotHarness, ada: MemberClient) -> None:
    """Of what waits, as its card does."""
    for _ in range(7):
        await harness.order_video(ada, "video", WAITING)
    asked = await ask(harness, ada)
    assert "⏳ **Number 2 in line**" in asked.text
    assert "⏳ **You're next**" in asked.text


async def test_the_list_tells_why_what_waits_goes_on_waiting(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Once for all that wait; what is being made is none of them."""
    made = await harness.order_video(ada, "video", WAITING)
    await harness.wait_for_status(made, "Making your video")
    await control.stop_submissions(harness.context, "moving house", Actor(91, 1))
    asked = await ask(harness, ada)
    assert "moving house" not in asked.text
    for _ in range(2):
        await harness.order_video(ada, "video", WAITING)
    asked = await ask(harness, ada)
    assert asked.text.count("Paused: moving house") == 1


async def test_the_list_comes_while_discord_does_not_tell_of_the_server(
    harness: BotHarness, ada: MemberClient
) -> None:
    """It carries no files, so nobody is asked how large one may be."""
    result = await harness.make_video(ada, "video", VIDEO)
    form = await (await ada.click(result, "Extend")).until_answered()
    extended = await ada.submit_modal(form, {"prompt": WAITING["prompt"]})
    await harness.wait_for_status(job_id_in(await extended.until_answered()), "Making your video")
    harness.discord.world.set_available(ada.guild, available=False)
    harness.discord.faults.add("GET", f"/guilds/{ada.guild.id}", Fault(status=503), times=None)
    asked = await ask(harness, ada)
    assert "1–2 of 2" in asked.text


async def test_pages_turn_in_place_and_after_a_restart(
    harness: BotHarness, ada: MemberClient
) -> None:
    """New videos do not shift them."""
    await order_numbered(harness, ada, range(1, PAGE_SIZE + 3))
    asked = await ask(harness, ada)
    assert numbers_on(asked.text) == [7, 6, 5, 4, 3]
    await harness.restart()
    await order_numbered(harness, ada, range(8, 9))
    text = await click(harness, ada, asked, "Next", "of 8")
    assert numbers_on(text) == [2, 1]
    assert "7–8 of 8" in text
    text = await click(harness, ada, asked, "Previous", "2–6")
    assert numbers_on(text) == [7, 6, 5, 4, 3]
    text = await click(harness, ada, asked, "Previous", "1–5")
    assert numbers_on(text) == [8, 7, 6, 5, 4]


async def test_the_last_page_has_no_next(harness: BotHarness, ada: MemberClient) -> None:
    """Where there is nothing to turn to, the button is disabled."""
    for _ in range(PAGE_SIZE + 1):
        await harness.order_video(ada, "video", WAITING)
    asked = await ask(harness, ada)
    assert disabled(asked) == ["Previous"]
    await click(harness, ada, asked, "Next", "6–6")
    assert disabled(asked) == ["Next"]


def disabled(shown: Interaction) -> list[str]:
    assert shown.message is not None
    return [c["label"] for c in walk_components(shown.message.components) if c.get("disabled")]


@all_wait_on
async def test_what_waits_is_cancelled_from_the_list(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The list stays, and says so; what is already being made cannot be cancelled."""
    made = [await harness.order_video(ada, "video", WAITING) for _ in range(6)]
    for job in made[:5]:
        await harness.wait_for_state(job, S.GENERATING)
    asked = await ask(harness, ada)
    assert button_labels(asked).count("Cancel") == 1
    late = f"jobs:cancel:{made[0]}:newest"
    text = await click(harness, ada, asked, "Cancel", "Cancelled.")
    assert "🚫 **Cancelled**" in text
    assert "Not charged" in text
    assert await harness.ledger_kinds(made[5]) == ["hold", "release"]
    assert "Too late to cancel" in await click(
        harness, ada, forged(harness, late), "Click", "Too late"
    )


async def test_a_posted_video_is_posted_again_once_by_a_double_click(
    harness: BotHarness, ada: MemberClient, clock: DiscordsClock
) -> None:
    """In its channel, as a new message in the place of the old one; nothing is charged for it."""
    result = await harness.make_video(ada, "video", VIDEO)
    job = result.attachments[0].filename[:20]
    asked = await ask(harness, ada)
    clock.ahead_s = 6 * 60
    await asyncio.gather(ada.click(asked, "Post again"), ada.click(asked, "Post again"))
    (again,) = await harness.discord.world.changes.wait_until(
        lambda: [m for m in videos_of(harness, job) if m is not result] or None, 20, "again", repr
    )
    text = await harness.discord.world.changes.wait_until(
        lambda: asked.text if str(again.id) in asked.text else None, 20, "the link", repr
    )
    assert "osted" in text
    await harness.discord.world.changes.wait_until(
        lambda: True if videos_of(harness, job) == [again] else None, 20, "one video", repr
    )
    assert again.attachments[0].path.read_bytes() == result.attachments[0].path.read_bytes()
    assert await harness.ledger_kinds(job) == ["hold", "charge"]
    assert (await harness.job(job)).result_message_id == again.id


async def test_what_was_posted_a_moment_ago_is_not_posted_twice(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The list says where it is."""
    result = await harness.make_video(ada, "video", VIDEO)
    text = await click(harness, ada, await ask(harness, ada), "Post again", "just posted")
    assert str(result.id) in text
    assert videos_of(harness, result.attachments[0].filename[:20]) == [result]


async def test_what_could_not_be_posted_says_so_and_is_posted_again(
    harness: BotHarness, ada: MemberClient
) -> None:
    """After a restart, once the channel takes it; two clicks make one message."""
    job = await undeliverable(harness, ada)
    asked = await ask(harness, ada)
    assert "⚠️ **Couldn't post it**" in asked.text
    assert "or DM you" in asked.text
    await harness.restart()
    harness.discord.world.allow(harness.channel, Permission.SEND_MESSAGES)
    await asyncio.gather(ada.click(asked, "Post again"), ada.click(asked, "Post again"))
    result = await harness.wait_for_result(job)
    await harness.wait_for_state(job, S.DELIVERED)
    assert videos_of(harness, job) == [result]
    assert await harness.ledger_kinds(job) == ["hold", "charge"]


async def test_a_deleted_video_is_not_offered_again(harness: BotHarness, ada: MemberClient) -> None:
    """A button of an older list says that the file is gone."""
    result = await harness.make_video(ada, "video", VIDEO)
    asked = await ask(harness, ada)
    question = await (await ada.click(result, "Delete")).until_answered()
    await ada.click(question, "Delete it")
    await question.until_text(lambda text: text == "Deleted.")
    text = await click(harness, ada, asked, "Post again", "file is gone")
    assert "🗑️ **Deleted**" in text
    assert "[Watch it]" not in text
    assert button_labels(asked) == []


@all_wait_on
@pytest.mark.parametrize("action", ["cancel", "post"])
async def test_a_stranger_moves_nothing(
    harness: BotHarness, ada: MemberClient, ben: MemberClient, action: str
) -> None:
    """A forged button is answered privately, with the list of the member who clicked."""
    made = (await harness.make_video(ada, "video", VIDEO)).attachments[0].filename[:20]
    waiting = [await harness.order_video(ada, "video", WAITING) for _ in range(6)][-1]
    for job in (made, waiting, "0" * 20):
        message = forged(harness, f"jobs:{action}:{job}:{made}")
        text = await click(harness, ben, message, "Click", "I can't find that video")
        assert "> " not in text
    assert (await harness.job(waiting)).state is S.QUEUED
    assert (await harness.job(made)).state is S.DELIVERED


async def test_a_page_of_another_member_shows_ones_own(
    harness: BotHarness, ada: MemberClient, ben: MemberClient
) -> None:
    """Whatever is in a button, nobody sees another's list."""
    job = await harness.order_video(ada, "video", WAITING)
    message = forged(harness, f"jobs:{job}")
    assert "/video" in await click(harness, ben, message, "Click", "haven't made a video")


async def test_every_state_has_words_of_its_own(videos: Channel, ada: MemberClient) -> None:
    """An emoji and words for each; no name from the database."""
    heads = {state: drawn(videos, ada, state).splitlines()[1] for state in JobState}
    said = [head.partition(" · ")[0] for state, head in heads.items() if state is not S.POSTING]
    assert len(set(said)) == len(said)
    for head in said:
        assert re.match(r"\W+ \*\*\w", head), head
        assert "_" not in head


@pytest.mark.parametrize("state", sorted(PARKED))
async def test_what_is_parked_says_what_happens_next(
    videos: Channel, ada: MemberClient, state: JobState
) -> None:
    """In words for the member, each its own."""
    _head, _state, _prompt, about, *_ = drawn(videos, ada, state).splitlines()
    assert about.endswith(".")
    assert all(about not in drawn(videos, ada, other) for other in PARKED - {state})


async def test_a_lost_answer_tells_that_nobody_pays_for_nothing(
    videos: Channel, ada: MemberClient
) -> None:
    """Before its hold ends, and then once that it did."""
    held = JobAmounts(held=MicroUSD(80_000), charged=ZERO, released=ZERO, adjusted=ZERO)
    text = drawn(videos, ada, S.SUBMIT_UNKNOWN, due_at_ms=NOW_MS + 60_000, money=held)
    assert "you won't pay" in text
    assert "Costs $0.08" in text
    free = replace(held, held=ZERO, released=MicroUSD(80_000))
    text = drawn(videos, ada, S.SUBMIT_UNKNOWN, status={"hold_released": True}, money=free)
    assert "never arrived" in text
    assert text.count("charged") == 1


@pytest.mark.parametrize(
    ("money", "said"),
    [
        ((364_000, 0, 0, 0), "Costs $0.37"),
        ((0, 1, 0, 0), "Paid $0.01"),
        ((0, 500_000, 0, -500_000), "Paid $0.50, refunded $0.50"),
        ((0, 500_000, 0, 20_000), "Paid $0.52"),
        ((0, 0, 500_000, 0), "Not charged"),
        ((0, 0, 0, 0), "Not charged"),
    ],
)
async def test_money_is_told_in_cents(
    videos: Channel, ada: MemberClient, money: tuple[int, ...], said: str
) -> None:
    """Held, paid, given back, or nothing at all."""
    names = ("held", "charged", "released", "adjusted")
    amounts = dict(zip(names, map(MicroUSD, money), strict=True))
    lines = drawn(videos, ada, S.CANCELLED, money=JobAmounts(**amounts)).splitlines()
    assert said in lines


@pytest.mark.parametrize("kind", HOSTILE_TEXTS)
async def test_a_hostile_prompt_is_plain_text(
    videos: Channel, ada: MemberClient, kind: str
) -> None:
    """One line of what was typed, and nothing that Discord would make of it."""
    text = drawn(videos, ada, S.DELIVERED, prompt=HOSTILE_TEXTS[kind], model="seedance-2-0")
    (line,) = [line for line in text.splitlines() if line.startswith("> ")]
    assert rendered_markup(line.removeprefix("> ")) == []


@pytest.mark.parametrize("state", JobState)
async def test_a_full_page_is_within_what_discord_shows(
    videos: Channel, ada: MemberClient, state: JobState
) -> None:
    """Five of the longest requests: 40 components, 4,000 characters at most."""
    big = 10**18 + 1
    money = JobAmounts(held=ZERO, charged=MicroUSD(10**9 + 1), released=ZERO, adjusted=MicroUSD(-1))
    job = replace(
        make_job(
            videos, ada, state, status_message_id=big, result_message_id=big, reason="*" * 999
        ),
        request=longest_request("*" * 2_500),
    )
    status = StatusView(
        job, ready_at_ms=NOW_MS, submission_block=SubmissionBlock(BlockReason.OPERATOR, "*" * 999)
    )
    row = JobListEntry(status, money, can_cancel=True, can_repost=True)
    page = JobListPage(
        rows=(row,) * PAGE_SIZE, newer=job.id, older=job.id, newer_count=10**6, total=10**7
    )
    parts = walk_components(render_job_list(page, job.id, "x" * 300).to_components())
    assert len(parts) <= 40
    assert sum(len(part.get("content", "")) for part in parts) <= 4_000
    assert all(len(part.get("custom_id", "")) <= 100 for part in parts)


def test_the_documentation_lists_the_buttons_of_the_list() -> None:
    """By the label that a member sees."""
    page = (Path(__file__).parents[3] / "docs" / "commands.md").read_text()
    table = page.partition("| button of the list |")[2].partition("\n\n")[0]
    written = {row.split(" | ")[0].strip("| ") for row in table.splitlines()[2:]}
    labels = {ListActionButton(action, "x", "x").item.label for action in ListAction}
    assert written == {"Previous, Next"} | labels
