"""What an operator does and sees: health, the end of a process, copies, faults."""

import asyncio
import signal
from pathlib import Path

import aiohttp
import pytest

from sandbox.apixo import FakeApixo
from sandbox.apixo import Fault as ApixoFault
from sandbox.demo.job_posts import job_id_in
from sandbox.discord import Fault
from tests.harness.ports import free_port
from tests.harness.service import TIMEOUT_S, ServiceHarness

VIDEO = {"prompt": "a lake at dusk", "duration": 4}


def with_settings(harness: ServiceHarness, **settings: str) -> ServiceHarness:
    return ServiceHarness.create(harness.apixo, harness.discord, harness.service.folder, settings)


async def test_health_is_told_over_http(harness: ServiceHarness):
    """Ready when connected; not ready while the gateway is away; alive all the time."""
    harness = with_settings(harness, HTTP_PORT=str(free_port()))
    root = f"http://127.0.0.1:{harness.service.environment['HTTP_PORT']}"
    async with harness.service.run(), aiohttp.ClientSession() as session:
        await harness.wait_until_ready()
        await _until(session, f"{root}/readyz", 200)
        await _lose_gateway(harness)
        await _until(session, f"{root}/readyz", 503)
        async with session.get(f"{root}/healthz") as answer:
            assert answer.status == 200


async def test_sigterm_is_heeded_while_discord_is_away_and_before_it_is_reached(
    harness: ServiceHarness, apixo_that_hangs: FakeApixo
):
    """However long the library would wait before it tries again; exit code 0 both times."""
    async with harness.service.run() as running:
        await harness.wait_until_ready()
        await _lose_gateway(harness)
        await _until_logged(harness, "gateway unreachable")
        running.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(running.process.wait(), TIMEOUT_S) == 0
    harness = ServiceHarness.create(apixo_that_hangs, harness.discord, harness.service.folder)
    async with harness.service.run() as running:
        while not apixo_that_hangs.journal.requests_to("current-balance"):
            await asyncio.sleep(0.05)
        running.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(running.process.wait(), TIMEOUT_S) == 0


async def test_a_command_under_way_at_sigterm_is_still_answered(harness: ServiceHarness):
    """Its private answer takes a while; the process waits for it, and the next one makes it."""
    answers = "/webhooks/*/*/messages/@original"
    async with harness.service.run() as running:
        await harness.wait_until_ready()
        harness.discord.faults.add("PATCH", answers, Fault(delay=1.5))
        channel = harness.discord.channel("videos")
        answer = await harness.discord.member("Ada").run_command(channel, "video", VIDEO)
        await answer.until_acknowledged()
        running.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(running.process.wait(), TIMEOUT_S) == 0
    assert "on its way" in answer.text
    job = job_id_in(answer)
    async with harness.service.run():
        await harness.wait_for_result(job)


async def test_a_gateway_out_of_reach_is_tried_again(harness: ServiceHarness):
    """REST answers, the gateway does not: the process stays, says so, and can be ended."""
    harness = with_settings(harness, DISCORD_GATEWAY_URL="ws://127.0.0.1:9/gateway")
    async with harness.service.run() as running:
        await _until_logged(harness, "gateway unreachable")
        running.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(running.process.wait(), TIMEOUT_S) == 0
    assert "NoneType" not in harness.service.log.read_text()


async def test_a_copy_made_while_the_service_runs_can_be_audited(
    harness: ServiceHarness, tmp_path: Path
):
    """The copy proves itself; a second copy does not overwrite it."""
    copy = tmp_path / "copy.db"
    async with harness.service.run():
        await harness.wait_until_ready()
        job = await harness.order_video("video", VIDEO)
        code, said = await harness.run_command_line("backup", str(copy))
        assert code == 0, said
        await harness.wait_for_result(job)
    code, said = await harness.run_command_line("backup", str(copy))
    assert code == 1
    assert "Traceback" not in said
    code, said = await with_settings(harness, DATABASE_URL=f"sqlite:///{copy}").run_command_line(
        "audit"
    )
    assert code == 0, said


@pytest.mark.parametrize(
    ("command", "database"),
    [
        *((command, "garbage") for command in ("audit", "migrate", "run")),
        *((command, "folder") for command in ("audit", "migrate", "run")),
        *((command, "postgresql") for command in ("audit", "migrate")),
    ],
)
async def test_a_database_that_can_not_be_used_is_said_in_one_sentence(
    harness: ServiceHarness, tmp_path: Path, command: str, database: str
):
    """Not a database, no server, a folder that cannot be made: exit code 1, no traceback.

    The service itself waits for a server; see the tests of outages at the start.
    """
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(b"this is no database" * 100)
    url = {
        "garbage": f"sqlite:///{garbage}",
        "postgresql": "postgresql://nobody@127.0.0.1:9/x",
        "folder": "sqlite:////proc/nope/dailies.db",
    }[database]
    code, said = await with_settings(harness, DATABASE_URL=url).run_command_line(command)
    assert code == 1, said
    assert "Dailies cannot go on: " in said
    assert "Traceback" not in said


@pytest.fixture
async def apixo_that_hangs():
    """Never answers when asked for the balance."""
    async with FakeApixo() as stand_in:
        stand_in.faults.add_balance(ApixoFault(ending="hang"), 10)
        yield stand_in


async def _lose_gateway(harness: ServiceHarness) -> None:
    harness.discord.gateway.is_unavailable = True
    await harness.discord.gateway.drop_connections()


async def _until(session: aiohttp.ClientSession, url: str, status: int) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while True:
            async with session.get(url) as answer:
                if answer.status == status:
                    return
            await asyncio.sleep(0.1)


async def _until_logged(harness: ServiceHarness, words: str) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while words not in harness.service.log.read_text():
            await asyncio.sleep(0.1)
