"""Storyboards in the real process, killed in each of their shots and while it joins them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.apixo.tasks import State
from sandbox.discord import FakeDiscord, Interaction, Message
from sandbox.discord.models import walk_components
from tests.e2e.test_films import FRAME_S, kill, length, running
from tests.harness.service import PATIENT, SPEED, TIMEOUT_S, ServiceHarness
from tests.harness.stalled_films import stall_joining

SHOTS = 4
MODELS = {"Ada": "seedance-1-5-pro", "Ben": "seedance-2-0"}
"""Who makes a storyboard with which."""


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ServiceHarness]:
    """Open a Discord that takes as many edits as there are where a minute lasts a second."""
    async with (
        FakeApixo(ApixoConfig(clips="tiny", time_scale=SPEED)) as apixo,
        FakeDiscord(replace(PATIENT, sends_per_window=200)) as discord,
    ):
        yield ServiceHarness.create(apixo, discord, tmp_path / "service")


async def test_storyboards_survive_a_kill_in_each_shot_and_in_the_join(harness: ServiceHarness):
    """On both models at once: each shot is made once, and the films last as long as the shots."""
    before = harness.apixo.balance.micro
    for number in range(1, SHOTS + 1):
        with harness.halted_apixo():
            async with running(harness) as process:
                for who, model in MODELS.items() if number == 1 else ():
                    await order(harness, who, model)
                await both_make(harness, number)
                await kill(process)
        await tasks_end(harness)
    async with running(harness, stall_joining) as process:
        await both_are_joined(harness)
        await kill(process)
    async with running(harness):
        for who in MODELS:
            await film_is_whole(harness, who)
        ledger = (await harness.audit())["ledger"]
    assert ledger["charged"] == before - harness.apixo.balance.micro
    assert ledger["held"] == 0
    inputs = [one.body["input"] for one in harness.apixo.journal.requests_to("/generateTask/")]
    assert len(inputs) == len(MODELS) * SHOTS
    assert sum(bool(one.get("image_urls")) for one in inputs) == len(MODELS) * (SHOTS - 1)


async def film_is_whole(harness: ServiceHarness, who: str) -> None:
    """Wait for somebody's film; it is as long as its shots, and alone notifies them."""
    film = await film_of(harness, who)
    shots = [await shot_of(harness, who, number) for number in range(1, SHOTS + 1)]
    lengths = sum(length(shot) for shot in shots)
    assert length(film) == pytest.approx(lengths, abs=SHOTS * FRAME_S)
    assert film.notified_user_ids == {harness.discord.member(who).id}
    assert {id_ for shot in shots for id_ in shot.notified_user_ids} == set()


async def order(harness: ServiceHarness, who: str, model: str) -> None:
    """Have a storyboard made."""
    text = " ".join(f"{number}. a fox" for number in range(1, SHOTS + 1))
    given: dict[str, Any] = {"prompt": text, "model": model, "duration": 4, "resolution": "480p"}
    card = await harness.run_command("storyboard", given, who=who)
    await harness.discord.member(who).click(card, make_label(card))
    await card.until_text(lambda shown: "Got it!" in shown, within=TIMEOUT_S)


def make_label(card: Interaction) -> str:
    assert card.message is not None
    buttons = (one["label"] for one in walk_components(card.message.components) if "label" in one)
    return next(label for label in buttons if label.startswith("Make it"))


async def both_make(harness: ServiceHarness, number: int) -> None:
    """Wait until APIXO makes this shot of both."""
    for who in MODELS:
        await find(harness, who, f"Shot {number} of {SHOTS}", "Making your video")


async def tasks_end(harness: ServiceHarness) -> None:
    """Wait until APIXO has made what it was asked for."""
    apixo = harness.apixo
    async with asyncio.timeout(TIMEOUT_S):
        while not all(
            task.state_at(apixo.scaled_clock.now()) is State.SUCCESS for task in apixo.tasks
        ):
            await asyncio.sleep(0.05)


async def both_are_joined(harness: ServiceHarness) -> None:
    for who in MODELS:
        await shot_of(harness, who, SHOTS)
        while "Joining" not in (await harness.run_command("jobs", {}, who=who)).text:
            await asyncio.sleep(0.2)


async def film_of(harness: ServiceHarness, who: str) -> Message:
    return await find(harness, who, "your film is ready")


async def shot_of(harness: ServiceHarness, who: str, number: int) -> Message:
    return await harness.discord.channel("videos").wait_for(
        lambda message: (
            f"Shot {number} of {SHOTS}" in message.text
            and MODEL_LABELS[who] in message.text
            and any(file.filename.endswith(".mp4") for file in message.attachments)
        ),
        within=TIMEOUT_S,
        awaited=f"shot {number} of {who}",
    )


MODEL_LABELS = {"Ada": "1.5 Pro", "Ben": "2.0"}


async def find(harness: ServiceHarness, who: str, *shows: str) -> Message:
    """Wait for a message in the channel that names somebody, and some words."""
    mention = f"<@{harness.discord.member(who).id}>"
    return await harness.discord.channel("videos").wait_for(
        lambda message: all(one in message.text for one in (mention, *shows)),
        within=TIMEOUT_S,
        awaited=f"{shows} for {who}",
    )
