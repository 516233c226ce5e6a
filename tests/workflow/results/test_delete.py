"""Deleting a video: message and file go, job and money stay; a second try finishes the first."""

import pytest

from domain.jobs import JobState
from tests.harness.workflow import ADA, World
from workflow.errors import NotYours, TooSoon, TryLater
from workflow.results.delete import erase, is_deleted
from workflow.results.lookup import cost_of

S = JobState


async def test_a_deleted_video_leaves_the_job_and_its_money(world: World):
    """The status message is brought up to date; the cost is what it was."""
    job = (await world.order()).job.id
    await world.until(S.DELIVERED, job=job)
    await erase(world.context, job, ADA)
    assert world.channel.of(job, "result") == []
    assert not world.context.media.exists(f"{job}.mp4")
    await world.turn()
    deleted = await world.job(job)
    assert is_deleted(deleted)
    assert deleted.status_shown is S.DELIVERED
    assert world.channel.of(job, "status")[0].states.count(S.DELIVERED) == 2
    assert (await cost_of(world.context, job)).charged == deleted.price
    await world.audit()


async def test_a_second_try_finishes_what_the_first_began(world: World):
    """Discord did not answer the first time."""
    job = (await world.order()).job.id
    await world.until(S.DELIVERED, job=job)
    world.channel.trouble["delete_result"] = [TryLater("503")]
    with pytest.raises(TryLater):
        await erase(world.context, job, ADA)
    assert is_deleted(await world.job(job))
    for _ in range(2):
        await erase(world.context, job, ADA)
    assert world.channel.of(job, "result") == []
    assert not world.context.media.exists(f"{job}.mp4")


async def test_only_what_was_delivered_can_be_deleted(world: World):
    """Neither a job under way nor one that there is not."""
    job = (await world.order()).job.id
    with pytest.raises(TooSoon):
        await erase(world.context, job, ADA)
    with pytest.raises(NotYours):
        await erase(world.context, "0" * 20, ADA)
    held = await cost_of(world.context, job)
    assert (held.held, held.charged) == ((await world.job(job)).price, 0)
