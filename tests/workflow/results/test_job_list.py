"""The list of a member's jobs, and what happens when one is posted again."""

import asyncio
from dataclasses import astuple

import pytest

from domain.jobs import JobState
from domain.money import MicroUSD
from storage import billing
from tests.harness.workflow import ADA, BEN, BOTH_ENGINES, GUILD, WorkflowHarness
from workflow.errors import (
    ChannelUnavailable,
    JobNotFound,
    NotDelivered,
    TemporaryPublishError,
    TooLargeToPost,
)
from workflow.results.delete import delete_video
from workflow.results.job_list import PAGE_SIZE, JobListPage, read_job_page
from workflow.results.repost import RepostOutcome, RepostResult, repost
from workflow.stages.accept import cancel

S = JobState


async def page(world: WorkflowHarness, start: str | None = None, user: int = ADA) -> JobListPage:
    return await read_job_page(world.context, GUILD, user, start)


def ids(shown: JobListPage) -> list[str]:
    return [row.status.job.id for row in shown.rows]


async def ordered(world: WorkflowHarness, count: int, user: int = ADA) -> list[str]:
    """Order videos and list them, newest first."""
    return [(await world.accept_job(user=user)).job.id for _ in range(count)][::-1]


async def again(
    world: WorkflowHarness, job: str, user: int = ADA, guild: int = GUILD
) -> RepostResult:
    return await repost(world.context, job, guild, user)


async def delivered(world: WorkflowHarness) -> str:
    job = (await world.accept_job()).job.id
    await world.run_until(S.DELIVERED, job=job)
    return job


async def undeliverable(world: WorkflowHarness) -> str:
    job = (await world.accept_job()).job.id
    for method in ("post_result", "send_result_by_dm"):
        world.publisher.errors[method] = [ChannelUnavailable("gone")]
    await world.run_until(S.UNDELIVERABLE, job=job)
    return job


@BOTH_ENGINES
async def test_the_list_is_ones_own_newest_first(harness: WorkflowHarness):
    """Five on a page; others' jobs and other servers' are not there."""
    mine, _ = await ordered(harness, PAGE_SIZE + 2), await ordered(harness, 3, user=BEN)
    first = await page(harness)
    assert (ids(first), first.newer, first.older) == (mine[:PAGE_SIZE], None, mine[PAGE_SIZE])
    assert (first.newer_count, first.total) == (0, PAGE_SIZE + 2)
    second = await page(harness, first.older)
    assert (ids(second), second.newer, second.older) == (mine[PAGE_SIZE:], mine[0], None)
    assert (second.newer_count, second.total) == (PAGE_SIZE, PAGE_SIZE + 2)
    elsewhere = await read_job_page(harness.context, GUILD + 1, ADA)
    assert (elsewhere.rows, elsewhere.total) == ((), 0)


@BOTH_ENGINES
async def test_new_jobs_do_not_shift_a_page(harness: WorkflowHarness):
    """What was behind *Next* and *Previous* is there still; the newest is reached step by step."""
    mine = await ordered(harness, 2 * PAGE_SIZE)
    first = await page(harness)
    newest = await ordered(harness, 2)
    second = await page(harness, first.older)
    assert ids(second) == mine[PAGE_SIZE:]
    back = await page(harness, second.newer)
    assert ids(back) == mine[:PAGE_SIZE]
    assert ids(await page(harness, back.newer)) == [*newest, *mine[: PAGE_SIZE - 2]]


@pytest.mark.parametrize("start", ["0" * 20, "last", "x"])
async def test_a_page_that_is_none_is_the_newest(harness: WorkflowHarness, start: str):
    """Also another member's job names no page."""
    mine = await ordered(harness, 2)
    others = await ordered(harness, 1, user=BEN)
    assert ids(await page(harness, start)) == mine
    assert ids(await page(harness, others[0])) == mine


@BOTH_ENGINES
async def test_what_became_of_the_money_is_told_exactly(harness: WorkflowHarness):
    """Held; given back by a release; charged; charged and given back later."""
    paid = await delivered(harness)
    lost = await delivered(harness)
    price = (await harness.job(lost)).price
    await harness.database.transact(
        lambda tx: billing.adjust(
            tx,
            job_id=lost,
            guild_id=GUILD,
            user_id=ADA,
            amount=MicroUSD(-1),
            account="member",
            actor="test",
            note="",
            now_ms=1,
        )
    )
    held, gone = await ordered(harness, 2)
    await cancel(harness.context, gone, ADA)
    found = {row.status.job.id: row for row in (await page(harness)).rows}
    money = {job: astuple(row.money) for job, row in found.items()}
    assert money == {
        held: (price, 0, 0, 0),
        gone: (0, 0, price, 0),
        lost: (0, price, 0, -1),
        paid: (0, price, 0, 0),
    }
    able = {job: (row.can_cancel, row.can_repost) for job, row in found.items()}
    assert able[held] == (True, False)
    assert able[gone] == (False, False)
    assert able[lost] == able[paid] == (False, True)


@BOTH_ENGINES
async def test_what_could_not_be_posted_is_posted_once_by_two_clicks(harness: WorkflowHarness):
    """Both clicks hear that it is on its way; nothing more is charged."""
    job = await undeliverable(harness)
    ledger = await harness.ledger(job)
    assert (await page(harness)).rows[0].can_repost
    one, two = await asyncio.gather(again(harness, job), again(harness, job))
    assert one.outcome is two.outcome is RepostOutcome.IN_PROGRESS
    await harness.run_until(S.DELIVERED, job=job)
    assert (await again(harness, job)).outcome is RepostOutcome.JUST_POSTED
    assert len(harness.publisher.messages_of(job, "result")) == 1
    assert harness.publisher.messages_of(job, "status") == []
    assert harness.publisher.messages_of(job, "failure") == []
    assert await harness.ledger(job) == ledger
    await harness.audit()


async def test_what_can_not_be_posted_still_is_parked_again(harness: WorkflowHarness):
    """And can be posted again another time."""
    job = await undeliverable(harness)
    for method in ("post_result", "send_result_by_dm"):
        harness.publisher.errors[method] = [ChannelUnavailable("gone")]
    await again(harness, job)
    await harness.run_until(S.UNDELIVERABLE, job=job)
    await again(harness, job)
    await harness.run_until(S.DELIVERED, job=job)
    await harness.audit()


async def test_a_posted_video_moves_to_a_new_message(harness: WorkflowHarness):
    """One result is in the channel, a new one; two clicks come to one message; nothing is paid."""
    job = await delivered(harness)
    ledger, before = await harness.ledger(job), harness.publisher.messages_of(job, "result")
    harness.publisher.forgets_nonces = True
    done = await again(harness, job)
    harness.publisher.forgets_nonces = False
    (result,) = harness.publisher.messages_of(job, "result")
    assert done.outcome is RepostOutcome.POSTED
    assert done.job.result_message_id == result.id == (await harness.job(job)).result_message_id
    assert [result.id] != [message.id for message in before]
    assert result.video == before[0].video
    clicks = await asyncio.gather(again(harness, job), again(harness, job))
    assert [click.outcome for click in clicks] == [RepostOutcome.JUST_POSTED] * 2
    assert harness.publisher.messages_of(job, "result") == [result]
    assert await harness.ledger(job) == ledger
    await harness.audit()


async def test_a_posted_video_whose_channel_is_gone_goes_to_its_member(harness: WorkflowHarness):
    """By direct message; from then on that is its result."""
    job = await delivered(harness)
    harness.publisher.errors["post_result"] = [ChannelUnavailable("gone")]
    assert (await again(harness, job)).outcome is RepostOutcome.SENT_BY_DM
    (result,) = harness.publisher.messages_of(job, "result")
    assert result.private
    assert (await harness.job(job)).result_message_id == result.id


async def test_the_earlier_message_may_stay_where_discord_does_not_delete(harness: WorkflowHarness):
    """The video is posted all the same, and the new message is the one that is known."""
    job = await delivered(harness)
    harness.publisher.forgets_nonces = True
    harness.publisher.errors["delete_result"] = [TemporaryPublishError("503")]
    done = await again(harness, job)
    assert len(harness.publisher.messages_of(job, "result")) == 2
    assert (await harness.job(job)).result_message_id == done.job.result_message_id


@pytest.mark.parametrize("error", [TemporaryPublishError("503"), TooLargeToPost("9 MB")])
async def test_a_post_that_fails_changes_nothing(harness: WorkflowHarness, error: Exception):
    """The job and its message are as they were."""
    job = await delivered(harness)
    before = await harness.job(job)
    harness.publisher.errors["post_result"] = [error]
    with pytest.raises(type(error)):
        await again(harness, job)
    assert await harness.job(job) == before
    assert len(harness.publisher.messages_of(job, "result")) == 1


@BOTH_ENGINES
async def test_a_video_deleted_while_it_is_posted_again_is_gone(harness: WorkflowHarness):
    """No copy of it stays."""
    job = await delivered(harness)
    harness.publisher.forgets_nonces = True
    post = harness.publisher.post_result

    async def slow(*given: object) -> int:
        message_id = await post(*given)  # pyright: ignore[reportArgumentType]
        await delete_video(harness.context, job, ADA)
        return message_id

    harness.publisher.post_result = slow  # pyright: ignore[reportAttributeAccessIssue]
    assert (await again(harness, job)).outcome is RepostOutcome.GONE
    assert harness.publisher.messages_of(job, "result") == []
    assert (await again(harness, job)).outcome is RepostOutcome.GONE
    assert not (await page(harness)).rows[0].can_repost


async def test_only_ones_own_videos_can_be_posted_again(harness: WorkflowHarness):
    """Neither another's, nor from another server, nor what there is none of yet."""
    job = await delivered(harness)
    waiting = (await harness.accept_job()).job.id
    for user, guild, asked in ((BEN, GUILD, job), (ADA, GUILD + 1, job), (ADA, GUILD, "0" * 20)):
        with pytest.raises(JobNotFound):
            await again(harness, asked, user, guild)
    with pytest.raises(NotDelivered):
        await again(harness, waiting)
