"""APIXO's balance beside the ledger: exact when all is known, and honest about what is not.

A normal run mixes 80 jobs; `MIXED_JOBS=500` mixes more.
"""

import os
from itertools import cycle
from random import Random

import pytest

from domain.jobs import ENDED_WITHOUT_VIDEO, PAID, PARKED, JobState
from domain.models import ModelId
from sandbox.apixo import Fault
from storage import jobs
from storage.jobs import Job
from tests.harness.workflow import BOTH_ENGINES, WorkflowHarness
from workflow.billing.quotas import Actor
from workflow.billing.reconciliation import (
    BalanceReader,
    Reconciliation,
    WeeklyReconciliation,
    latest_reconciliation,
    reconcile_week,
)
from workflow.operator.actions import DecisionRequest, apply_decision
from workflow.operator.parked_jobs import Decision, read_parked_job

S = JobState
DOLLAR = 1_000_000
JOBS = int(os.environ.get("MIXED_JOBS", "55"))
"""How many jobs are mixed; each mishap comes once at least."""


@pytest.fixture
def reader(harness: WorkflowHarness) -> BalanceReader:
    return BalanceReader(harness.context)


async def read(world: WorkflowHarness, reader: BalanceReader) -> Reconciliation:
    """Read the balance an hour later."""
    world.clock.advance(3600)
    reading = await reader.read_if_due(None)
    assert reading is not None
    return reading


async def week(world: WorkflowHarness) -> WeeklyReconciliation:
    now_ms = world.context.now_ms()
    return await world.database.read(lambda tx: reconcile_week(tx, now_ms))


async def test_it_is_read_on_start_hourly_and_often_while_money_is_wanted(
    harness: WorkflowHarness, reader: BalanceReader
):
    """And at once when it is wanted; each process reads on its own start."""
    assert await latest_reconciliation(harness.context) is None
    assert await reader.read_if_due(None) is not None
    harness.clock.advance(3599)
    assert await reader.read_if_due(None) is None
    harness.clock.advance(1)
    assert await reader.read_if_due(None) is not None
    harness.clock.advance(10)
    short_since_ms = harness.context.now_ms()
    assert await reader.read_if_due(short_since_ms) is not None
    assert await reader.read_if_due(short_since_ms) is None
    harness.clock.advance(120)
    assert await reader.read_if_due(short_since_ms) is not None
    assert await BalanceReader(harness.context).read_if_due(None) is not None


async def test_an_apixo_that_does_not_tell_is_asked_again_after_a_minute(
    harness: WorkflowHarness, reader: BalanceReader
):
    """Nothing is kept of it."""
    harness.apixo.faults.add_balance(Fault(status=500))
    assert await reader.read_if_due(None) is None
    assert await reader.read_if_due(None) is None
    assert await latest_reconciliation(harness.context) is None
    harness.clock.advance(60)
    assert await reader.read_if_due(None) is not None


@BOTH_ENGINES
async def test_what_was_made_and_paid_leaves_no_difference(
    harness: WorkflowHarness, reader: BalanceReader
):
    """A success and a failure between two readings."""
    await read(harness, reader)
    good, bad = (
        (await harness.accept_job()).job,
        (await harness.accept_job("a lake [[fail:Timeout]]")).job,
    )
    await harness.run_until(S.DELIVERED, job=good.id)
    await harness.run_until(S.FAILED, job=bad.id)
    reading = await read(harness, reader)
    assert (reading.difference, reading.top_up, reading.unexplained) == (0, 0, 0)
    assert reading.balance == 100 * DOLLAR - good.price
    assert await latest_reconciliation(harness.context) == reading


@BOTH_ENGINES
async def test_a_task_in_flight_is_a_difference_that_it_explains(
    harness: WorkflowHarness, reader: BalanceReader
):
    """Taken from the balance with the submission, expected with the success: never unexplained."""
    await read(harness, reader)
    job = (await harness.accept_job("a lake [[slow:5000]]")).job
    await harness.run_until(S.GENERATING, job=job.id)
    during = await read(harness, reader)
    assert (during.difference, during.in_flight) == (job.price, job.price)
    await harness.run_until(S.DELIVERED, job=job.id)
    after = await read(harness, reader)
    assert (after.difference, after.in_flight) == (-job.price, job.price)
    assert (await week(harness)).difference == 0
    assert (await week(harness)).unexplained == 0


async def test_a_top_up_is_no_difference(harness: WorkflowHarness, reader: BalanceReader):
    """The key was filled by fifty dollars while one video was made."""
    await read(harness, reader)
    job = (await harness.accept_job()).job
    await harness.run_until(S.DELIVERED, job=job.id)
    harness.apixo.balance.micro += 50 * DOLLAR
    reading = await read(harness, reader)
    assert (reading.top_up, reading.difference) == (50 * DOLLAR, 0)
    assert (await week(harness)).top_up == 50 * DOLLAR


async def test_what_nobody_knows_of_is_unexplained(harness: WorkflowHarness, reader: BalanceReader):
    """Somebody else uses the key: to the micro-dollar, in the reading and in the week."""
    await read(harness, reader)
    harness.apixo.balance.micro -= 123_457
    assert (await read(harness, reader)).unexplained == 123_457
    assert (await read(harness, reader)).unexplained == 0
    found = await week(harness)
    assert (found.readings, found.unexplained) == (3, 123_457)


MISHAPS = (
    *("fail:PromptInvalid", "fail:SensitiveContent", "fail:Timeout", "fail:StreamError"),
    *("fail:Unknown error", "fail:whatever", "fail-msg:long]] [[fail:RateLimited"),
    *("refuse:400", "refuse:403", "refuse:content", "refuse:http-400"),
    *("refuse:500", "refuse:504", "effect:500", "effect:502", "effect:504", "effect:reset"),
    *("garbage:html", "garbage:no-data", "garbage:empty-id", "garbage:null"),
    *("status:502x3", "status:429x2", "status:404x2", "status:html", "state:queued", "slow:900"),
    *("result:404", "result:none", "result:foreign"),
    *("times:negative", "never"),
)
"""What can go wrong with one job."""


async def test_after_mixed_jobs_bill_ledger_and_balance_agree_to_the_micro_dollar(
    harness: WorkflowHarness, reader: BalanceReader
):
    """Each task by itself; and once every parked job is decided on, the sums as well."""
    harness.apixo.balance.micro = before = 5_000 * DOLLAR
    harness.change_policy(max_tasks=64, exposure_limit=None)
    await read(harness, reader)
    made = await _make_mixed(harness, JOBS)
    during = await read(harness, reader)
    tasks = {task.id: task.charged_micro for task in harness.apixo.tasks}
    for job in made:
        assert tasks.get(job.task_id or "", 0) == _taken(job)
    lost = sum(tasks.values()) - sum(_taken(job) for job in made)
    assert lost > 0
    assert during.difference >= lost
    assert during.unexplained == 0

    await _decide_on_all(harness, made)
    after = await read(harness, reader)
    assert before - harness.apixo.balance.micro == sum(
        task.charged_micro for task in harness.apixo.tasks
    )
    found = await week(harness)
    assert (found.difference, found.unexplained, found.top_up) == (0, 0, 0)
    assert (after.unexplained, after.in_flight) == (0, during.in_flight)
    verdict = await harness.audit()
    assert set(verdict.jobs) == {"delivered", "failed", "rejected", "result_lost"}


async def _make_mixed(world: WorkflowHarness, count: int) -> list[Job]:
    """Ask for videos of both models, three in five with a mishap, and wait until each rests."""
    dice, made = Random(11), list[str]()  # noqa: S311 - chance, repeatable
    mishaps = cycle(MISHAPS)
    world.apixo.faults.add_submit(Fault(status=429), 3)
    for number in range(count):
        mishap = f" [[{next(mishaps)}]]" if number % 5 < 3 else ""
        model = dice.choice([None, ModelId.SEEDANCE_2_0])
        order = await world.accept_job(f"{number} lakes{mishap}", model=model, user=number % 20)
        made.append(order.job.id)
    await _all_rest(world)
    return [await world.job(job) for job in made]


async def _all_rest(world: WorkflowHarness) -> None:
    resting = PARKED | ENDED_WITHOUT_VIDEO | {S.DELIVERED}
    while set(await world.database.read(jobs.count_by_state)) - resting:
        await world.run_once()
        wait_s = await world.seconds_until_due() or 0.0
        world.clock.advance(max(30.0, min(wait_s, 600.0)))


def _taken(job: Job) -> int:
    """Return what APIXO has charged for a job, as far as its state shows."""
    ended_well = job.state in PAID
    return job.price if ended_well or job.state is S.STUCK else 0


async def _decide_on_all(world: WorkflowHarness, made: list[Job]) -> None:
    """Decide on each parked job as its task's fate demands, and wait until each rests again."""
    by_number = {task.submission.prompt.split()[0]: task for task in world.apixo.tasks}
    for number, job in enumerate(made):
        task = by_number.get(job.request.prompt.split()[0])
        if job.state is S.SUBMIT_UNKNOWN:
            decision = Decision.RELEASE if task is None else Decision.BIND_TASK
        elif job.state is S.STUCK:
            decision = Decision.CHARGE_OPERATOR
        else:
            continue
        found = await world.database.read(lambda tx, job=job: read_parked_job(tx, job.id))
        assert found is not None
        verdict = DecisionRequest(
            decision=decision,
            job_id=job.id,
            fence=found.job.fence,
            operator=Actor(7, 1_000_000 + number),
            task_id=task.id if task and decision is Decision.BIND_TASK else None,
        )
        await apply_decision(world.context, verdict)
    await _all_rest(world)
