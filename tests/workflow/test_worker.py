"""The worker as a whole: from an order to a posted video, fairly, whatever one job does."""

from collections import Counter
from contextlib import suppress
from types import SimpleNamespace

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from domain.models import ModelId
from domain.polling import MAX_FAILURES
from storage import jobs, key_value, work_ahead
from storage.work_ahead import WorkAhead
from tests.harness.workflow import BEN, FlakyDatabase, WorkflowHarness
from workflow import worker
from workflow.errors import TemporaryPublishError

S = JobState


async def test_an_order_becomes_a_posted_and_charged_video(harness: WorkflowHarness):
    """Every state is passed once, the price is held and then charged, two messages remain."""
    accepted = await harness.accept_job(seconds=8, sound=True)
    job = await harness.run_until(S.DELIVERED, job=accepted.job.id)

    moves = [
        event.target
        for event in await harness.database.read(lambda tx: jobs.list_events(tx, job.id))
    ]
    assert moves == [
        *(S.QUEUED, S.SUBMITTING, S.GENERATING, S.SUCCEEDED, S.STORED, S.POSTING, S.DELIVERED)
    ]
    assert await harness.ledger(job.id) == [("hold", job.price), ("charge", job.price)]
    assert harness.apixo.balance.micro == 100_000_000 - job.price
    (result,) = harness.publisher.messages
    assert (result.kind, result.id) == ("result", job.result_message_id)
    assert harness.publisher.status_of(job.id) in harness.publisher.deleted
    assert (await harness.job(job.id)).status_message_id is None
    assert result.video is not None
    assert result.video[4:8] == b"ftyp"
    await harness.audit()


async def test_the_status_message_is_edited_on_changes_and_for_progress_only(
    harness: WorkflowHarness,
):
    """Queued, being made: two states shown, however many looks were needed; then it goes."""
    job = (await harness.accept_job(model=ModelId.SEEDANCE_2_0)).job
    await harness.run_once()
    await harness.run_until(S.DELIVERED, job=job.id)
    status = harness.publisher.status_of(job.id)
    shown = Counter(status.states)
    assert shown.pop(S.GENERATING) <= 1 + 4
    assert {*shown.values()} <= {1}
    assert status.states[-1] is S.GENERATING


async def test_a_status_message_that_nobody_takes_for_a_day_is_left_as_it_is(
    harness: WorkflowHarness,
):
    """Until the job has another state to show; the video comes all the same."""
    job = (await harness.accept_job()).job.id
    await harness.run_once()
    harness.publisher.errors["delete_message"] = [TemporaryPublishError("403 of a proxy")] * 2
    await harness.run_until(S.DELIVERED, job=job)
    harness.worker._status_updater._retries[job] = (MAX_FAILURES, 0)
    await harness.run_once()
    assert harness.publisher.errors["delete_message"] == []
    (status,) = harness.publisher.messages_of(job, "status")
    assert S.DELIVERED not in status.states
    found = await harness.job(job)
    assert (found.state, found.status_shown) == (S.DELIVERED, S.DELIVERED)


async def test_the_status_message_tells_the_place_and_when_it_is_ready(harness: WorkflowHarness):
    """Those who wait see their number; one being made shows a moment in the future."""
    harness.change_policy(max_tasks=1)
    waiting = [(await harness.accept_job()).job.id for _ in range(3)]
    await harness.run_once()
    await harness.run_once()
    shown = [harness.publisher.messages_of(job, "status")[0] for job in waiting]
    assert [message.positions[-1] for message in shown] == [None, 1, 2]
    ready_at_ms = shown[0].ready_at_ms[-1]
    assert ready_at_ms is not None
    assert ready_at_ms / 1000 > harness.clock.now()


async def test_no_more_tasks_than_allowed_are_in_flight(harness: WorkflowHarness):
    """Seven orders against two places: never more than two tasks at APIXO."""
    harness.change_policy(max_tasks=2)
    ordered = [(await harness.accept_job()).job.id for _ in range(7)]
    most = 0
    while not await harness.all_are(S.DELIVERED, ordered):
        await harness.run_once()
        most = max(most, harness.apixo.tasks.in_flight_count)
        await harness.advance_to_next_due()
    assert most == 2
    assert harness.submission_count() == 7


async def test_a_member_with_one_order_does_not_wait_behind_anothers_ten(harness: WorkflowHarness):
    """The member with the fewest in flight is next."""
    harness.change_policy(max_tasks=2)
    for _ in range(10):
        await harness.accept_job()
    late = (await harness.accept_job(user=BEN)).job
    await harness.run_once()
    assert (await harness.job(late.id)).state is S.GENERATING


async def test_a_poisoned_job_is_put_into_quarantine_and_the_others_go_on(harness: WorkflowHarness):
    """A stage that dies on one job is logged, tried five times and given up; its neighbour ends."""
    poisoned, healthy = (
        (await harness.accept_job()).job.id,
        (await harness.accept_job(user=BEN)).job.id,
    )
    real_status = harness.context.apixo.fetch_status

    async def status(model: ModelId, task_id: str):
        if task_id == (await harness.job(poisoned)).task_id:
            raise KeyError("what nobody expected")
        return await real_status(model, task_id)

    harness.context.apixo.fetch_status = status  # type: ignore[method-assign]
    await harness.run_until(S.DELIVERED, job=healthy)
    await harness.run_until(S.QUARANTINED, job=poisoned)
    assert await harness.ledger(poisoned) == [("hold", (await harness.job(poisoned)).price)]
    assert harness.publisher.messages_of(poisoned, "status")[0].states[-1] is S.QUARANTINED
    await harness.audit()


async def test_a_turn_that_fails_in_the_database_does_no_harm(harness: WorkflowHarness):
    """The turn raises, nothing is half done, and the next turn goes on."""
    flaky = FlakyDatabase(harness.database)
    await harness.replace_worker(flaky)
    job = (await harness.accept_job()).job
    flaky.is_down = True
    with pytest.raises(OSError, match="disk gone"):
        await harness.worker.run_once()
    flaky.is_down = False
    await harness.run_until(S.DELIVERED, job=job.id)
    await harness.audit()


async def test_a_stage_whose_fact_can_not_be_written_is_done_again(harness: WorkflowHarness):
    """Polls and fetches repeat without harm; the money is written once, with the state."""
    flaky = FlakyDatabase(harness.database)
    await harness.replace_worker(flaky)
    job = (await harness.accept_job()).job
    await harness.run_until(S.GENERATING, job=job.id)
    flaky.failure_rate = 0.3
    while (await harness.job(job.id)).state not in (S.DELIVERED, S.QUARANTINED):
        with suppress(OSError):
            await harness.run_once()
        await harness.advance_to_next_due()
    flaky.failure_rate = 0
    assert [kind for kind, _ in await harness.ledger(job.id)] == ["hold", "charge"]
    assert len(harness.publisher.messages_of(job.id, "result")) == 1
    await harness.audit()


@pytest.mark.parametrize("template", ["sqlite", "postgresql"], indirect=True)
async def test_a_process_alone_asks_the_database_only_after_a_write(
    harness: WorkflowHarness, monkeypatch: pytest.MonkeyPatch
):
    """Or when something is due; beside other processes it has to look each time."""
    looks = list[int]()

    async def look(tx: AsyncConnection, now_ms: int, unshown: frozenset[JobState]) -> WorkAhead:
        looks.append(now_ms)
        return await work_ahead.look(tx, now_ms, unshown)

    monkeypatch.setattr(worker, "work_ahead", SimpleNamespace(look=look))
    job = (await harness.accept_job()).job.id
    for _ in range(3):
        await harness.run_once()
    before = len(looks)
    for _ in range(5):
        await harness.run_once()
    assert len(looks) == before + (0 if harness.database.has_one_process else 5)
    assert harness.worker.last_run_ms == harness.context.now_ms()
    harness.clock.advance(12)
    await harness.run_once()
    assert harness.poll_count() == 1
    before = len(looks)
    await harness.database.transact(lambda tx: key_value.put(tx, "colour", "red"))
    await harness.run_once()
    assert len(looks) == before + 1
    await harness.run_until(S.DELIVERED, job=job)
