"""What an operator does and sees: the doctor, health, the end of a process, copies, faults."""

import asyncio
import signal
import socket
from pathlib import Path

import aiohttp
import pytest

from sandbox.apixo import ApixoStandIn
from sandbox.apixo import Fault as ApixoFault
from sandbox.discord import Fault, Permission
from tests.harness.service import PATIENCE_S, Theatre

VIDEO = {"prompt": "a lake at dusk", "duration": 4}


def with_settings(theatre: Theatre, **settings: str) -> Theatre:
    return Theatre.of(theatre.apixo, theatre.discord, theatre.service.folder, settings)


async def test_the_doctor_finds_nothing_where_nothing_ails(theatre: Theatre):
    """One line each, exit code 0, before the first start and after it."""
    code, said = await theatre.run("doctor")
    assert (code, said.count("\nok ")) == (0, 6), said
    async with theatre.service.run():
        await theatre.ready()
        code, said = await theatre.run("doctor")
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
    theatre: Theatre, settings: dict[str, str], named: str
):
    """Exit code 1, no traceback, every check has its line."""
    code, said = await with_settings(theatre, **settings).run("doctor")
    assert code == 1
    assert named in said
    assert "Traceback" not in said
    assert len(said.splitlines()) == 7


async def test_the_doctor_names_a_lacking_permission_and_an_empty_world(theatre: Theatre):
    """The server and the permission; or the address by which to invite the bot."""
    world = theatre.discord.world
    guilds = [world.guild("Dailies Studio"), world.guild("Big Screen")]
    for role in guilds[0].roles.values():
        role.permissions &= ~(Permission.ATTACH_FILES | Permission.ADMINISTRATOR)
    code, said = await theatre.run("doctor")
    assert code == 1
    assert "Dailies Studio (Attach Files)" in said
    for guild in guilds:
        world.remove_bot(guild)
    code, said = await theatre.run("doctor")
    assert code == 1
    assert "oauth2/authorize" in said


async def test_health_is_told_over_http(theatre: Theatre):
    """Ready when connected; not ready while the gateway is away; alive all the time."""
    theatre = with_settings(theatre, HTTP_PORT=str(_free_port()))
    root = f"http://127.0.0.1:{theatre.service.environment['HTTP_PORT']}"
    async with theatre.service.run(), aiohttp.ClientSession() as session:
        await theatre.ready()
        await _until(session, f"{root}/readyz", 200)
        await _lose_gateway(theatre)
        await _until(session, f"{root}/readyz", 503)
        async with session.get(f"{root}/healthz") as answer:
            assert answer.status == 200


async def test_sigterm_is_heeded_while_discord_is_away_and_before_it_is_reached(
    theatre: Theatre, apixo_that_hangs: ApixoStandIn
):
    """However long the library would wait before it tries again; exit code 0 both times."""
    async with theatre.service.run() as running:
        await theatre.ready()
        await _lose_gateway(theatre)
        await _until_logged(theatre, "Attempting a reconnect")
        running.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(running.process.wait(), 25) == 0
    theatre = Theatre.of(apixo_that_hangs, theatre.discord, theatre.service.folder)
    async with theatre.service.run() as running:
        while not apixo_that_hangs.journal.to("current-balance"):
            await asyncio.sleep(0.05)
        running.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(running.process.wait(), 25) == 0


async def test_a_command_under_way_at_sigterm_is_still_answered(theatre: Theatre):
    """Its private answer takes a while; the process waits for it, and the next one makes it."""
    answers = "/webhooks/*/*/messages/@original"
    async with theatre.service.run() as running:
        await theatre.ready()
        theatre.discord.faults.on("PATCH", answers, Fault(delay=1.5))
        channel = theatre.discord.channel("videos")
        answer = await theatre.discord.member("Ada").type(channel, "video", VIDEO)
        await answer.until_acknowledged()
        running.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(running.process.wait(), 25) == 0
    assert "On its way" in answer.text
    job = answer.text.split("`")[1]
    async with theatre.service.run():
        await theatre.result(job)


async def test_a_gateway_out_of_reach_is_tried_again(theatre: Theatre):
    """REST answers, the gateway does not: the process stays, says so, and can be ended."""
    theatre = with_settings(theatre, DISCORD_GATEWAY_URL="ws://127.0.0.1:9/gateway")
    async with theatre.service.run() as running:
        await _until_logged(theatre, "gateway can not be reached")
        running.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(running.process.wait(), 25) == 0
    assert "NoneType" not in theatre.service.log.read_text()


async def test_a_copy_made_while_the_service_runs_can_be_audited(theatre: Theatre, tmp_path: Path):
    """The copy proves itself; a second copy does not overwrite it."""
    copy = tmp_path / "copy.db"
    async with theatre.service.run():
        await theatre.ready()
        job = await theatre.order("video", VIDEO)
        code, said = await theatre.run("backup", str(copy))
        assert code == 0, said
        await theatre.result(job)
    code, said = await theatre.run("backup", str(copy))
    assert code == 1
    assert "Traceback" not in said
    code, said = await with_settings(theatre, DATABASE_URL=f"sqlite:///{copy}").run("audit")
    assert code == 0, said


@pytest.mark.parametrize("command", ["audit", "migrate", "run"])
@pytest.mark.parametrize("database", ["garbage", "postgresql", "folder"])
async def test_a_database_that_can_not_be_used_is_said_in_one_sentence(
    theatre: Theatre, tmp_path: Path, command: str, database: str
):
    """Not a database, no server, a folder that can not be made: exit code 1, no traceback."""
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(b"this is no database" * 100)
    url = {
        "garbage": f"sqlite:///{garbage}",
        "postgresql": "postgresql://nobody@127.0.0.1:9/x",
        "folder": "sqlite:////proc/nope/dailies.db",
    }[database]
    code, said = await with_settings(theatre, DATABASE_URL=url).run(command)
    assert code == 1, said
    assert "Dailies can not go on: " in said
    assert "Traceback" not in said


@pytest.fixture
async def apixo_that_hangs():
    """Never answers when asked for the balance."""
    async with ApixoStandIn() as stand_in:
        stand_in.faults.on_balance(ApixoFault(ending="hang"), 10)
        yield stand_in


async def _lose_gateway(theatre: Theatre) -> None:
    theatre.discord.gateway.is_away = True
    await theatre.discord.gateway.drop()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


async def _until(session: aiohttp.ClientSession, url: str, status: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with session.get(url) as answer:
                if answer.status == status:
                    return
            await asyncio.sleep(0.1)


async def _until_logged(theatre: Theatre, words: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while words not in theatre.service.log.read_text():
            await asyncio.sleep(0.1)
