"""The stand-in as a server: keys, journal, neighbours, and its end."""

import asyncio
import io
import tempfile
import threading
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from sandbox.apixo import ApixoConfig, FakeApixo, ManualClock
from tests.sandbox.apixo.conftest import SUBMISSIONS, ApiClient

ROUTES = [
    ("POST", "/generateTask/seedance-2-0"),
    ("GET", "/statusTask/seedance-2-0"),
    ("GET", "/apikeys/current-balance"),
]


@pytest.mark.parametrize("key", ["Bearer wrong", "{key}", "Basic {key}", "Bearer "])
@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_a_wrong_key_is_a_401_on_every_route(
    key: str, method: str, path: str, client: ApiClient, apixo: FakeApixo
) -> None:
    """The envelope has no data then, as documented; the journal keeps the verdict, not the key."""
    reply = await client.ask(method, path, headers={"Authorization": key.format(key=apixo.key)})
    assert reply.status == 401
    assert reply.body == {"code": 401, "message": "Invalid or missing API key"}
    assert [entry.authorization for entry in apixo.journal] == ["wrong"]
    assert apixo.key not in str(apixo.journal.as_json())


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_no_key_is_a_401_on_every_route(method: str, path: str, apixo: FakeApixo) -> None:
    """Nobody is let in without one."""
    async with (
        aiohttp.ClientSession() as anyone,
        anyone.request(method, apixo.base_url + path) as response,
    ):
        assert response.status == 401
    assert [entry.authorization for entry in apixo.journal] == ["missing"]


async def test_the_journal_tells_what_was_asked_and_answered(
    client: ApiClient, apixo: FakeApixo, clock: ManualClock
) -> None:
    """Path, body, answer and task, oldest first."""
    task_id = await client.submit_task("1.5 text")
    clock.advance(90)
    await client.download(task_id)
    (submitted,) = apixo.journal.requests_to("/generateTask/")
    assert submitted.body["input"] == SUBMISSIONS["1.5 text"][1]
    assert (submitted.method, submitted.status, submitted.task_id) == ("POST", 200, task_id)
    (asked,) = apixo.journal.requests_to("/statusTask/")
    assert asked.query == {"taskId": task_id}
    assert asked.at == clock.now()
    (fetched,) = apixo.journal.requests_to("/files/")
    assert (fetched.authorization, fetched.task_id) == ("missing", task_id)
    assert len(apixo.journal) == 3


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", "/generateTask/seedance-2-0", 405)],
)
async def test_what_is_not_served_is_still_answered_in_the_envelope(
    method: str, path: str, status: int, client: ApiClient
) -> None:
    """Every answer has a code and a message."""
    reply = await client.ask(method, path)
    assert (reply.status, reply.body["code"]) == (status, status)
    assert reply.body["message"]


async def test_a_body_beyond_a_mebibyte_is_a_413(client: ApiClient) -> None:
    """It is not read to its end."""
    body = io.BytesIO(b" " * (2**20 + 1))
    assert (await client.ask("POST", "/generateTask/seedance-2-0", data=body)).status == 413


async def test_two_stand_ins_run_beside_each_other(clock: ManualClock) -> None:
    """Neither has the other's key, tasks or money."""
    options = [ApixoConfig(clips="tiny", key=key) for key in ("one", "two")]
    async with (
        FakeApixo(options[0], clock) as first,
        FakeApixo(options[1], clock) as second,
        ApiClient(first) as here,
        ApiClient(second) as there,
    ):
        task_id = await here.submit_task("1.5 text")
        assert (await there.status(task_id)).status == 404
        foreign = {"Authorization": "Bearer one"}
        assert (await there.ask("GET", ROUTES[2][1], headers=foreign)).status == 401
        assert (len(first.tasks), len(second.tasks)) == (1, 0)
        assert await there.balance() == 100 > await here.balance()


@pytest.mark.parametrize("options", [ApixoConfig(clips="drawn", time_scale=10_000)])
async def test_it_closes_cleanly_while_clips_are_being_drawn(
    options: ApixoConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file, no thread and no asyncio task is left."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = asyncio.all_tasks()
    async with FakeApixo(options) as apixo, ApiClient(apixo) as customer:
        for _ in range(3):
            await customer.submit_task("2.0 text", duration=15)
        assert list(tmp_path.iterdir())
        assert [task.ready_at for task in apixo.tasks] == [None] * 3
    assert list(tmp_path.iterdir()) == []
    assert not [thread for thread in threading.enumerate() if "apixo" in thread.name]
    assert asyncio.all_tasks() == before


async def test_a_port_that_is_taken_is_said_at_once(apixo: FakeApixo) -> None:
    """Nothing is left behind then either."""
    port = URL(apixo.base_url).port or 0
    with pytest.raises(OSError, match="in use"):
        await FakeApixo(ApixoConfig(clips="tiny", port=port)).__aenter__()
