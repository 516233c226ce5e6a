"""The version before this one and this one, on one database, while members use both.

The code of 0.2.0 is taken from the history, and runs as a process of its own. It holds no shards,
so both processes hear of every interaction, and the quicker one acknowledges it.
"""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.demo.job_posts import job_id_in
from sandbox.demo.process import ServiceProcess, terminate
from sandbox.discord import FakeDiscord
from tests.harness.old_versions import check_out, launch_in
from tests.harness.service import LAKE, PATIENT, SPEED, TIMEOUT_S, ServiceHarness

TAG = "v0.2.0"
VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
ORDERS: Sequence[tuple[str, dict[str, Any]]] = (
    ("video", VIDEO),
    ("animate", {**VIDEO, "image": LAKE}),
    ("reference", {"prompt": "a lake", "image1": LAKE, "duration": 4}),
    ("video", {**VIDEO, "model": "seedance-2-0"}),
)
OLD_POST = re.compile(r"> your video is ready\.")
"""How 0.2.0 words a result; this version has a comma and an exclamation mark."""

IN_PROGRESS = ("⏳", "📨", "🎬", "📦")
"""What a status message begins with, in both versions, while its video is being made."""

LATE = {"interaction failed", "error reply not sent", "status message not updated"}
"""What 0.2.0 logs where the other process was first, of interactions and of posts."""

LAG_S = 0.2
"""Longer than the quicker process takes to acknowledge, mostly: who is first does not matter."""

pytestmark = pytest.mark.parametrize("template", ["postgresql"], indirect=True)


@pytest.fixture(scope="module")
def old_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Take the code of the version before out of the history."""
    return check_out(TAG, tmp_path_factory.mktemp("before"))


@dataclass
class Update:
    """Both versions, not running yet, and how members use whichever runs."""

    harness: ServiceHarness
    old: ServiceProcess
    dice: random.Random

    @property
    def discord(self) -> FakeDiscord:
        return self.harness.discord

    async def connected(self, count: int) -> None:
        """Wait until so many processes hear of interactions."""
        await self.discord.world.changes.wait_until(
            lambda: len(self.discord.gateway.connected_sessions()) == count or None,
            TIMEOUT_S,
            f"{count} sessions",
            lambda: f"{self.old.log_tail()}\n{self.harness.service.log_tail()}",
        )

    def post_of(self, job: str) -> str:
        """Return the words with which a job's video was posted."""
        (post,) = self.harness.result_messages(job)
        return post.text

    async def statuses_at_their_end(self) -> None:
        """Wait until no status message says anything but that the video is there.

        This version removes them then, the one before left them there.
        """
        world = self.discord.world

        def open_ones() -> list[str]:
            texts = (one.text for one in world.messages() if one.channel.name == "videos")
            return [text for text in texts if text.startswith(IN_PROGRESS)]

        await world.changes.wait_until(
            lambda: not open_ones() or None, TIMEOUT_S, "the end of", lambda: str(open_ones())
        )

    async def make_video(self) -> str:
        """Order a video and wait for it; give the job."""
        job = job_id_in(await self.harness.run_command("video", VIDEO))
        await self.harness.wait_for_result(job)
        return job

    async def order(self, rounds: int) -> list[str]:
        """Order videos of every kind; give the jobs."""
        jobs = list[str]()
        for name, options in ORDERS * rounds:
            late = self.dice.choice(self.discord.gateway.connected_sessions())
            for session in self.discord.gateway.connected_sessions():
                session.lag_s = LAG_S if session is late else 0
            jobs.append(job_id_in(await self.harness.run_command(name, options)))
        return jobs


@pytest.fixture
async def update(tmp_path: Path, empty_database_url: str, old_code: Path) -> AsyncIterator[Update]:
    settings = {
        "DATABASE_URL": empty_database_url,
        "MEDIA_STORE": str(tmp_path / "media"),
        "USER_DAILY_LIMIT_USD": "90",
        "SERVER_DAILY_LIMIT_USD": "90",
    }
    async with (
        FakeApixo(ApixoConfig(clips="tiny", time_scale=SPEED)) as apixo,
        FakeDiscord(replace(PATIENT, sends_per_window=500, token_sends_per_window=50)) as discord,
    ):
        old, new = (
            ServiceHarness.create(apixo, discord, tmp_path / name, settings)
            for name in ("old", "new")
        )
        service = replace(old.service, launch=partial(launch_in, old_code))
        yield Update(new, service, random.Random(20261201))  # noqa: S311 - to be played again


async def test_both_versions_serve_while_one_takes_the_place_of_the_other(update: Update) -> None:
    """Each video is posted once and paid once, whichever version took it and whichever made it."""
    harness = update.harness
    async with AsyncExitStack() as stack:
        before = await stack.enter_async_context(update.old.run())
        await harness.wait_until_ready()
        jobs = [await update.make_video()]
        with harness.halted_apixo():
            starting = asyncio.create_task(harness.service.start())
            jobs += await update.order(1)
            stack.push_async_callback(terminate, await starting)
            await update.connected(2)
            jobs += await update.order(2)
        for job in jobs:
            await harness.wait_for_result(job)
        assert (await update.old.audit())["violations"] == []
        assert await terminate(before.process) == 0
        jobs.append(await update.make_video())
        await update.statuses_at_their_end()
    posted_by_old = [bool(OLD_POST.search(update.post_of(job))) for job in (jobs[0], jobs[-1])]
    assert posted_by_old == [True, False]
    assert Counter(len(harness.result_messages(job)) for job in jobs) == {1: len(jobs)}
    assert len(harness.apixo.tasks) == len(jobs)
    assert (await harness.audit())["jobs"]["delivered"] == len(jobs)
    assert complaints(harness.service.log) == set()
    assert complaints(update.old.log) <= LATE


def complaints(log: Path) -> set[str]:
    """Name the events that a process has logged as warnings and errors.

    The library's own complaint about a busy machine is left out.
    """
    told = map(json.loads, log.read_text().splitlines())
    events = {one["event"] for one in told if one["level"] not in ("debug", "info")}
    return {event for event in events if not event.startswith("Can't keep up")}
