"""`PUBLIC_URL`: the real process is called back, and none of its secrets is seen anywhere."""

import asyncio
import re
import socket
import sqlite3
from contextlib import closing

import aiohttp

from tests.harness.service import PATIENCE_S, Theatre

VIDEO = {"prompt": "a lake at dusk [[effect:504]]", "duration": 4}


async def test_a_lost_answer_comes_back_by_callback_and_no_secret_is_seen(theatre: Theatre):
    """APIXO's call finds the task; token, key, signing secret and addresses stay unseen."""
    port = _free_port()
    root = f"http://127.0.0.1:{port}"
    settings = {"PUBLIC_URL": root, "HTTP_PORT": str(port), "LOG_LEVEL": "DEBUG"}
    folder = theatre.service.folder
    theatre = Theatre.of(theatre.apixo, theatre.discord, folder, settings)
    async with theatre.service.run(), aiohttp.ClientSession() as session:
        await theatre.ready()
        job = await theatre.order("video", VIDEO)
        await theatre.result(job)
        await theatre.status(job, "Done")
        seen = await _answers(session, root, theatre)
    assert 'dailies_callbacks_total{outcome="adopted"} 1.0' in seen
    assert [call.result for call in theatre.apixo.callbacks.deliveries] == [200]
    assert len(theatre.apixo.journal.to("/generateTask/")) == 1
    assert len(theatre.apixo.journal.to("/statusTask/")) <= 2
    await theatre.audit()
    seen += theatre.service.log.read_text()
    seen += "".join(message.text for message in theatre.discord.world.messages())
    for hidden in (theatre.apixo.key, theatre.discord.token, _token(theatre), _secret(theatre)):
        assert hidden not in seen


async def _answers(session: aiohttp.ClientSession, root: str, theatre: Theatre) -> str:
    """Collect what the service says over HTTP, to good callers and bad ones."""
    seen = await _get(session, f"{root}/metrics", 200)
    seen += await _get(session, f"{root}/readyz", 200)
    for token, status in ((_token(theatre), 400), (_token(theatre)[:-1], 401)):
        async with session.post(f"{root}/callbacks/apixo/{token}", data=b"{}") as answer:
            assert answer.status == status
            seen += await answer.text()
    return seen


def _token(theatre: Theatre) -> str:
    return theatre.apixo.callbacks.deliveries[0].url.rpartition("/")[2]


def _secret(theatre: Theatre) -> str:
    with closing(sqlite3.connect(theatre.service.folder / "dailies.db")) as database:
        ((secret,),) = database.execute("SELECT value FROM notes WHERE key = 'signing secret'")
    assert re.fullmatch(r"[0-9a-f]{64}", secret)
    return secret


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return listener.getsockname()[1]


async def _get(session: aiohttp.ClientSession, url: str, status: int) -> str:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with session.get(url) as answer:
                if answer.status == status:
                    return await answer.text()
            await asyncio.sleep(0.05)


async def test_the_doctor_tries_the_public_address(theatre: Theatre):
    """It leads here, before the service runs and while it does; or it leads elsewhere."""
    port = _free_port()
    settings = {"PUBLIC_URL": f"http://127.0.0.1:{port}", "HTTP_PORT": str(port)}
    folder = theatre.service.folder
    here = Theatre.of(theatre.apixo, theatre.discord, folder, settings)
    assert "ok    public address: leads here" in (await here.run("doctor"))[1]
    async with here.service.run():
        await here.ready()
        assert "ok    public address: leads here" in (await here.run("doctor"))[1]
    elsewhere = theatre.apixo.base_url.removesuffix("/api/v1")
    settings["PUBLIC_URL"] = elsewhere
    there = Theatre.of(theatre.apixo, theatre.discord, folder, settings)
    code, said = await there.run("doctor")
    assert code == 1
    assert "FAIL  public address: PUBLIC_URL: something else" in said
