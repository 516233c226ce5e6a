"""`PUBLIC_URL`: the real process is called back, and none of its secrets is seen anywhere."""

import asyncio
import re
import sqlite3
from contextlib import closing

import aiohttp

from tests.harness.ports import free_port
from tests.harness.service import TIMEOUT_S, ServiceHarness

VIDEO = {"prompt": "a lake at dusk [[effect:504]]", "duration": 4}


async def test_a_lost_answer_comes_back_by_callback_and_no_secret_is_seen(harness: ServiceHarness):
    """APIXO's call finds the task; token, key, signing secret and addresses stay unseen."""
    port = free_port()
    root = f"http://127.0.0.1:{port}"
    settings = {"PUBLIC_URL": root, "HTTP_PORT": str(port), "LOG_LEVEL": "DEBUG"}
    folder = harness.service.folder
    harness = ServiceHarness.create(harness.apixo, harness.discord, folder, settings)
    # The call comes when the lost answer has been noted.
    harness.apixo.scaled_clock.adjust(scale=60)
    async with harness.service.run(), aiohttp.ClientSession() as session:
        await harness.wait_until_ready()
        job = await harness.order_video("video", VIDEO)
        await harness.wait_for_result(job)
        await harness.wait_for_end(job)
        seen = await _answers(session, root, harness)
    assert 'dailies_callbacks_total{outcome="adopted"} 1.0' in seen
    assert [call.result for call in harness.apixo.callbacks.attempts] == [200]
    assert len(harness.apixo.journal.requests_to("/generateTask/")) == 1
    assert len(harness.apixo.journal.requests_to("/statusTask/")) <= 2
    await harness.audit()
    seen += harness.service.log.read_text()
    seen += "".join(message.text for message in harness.discord.world.messages())
    for hidden in (harness.apixo.key, harness.discord.token, _token(harness), _secret(harness)):
        assert hidden not in seen


async def _answers(session: aiohttp.ClientSession, root: str, harness: ServiceHarness) -> str:
    """Collect what the service says over HTTP, to good callers and bad ones."""
    seen = await _get(session, f"{root}/metrics", 200)
    seen += await _get(session, f"{root}/readyz", 200)
    for token, status in ((_token(harness), 400), (_token(harness)[:-1], 401)):
        async with session.post(f"{root}/callbacks/apixo/{token}", data=b"{}") as answer:
            assert answer.status == status
            seen += await answer.text()
    return seen


def _token(harness: ServiceHarness) -> str:
    return harness.apixo.callbacks.attempts[0].url.rpartition("/")[2]


def _secret(harness: ServiceHarness) -> str:
    with closing(sqlite3.connect(harness.service.folder / "dailies.db")) as database:
        ((secret,),) = database.execute("SELECT value FROM notes WHERE key = 'signing secret'")
    assert re.fullmatch(r"[0-9a-f]{64}", secret)
    return secret


async def _get(session: aiohttp.ClientSession, url: str, status: int) -> str:
    async with asyncio.timeout(TIMEOUT_S):
        while True:
            async with session.get(url) as answer:
                if answer.status == status:
                    return await answer.text()
            await asyncio.sleep(0.05)


async def test_the_doctor_tries_the_public_address(harness: ServiceHarness):
    """It leads here, before the service runs and while it does; or it leads elsewhere."""
    port = free_port()
    settings = {"PUBLIC_URL": f"http://127.0.0.1:{port}", "HTTP_PORT": str(port)}
    folder = harness.service.folder
    here = ServiceHarness.create(harness.apixo, harness.discord, folder, settings)
    assert "ok    public address: leads here" in (await here.run_command_line("doctor"))[1]
    async with here.service.run():
        await here.wait_until_ready()
        assert "ok    public address: leads here" in (await here.run_command_line("doctor"))[1]
    elsewhere = harness.apixo.base_url.removesuffix("/api/v1")
    settings["PUBLIC_URL"] = elsewhere
    there = ServiceHarness.create(harness.apixo, harness.discord, folder, settings)
    _, said = await there.run_command_line("doctor")
    assert "public address: PUBLIC_URL: something else" in said
