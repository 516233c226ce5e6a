"""Takes: made side by side, waited for unless late, posted together once, whatever fails."""

import asyncio
from dataclasses import replace

import pytest

from domain.jobs import JobState
from sandbox.apixo import Fault
from storage import orders
from storage.jobs import Job
from tests.harness.workflow import ADA, BOTH_ENGINES, KilledDatabase, WorkflowHarness
from workflow.errors import PublishError, TemporaryPublishError
from workflow.results.delete import delete_video
from workflow.results.repost import repost
from workflow.stages.accept import accept, cancel_order

S = JobState
PRICE = 80_000
"""Of four seconds without sound, in micro-dollars."""

_MOST_TRANSACTIONS = 90


async def ask(harness: WorkflowHarness, takes: int = 4, **options: bool) -> list[str]:
    """Ask for takes of one request; return their jobs."""
    harness.clock.advance(0.001)
    order = harness.make_order("a lake", seconds=4, sound=False)
    order = replace(order, further=(order.request,) * (takes - 1), **options)
    return [job.id for job in (await accept(harness.context, order)).jobs]


async def run_out(harness: WorkflowHarness, job_ids: list[str], rounds: int = 400) -> list[Job]:
    """Run the worker until none of the takes goes on by itself."""
    resting = {S.DELIVERED, S.FAILED, S.REJECTED, S.CANCELLED, S.UNDELIVERABLE, S.SUBMIT_UNKNOWN}
    for _ in range(rounds):
        await harness.run_once()
        found = [await harness.job(job_id) for job_id in job_ids]
        if all(job.state in resting and job.due_at_ms <= harness.context.now_ms() for job in found):
            break
        if all(job.state in resting - {S.SUBMIT_UNKNOWN} for job in found):
            break
        await harness.advance_to_next_due()
    await harness.run_once()
    return [await harness.job(job_id) for job_id in job_ids]


async def run_until_posted(harness: WorkflowHarness, count: int = 1) -> None:
    for _ in range(200):
        await harness.run_once()
        if len(results(harness)) >= count:
            await harness.run_once()
            return
        await harness.advance_to_next_due()
    raise AssertionError("nothing is posted")


def results(harness: WorkflowHarness) -> list[tuple[str, ...]]:
    """Return the takes of each message with results."""
    return [m.takes or (m.job_id,) for m in harness.publisher.messages if m.kind == "result"]


@BOTH_ENGINES
async def test_four_takes_are_one_message_and_no_status_is_left(harness: WorkflowHarness):
    """Each is a task of its own; the one status message went when the result stood."""
    ids = await ask(harness)
    found = await run_out(harness, ids)
    assert {job.state for job in found} == {S.DELIVERED}
    assert results(harness) == [tuple(ids)]
    assert len({job.result_message_id for job in found}) == 1
    assert len({job.task_id for job in found}) == 4
    assert [m.kind for m in harness.publisher.messages] == ["result"]
    assert len([m for m in harness.publisher.deleted if m.kind == "status"]) == 1
    assert (await harness.audit()).ledger["charged"] == 4 * PRICE


async def test_one_that_fails_and_a_lost_answer_cost_nothing_and_are_told(
    harness: WorkflowHarness,
):
    """Two videos are in the message, which says what became of the others; no other reply."""
    harness.apixo.faults.add_submit(Fault(status=504, takes_effect=True), 1)
    harness.apixo.queued_directives.extend(["", "[[fail:generation_failed]]"])
    ids = await ask(harness)
    await run_until_posted(harness)
    (message,) = [m for m in harness.publisher.messages if m.kind == "result"]
    assert len(message.takes) == 2
    assert set(message.takes) | set(message.without_video) == set(ids)
    await harness.run_for(3 * 3600)
    kinds = [m.kind for m in harness.publisher.messages]
    assert kinds == ["result"]
    report = await harness.audit()
    assert (report.ledger["charged"], report.ledger["held"]) == (2 * PRICE, 0)


async def test_where_none_is_made_one_reply_calls_the_member(harness: WorkflowHarness):
    """The status message stays and says why."""
    harness.apixo.queued_directives.extend(["[[fail:generation_failed]]"] * 2)
    ids = await ask(harness, 2)
    found = await run_out(harness, ids)
    assert {job.state for job in found} == {S.FAILED}
    await harness.run_for(600)
    assert sorted(m.kind for m in harness.publisher.messages) == ["failure", "status"]
    assert (await harness.audit()).ledger["charged"] == 0


@BOTH_ENGINES
async def test_a_late_take_has_a_message_of_its_own(harness: WorkflowHarness):
    """The three others are posted after twice the usual time, and the status message waits."""
    harness.apixo.queued_directives.append("[[slow:1200]]")
    ids = await ask(harness)
    await run_until_posted(harness)
    assert len(results(harness)[0]) == 3
    assert [m.kind for m in harness.publisher.messages] == ["status", "result"]
    await run_until_posted(harness, 2)
    await harness.run_once()
    assert [m.kind for m in harness.publisher.messages] == ["result", "result"]
    assert sorted(len(takes) for takes in results(harness)) == [1, 3]
    assert {(await harness.job(one)).order_post for one in ids} == {1, 2}
    assert (await harness.audit()).ledger["charged"] == 4 * PRICE


@pytest.mark.parametrize("commits", [False, True])
@pytest.mark.parametrize("forgets", [False, True])
async def test_a_process_killed_at_any_transaction_posts_each_take_once(
    harness: WorkflowHarness, *, commits: bool, forgets: bool
):
    """One fails, two are posted in one message; only an answer that died with it is lost."""
    for last in range(2, _MOST_TRANSACTIONS):
        harness.publisher.messages.clear()
        harness.publisher.forgets_nonces = forgets
        harness.apixo.queued_directives[:] = ["[[fail:generation_failed]]"]
        ids = await ask(harness, 3)
        survived = await _live_until_killed(harness, ids, last, commits=commits)
        found = await run_out(harness, ids)
        posted = [job.id for job in found if job.state is S.DELIVERED]
        assert sorted(one for takes in results(harness) for one in takes) == sorted(posted)
        assert len(results(harness)) <= 1
        is_lost = [job for job in found if job.state is S.SUBMIT_UNKNOWN]
        assert len(posted) + len(is_lost) >= 2
        if survived:
            break
    else:
        pytest.fail("no life was left whole")
    await harness.audit()


async def _live_until_killed(
    harness: WorkflowHarness, ids: list[str], last: int, *, commits: bool
) -> bool:
    """Run takes until the process dies at its `last` transaction, and start the next process."""
    dying = KilledDatabase(harness.database, last, commits=commits)
    await harness.replace_worker(dying, owner=f"life {last} {commits}")
    living = asyncio.create_task(run_out(harness, ids))
    killed = asyncio.create_task(dying.killed.wait())
    await asyncio.wait((living, killed), return_when=asyncio.FIRST_COMPLETED)
    survived = living.done()
    stages = {task for task in asyncio.all_tasks() if task.get_name().startswith("job ")}
    for task in {living, killed, *stages}:
        task.cancel()
    await asyncio.gather(living, killed, *stages, return_exceptions=True)
    await harness.replace_worker(harness.database, owner=f"after {last} {commits}")
    return survived


async def test_deleting_one_leaves_the_others_in_the_message(harness: WorkflowHarness):
    """The message is edited; with the last one it goes."""
    ids = await ask(harness, 3)
    await run_out(harness, ids)
    await delete_video(harness.context, ids[1], ADA)
    assert results(harness) == [(ids[0], ids[2])]
    await delete_video(harness.context, ids[0], ADA)
    await delete_video(harness.context, ids[2], ADA)
    assert results(harness) == []


async def test_cancelling_takes_those_that_wait(harness: WorkflowHarness):
    """What is being made goes on, and is posted without a word about the others."""
    harness.change_policy(max_tasks=1)
    ids = await ask(harness, 3)
    await harness.run_once()
    order_id = (await harness.job(ids[0])).order_id or ""
    assert await cancel_order(harness.context, order_id, ADA) == 1
    found = await run_out(harness, ids)
    assert sorted(job.state for job in found) == ["cancelled", "cancelled", "delivered"]
    assert [m.kind for m in harness.publisher.messages] == ["result"]
    report = await harness.audit()
    assert (report.ledger["charged"], report.ledger["held"]) == (PRICE, 0)


async def test_what_cannot_be_posted_waits_and_is_posted_again(harness: WorkflowHarness):
    """No place takes the message: each take has *Post again*, and the money stays charged."""
    for method in ("post_takes", "send_takes_by_dm"):
        harness.publisher.errors[method] += [PublishError("closed")]
    ids = await ask(harness, 2)
    found = await run_out(harness, ids)
    assert {job.state for job in found} == {S.UNDELIVERABLE}
    await repost(harness.context, ids[1], found[0].guild_id, ADA)
    await run_until_posted(harness)
    assert results(harness) == [(ids[1],)]
    await repost(harness.context, ids[0], found[0].guild_id, ADA)
    await run_until_posted(harness, 2)
    assert results(harness) == [(ids[1],), (ids[0],)]
    await harness.audit()


async def test_discord_out_of_reach_delays_the_message(harness: WorkflowHarness):
    """It is posted once Discord answers, with all takes."""
    harness.publisher.errors["post_takes"] += [TemporaryPublishError("away")] * 3
    ids = await ask(harness, 2)
    await run_until_posted(harness)
    assert results(harness) == [tuple(ids)]


async def test_a_file_that_is_lost_is_fetched_again_for_all(harness: WorkflowHarness):
    """The others wait for it in the meantime."""
    harness.publisher.errors["post_takes"].append(TemporaryPublishError("away"))
    ids = await ask(harness, 2)
    for _ in range(200):
        if {(await harness.job(one)).state for one in ids} == {S.POSTING}:
            break
        await harness.run_once()
        await harness.advance_to_next_due()
    harness.context.media.remove_video(f"{ids[1]}.mp4")
    await run_until_posted(harness)
    assert results(harness) == [tuple(ids)]


async def test_each_message_has_as_many_files_as_fit(
    harness: WorkflowHarness, monkeypatch: pytest.MonkeyPatch
):
    """Further messages take the rest; each take is in one of them."""
    monkeypatch.setattr("workflow.takes.groups._MAX_POST_BYTES", 9_000)
    ids = await ask(harness, 3)
    await run_until_posted(harness, 2)
    assert sorted(results(harness)) == sorted([tuple(ids[:2]), (ids[2],)])
    order_id = (await harness.job(ids[0])).order_id or ""
    takes = await harness.database.read(lambda tx: orders.list_takes(tx, order_id))
    assert [take.order_post for take in takes] == [1, 1, 2]
