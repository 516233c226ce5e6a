"""Submitting: what APIXO certainly did not take is sent again, everything else never."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from apixo.client import ApixoClient
from domain.jobs import JobState
from sandbox.apixo import Fault
from tests.harness.workflow import BEN, WorkflowHarness

S = JobState


@pytest.mark.parametrize(
    "directive",
    [
        *("effect:500", "effect:502", "effect:503", "effect:504", "effect:reset", "effect:cut"),
        *("garbage:html", "garbage:empty", "garbage:null", "garbage:no-data", "garbage:empty-id"),
        *("garbage:huge", "garbage:gzip-bomb", "garbage:deep", "refuse:500", "refuse:502"),
        *("refuse:503", "refuse:504", "refuse:code-500"),
    ],
)
async def test_after_a_lost_answer_nothing_is_sent_a_second_time(
    harness: WorkflowHarness, directive: str
):
    """A task may exist: parked with its hold for half an hour, then at the operator's cost."""
    job = (await harness.accept_job(f"a lake [[{directive}]]")).job
    parked = await harness.run_until(S.SUBMIT_UNKNOWN, job=job.id)
    assert parked.reason
    assert await harness.ledger(job.id) == [("hold", job.price)]
    await harness.run_for(25 * 60, step_s=60)
    assert await harness.ledger(job.id) == [("hold", job.price)]
    assert harness.publisher.messages_of(job.id, "failure") == []
    await harness.run_for(10 * 3600, step_s=900)
    given_up = [("hold", job.price), ("release", job.price), ("adjust", job.price)]
    assert await harness.ledger(job.id) == given_up
    assert (await harness.job(job.id)).state is S.SUBMIT_UNKNOWN
    assert harness.submission_count() == 1
    assert len(harness.publisher.messages_of(job.id, "failure")) == 1
    assert len(harness.publisher.messages_of(job.id, "status")) == 1
    await harness.audit()


@pytest.mark.parametrize(
    "directive", ["refuse:400", "refuse:403", "refuse:404", "refuse:content", "refuse:http-400"]
)
async def test_a_refused_request_ends_rejected_with_its_hold_released(
    harness: WorkflowHarness, directive: str
):
    """APIXO's own word reaches the job; nothing is charged, nothing is sent again."""
    job = (await harness.accept_job(f"a lake [[{directive}]]")).job
    rejected = await harness.run_until(S.REJECTED, job=job.id)
    assert rejected.fail_code or rejected.reason
    assert await harness.ledger(job.id) == [("hold", job.price), ("release", job.price)]
    await harness.run_for(3600, step_s=600)
    assert harness.submission_count() == 1
    await harness.audit()


@pytest.mark.parametrize(
    ("status", "times"),
    [(429, 3), (402, 2), (401, 2)],
)
async def test_what_is_refused_for_now_waits_and_is_sent_again(
    harness: WorkflowHarness, status: int, times: int
):
    """Rate limit, empty balance, a key that is being changed: the hold stays, a video comes."""
    harness.apixo.faults.add_submit(Fault(status=status), times)
    job = (await harness.accept_job()).job
    await harness.run_once()
    waiting = await harness.job(job.id)
    assert (waiting.state, waiting.failures) == (S.QUEUED, 1)
    assert await harness.ledger(job.id) == [("hold", job.price)]
    await harness.run_until(S.DELIVERED, job=job.id)
    assert harness.submission_count() == times + 1
    assert len(harness.apixo.tasks) == 1
    await harness.audit()


async def test_an_empty_balance_pauses_everybody(harness: WorkflowHarness):
    """The next one would fail likewise: one try, then a pause for all."""
    harness.apixo.faults.add_submit(Fault(status=402), 1)
    first = (await harness.accept_job()).job.id
    await harness.run_once()
    second = (await harness.accept_job(user=BEN)).job.id
    await harness.run_once()
    assert harness.submission_count() == 1
    for job in (first, second):
        await harness.run_until(S.DELIVERED, job=job)
    assert harness.submission_count() == 3


async def test_the_retry_after_of_a_rate_limit_is_kept(harness: WorkflowHarness):
    """Not before ninety seconds have passed, and soon after."""
    harness.apixo.faults.add_submit(Fault(status=429, headers={"Retry-After": "90"}))
    job = (await harness.accept_job()).job.id
    await harness.run_once()
    await harness.run_for(80, step_s=8)
    assert harness.submission_count() == 1
    await harness.run_for(20, step_s=5)
    assert (await harness.job(job)).state is not S.QUEUED


async def test_a_rate_limit_that_asks_for_no_patience_gets_some(harness: WorkflowHarness):
    """`Retry-After: 0` does not lead to a storm of submissions."""
    harness.apixo.faults.add_submit(Fault(status=429, headers={"Retry-After": "0"}), 1000)
    await harness.accept_job()
    await harness.run_for(60, step_s=0.5)
    assert 2 < harness.submission_count() < 12


async def test_a_storm_of_lost_answers_is_met_with_ever_fewer_submissions(harness: WorkflowHarness):
    """Each may have been paid, so an APIXO that falters is not sent the whole line at once."""
    harness.apixo.faults.add_submit(Fault(status=502, takes_effect=True), 1000)
    for _ in range(20):
        await harness.accept_job()
    await harness.run_for(60, step_s=0.5)
    assert 2 < harness.submission_count() < 12
    harness.apixo.faults.clear()
    await harness.run_for(600, step_s=10)
    assert harness.submission_count() == 20


async def test_an_apixo_that_can_not_be_reached_costs_nothing_but_time(harness: WorkflowHarness):
    """Connection refused proves that no task exists: the job goes back into the line."""
    good = harness.context.apixo
    async with ApixoClient("http://127.0.0.1:9/api/v1", SecretStr("k")) as nowhere:
        job = await _with_client(harness, nowhere)
        await harness.run_for(60, step_s=5)
        waiting = await harness.job(job)
        assert waiting.state is S.QUEUED
        assert waiting.failures > 1
    await _with_client(harness, good, order=False)
    await harness.run_until(S.DELIVERED, job=job)
    assert harness.submission_count() == 1
    await harness.audit()


async def _with_client(world: WorkflowHarness, client: ApixoClient, *, order: bool = True) -> str:
    world.context = replace(world.context, apixo=client)
    await world.replace_worker(owner="first")
    return (await world.accept_job()).job.id if order else ""
