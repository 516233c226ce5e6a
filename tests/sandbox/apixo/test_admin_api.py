"""The routes for a test that runs the stand-in in another process."""

from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.apixo import FakeApixo, ManualClock
from sandbox.apixo.admin_api import loopback_only
from tests.sandbox.apixo.conftest import ApiClient


class Controller:
    """Asks the control routes, which need no key."""

    def __init__(self, root: str, session: aiohttp.ClientSession) -> None:
        self._root = root
        self._session = session

    async def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Ask and give the decoded answer."""
        url = f"{self._root}/_sandbox/{path}"
        async with self._session.request(method, url, json=body) as response:
            return await response.json()


@pytest.fixture
async def control(apixo: FakeApixo) -> AsyncIterator[Controller]:
    """Reach the stand-in's control routes."""
    async with aiohttp.ClientSession() as session:
        yield Controller(apixo.base_url.removesuffix("/api/v1"), session)


async def test_the_journal_can_be_read(client: ApiClient, control: Controller) -> None:
    """Requests without their key, and callbacks; looking at it leaves no trace in it."""
    task_id = await client.submit_task("1.5 text")
    await control.ask("GET", "tasks")
    told = await control.ask("GET", "journal")
    (entry,) = told["requests"]
    assert (entry["task_id"], entry["headers"]["authorization"]) == (task_id, "ok")
    assert told["callbacks"] == []


async def test_callbacks_can_be_read(
    client: ApiClient, control: Controller, apixo: FakeApixo
) -> None:
    """With their result."""
    await client.submit_task("1.5 text")
    (task,) = apixo.tasks
    await apixo.callbacks.send_now(task, {})
    (made,) = (await control.ask("GET", "journal"))["callbacks"]
    assert made["task_id"] == task.id


async def test_tasks_can_be_read_with_their_money(client: ApiClient, control: Controller) -> None:
    """What each costs, what was paid, what is left."""
    task_id = await client.submit_task("1.5 text")
    told = await control.ask("GET", "tasks")
    (task,) = told["tasks"]
    assert (task["id"], task["state"]) == (task_id, "pending")
    assert (task["price_micro"], task["charged_micro"]) == (160_000, 160_000)
    assert told["balance_usd"] == "99.8400"


async def test_faults_can_be_queued_and_cleared(client: ApiClient, control: Controller) -> None:
    """As from within the process."""
    body = {"on": "status", "times": 9, "fault": {"status": 502, "raw": "<html>"}}
    assert await control.ask("POST", "faults", body) == {"ok": True}
    reply = await client.status("any")
    assert (reply.status, reply.body) == (502, b"<html>")
    assert await control.ask("DELETE", "faults") == {"ok": True}
    assert (await client.status("any")).status == 404


async def test_the_pace_can_be_changed(
    client: ApiClient, control: Controller, clock: ManualClock
) -> None:
    """Skip some generation time, then go faster."""
    task_id = await client.submit_task("1.5 text", prompt="a fox [[slow:400]]")
    assert await control.ask("POST", "clock", {"skip": 100, "time_scale": 30}) == {"time_scale": 30}
    clock.advance(9.9)
    assert (await client.status(task_id)).data["state"] == "processing"
    clock.advance(0.1)
    assert (await client.status(task_id)).data["state"] == "success"


async def test_the_balance_can_be_set(client: ApiClient, control: Controller) -> None:
    """Exactly, also to less than nothing."""
    assert await control.ask("POST", "balance", {"usd": "12.345678"}) == {
        "balance_usd": "12.345678"
    }
    assert await client.balance() == Decimal("12.345678")
    assert await control.ask("POST", "balance", {"usd": "-0.5"}) == {"balance_usd": "-0.5000"}
    assert await client.balance() == Decimal("-0.5")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"on": "elsewhere", "fault": {}}),
        ("faults", {"on": "status", "fault": {"stauts": 502}}),
        ("faults", {"on": "status", "fault": {}, "times": 0}),
        ("clock", {"time_scale": 0}),
        ("clock", {"skip": -1}),
        ("balance", {"usd": "0.0000001"}),
        ("balance", {}),
    ],
)
async def test_a_wrong_order_is_a_400(
    path: str, body: Mapping[str, object], control: Controller
) -> None:
    """Nothing is guessed."""
    assert (await control.ask("POST", path, body))["code"] == 400


@pytest.mark.parametrize(
    ("remote", "status"),
    [("127.0.0.1", 200), ("::1", 200), ("192.0.2.7", 403), ("2001:db8::1", 403)],
)
async def test_only_this_machine_may_control(remote: str, status: int) -> None:
    """A stand-in that listens on every address still has its inside to itself."""

    @web.middleware
    async def disguise(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await handler(request.clone(remote=remote))

    async def inside(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application(middlewares=[disguise, loopback_only])
    app.router.add_get("/", inside)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            assert response.status == status
    finally:
        await runner.cleanup()
