"""A database put back from a copy: nothing that the copy does not know of happens again."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domain.jobs import JobState
from storage import exposure, high_water, parked_jobs
from storage.database import Database
from storage.media import MediaFolder
from tests.harness.workflow import ADA, GUILD, WorkflowHarness
from workflow.billing.quotas import Actor
from workflow.errors import HistoryDenied, MarksNotCompared
from workflow.high_water import HighWaterMark
from workflow.operator.actions import DecisionRequest, apply_decision, release_all
from workflow.operator.parked_jobs import Decision, get_parked_job, read_parked_page
from workflow.pending_interactions import PendingStore
from workflow.restore import declare_restored
from workflow.urls.callback_urls import Submission
from workflow.urls.callbacks import CallbackOutcome, record_callback
from workflow.worker import Worker

S = JobState
OPERATOR = Actor(7, 70)
PutBack = Callable[[WorkflowHarness, Path], Awaitable[None]]
_MOST_TRANSACTIONS = 60


class CopiedDatabase:
    """A database of which a copy is taken before or after its n-th transaction."""

    def __init__(self, database: Database, number: int, moment: str, copy: Path) -> None:
        self._database = database
        self._left = number
        self._moment = moment
        self._copy = copy

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def transact(self, work: Any) -> Any:
        self._left -= 1
        if self._left == 0 and self._moment == "before":
            await self._database.backup(self._copy)
        result = await self._database.transact(work)
        if self._left == 0 and self._moment == "after":
            await self._database.backup(self._copy)
        return result


class BrokenFolder(MediaFolder):
    """A media folder that keeps no high-water mark."""

    is_broken = True

    async def read_high_water(self) -> int:
        self._refuse()
        return await super().read_high_water()

    async def raise_high_water(self, number: int) -> None:
        self._refuse()
        await super().raise_high_water(number)

    def _refuse(self) -> None:
        if self.is_broken:
            raise OSError("read-only")


@pytest.fixture
async def put_back(harness: WorkflowHarness, tmp_path: Path) -> AsyncIterator[PutBack]:
    """Give a function that puts a copy in the place of the service's database."""
    original, opened = harness.database, list[Database]()

    async def put(harness: WorkflowHarness, copy: Path) -> None:
        path = tmp_path / f"back-{len(opened)}.db"
        shutil.copy(copy, path)
        opened.append(await Database.open(f"sqlite:///{path}"))
        await start(harness, opened[-1])

    yield put
    await start(harness, original)
    for database in opened:
        await database.close()


async def start(harness: WorkflowHarness, database: Any, **parts: Any) -> None:
    """Start a new process on a database."""
    harness.database = database
    mark = HighWaterMark()
    harness.context = replace(harness.context, database=database, high_water=mark, **parts)
    harness.worker = Worker(harness.context, f"process {id(mark)}")
    await harness.worker.recover()


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_copy_taken_at_any_transaction_leads_to_no_second_task_and_no_second_post(
    harness: WorkflowHarness, put_back: PutBack, tmp_path: Path, moment: str
) -> None:
    """For each transaction of a whole life: copy there, live on, put it back, look.

    Discord has forgotten every nonce by then. What is submitted in the copy is delivered by
    the post that is there, and what it does not know of is parked, with its hold.
    """
    original, parked = harness.database, 0
    harness.publisher.forgets_nonces = True
    for number in range(1, _MOST_TRANSACTIONS):
        await start(harness, original)
        await harness.run_once()  # it, too, is an earlier copy than the last one put back
        job, copy = (await harness.accept_job()).job.id, tmp_path / f"copy-{number}.db"
        before = harness.submission_count()
        await start(harness, CopiedDatabase(original, number, moment, copy))
        await harness.run_until(S.DELIVERED, job=job)
        if not copy.exists():
            break
        harness.clock.advance(3600)
        await put_back(harness, copy)
        parked += await _ends_without_harm(harness, job, before)
    else:
        pytest.fail("no life was left whole")
    assert number > 6, "claim, submission, success, file, intent and post each are one"
    assert parked >= 2


async def _ends_without_harm(harness: WorkflowHarness, job: str, before: int) -> bool:
    """Run a restored job to its end, look at it, and return whether it was parked."""
    while (await harness.job(job)).state not in (S.DELIVERED, S.SUBMIT_UNKNOWN):
        await harness.run_once()
        await harness.advance_to_next_due()
    await harness.run_for(4000, step_s=1000)
    assert harness.submission_count() - before == 1
    assert len(harness.publisher.messages_of(job, "result")) == 1
    is_parked = (await harness.job(job)).state is S.SUBMIT_UNKNOWN
    assert len(harness.publisher.messages_of(job, "status")) <= is_parked
    kinds = [kind for kind, _ in await harness.ledger(job)]
    assert kinds == (["hold"] if is_parked else ["hold", "charge"])
    await harness.audit()
    return is_parked


async def _restored_queue(
    harness: WorkflowHarness, put_back: PutBack, tmp_path: Path, count: int = 3
) -> list[str]:
    """Copy a queue, deliver everything in it, and put the copy back."""
    queued = [(await harness.accept_job()).job.id for _ in range(count)]
    await harness.database.backup(tmp_path / "queue.db")
    for job in queued:
        await harness.run_until(S.DELIVERED, job=job)
    harness.publisher.forgets_nonces = True
    await put_back(harness, tmp_path / "queue.db")
    await harness.run_once()
    return queued


async def test_a_queue_put_back_waits_for_the_operator_outside_of_the_exposure(
    harness: WorkflowHarness, put_back: PutBack, tmp_path: Path
) -> None:
    """Held as before, however long it takes; new orders go on; each member sees why, unpinged."""
    queued = await _restored_queue(harness, put_back, tmp_path)
    assert await harness.all_are(S.SUBMIT_UNKNOWN, queued)
    exposed = await harness.database.read(
        lambda tx: exposure.get_for_day(tx, harness.context.now_ms())
    )
    assert exposed == 0
    assert await harness.database.read(parked_jobs.list_unreported) == queued
    fresh = (await harness.accept_job("another lake")).job.id
    await harness.run_until(S.DELIVERED, job=fresh)
    await harness.run_for(7200, step_s=600)
    for job in queued:
        assert await harness.ledger(job) == [("hold", (await harness.job(job)).price)]
        (card,) = harness.publisher.messages_of(job, "status")
        assert card.states[-1] is S.SUBMIT_UNKNOWN
        assert harness.publisher.messages_of(job, "failure") == []
    await harness.audit()


async def test_all_of_a_server_are_released_together(
    harness: WorkflowHarness, put_back: PutBack, tmp_path: Path
) -> None:
    """Each with its own line in the audit log, and a reply to its member; once."""
    queued = await _restored_queue(harness, put_back, tmp_path)
    page = await read_parked_page(harness.context, 0)
    assert page.releasable == {GUILD: 3}
    assert await release_all(harness.context, GUILD + 1, OPERATOR) == 0
    assert await release_all(harness.context, GUILD, OPERATOR) == 3
    assert await release_all(harness.context, GUILD, OPERATOR) == 0
    harness.clock.advance(120)
    await harness.run_once()
    for job in queued:
        assert [kind for kind, _ in await harness.ledger(job)] == ["hold", "release"]
        assert len(harness.publisher.messages_of(job, "failure")) == 1
    assert harness.submission_count() == 3
    await harness.audit()


async def test_a_task_bound_to_a_restored_job_finds_the_post_that_stands(
    harness: WorkflowHarness, put_back: PutBack, tmp_path: Path
) -> None:
    """The member is charged, as they were before, and nothing is posted again."""
    (job,) = await _restored_queue(harness, put_back, tmp_path, count=1)
    (task,) = harness.apixo.tasks
    parked = await get_parked_job(harness.context, job)
    assert parked is not None
    assert parked.allowed_decisions == (
        Decision.BIND_TASK,
        Decision.RELEASE,
        Decision.CHARGE_OPERATOR,
    )
    request = DecisionRequest(
        decision=Decision.BIND_TASK,
        job_id=job,
        fence=parked.job.fence,
        operator=OPERATOR,
        task_id=task.id,
    )
    await apply_decision(harness.context, request)
    await harness.run_until(S.DELIVERED, job=job)
    assert len(harness.publisher.messages_of(job, "result")) == 1
    assert [kind for kind, _ in await harness.ledger(job)] == ["hold", "charge"]
    await harness.audit()


async def test_a_callback_reveals_a_submission_that_the_copy_does_not_know(
    harness: WorkflowHarness, put_back: PutBack, tmp_path: Path
) -> None:
    """Its number is beyond the copy's, and its signature is ours."""
    (job,) = await _restored_queue(harness, put_back, tmp_path, count=1)
    (task,) = harness.apixo.tasks
    second = Submission(job, 2)
    outcome = await record_callback(harness.context, second, task.id)
    assert outcome is CallbackOutcome.ADOPTED
    assert (await harness.job(job)).submissions == 2
    await harness.run_until(S.DELIVERED, job=job)
    assert len(harness.publisher.messages_of(job, "result")) == 1


async def test_what_was_kept_for_minutes_is_not_put_back(harness: WorkflowHarness) -> None:
    """A private answer that has sent its video since the copy would send it again."""
    now_ms = harness.context.now_ms
    store = PendingStore(harness.database, now_ms, "private reply", int)
    await store.put("1", ADA, 7)
    await declare_restored(harness.database, now_ms())
    assert await store.get("1", ADA) is None
    assert not await store.use("1", ADA)


async def test_a_history_that_can_not_be_read_parks_rather_than_posts_twice(
    harness: WorkflowHarness, put_back: PutBack, tmp_path: Path
) -> None:
    """However young the job: a person posts it, and that is done once."""
    job = (await harness.accept_job()).job.id
    await harness.run_until(S.GENERATING, job=job)
    await harness.database.backup(tmp_path / "copy.db")
    await harness.run_until(S.DELIVERED, job=job)
    harness.publisher.forgets_nonces = True
    await put_back(harness, tmp_path / "copy.db")
    harness.publisher.errors["find_message"] = [HistoryDenied("no permission")] * 9
    await harness.run_until(S.UNDELIVERABLE, job=job)
    assert len(harness.publisher.messages_of(job, "result")) == 1
    parked = await get_parked_job(harness.context, job)
    assert parked is not None
    request = DecisionRequest(
        decision=Decision.POST, job_id=job, fence=parked.job.fence, operator=OPERATOR
    )
    await apply_decision(harness.context, request)
    await harness.run_until(S.DELIVERED, job=job)
    assert len(harness.publisher.messages_of(job, "result")) == 2


async def test_what_was_put_back_together_is_suspected_when_it_is_said(
    harness: WorkflowHarness, tmp_path: Path
) -> None:
    """The media folder is as old as the database, so nothing else shows it."""
    job = (await harness.accept_job()).job.id
    restored = await declare_restored(harness.database, harness.context.now_ms())
    assert (restored.open, restored.parked) == (1, 1)
    await start(harness, harness.database)
    await harness.run_for(3600, step_s=600)
    assert (await harness.job(job)).state is S.SUBMIT_UNKNOWN
    assert harness.submission_count() == 0


async def test_a_lost_media_folder_is_no_restored_database(
    harness: WorkflowHarness, tmp_path: Path
) -> None:
    """What is new in it is the mark, at once; the queue goes on."""
    job = (await harness.accept_job()).job.id
    fresh = MediaFolder(tmp_path / "fresh")
    await harness.database.transact(high_water.advance)
    await start(harness, harness.database, media=fresh)
    await harness.run_once()
    assert await fresh.read_high_water() == await harness.database.read(high_water.get) > 0
    await harness.run_until(S.DELIVERED, job=job)


async def test_a_media_folder_that_is_out_of_order_stops_submissions_and_not_posts(
    harness: WorkflowHarness, tmp_path: Path
) -> None:
    """The process stays; it compares the marks as soon as it can, and goes on by itself."""
    job = (await harness.accept_job()).job.id
    folder = BrokenFolder(tmp_path / "media")
    await start(harness, harness.database, media=folder)
    with pytest.raises(MarksNotCompared):
        await harness.run_once()
    folder.is_broken = False
    await harness.run_once()
    folder.is_broken = True
    second = (await harness.accept_job()).job.id
    await harness.run_until(S.DELIVERED, job=job)
    assert (await harness.job(second)).state is S.QUEUED
    folder.is_broken = False
    await harness.run_until(S.DELIVERED, job=second)
    assert harness.submission_count() == 2


async def test_a_database_that_goes_back_under_a_running_process_is_noticed(
    harness: WorkflowHarness, put_back: PutBack, tmp_path: Path
) -> None:
    """As when PostgreSQL fails over to a server that lacks the last transactions."""
    job = (await harness.accept_job()).job.id
    await harness.database.backup(tmp_path / "copy.db")
    await harness.run_until(S.DELIVERED, job=job)
    mark = harness.context.high_water
    await put_back(harness, tmp_path / "copy.db")
    # The process was not restarted: it has its own mark, and has compared before.
    await harness.database.transact(lambda tx: high_water.put(tx, 0))
    harness.context = replace(harness.context, high_water=mark)
    harness.worker = Worker(harness.context, "the same")
    second = (await harness.accept_job("another")).job.id
    await harness.run_for(60, step_s=10)
    assert (await harness.job(second)).state is S.SUBMIT_UNKNOWN
    assert harness.submission_count() == 1
