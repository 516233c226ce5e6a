"""Killed at any transaction, before or after it: the worker goes on as if nothing had happened."""

import asyncio
from typing import Any

import pytest

from domain.jobs import JobState
from tests.harness.workflow import FlakyDatabase, KilledDatabase, WorkflowHarness
from workflow.stages.recover import park_lost_submissions
from workflow.worker import Worker

S = JobState

_MOST_TRANSACTIONS = 40


@pytest.mark.parametrize("commits", [False, True])
async def test_a_process_killed_at_any_transaction_leaves_no_harm(
    harness: WorkflowHarness, commits: bool
):
    """For each transaction of a whole life: kill there, restart, and compare.

    One task, one charge, one result message; or, where the answer of the submission died with the
    process, one task, nothing charged and the job parked.
    """
    unknown = 0
    for last in range(1, _MOST_TRANSACTIONS):
        before = harness.submission_count()
        job, survived = await _life_cut_short(harness, last, commits=commits)
        ended = await harness.run_until(S.DELIVERED, S.SUBMIT_UNKNOWN, job=job)
        assert harness.submission_count() - before <= 1
        kinds = [kind for kind, _ in await harness.ledger(job)]
        if ended.state is S.DELIVERED:
            assert kinds == ["hold", "charge"]
            assert len(harness.publisher.messages_of(job, "result")) == 1
        else:
            unknown += 1
            assert kinds == ["hold"]
        await harness.run_for(60)
        status = harness.publisher.status_of(job)
        assert (status in harness.publisher.deleted) == (ended.state is S.DELIVERED)
        if survived:
            break
    else:
        pytest.fail("no life was left whole")
    await harness.audit()
    assert last > 8
    assert 1 <= unknown <= 2


async def _life_cut_short(world: WorkflowHarness, last: int, *, commits: bool) -> tuple[str, bool]:
    """Run one job until the process dies at its `last` transaction, and start the next process."""
    job = (await world.accept_job()).job.id
    doomed = KilledDatabase(world.database, last, commits=commits)
    living = asyncio.create_task(_live(world, doomed, job))
    dying = asyncio.create_task(doomed.killed.wait())
    await asyncio.wait((living, dying), return_when=asyncio.FIRST_COMPLETED)
    survived = living.done()
    stages = {task for task in asyncio.all_tasks() if task.get_name().startswith("job ")}
    for task in {living, dying, *stages}:
        task.cancel()
    await asyncio.gather(living, dying, *stages, return_exceptions=True)
    await world.replace_worker(owner=f"after {last} {commits}")
    return job, survived


async def _live(world: WorkflowHarness, doomed: KilledDatabase, job: str) -> None:
    await world.replace_worker(doomed, owner=f"life {doomed}")
    await world.run_until(S.DELIVERED, job=job)
    await world.run_once()


async def test_a_task_id_is_written_even_through_a_fault_of_the_database(harness: WorkflowHarness):
    """It is known to this process alone: the write is tried again until it is done."""
    flaky = FlakyDatabase(harness.database)
    await harness.replace_worker(flaky)
    job = (await harness.accept_job()).job
    real = harness.context.apixo.submit

    async def submit(*given: Any) -> str:
        task_id = await real(*given)
        flaky.failures_left = 4
        return task_id

    harness.context.apixo.submit = submit  # type: ignore[method-assign]
    await harness.run_until(S.DELIVERED, job=job.id)
    assert harness.submission_count() == 1
    await harness.audit()


async def test_a_submission_that_another_process_gave_up_is_adopted(harness: WorkflowHarness):
    """A clock that is wrong by minutes parks a running submission; its answer brings it back."""
    job = (await harness.accept_job()).job
    real = harness.context.apixo.submit

    async def submit(*given: Any) -> str:
        task_id = await real(*given)
        harness.clock.advance(120)
        await park_lost_submissions(harness.context)
        assert (await harness.job(job.id)).state is S.SUBMIT_UNKNOWN
        return task_id

    harness.context.apixo.submit = submit  # type: ignore[method-assign]
    await harness.run_until(S.GENERATING, job=job.id)
    await harness.run_until(S.DELIVERED, job=job.id)
    assert harness.submission_count() == 1
    assert [kind for kind, _ in await harness.ledger(job.id)] == ["hold", "charge"]
    await harness.audit()


@pytest.mark.parametrize("template", ["postgresql"], indirect=True)
async def test_two_processes_on_one_queue_do_each_job_once(harness: WorkflowHarness):
    """On PostgreSQL several processes may turn: ten jobs, two belts, ten tasks and posts."""
    belts = harness.worker, Worker(harness.context, "other")
    ordered = [(await harness.accept_job()).job.id for _ in range(10)]
    while not await harness.all_are(S.DELIVERED, ordered):
        await asyncio.gather(*(belt.run_once() for belt in belts))
        await asyncio.gather(*(belt.wait_until_idle() for belt in belts))
        await harness.advance_to_next_due()
    assert harness.submission_count() == 10
    assert all(len(harness.publisher.messages_of(job, "result")) == 1 for job in ordered)
    await harness.run_for(60)
    assert {harness.publisher.status_of(job).id for job in ordered} == {
        message.id for message in harness.publisher.deleted
    }
    await harness.audit()
