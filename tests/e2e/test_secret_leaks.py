"""Canaries: what is secret in the settings is seen nowhere, in whichever way things go wrong."""

import asyncio
import shutil
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest

from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.apixo import Fault as ApixoFault
from sandbox.demo.job_posts import is_about
from sandbox.discord import FakeDiscord, Fault
from tests.harness.ports import free_port
from tests.harness.service import LAKE, PATIENT, SPEED, TIMEOUT_S, ServiceHarness

KEY = "canary-key-5f0c/+=A"
TOKEN = "canary-token-91b2.x_Y"
PASSWORD = "canary pass:w@rd/7"
CANARIES = {
    "AWS_SECRET_ACCESS_KEY": "canary-aws-3d/Kk+",
    "AWS_SESSION_TOKEN": "canary-session-8e==",
}
PROMPT = "canary prompt of a very private lake"
HIDDEN = (KEY, TOKEN, PASSWORD, *CANARIES.values())
DATABASE = f"postgresql://dailies:{quote(PASSWORD, safe='')}@127.0.0.1:1/dailies"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ServiceHarness]:
    """Open stand-ins with secrets of their own, and a service at its most talkative."""
    async with (
        FakeApixo(ApixoConfig(key=KEY, clips="tiny", time_scale=SPEED)) as apixo,
        FakeDiscord(replace(PATIENT, token=TOKEN)) as discord,
    ):
        settings = {**CANARIES, "HTTP_PORT": str(free_port()), "LOG_LEVEL": "DEBUG"}
        yield ServiceHarness.create(apixo, discord, tmp_path / "service", settings)


async def test_a_run_in_which_all_goes_wrong_tells_no_secret(harness: ServiceHarness):
    """Neither in logs, metrics, health, messages, nor what the command line prints."""
    async with harness.service.run():
        await harness.wait_until_ready()
        await _apixo_echoes_what_it_was_sent(harness)
        await _discord_fails(harness)
        await _the_disk_is_gone(harness)
        seen = await _answers(harness)
    seen += harness.service.log.read_text()
    seen += "".join(message.text for message in harness.discord.world.messages())
    seen += (await harness.run_command_line("report"))[1]
    assert "Traceback" in seen
    assert_hidden(seen)
    assert PROMPT not in harness.service.log.read_text()


async def test_what_can_not_be_reached_is_named_without_its_secrets(harness: ServiceHarness):
    """The doctor with a key and a token that nobody takes; a database behind a password."""
    harness.apixo.faults.add_balance(_echo(401), times=20)
    harness.discord.faults.add("*", "/users/@me", Fault(status=401, message=TOKEN), times=None)
    seen = (await harness.run_command_line("doctor"))[1]
    assert "FAIL" in seen
    away = ServiceHarness.create(
        harness.apixo,
        harness.discord,
        harness.service.folder,
        {**CANARIES, "DATABASE_URL": DATABASE, "LOG_LEVEL": "DEBUG"},
    )
    for command in ("doctor", "migrate"):
        code, said = await away.run_command_line(command)
        assert code != 0, command
        seen += said
    async with away.service.run(), asyncio.timeout(TIMEOUT_S):
        while "start delayed by outage" not in (logged := away.service.log.read_text()):
            await asyncio.sleep(0.05)
    assert_hidden(seen + logged)


def assert_hidden(seen: str) -> None:
    """Look for each secret as it is, and as it is written in addresses, headers and JSON."""
    assert len(seen) > 1000
    for secret in HIDDEN:
        spellings = {secret, quote(secret), quote(secret, safe=""), repr(secret)[1:-1]}
        spellings.add(b64encode(secret.encode()).decode())
        assert [found for found in spellings if found in seen] == []


async def _apixo_echoes_what_it_was_sent(harness: ServiceHarness) -> None:
    """Refuse, fail and lose submissions, with the key and the prompt in the answer."""
    apixo = harness.apixo
    for fault in (_echo(400), _echo(403), _echo(500), ApixoFault(raw=f"<p>{KEY}".encode())):
        apixo.faults.add_submit(fault)
        job = await harness.order_video("video", {"prompt": PROMPT, "duration": 4})
        await harness.discord.channel("videos").wait_for(
            lambda message, job=job: is_about(message, job) and "⏳" not in message.text,
            within=TIMEOUT_S,
            awaited=f"an end of {job}",
        )
    apixo.faults.add_submit(_echo(401))
    apixo.faults.add_status(ApixoFault(ending="cut"))
    apixo.faults.add_status(_echo(502), 2)
    apixo.faults.add_download(ApixoFault(status=404))


async def _discord_fails(harness: ServiceHarness) -> None:
    """Have posts refused, failed and cut off."""
    for fault in (Fault(status=500), Fault(ending="reset"), Fault(code=50013, message=TOKEN)):
        harness.discord.faults.add("POST", "/channels/*/messages", fault)


async def _the_disk_is_gone(harness: ServiceHarness) -> None:
    """Put a file where members' files are kept, then where the folder of the videos was."""
    media = Path(harness.service.environment["MEDIA_STORE"])
    for folder, words in (
        (media / "inputs", "couldn't take"),
        (media, "short of disk space"),
    ):
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(exist_ok=True)
        folder.write_text("")
        answer = await harness.run_command("animate", {"prompt": PROMPT, "image": LAKE})
        assert words in answer.text


def _echo(status: int) -> ApixoFault:
    said = f"{KEY} sent {PROMPT} as Bearer {KEY}"
    return ApixoFault(status=status, message=said, fields={"error": said, "failMsg": said})


async def _answers(harness: ServiceHarness) -> str:
    """Collect what is said over HTTP, once it is said that something is wrong."""
    root = f"http://127.0.0.1:{harness.service.environment['HTTP_PORT']}"
    seen = ""
    async with aiohttp.ClientSession() as session, asyncio.timeout(TIMEOUT_S):
        while "failing" not in seen:
            async with session.get(f"{root}/readyz") as answer:
                seen = await answer.text()
            await asyncio.sleep(0.05)
        for path in ("metrics", "healthz", "media/x", "callbacks/apixo/x"):
            async with session.get(f"{root}/{path}") as answer:
                seen += await answer.text()
    return seen
