"""The service learns from its own tasks how long the next one takes."""

from domain.jobs import JobState
from domain.polling import EARLY_POLL_MS
from tests.harness.workflow import WorkflowHarness

S = JobState


async def test_the_polls_follow_the_last_tasks(harness: WorkflowHarness) -> None:
    """From the ninth task on the early poll is gone, and the first comes when tasks end."""
    for _ in range(8):
        job = (await harness.accept_job("a lake")).job
        delivered = await harness.run_until(S.DELIVERED, job=job.id)
        assert delivered.took_ms is not None
    learned = harness.context.learned_durations.known(job.request)
    assert learned is None, "it is read with the next poll"
    polls = harness.poll_count()
    last = (await harness.accept_job("a lake")).job
    await harness.run_until(S.DELIVERED, job=last.id)
    learned = harness.context.learned_durations.known(last.request)
    assert learned is not None
    assert not learned.may_fail
    assert learned.earliest_ms > EARLY_POLL_MS
    following = (await harness.accept_job("a lake")).job
    before = harness.poll_count()
    await harness.run_until(S.DELIVERED, job=following.id)
    assert harness.poll_count() - before < before - polls


async def test_a_failure_brings_the_early_poll_back(harness: WorkflowHarness) -> None:
    """It is of the same kind, and among the last."""
    for prompt in (*["a lake"] * 8, "a lake [[fail:Odd]]"):
        job = (await harness.accept_job(prompt)).job
        await harness.run_until(S.FAILED if "fail" in prompt else S.DELIVERED, job=job.id)
    await harness.context.learned_durations.refresh(harness.context.database, job.request)
    learned = harness.context.learned_durations.known(job.request)
    assert learned is not None
    assert learned.may_fail
    dearer = (await harness.accept_job("a lake", seconds=8)).job
    assert harness.context.learned_durations.known(dearer.request) is None
