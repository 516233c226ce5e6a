"""Delivering: each video is posted once, somewhere, whatever Discord does; money is not touched."""

import asyncio

import pytest

from domain.jobs import JobState
from tests.harness.workflow import ADA, BEN, World
from workflow.errors import HistoryDenied, PlaceGone, PublishError, TooLargeToPost, TryLater
from workflow.publisher import Sight

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


async def test_a_refusal_without_a_cure_is_sent_privately_and_else_parked(world: World):
    """What Discord refuses for a reason unknown to us is not sent again and again."""
    world.channel.trouble["post_result"] = [PublishError("Discord refused: odd")] * 2
    job = (await world.order()).job
    await world.until(S.DELIVERED, job=job.id)
    assert world.channel.of(job.id, "result")[0].private
    world.channel.trouble["send_result_privately"] = [PublishError("Discord refused: odd")]
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


async def test_money_goes_on_while_there_is_no_connection_to_discord(world: World):
    """What is being made is fetched, what waits is not submitted; all is posted afterwards."""
    under_way = (await world.order()).job.id
    await world.until(S.GENERATING, job=under_way)
    world.channel.is_ready = False
    waiting = (await world.order()).job.id
    await world.until(S.STORED, job=under_way)
    await world.pass_time(600)
    assert (await world.job(waiting)).state is S.QUEUED
    assert world.channel.of(under_way, "result") == []
    world.channel.is_ready = True
    for job in (under_way, waiting):
        await world.until(S.DELIVERED, job=job)
        assert [len(world.channel.of(job, kind)) for kind in ("status", "result")] == [1, 1]


@pytest.mark.parametrize("forgets", [False, True])
async def test_a_private_result_whose_answer_was_lost_is_not_sent_again(
    world: World, forgets: bool
):
    """The direct messages are looked through as well."""
    world.channel.forgets_nonces = forgets
    world.channel.trouble["post_result"] = [PlaceGone("gone")] * 9
    world.channel.trouble["find"] = [PlaceGone("gone")] * 9
    world.channel.lost["send_result_privately"] = [TryLater("no answer")]
    job = (await world.order()).job
    await world.until(S.DELIVERED, job=job.id)
    assert len(world.channel.of(job.id, "result")) == 1


async def test_a_file_that_has_gone_is_fetched_again(world: World):
    """The media folder was lost while Discord was down: the video comes all the same."""
    world.channel.trouble["post_result"] = [TryLater("down")] * 2
    job = (await world.order()).job
    await world.until(S.POSTING, job=job.id)
    world.context.media.path(f"{job.id}.mp4").unlink(missing_ok=True)
    await world.until(S.DELIVERED, job=job.id)
    assert world.channel.of(job.id, "result")[0].video
    assert [kind for kind, _ in await world.ledger(job.id)] == ["hold", "charge"]
    await world.audit()


async def test_edits_that_fail_for_long_repeat_no_mention(world: World):
    """The member is told once, after the edit came through."""
    job = (await world.order("a lake [[fail:Odd]] [[slow:300]]")).job
    await world.until(S.GENERATING, job=job.id)
    world.channel.forgets_nonces = True
    world.channel.trouble["edit_status"] = [TryLater("503")] * 12
    ended = await world.until(S.FAILED, job=job.id)
    await world.pass_time(3600, step_s=60)
    assert len(world.channel.of(ended.id, "failure")) == 1


async def test_messages_that_hang_do_not_hold_up_the_money(world: World):
    """Discord swallows seventy status posts: the belt polls and fetches on."""
    hanging = asyncio.Event()
    real = world.channel.post_status

    async def post_status(sight: Sight) -> int:
        await hanging.wait()
        return await real(sight)

    world.channel.post_status = post_status  # type: ignore[method-assign]
    world.change(max_tasks=80)
    ordered = [(await world.order(user=user)).job.id for user in [ADA, BEN] * 35]
    for _ in range(60):
        await world.belt.turn()
        while world.belt._working:
            await asyncio.wait([*world.belt._working])
        world.clock.advance(5)
    assert await world.all_are(S.DELIVERED, ordered)
    hanging.set()
    await world.belt.settle()


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


async def test_a_status_message_that_discord_gives_back_is_brought_up_to_date(world: World):
    """Where the history may not be read it is posted again, and what comes is the one of before."""
    world.channel.lost["post_status"] = [TryLater("no answer")] * 3
    world.channel.trouble["find"] = [HistoryDenied("no permission")] * 9
    job = (await world.order()).job
    await world.until(S.DELIVERED, job=job.id)
    await world.pass_time(120)
    (status,) = world.channel.of(job.id, "status")
    assert status.states[-1] is S.DELIVERED


async def test_an_answer_that_nobody_expected_is_not_asked_for_in_a_storm(world: World):
    """A proxy's page instead of Discord's answer: edits are tried again with patience."""
    tries = 0

    async def edit_status(sight: Sight) -> None:
        nonlocal tries
        tries += 1
        raise TypeError("'NoneType' object is not subscriptable")

    world.channel.edit_status = edit_status  # type: ignore[method-assign]
    job = (await world.order()).job
    await world.until(S.DELIVERED, job=job.id)
    await world.pass_time(60, step_s=0.5)
    assert 2 < tries < 12


async def test_a_late_failure_is_told_in_a_reply_and_an_early_one_is_not(world: World):
    """More than a minute after the request, the member is mentioned; else the edit is enough."""
    early = (await world.order("a lake [[fail:Odd]]")).job.id
    late = (await world.order("a lake [[fail:Odd]] [[slow:300]]")).job.id
    await world.until(S.FAILED, job=early)
    await world.until(S.FAILED, job=late)
    await world.turn()
    assert world.channel.of(early, "failure") == []
    assert len(world.channel.of(late, "failure")) == 1
