"""Killed at any transaction, before or after it: the belt goes on as if nothing had happened."""

import asyncio
from typing import Any

import pytest

from domain.jobs import JobState
from tests.harness.workflow import BOTH_ENGINES, DoomedDatabase, FlakyDatabase, World
from workflow.stages.recover import park_lost_submissions
from workflow.worker import Belt

S = JobState

_MOST_TRANSACTIONS = 40


@BOTH_ENGINES
@pytest.mark.parametrize("commits", [False, True])
async def test_a_process_killed_at_any_transaction_leaves_no_harm(world: World, commits: bool):
    """For each transaction of a whole life: kill there, start anew, and look.

    One task, one charge, one result message; or, where the answer of the submission died with the
    process, one task, nothing charged and the job parked.
    """
    unknown = 0
    for last in range(1, _MOST_TRANSACTIONS):
        before = world.submissions()
        job, survived = await _life_cut_short(world, last, commits=commits)
        ended = await world.until(S.DELIVERED, S.SUBMIT_UNKNOWN, job=job)
        assert world.submissions() - before <= 1
        kinds = [kind for kind, _ in await world.ledger(job)]
        if ended.state is S.DELIVERED:
            assert kinds == ["hold", "charge"]
            assert len(world.channel.of(job, "result")) == 1
        else:
            unknown += 1
            assert kinds == ["hold"]
        assert len(world.channel.of(job, "status")) == 1
        await world.audit()
        if survived:
            break
    else:
        pytest.fail("no life was left whole")
    assert last > 8
    assert 1 <= unknown <= 2


async def _life_cut_short(world: World, last: int, *, commits: bool) -> tuple[str, bool]:
    """Run one job until the process dies at its `last` transaction, and start the next process."""
    job = (await world.order()).job.id
    doomed = DoomedDatabase(world.database, last, commits=commits)
    living = asyncio.create_task(_live(world, doomed, job))
    dying = asyncio.create_task(doomed.dead.wait())
    await asyncio.wait((living, dying), return_when=asyncio.FIRST_COMPLETED)
    survived = living.done()
    stages = {task for task in asyncio.all_tasks() if task.get_name().startswith("job ")}
    for task in {living, dying, *stages}:
        task.cancel()
    await asyncio.gather(living, dying, *stages, return_exceptions=True)
    await world.reborn(owner=f"after {last} {commits}")
    return job, survived


async def _live(world: World, doomed: DoomedDatabase, job: str) -> None:
    await world.reborn(doomed, owner=f"life {doomed}")
    await world.until(S.DELIVERED, job=job)
    await world.turn()


async def test_a_task_id_is_written_even_through_a_fault_of_the_database(world: World):
    """It is known to this process alone: the write is tried again until it is done."""
    flaky = FlakyDatabase(world.database)
    await world.reborn(flaky)
    job = (await world.order()).job
    real = world.context.apixo.submit

    async def submit(*given: Any) -> str:
        task_id = await real(*given)
        flaky.failing = 4
        return task_id

    world.context.apixo.submit = submit  # type: ignore[method-assign]
    await world.until(S.DELIVERED, job=job.id)
    assert world.submissions() == 1
    await world.audit()


async def test_a_submission_that_another_process_gave_up_is_adopted(world: World):
    """A clock that is wrong by minutes parks a running submission; its answer brings it back."""
    job = (await world.order()).job
    real = world.context.apixo.submit

    async def submit(*given: Any) -> str:
        task_id = await real(*given)
        world.clock.advance(120)
        await park_lost_submissions(world.context)
        assert (await world.job(job.id)).state is S.SUBMIT_UNKNOWN
        return task_id

    world.context.apixo.submit = submit  # type: ignore[method-assign]
    await world.until(S.GENERATING, job=job.id)
    await world.until(S.DELIVERED, job=job.id)
    assert world.submissions() == 1
    assert [kind for kind, _ in await world.ledger(job.id)] == ["hold", "charge"]
    await world.audit()


@pytest.mark.parametrize("template", ["postgresql"], indirect=True)
async def test_two_processes_on_one_belt_do_each_job_once(world: World):
    """On PostgreSQL several processes may turn: ten jobs, two belts, ten tasks and posts."""
    belts = world.belt, Belt(world.context, "other")
    ordered = [(await world.order()).job.id for _ in range(10)]
    while not await world.all_are(S.DELIVERED, ordered):
        await asyncio.gather(*(belt.turn() for belt in belts))
        await asyncio.gather(*(belt.settle() for belt in belts))
        await world.forward()
    assert world.submissions() == 10
    assert all(len(world.channel.of(job, "result")) == 1 for job in ordered)
    assert all(len(world.channel.of(job, "status")) == 1 for job in ordered)
    await world.audit()
