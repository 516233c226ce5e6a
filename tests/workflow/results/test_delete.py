"""Deleting a video: message and file go, job and money stay; a second try finishes the first."""

import pytest

from domain.jobs import JobState
from tests.harness.workflow import ADA, WorkflowHarness
from workflow.errors import JobNotFound, NotDelivered, TemporaryPublishError
from workflow.results.delete import delete_video
from workflow.results.lookup import is_deleted, read_job_amounts

S = JobState


async def test_a_deleted_video_leaves_the_job_and_its_money(harness: WorkflowHarness):
    """The status message was gone before; the cost is what it was."""
    job = (await harness.accept_job()).job.id
    await harness.run_until(S.DELIVERED, job=job)
    await delete_video(harness.context, job, ADA)
    assert harness.publisher.messages_of(job, "result") == []
    assert not await harness.context.media.has_video(f"{job}.mp4")
    await harness.run_once()
    deleted = await harness.job(job)
    assert is_deleted(deleted)
    assert deleted.status_shown is S.DELIVERED
    assert harness.publisher.messages == []
    assert (await read_job_amounts(harness.context, job)).paid == deleted.price
    await harness.audit()


async def test_a_second_try_finishes_what_the_first_began(harness: WorkflowHarness):
    """Discord did not answer the first time."""
    job = (await harness.accept_job()).job.id
    await harness.run_until(S.DELIVERED, job=job)
    harness.publisher.errors["delete_result"] = [TemporaryPublishError("503")]
    with pytest.raises(TemporaryPublishError):
        await delete_video(harness.context, job, ADA)
    assert is_deleted(await harness.job(job))
    for _ in range(2):
        await delete_video(harness.context, job, ADA)
    assert harness.publisher.messages_of(job, "result") == []
    assert not await harness.context.media.has_video(f"{job}.mp4")


async def test_only_what_was_delivered_can_be_deleted(harness: WorkflowHarness):
    """Neither a job under way nor one that there is not."""
    job = (await harness.accept_job()).job.id
    with pytest.raises(NotDelivered):
        await delete_video(harness.context, job, ADA)
    with pytest.raises(JobNotFound):
        await delete_video(harness.context, "0" * 20, ADA)
    held = await read_job_amounts(harness.context, job)
    assert (held.held, held.paid) == ((await harness.job(job)).price, 0)
