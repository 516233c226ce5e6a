"""Delivering: each video is posted once, somewhere, whatever Discord does; money is not touched."""

import asyncio

import pytest

from domain.jobs import SENT_BY_DM, JobState
from tests.harness.workflow import ADA, BEN, WorkflowHarness
from workflow.errors import (
    ChannelUnavailable,
    HistoryDenied,
    PublishError,
    TemporaryPublishError,
    TooLargeToPost,
)
from workflow.publisher import StatusView
from workflow.stages.accept import cancel

S = JobState


async def test_a_discord_that_is_down_delays_the_post(harness: WorkflowHarness):
    """Six failures in a row: the video waits, posted once in the end."""
    harness.publisher.errors["post_result"] = [TemporaryPublishError("Discord answered 503")] * 6
    job = (await harness.accept_job()).job
    await harness.run_until(S.DELIVERED, job=job.id)
    assert len(harness.publisher.messages_of(job.id, "result")) == 1
    assert await harness.ledger(job.id) == [("hold", job.price), ("charge", job.price)]


@pytest.mark.parametrize("forgets", [False, True])
async def test_a_post_whose_answer_was_lost_is_found_and_not_repeated(
    harness: WorkflowHarness, forgets: bool
):
    """Also when Discord has forgotten the nonce: the channel's history is looked at first."""
    harness.publisher.forgets_nonces = forgets
    harness.publisher.errors_after_effect["post_result"] = [TemporaryPublishError("no answer")]
    job = (await harness.accept_job()).job
    done = await harness.run_until(S.DELIVERED, job=job.id)
    (result,) = harness.publisher.messages_of(job.id, "result")
    assert done.result_message_id == result.id


async def test_a_channel_that_is_gone_sends_the_video_privately(harness: WorkflowHarness):
    """The member gets it by direct message."""
    harness.publisher.errors["post_result"] = [ChannelUnavailable("Unknown Channel")]
    job = (await harness.accept_job()).job
    await harness.run_until(S.DELIVERED, job=job.id)
    (result,) = harness.publisher.messages_of(job.id, "result")
    assert result.private


async def test_a_member_who_can_not_be_reached_leaves_it_undeliverable(harness: WorkflowHarness):
    """Charged, kept, parked for a person."""
    harness.publisher.errors["post_result"] = [ChannelUnavailable("Missing Access")]
    harness.publisher.errors["send_result_by_dm"] = [ChannelUnavailable("Cannot send to this user")]
    job = (await harness.accept_job()).job
    await harness.run_until(S.UNDELIVERABLE, job=job.id)
    assert await harness.ledger(job.id) == [("hold", job.price), ("charge", job.price)]
    assert await harness.context.media.has_video(f"{job.id}.mp4")
    await harness.run_for(3600, step_s=600)
    assert harness.publisher.messages_of(job.id, "result") == []
    await harness.audit()


async def test_a_video_too_large_for_the_channel_is_announced_without_its_file(
    harness: WorkflowHarness,
):
    """The member is told; the file is kept."""
    harness.publisher.errors["post_result"] = [TooLargeToPost("11 MiB")]
    job = (await harness.accept_job()).job
    await harness.run_until(S.DELIVERED, job=job.id)
    (result,) = harness.publisher.messages_of(job.id, "result")
    assert result.video is None
    assert await harness.context.media.has_video(f"{job.id}.mp4")


async def test_a_refusal_without_a_cure_is_sent_privately_and_else_parked(harness: WorkflowHarness):
    """What Discord refuses for a reason unknown to us is not sent again and again."""
    harness.publisher.errors["post_result"] = [PublishError("Discord refused: odd")] * 2
    job = (await harness.accept_job()).job
    await harness.run_until(S.DELIVERED, job=job.id)
    assert harness.publisher.messages_of(job.id, "result")[0].private
    harness.publisher.errors["send_result_by_dm"] = [PublishError("Discord refused: odd")]
    job = (await harness.accept_job()).job
    parked = await harness.run_until(S.UNDELIVERABLE, job=job.id)
    assert parked.reason == "Discord refused: odd"


async def test_an_unreadable_history_soon_after_relies_on_the_nonce(harness: WorkflowHarness):
    """Within Discord's window a repeat is dropped by its nonce."""
    harness.publisher.errors_after_effect["post_result"] = [TemporaryPublishError("no answer")]
    harness.publisher.errors["find_message"] = [HistoryDenied("no permission")] * 9
    job = (await harness.accept_job()).job
    await harness.run_until(S.DELIVERED, S.UNDELIVERABLE, job=job.id)
    assert len(harness.publisher.messages_of(job.id, "result")) == 1


async def test_an_unreadable_history_later_parks_rather_than_posts_twice(harness: WorkflowHarness):
    """After the window it cannot be known whether it was posted: a person looks."""
    harness.publisher.errors_after_effect["post_result"] = [TemporaryPublishError("no answer")]
    harness.publisher.errors["find_message"] = [TemporaryPublishError("down")] * 6 + [
        HistoryDenied("no permission")
    ]
    harness.publisher.forgets_nonces = True
    job = (await harness.accept_job()).job
    await harness.run_until(S.UNDELIVERABLE, job=job.id)
    assert len(harness.publisher.messages_of(job.id, "result")) == 1


async def test_money_goes_on_while_there_is_no_connection_to_discord(harness: WorkflowHarness):
    """What is being made is fetched, what waits is not submitted; all is posted afterwards."""
    under_way = (await harness.accept_job()).job.id
    await harness.run_until(S.GENERATING, job=under_way)
    harness.publisher.is_ready = False
    waiting = (await harness.accept_job()).job.id
    await harness.run_until(S.STORED, job=under_way)
    await harness.run_for(600)
    assert (await harness.job(waiting)).state is S.QUEUED
    assert harness.publisher.messages_of(under_way, "result") == []
    harness.publisher.is_ready = True
    for job in (under_way, waiting):
        await harness.run_until(S.DELIVERED, job=job)
        assert len(harness.publisher.messages_of(job, "result")) == 1
        assert harness.publisher.status_of(job) in harness.publisher.deleted


async def test_nothing_is_bought_while_nobody_would_hear_of_a_server_that_is_left(
    harness: WorkflowHarness,
):
    """The gateway is away, Discord's API is not: what is finished is posted, what waits, waits."""
    finished = (await harness.accept_job()).job.id
    await harness.run_until(S.GENERATING, job=finished)
    harness.publisher.has_gateway = False
    waiting = (await harness.accept_job()).job.id
    await harness.run_until(S.DELIVERED, job=finished)
    await harness.run_for(600)
    assert (await harness.job(waiting)).state is S.QUEUED
    harness.publisher.has_gateway = True
    await harness.run_until(S.DELIVERED, job=waiting)


@pytest.mark.parametrize("forgets", [False, True])
async def test_a_private_result_whose_answer_was_lost_is_not_sent_again(
    harness: WorkflowHarness, forgets: bool
):
    """The direct messages are looked through as well."""
    harness.publisher.forgets_nonces = forgets
    harness.publisher.errors["post_result"] = [ChannelUnavailable("gone")] * 9
    harness.publisher.errors["find_message"] = [ChannelUnavailable("gone")] * 9
    harness.publisher.errors_after_effect["send_result_by_dm"] = [
        TemporaryPublishError("no answer")
    ]
    job = (await harness.accept_job()).job
    await harness.run_until(S.DELIVERED, job=job.id)
    assert len(harness.publisher.messages_of(job.id, "result")) == 1


async def test_a_file_that_has_gone_is_fetched_again(harness: WorkflowHarness):
    """The media folder was lost while Discord was down: the video comes all the same."""
    harness.publisher.errors["post_result"] = [TemporaryPublishError("down")] * 2
    job = (await harness.accept_job()).job
    await harness.run_until(S.POSTING, job=job.id)
    harness.context.media.video_path(f"{job.id}.mp4").unlink(missing_ok=True)
    await harness.run_until(S.DELIVERED, job=job.id)
    assert harness.publisher.messages_of(job.id, "result")[0].video
    assert [kind for kind, _ in await harness.ledger(job.id)] == ["hold", "charge"]
    await harness.audit()


async def test_edits_that_fail_for_long_repeat_no_mention(harness: WorkflowHarness):
    """The member is told once, after the edit came through."""
    job = (await harness.accept_job("a lake [[fail:Odd]] [[slow:300]]")).job
    await harness.run_until(S.GENERATING, job=job.id)
    harness.publisher.forgets_nonces = True
    harness.publisher.errors["edit_status"] = [TemporaryPublishError("503")] * 12
    ended = await harness.run_until(S.FAILED, job=job.id)
    await harness.run_for(3600, step_s=60)
    assert len(harness.publisher.messages_of(ended.id, "failure")) == 1


async def test_a_card_that_takes_no_edit_does_not_keep_a_failure_back(harness: WorkflowHarness):
    """Its thread is locked, say: the member hears of it in a reply all the same."""
    job = (await harness.accept_job("a lake [[fail:Odd]] [[slow:300]]")).job
    await harness.run_until(S.GENERATING, job=job.id)
    harness.publisher.errors["edit_status"] = [ChannelUnavailable("the thread is locked")] * 12
    ended = await harness.run_until(S.FAILED, job=job.id)
    await harness.run_for(600, step_s=60)
    assert len(harness.publisher.messages_of(ended.id, "failure")) == 1
    assert len(harness.publisher.errors["edit_status"]) > 8


async def test_messages_that_hang_do_not_hold_up_the_money(harness: WorkflowHarness):
    """Discord swallows seventy status posts: the worker polls and fetches on."""
    hanging = asyncio.Event()
    real = harness.publisher.post_status

    async def post_status(status: StatusView) -> int:
        await hanging.wait()
        return await real(status)

    harness.publisher.post_status = post_status  # type: ignore[method-assign]
    harness.change_policy(max_tasks=80)
    ordered = [(await harness.accept_job(user=user)).job.id for user in [ADA, BEN] * 35]
    for _ in range(60):
        await harness.worker.run_once()
        while harness.worker._working:
            await asyncio.wait([*harness.worker._working])
        harness.clock.advance(5)
    assert await harness.all_are(S.DELIVERED, ordered)
    hanging.set()
    await harness.worker.wait_until_idle()


async def test_a_fault_of_ours_in_the_middle_of_a_post_is_got_over(harness: WorkflowHarness):
    """The job had moved to posting by itself: it is taken up from there, and posted once."""
    harness.publisher.errors["post_result"] = [KeyError("odd")]
    harness.publisher.errors_after_effect["post_result"] = [KeyError("odd again")]
    job = (await harness.accept_job()).job
    await harness.run_until(S.DELIVERED, job=job.id)
    assert len(harness.publisher.messages_of(job.id, "result")) == 1


async def test_a_status_message_that_can_not_be_posted_stops_nothing(harness: WorkflowHarness):
    """A channel that refuses the status message still gets its video."""
    harness.publisher.errors["post_status"] = [ChannelUnavailable("odd")] + [
        TemporaryPublishError("down")
    ] * 3
    first, second = (await harness.accept_job()).job.id, (await harness.accept_job()).job.id
    for job in (first, second):
        await harness.run_until(S.DELIVERED, job=job)
    await harness.run_for(600)
    assert len(harness.publisher.messages_of(first, "result")) == 1
    assert len(harness.publisher.messages_of(second, "result")) == 1
    assert len(harness.publisher.messages) == 2


@pytest.mark.parametrize("forgets", [False, True])
async def test_a_status_message_whose_answer_was_lost_is_not_posted_again(
    harness: WorkflowHarness, forgets: bool
):
    """It is found in the history, and deleted like any other."""
    harness.publisher.forgets_nonces = forgets
    harness.publisher.errors_after_effect["post_status"] = [TemporaryPublishError("no answer")]
    job = (await harness.accept_job()).job
    await harness.run_until(S.DELIVERED, job=job.id)
    await harness.run_for(120)
    assert harness.publisher.status_of(job.id) in harness.publisher.deleted


async def test_a_status_message_found_late_is_deleted(harness: WorkflowHarness):
    """Its answer was lost, and it can be looked for only when the video is there."""
    harness.publisher.errors_after_effect["post_status"] = [TemporaryPublishError("no answer")]
    harness.publisher.errors["find_message"] = [TemporaryPublishError("down")] * 4
    job = (await harness.accept_job()).job
    await harness.run_until(S.DELIVERED, job=job.id)
    await harness.run_for(300)
    assert harness.publisher.status_of(job.id) in harness.publisher.deleted


async def test_a_status_message_that_discord_gives_back_is_deleted(
    harness: WorkflowHarness,
):
    """Where the history may not be read it is posted again, and what comes is the one of before."""
    harness.publisher.errors_after_effect["post_status"] = [TemporaryPublishError("no answer")] * 3
    harness.publisher.errors["find_message"] = [HistoryDenied("no permission")] * 9
    job = (await harness.accept_job()).job
    await harness.run_until(S.DELIVERED, job=job.id)
    await harness.run_for(120)
    assert harness.publisher.status_of(job.id) in harness.publisher.deleted


async def test_an_answer_that_nobody_expected_is_not_asked_for_in_a_storm(harness: WorkflowHarness):
    """A proxy's page instead of Discord's answer: edits are tried again with patience."""
    tries = 0

    async def edit_status(status: StatusView) -> bool:
        nonlocal tries
        tries += 1
        raise TypeError("'NoneType' object is not subscriptable")

    harness.publisher.edit_status = edit_status  # type: ignore[method-assign]
    job = (await harness.accept_job("a lake [[fail:Odd]]")).job
    await harness.run_until(S.FAILED, job=job.id)
    await harness.run_for(60, step_s=0.5)
    assert 2 < tries < 12


async def test_a_failure_is_told_in_a_reply_and_a_cancellation_is_not(harness: WorkflowHarness):
    """What a member cancels they know of; their status message says so."""
    harness.change_policy(max_tasks=1)
    failing = (await harness.accept_job("a lake [[fail:Odd]] [[slow:300]]")).job.id
    waiting = (await harness.accept_job()).job.id
    await harness.run_once()
    await cancel(harness.context, waiting, ADA)
    await harness.run_until(S.FAILED, job=failing)
    await harness.run_once()
    assert harness.publisher.messages_of(waiting, "failure") == []
    assert len(harness.publisher.messages_of(failing, "failure")) == 1
    assert harness.publisher.status_of(waiting).states[-1] is S.CANCELLED
    assert harness.publisher.status_of(failing) not in harness.publisher.deleted


async def test_a_status_message_is_deleted_after_pauses_when_discord_is_down(
    harness: WorkflowHarness,
):
    """A deletion whose answer was lost is repeated too: that it is gone already is as good."""
    harness.publisher.errors["delete_message"] = [TemporaryPublishError("down")] * 3
    harness.publisher.errors_after_effect["delete_message"] = [TemporaryPublishError("no answer")]
    job = (await harness.accept_job()).job.id
    await harness.run_until(S.DELIVERED, job=job)
    await harness.run_for(600)
    assert harness.publisher.status_of(job) in harness.publisher.deleted
    assert harness.publisher.errors_after_effect["delete_message"] == []
    found = await harness.job(job)
    assert (found.status_message_id, found.status_shown) == (None, S.DELIVERED)


async def test_a_status_message_that_can_not_be_deleted_shows_its_end(harness: WorkflowHarness):
    """It shrinks to a line."""
    harness.publisher.errors["delete_message"] = [ChannelUnavailable("odd")]
    job = (await harness.accept_job()).job.id
    await harness.run_until(S.DELIVERED, job=job)
    await harness.run_for(60)
    status = harness.publisher.status_of(job)
    assert status.states[-1] is S.DELIVERED
    assert (await harness.job(job)).status_message_id == status.id


async def test_the_status_message_stands_where_the_result_is_elsewhere(harness: WorkflowHarness):
    """The channel refused the video, so its member has it by direct message."""
    harness.publisher.errors["post_result"] = [ChannelUnavailable("no files here")]
    job = (await harness.accept_job()).job.id
    found = await harness.run_until(S.DELIVERED, job=job)
    assert found.reason == SENT_BY_DM
    assert harness.publisher.status_of(job).states[-1] is S.DELIVERED
    assert harness.publisher.deleted == []


async def test_a_result_that_nobody_takes_for_a_week_waits_for_a_person(harness: WorkflowHarness):
    """It stays, with *Post again*; until then the pauses grow to a quarter of an hour."""
    harness.publisher.errors["post_result"] = [TemporaryPublishError("no answer")] * 9
    job = (await harness.accept_job()).job.id
    await harness.run_until(S.POSTING, job=job)
    await harness.set_failures(job, 898)
    await harness.run_once()
    waiting = await harness.job(job)
    assert waiting.state is S.POSTING
    assert 7.5 * 60 <= waiting.due_at_ms / 1000 - harness.clock.now() <= 15 * 60
    await harness.run_until(S.UNDELIVERABLE, job=job)
    assert await harness.context.media.has_video(f"{job}.mp4")
    await harness.audit()
