"""Accepting: job and hold in one transaction, once for each interaction, under every limit."""

import asyncio

import pytest

from domain.jobs import JobState
from domain.quotas import Scope
from storage import queue
from tests.harness.workflow import ADA, BEN, BOTH_ENGINES, GUILD, WorkflowHarness, member_limits
from workflow.errors import JobNotFound, NotCancellable, OverLimit, QueueFull
from workflow.stages.accept import accept, cancel

S = JobState


async def test_the_answer_tells_price_place_and_what_is_left(harness: WorkflowHarness):
    """Two orders of 0.08 against a dollar: second in line, 0.84 left for the member."""
    harness.change_policy(limits=member_limits(member=1))
    await harness.accept_job(seconds=4, sound=False)
    second = await harness.accept_job(seconds=4, sound=False)
    assert second.queue_position == 2
    assert second.remaining.remaining_under(Scope.MEMBER) == 1_000_000 - 2 * second.job.price
    assert second.remaining.remaining_under(Scope.SERVER) is None


@BOTH_ENGINES
async def test_the_same_interaction_twice_is_one_job_and_one_hold(harness: WorkflowHarness):
    """Discord may send an interaction again, also while the first is being worked on."""
    order = harness.make_order("a lake")
    first, second = await asyncio.gather(
        accept(harness.context, order), accept(harness.context, order), return_exceptions=True
    )
    third = await accept(harness.context, order)
    known = [
        results.job.id
        for results in (first, second, third)
        if not isinstance(results, BaseException)
    ]
    assert len(set(known)) == 1
    assert len(known) == 3
    assert len(await harness.ledger(third.job.id)) == 1
    await harness.audit()


@BOTH_ENGINES
async def test_twenty_orders_at_once_against_room_for_three_let_three_through(
    harness: WorkflowHarness,
):
    """Seventeen are told what is left; what is held is exactly three prices."""
    price = (await harness.accept_job()).job.price
    harness.change_policy(limits=member_limits(member=4 * price / 1_000_000))
    orders = [harness.make_order(f"lake {n}") for n in range(20)]
    results = await asyncio.gather(
        *(accept(harness.context, order) for order in orders), return_exceptions=True
    )
    refused = [one for one in results if isinstance(one, OverLimit)]
    assert len(refused) == 17
    assert len(results) - len(refused) == 3
    assert {short.scope for one in refused for short in one.shortfalls} == {"member"}
    assert (await harness.audit()).ledger["held"] == 4 * price


async def test_what_does_not_fit_under_a_limit_leaves_nothing(harness: WorkflowHarness):
    """No job, no hold, and a smaller order still fits."""
    harness.change_policy(limits=member_limits(member=0.1))
    with pytest.raises(OverLimit) as refusal:
        await harness.accept_job(seconds=12, sound=True)
    (short,) = refusal.value.shortfalls
    assert (short.limit, short.used) == (100_000, 0)
    assert sum((await harness.audit()).jobs.values()) == 0
    assert (await harness.accept_job(seconds=4, sound=False)).queue_position == 1


@pytest.mark.parametrize(
    ("caps", "whose"),
    [
        ({"max_queued_per_member": 2}, "member"),
        ({"max_queued_per_server": 2}, "server"),
    ],
)
async def test_too_many_waiting_jobs_are_refused_before_money_is_held(
    harness: WorkflowHarness, caps: dict[str, int], whose: str
):
    """The third order says whose queue is full; after one was made there is room again."""
    harness.change_policy(**caps)
    jobs_waiting = [(await harness.accept_job()).job.id for _ in range(2)]
    with pytest.raises(QueueFull) as refusal:
        await harness.accept_job()
    assert (refusal.value.scope, refusal.value.limit) == (whose, 2)
    await harness.run_until(S.GENERATING, S.DELIVERED, job=jobs_waiting[0])
    await harness.accept_job()
    await harness.audit()


@BOTH_ENGINES
async def test_a_full_queue_stays_within_its_cap_when_all_come_at_once(harness: WorkflowHarness):
    """Twelve orders at once against a cap of five: five wait, seven are told."""
    harness.change_policy(max_queued_per_server=5)
    orders = [harness.make_order(f"lake {n}", user=[ADA, BEN][n % 2]) for n in range(12)]
    results = await asyncio.gather(
        *(accept(harness.context, order) for order in orders), return_exceptions=True
    )
    assert sum(isinstance(one, QueueFull) for one in results) == 7
    assert (await harness.audit()).jobs["queued"] == 5


@BOTH_ENGINES
async def test_a_double_click_cancels_once_and_is_answered_twice(harness: WorkflowHarness):
    """One click cancels, the other is told that it is cancelled already; one release."""
    for _ in range(5):
        job = (await harness.accept_job()).job
        clicks = await asyncio.gather(
            cancel(harness.context, job.id, ADA),
            cancel(harness.context, job.id, ADA),
            return_exceptions=True,
        )
        (late,) = [one for one in clicks if isinstance(one, BaseException)]
        assert isinstance(late, NotCancellable)
        assert late.state is S.CANCELLED
    await harness.audit()


async def test_a_cancelled_job_gives_its_hold_back_and_is_never_sent(harness: WorkflowHarness):
    """Cancelled by its owner while it waits; the message says so."""
    job = (await harness.accept_job()).job
    await cancel(harness.context, job.id, ADA)
    await harness.run_for(600)
    assert (await harness.job(job.id)).state is S.CANCELLED
    assert await harness.ledger(job.id) == [("hold", job.price), ("release", job.price)]
    assert harness.submission_count() == 0
    assert harness.publisher.messages_of(job.id, "status")[0].states == [S.CANCELLED]


async def test_nobody_cancels_anothers_job_nor_one_that_left_the_queue(harness: WorkflowHarness):
    """A stranger learns nothing; the owner hears its state; twice is too late as well."""
    job = (await harness.accept_job()).job.id
    for stranger, name in ((BEN, job), (ADA, "0" * 20)):
        with pytest.raises(JobNotFound):
            await cancel(harness.context, name, stranger)
    await harness.run_once()
    with pytest.raises(NotCancellable) as refusal:
        await cancel(harness.context, job, ADA)
    assert refusal.value.state is S.GENERATING
    other = (await harness.accept_job()).job.id
    await cancel(harness.context, other, ADA)
    with pytest.raises(NotCancellable):
        await cancel(harness.context, other, ADA)
    await harness.audit()


@BOTH_ENGINES
async def test_cancelling_while_the_worker_takes_the_job_is_one_or_the_other(
    harness: WorkflowHarness,
):
    """Ten races: cancelled and never sent, or sent and not cancelled; never both."""
    for _ in range(10):
        job = (await harness.accept_job()).job.id
        before = harness.submission_count()
        outcome, _ = await asyncio.gather(
            cancel(harness.context, job, ADA), harness.run_once(), return_exceptions=True
        )
        sent = harness.submission_count() - before
        assert sent == isinstance(outcome, NotCancellable)
        await harness.run_until(S.CANCELLED, S.DELIVERED, job=job)
    await harness.audit()


@BOTH_ENGINES
async def test_the_queue_is_counted_by_member_and_server(harness: WorkflowHarness):
    """Another server's jobs do not count against this one."""
    for _ in range(3):
        await harness.accept_job()
    await harness.accept_job(user=BEN)
    assert await harness.database.read(lambda tx: queue.count_queued(tx, GUILD, BEN)) == (1, 4)
    assert await harness.database.read(lambda tx: queue.count_queued(tx, GUILD + 1, BEN)) == (0, 0)
