import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import fields, replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import TRANSITIONS, JobState
from storage import jobs, queue, status_messages
from storage.database import Database
from storage.errors import StaleJobError, TaskAlreadyAssigned
from storage.jobs import Job, JobEvent, NewJob

NewJobs = Callable[..., NewJob]
Accept = Callable[..., Awaitable[Job]]
S = JobState


async def read(database: Database, job: Job) -> Job:
    found = await database.read(lambda tx: jobs.get(tx, job.id))
    assert found is not None
    return found


async def generating(database: Database, accept: Accept, task_id: str = "task") -> Job:
    await accept()

    async def work(tx: AsyncConnection) -> Job:
        (job,) = await queue.claim_for_submission(
            tx, now_ms=2_000, owner="a", lease_ms=9, max_in_flight=9
        )
        return await jobs.transition(
            tx, job, S.GENERATING, now_ms=3_000, task_id=task_id, started_at_ms=3_000
        )

    return await database.transact(work)


async def test_a_new_job_waits_as_it_was_asked(database: Database, make_job: NewJobs) -> None:
    """What is written comes back: the request whole, 64-bit ids, the price."""
    new = make_job(user_id=(1 << 63) - 1)
    job, is_new = await database.transact(lambda tx: jobs.enqueue(tx, new))
    assert is_new
    assert {field.name: getattr(job, field.name) for field in fields(new)} == {
        field.name: getattr(new, field.name) for field in fields(new)
    }
    assert (job.state, job.attempt, job.submissions, job.due_at_ms) == (S.QUEUED, 1, 0, 1_000)
    assert await read(database, job) == job


async def test_an_interaction_has_one_job(database: Database, make_job: NewJobs) -> None:
    """Adding again, even at once and under another name, gives the first job unchanged."""
    first = make_job()
    again = replace(make_job(price=99), interaction_id=first.interaction_id)
    added = await asyncio.gather(
        *(database.transact(lambda tx, new=new: jobs.enqueue(tx, new)) for new in (first, again))
    )
    assert sorted(is_new for _, is_new in added) == [False, True]
    assert added[0][0] == added[1][0]
    found = await database.read(lambda tx: jobs.get_by_interaction(tx, first.interaction_id))
    assert found == added[0][0]


async def test_what_is_not_there_is_none(database: Database) -> None:
    """Neither a name nor an interaction makes a job."""
    assert await database.read(lambda tx: jobs.get(tx, "nobody")) is None
    assert await database.read(lambda tx: jobs.get_by_interaction(tx, 1)) is None


async def test_waiting_jobs_are_counted_for_member_and_server(
    database: Database, accept_job: Accept
) -> None:
    """Only queued jobs of that server count."""
    await generating(database, accept_job)
    await accept_job()
    await accept_job(user_id=4)
    await accept_job(guild_id=9)
    assert await database.read(lambda tx: queue.count_queued(tx, 1, 3)) == (1, 2)
    assert await database.read(lambda tx: queue.count_queued(tx, 1, 5)) == (0, 2)


async def test_a_move_carries_its_facts_and_leaves_an_event(
    database: Database, accept_job: Accept
) -> None:
    """The state, the given facts and the history agree; lease, failures and turns are cleared."""
    job = await generating(database, accept_job)
    job = await database.transact(
        lambda tx: jobs.reschedule(tx, job, due_at_ms=4_000, failures=2, progress=False)
    )
    moved = await database.transact(
        lambda tx: jobs.transition(tx, job, S.FAILED, now_ms=5_000, reason="no", fail_code="X1")
    )
    assert moved == replace(
        job,
        state=S.FAILED,
        reason="no",
        fail_code="X1",
        failures=0,
        due_at_ms=5_000,
        ended_at_ms=5_000,
    )
    assert await read(database, job) == moved
    assert await database.read(lambda tx: jobs.list_events(tx, job.id)) == [
        JobEvent(None, S.QUEUED, 1_000, None),
        JobEvent(S.QUEUED, S.SUBMITTING, 2_000, None),
        JobEvent(S.SUBMITTING, S.GENERATING, 3_000, None),
        JobEvent(S.GENERATING, S.FAILED, 5_000, "no"),
    ]


async def test_a_move_may_say_when_the_job_is_due_and_how_often_it_failed(
    database: Database, accept_job: Accept
) -> None:
    """`due_at_ms` and `failures` given with a move stand above the usual ones."""
    await accept_job()

    async def work(tx: AsyncConnection) -> Job:
        (job,) = await queue.claim_for_submission(
            tx, now_ms=2_000, owner="a", lease_ms=9, max_in_flight=9
        )
        return await jobs.transition(tx, job, S.QUEUED, now_ms=3_000, due_at_ms=8_000, failures=3)

    job = await database.transact(work)
    assert (job.due_at_ms, job.failures, job.ended_at_ms) == (8_000, 3, None)


async def test_a_refused_move_is_named(database: Database, accept_job: Accept) -> None:
    """The error says which job could not go where."""
    job = await accept_job()
    with pytest.raises(ValueError, match=f"Job {job.id} cannot go from queued to delivered"):
        await database.transact(lambda tx: jobs.transition(tx, job, S.DELIVERED, now_ms=2_000))


@pytest.mark.parametrize("stale", [{"fence": 0}, {"state": S.STUCK}], ids=["fence", "state"])
async def test_who_holds_an_old_view_of_a_job_cannot_change_it(
    database: Database, accept_job: Accept, stale: dict[str, object]
) -> None:
    """With another fence or another state neither a move nor a keep changes a row."""
    job = await generating(database, accept_job)
    old = replace(job, **stale)
    with pytest.raises(StaleJobError, match=job.id):
        await database.transact(lambda tx: jobs.transition(tx, old, S.FAILED, now_ms=4_000))
    with pytest.raises(StaleJobError, match=job.id):
        await database.transact(lambda tx: jobs.reschedule(tx, old, due_at_ms=5_000))
    assert await read(database, job) == job


async def test_of_many_movers_one_moves(database: Database, accept_job: Accept) -> None:
    """Eight at once cancel one job: one does it, seven are told that it is taken."""
    job = await accept_job()
    results = await asyncio.gather(
        *(
            database.transact(lambda tx: jobs.transition(tx, job, S.CANCELLED, now_ms=2_000))
            for _ in range(8)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Job) for result in results) == 1
    assert sum(isinstance(result, StaleJobError) for result in results) == 7
    assert len(await database.read(lambda tx: jobs.list_events(tx, job.id))) == 2


async def test_two_jobs_cannot_have_one_task(database: Database, accept_job: Accept) -> None:
    """A task that belongs to another job is refused by name, and nothing moves."""
    await generating(database, accept_job, "same")
    with pytest.raises(TaskAlreadyAssigned) as caught:
        await generating(database, accept_job, "same")
    assert caught.value.task_id == "same"
    assert await database.read(jobs.count_by_state) == {S.GENERATING: 1, S.QUEUED: 1}


async def test_the_database_refuses_a_state_that_it_does_not_know(
    database: Database, accept_job: Accept
) -> None:
    """A hand-written state is refused by the table's own check."""
    await accept_job()
    with pytest.raises(DBAPIError, match="ck_jobs_state"):
        await database.transact(lambda tx: tx.execute(text("UPDATE jobs SET state = 'lost'")))


async def test_no_prompt_is_in_an_error(database: Database, make_job: NewJobs) -> None:
    """What the engine says of a row that it refuses names no parameter: errors are logged."""
    new = make_job()
    await database.transact(lambda tx: jobs.enqueue(tx, new))
    again = replace(new, interaction_id=5)
    with pytest.raises(DBAPIError) as caught:
        await database.transact(lambda tx: jobs.enqueue(tx, again))
    assert "INSERT INTO jobs" in str(caught.value)
    assert new.request.prompt not in str(caught.value)


async def test_a_status_message_is_started_by_one(database: Database, accept_job: Accept) -> None:
    """Of two that want to post it one may; after a while without a message another may."""
    job = await accept_job()

    async def start(now_ms: int) -> bool:
        return await database.transact(lambda tx: status_messages.claim_post(tx, job, now_ms, 500))

    assert sorted(await asyncio.gather(start(2_000), start(2_000))) == [False, True]
    assert not await start(2_499)
    assert await start(2_500)
    await database.transact(lambda tx: status_messages.save_message(tx, job.id, message_id=77))
    assert not await start(9_999)
    assert (await read(database, job)).status_message_id == 77


async def test_a_job_is_outdated_until_its_message_shows_its_state(
    database: Database, accept_job: Accept
) -> None:
    """New jobs and jobs that moved on are listed, those without a message first; shown are not."""
    first, second = await accept_job(), await accept_job()

    async def names(limit: int = 9) -> list[str]:
        found = await database.read(lambda tx: status_messages.list_outdated(tx, limit))
        return [job.id for job in found]

    assert await names() == [first.id, second.id]
    assert await names(1) == [first.id]
    await database.transact(
        lambda tx: status_messages.save_message(tx, first.id, message_id=7, shown=S.QUEUED)
    )
    assert await names() == [second.id]
    await database.transact(lambda tx: jobs.transition(tx, first, S.CANCELLED, now_ms=2_000))
    assert await names() == [second.id, first.id]


async def test_quiet_states_are_not_announced(database: Database, accept_job: Accept) -> None:
    """Jobs in a quiet state are passed over, whatever they show, and the limit counts the rest."""
    quiet = await generating(database, accept_job)
    await database.transact(lambda tx: status_messages.save_message(tx, quiet.id, shown=S.QUEUED))
    loud = await accept_job()

    async def names(*states: JobState) -> list[str]:
        found = await database.read(lambda tx: status_messages.list_outdated(tx, 1, exclude=states))
        return [job.id for job in found]

    assert await names(S.GENERATING, S.STORED) == [loud.id]
    assert await names(S.GENERATING, S.QUEUED) == []
    assert await names(S.STORED) == [quiet.id]


async def test_a_job_whose_place_is_gone_is_not_announced_for_ever(
    database: Database, accept_job: Accept
) -> None:
    """What counts is the state said to be shown, also when there is no message."""
    job = await accept_job()
    await database.transact(lambda tx: status_messages.save_message(tx, job.id, shown=S.QUEUED))
    assert await database.read(lambda tx: status_messages.list_outdated(tx, 9)) == []
    assert (await read(database, job)).status_message_id is None


async def test_a_kept_job_can_be_announced_anew(database: Database, accept_job: Accept) -> None:
    """`status_shown=None` lists a job again whose state is shown already."""
    job = await generating(database, accept_job)
    await database.transact(lambda tx: status_messages.save_message(tx, job.id, shown=S.GENERATING))
    kept = await database.transact(
        lambda tx: jobs.reschedule(tx, job, due_at_ms=5_000, status_shown=None)
    )
    assert kept.status_shown is None
    assert await database.read(lambda tx: status_messages.list_outdated(tx, 9)) == [kept]


@pytest.mark.parametrize("source", S)
async def test_every_unknown_transition_is_refused(
    database: Database, accept_job: Accept, source: JobState
) -> None:
    """From each state, exactly the moves of the rules are made; each leaves its event."""
    job = await accept_job()
    set_source = text("UPDATE jobs SET state = :state").bindparams(state=source)

    async def try_move(tx: AsyncConnection, target: JobState) -> bool:
        await tx.execute(set_source)
        try:
            moved = await jobs.transition(tx, replace(job, state=source), target, now_ms=2_000)
        except ValueError:
            return False
        events = await jobs.list_events(tx, job.id)
        assert (events[-1].source, events[-1].target) == (source, target)
        return moved.state is target

    async def work(tx: AsyncConnection) -> set[JobState]:
        return {target for target in S if await try_move(tx, target)}

    assert await database.transact(work) == TRANSITIONS[source]


async def test_states_are_counted(database: Database, accept_job: Accept) -> None:
    """`counts` names the states that have jobs."""
    await generating(database, accept_job)
    await accept_job(at_ms=7_000)
    await accept_job(at_ms=6_000)
    ended = await accept_job(at_ms=5_000)
    await database.transact(lambda tx: jobs.transition(tx, ended, S.CANCELLED, now_ms=8_000))
    assert await database.read(jobs.count_by_state) == {
        S.GENERATING: 1,
        S.QUEUED: 2,
        S.CANCELLED: 1,
    }
