"""What an operator does and sees: the doctor, health, the end of a process, copies, faults."""

import asyncio
import re
import signal
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from sandbox.apixo import FakeApixo
from sandbox.apixo import Fault as ApixoFault
from sandbox.discord import Fault, Permission
from tests.harness.ports import free_port
from tests.harness.service import TIMEOUT_S, ServiceHarness

README = Path(__file__).parents[2] / "README.md"
VIDEO = {"prompt": "a lake at dusk", "duration": 4}


def with_settings(harness: ServiceHarness, **settings: str) -> ServiceHarness:
    return ServiceHarness.create(harness.apixo, harness.discord, harness.service.folder, settings)


async def test_the_doctor_finds_nothing_where_nothing_ails(harness: ServiceHarness):
    """One line each, exit code 0, before the first start and after it."""
    code, said = await harness.run_command_line("doctor")
    assert (code, said.count("\nok ")) == (0, 8), said
    assert "only your own servers may spend, and those that you admit" in said
    assert "Public Bot" in said
    async with harness.service.run():
        await harness.wait_until_ready()
        code, said = await harness.run_command_line("doctor")
    assert code == 0, said


async def test_commands_that_another_deployment_has_overwritten_are_told_and_mended(
    harness: ServiceHarness,
):
    """The doctor looks at Discord, not at a note; so does the next start."""
    async with harness.service.run():
        await harness.wait_until_ready()
    harness.discord.commands.overwrite(None, [{"name": "play", "description": "Play music"}])
    code, said = await harness.run_command_line("doctor")
    assert code == 1
    assert "FAIL  commands: Discord's differ" in said
    assert "unknown: /play" in said
    async with harness.service.run():
        await harness.wait_until_ready()
        code, said = await harness.run_command_line("doctor")
    assert code == 0, said


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"DISCORD_TOKEN": "wrong-token"}, "DISCORD_TOKEN: Discord does not accept this token"),
        ({"APIXO_API_KEY": "wrong-key"}, "APIXO_API_KEY: APIXO does not accept this key"),
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/x"}, "FAIL  database"),
        ({"MEDIA_STORE": "/proc/nope"}, "FAIL  disk"),
    ],
)
async def test_the_doctor_names_what_ails_and_examines_the_rest(
    harness: ServiceHarness, settings: dict[str, str], named: str
):
    """Exit code 1, no traceback, every check has its line."""
    code, said = await with_settings(harness, **settings).run_command_line("doctor")
    assert code == 1
    assert named in said
    assert "Traceback" not in said
    assert len(said.splitlines()) == 9


async def test_the_doctor_does_not_blame_the_token_for_a_proxys_answer(harness: ServiceHarness):
    """A 401 without Discord's JSON is not Discord's."""
    harness.discord.faults.add("GET", "/users/@me", Fault(status=401, raw=b"<html>"), times=None)
    code, said = await harness.run_command_line("doctor")
    assert code == 1
    assert "Discord answered 401" in said


async def test_the_doctor_names_a_lacking_permission_and_an_empty_world(harness: ServiceHarness):
    """The server and the permission; or the address by which to invite the bot."""
    world = harness.discord.world
    guilds = [world.guild("Dailies Studio"), world.guild("Big Screen")]
    for role in guilds[0].roles.values():
        role.permissions &= ~(Permission.ATTACH_FILES | Permission.ADMINISTRATOR)
    code, said = await harness.run_command_line("doctor")
    assert code == 1
    assert "Dailies Studio (Attach Files)" in said
    for guild in guilds:
        world.remove_bot(guild)
    code, said = await harness.run_command_line("doctor")
    assert code == 1
    invitation, documented = (_invitation_in(text) for text in (said, README.read_text()))
    assert documented.update_query(client_id=invitation.query["client_id"]) == invitation


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
    assert "On its way" in answer.text
    job = answer.text.split("`")[1]
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


def _invitation_in(text: str) -> URL:
    found = re.search(r"https://discord\.com/oauth2/authorize[^\s`]+", text)
    assert found is not None
    return URL(found[0])


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
