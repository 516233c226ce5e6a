"""Alerts to the operator: of parked jobs, and of an exposure that stops submitting."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace

from domain.jobs import JobState
from domain.money import MicroUSD
from tests.harness.workflow import BOTH_ENGINES, WorkflowHarness
from workflow.billing.quotas import Actor
from workflow.operator import alerts, control
from workflow.operator.actions import DecisionRequest, apply_decision
from workflow.operator.control import Exposure
from workflow.operator.parked_jobs import Decision, get_parked_job
from workflow.publisher import BlockReason, SubmissionBlock
from workflow.reliability import MAX_ATTEMPTS
from workflow.throttle import Throttle

S = JobState


@dataclass
class Operator:
    """Hears what is told, unless away."""

    heard: list[object] = field(default_factory=list)
    is_away: bool = False
    asked: int = 0

    async def hear(self, alert: Counter[JobState] | Exposure) -> bool:
        self.asked += 1
        if self.is_away:
            return False
        self.heard.append(alert)
        return True


async def lose(world: WorkflowHarness) -> str:
    # As by one more process: a lost answer slows its own down.
    world.context = replace(world.context, throttle=Throttle())
    world.change_policy()
    job = (await world.accept_job("a lake [[effect:504]]")).job.id
    await world.run_once()
    assert (await world.job(job)).state is S.SUBMIT_UNKNOWN
    return job


async def release(world: WorkflowHarness, job: str, click: int) -> None:
    found = await get_parked_job(world.context, job)
    assert found is not None
    await apply_decision(
        world.context,
        DecisionRequest(
            decision=Decision.RELEASE,
            job_id=job,
            fence=found.job.fence,
            operator=Actor(91, click),
        ),
    )


@BOTH_ENGINES
async def test_what_was_parked_is_told_together_once_and_once_a_minute(
    harness: WorkflowHarness,
) -> None:
    """Also with two processes that look at the same moment."""
    olga = Operator()
    await lose(harness)
    await lose(harness)
    looks = [alerts.alert_parked_jobs(harness.context, olga.hear) for _ in range(2)]
    await asyncio.gather(*looks)
    assert olga.heard == [Counter({S.SUBMIT_UNKNOWN: 2})]
    third = await lose(harness)
    await alerts.alert_parked_jobs(harness.context, olga.hear)
    assert len(olga.heard) == 1
    harness.clock.advance(60)
    await alerts.alert_parked_jobs(harness.context, olga.hear)
    harness.clock.advance(60)
    await alerts.alert_parked_jobs(harness.context, olga.hear)
    assert olga.heard[1:] == [Counter({S.SUBMIT_UNKNOWN: 1})]
    assert (await harness.job(third)).told_at_ms is not None


async def test_an_operator_who_was_not_reached_is_told_later(harness: WorkflowHarness) -> None:
    """A minute later, by whichever process; what was decided meanwhile is left out."""
    olga = Operator(is_away=True)
    job, other = await lose(harness), await lose(harness)
    await alerts.alert_parked_jobs(harness.context, olga.hear)
    await release(harness, other, click=1)
    olga.is_away = False
    await alerts.alert_parked_jobs(harness.context, olga.hear)
    assert olga.heard == []
    harness.clock.advance(60)
    await alerts.alert_parked_jobs(harness.context, olga.hear)
    assert olga.heard == [Counter({S.SUBMIT_UNKNOWN: 1})]
    assert (await harness.job(job)).told_at_ms is not None


async def test_an_exposure_at_its_limit_is_told_once_for_each_time(
    harness: WorkflowHarness,
) -> None:
    """It is not told again while it lasts, but after it has fallen, and beyond what is accepted."""
    harness.change_policy(exposure_limit=MicroUSD(80_000))
    olga = Operator()
    await alerts.check_submission_block(harness.context, olga.hear)
    assert olga.heard == []
    first = await lose(harness)
    for _ in range(2):
        await alerts.check_submission_block(harness.context, olga.hear)
    assert [alert.amount for alert in olga.heard] == [80_000]
    await release(harness, first, click=1)
    await alerts.check_submission_block(harness.context, olga.hear)
    await lose(harness)
    await alerts.check_submission_block(harness.context, olga.hear)
    assert [alert.amount for alert in olga.heard] == [80_000, 80_000]
    await control.resume_submissions(harness.context, Actor(91, 2))
    await alerts.check_submission_block(harness.context, olga.hear)
    await lose(harness)
    await alerts.check_submission_block(harness.context, olga.hear)
    assert [alert.amount for alert in olga.heard] == [80_000, 80_000, 160_000]


async def test_the_cards_in_line_tell_of_the_limit_and_of_its_end(harness: WorkflowHarness) -> None:
    """Those that were out before it was reached, too."""
    olga, lost = Operator(), await lose(harness)
    harness.change_policy(max_tasks=0)
    waiting = (await harness.accept_job()).job.id
    await harness.run_once()
    (card,) = harness.publisher.messages_of(waiting, "status")
    assert card.submission_blocks == [None]
    harness.change_policy(exposure_limit=MicroUSD(80_000), max_tasks=5)
    await alerts.check_submission_block(harness.context, olga.hear)
    await harness.run_once()
    assert card.submission_blocks == [None, SubmissionBlock(BlockReason.EXPOSURE)]
    await release(harness, lost, click=1)
    await alerts.check_submission_block(harness.context, olga.hear)
    await harness.run_until(S.DELIVERED, job=waiting)


async def test_an_operator_who_is_never_reached_is_asked_ever_less_and_given_up(
    harness: WorkflowHarness,
) -> None:
    """From a minute to an hour; a job that is parked later is a new alert."""
    olga = Operator(is_away=True)
    job = await lose(harness)
    for _ in range(40):
        await alerts.alert_parked_jobs(harness.context, olga.hear)
        harness.clock.advance(60)
    assert 4 <= olga.asked <= 7
    for _ in range(48):
        await alerts.alert_parked_jobs(harness.context, olga.hear)
        harness.clock.advance(1_800)
    assert olga.asked == MAX_ATTEMPTS
    assert (await harness.job(job)).told_at_ms is not None
    olga.is_away = False
    await lose(harness)
    await alerts.alert_parked_jobs(harness.context, olga.hear)
    assert olga.heard == [Counter({S.SUBMIT_UNKNOWN: 1})]
