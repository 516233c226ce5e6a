"""Two processes change one job at the same moment: the second sees what the first did."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from domain.guild_settings import GuildSettings
from domain.jobs import NEVER_MS, JobState
from domain.requests import Draft, GenerationCommand, Picture, build_request
from sandbox.apixo import Fault as ApixoFault
from storage import guild_settings, jobs, status_messages
from storage.database import Database
from storage.jobs import Job
from tests.harness.inputs import keep_input
from tests.harness.workflow import ADA, GUILD, NO_LIMITS, WorkflowHarness
from workflow.billing import credit
from workflow.billing.quotas import Actor
from workflow.operator.control import stop_submissions
from workflow.publisher import StatusView
from workflow.results.repost import repost
from workflow.results.share import share
from workflow.stages.accept import accept, cancel
from workflow.stages.poll import poll
from workflow.stages.recover import park_lost_submissions
from workflow.status_updates import StatusUpdater
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


async def test_who_cancels_when_a_day_without_money_ends_gets_the_hold_back_once(
    harness: WorkflowHarness,
):
    """The next one in the line is released all the same."""
    harness.apixo.balance.micro = 0
    mine, other = [(await harness.accept_job()).job for _ in range(2)]
    await harness.run_once()
    since_ms = (await credit.get_submission_pause(harness.context)).out_of_credit_since_ms
    assert since_ms is not None
    harness.clock.advance(DAY_S + 1)
    await harness.run_once()
    quicker = Overtaken(harness.database, lambda: cancel(harness.context, mine.id, ADA))
    overtaken: Any = replace(harness.context, database=quicker)
    await credit.release_expired_jobs(overtaken, since_ms)
    assert [(await harness.job(job.id)).state for job in (mine, other)] == [S.CANCELLED, S.REJECTED]
    for job in (mine, other):
        assert await harness.ledger(job.id) == [("hold", job.price), ("release", job.price)]
    await harness.audit()


@ON_POSTGRESQL
async def test_a_cooldown_counts_over_processes(harness: WorkflowHarness):
    """Of two orders at the same moment, each on a connection of its own, one is accepted."""
    harness.change_policy(limits=replace(NO_LIMITS, cooldown_s=60))
    orders = [accept(harness.context, harness.make_order(f"a lake {n}")) for n in "12"]
    outcomes = await asyncio.gather(*orders, return_exceptions=True)
    assert sorted(type(each).__name__ for each in outcomes) == ["Accepted", "CooldownActive"]
    await harness.audit()


async def test_who_dies_over_a_link_has_sent_nothing(harness: WorkflowHarness):
    """It is on record, so the next process sends the request, once."""
    job = await with_a_picture(harness)
    asked, real = asyncio.Event(), harness.publisher.attach_files

    async def never(*_: Any) -> dict[str, str]:
        asked.set()
        await asyncio.Event().wait()
        return {}

    harness.publisher.attach_files = never  # type: ignore[method-assign]
    await harness.worker.run_once()
    await asyncio.wait_for(asked.wait(), 10)
    dying = [task for task in asyncio.all_tasks() if task.get_name() == f"job {job}"]
    for task in dying:
        task.cancel()
    await asyncio.gather(*dying, return_exceptions=True)
    harness.publisher.attach_files = real  # type: ignore[method-assign]
    harness.clock.advance(LEASE_MS / 1000 + 1)
    await harness.replace_worker()
    await harness.run_until(S.GENERATING, job=job)
    assert harness.submission_count() == 1
    await harness.audit()


async def test_who_got_a_link_when_another_has_the_job_sends_nothing(harness: WorkflowHarness):
    """The other one may have sent it."""
    job = await with_a_picture(harness)
    real = harness.publisher.attach_files

    async def attach_files(status: StatusView, files: Sequence[Path]) -> dict[str, str]:
        harness.clock.advance(LEASE_MS / 1000 + 1)
        await park_lost_submissions(harness.context)
        assert (await harness.job(job)).state is S.QUEUED
        return await real(status, files)

    harness.publisher.attach_files = attach_files  # type: ignore[method-assign]
    await harness.run_once()
    assert harness.submission_count() == 0
    harness.publisher.attach_files = real  # type: ignore[method-assign]
    await harness.run_until(S.GENERATING, job=job)
    assert harness.submission_count() == 1
    await harness.audit()


async def with_a_picture(world: WorkflowHarness) -> str:
    """Order a video from a picture without a link, and have its card posted."""
    kept = await keep_input(world.context.media, b"picture", "png")
    picture = Picture(url="", name="p.png", format="PNG", width=640, height=480, size=7, kept=kept)
    request = build_request(
        Draft(command=GenerationCommand.ANIMATE, prompt="it drifts", pictures=(picture,))
    )
    order = replace(world.make_order("it drifts"), request=request)
    job = (await accept(world.context, order)).job.id
    await world.run_once()
    await world.run_once()
    assert world.publisher.messages_of(job, "status")
    world.clock.advance(5)
    return job


@ON_POSTGRESQL
async def test_a_callback_that_comes_while_the_answer_is_written_is_not_lost(
    harness: WorkflowHarness,
):
    """The task is asked for once more, at once."""
    job = (await harness.accept_job()).job.id
    await harness.run_until(S.GENERATING, job=job)
    held = await harness.job(job)
    await _overlap(harness, lambda tx: jobs.make_due(tx, held, 0), poll(harness.context, held))
    assert (await harness.job(job)).due_at_ms <= harness.context.now_ms()


@ON_POSTGRESQL
async def test_what_changes_while_it_is_noted_as_shown_is_shown_too(harness: WorkflowHarness):
    """A hold that ends while its card is edited leaves a card that is still to be edited."""
    harness.apixo.faults.add_submit(ApixoFault(status=504), 1)
    job = (await harness.accept_job()).job.id
    await harness.run_until(S.SUBMIT_UNKNOWN, job=job)
    held = await harness.job(job)
    await _overlap(
        harness,
        lambda tx: jobs.reschedule(tx, held, due_at_ms=NEVER_MS, status_shown=None),
        StatusUpdater(harness.context).update(held),
    )
    assert (await harness.job(job)).status_shown is None
    await harness.run_once()
    assert (await harness.job(job)).status_shown is S.SUBMIT_UNKNOWN


@ON_POSTGRESQL
async def test_a_stop_is_shown_on_a_card_that_is_being_noted(harness: WorkflowHarness):
    """The one that records it read that nothing stopped the job."""
    job = (await harness.accept_job()).job
    await _overlap(
        harness,
        lambda tx: status_messages.save_message(tx, job.id, shown=S.QUEUED),
        stop_submissions(harness.context, "at night", Actor(ADA, 1)),
    )
    assert (await harness.job(job.id)).status_shown is None


@ON_POSTGRESQL
async def test_a_card_of_a_video_that_is_deleted_while_it_is_posted_again_is_edited(
    harness: WorkflowHarness,
):
    """It still links to the video."""
    job = await _delivered(harness)
    await _overlap(
        harness,
        lambda tx: jobs.reschedule(tx, job, due_at_ms=0, file_name=None, status_shown=None),
        repost(harness.context, job.id, GUILD, ADA),
    )
    assert (await harness.job(job.id)).status_shown is None


@ON_POSTGRESQL
async def test_a_second_post_in_the_showcase_is_taken_away_while_the_first_is_noted(
    harness: WorkflowHarness,
):
    """Two clicks at once leave one post, and it is the one that is known."""
    settings = GuildSettings(showcase_channel=77).model_dump_json()
    await harness.database.transact(lambda tx: guild_settings.save_settings(tx, GUILD, settings, 0))
    job = await _delivered(harness)
    await _overlap(
        harness,
        lambda tx: jobs.reschedule(tx, job, due_at_ms=0, shared_message_id=5, shared_channel_id=77),
        share(harness.context, job.id),
    )
    assert (await harness.job(job.id)).shared_message_id == 5
    assert harness.publisher.messages_of(job.id, "shared") == []


async def _delivered(harness: WorkflowHarness) -> Job:
    """Deliver a job whose nonces are forgotten, and show it."""
    harness.publisher.forgets_nonces = True
    job = (await harness.accept_job()).job.id
    await harness.run_until(S.DELIVERED, job=job)
    return await harness.job(job)


async def _overlap(
    harness: WorkflowHarness,
    earlier: Callable[[Any], Awaitable[Any]],
    later: Coroutine[Any, Any, Any],
) -> None:
    """Commit `earlier` at the moment at which the transaction of `later` waits for it."""
    has_written, may_end = asyncio.Event(), asyncio.Event()

    async def write_and_wait(tx: Any) -> None:
        await earlier(tx)
        has_written.set()
        await may_end.wait()

    first = asyncio.create_task(harness.database.transact(write_and_wait))
    await has_written.wait()
    second = asyncio.create_task(later)
    async with asyncio.timeout(120):
        while not await harness.database.read(_anybody_waits):
            await asyncio.sleep(0)
    may_end.set()
    await asyncio.gather(first, second)


async def _anybody_waits(tx: Any) -> bool:
    found = await tx.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
    return found.scalar_one() > 0
