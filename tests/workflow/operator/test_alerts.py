"""What the operator is told by itself: of parked jobs, and of an exposure that stops the belt."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace

from domain.jobs import JobState
from domain.money import MicroUSD
from tests.harness.workflow import BOTH_ENGINES, World
from workflow.billing.quotas import Manager
from workflow.operator import alerts, control
from workflow.operator.actions import Verdict, decide
from workflow.operator.control import Exposure
from workflow.operator.parked_jobs import Decision, evidence_of
from workflow.publisher import Halt, Why
from workflow.throttle import Pace

S = JobState


@dataclass
class Operator:
    """Hears what is told, unless away."""

    heard: list[object] = field(default_factory=list)
    is_away: bool = False

    async def hear(self, news: Counter[JobState] | Exposure) -> bool:
        if self.is_away:
            return False
        self.heard.append(news)
        return True


async def lose(world: World) -> str:
    # As by one more process: a lost answer slows its own down.
    world.context = replace(world.context, pace=Pace())
    world.change()
    job = (await world.order("a lake [[effect:504]]")).job.id
    await world.turn()
    assert (await world.job(job)).state is S.SUBMIT_UNKNOWN
    return job


async def release(world: World, job: str, click: int) -> None:
    found = await evidence_of(world.context, job)
    assert found is not None
    await decide(
        world.context,
        Verdict(
            decision=Decision.RELEASE,
            job_id=job,
            fence=found.job.fence,
            operator=Manager(91, click),
        ),
    )


@BOTH_ENGINES
async def test_what_was_parked_is_told_together_once_and_once_a_minute(world: World) -> None:
    """Also with two processes that look at the same moment."""
    olga = Operator()
    await lose(world)
    await lose(world)
    looks = [alerts.report(world.context, olga.hear) for _ in range(2)]
    await asyncio.gather(*looks)
    assert olga.heard == [Counter({S.SUBMIT_UNKNOWN: 2})]
    third = await lose(world)
    await alerts.report(world.context, olga.hear)
    assert len(olga.heard) == 1
    world.clock.advance(60)
    await alerts.report(world.context, olga.hear)
    world.clock.advance(60)
    await alerts.report(world.context, olga.hear)
    assert olga.heard[1:] == [Counter({S.SUBMIT_UNKNOWN: 1})]
    assert (await world.job(third)).told_at_ms is not None


async def test_an_operator_who_was_not_reached_is_told_later(world: World) -> None:
    """A minute later, by whichever process; what was decided meanwhile is not told any more."""
    olga = Operator(is_away=True)
    job, other = await lose(world), await lose(world)
    await alerts.report(world.context, olga.hear)
    await release(world, other, click=1)
    olga.is_away = False
    await alerts.report(world.context, olga.hear)
    assert olga.heard == []
    world.clock.advance(60)
    await alerts.report(world.context, olga.hear)
    assert olga.heard == [Counter({S.SUBMIT_UNKNOWN: 1})]
    assert (await world.job(job)).told_at_ms is not None


async def test_an_exposure_at_its_limit_is_told_once_for_each_time(world: World) -> None:
    """It is not told again while it lasts, but after it has fallen, and beyond what is accepted."""
    world.change(exposure_limit=MicroUSD(80_000))
    olga = Operator()
    await alerts.mind(world.context, olga.hear)
    assert olga.heard == []
    first = await lose(world)
    for _ in range(2):
        await alerts.mind(world.context, olga.hear)
    assert [news.amount for news in olga.heard] == [80_000]
    await release(world, first, click=1)
    await alerts.mind(world.context, olga.hear)
    await lose(world)
    await alerts.mind(world.context, olga.hear)
    assert [news.amount for news in olga.heard] == [80_000, 80_000]
    await control.go_on(world.context, Manager(91, 2))
    await alerts.mind(world.context, olga.hear)
    await lose(world)
    await alerts.mind(world.context, olga.hear)
    assert [news.amount for news in olga.heard] == [80_000, 80_000, 160_000]


async def test_the_cards_in_line_tell_of_the_limit_and_of_its_end(world: World) -> None:
    """Those that were out before it was reached, too."""
    olga, lost = Operator(), await lose(world)
    world.change(max_tasks=0)
    waiting = (await world.order()).job.id
    await world.turn()
    (card,) = world.channel.of(waiting, "status")
    assert card.halts == [None]
    world.change(exposure_limit=MicroUSD(80_000), max_tasks=5)
    await alerts.mind(world.context, olga.hear)
    await world.turn()
    assert card.halts == [None, Halt(Why.EXPOSURE)]
    await release(world, lost, click=1)
    await alerts.mind(world.context, olga.hear)
    await world.until(S.DELIVERED, job=waiting)
