"""Answers that go wrong because a test asked for it."""

import asyncio
from decimal import Decimal

import aiohttp
import pytest

from sandbox.apixo import FakeApixo, Fault, ManualClock
from tests.sandbox.apixo.conftest import DEADLINE_SECONDS, ApiClient, wait_until

BALANCE = "/apikeys/current-balance"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_an_answer_can_be_lost_after_the_task_was_made(
    status: int, client: ApiClient, apixo: FakeApixo
) -> None:
    """There is one task, and it is paid, though the answer says nothing of it."""
    apixo.faults.add_submit(Fault(status=status, takes_effect=True))
    reply = await client.submit("1.5 text")
    assert (reply.status, reply.body["code"], reply.data) == (status, status, None)
    assert len(apixo.tasks) == 1
    assert await client.balance() == Decimal("99.84")


async def test_a_submission_can_fail_without_a_task(client: ApiClient, apixo: FakeApixo) -> None:
    """The journal has it, the task book has not."""
    apixo.faults.add_submit(Fault(status=502))
    assert (await client.submit("1.5 text")).status == 502
    assert len(apixo.tasks) == 0
    (entry,) = apixo.journal
    assert (entry.status, entry.body["input"]["duration"]) == (502, 8)


@pytest.mark.parametrize("effect", [True, False])
async def test_a_connection_can_be_reset(effect: bool, client: ApiClient, apixo: FakeApixo) -> None:
    """After the task was made, or before the submission was even read."""
    apixo.faults.add_submit(Fault(ending="reset", takes_effect=effect))
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.submit("1.5 text")
    assert len(apixo.tasks) == effect
    (entry,) = apixo.journal
    assert entry.status is None
    assert (entry.body is not None) is effect


async def test_an_answer_can_hang_until_the_end(client: ApiClient, apixo: FakeApixo) -> None:
    """The task is made; the customer hears nothing before the stand-in closes."""
    apixo.faults.add_submit(Fault(ending="hang", takes_effect=True))
    asking = asyncio.ensure_future(client.submit("1.5 text"))
    await wait_until(lambda: len(apixo.tasks) == 1)
    assert (await client.submit("1.5 text")).status == 200
    assert not asking.done()
    await apixo.__aexit__()
    with pytest.raises(aiohttp.ClientConnectionError):
        await asking


async def test_an_answer_can_be_slow(
    client: ApiClient, apixo: FakeApixo, clock: ManualClock
) -> None:
    """It comes when the clock has moved on, not before."""
    apixo.faults.add_balance(Fault(delay=30))
    asking = asyncio.ensure_future(client.balance())
    await wait_until(lambda: len(apixo.journal) == 1)
    clock.advance(29)
    assert await client.balance() == 100
    assert not asking.done()
    clock.advance(1)
    async with asyncio.timeout(DEADLINE_SECONDS):
        assert await asking == 100


async def test_an_answer_can_drip(client: ApiClient, apixo: FakeApixo, clock: ManualClock) -> None:
    """A byte each time the clock has moved a second."""
    apixo.faults.add_balance(Fault(raw=b"[1,2]", drip=1))
    asking = asyncio.ensure_future(client.ask("GET", BALANCE))
    seconds = 0
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not asking.done():
            await asyncio.sleep(0.001)
            clock.advance(1)
            seconds += 1
    assert (await asking).body == [1, 2]
    assert seconds >= 4


async def test_an_answer_can_be_cut_short(client: ApiClient, apixo: FakeApixo) -> None:
    """Half of the announced body."""
    apixo.faults.add_balance(Fault(ending="cut"))
    with pytest.raises(aiohttp.ClientPayloadError):
        await client.balance()


async def test_an_answer_can_be_anything(client: ApiClient, apixo: FakeApixo) -> None:
    """Status, headers and bytes are free."""
    fault = Fault(status=200, raw=b"<html>", headers={"Content-Type": "text/html", "X-Odd": "1"})
    apixo.faults.add_status(fault)
    reply = await client.status("any")
    assert (reply.status, reply.body, reply.headers["X-Odd"]) == (200, b"<html>", "1")


async def test_the_envelope_and_http_can_disagree(client: ApiClient, apixo: FakeApixo) -> None:
    """In both directions."""
    apixo.faults.add_balance(Fault(code=500, message="Server error"))
    apixo.faults.add_balance(Fault(status=400, code=200))
    first, second = [await client.ask("GET", BALANCE) for _ in range(2)]
    assert (first.status, first.body["code"], first.body["message"]) == (200, 500, "Server error")
    assert (second.status, second.body["code"]) == (400, 200)


async def test_fields_of_an_answer_can_be_changed_and_taken_away(
    client: ApiClient, apixo: FakeApixo
) -> None:
    """The rest stays as it is."""
    task_id = await client.submit_task("1.5 text")
    apixo.faults.add_status(Fault(fields={"state": "SUCCESS"}, without=("createTime",)))
    assert (await client.status(task_id)).data == {"taskId": task_id, "state": "SUCCESS"}


async def test_faults_wait_in_line_for_their_route(client: ApiClient, apixo: FakeApixo) -> None:
    """First in, first out, each as often as was said, and other routes are left alone."""
    apixo.faults.add_status(Fault(status=502), times=2)
    apixo.faults.add_status(Fault(status=429, headers={"Retry-After": "86400"}))
    assert await client.balance() == 100
    answers = [await client.status("unknown") for _ in range(4)]
    assert [answer.status for answer in answers] == [502, 502, 429, 404]
    assert answers[2].headers["Retry-After"] == "86400"


async def test_faults_can_be_cleared(client: ApiClient, apixo: FakeApixo) -> None:
    """Everything goes well again."""
    apixo.faults.add_balance(Fault(status=500), times=9)
    apixo.faults.clear()
    assert await client.balance() == 100


@pytest.mark.parametrize(
    ("fault", "status", "size"),
    [(Fault(status=410, raw=b""), 410, 0), (Fault(raw=b"<html>"), 200, 6)],
)
async def test_a_download_can_go_wrong_and_then_right(
    fault: Fault,
    status: int,
    size: int,
    client: ApiClient,
    apixo: FakeApixo,
    clock: ManualClock,
) -> None:
    """Files have faults of their own."""
    task_id = await client.submit_task("1.5 text")
    clock.advance(90)
    apixo.faults.add_download(fault)
    wrong = await client.download(task_id)
    assert (wrong.status, len(wrong.body)) == (status, size)
    assert (await client.download(task_id)).body[4:8] == b"ftyp"
