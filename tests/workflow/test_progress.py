"""A status message shows how far its job is: by expected time, with four edits at most."""

import pytest

from domain.jobs import JobState
from tests.harness.workflow import WorkflowHarness
from workflow.errors import TemporaryPublishError

S = JobState
SLOW = "a lake [[slow:3000]]"


async def being_made(harness: WorkflowHarness) -> str:
    """Order a video that takes long, and wait until its message shows that it is being made."""
    job = (await harness.accept_job(SLOW)).job.id
    while not any(S.GENERATING in one.states for one in harness.publisher.messages):
        await harness.run_once()
    return job


def shares(harness: WorkflowHarness, job: str) -> list[float]:
    """Return the shares that the message showed since it shows that the job is being made."""
    message = harness.publisher.status_of(job)
    first = message.states.index(S.GENERATING)
    assert set(message.states[first:]) == {S.GENERATING}
    return [round(share, 1) for share in message.shares_done[first:]]


async def test_the_message_is_edited_four_times_until_it_is_late(harness: WorkflowHarness) -> None:
    """At each quarter of the expected time; then it says that it takes longer, and rests."""
    job = await being_made(harness)
    await harness.run_for(600, step_s=0.5)
    assert shares(harness, job) == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0], abs=0.06)


async def test_no_edit_comes_after_the_end(harness: WorkflowHarness) -> None:
    """What was planned falls away with the message."""
    job = (await harness.accept_job("a lake")).job.id
    await harness.run_until(S.DELIVERED, job=job)
    edits = len(harness.publisher.status_of(job).states)
    await harness.run_for(600, step_s=5)
    assert len(harness.publisher.status_of(job).states) == edits


async def test_a_time_that_nobody_looked_at_is_no_second_edit(harness: WorkflowHarness) -> None:
    """Of three quarters that passed at once, the last is shown."""
    job = await being_made(harness)
    ready_ms = harness.publisher.status_of(job).ready_at_ms[-1]
    assert ready_ms is not None
    harness.clock.advance(0.8 * (ready_ms - harness.context.now_ms()) / 1000)
    await harness.run_once()
    assert shares(harness, job) == [0.0, 0.8]


async def test_near_discords_limits_the_edits_are_dropped_first(harness: WorkflowHarness) -> None:
    """But for the last, which is put off: no time in the past stays."""
    job = await being_made(harness)
    harness.publisher.has_spare_requests = False
    await harness.run_for(600, step_s=1)
    assert shares(harness, job) == [0.0]
    harness.publisher.has_spare_requests = True
    await harness.run_for(10, step_s=1)
    assert shares(harness, job) == [0.0, 1.0]


async def test_who_takes_over_says_only_that_it_takes_longer(harness: WorkflowHarness) -> None:
    """The process that planned the others is gone."""
    job = await being_made(harness)
    harness.clock.advance(5)
    await harness.replace_worker()
    await harness.run_for(1_200, step_s=1)
    assert shares(harness, job) == [0.0, 1.0]


async def test_a_refused_edit_harms_nothing(harness: WorkflowHarness) -> None:
    """The next one shows more."""
    job = await being_made(harness)
    harness.publisher.errors["edit_status"] = [TemporaryPublishError("503")]
    await harness.run_for(600, step_s=0.5)
    assert shares(harness, job) == pytest.approx([0.0, 0.5, 0.75, 1.0], abs=0.06)
