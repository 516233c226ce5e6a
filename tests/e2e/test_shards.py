"""Several processes of the service on one database: they share the shards, and take them over."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from domain.shards import ShardLease, shard_of
from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.demo.process import Process, terminate
from sandbox.discord import FakeDiscord, Fault, Permission
from storage import shards
from storage.database import Database
from tests.harness.forked_bot import fork_bot
from tests.harness.ports import free_port
from tests.harness.service import PATIENT, SPEED, TIMEOUT_S, ServiceHarness
from tests.harness.short_leases import (
    beat_when_told,
    shorten_leases,
    shorten_leases_among_strangers,
)

SHARDS = 4

pytestmark = pytest.mark.parametrize("template", ["postgresql"], indirect=True)


@dataclass
class Cluster:
    """Processes of one service; each has a log and a port of its own."""

    folder: Path
    apixo: FakeApixo
    discord: FakeDiscord
    database: Database
    url: str
    stack: AsyncExitStack
    prepare: Callable[[], object] = shorten_leases

    async def start(self, name: str, **settings: str) -> Process:
        """Start a process."""
        life = await self.service(name, **settings).service.start()
        self.stack.push_async_callback(terminate, life)
        return life

    def service(self, name: str, **settings: str) -> ServiceHarness:
        made = ServiceHarness.create(
            self.apixo,
            self.discord,
            self.folder / name,
            {
                "DATABASE_URL": self.url,
                "MEDIA_STORE": str(self.folder / "media"),
                **settings,
            },
        )
        launch = partial(fork_bot, prepare=self.prepare)
        return replace(made, service=replace(made.service, launch=launch))

    async def held(self) -> Counter[int]:
        """Count the shards that each process holds, by its number."""
        return Counter(int((one.owner or ":0:").split(":")[1]) for one in await self.leases())

    async def leases(self) -> list[ShardLease]:
        return [*await self.database.read(shards.list_leases)]

    async def until(self, holds: Callable[[], Any]) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(TIMEOUT_S):
            while not await holds():
                await asyncio.sleep(0.05)

    async def until_held(self, *wanted: tuple[Process, int]) -> None:
        """Wait until processes hold so many shards, and every one of them is connected."""
        expected = {life.pid: count for life, count in wanted if count}

        async def is_so() -> bool:
            here = {*self.discord.gateway.connected_shards()}
            return await self.held() == expected and len(here) == sum(expected.values())

        await self.until(is_so)

    async def answers(self) -> None:
        """Type a command, and wait for its answer."""
        answer = await self.service("member").run_command("price", {})
        assert not answer.failed

    async def warns_of_a_late_answer(self) -> None:
        """Have commands come too late, until a process is sure that it alone was to answer."""
        ada, videos = self.discord.member("Ada"), self.discord.channel("videos")
        async with asyncio.timeout(TIMEOUT_S):
            while "interaction answered too late" not in self.logs:
                self.discord.faults.add("POST", "/interactions/*/*/callback", Fault(code=10062))
                await ada.run_command(videos, "price", {})
                await asyncio.sleep(0.1)
        self.discord.faults.clear()

    @property
    def logs(self) -> str:
        return "".join(path.read_text() for path in self.folder.glob("*/bot.log"))


@pytest.fixture
def shard_count() -> int:
    return SHARDS


@pytest.fixture
async def cluster(tmp_path: Path, database_url: str, shard_count: int) -> AsyncIterator[Cluster]:
    config = replace(PATIENT, shards=shard_count)
    async with (
        FakeApixo(ApixoConfig(clips="tiny", time_scale=SPEED)) as apixo,
        FakeDiscord(config) as discord,
        await Database.open(database_url) as database,
        AsyncExitStack() as stack,
    ):
        yield Cluster(tmp_path, apixo, discord, database, database_url, stack)


async def test_processes_share_the_shards_and_take_them_over(cluster: Cluster):
    """Evenly; from one that is killed and from one that is told to end, without an identify."""
    gateway, guild = cluster.discord.gateway, cluster.discord.world.guild()
    first = await cluster.start("first")
    await cluster.until_held((first, SHARDS))
    second = await cluster.start("second")
    await cluster.until_held((first, 2), (second, 2))
    await cluster.discord.wait_for_commands({"price"}, within=TIMEOUT_S)
    await cluster.answers()
    own = shard_of(guild.id, SHARDS)
    owner = (await cluster.leases())[own].owner or ""
    struck, other = (first, second) if f":{first.pid}:" in owner else (second, first)
    struck.send_signal(signal.SIGKILL)
    await cluster.answers()
    await cluster.until_held((other, SHARDS))
    third = await cluster.start("third")
    await cluster.until_held((other, 2), (third, 2))
    before = Counter(gateway.resumed)
    assert await terminate(other) == 0
    await cluster.until_held((third, SHARDS))
    assert sum((Counter(gateway.resumed) - before).values()) == 2
    await cluster.answers()
    assert "Traceback" not in cluster.logs
    assert '"level": "error"' not in cluster.logs


@pytest.mark.parametrize("shard_count", [2])
async def test_shards_change_hands_at_once(cluster: Cluster):
    """Who comes has its share, and who is told to end hands over, without waiting for a beat."""
    cluster.prepare = beat_when_told
    first = await cluster.start("first")
    await cluster.until_held((first, 2))
    second = await cluster.start("second")
    await cluster.until_held((first, 1), (second, 1))
    assert await terminate(first) == 0
    await cluster.until_held((second, 2))
    assert len(cluster.discord.gateway.resumed) == 2
    assert "Traceback" not in cluster.logs


@pytest.mark.parametrize("shard_count", [1])
async def test_the_second_of_two_processes_stands_by(cluster: Cluster):
    """Ready, and says so; the shard is its when the first one ends, or is heard of no more."""
    cluster.prepare = shorten_leases_among_strangers
    first = await cluster.start("first")
    await cluster.until_held((first, 1))
    port = str(free_port())
    second = await cluster.start("second", HTTP_PORT=port)
    assert (await ready(port))["standby"]
    await cluster.warns_of_a_late_answer()
    assert await terminate(first) == 0
    await cluster.until_held((second, 1))
    assert cluster.discord.gateway.resumed == [0]
    await cluster.answers()
    third = await cluster.start("third", HTTP_PORT=(port := str(free_port())))
    assert (await ready(port))["standby"]
    second.send_signal(signal.SIGKILL)
    await cluster.answers()
    await cluster.until_held((third, 1))
    assert "Traceback" not in cluster.logs


@pytest.mark.parametrize("shard_count", [2])
async def test_each_role_does_its_part(cluster: Cluster):
    """One process answers, another makes the video and posts it, a third serves links alone."""
    ports = {role: str(free_port()) for role in ("gateway", "worker", "web")}
    for role, port in ports.items():
        await cluster.start(role, ROLE=role, HTTP_PORT=port)
    told = {role: await ready(port) for role, port in ports.items()}
    assert {role: sorted(one.keys() - {"ready", "failing"}) for role, one in told.items()} == {
        "gateway": ["database", "gateway", "media"],
        "worker": ["belt", "database", "discord", "media"],
        "web": ["database", "media"],
    }
    await cluster.discord.wait_for_commands({"video"}, within=TIMEOUT_S)
    member = cluster.service("member")
    job = await member.order_video("video", {"prompt": "a lake at dusk", "duration": 4})
    await member.wait_for_result(job)
    assert sorted(set(cluster.discord.gateway.started)) == [0, 1]
    status = await member.run_command("operator status", {}, who="Olga")
    for words in ("answers members", "makes and posts videos", "serves links", "shards 0, 1"):
        assert words in status.text
    assert "Traceback" not in cluster.logs


@pytest.mark.parametrize("shard_count", [1])
async def test_a_worker_posts_to_servers_that_it_has_never_heard_of(cluster: Cluster):
    """A boosted one, threads, and a channel for adults that takes messages in its threads alone."""
    await cluster.start("gateway", ROLE="gateway")
    worker = await cluster.start("worker", ROLE="worker")
    await cluster.discord.wait_for_commands({"video"}, within=TIMEOUT_S)
    member, world = cluster.service("member"), cluster.discord.world
    talk = world.add_thread(cluster.discord.channel("night"), "night-talk")
    world.deny(cluster.discord.channel("night"), Permission.SEND_MESSAGES)
    options = {"prompt": "a lake at dusk", "duration": 4}
    for place in ("videos", "videos-talk", talk.name):
        job = await member.order_video("video", options, where=place)
        await member.wait_for_result(job, place)
    ada = cluster.discord.member("Ada", "Big Screen")
    screen = cluster.discord.channel("videos", "Big Screen")
    answer = await ada.run_command(screen, "video", options)
    await answer.until_answered(within=TIMEOUT_S)
    await screen.wait_for(lambda message: bool(message.attachments), within=TIMEOUT_S)
    assert worker.returncode is None
    assert cluster.discord.gateway.started == [0]
    log = (cluster.folder / "worker" / "bot.log").read_text()
    assert log.count("result stored") == 4
    assert "Traceback" not in cluster.logs


@pytest.mark.parametrize("shard_count", [2])
async def test_the_number_of_shards_is_changed_by_a_command_alone(cluster: Cluster):
    """While nothing runs; another number in the settings is refused with what to do."""
    life = await cluster.start("first", SHARDS="2")
    await cluster.until_held((life, 2))
    operator = cluster.service("operator")
    code, said = await operator.run_command_line("reshard", "3")
    assert (code, "still runs" in said) == (1, True)
    assert await terminate(life) == 0
    code, said = await operator.run_command_line("reshard", "3")
    assert (code, "3 shard(s)" in said) == (0, True)
    assert await (await cluster.start("wrong", SHARDS="2")).wait() == 1
    assert "python -m bot reshard 2" in (cluster.folder / "wrong" / "bot.log").read_text()
    life = await cluster.start("auto")
    await cluster.until_held((life, 3))


async def ready(port: str) -> dict[str, Any]:
    """Wait until a process is ready, and return what `/readyz` says."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(TIMEOUT_S):
        while True:
            with suppress(aiohttp.ClientConnectorError):
                async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    if answer.status == 200:
                        return await answer.json()
            await asyncio.sleep(0.05)
