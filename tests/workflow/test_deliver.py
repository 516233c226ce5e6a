"""Delivering: each video is posted once, somewhere, whatever Discord does; money is not touched."""

import pytest

from domain.jobs import JobState
from tests.workflow.world import World
from workflow.errors import HistoryDenied, PlaceGone, PublishError, TooLargeToPost, TryLater

S = JobState


async def test_a_discord_that_is_down_delays_the_post(world: World):
    """Six failures in a row: the video waits, posted once in the end."""
    world.channel.trouble["post_result"] = [TryLater("Discord answered 503")] * 6
    job = (await world.order()).job
    await world.until(S.DELIVERED, job=job.id)
    assert len(world.channel.of(job.id, "result")) == 1
    assert await world.ledger(job.id) == [("hold", job.price), ("charge", job.price)]


@pytest.mark.parametrize("forgets", [False, True])
async def test_a_post_whose_answer_was_lost_is_found_and_not_repeated(world: World, forgets: bool):
    """Also when Discord has forgotten the nonce: the channel's history is looked at first."""
    world.channel.forgets_nonces = forgets
    world.channel.lost["post_result"] = [TryLater("no answer")]
    job = (await world.order()).job
    done = await world.until(S.DELIVERED, job=job.id)
    (result,) = world.channel.of(job.id, "result")
    assert done.result_message_id == result.id


async def test_a_channel_that_is_gone_sends_the_video_privately(world: World):
    """The member gets it by direct message."""
    world.channel.trouble["post_result"] = [PlaceGone("Unknown Channel")]
    job = (await world.order()).job
    await world.until(S.DELIVERED, job=job.id)
    (result,) = world.channel.of(job.id, "result")
    assert result.private


async def test_a_member_who_can_not_be_reached_leaves_it_undeliverable(world: World):
    """Charged, kept, parked for a person."""
    world.channel.trouble["post_result"] = [PlaceGone("Missing Access")]
    world.channel.trouble["send_result_privately"] = [PlaceGone("Cannot send to this user")]
    job = (await world.order()).job
    await world.until(S.UNDELIVERABLE, job=job.id)
    assert await world.ledger(job.id) == [("hold", job.price), ("charge", job.price)]
    assert world.context.media.exists(f"{job.id}.mp4")
    await world.pass_time(3600, step_s=600)
    assert world.channel.of(job.id, "result") == []
    await world.audit()


async def test_a_video_too_large_for_the_channel_is_announced_without_its_file(world: World):
    """The member is told; the file is kept."""
    world.channel.trouble["post_result"] = [TooLargeToPost("11 MiB")]
    job = (await world.order()).job
    await world.until(S.DELIVERED, job=job.id)
    (result,) = world.channel.of(job.id, "result")
    assert result.video is None
    assert world.context.media.exists(f"{job.id}.mp4")


async def test_a_refusal_without_a_cure_parks_the_job(world: World):
    """What Discord refuses for a reason unknown to us is not sent again and again."""
    world.channel.trouble["post_result"] = [PublishError("Discord refused: odd")]
    job = (await world.order()).job
    parked = await world.until(S.UNDELIVERABLE, job=job.id)
    assert parked.reason == "Discord refused: odd"


async def test_an_unreadable_history_soon_after_relies_on_the_nonce(world: World):
    """Within Discord's window a repeat is dropped by its nonce."""
    world.channel.lost["post_result"] = [TryLater("no answer")]
    world.channel.trouble["find"] = [HistoryDenied("no permission")] * 9
    job = (await world.order()).job
    await world.until(S.DELIVERED, S.UNDELIVERABLE, job=job.id)
    assert len(world.channel.of(job.id, "result")) == 1


async def test_an_unreadable_history_later_parks_rather_than_posts_twice(world: World):
    """After the window nobody can tell whether it was posted: a person looks."""
    world.channel.lost["post_result"] = [TryLater("no answer")]
    world.channel.trouble["find"] = [TryLater("down")] * 6 + [HistoryDenied("no permission")]
    world.channel.forgets_nonces = True
    job = (await world.order()).job
    await world.until(S.UNDELIVERABLE, job=job.id)
    assert len(world.channel.of(job.id, "result")) == 1


async def test_a_fault_of_ours_in_the_middle_of_a_post_is_got_over(world: World):
    """The job had moved to posting by itself: it is taken up from there, and posted once."""
    world.channel.trouble["post_result"] = [KeyError("odd")]
    world.channel.lost["post_result"] = [KeyError("odd again")]
    job = (await world.order()).job
    await world.until(S.DELIVERED, job=job.id)
    assert len(world.channel.of(job.id, "result")) == 1


async def test_a_status_message_that_can_not_be_posted_stops_nothing(world: World):
    """A channel that refuses the status message still gets its video."""
    world.channel.trouble["post_status"] = [PlaceGone("odd")] + [TryLater("down")] * 3
    first, second = (await world.order()).job.id, (await world.order()).job.id
    for job in (first, second):
        await world.until(S.DELIVERED, job=job)
    await world.pass_time(600)
    assert len(world.channel.of(first, "result")) == 1
    assert len(world.channel.of(second, "status")) == 1


@pytest.mark.parametrize("forgets", [False, True])
async def test_a_status_message_whose_answer_was_lost_is_not_posted_again(
    world: World, forgets: bool
):
    """It is found in the history, and edited like any other."""
    world.channel.forgets_nonces = forgets
    world.channel.lost["post_status"] = [TryLater("no answer")]
    job = (await world.order()).job
    await world.until(S.DELIVERED, job=job.id)
    await world.pass_time(120)
    (status,) = world.channel.of(job.id, "status")
    assert status.states[-1] is S.DELIVERED


async def test_a_status_message_found_late_is_brought_up_to_date(world: World):
    """Its answer was lost, and it can be looked for only when the video is there."""
    world.channel.lost["post_status"] = [TryLater("no answer")]
    world.channel.trouble["find"] = [TryLater("down")] * 4
    job = (await world.order()).job
    await world.until(S.DELIVERED, job=job.id)
    await world.pass_time(300)
    (status,) = world.channel.of(job.id, "status")
    assert status.states[-1] is S.DELIVERED


async def test_a_late_failure_is_told_in_a_reply_and_an_early_one_is_not(world: World):
    """More than a minute after the request, the member is mentioned; else the edit is enough."""
    early = (await world.order("a lake [[fail:Odd]]")).job.id
    late = (await world.order("a lake [[fail:Odd]] [[slow:300]]")).job.id
    await world.until(S.FAILED, job=early)
    await world.until(S.FAILED, S.DELIVERED, S.STUCK, job=late)
    await world.turn()
    assert world.channel.of(early, "failure") == []
    if (await world.job(late)).state is S.FAILED:
        assert len(world.channel.of(late, "failure")) == 1
