"""The operator's stop, the exposure of a day and its limit, and who pays for what turns up late."""

import asyncio

import pytest

from domain.jobs import JobState
from domain.money import MicroUSD
from storage import audit_log, exposure, submission_pause
from storage.exposure import of_day
from tests.harness.workflow import BEN, BOTH_ENGINES, World
from workflow.billing.quotas import Manager
from workflow.operator import control
from workflow.operator.actions import Verdict, decide
from workflow.operator.parked_jobs import Decision, evidence_of
from workflow.publisher import Halt, Why
from workflow.status_updates import sight_of

S = JobState
OLGA, OTTO = 91, 92
LOST = "a lake [[effect:504]]"
HALF_AN_HOUR = 31 * 60


async def exposed(world: World) -> int:
    return await world.database.read(lambda tx: of_day(tx, world.context.now_ms()))


async def given_up(world: World, prompt: str = LOST) -> str:
    """Lose the answer to a submission, and let its grace time pass."""
    job = (await world.order(prompt)).job.id
    await world.until(S.SUBMIT_UNKNOWN, job=job)
    await world.pass_time(HALF_AN_HOUR, step_s=300)
    return job


def task_of(world: World) -> str:
    """Give the one task that APIXO made."""
    (task,) = world.apixo.tasks
    return task.id


async def bind(world: World, job: str, task: str, click: int = 7001) -> None:
    found = await evidence_of(world.context, job)
    assert found is not None
    operator = Manager(OLGA, click)
    verdict = Verdict(
        decision=Decision.BIND,
        job_id=job,
        fence=found.job.fence,
        operator=operator,
        task_id=task,
    )
    await decide(world.context, verdict)


@BOTH_ENGINES
async def test_while_the_operator_stops_it_nothing_is_submitted_and_the_rest_goes_on(
    world: World,
) -> None:
    """What APIXO has is asked for, fetched and posted; what waits says why, then goes on."""
    first = (await world.order()).job.id
    await world.turn()
    await control.stop(world.context, "moving house", Manager(OLGA, 1))
    news = await world.order(user=BEN)
    assert news.halt == Halt(Why.OPERATOR, "moving house")
    await world.until(S.DELIVERED, job=first)
    await world.reborn()
    await world.pass_time(3600, step_s=300)
    assert (await world.job(news.job.id)).state is S.QUEUED
    assert world.submissions() == 1
    assert await control.go_on(world.context, Manager(OTTO, 2))
    await world.until(S.DELIVERED, job=news.job.id)
    trail = await world.database.read(lambda tx: audit_log.latest(tx, 0, 9))
    assert [(c.what, c.actor, c.before, c.after) for c in trail] == [
        ("go on", "92", "moving house", None),
        ("stop", "91", None, "moving house"),
    ]
    await world.audit()


@BOTH_ENGINES
async def test_what_waited_before_the_stop_says_so_too_and_no_more_afterwards(
    world: World,
) -> None:
    """The card of a job in line is brought up to date, both ways."""
    job = (await world.order()).job
    world.change(max_tasks=0)
    await world.turn()
    (card,) = world.channel.of(job.id, "status")
    await control.stop(world.context, "storm", Manager(OLGA, 1))
    await world.turn()
    assert card.halts == [None, Halt(Why.OPERATOR, "storm")]
    await control.go_on(world.context, Manager(OLGA, 2))
    await world.turn()
    assert card.halts == [None, Halt(Why.OPERATOR, "storm"), None]


async def test_a_stop_by_the_same_click_is_one_stop(world: World) -> None:
    """An interaction that is delivered twice changes nothing the second time."""
    for _ in range(2):
        await control.stop(world.context, "storm", Manager(OLGA, 1))
    assert await control.go_on(world.context, Manager(OLGA, 2))
    assert not await control.go_on(world.context, Manager(OLGA, 3))
    assert len(await world.database.read(lambda tx: audit_log.latest(tx, 0, 9))) == 2


async def test_going_on_ends_a_pause_as_well(world: World) -> None:
    """The operator knows better than the clock."""
    until_ms = world.context.now_ms() + 10_000
    await world.database.transact(lambda tx: submission_pause.pause(tx, until_ms, "rate limited"))
    assert await control.go_on(world.context, Manager(OLGA, 1))
    await world.order()
    await world.turn()
    assert world.submissions() == 1


@BOTH_ENGINES
async def test_what_a_lost_answer_may_have_cost_is_booked_to_the_operator(world: World) -> None:
    """Before the grace ends it is exposure by its price, afterwards by the booking; never both."""
    job = (await world.order(LOST)).job
    await world.until(S.SUBMIT_UNKNOWN, job=job.id)
    assert await exposed(world) == job.price
    await world.pass_time(HALF_AN_HOUR, step_s=300)
    assert await exposed(world) == job.price
    rows = [("hold", job.price), ("release", job.price), ("adjust", job.price)]
    assert await world.ledger(job.id) == rows
    assert (await world.audit()).ledger["adjusted"] == job.price


@BOTH_ENGINES
async def test_a_task_that_turns_up_late_is_the_operators_and_its_video_comes(
    world: World,
) -> None:
    """The member was told that nothing is charged, and so it stays; the booking stands for it."""
    job = await given_up(world)
    before = await world.ledger(job)
    await bind(world, job, task_of(world))
    await world.audit()
    await world.until(S.DELIVERED, job=job)
    assert await world.ledger(job) == before
    await world.audit()


async def test_a_late_task_that_failed_costs_nobody(world: World) -> None:
    """The booking is taken back, as a failed task of a member is released."""
    job = await given_up(world, "a lake [[effect:504]] [[fail:StreamError]]")
    price = (await world.job(job)).price
    await bind(world, job, task_of(world))
    await world.until(S.FAILED, job=job)
    assert (await world.ledger(job))[-2:] == [("adjust", price), ("adjust", -price)]
    assert await exposed(world) == 0
    assert not (await sight_of(world.context, await world.job(job))).charged
    await world.audit()


async def test_a_late_task_that_failed_is_never_charged_to_its_member(world: World) -> None:
    """Not even where failures cost: the operator bears it, and the card does not claim a charge."""
    world.change(charge_failed_tasks=True)
    job = await given_up(world, "a lake [[effect:504]] [[fail:StreamError]]")
    before = await world.ledger(job)
    await bind(world, job, task_of(world))
    await world.until(S.FAILED, job=job)
    assert await world.ledger(job) == before
    assert not (await sight_of(world.context, await world.job(job))).charged
    await world.audit()


async def test_a_late_task_that_never_ends_is_stuck_without_a_hold(world: World) -> None:
    """Its card does not speak of a hold, and the audit accepts it."""
    job = await given_up(world, "a lake [[effect:504]] [[never]]")
    await bind(world, job, task_of(world))
    await world.until(S.STUCK, job=job)
    assert (await sight_of(world.context, await world.job(job))).given_up
    await world.audit()


async def test_a_late_video_whose_file_is_lost_gives_nothing_back(world: World) -> None:
    """There is nothing to give back to whoever paid nothing."""
    job = await given_up(world, "a lake [[effect:504]] [[result:404]]")
    before = await world.ledger(job)
    await bind(world, job, task_of(world))
    await world.until(S.RESULT_LOST, job=job)
    assert await world.ledger(job) == before
    await world.audit()


@BOTH_ENGINES
async def test_at_its_limit_the_exposure_stops_the_belt_until_the_operator_accepts_it(
    world: World,
) -> None:
    """Nothing more is submitted by itself; then as much again may be lost before it stops anew."""
    world.change(exposure_limit=MicroUSD(100_000))
    lost = (await world.order(LOST)).job
    assert lost.price < 100_000 <= 2 * lost.price
    await world.until(S.SUBMIT_UNKNOWN, job=lost.id)
    second = (await world.order(LOST)).job.id
    await world.until(S.SUBMIT_UNKNOWN, job=second)
    waiting = await world.order()
    assert waiting.halt == Halt(Why.EXPOSURE)
    await world.pass_time(600, step_s=60)
    assert world.submissions() == 2
    assert await control.go_on(world.context, Manager(OLGA, 1))
    await world.until(S.DELIVERED, job=waiting.job.id)
    standing = await control.standing(world.context)
    assert standing.exposure.accepted == standing.exposure.amount == 2 * lost.price
    assert not standing.exposure.is_reached
    await world.audit()


async def test_the_next_day_begins_with_no_exposure_and_no_acceptance(world: World) -> None:
    """Yesterday's bookings are yesterday's, and a correction of them does not make room today."""
    world.change(exposure_limit=MicroUSD(80_000))
    job = await given_up(world)
    assert await exposed(world) == 80_000
    assert (await world.order()).halt == Halt(Why.EXPOSURE)
    await control.go_on(world.context, Manager(OLGA, 1))
    world.clock.advance(86_400)
    assert await exposed(world) == 0
    found = await evidence_of(world.context, job)
    assert found is not None
    verdict = Verdict(
        decision=Decision.RELEASE,
        job_id=job,
        fence=found.job.fence,
        operator=Manager(OLGA, 2),
    )
    await decide(world.context, verdict)
    assert await exposed(world) == 0
    accepted = await world.database.read(lambda tx: exposure.accepted(tx, world.context.now_ms()))
    assert accepted == 0
    await world.audit()


@pytest.mark.parametrize("template", ["postgresql"], indirect=True)
async def test_a_stop_reaches_every_process(world: World) -> None:
    """A second belt on the same database submits nothing either."""
    await control.stop(world.context, "storm", Manager(OLGA, 1))
    await asyncio.gather(*(world.order() for _ in range(3)))
    await world.turn()
    await world.reborn(owner="another")
    await world.turn()
    assert world.submissions() == 0
