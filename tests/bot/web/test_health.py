"""`/readyz`: every part that fails is named, in words, and no secret with it."""

import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sharding.roles import Role
from bot.version import VERSION
from bot.web import health
from bot.web.health import ReadinessProbe
from bot.web.server import serve
from storage.media import MediaFolder
from tests.harness.workflow import WorkflowHarness


@dataclass
class Connection:
    """What the bot says of its gateway."""

    is_connected: bool = True
    is_standby: bool = False
    ready: bool = True

    def is_ready(self) -> bool:
        return self.ready


@dataclass
class Watcher:
    """Asks over HTTP."""

    root: str
    session: aiohttp.ClientSession
    gateway: Connection

    async def ask(self, path: str = "/readyz") -> tuple[int, dict[str, Any]]:
        async with self.session.get(self.root + path) as answer:
            return answer.status, json.loads(await answer.text())


class DeafDatabase:
    """A database whose every word is an error that holds its address."""

    trouble = None

    async def transact(self, _: object) -> None:
        raise OSError("postgresql://dailies:canary-password@db/dailies refused")


class NearlyFull(MediaFolder):
    """A folder on a disk with little left."""

    def free_bytes(self) -> int:
        return 300_000_000


@pytest.fixture
def parts(harness: WorkflowHarness) -> dict[str, Any]:
    """Give what a test may put in the place of a part."""
    return {}


@pytest.fixture
async def watcher(harness: WorkflowHarness, parts: dict[str, Any]) -> AsyncIterator[Watcher]:
    gateway = Connection()

    async def checks() -> Any:
        return await ReadinessProbe(
            gateway, harness.worker, replace(harness.context, **parts)
        ).check()

    async with (
        aiohttp.ClientSession() as session,
        serve("127.0.0.1", 0, health.routes(checks)) as port,
    ):
        yield Watcher(f"http://127.0.0.1:{port}", session, gateway)


async def test_all_is_well(harness: WorkflowHarness, watcher: Watcher):
    """200, and each part true."""
    await harness.run_once()
    status, told = await watcher.ask()
    assert status == 200
    parts = {"gateway": True, "database": True, "belt": True, "media": True}
    assert told == {"ready": True, **parts, "failing": {}}


async def test_a_gateway_that_is_gone_is_named(harness: WorkflowHarness, watcher: Watcher):
    """503; the process is alive all the same."""
    await harness.run_once()
    watcher.gateway.is_connected = False
    status, told = await watcher.ask()
    assert (status, told["ready"], told["gateway"], told["belt"]) == (503, False, False, True)
    assert "gateway" in told["failing"]["gateway"]
    assert await watcher.ask("/healthz") == (200, {"alive": True, "version": VERSION})
    watcher.gateway.is_connected, watcher.gateway.ready = True, False
    assert "servers" in (await watcher.ask())[1]["failing"]["gateway"]


@pytest.mark.parametrize(
    ("role", "failing"),
    [
        ("all", {"gateway", "belt"}),
        ("gateway", {"gateway"}),
        ("worker", {"discord", "belt"}),
        ("web", set[str]()),
    ],
)
async def test_a_role_is_judged_by_what_it_does(
    harness: WorkflowHarness, role: Role, failing: set[str]
):
    """Where Discord is not reached and no worker runs: each has its own, and `web` neither."""
    gateway = Connection(is_connected=False, ready=False)
    probe = ReadinessProbe(gateway, harness.worker, harness.context, role)
    found = await probe.check()
    assert {name for name, problem in found.items() if problem is not None} == failing
    assert {*found} == failing | {"database", "media"}
    await harness.run_once()
    gateway.is_connected = gateway.ready = True
    assert not any((await probe.check()).values())


async def test_a_standby_is_ready_and_says_so(harness: WorkflowHarness):
    """It holds no shard, so none of its own is away; without a database it could take none."""
    await harness.run_once()
    gateway = Connection(is_standby=True)
    probe = ReadinessProbe(gateway, harness.worker, harness.context)
    lost = replace(harness.context, database=DeafDatabase())
    deaf = ReadinessProbe(gateway, harness.worker, lost)
    answers = list[tuple[int, dict[str, Any]]]()
    for one in (probe, deaf):
        routes = health.routes(one.check, one.is_standby)
        async with (
            aiohttp.ClientSession() as session,
            serve("127.0.0.1", 0, routes) as port,
        ):
            answers.append(await Watcher(f"http://127.0.0.1:{port}", session, gateway).ask())
    (status, told), (failed, said) = answers
    assert (status, told["ready"], told["standby"]) == (200, True, True)
    assert (failed, said["standby"], {*said["failing"]}) == (503, True, {"database"})


async def test_a_worker_that_makes_no_progress_is_named(harness: WorkflowHarness, watcher: Watcher):
    """Before its first turn, and when the last one is long ago."""
    assert "not run yet" in (await watcher.ask())[1]["failing"]["belt"]
    await harness.run_once()
    harness.clock.advance(100)
    status, told = await watcher.ask()
    assert status == 503
    assert set(told["failing"]) == {"belt"}


async def test_too_little_room_for_videos_is_named(
    harness: WorkflowHarness, watcher: Watcher, parts: dict[str, Any], tmp_path: Path
):
    """How much is free, and how much is wanted."""
    await harness.run_once()
    parts["media"] = NearlyFull(tmp_path / "media")
    status, told = await watcher.ask()
    assert status == 503
    assert set(told["failing"]) == {"media"}
    assert "0.3 GB are free where videos are kept" in told["failing"]["media"]
    assert "nothing is submitted below 1.7 GB" in told["failing"]["media"]


async def test_a_database_and_a_disk_that_fail_are_named_without_their_secrets(
    harness: WorkflowHarness, watcher: Watcher, parts: dict[str, Any], tmp_path: Path
):
    """Both at once, each in its own words; no address and no password of the database."""
    await harness.run_once()
    (tmp_path / "file").write_text("")
    parts["media"] = MediaFolder(tmp_path / "file" / "media")
    parts["database"] = DeafDatabase()
    status, told = await watcher.ask()
    assert status == 503
    assert set(told["failing"]) == {"database", "media"}
    assert "canary" not in json.dumps(told)
    parts.clear()
    shutil.rmtree(tmp_path / "media", ignore_errors=True)
    assert (await watcher.ask())[0] == 200
