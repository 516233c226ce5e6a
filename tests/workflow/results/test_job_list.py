"""The list of a member's jobs, and what happens when one is posted again."""

import asyncio
from dataclasses import astuple

import pytest

from domain.jobs import JobState
from domain.money import MicroUSD
from storage import billing
from tests.harness.workflow import ADA, BEN, BOTH_ENGINES, GUILD, World
from workflow.errors import NotYours, PlaceGone, TooLargeToPost, TooSoon, TryLater
from workflow.results.delete import erase
from workflow.results.job_list import PAGE, Page, page_of
from workflow.results.repost import Again, Reposted, post_again
from workflow.stages.accept import cancel

S = JobState


async def page(world: World, start: str | None = None, user: int = ADA) -> Page:
    return await page_of(world.context, GUILD, user, start)


def ids(shown: Page) -> list[str]:
    return [row.sight.job.id for row in shown.rows]


async def ordered(world: World, count: int, user: int = ADA) -> list[str]:
    """Order videos and list them, newest first."""
    return [(await world.order(user=user)).job.id for _ in range(count)][::-1]


async def again(world: World, job: str, user: int = ADA, guild: int = GUILD) -> Reposted:
    return await post_again(world.context, job, guild, user)


async def delivered(world: World) -> str:
    job = (await world.order()).job.id
    await world.until(S.DELIVERED, job=job)
    return job


async def undeliverable(world: World) -> str:
    job = (await world.order()).job.id
    for method in ("post_result", "send_result_privately"):
        world.channel.trouble[method] = [PlaceGone("gone")]
    await world.until(S.UNDELIVERABLE, job=job)
    return job


@BOTH_ENGINES
async def test_the_list_is_ones_own_newest_first(world: World):
    """Five on a page; others' jobs and other servers' are not there."""
    mine, _ = await ordered(world, PAGE + 2), await ordered(world, 3, user=BEN)
    first = await page(world)
    assert (ids(first), first.newer, first.older) == (mine[:PAGE], None, mine[PAGE])
    assert (first.before, first.total) == (0, PAGE + 2)
    second = await page(world, first.older)
    assert (ids(second), second.newer, second.older) == (mine[PAGE:], mine[0], None)
    assert (second.before, second.total) == (PAGE, PAGE + 2)
    elsewhere = await page_of(world.context, GUILD + 1, ADA)
    assert (elsewhere.rows, elsewhere.total) == ((), 0)


@BOTH_ENGINES
async def test_new_jobs_do_not_shift_a_page(world: World):
    """What was behind *Next* and *Previous* is there still; the newest is reached step by step."""
    mine = await ordered(world, 2 * PAGE)
    first = await page(world)
    newest = await ordered(world, 2)
    second = await page(world, first.older)
    assert ids(second) == mine[PAGE:]
    back = await page(world, second.newer)
    assert ids(back) == mine[:PAGE]
    assert ids(await page(world, back.newer)) == [*newest, *mine[: PAGE - 2]]


@BOTH_ENGINES
@pytest.mark.parametrize("start", ["0" * 20, "last", "x"])
async def test_a_page_that_is_none_is_the_newest(world: World, start: str):
    """Also another member's job names no page."""
    mine = await ordered(world, 2)
    others = await ordered(world, 1, user=BEN)
    assert ids(await page(world, start)) == mine
    assert ids(await page(world, others[0])) == mine


@BOTH_ENGINES
async def test_what_became_of_the_money_is_told_exactly(world: World):
    """Held; given back by a release; charged; charged and given back later."""
    paid = await delivered(world)
    lost = await delivered(world)
    price = (await world.job(lost)).price
    await world.database.transact(
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
    held, gone = await ordered(world, 2)
    await cancel(world.context, gone, ADA)
    found = {row.sight.job.id: row for row in (await page(world)).rows}
    money = {job: astuple(row.money) for job, row in found.items()}
    assert money == {
        held: (price, 0, 0, 0),
        gone: (0, 0, price, 0),
        lost: (0, price, 0, -1),
        paid: (0, price, 0, 0),
    }
    able = {job: (row.can_cancel, row.can_post_again) for job, row in found.items()}
    assert able[held] == (True, False)
    assert able[gone] == (False, False)
    assert able[lost] == able[paid] == (False, True)


@BOTH_ENGINES
async def test_what_could_not_be_posted_is_posted_once_by_two_clicks(world: World):
    """Both clicks hear that it is on its way; nothing more is charged."""
    job = await undeliverable(world)
    ledger = await world.ledger(job)
    assert (await page(world)).rows[0].can_post_again
    one, two = await asyncio.gather(again(world, job), again(world, job))
    assert one.outcome is two.outcome is Again.ON_ITS_WAY
    await world.until(S.DELIVERED, job=job)
    assert (await again(world, job)).outcome is Again.JUST_POSTED
    assert len(world.channel.of(job, "result")) == 1
    assert world.channel.of(job, "status")[0].states[-1] is S.DELIVERED
    assert await world.ledger(job) == ledger
    await world.audit()


@BOTH_ENGINES
async def test_what_can_not_be_posted_still_is_parked_again(world: World):
    """And can be posted again another time."""
    job = await undeliverable(world)
    for method in ("post_result", "send_result_privately"):
        world.channel.trouble[method] = [PlaceGone("gone")]
    await again(world, job)
    await world.until(S.UNDELIVERABLE, job=job)
    await again(world, job)
    await world.until(S.DELIVERED, job=job)
    await world.audit()


@BOTH_ENGINES
async def test_a_posted_video_moves_to_a_new_message(world: World):
    """One result is in the channel, a new one; two clicks come to one message; nothing is paid."""
    job = await delivered(world)
    ledger, before = await world.ledger(job), world.channel.of(job, "result")
    world.channel.forgets_nonces = True
    done = await again(world, job)
    world.channel.forgets_nonces = False
    (result,) = world.channel.of(job, "result")
    assert done.outcome is Again.POSTED
    assert done.job.result_message_id == result.id == (await world.job(job)).result_message_id
    assert [result.id] != [message.id for message in before]
    assert result.video == before[0].video
    clicks = await asyncio.gather(again(world, job), again(world, job))
    assert [click.outcome for click in clicks] == [Again.JUST_POSTED] * 2
    assert world.channel.of(job, "result") == [result]
    assert await world.ledger(job) == ledger
    await world.audit()


@BOTH_ENGINES
async def test_a_posted_video_whose_channel_is_gone_goes_to_its_member(world: World):
    """By direct message; from then on that is its result."""
    job = await delivered(world)
    world.channel.trouble["post_result"] = [PlaceGone("gone")]
    assert (await again(world, job)).outcome is Again.SENT
    (result,) = world.channel.of(job, "result")
    assert result.private
    assert (await world.job(job)).result_message_id == result.id


@BOTH_ENGINES
async def test_the_earlier_message_may_stay_where_discord_does_not_delete(world: World):
    """The video is posted all the same, and the new message is the one that is known."""
    job = await delivered(world)
    world.channel.forgets_nonces = True
    world.channel.trouble["delete_result"] = [TryLater("503")]
    done = await again(world, job)
    assert len(world.channel.of(job, "result")) == 2
    assert (await world.job(job)).result_message_id == done.job.result_message_id


@BOTH_ENGINES
@pytest.mark.parametrize("error", [TryLater("503"), TooLargeToPost("9 MB")])
async def test_a_post_that_fails_changes_nothing(world: World, error: Exception):
    """The job and its message are as they were."""
    job = await delivered(world)
    before = await world.job(job)
    world.channel.trouble["post_result"] = [error]
    with pytest.raises(type(error)):
        await again(world, job)
    assert await world.job(job) == before
    assert len(world.channel.of(job, "result")) == 1


@BOTH_ENGINES
async def test_a_video_deleted_while_it_is_posted_again_is_gone(world: World):
    """No copy of it stays."""
    job = await delivered(world)
    world.channel.forgets_nonces = True
    post = world.channel.post_result

    async def slow(*given: object) -> int:
        message_id = await post(*given)  # pyright: ignore[reportArgumentType]
        await erase(world.context, job, ADA)
        return message_id

    world.channel.post_result = slow  # pyright: ignore[reportAttributeAccessIssue]
    assert (await again(world, job)).outcome is Again.GONE
    assert world.channel.of(job, "result") == []
    assert (await again(world, job)).outcome is Again.GONE
    assert not (await page(world)).rows[0].can_post_again


@BOTH_ENGINES
async def test_only_ones_own_videos_can_be_posted_again(world: World):
    """Neither another's, nor from another server, nor what there is none of yet."""
    job = await delivered(world)
    waiting = (await world.order()).job.id
    for user, guild, asked in ((BEN, GUILD, job), (ADA, GUILD + 1, job), (ADA, GUILD, "0" * 20)):
        with pytest.raises(NotYours):
            await again(world, asked, user, guild)
    with pytest.raises(TooSoon):
        await again(world, waiting)
