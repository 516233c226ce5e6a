"""The operator's stop, the exposure of a day and its limit, and who pays for what turns up late."""

import asyncio

import pytest

from domain.jobs import JobState
from domain.money import MicroUSD
from storage import audit_log, exposure, submission_pause
from storage.exposure import get_for_day
from tests.harness.workflow import BEN, BOTH_ENGINES, WorkflowHarness
from workflow.billing.quotas import Actor
from workflow.operator import control
from workflow.operator.actions import DecisionRequest, apply_decision
from workflow.operator.parked_jobs import Decision, get_parked_job
from workflow.publisher import BlockReason, SubmissionBlock
from workflow.status_views import build_status_view

S = JobState
OLGA, OTTO = 91, 92
LOST = "a lake [[effect:504]]"
HALF_AN_HOUR = 31 * 60


async def exposed(world: WorkflowHarness) -> int:
    return await world.database.read(lambda tx: get_for_day(tx, world.context.now_ms()))


async def given_up(world: WorkflowHarness, prompt: str = LOST) -> str:
    """Lose the answer to a submission, and let its grace time pass."""
    job = (await world.accept_job(prompt)).job.id
    await world.run_until(S.SUBMIT_UNKNOWN, job=job)
    await world.run_for(HALF_AN_HOUR, step_s=300)
    return job


def task_of(world: WorkflowHarness) -> str:
    """Give the one task that APIXO made."""
    (task,) = world.apixo.tasks
    return task.id


async def bind(world: WorkflowHarness, job: str, task: str, click: int = 7001) -> None:
    found = await get_parked_job(world.context, job)
    assert found is not None
    operator = Actor(OLGA, click)
    verdict = DecisionRequest(
        decision=Decision.BIND_TASK,
        job_id=job,
        fence=found.job.fence,
        operator=operator,
        task_id=task,
    )
    await apply_decision(world.context, verdict)


@BOTH_ENGINES
async def test_while_the_operator_stops_it_nothing_is_submitted_and_the_rest_goes_on(
    harness: WorkflowHarness,
) -> None:
    """What APIXO has is asked for, fetched and posted; what waits says why, then goes on."""
    first = (await harness.accept_job()).job.id
    await harness.run_once()
    await control.stop_submissions(harness.context, "moving house", Actor(OLGA, 1))
    ordered = await harness.accept_job(user=BEN)
    assert ordered.submission_block == SubmissionBlock(BlockReason.OPERATOR, "moving house")
    await harness.run_until(S.DELIVERED, job=first)
    await harness.replace_worker()
    await harness.run_for(3600, step_s=300)
    assert (await harness.job(ordered.job.id)).state is S.QUEUED
    assert harness.submission_count() == 1
    assert await control.resume_submissions(harness.context, Actor(OTTO, 2))
    await harness.run_until(S.DELIVERED, job=ordered.job.id)
    changes = await harness.database.read(lambda tx: audit_log.list_latest(tx, 0, 9))
    assert [(c.what, c.actor, c.before, c.after) for c in changes] == [
        ("go on", "92", "moving house", None),
        ("stop", "91", None, "moving house"),
    ]
    await harness.audit()


@BOTH_ENGINES
async def test_what_waited_before_the_stop_says_so_too_and_no_more_afterwards(
    harness: WorkflowHarness,
) -> None:
    """The card of a job in line is brought up to date, both ways."""
    job = (await harness.accept_job()).job
    harness.change_policy(max_tasks=0)
    await harness.run_once()
    (card,) = harness.publisher.messages_of(job.id, "status")
    await control.stop_submissions(harness.context, "storm", Actor(OLGA, 1))
    await harness.run_once()
    assert card.submission_blocks == [None, SubmissionBlock(BlockReason.OPERATOR, "storm")]
    await control.resume_submissions(harness.context, Actor(OLGA, 2))
    await harness.run_once()
    assert card.submission_blocks == [None, SubmissionBlock(BlockReason.OPERATOR, "storm"), None]


async def test_a_stop_by_the_same_click_is_one_stop(harness: WorkflowHarness) -> None:
    """An interaction that is delivered twice changes nothing the second time."""
    for _ in range(2):
        await control.stop_submissions(harness.context, "storm", Actor(OLGA, 1))
    assert await control.resume_submissions(harness.context, Actor(OLGA, 2))
    assert not await control.resume_submissions(harness.context, Actor(OLGA, 3))
    assert len(await harness.database.read(lambda tx: audit_log.list_latest(tx, 0, 9))) == 2


async def test_going_on_ends_a_pause_as_well(harness: WorkflowHarness) -> None:
    """The operator overrules the clock."""
    until_ms = harness.context.now_ms() + 10_000
    await harness.database.transact(lambda tx: submission_pause.pause(tx, until_ms, "rate limited"))
    assert await control.resume_submissions(harness.context, Actor(OLGA, 1))
    await harness.accept_job()
    await harness.run_once()
    assert harness.submission_count() == 1


@BOTH_ENGINES
async def test_what_a_lost_answer_may_have_cost_is_booked_to_the_operator(
    harness: WorkflowHarness,
) -> None:
    """Before the grace ends it is exposure by its price, afterwards by the booking; never both."""
    job = (await harness.accept_job(LOST)).job
    await harness.run_until(S.SUBMIT_UNKNOWN, job=job.id)
    assert await exposed(harness) == job.price
    await harness.run_for(HALF_AN_HOUR, step_s=300)
    assert await exposed(harness) == job.price
    rows = [("hold", job.price), ("release", job.price), ("adjust", job.price)]
    assert await harness.ledger(job.id) == rows
    assert (await harness.audit()).ledger["adjusted"] == job.price


@BOTH_ENGINES
async def test_a_task_that_turns_up_late_is_the_operators_and_its_video_comes(
    harness: WorkflowHarness,
) -> None:
    """The member was told that nothing is charged, and so it stays; the booking covers it."""
    job = await given_up(harness)
    before = await harness.ledger(job)
    await bind(harness, job, task_of(harness))
    await harness.audit()
    await harness.run_until(S.DELIVERED, job=job)
    assert await harness.ledger(job) == before
    await harness.audit()


async def test_a_late_task_that_failed_costs_nobody(harness: WorkflowHarness) -> None:
    """The booking is taken back, as a failed task of a member is released."""
    job = await given_up(harness, "a lake [[effect:504]] [[fail:StreamError]]")
    price = (await harness.job(job)).price
    await bind(harness, job, task_of(harness))
    await harness.run_until(S.FAILED, job=job)
    assert (await harness.ledger(job))[-2:] == [("adjust", price), ("adjust", -price)]
    assert await exposed(harness) == 0
    assert not (await build_status_view(harness.context, await harness.job(job))).charged
    await harness.audit()


async def test_a_late_task_that_failed_is_never_charged_to_its_member(
    harness: WorkflowHarness,
) -> None:
    """Not even where failures cost: the operator bears it, and the card does not claim a charge."""
    harness.change_policy(charge_failed_tasks=True)
    job = await given_up(harness, "a lake [[effect:504]] [[fail:StreamError]]")
    before = await harness.ledger(job)
    await bind(harness, job, task_of(harness))
    await harness.run_until(S.FAILED, job=job)
    assert await harness.ledger(job) == before
    assert not (await build_status_view(harness.context, await harness.job(job))).charged
    await harness.audit()


async def test_a_late_task_that_never_ends_is_stuck_without_a_hold(
    harness: WorkflowHarness,
) -> None:
    """Its card does not speak of a hold, and the audit accepts it."""
    job = await given_up(harness, "a lake [[effect:504]] [[never]]")
    await bind(harness, job, task_of(harness))
    await harness.run_until(S.STUCK, job=job)
    assert (await build_status_view(harness.context, await harness.job(job))).hold_released
    await harness.audit()


async def test_a_late_video_whose_file_is_lost_gives_nothing_back(harness: WorkflowHarness) -> None:
    """There is nothing to refund to a member who paid nothing."""
    job = await given_up(harness, "a lake [[effect:504]] [[result:404]]")
    before = await harness.ledger(job)
    await bind(harness, job, task_of(harness))
    await harness.run_until(S.RESULT_LOST, job=job)
    assert await harness.ledger(job) == before
    await harness.audit()


@BOTH_ENGINES
async def test_at_its_limit_the_exposure_stops_submitting_until_the_operator_accepts_it(
    harness: WorkflowHarness,
) -> None:
    """Nothing more is submitted by itself; then as much again may be lost before it stops again."""
    harness.change_policy(exposure_limit=MicroUSD(100_000))
    lost = (await harness.accept_job(LOST)).job
    assert lost.price < 100_000 <= 2 * lost.price
    await harness.run_until(S.SUBMIT_UNKNOWN, job=lost.id)
    second = (await harness.accept_job(LOST)).job.id
    await harness.run_until(S.SUBMIT_UNKNOWN, job=second)
    waiting = await harness.accept_job()
    assert waiting.submission_block == SubmissionBlock(BlockReason.EXPOSURE)
    await harness.run_for(600, step_s=60)
    assert harness.submission_count() == 2
    assert await control.resume_submissions(harness.context, Actor(OLGA, 1))
    await harness.run_until(S.DELIVERED, job=waiting.job.id)
    status = await control.read_service_status(harness.context)
    assert status.exposure.accepted == status.exposure.amount == 2 * lost.price
    assert not status.exposure.is_reached
    await harness.audit()


async def test_the_next_day_begins_with_no_exposure_and_no_acceptance(
    harness: WorkflowHarness,
) -> None:
    """Yesterday's bookings are yesterday's, and a correction of them does not make room today."""
    harness.change_policy(exposure_limit=MicroUSD(80_000))
    job = await given_up(harness)
    assert await exposed(harness) == 80_000
    assert (await harness.accept_job()).submission_block == SubmissionBlock(BlockReason.EXPOSURE)
    await control.resume_submissions(harness.context, Actor(OLGA, 1))
    harness.clock.advance(86_400)
    assert await exposed(harness) == 0
    found = await get_parked_job(harness.context, job)
    assert found is not None
    verdict = DecisionRequest(
        decision=Decision.RELEASE,
        job_id=job,
        fence=found.job.fence,
        operator=Actor(OLGA, 2),
    )
    await apply_decision(harness.context, verdict)
    assert await exposed(harness) == 0
    accepted = await harness.database.read(
        lambda tx: exposure.get_accepted(tx, harness.context.now_ms())
    )
    assert accepted == 0
    await harness.audit()


@pytest.mark.parametrize("template", ["postgresql"], indirect=True)
async def test_a_stop_reaches_every_process(harness: WorkflowHarness) -> None:
    """A second worker on the same database submits nothing either."""
    await control.stop_submissions(harness.context, "storm", Actor(OLGA, 1))
    await asyncio.gather(*(harness.accept_job() for _ in range(3)))
    await harness.run_once()
    await harness.replace_worker(owner="another")
    await harness.run_once()
    assert harness.submission_count() == 0
