"""Out of money at APIXO: the line stays, everybody reads why, and it goes on by itself."""

import pytest

from domain.jobs import JobState
from domain.models import ModelId
from domain.money import MicroUSD
from sandbox.apixo import Fault
from storage import submission_pause
from tests.harness.workflow import BEN, BOTH_ENGINES, WorkflowHarness
from workflow.billing.balance_monitor import (
    BalanceAlert,
    BalanceMonitor,
    CreditExhausted,
    LowBalance,
)
from workflow.publisher import BlockReason, SubmissionBlock

S = JobState
DOLLAR = 1_000_000
OUT_OF_CREDIT = SubmissionBlock(BlockReason.OUT_OF_CREDIT)


class Operator:
    """Somebody who is told; `is_reached` says whether that works."""

    def __init__(self) -> None:
        self.heard: list[BalanceAlert] = []
        self.tries = 0
        self.is_reached = True

    async def tell(self, alert: BalanceAlert) -> bool:
        self.tries += 1
        if self.is_reached:
            self.heard.append(alert)
        return self.is_reached


@pytest.fixture
def operator() -> Operator:
    return Operator()


@pytest.fixture
def watch(harness: WorkflowHarness, operator: Operator) -> BalanceMonitor:
    return BalanceMonitor(harness.context, operator.tell)


async def is_short(world: WorkflowHarness) -> bool:
    return (await world.database.read(submission_pause.get)).is_out_of_credit


def last(world: WorkflowHarness, job: str) -> tuple[JobState, bool]:
    (status,) = world.publisher.messages_of(job, "status")
    return status.states[-1], status.submission_blocks[-1] == OUT_OF_CREDIT


async def test_the_line_stays_and_goes_on_when_the_balance_is_back(
    harness: WorkflowHarness, watch: BalanceMonitor, operator: Operator
):
    """One try; the cards of all say why; filled again, they say so no more and all are made."""
    harness.apixo.balance.micro = 0
    jobs = [(await harness.accept_job(user=user)).job.id for user in (31, 32, 33)]
    await harness.run_once()
    await harness.run_once()
    assert harness.submission_count() <= 3
    assert [last(harness, job) for job in jobs] == [(S.QUEUED, True)] * 3
    await watch.check()
    (alert,) = operator.heard
    assert isinstance(alert, CreditExhausted)
    assert alert == CreditExhausted(since_ms=alert.since_ms, balance=MicroUSD(0))

    harness.apixo.balance.micro = 100 * DOLLAR
    harness.clock.advance(121)
    await watch.check()
    assert not await is_short(harness)
    for job in jobs:
        await harness.run_until(S.DELIVERED, job=job)
        assert await harness.ledger(job) == [("hold", 80_000), ("charge", 80_000)]
    assert operator.heard == [alert]
    await harness.audit()


async def test_while_it_lasts_no_card_is_edited_again(
    harness: WorkflowHarness, watch: BalanceMonitor
):
    """One try every five minutes, and each card shows it once."""
    harness.apixo.balance.micro = 0
    jobs = [(await harness.accept_job()).job.id for _ in range(5)]
    for _ in range(60):
        await harness.run_once()
        await watch.check()
        harness.clock.advance(30)
    for job in jobs:
        (status,) = harness.publisher.messages_of(job, "status")
        assert status.submission_blocks.count(OUT_OF_CREDIT) == 1
    assert 5 <= harness.submission_count() <= 11


@pytest.mark.parametrize(
    "refusal",
    [
        Fault(status=402),
        Fault(status=200, code=402, message="Insufficient balance or quota"),
        Fault(status=400, message="Insufficient credits"),
        Fault(status=400, fields={"failCode": "INSUFFICIENT_CREDITS"}),
    ],
    ids=["http", "envelope", "text", "failCode"],
)
async def test_every_form_of_402_is_the_same_signal(harness: WorkflowHarness, refusal: Fault):
    """HTTP status, envelope, words, failCode: the job keeps its hold and its place."""
    harness.apixo.faults.add_submit(refusal)
    job = (await harness.accept_job()).job
    await harness.run_once()
    assert await is_short(harness)
    assert (await harness.job(job.id)).state is S.QUEUED
    assert await harness.ledger(job.id) == [("hold", job.price)]


async def test_a_task_that_fails_for_want_of_money_is_the_same_signal(harness: WorkflowHarness):
    """It ends, uncharged; nobody else is submitted."""
    failing = (await harness.accept_job("a lake [[fail:InsufficientBalance]]")).job.id
    await harness.run_until(S.FAILED, job=failing)
    waiting = (await harness.accept_job(user=BEN)).job.id
    await harness.run_once()
    assert (await harness.job(waiting)).state is S.QUEUED
    assert last(harness, waiting) == (S.QUEUED, True)


async def test_a_try_that_goes_through_ends_the_shortage(
    harness: WorkflowHarness, watch: BalanceMonitor
):
    """A balance that never changes, as with a used-up quota: after five minutes one job tries."""
    harness.apixo.faults.add_submit(Fault(status=402))
    jobs = [(await harness.accept_job()).job.id for _ in range(3)]
    await harness.run_once()
    await watch.check()
    harness.clock.advance(200)
    await watch.check()
    assert await is_short(harness)
    before = harness.submission_count()
    harness.clock.advance(101)
    await harness.run_once()
    assert harness.submission_count() == before + 1
    assert not await is_short(harness)
    for job in jobs:
        await harness.run_until(S.DELIVERED, job=job)


async def test_it_waits_until_the_next_job_is_covered(
    harness: WorkflowHarness, watch: BalanceMonitor
):
    """A rise to less than the price of the next one does not help it."""
    harness.apixo.balance.micro = 0
    dear = (await harness.accept_job(model=ModelId.SEEDANCE_2_0)).job
    await harness.run_once()
    await watch.check()
    for balance, is_enough in ((dear.price - 1, False), (dear.price, True)):
        harness.apixo.balance.micro = balance
        harness.clock.advance(121)
        await watch.check()
        assert await is_short(harness) is not is_enough
    await harness.run_until(S.DELIVERED, job=dear.id)


@BOTH_ENGINES
async def test_after_a_day_without_money_the_hold_goes_back_and_the_member_is_told(
    harness: WorkflowHarness, watch: BalanceMonitor
):
    """Who has waited a whole day is released; who came later waits on."""
    harness.apixo.balance.micro = 0
    early = (await harness.accept_job()).job
    await harness.run_once()
    harness.clock.advance(20 * 3600)
    late = (await harness.accept_job(user=BEN)).job
    await harness.run_once()
    harness.clock.advance(4 * 3600 + 1)
    await harness.run_once()
    await watch.check()
    await harness.run_once()
    gone = await harness.job(early.id)
    assert (gone.state, gone.fail_code) == (S.REJECTED, "InsufficientBalance")
    assert await harness.ledger(early.id) == [("hold", early.price), ("release", early.price)]
    assert len(harness.publisher.messages_of(early.id, "failure")) == 1
    assert (await harness.job(late.id)).state is S.QUEUED
    await harness.audit()


async def test_money_that_comes_at_the_end_of_the_day_saves_who_waits(
    harness: WorkflowHarness, watch: BalanceMonitor
):
    """What the last reading says is acted upon before anybody is released."""
    harness.apixo.balance.micro = 0
    job = (await harness.accept_job()).job
    await harness.run_once()
    await watch.check()
    harness.clock.advance(24 * 3600 + 1)
    await harness.run_once()
    harness.apixo.balance.micro = 100 * DOLLAR
    await watch.check()
    await harness.run_until(S.DELIVERED, job=job.id)


async def test_after_a_time_without_the_service_one_job_tries_before_any_is_released(
    harness: WorkflowHarness, watch: BalanceMonitor
):
    """The key may have been filled meanwhile, and nobody has read the balance."""
    harness.apixo.balance.micro = 0
    job = (await harness.accept_job()).job
    await harness.run_once()
    harness.clock.advance(3 * 24 * 3600)
    harness.apixo.balance.micro = 100 * DOLLAR
    await harness.replace_worker()
    await watch.check()
    assert (await harness.job(job.id)).state is S.QUEUED
    await harness.run_until(S.DELIVERED, job=job.id)


async def test_an_order_during_a_shortage_is_accepted_and_says_so(harness: WorkflowHarness):
    """With its price on hold and its place in line."""
    harness.apixo.faults.add_submit(Fault(status=402), 100)
    await harness.accept_job()
    await harness.run_once()
    alert = await harness.accept_job(user=BEN)
    assert alert.submission_block == OUT_OF_CREDIT
    assert alert.job.state is S.QUEUED


@BOTH_ENGINES
async def test_the_operator_hears_of_a_low_balance_once_for_each_crossing(
    harness: WorkflowHarness, watch: BalanceMonitor, operator: Operator
):
    """Below: once, also after a restart; above, and below again: once more. With its runway."""
    harness.change_policy(balance_alert=MicroUSD(10 * DOLLAR))
    job = (await harness.accept_job()).job
    await harness.run_until(S.DELIVERED, job=job.id)
    operator.heard.clear()
    for balance in (11, 9, 8, 12, 7):
        harness.apixo.balance.micro = balance * DOLLAR
        await BalanceMonitor(harness.context, operator.tell).check()
    floor = MicroUSD(10 * DOLLAR)
    assert operator.heard == [
        LowBalance(balance=MicroUSD(b * DOLLAR), floor=floor, days_left=b * 7 / 0.08)
        for b in (9, 7)
    ]


async def test_an_operator_who_could_not_be_reached_is_told_with_the_next_reading(
    harness: WorkflowHarness, operator: Operator
):
    """And not again after that."""
    harness.change_policy(balance_alert=MicroUSD(10 * DOLLAR))
    harness.apixo.balance.micro = 5 * DOLLAR
    watch = BalanceMonitor(harness.context, operator.tell)
    operator.is_reached = False
    await watch.check()
    assert (operator.tries, operator.heard) == (1, [])
    operator.is_reached = True
    for _ in range(3):
        harness.clock.advance(3601)
        await watch.check()
    assert len(operator.heard) == 1


async def test_without_a_floor_nobody_is_told(
    harness: WorkflowHarness, watch: BalanceMonitor, operator: Operator
):
    """`none` lifts the alarm."""
    harness.apixo.balance.micro = 1
    await watch.check()
    assert operator.heard == []


async def test_several_processes_tell_it_once(harness: WorkflowHarness, operator: Operator):
    """Each reads the balance; one of them reports it."""
    harness.change_policy(balance_alert=MicroUSD(10 * DOLLAR))
    harness.apixo.balance.micro = DOLLAR
    first, second = (BalanceMonitor(harness.context, operator.tell) for _ in range(2))
    await first.check()
    await second.check()
    assert len(operator.heard) == 1
