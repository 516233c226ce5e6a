"""Two processes on one database that both receive every interaction, as during a hand-over."""

import asyncio
import json
import os
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from domain.guild_settings import GuildSettings
from domain.money import MicroUSD
from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.demo.job_posts import job_id_in
from sandbox.demo.process import Process, ServiceProcess, terminate
from sandbox.discord import FakeDiscord, Fault, Interaction, MemberClient
from sandbox.discord.models import walk_components
from storage import guild_settings
from storage.database import Database
from tests.harness.forked_bot import fork_bot
from tests.harness.service import LAKE, PATIENT, SPEED, TIMEOUT_S, ServiceHarness, make_picture
from tests.harness.short_leases import hold_every_shard

ROUNDS = int(os.environ.get("TWO_PROCESSES_ROUNDS", "1"))
"""How often everything is used; more than in a run of all tests finds what is rare."""

VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
DEAR: dict[str, Any] = {**VIDEO, "resolution": "720p", "sound": True}
CALLBACK = "/interactions/*/*/callback"
LAG_S = 0.2
"""Longer than the quicker process takes to acknowledge, mostly: who is first does not matter."""

LEFT = "interaction answered elsewhere"
EXPECTED = ("status message refused", "Can't keep up")
"""Warnings about a member who takes no direct messages, and the library's about a busy machine."""

pytestmark = pytest.mark.parametrize("template", ["postgresql"], indirect=True)


@dataclass
class Pair:
    """Two processes, and dice that say which of them hears of things later."""

    harness: ServiceHarness
    other: ServiceProcess
    running: list[Process] = field(default_factory=list[Process])
    dice: random.Random = field(default_factory=lambda: random.Random(20261130))  # noqa: S311 - to be played again

    @property
    def discord(self) -> FakeDiscord:
        return self.harness.discord

    @property
    def ada(self) -> MemberClient:
        return self.discord.member("Ada")

    async def start(self, number: int) -> None:
        """Start one of them, and wait until it hears of things."""
        sessions = len(self.discord.gateway.connected_sessions())
        service = (self.harness.service, self.other)[number]
        self.running[number:] = [await service.start(), *self.running[number + 1 :]]
        await self.discord.world.changes.wait_until(
            lambda: len(self.discord.gateway.connected_sessions()) > sessions or None,
            TIMEOUT_S,
            "a session",
            service.log_tail,
        )

    async def kill(self, number: int) -> None:
        """Kill one of them."""
        self.running[number].send_signal(signal.SIGKILL)
        await self.running[number].wait()

    def change_turns(self) -> None:
        """Let one of them, whichever, be later from now on."""
        sessions = self.discord.gateway.connected_sessions()
        late = self.dice.choice(sessions)
        for session in sessions:
            session.lag_s = LAG_S if session is late else 0

    def logged(self) -> list[dict[str, Any]]:
        """List what they have logged."""
        logs = (service.log.read_text() for service in (self.harness.service, self.other))
        whole = (log.rpartition("\n")[0] for log in logs)
        return [json.loads(line) for log in whole for line in log.splitlines()]

    async def wait_until_shared(self) -> None:
        """Wait until one process has left each interaction to the other."""
        async with asyncio.timeout(TIMEOUT_S):
            while self.left() != Counter(one.id for one in self.discord.interactions):
                await asyncio.sleep(0.05)

    def left(self) -> Counter[int]:
        """Count how often each interaction was left to the other process."""
        return Counter(one["interaction"] for one in self.logged() if one["event"] == LEFT)

    def complaints(self) -> list[str]:
        """List what they have logged of warnings and errors."""
        return [
            str(one)
            for one in self.logged()
            if one["level"] not in ("debug", "info") and not one["event"].startswith(EXPECTED)
        ]


@pytest.fixture
async def pair(tmp_path: Path, database_url: str) -> AsyncIterator[Pair]:
    """Start two processes beside the stand-ins; at the end neither has complained."""
    media = str(tmp_path / "media")
    settings = {"DATABASE_URL": database_url, "MEDIA_STORE": media, "LOG_FORMAT": "json"}
    settings |= {"LOG_LEVEL": "DEBUG", "USER_DAILY_LIMIT_USD": "90", "SERVER_DAILY_LIMIT_USD": "90"}
    async with (
        FakeApixo(ApixoConfig(clips="tiny", time_scale=SPEED)) as apixo,
        FakeDiscord(replace(PATIENT, sends_per_window=500, token_sends_per_window=50)) as discord,
    ):
        one, two = (
            ServiceHarness.create(apixo, discord, tmp_path / name, settings) for name in ("1", "2")
        )
        launch = partial(fork_bot, prepare=hold_every_shard)
        one.service, two.service = (replace(made.service, launch=launch) for made in (one, two))
        built = Pair(one, two.service)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(_end, built)
            await built.start(0)
            await one.wait_until_ready()
            await built.start(1)
            yield built
        assert built.complaints() == []


async def _end(pair: Pair) -> None:
    for process in pair.running:
        await terminate(process)


async def test_whoever_is_first_every_button_and_form_works(pair: Pair, database_url: str) -> None:
    """Refusals with and without pictures, dear videos, picture menus and private videos."""
    await allow_all(pair, database_url)
    jobs = list[str]()
    for _ in range(ROUNDS):
        jobs += [await use(pair) for use in (correct, correct_with_picture, spend, animate_another)]
        await watch_in_private(pair)
    for job in jobs:
        await pair.harness.wait_for_result(job)
        await pair.harness.wait_for_end(job)
    assert len(set(jobs)) == len(jobs) == 4 * ROUNDS
    assert [len(pair.harness.result_messages(job)) for job in jobs] == [1] * len(jobs)
    await pair.wait_until_shared()
    verdict = await pair.harness.audit()
    assert verdict["jobs"]["delivered"] == 5 * ROUNDS
    assert len(pair.harness.apixo.tasks) == 5 * ROUNDS


async def test_a_question_of_a_process_that_was_killed_is_answered_by_the_other(
    pair: Pair, database_url: str
) -> None:
    """And a private video goes on where it was asked for."""
    await allow_all(pair, database_url)
    with pair.harness.halted_apixo():
        first, second = pair.discord.gateway.connected_sessions()
        second.lag_s = LAG_S
        refused = await pair.harness.run_command("video", {**VIDEO, "prompt": "x"})
        dear = await pair.harness.run_command("video", DEAR)
        private = await ask_in_private(pair)
        await pair.kill(0)
        second.lag_s = first.lag_s = 0
        form = await answered(pair.ada.click(refused, "Edit again"))
        jobs = [
            job_id_in(await answered(pair.ada.submit_modal(form, {"prompt": "x marks the spot"}))),
            await agree(pair, dear),
        ]
    for job in jobs:
        await pair.harness.wait_for_result(job)
    await followed_up(pair, private)
    await pair.start(0)


async def test_where_an_acknowledgement_is_lost_one_process_goes_on(pair: Pair) -> None:
    """The member is answered once, whether Discord took the other's or this one's, unheard."""
    for number in range(4 * ROUNDS):
        pair.change_turns()
        lost = Fault(ending="reset", takes_effect=number % 2 == 0)
        pair.discord.faults.add("POST", CALLBACK, lost)
        listed = await pair.harness.run_command("jobs", {})
        await pair.wait_until_shared()
        assert listed.message is not None
        assert listed.message.edit_count == 1


async def allow_all(pair: Pair, database_url: str) -> None:
    """Allow private videos, and have dear ones asked about."""
    settings = GuildSettings(private_allowed=True, confirm_above=MicroUSD(150_000))
    text, guild_id = settings.model_dump_json(), pair.discord.world.guild().id
    async with await Database.open(database_url) as database:
        await database.transact(lambda tx: guild_settings.save_settings(tx, guild_id, text, 1))


async def correct(pair: Pair) -> str:
    """Have a request refused and correct it; give the job."""
    pair.change_turns()
    refused = await pair.harness.run_command("video", {**VIDEO, "prompt": "x"})
    return await corrected(pair, refused, prompt="x marks the spot")


async def correct_with_picture(pair: Pair) -> str:
    """Do the same where the picture is not in the form."""
    pair.change_turns()
    options = {"prompt": "it drifts", "image": LAKE, "duration": 13}
    refused = await pair.harness.run_command("animate", options)
    return await corrected(pair, refused, seconds=["4"])


async def corrected(pair: Pair, refused: Interaction, **values: Any) -> str:
    pair.change_turns()
    form = await answered(pair.ada.click(refused, "Edit again"))
    pair.change_turns()
    return job_id_in(await answered(pair.ada.submit_modal(form, values)))


async def spend(pair: Pair) -> str:
    """Ask for what is dear, and agree; give the job."""
    pair.change_turns()
    question = await pair.harness.run_command("video", DEAR)
    pair.change_turns()
    return await agree(pair, question)


async def agree(pair: Pair, question: Interaction) -> str:
    await pair.ada.click(question, "Make it for $0.16")
    await question.until_text(lambda text: "on its way" in text, TIMEOUT_S)
    return job_id_in(question)


async def animate_another(pair: Pair) -> str:
    """Choose one of a message's pictures, which Discord hides from the bot; give the job."""
    ben, channel = pair.discord.member("Ben"), pair.discord.channel("videos")
    files = [make_picture("one.png"), make_picture("two.png")]
    message = await ben.send_message(channel, "look", files)
    pair.change_turns()
    card = await answered(pair.ada.use_context_menu(message, "Animate this image"))
    message.attachments.clear()
    pair.change_turns()
    assert card.message is not None
    menu = next(part for part in walk_components(card.message.components) if part["type"] == 3)
    form = await answered(pair.ada.select(card, menu["custom_id"], ["2"]))
    pair.change_turns()
    values = {"prompt": "it drifts", "seconds": ["4"], "resolution": ["480p"]}
    return job_id_in(await answered(pair.ada.submit_modal(form, values)))


async def watch_in_private(pair: Pair) -> None:
    """Ask for a video that only its member sees, as the follow-up of the request."""
    pair.change_turns()
    asked = await ask_in_private(pair)
    pair.change_turns()
    await followed_up(pair, asked)
    assert len(asked.followups) == 1


async def ask_in_private(pair: Pair) -> Interaction:
    ben = pair.discord.member("Ben")
    pair.discord.world.close_dms(ben.user)
    return await pair.harness.run_command("video", {**VIDEO, "private": True}, who="Ben")


async def followed_up(pair: Pair, asked: Interaction) -> None:
    await pair.discord.world.changes.wait_until(
        lambda: next((one for one in asked.followups if one.attachments), None),
        TIMEOUT_S,
        "a follow-up",
        asked.__str__,
    )


async def answered(acting: Awaitable[Interaction]) -> Interaction:
    return await (await acting).until_answered(TIMEOUT_S)
