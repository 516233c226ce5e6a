"""Directives that a task gets beside those of its prompt, and the return to the beginning."""

from decimal import Decimal

from sandbox.apixo import FakeApixo, Fault, ManualClock
from tests.sandbox.apixo.conftest import ApiClient, wait_until

LONG_S = 1_000


async def test_each_task_gets_one_of_the_waiting_directives(
    client: ApiClient, apixo: FakeApixo
) -> None:
    """The oldest first, beside those of its own prompt; what is refused takes none."""
    apixo.queued_directives += ["[[effect:504]]", "[[fail:Timeout]]"]
    assert (await client.submit("1.5 text", duration=99)).status == 400
    assert apixo.queued_directives == ["[[effect:504]]", "[[fail:Timeout]]"]
    lost = await client.submit("1.5 text", prompt="dusk [[slow:5]]")
    failing = await client.submit("1.5 text")
    usual = await client.submit("1.5 text")
    assert [reply.status for reply in (lost, failing, usual)] == [504, 200, 200]
    first, second, third = apixo.tasks
    assert (first.seconds, second.fail_code, third.fail_code) == (5, "Timeout", None)
    assert apixo.queued_directives == []


async def test_a_fault_can_last_as_long_as_it_is_wanted(
    client: ApiClient, apixo: FakeApixo
) -> None:
    """Every request of its route suffers, a fault that waits for one comes first."""
    task_id = await client.submit_task()
    wanted = True
    apixo.faults.add_while("status", Fault(status=502), lambda: wanted)
    apixo.faults.add_status(Fault(status=404))
    assert [(await client.status(task_id)).status for _ in range(3)] == [404, 502, 502]
    assert await client.balance() == Decimal("99.84")
    wanted = False
    assert (await client.status(task_id)).status == 200


async def test_it_can_be_emptied_and_goes_on(
    client: ApiClient, apixo: FakeApixo, clock: ManualClock
) -> None:
    """No task, no request, no fault, the whole balance; and the next task is made as ever."""
    old = await client.submit_task()
    apixo.queued_directives.append("[[never]]")
    apixo.faults.add_status(Fault(status=502))
    await apixo.reset()
    assert (len(apixo.tasks), len(apixo.journal)) == (0, 0)
    assert await client.balance() == Decimal(100)
    assert (await client.status(old)).status == 404
    new = await client.submit_task()
    (task,) = apixo.tasks
    await wait_until(lambda: task.ready_at is not None)
    clock.advance(LONG_S)
    assert (await client.status(new)).data["state"] == "success"
