"""Polling: patient, frugal, and the money settled with the state."""

from itertools import islice

import pytest

from domain.jobs import JobState
from domain.models import ModelId
from domain.polling import MAX_FAILURES, poll_ages_ms
from sandbox.apixo import Fault
from tests.harness.workflow import WorkflowHarness

S = JobState


@pytest.mark.parametrize("model", list(ModelId))
async def test_a_failure_is_known_at_the_early_look_and_costs_nothing(
    harness: WorkflowHarness, model: ModelId
):
    """Failures come after nine seconds; the look at twelve finds them, long before the others."""
    began = harness.clock.now()
    job = (await harness.accept_job("a lake [[fail:SensitiveContent]]", model=model)).job
    failed = await harness.run_until(S.FAILED, job=job.id)
    assert harness.clock.now() - began < 20
    assert harness.poll_count() == 1
    assert failed.fail_code == "SensitiveContent"
    assert await harness.ledger(job.id) == [("hold", job.price), ("release", job.price)]
    await harness.audit()


async def test_a_failure_is_charged_where_the_operator_says_so(harness: WorkflowHarness):
    """`CHARGE_FAILED_TASKS`: the whole price, and the job still counts as failed."""
    harness.change_policy(charge_failed_tasks=True)
    job = (await harness.accept_job("a lake [[fail:Unknown error]]")).job
    await harness.run_until(S.FAILED, job=job.id)
    assert await harness.ledger(job.id) == [("hold", job.price), ("charge", job.price)]
    await harness.audit()


async def test_a_failure_without_any_reason_ends_the_job_too(harness: WorkflowHarness):
    """A null failMsg is no reason to keep waiting."""
    job = (await harness.accept_job("a lake [[fail:Odd]] [[fail-msg:null]]")).job
    await harness.run_until(S.FAILED, job=job.id)
    assert (await harness.ledger(job.id))[-1] == ("release", job.price)


@pytest.mark.parametrize(
    "storm", ["502x6", "500x6", "429x6", "404x4", "401x3", "reset x4", "htmlx4", "hugex2", "deepx3"]
)
async def test_a_storm_of_bad_status_answers_only_delays(harness: WorkflowHarness, storm: str):
    """Whatever the answers are, the job goes on, and is charged once."""
    job = (await harness.accept_job(f"a lake [[status:{storm.replace(' ', '')}]]")).job
    await harness.run_until(S.DELIVERED, job=job.id)
    assert await harness.ledger(job.id) == [("hold", job.price), ("charge", job.price)]
    assert harness.submission_count() == 1
    await harness.audit()


async def test_looks_keep_their_distance_however_slow_the_answers_are(harness: WorkflowHarness):
    """They are counted from the last question, not from its answer."""
    job = (await harness.accept_job("a lake [[state:queued]]")).job
    await harness.run_once()
    began = harness.clock.now()
    ask, asked_s = harness.context.apixo.fetch_status, list[float]()

    async def slowly(model: ModelId, task_id: str):
        asked_s.append(harness.clock.now())
        status = await ask(model, task_id)
        harness.clock.advance(3)
        return status

    harness.context.apixo.fetch_status = slowly  # type: ignore[method-assign]
    await harness.run_for(75, step_s=0.5)
    assert (await harness.job(job.id)).state is S.GENERATING
    looks_s = [
        look / 1000 for look in islice(poll_ages_ms(ModelId.SEEDANCE_1_5_PRO, 4), len(asked_s))
    ]
    assert len(asked_s) > 4
    assert [asked - began for asked in asked_s] == pytest.approx(looks_s, abs=1)


async def test_a_state_that_is_not_documented_is_waiting(harness: WorkflowHarness):
    """Neither success nor failure: keep asking, and stand still at last with the hold kept."""
    states = "queued", "null", "banana"
    ordered = [(await harness.accept_job(f"a lake [[state:{state}]]")).job for state in states]
    for job in ordered:
        await harness.run_until(S.STUCK, job=job.id)
        assert await harness.ledger(job.id) == [("hold", job.price)]
    await harness.audit()


async def test_a_task_that_never_ends_is_stuck_after_two_hours_and_few_looks(
    harness: WorkflowHarness,
):
    """Its hold is kept, since it may still be charged at APIXO; looks come ever slower."""
    began = harness.clock.now()
    job = (await harness.accept_job("a lake [[never]]")).job
    await harness.run_until(S.STUCK, job=job.id)
    assert 2 * 3600 <= harness.clock.now() - began < 2.2 * 3600
    assert harness.poll_count() < 250
    assert await harness.ledger(job.id) == [("hold", job.price)]
    assert harness.publisher.messages_of(job.id, "failure")
    await harness.audit()


async def test_a_task_that_apixo_does_not_know_is_stuck_not_lost(harness: WorkflowHarness):
    """404 for ever: five tries and ten minutes, then a person decides; the hold stays."""
    job = (await harness.accept_job("a lake [[status:404x500]]")).job
    await harness.run_until(S.STUCK, job=job.id)
    assert await harness.ledger(job.id) == [("hold", job.price)]
    await harness.audit()


async def test_many_jobs_share_one_wake(harness: WorkflowHarness):
    """Five tasks that are due together are asked for in one turn, side by side."""
    ordered = [(await harness.accept_job(model=ModelId.SEEDANCE_2_0)).job.id for _ in range(5)]
    await harness.run_once()
    before = harness.poll_count()
    harness.clock.advance(12.5)
    await harness.run_once()
    assert harness.poll_count() - before == 5
    for job in ordered:
        await harness.run_until(S.DELIVERED, job=job)


async def test_a_result_link_that_is_missing_at_first_is_asked_for_anew(harness: WorkflowHarness):
    """Success is charged at once; the video comes with the next answer."""
    job = (await harness.accept_job("a lake")).job
    await harness.run_until(S.GENERATING, job=job.id)
    harness.clock.advance(200)
    harness.apixo.faults.add_status(Fault(without=("resultJson",)))
    await harness.run_once()
    await harness.run_until(S.DELIVERED, job=job.id)
    assert await harness.ledger(job.id) == [("hold", job.price), ("charge", job.price)]
    await harness.audit()


async def test_a_task_about_which_apixo_says_nothing_for_a_day_is_stuck(harness: WorkflowHarness):
    """The hold is kept, and the operator decides; an answer would have started the count again."""
    job = (await harness.accept_job("a lake [[status:503x3]]")).job
    await harness.run_until(S.GENERATING, job=job.id)
    await harness.set_failures(job.id, MAX_FAILURES - 1)
    await harness.run_once()
    assert (await harness.job(job.id)).state is S.GENERATING
    await harness.run_until(S.STUCK, job=job.id)
    assert await harness.ledger(job.id) == [("hold", job.price)]
    await harness.audit()
