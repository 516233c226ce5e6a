"""Callbacks: what is sent, when again, and to whom never."""

from itertools import pairwise

import pytest

from sandbox.apixo import FakeApixo, ManualClock
from tests.sandbox.apixo.conftest import SUBMISSIONS, ApiClient, ApiReply, FileHost, wait_until


async def order(customer: ApiClient, url: str, prompt: str = "a calm seaside sunrise") -> ApiReply:
    model, fields = SUBMISSIONS["1.5 text"]
    body = {"request_type": "callback", "callback_url": url, "input": {**fields, "prompt": prompt}}
    return await customer.post(model, body)


@pytest.mark.parametrize("prompt", ["a fox", "a fox [[fail:SensitiveContent]]"])
async def test_the_end_is_told_with_the_body_of_a_status_answer(
    prompt: str, client: ApiClient, host: FileHost, clock: ManualClock
) -> None:
    """Success or failure, code 200, the same fields."""
    task_id = (await order(client, f"{host.root}/hook", prompt)).data["taskId"]
    clock.advance(90)
    assert await host.next_callback() == (await client.status(task_id)).body


async def test_nothing_is_sent_before_the_end(
    client: ApiClient, host: FileHost, apixo: FakeApixo, clock: ManualClock
) -> None:
    """The first callback comes not before the task's end."""
    await order(client, f"{host.root}/hook")
    clock.advance(59)
    assert apixo.callbacks.attempts == []
    clock.advance(31)
    assert (await host.next_callback())["data"]["state"] == "success"
    await wait_until(lambda: len(apixo.callbacks.attempts) == 1)
    (delivery,) = apixo.callbacks.attempts
    assert (delivery.result, delivery.url) == (200, f"{host.root}/hook")


async def test_what_is_not_acknowledged_is_sent_four_times(
    client: ApiClient, host: FileHost, apixo: FakeApixo, clock: ManualClock
) -> None:
    """Again after 30 seconds, 2 and 10 minutes; only exactly 200 counts; then it is given up."""
    host.answers = [500, 204, 302, 404]
    await order(client, f"{host.root}/hook")
    made = apixo.callbacks.attempts
    for gap in (90, 30, 120, 600):
        count = len(made)
        clock.advance(gap)
        await host.next_callback()
        await wait_until(lambda count=count: len(made) == count + 1)
    assert [delivery.result for delivery in made] == [500, 204, 302, 404]
    assert [round(b.at - a.at) for a, b in pairwise(made)] == [30, 120, 600]
    clock.advance(86_400)
    await order(client, f"{host.root}/hook", "another one")
    clock.advance(90)
    await host.next_callback()
    await wait_until(lambda: len(made) == 5)
    assert made[4].task_id != made[3].task_id


async def test_a_deaf_receiver_is_noted(
    client: ApiClient, apixo: FakeApixo, clock: ManualClock
) -> None:
    """The delivery says what went wrong."""
    await order(client, "http://127.0.0.1:1/hook")
    clock.advance(90)
    await wait_until(lambda: len(apixo.callbacks.attempts) == 1)
    assert apixo.callbacks.attempts[0].result == "ClientConnectorError"


async def test_only_this_machine_is_called(
    client: ApiClient, apixo: FakeApixo, clock: ManualClock
) -> None:
    """A public address is accepted, as documented, and never asked."""
    assert (await order(client, "https://your-server.com/webhooks/apixo")).status == 200
    clock.advance(90)
    await wait_until(lambda: len(apixo.callbacks.attempts) == 1)
    assert "only this machine" in str(apixo.callbacks.attempts[0].result)


async def test_a_callback_can_come_twice(
    client: ApiClient, host: FileHost, clock: ManualClock
) -> None:
    """The receiver has to bear it."""
    await order(client, f"{host.root}/hook", "a fox [[callback:twice]]")
    clock.advance(90)
    assert await host.next_callback() == await host.next_callback()


async def test_a_callback_can_stay_away(
    client: ApiClient, host: FileHost, clock: ManualClock
) -> None:
    """A later task's callback comes, this one's does not, and its status shows the end."""
    silent = await order(client, f"{host.root}/hook", "a fox [[callback:never]]")
    clock.advance(90)
    told = await order(client, f"{host.root}/hook")
    clock.advance(90)
    assert (await host.next_callback())["data"]["taskId"] == told.data["taskId"]
    assert host.callbacks.empty()
    assert (await client.status(silent.data["taskId"])).data["state"] == "success"


async def test_a_callback_can_come_before_the_answer_and_claim_too_much(
    client: ApiClient, host: FileHost
) -> None:
    """It says success while the status still says otherwise."""
    task_id = (await order(client, f"{host.root}/hook", "a fox [[callback:early]]")).data["taskId"]
    assert not host.callbacks.empty()
    claim = (await host.next_callback())["data"]
    assert (claim["taskId"], claim["state"]) == (task_id, "success")
    assert (await client.status(task_id)).data["state"] == "pending"


async def test_an_early_callback_that_is_not_acknowledged_is_sent_again(
    client: ApiClient, host: FileHost, apixo: FakeApixo, clock: ManualClock
) -> None:
    """It has no other chance to be heard."""
    host.answers = [503]
    await order(client, f"{host.root}/hook", "a fox [[callback:early]]")
    first = await host.next_callback()
    clock.advance(30)
    assert await host.next_callback() == first
    await wait_until(lambda: len(apixo.callbacks.attempts) == 2)
    assert [delivery.result for delivery in apixo.callbacks.attempts] == [503, 200]


async def test_polling_needs_no_callback(
    client: ApiClient, host: FileHost, clock: ManualClock
) -> None:
    """An address beside request_type async is not used."""
    model, fields = SUBMISSIONS["1.5 text"]
    polled = {"request_type": "async", "callback_url": f"{host.root}/hook", "input": fields}
    await client.post(model, polled)
    told = await order(client, f"{host.root}/hook")
    clock.advance(90)
    assert (await host.next_callback())["data"]["taskId"] == told.data["taskId"]
    assert host.callbacks.empty()
