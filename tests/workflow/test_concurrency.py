"""Two that meddle with one job at the same moment: whoever comes second sees what the first did."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from domain.jobs import JobState
from domain.requests import Command, Draft, Picture, check
from storage import jobs
from storage.database import Database
from tests.harness.workflow import ADA, World
from workflow.billing import credit
from workflow.publisher import Sight
from workflow.stages.accept import accept, cancel
from workflow.stages.poll import poll
from workflow.stages.recover import park_lost_submissions
from workflow.worker import LEASE_MS

S = JobState
ON_POSTGRESQL = pytest.mark.parametrize("template", ["postgresql"], indirect=True)
"""On SQLite one transaction that writes keeps the others out from its beginning."""

DAY_S = 24 * 3600


class Overtaken:
    """A database in which somebody else is quicker, just before the first transaction."""

    def __init__(self, database: Database, others: Callable[[], Awaitable[Any]]) -> None:
        self._database = database
        self._others: Callable[[], Awaitable[Any]] | None = others

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def transact(self, work: Any) -> Any:
        others, self._others = self._others, None
        if others is not None:
            await others()
        return await self._database.transact(work)


async def test_who_cancels_when_a_day_without_money_ends_gets_the_hold_back_once(world: World):
    """The next one in the line is released all the same."""
    world.apixo.balance.micro = 0
    mine, other = [(await world.order()).job for _ in range(2)]
    await world.turn()
    since_ms = (await credit.state(world.context)).short_since_ms
    assert since_ms is not None
    world.clock.advance(DAY_S + 1)
    await world.turn()
    quicker = Overtaken(world.database, lambda: cancel(world.context, mine.id, ADA))
    overtaken: Any = replace(world.context, database=quicker)
    await credit.let_go(overtaken, since_ms)
    assert [(await world.job(job.id)).state for job in (mine, other)] == [S.CANCELLED, S.REJECTED]
    for job in (mine, other):
        assert await world.ledger(job.id) == [("hold", job.price), ("release", job.price)]
    await world.audit()


async def test_who_dies_over_a_link_has_sent_nothing(world: World):
    """It is on record, so the next process sends the request, once."""
    job = await with_a_picture(world)
    asked, real = asyncio.Event(), world.channel.offer_files

    async def never(*_: Any) -> dict[str, str]:
        asked.set()
        await asyncio.Event().wait()
        return {}

    world.channel.offer_files = never  # type: ignore[method-assign]
    await world.belt.turn()
    await asyncio.wait_for(asked.wait(), 10)
    dying = [task for task in asyncio.all_tasks() if task.get_name() == f"job {job}"]
    for task in dying:
        task.cancel()
    await asyncio.gather(*dying, return_exceptions=True)
    world.channel.offer_files = real  # type: ignore[method-assign]
    world.clock.advance(LEASE_MS / 1000 + 1)
    await world.reborn()
    await world.until(S.GENERATING, job=job)
    assert world.submissions() == 1
    await world.audit()


async def test_who_got_a_link_when_another_has_the_job_sends_nothing(world: World):
    """The other one may have sent it."""
    job = await with_a_picture(world)
    real = world.channel.offer_files

    async def offer_files(sight: Sight, files: Sequence[Path]) -> dict[str, str]:
        world.clock.advance(LEASE_MS / 1000 + 1)
        await park_lost_submissions(world.context)
        assert (await world.job(job)).state is S.QUEUED
        return await real(sight, files)

    world.channel.offer_files = offer_files  # type: ignore[method-assign]
    await world.turn()
    assert world.submissions() == 0
    world.channel.offer_files = real  # type: ignore[method-assign]
    await world.until(S.GENERATING, job=job)
    assert world.submissions() == 1
    await world.audit()


async def with_a_picture(world: World) -> str:
    """Order a video from a picture without a link, and have its card posted."""
    kept = await world.context.media.keep_input(b"picture", "png")
    picture = Picture(url="", name="p.png", format="PNG", width=640, height=480, size=7, kept=kept)
    request = check(Draft(command=Command.ANIMATE, prompt="it drifts", pictures=(picture,)))
    order = replace(world.an_order("it drifts"), request=request)
    job = (await accept(world.context, order)).job.id
    await world.turn()
    await world.turn()
    assert world.channel.of(job, "status")
    world.clock.advance(5)
    return job


@ON_POSTGRESQL
async def test_a_callback_that_comes_while_the_answer_is_written_is_not_lost(world: World):
    """The task is asked for once more, at once."""
    job = (await world.order()).job.id
    await world.until(S.GENERATING, job=job)
    held = await world.job(job)
    is_hurried, may_end = asyncio.Event(), asyncio.Event()

    async def hurry(tx: Any) -> None:
        await jobs.hurry(tx, held, 0)
        is_hurried.set()
        await may_end.wait()

    calling = asyncio.create_task(world.database.transact(hurry))
    await is_hurried.wait()
    asking = asyncio.create_task(poll(world.context, held))
    async with asyncio.timeout(10):
        while not await world.database.read(_anybody_waits):
            await asyncio.sleep(0)
    may_end.set()
    await asyncio.gather(calling, asking)
    assert (await world.job(job)).due_at_ms <= world.context.now_ms()


async def _anybody_waits(tx: Any) -> bool:
    found = await tx.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
    return found.scalar_one() > 0
