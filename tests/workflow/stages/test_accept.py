"""Accepting: job and hold in one transaction, once for each interaction, under every limit."""

import asyncio

import pytest

from domain.jobs import JobState
from domain.quotas import Scope
from storage import queue
from tests.harness.workflow import ADA, BEN, BOTH_ENGINES, GUILD, World, limits
from workflow.errors import NotYours, OverLimit, QueueFull, TooLate
from workflow.stages.accept import accept, cancel

S = JobState


@BOTH_ENGINES
async def test_the_answer_tells_price_place_and_what_is_left(world: World):
    """Two orders of 0.08 against a dollar: second in line, 0.84 left for the member."""
    world.change(limits=limits(member=1))
    await world.order(seconds=4, sound=False)
    second = await world.order(seconds=4, sound=False)
    assert second.place == 2
    assert second.left.of(Scope.MEMBER) == 1_000_000 - 2 * second.job.price
    assert second.left.of(Scope.SERVER) is None


@BOTH_ENGINES
async def test_the_same_interaction_twice_is_one_job_and_one_hold(world: World):
    """Discord may send an interaction again, also while the first is being worked on."""
    order = world.an_order("a lake")
    first, second = await asyncio.gather(
        accept(world.context, order), accept(world.context, order), return_exceptions=True
    )
    third = await accept(world.context, order)
    known = [news.job.id for news in (first, second, third) if not isinstance(news, BaseException)]
    assert len(set(known)) == 1
    assert len(known) == 3
    assert len(await world.ledger(third.job.id)) == 1
    await world.audit()


@BOTH_ENGINES
async def test_twenty_orders_at_once_against_room_for_three_let_three_through(world: World):
    """Seventeen are told what is left; what is held is exactly three prices."""
    price = (await world.order()).job.price
    world.change(limits=limits(member=4 * price / 1_000_000))
    orders = [world.an_order(f"lake {n}") for n in range(20)]
    news = await asyncio.gather(
        *(accept(world.context, order) for order in orders), return_exceptions=True
    )
    refused = [one for one in news if isinstance(one, OverLimit)]
    assert len(refused) == 17
    assert len(news) - len(refused) == 3
    assert {short.scope for one in refused for short in one.shortfalls} == {"member"}
    assert (await world.audit()).ledger["held"] == 4 * price


@BOTH_ENGINES
async def test_what_does_not_fit_under_a_limit_leaves_nothing(world: World):
    """No job, no hold, and a smaller order still fits."""
    world.change(limits=limits(member=0.1))
    with pytest.raises(OverLimit) as refusal:
        await world.order(seconds=12, sound=True)
    (short,) = refusal.value.shortfalls
    assert (short.limit, short.used) == (100_000, 0)
    assert sum((await world.audit()).jobs.values()) == 0
    assert (await world.order(seconds=4, sound=False)).place == 1


@BOTH_ENGINES
@pytest.mark.parametrize(
    ("caps", "whose"),
    [
        ({"max_queued_per_member": 2}, "member"),
        ({"max_queued_per_server": 2}, "server"),
    ],
)
async def test_too_many_waiting_jobs_are_refused_before_money_is_held(
    world: World, caps: dict[str, int], whose: str
):
    """The third order says whose queue is full; after one was made there is room again."""
    world.change(**caps)
    jobs_waiting = [(await world.order()).job.id for _ in range(2)]
    with pytest.raises(QueueFull) as refusal:
        await world.order()
    assert (refusal.value.whose, refusal.value.most) == (whose, 2)
    await world.until(S.GENERATING, S.DELIVERED, job=jobs_waiting[0])
    await world.order()
    await world.audit()


@BOTH_ENGINES
async def test_a_full_queue_stays_within_its_cap_when_all_come_at_once(world: World):
    """Twelve orders at once against a cap of five: five wait, seven are told."""
    world.change(max_queued_per_server=5)
    orders = [world.an_order(f"lake {n}", user=[ADA, BEN][n % 2]) for n in range(12)]
    news = await asyncio.gather(
        *(accept(world.context, order) for order in orders), return_exceptions=True
    )
    assert sum(isinstance(one, QueueFull) for one in news) == 7
    assert (await world.audit()).jobs["queued"] == 5


@BOTH_ENGINES
async def test_a_double_click_cancels_once_and_is_answered_twice(world: World):
    """One click cancels, the other is told that it is cancelled already; one release."""
    for _ in range(5):
        job = (await world.order()).job
        clicks = await asyncio.gather(
            cancel(world.context, job.id, ADA),
            cancel(world.context, job.id, ADA),
            return_exceptions=True,
        )
        (late,) = [one for one in clicks if isinstance(one, BaseException)]
        assert isinstance(late, TooLate)
        assert late.state is S.CANCELLED
    await world.audit()


@BOTH_ENGINES
async def test_a_cancelled_job_gives_its_hold_back_and_is_never_sent(world: World):
    """Cancelled by its owner while it waits; the message says so."""
    job = (await world.order()).job
    await cancel(world.context, job.id, ADA)
    await world.pass_time(600)
    assert (await world.job(job.id)).state is S.CANCELLED
    assert await world.ledger(job.id) == [("hold", job.price), ("release", job.price)]
    assert world.submissions() == 0
    assert world.channel.of(job.id, "status")[0].states == [S.CANCELLED]


@BOTH_ENGINES
async def test_nobody_cancels_anothers_job_nor_one_that_left_the_queue(world: World):
    """A stranger learns nothing; the owner is told where it stands; twice is too late as well."""
    job = (await world.order()).job.id
    for stranger, name in ((BEN, job), (ADA, "0" * 20)):
        with pytest.raises(NotYours):
            await cancel(world.context, name, stranger)
    await world.turn()
    with pytest.raises(TooLate) as refusal:
        await cancel(world.context, job, ADA)
    assert refusal.value.state is S.GENERATING
    other = (await world.order()).job.id
    await cancel(world.context, other, ADA)
    with pytest.raises(TooLate):
        await cancel(world.context, other, ADA)
    await world.audit()


@BOTH_ENGINES
async def test_cancelling_while_the_belt_takes_the_job_is_one_or_the_other(world: World):
    """Ten races: cancelled and never sent, or sent and not cancelled; never both."""
    for _ in range(10):
        job = (await world.order()).job.id
        before = world.submissions()
        outcome, _ = await asyncio.gather(
            cancel(world.context, job, ADA), world.turn(), return_exceptions=True
        )
        sent = world.submissions() - before
        assert sent == isinstance(outcome, TooLate)
        await world.until(S.CANCELLED, S.DELIVERED, job=job)
    await world.audit()


@BOTH_ENGINES
async def test_the_queue_is_counted_by_member_and_server(world: World):
    """Another server's jobs do not count against this one."""
    for _ in range(3):
        await world.order()
    await world.order(user=BEN)
    assert await world.database.read(lambda tx: queue.waiting(tx, GUILD, BEN)) == (1, 4)
    assert await world.database.read(lambda tx: queue.waiting(tx, GUILD + 1, BEN)) == (0, 0)
