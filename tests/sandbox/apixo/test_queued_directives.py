"""Directives that a task gets beside those of its prompt, and the return to the beginning."""

from decimal import Decimal

from sandbox.apixo import ApixoStandIn, Fault, HandClock
from tests.sandbox.apixo.conftest import Customer, eventually

LONG_S = 1_000


async def test_each_task_gets_one_of_the_waiting_directives(
    customer: Customer, apixo: ApixoStandIn
) -> None:
    """The oldest first, beside those of its own prompt; what is refused takes none."""
    apixo.cues += ["[[effect:504]]", "[[fail:Timeout]]"]
    assert (await customer.submit("1.5 text", duration=99)).status == 400
    assert apixo.cues == ["[[effect:504]]", "[[fail:Timeout]]"]
    lost = await customer.submit("1.5 text", prompt="dusk [[slow:5]]")
    failing = await customer.submit("1.5 text")
    usual = await customer.submit("1.5 text")
    assert [reply.status for reply in (lost, failing, usual)] == [504, 200, 200]
    first, second, third = apixo.tasks
    assert (first.seconds, second.fail_code, third.fail_code) == (5, "Timeout", None)
    assert apixo.cues == []


async def test_a_fault_can_last_as_long_as_it_is_wanted(
    customer: Customer, apixo: ApixoStandIn
) -> None:
    """Every request of its route suffers, a fault that waits for one comes first."""
    task_id = await customer.task()
    wanted = True
    apixo.faults.on_while("status", Fault(status=502), lambda: wanted)
    apixo.faults.on_status(Fault(status=404))
    assert [(await customer.status(task_id)).status for _ in range(3)] == [404, 502, 502]
    assert await customer.balance() == Decimal("99.84")
    wanted = False
    assert (await customer.status(task_id)).status == 200


async def test_it_can_be_emptied_and_goes_on(
    customer: Customer, apixo: ApixoStandIn, clock: HandClock
) -> None:
    """No task, no request, no fault, the whole balance; and the next task is made as ever."""
    old = await customer.task()
    apixo.cues.append("[[never]]")
    apixo.faults.on_status(Fault(status=502))
    await apixo.empty()
    assert (len(apixo.tasks), len(apixo.journal)) == (0, 0)
    assert await customer.balance() == Decimal(100)
    assert (await customer.status(old)).status == 404
    new = await customer.task()
    (task,) = apixo.tasks
    await eventually(lambda: task.ready is not None)
    clock.advance(LONG_S)
    assert (await customer.status(new)).data["state"] == "success"
