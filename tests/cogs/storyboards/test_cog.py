"""/storyboard: read, asked, made shot by shot, decided about, and joined."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from domain.jobs import JobState
from sandbox.discord import Interaction, MemberClient, Message
from storage import storyboards
from storage.jobs import Job
from tests.harness.bot import BotHarness, button_labels
from tests.harness.service import make_picture
from tests.harness.workflow import member_limits

pytestmark = pytest.mark.time_scale(600)

OPTIONS: dict[str, Any] = {"duration": 4, "resolution": "480p"}
_PATIENCE_S = 120


async def typed(
    harness: BotHarness, person: MemberClient, prompt: str, **options: Any
) -> Interaction:
    given = {**OPTIONS, "prompt": prompt, **options}
    return await (await person.run_command(harness.channel, "storyboard", given)).until_answered()


async def made(harness: BotHarness, person: MemberClient, card: Interaction) -> list[Job]:
    """Confirm the price, and give the jobs of the shots."""
    label = next(one for one in button_labels(card) if one.startswith("Make it"))
    await person.click(card, label)
    await card.until_text(lambda text: "Got it!" in text, within=_PATIENCE_S)
    (board,) = await harness.database.read(storyboards.list_open)
    shots = await harness.database.read(lambda tx: storyboards.list_shots(tx, board.id))
    return [shot.job for shot in shots]


async def wait_for_film(harness: BotHarness) -> Message:
    return await harness.channel.wait_for(
        lambda message: "your film is ready" in message.text, within=_PATIENCE_S, awaited="a film"
    )


async def test_shots_come_one_after_the_other_and_then_the_film(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The price of all is asked; each shot says its number and pings nobody; the film pings."""
    card = await typed(harness, ada, "1. a fox 2. it jumps [[slow:60]]\n3. cut: a lake")
    assert "3 shots" in card.text
    assert "12 s in all, for **$0.12**" in card.text
    assert "3. a lake · starts with a cut" in card.text
    assert await harness.job_count() == 0
    jobs = await made(harness, ada, card)
    film = await wait_for_film(harness)
    assert film.notified_user_ids == {ada.user.id}
    results = [await harness.wait_for_result(job.id) for job in jobs]
    for number, result in enumerate(results, 1):
        assert f"Shot {number} of 3" in result.text
        assert result.notified_user_ids == set()
        assert "Extend" in button_labels(result)
    assert [result.id for result in results] == sorted(result.id for result in results)
    assert film.id > results[-1].id
    assert "3 videos · 0:12" in film.text
    inputs = harness.submitted_inputs()
    assert [bool(one.get("image_urls")) for one in inputs] == [False, True, False]


async def test_a_form_opens_without_a_text_and_takes_pictures(
    harness: BotHarness, ada: MemberClient
) -> None:
    """A shot begins from the picture that it names; what is wrong is said, and nothing is lost."""
    opened = await ada.run_command(harness.channel, "storyboard", OPTIONS)
    await opened.until_answered()
    assert opened.modal is not None
    text = "1. a dog [2] 2. it runs"
    pictures = [make_picture("p.png", size=(400, 300))]
    card = await sent(ada, opened, {"prompt": text, "pictures": pictures})
    assert "There's no picture [2]" in card.text
    assert "No shot uses picture [1]" in card.text
    again = await ada.click(card, "Edit again")
    await again.until_answered()
    assert again.modal is not None
    card = await sent(ada, again, {"prompt": "1. a dog [1] 2. it runs"})
    assert "starts from picture [1]" in card.text
    jobs = await made(harness, ada, card)
    await wait_for_film(harness)
    first = await harness.job(jobs[0].id)
    assert (first.request.pictures[0].width, first.request.seconds) == (400, 4)


async def sent(person: MemberClient, form: Interaction, given: dict[str, Any]) -> Interaction:
    return await (await person.submit_modal(form, given)).until_answered()


async def test_every_broken_rule_is_named_with_its_shot(
    harness: BotHarness, ada: MemberClient
) -> None:
    card = await typed(harness, ada, "1. a fox 2. 3. it jumps", duration=13)
    assert "makes videos of 4 to 12 seconds, not 13" in card.text
    assert card.text.count("not 13") == 1
    assert "Shot 2: Describe what the video should show." in card.text
    assert button_labels(card) == ["Edit again"]


async def test_all_or_nothing_is_held(stopped_harness: BotHarness, ada: MemberClient) -> None:
    """A limit that covers two of three covers none; the text is kept."""
    harness = stopped_harness
    harness.policy = replace(harness.policy, limits=member_limits(member=0.20))
    await harness.start()
    card = await typed(harness, ada, "1. a fox 2. it jumps 3. it rests", duration=8)
    await ada.click(card, next(one for one in button_labels(card) if one.startswith("Make")))
    await card.until_text(lambda text: "can't make this yet" in text, within=_PATIENCE_S)
    assert "$0.24" in card.text
    assert button_labels(card) == ["Edit again"]
    assert await harness.job_count() == 0


async def test_a_failed_shot_is_skipped_or_tried_again(
    harness: BotHarness, ada: MemberClient, ben: MemberClient
) -> None:
    """Its message asks its member alone; the others are not lost."""
    prompt = "1. a fox [[fail:INTERNAL]] 2. it jumps 3. it rests [[fail:INTERNAL]] 4. it sleeps"
    jobs = await made(harness, ada, await typed(harness, ada, prompt))
    status = await harness.wait_for_status(jobs[0].id, "The other shots wait")
    assert button_labels(status) == ["Try again", "Skip this shot", "Details"]
    refused = await (await ben.click(status, "Skip this shot")).until_answered()
    assert "Only the person who made this" in refused.text
    again = await (await ada.click(status, "Try again")).until_answered()
    assert "trying this shot again" in again.text
    late = await (await ada.click(status, "Skip this shot")).until_answered()
    assert "already decided" in late.text
    (board,) = await harness.database.read(storyboards.list_open)
    shots = await harness.database.read(lambda tx: storyboards.list_shots(tx, board.id))
    second = await harness.wait_for_status(shots[0].job.id, "The other shots wait")
    await (await ada.click(second, "Skip this shot")).until_answered()
    third = await harness.wait_for_status(jobs[2].id, "The other shots wait")
    await (await ada.click(third, "Skip this shot")).until_answered()
    film = await wait_for_film(harness)
    assert "2 videos · 0:08" in film.text


async def test_cancelling_releases_what_waits(harness: BotHarness, ada: MemberClient) -> None:
    """The card and the list of jobs offer it."""
    card = await typed(harness, ada, "1. a fox [[slow:3000]] 2. it jumps 3. it rests")
    jobs = await made(harness, ada, card)
    listed = await (await ada.run_command(harness.channel, "jobs", {})).until_answered()
    assert listed.text.count("Waiting** for the shot before") == 2
    assert "Shot 3 of 3" in listed.text
    await ada.click(card, "Cancel")
    await card.until_text(lambda text: "Cancelled" in text, within=_PATIENCE_S)
    states = [(await harness.job(job.id)).state for job in jobs[1:]]
    assert states == [JobState.CANCELLED] * 2
    assert await harness.ledger_kinds(jobs[2].id) == ["hold", "release"]


async def test_a_private_storyboard_comes_by_direct_message(
    harness: BotHarness, ada: MemberClient
) -> None:
    card = await typed(harness, ada, "1. a fox 2. it jumps", private=True)
    before = len(harness.channel.messages)
    jobs = await made(harness, ada, card)
    async with asyncio.timeout(_PATIENCE_S):
        while not any("your film is ready" in one.text for one in harness.discord.world.messages()):
            await asyncio.sleep(0.02)
    assert len(harness.channel.messages) == before
    assert len(jobs) == 2
