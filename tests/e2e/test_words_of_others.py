"""Words of others never reach the log: a prompt and a file's name, however they come back."""

import asyncio
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.apixo import Fault as ApixoFault
from sandbox.discord import FakeDiscord, Fault, Upload
from sandbox.discord.interactions import InteractionType
from tests.harness.ports import free_port
from tests.harness.service import LAKE, PATIENT, SPEED, TIMEOUT_S, ServiceHarness

PROMPT = "a zyphrane quonsets over bluewarbler marmalades"
PICTURE = "holidaysnap-of-kilimanjaro.jpg"
WORDS = ("zyphra", "quonse", "bluewa", "marmal", "holida", "kilima")
"""Beginnings of words that stand nowhere else, so that a word that was cut is found too."""

ECHOES: dict[str, Callable[[str], str]] = {
    "whole": lambda said: said,
    "shortened": lambda said: f"{said[:22]}…",
    "in capitals": str.upper,
    "escaped": lambda said: "".join(f"\\u{ord(letter):04x}" for letter in said),
    "encoded": lambda said: "".join(f"%{ord(letter):02x}" for letter in said),
    "quoted": lambda said: json.dumps(said)[1:-1].replace(" ", "_"),
}


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ServiceHarness]:
    """Open stand-ins, and a service at its most talkative."""
    async with (
        FakeApixo(ApixoConfig(clips="tiny", time_scale=SPEED)) as apixo,
        FakeDiscord(PATIENT) as discord,
    ):
        settings = {"HTTP_PORT": str(free_port()), "LOG_LEVEL": "DEBUG"}
        yield ServiceHarness.create(apixo, discord, tmp_path / "service", settings)


async def test_no_piece_of_a_prompt_or_a_files_name_is_logged(harness: ServiceHarness):
    """Made, refused, failed, lost, not posted, crashed: the log has ids, codes and classes."""
    async with harness.service.run():
        await harness.wait_until_ready()
        await _make(harness)
        await _apixo_repeats_it(harness)
        await _discord_repeats_it(harness)
        await _a_client_makes_it_up(harness)
        await _the_database_repeats_it(harness)
    log = harness.service.log.read_text()
    for event in (
        "job delivered",
        "job rejected",
        "task failed",
        "interaction failed",
        "unknown interaction",
    ):
        assert f'"{event}"' in log, event
    for event in ("submission outcome unknown", "task status not read", "result address refused"):
        assert f'"{event}"' in log, event
    for line in log.splitlines():
        json.loads(line)
    for secret in (harness.apixo.key, harness.discord.token):
        assert secret not in log
    assert "Traceback" in log
    assert _pieces(log) == []


def _pieces(log: str) -> list[str]:
    """Find pieces of the words in lines, whatever their case and spelling."""
    found = list[str]()
    for line in log.splitlines():
        plain = re.sub(r"\\+u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), unquote(line))
        found += [line for word in WORDS if word in unquote(plain).lower()]
    return found


def test_each_spelling_would_be_found() -> None:
    """The look itself: of each echo it finds a piece, in a line of JSON too."""
    for name, echo in ECHOES.items():
        for said in (echo(PROMPT), quote(echo(PROMPT)), json.dumps({"error": echo(PROMPT)})):
            assert _pieces(f"a line\n{said}\n"), name
    assert _pieces('{"event": "job submitted"}') == []


async def _make(harness: ServiceHarness) -> None:
    picture = Upload(PICTURE, LAKE.read_bytes())
    job = await harness.order_video("animate", {"prompt": PROMPT, "image": picture, "duration": 4})
    await harness.wait_for_result(job)
    broken = Upload(PICTURE, LAKE.read_bytes()[:4_000])
    answer = await harness.run_command("animate", {"prompt": PROMPT, "image": broken})
    assert PICTURE in answer.text


async def _apixo_repeats_it(harness: ServiceHarness) -> None:
    """In messages, in codes, in the id of a task, in the address of a result."""
    faults = harness.apixo.faults
    said = [echo(PROMPT) for echo in ECHOES.values()]
    for words in said:
        fields = {"error": f"Rejected: {words}", "failMsg": words, "failCode": words}
        faults.add_submit(ApixoFault(status=400, message=words, fields=fields))
    for job in [await _order(harness) for _ in said]:
        await harness.wait_for_status(job, "You weren't charged")
    for words in said:
        faults.add_status(ApixoFault(status=503, message=words, fields={"error": words}))
    for words in said:
        fields = {"state": "failed", "failMsg": words, "failCode": words}
        faults.add_status(ApixoFault(fields=fields))
    for job in [await _order(harness) for _ in said]:
        await harness.wait_for_status(job, "You weren't charged")
    faults.add_submit(ApixoFault(status=500, message=PROMPT, fields={"taskId": PROMPT}))
    await harness.wait_for_status(await _order(harness), "lost")
    host = PROMPT.replace(" ", "-")
    links = [f"https://{host}.example/x.mp4", f"{PROMPT}://x"]
    addresses = json.dumps({"resultUrls": links})
    faults.add_status(ApixoFault(fields={"state": "success", "resultJson": addresses}))
    await harness.wait_for_result(await _order(harness))


async def _discord_repeats_it(harness: ServiceHarness) -> None:
    """In refusals of posts and of answers, as text and as a page that is no JSON."""
    faults, posts = harness.discord.faults, ("POST", "/channels/*/messages")
    said = [f"Invalid Form Body: {echo(PROMPT)}, {echo(PICTURE)}" for echo in ECHOES.values()]
    faults.add(*posts, Fault(status=400, code=50035, message=said[0]))
    faults.add(*posts, Fault(status=502, raw=" ".join(said).encode()))
    faults.add(*posts, Fault(status=200, raw=" ".join(said).encode()))
    await harness.wait_for_result(await _order(harness))
    faults.add(*posts, Fault(status=400, code=50035, message=" ".join(said)), times=None)
    await _order(harness)
    async with asyncio.timeout(TIMEOUT_S):
        while '"job undeliverable"' not in harness.service.log.read_text():
            await asyncio.sleep(0.05)
    faults.clear()
    answer_page = Fault(status=200, raw=" ".join(said).encode())
    text = ""
    while "Something went wrong on our side" not in text:  # an older answer's update may meet it
        faults.add("PATCH", "/webhooks/*/*/messages/*", answer_page)
        text = (await harness.run_command("video", {"prompt": PROMPT, "duration": 4})).text
        faults.clear()


async def _a_client_makes_it_up(harness: ServiceHarness) -> None:
    """As the name of a command, of an option and of a form."""
    channel, user = harness.discord.channel("videos"), harness.discord.member("Ada").user
    options = [{"name": PROMPT, "type": 3, "value": PROMPT}]
    for kind, data in (
        (InteractionType.COMMAND, {"id": "1", "name": PROMPT, "type": 1, "options": []}),
        (InteractionType.COMMAND, {"id": "1", "name": "video", "type": 1, "options": options}),
        (InteractionType.MODAL, {"custom_id": PROMPT, "components": []}),
    ):
        sent = harness.discord.interactions.dispatch(kind, user, channel, data)
        await sent.until_answered(within=TIMEOUT_S)


async def _the_database_repeats_it(harness: ServiceHarness) -> None:
    """In an error of its own, which nobody expects: the command ends in a traceback."""
    with closing(sqlite3.connect(harness.service.folder / "dailies.db")) as connection:
        connection.execute(
            "CREATE TRIGGER crash BEFORE INSERT ON jobs BEGIN "
            f"SELECT RAISE(ABORT, 'Failing row contains ({PROMPT}).'); END"
        )
        connection.commit()
    answer = await harness.run_command("video", {"prompt": PROMPT, "duration": 4})
    assert "Something went wrong on our side" in answer.text


async def _order(harness: ServiceHarness) -> str:
    return await harness.order_video("video", {"prompt": PROMPT, "duration": 4})
