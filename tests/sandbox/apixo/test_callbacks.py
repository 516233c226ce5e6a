"""Callbacks: what is sent, when again, and to whom never."""

from itertools import pairwise

import pytest

from sandbox.apixo import ApixoStandIn, HandClock
from tests.sandbox.apixo.conftest import ORDERS, Customer, Host, Reply, eventually


async def order(customer: Customer, url: str, prompt: str = "a calm seaside sunrise") -> Reply:
    model, fields = ORDERS["1.5 text"]
    body = {"request_type": "callback", "callback_url": url, "input": {**fields, "prompt": prompt}}
    return await customer.post(model, body)


@pytest.mark.parametrize("prompt", ["a fox", "a fox [[fail:SensitiveContent]]"])
async def test_the_end_is_told_with_the_body_of_a_status_answer(
    prompt: str, customer: Customer, host: Host, clock: HandClock
) -> None:
    """Success or failure, code 200, the same fields."""
    task_id = (await order(customer, f"{host.root}/hook", prompt)).data["taskId"]
    clock.advance(90)
    assert await host.called() == (await customer.status(task_id)).body


async def test_nothing_is_sent_before_the_end(
    customer: Customer, host: Host, apixo: ApixoStandIn, clock: HandClock
) -> None:
    """The first callback comes not before the task's end."""
    await order(customer, f"{host.root}/hook")
    clock.advance(59)
    assert apixo.callbacks.deliveries == []
    clock.advance(31)
    assert (await host.called())["data"]["state"] == "success"
    await eventually(lambda: len(apixo.callbacks.deliveries) == 1)
    (delivery,) = apixo.callbacks.deliveries
    assert (delivery.result, delivery.url) == (200, f"{host.root}/hook")


async def test_what_is_not_acknowledged_is_sent_four_times(
    customer: Customer, host: Host, apixo: ApixoStandIn, clock: HandClock
) -> None:
    """Again after 30 seconds, 2 and 10 minutes; only exactly 200 counts; then it is given up."""
    host.answers = [500, 204, 302, 404]
    await order(customer, f"{host.root}/hook")
    made = apixo.callbacks.deliveries
    for gap in (90, 30, 120, 600):
        count = len(made)
        clock.advance(gap)
        await host.called()
        await eventually(lambda count=count: len(made) == count + 1)
    assert [delivery.result for delivery in made] == [500, 204, 302, 404]
    assert [round(b.at - a.at) for a, b in pairwise(made)] == [30, 120, 600]
    clock.advance(86_400)
    await order(customer, f"{host.root}/hook", "another one")
    clock.advance(90)
    await host.called()
    await eventually(lambda: len(made) == 5)
    assert made[4].task_id != made[3].task_id


async def test_a_deaf_receiver_is_noted(
    customer: Customer, apixo: ApixoStandIn, clock: HandClock
) -> None:
    """The delivery says what went wrong."""
    await order(customer, "http://127.0.0.1:1/hook")
    clock.advance(90)
    await eventually(lambda: len(apixo.callbacks.deliveries) == 1)
    assert apixo.callbacks.deliveries[0].result == "ClientConnectorError"


async def test_only_this_machine_is_called(
    customer: Customer, apixo: ApixoStandIn, clock: HandClock
) -> None:
    """A public address is accepted, as documented, and never asked."""
    assert (await order(customer, "https://your-server.com/webhooks/apixo")).status == 200
    clock.advance(90)
    await eventually(lambda: len(apixo.callbacks.deliveries) == 1)
    assert "only this machine" in str(apixo.callbacks.deliveries[0].result)


async def test_a_callback_can_come_twice(customer: Customer, host: Host, clock: HandClock) -> None:
    """The receiver has to bear it."""
    await order(customer, f"{host.root}/hook", "a fox [[callback:twice]]")
    clock.advance(90)
    assert await host.called() == await host.called()


async def test_a_callback_can_stay_away(customer: Customer, host: Host, clock: HandClock) -> None:
    """A later task's callback comes, this one's does not, and its status tells the end."""
    silent = await order(customer, f"{host.root}/hook", "a fox [[callback:never]]")
    clock.advance(90)
    told = await order(customer, f"{host.root}/hook")
    clock.advance(90)
    assert (await host.called())["data"]["taskId"] == told.data["taskId"]
    assert host.callbacks.empty()
    assert (await customer.status(silent.data["taskId"])).data["state"] == "success"


async def test_a_callback_can_come_before_the_answer_and_claim_too_much(
    customer: Customer, host: Host
) -> None:
    """It says success while the status still says otherwise."""
    task_id = (await order(customer, f"{host.root}/hook", "a fox [[callback:early]]")).data[
        "taskId"
    ]
    assert not host.callbacks.empty()
    claim = (await host.called())["data"]
    assert (claim["taskId"], claim["state"]) == (task_id, "success")
    assert (await customer.status(task_id)).data["state"] == "pending"


async def test_an_early_callback_that_is_not_acknowledged_is_sent_again(
    customer: Customer, host: Host, apixo: ApixoStandIn, clock: HandClock
) -> None:
    """It has no other chance to be heard."""
    host.answers = [503]
    await order(customer, f"{host.root}/hook", "a fox [[callback:early]]")
    first = await host.called()
    clock.advance(30)
    assert await host.called() == first
    await eventually(lambda: len(apixo.callbacks.deliveries) == 2)
    assert [delivery.result for delivery in apixo.callbacks.deliveries] == [503, 200]


async def test_polling_needs_no_callback(customer: Customer, host: Host, clock: HandClock) -> None:
    """An address beside request_type async is not used."""
    model, fields = ORDERS["1.5 text"]
    polled = {"request_type": "async", "callback_url": f"{host.root}/hook", "input": fields}
    await customer.post(model, polled)
    told = await order(customer, f"{host.root}/hook")
    clock.advance(90)
    assert (await host.called())["data"]["taskId"] == told.data["taskId"]
    assert host.callbacks.empty()
