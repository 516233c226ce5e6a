"""Out of money at APIXO: the line stays, everybody reads why, and it goes on by itself."""

import pytest

from domain.jobs import JobState
from domain.models import ModelId
from domain.money import MicroUSD
from sandbox.apixo import Fault
from storage import submission_pause
from tests.harness.workflow import BEN, BOTH_ENGINES, World
from workflow.billing.balance_monitor import LowBalance, MoneyWatch, News, OutOfFunds
from workflow.publisher import Halt, Why

S = JobState
DOLLAR = 1_000_000
OUT_OF_CREDIT = Halt(Why.NO_FUNDS)


class Operator:
    """Somebody who is told; `is_reached` says whether that works."""

    def __init__(self) -> None:
        self.heard: list[News] = []
        self.tries = 0
        self.is_reached = True

    async def tell(self, news: News) -> bool:
        self.tries += 1
        if self.is_reached:
            self.heard.append(news)
        return self.is_reached


@pytest.fixture
def operator() -> Operator:
    return Operator()


@pytest.fixture
def watch(world: World, operator: Operator) -> MoneyWatch:
    return MoneyWatch(world.context, operator.tell)


async def is_short(world: World) -> bool:
    return (await world.database.read(submission_pause.state)).is_short


def last(world: World, job: str) -> tuple[JobState, bool]:
    (status,) = world.channel.of(job, "status")
    return status.states[-1], status.halts[-1] == OUT_OF_CREDIT


@BOTH_ENGINES
async def test_the_line_stays_and_goes_on_when_the_balance_is_back(
    world: World, watch: MoneyWatch, operator: Operator
):
    """One try; the cards of all say why; filled again, they say so no more and all are made."""
    world.apixo.balance.micro = 0
    jobs = [(await world.order(user=user)).job.id for user in (31, 32, 33)]
    await world.turn()
    await world.turn()
    assert world.submissions() <= 3
    assert [last(world, job) for job in jobs] == [(S.QUEUED, True)] * 3
    await watch.look()
    (news,) = operator.heard
    assert isinstance(news, OutOfFunds)
    assert news == OutOfFunds(since_ms=news.since_ms, balance=MicroUSD(0))

    world.apixo.balance.micro = 100 * DOLLAR
    world.clock.advance(121)
    await watch.look()
    assert not await is_short(world)
    for job in jobs:
        await world.until(S.DELIVERED, job=job)
        assert await world.ledger(job) == [("hold", 80_000), ("charge", 80_000)]
    assert operator.heard == [news]
    await world.audit()


async def test_while_it_lasts_no_card_is_edited_again(world: World, watch: MoneyWatch):
    """One try every five minutes, and each card shows it once."""
    world.apixo.balance.micro = 0
    jobs = [(await world.order()).job.id for _ in range(5)]
    for _ in range(60):
        await world.turn()
        await watch.look()
        world.clock.advance(30)
    for job in jobs:
        (status,) = world.channel.of(job, "status")
        assert status.halts.count(OUT_OF_CREDIT) == 1
    assert 5 <= world.submissions() <= 11


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
async def test_every_form_of_402_is_the_same_signal(world: World, refusal: Fault):
    """HTTP status, envelope, words, failCode: the job keeps its hold and its place."""
    world.apixo.faults.on_submit(refusal)
    job = (await world.order()).job
    await world.turn()
    assert await is_short(world)
    assert (await world.job(job.id)).state is S.QUEUED
    assert await world.ledger(job.id) == [("hold", job.price)]


@BOTH_ENGINES
async def test_a_task_that_fails_for_want_of_money_is_the_same_signal(world: World):
    """It ends, uncharged; nobody else is submitted."""
    failing = (await world.order("a lake [[fail:InsufficientBalance]]")).job.id
    await world.until(S.FAILED, job=failing)
    waiting = (await world.order(user=BEN)).job.id
    await world.turn()
    assert (await world.job(waiting)).state is S.QUEUED
    assert last(world, waiting) == (S.QUEUED, True)


async def test_a_try_that_goes_through_ends_the_shortage(world: World, watch: MoneyWatch):
    """A balance that never changes, as with a used-up quota: after five minutes one job tries."""
    world.apixo.faults.on_submit(Fault(status=402))
    jobs = [(await world.order()).job.id for _ in range(3)]
    await world.turn()
    await watch.look()
    world.clock.advance(200)
    await watch.look()
    assert await is_short(world)
    before = world.submissions()
    world.clock.advance(101)
    await world.turn()
    assert world.submissions() == before + 1
    assert not await is_short(world)
    for job in jobs:
        await world.until(S.DELIVERED, job=job)


async def test_it_waits_until_the_next_job_is_covered(world: World, watch: MoneyWatch):
    """A rise to less than the price of the next one does not help it."""
    world.apixo.balance.micro = 0
    dear = (await world.order(model=ModelId.SEEDANCE_2_0)).job
    await world.turn()
    await watch.look()
    for balance, is_enough in ((dear.price - 1, False), (dear.price, True)):
        world.apixo.balance.micro = balance
        world.clock.advance(121)
        await watch.look()
        assert await is_short(world) is not is_enough
    await world.until(S.DELIVERED, job=dear.id)


@BOTH_ENGINES
async def test_after_a_day_without_money_the_hold_goes_back_and_the_member_is_told(
    world: World, watch: MoneyWatch
):
    """Who has waited a whole day is released; who came later waits on."""
    world.apixo.balance.micro = 0
    early = (await world.order()).job
    await world.turn()
    world.clock.advance(20 * 3600)
    late = (await world.order(user=BEN)).job
    await world.turn()
    world.clock.advance(4 * 3600 + 1)
    await world.turn()
    await watch.look()
    await world.turn()
    gone = await world.job(early.id)
    assert (gone.state, gone.fail_code) == (S.REJECTED, "InsufficientBalance")
    assert await world.ledger(early.id) == [("hold", early.price), ("release", early.price)]
    assert len(world.channel.of(early.id, "failure")) == 1
    assert (await world.job(late.id)).state is S.QUEUED
    await world.audit()


async def test_money_that_comes_at_the_end_of_the_day_saves_who_waits(
    world: World, watch: MoneyWatch
):
    """What the last reading says is acted upon before anybody is released."""
    world.apixo.balance.micro = 0
    job = (await world.order()).job
    await world.turn()
    await watch.look()
    world.clock.advance(24 * 3600 + 1)
    await world.turn()
    world.apixo.balance.micro = 100 * DOLLAR
    await watch.look()
    await world.until(S.DELIVERED, job=job.id)


async def test_after_a_time_without_the_service_one_job_tries_before_any_is_released(
    world: World, watch: MoneyWatch
):
    """The key may have been filled meanwhile, and nobody has read the balance."""
    world.apixo.balance.micro = 0
    job = (await world.order()).job
    await world.turn()
    world.clock.advance(3 * 24 * 3600)
    world.apixo.balance.micro = 100 * DOLLAR
    await world.reborn()
    await watch.look()
    assert (await world.job(job.id)).state is S.QUEUED
    await world.until(S.DELIVERED, job=job.id)


@BOTH_ENGINES
async def test_an_order_during_a_shortage_is_accepted_and_says_so(world: World):
    """With its price on hold and its place in line."""
    world.apixo.faults.on_submit(Fault(status=402), 100)
    await world.order()
    await world.turn()
    news = await world.order(user=BEN)
    assert news.halt == OUT_OF_CREDIT
    assert news.job.state is S.QUEUED


@BOTH_ENGINES
async def test_the_operator_hears_of_a_low_balance_once_for_each_crossing(
    world: World, watch: MoneyWatch, operator: Operator
):
    """Below: once, also after a restart; above, and below again: once more. With its runway."""
    world.change(balance_alert=MicroUSD(10 * DOLLAR))
    job = (await world.order()).job
    await world.until(S.DELIVERED, job=job.id)
    operator.heard.clear()
    for balance in (11, 9, 8, 12, 7):
        world.apixo.balance.micro = balance * DOLLAR
        await MoneyWatch(world.context, operator.tell).look()
    floor = MicroUSD(10 * DOLLAR)
    assert operator.heard == [
        LowBalance(balance=MicroUSD(b * DOLLAR), floor=floor, days_left=b * 7 / 0.08)
        for b in (9, 7)
    ]


async def test_an_operator_who_could_not_be_reached_is_told_with_the_next_reading(
    world: World, operator: Operator
):
    """And not again after that."""
    world.change(balance_alert=MicroUSD(10 * DOLLAR))
    world.apixo.balance.micro = 5 * DOLLAR
    watch = MoneyWatch(world.context, operator.tell)
    operator.is_reached = False
    await watch.look()
    assert (operator.tries, operator.heard) == (1, [])
    operator.is_reached = True
    for _ in range(3):
        world.clock.advance(3601)
        await watch.look()
    assert len(operator.heard) == 1


async def test_without_a_floor_nobody_is_told(world: World, watch: MoneyWatch, operator: Operator):
    """`none` lifts the alarm."""
    world.apixo.balance.micro = 1
    await watch.look()
    assert operator.heard == []


async def test_several_processes_tell_it_once(world: World, operator: Operator):
    """Each reads the balance; one of them tells."""
    world.change(balance_alert=MicroUSD(10 * DOLLAR))
    world.apixo.balance.micro = DOLLAR
    first, second = (MoneyWatch(world.context, operator.tell) for _ in range(2))
    await first.look()
    await second.look()
    assert len(operator.heard) == 1
