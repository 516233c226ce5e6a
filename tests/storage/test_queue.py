import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Unpack

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from storage import jobs, leases, queue, status_messages, submission_pause, work_ahead
from storage.database import Database
from storage.errors import StaleJobError
from storage.jobs import Job, TransitionChanges

Accept = Callable[..., Awaitable[Job]]
S = JobState


async def claim(
    database: Database, *, now_ms: int = 9_000, owner: str = "a", places: int = 9
) -> list[Job]:
    return await database.transact(
        lambda tx: queue.claim_for_submission(
            tx, now_ms=now_ms, owner=owner, lease_ms=1_000, max_in_flight=places
        )
    )


async def claim_due(
    database: Database, *, now_ms: int = 9_000, owner: str = "a", limit: int = 9
) -> list[Job]:
    return await database.transact(
        lambda tx: leases.claim_due(tx, now_ms=now_ms, owner=owner, lease_ms=1_000, limit=limit)
    )


async def move(
    database: Database,
    job: Job,
    target: JobState,
    now_ms: int,
    **changes: Unpack[TransitionChanges],
) -> Job:
    return await database.transact(
        lambda tx: jobs.transition(tx, job, target, now_ms=now_ms, **changes)
    )


async def start(database: Database, accept: Accept, *due_at_ms: int) -> list[Job]:
    for _ in due_at_ms:
        await accept()
    claimed = await claim(database, now_ms=2_000)
    return [
        await move(database, job, S.GENERATING, 3_000, due_at_ms=due)
        for job, due in zip(claimed, due_at_ms, strict=True)
    ]


async def test_a_claim_writes_the_intent(database: Database, accept_job: Accept) -> None:
    """A claimed job is `submitting`, counted, fenced, leased and in the history."""
    await accept_job()
    (job,) = await claim(database)
    assert (job.state, job.submissions, job.fence) == (S.SUBMITTING, 1, 1)
    assert (job.lease_owner, job.lease_until_ms, job.submitted_at_ms) == ("a", 10_000, 9_000)
    events = await database.read(lambda tx: jobs.list_events(tx, job.id))
    assert [event.target for event in events] == [S.QUEUED, S.SUBMITTING]


async def test_the_member_with_the_fewest_in_flight_is_first(
    database: Database, accept_job: Accept
) -> None:
    """Places go round among members, the oldest job first; jobs in flight before count too."""
    await accept_job(user_id=1)
    await claim(database)
    crowd = [await accept_job(user_id=1, at_ms=at_ms) for at_ms in (2_000, 2_001)]
    late = [await accept_job(user_id=2, at_ms=at_ms) for at_ms in (3_000, 3_001, 3_002)]
    last = await accept_job(user_id=3, at_ms=4_000)
    expected = [late[0], last, crowd[0], late[1], crowd[1], late[2]]
    places = [
        await database.read(lambda tx, job=job: queue.position(tx, job.id)) for job in expected
    ]
    assert places == [1, 2, 3, 4, 5, 6]
    claimed = [await claim(database, places=number) for number in range(2, 8)]
    assert [job.id for batch in claimed for job in batch] == [job.id for job in expected]


async def test_claiming_at_once_and_one_by_one_give_the_same_order(
    database: Database, accept_job: Accept
) -> None:
    """A batch is what the single picks would be."""
    members = (1, 1, 1, 2, 3, 3, 1, 2)
    made = [await accept_job(user_id=user, at_ms=at) for at, user in enumerate(members)]
    claimed = await claim(database)
    order = [made[at].id for at in (0, 3, 4, 1, 5, 7, 2, 6)]
    assert [job.id for job in claimed] == order


async def test_a_claim_looks_at_the_whole_line_only_where_it_has_to(
    database: Database, accept_job: Accept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the oldest jobs are of members who are busy already, it goes on to the others."""
    monkeypatch.setattr(queue, "_LOOKED_AT", (2, 3, 1 << 40))
    await accept_job(user_id=1)
    await claim(database)
    crowd = [await accept_job(user_id=1, at_ms=2_000 + number) for number in range(4)]
    late = [await accept_job(user_id=2, at_ms=at_ms) for at_ms in (3_000, 3_001)]
    expected = [late[0], crowd[0], late[1], *crowd[1:]]
    upcoming = await database.read(queue.peek)
    assert upcoming is not None
    assert upcoming.id == late[0].id
    claimed = [await claim(database, places=number) for number in range(2, 8)]
    assert [job.id for batch in claimed for job in batch] == [job.id for job in expected]


async def test_places_in_a_long_line_are_estimated(
    database: Database, accept_job: Accept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the oldest jobs; exactly where everybody waits for one, and never beyond the last."""
    monkeypatch.setattr(queue, "COUNTED_PLACES", 4)
    monkeypatch.setattr(queue, "LAST_PLACE", 9)

    async def place(job: Job) -> int:
        return await database.read(lambda tx: queue.position(tx, job.id))

    for number in range(3):
        assert await place(await accept_job(user_id=number, at_ms=number)) == number + 1
    alone = [await accept_job(user_id=10 + n, at_ms=10 + n) for n in range(3)]
    assert [await place(job) for job in alone] == [4, 5, 6]
    many = [await accept_job(user_id=20, at_ms=30 + n) for n in range(3)]
    assert [await place(job) for job in many] == [7, 9, 9]


@pytest.mark.parametrize("template", ["sqlite"], indirect=True)
async def test_a_turn_reads_through_no_line(database: Database, accept_job: Accept) -> None:
    """Each statement that asks for many jobs goes by an index of those that wait, or are due."""
    job = await accept_job()
    asked: list[tuple[str, Any]] = []

    def remember(*call: Any) -> None:
        asked.append((call[2], call[3]))

    async def look(tx: AsyncConnection) -> None:
        await work_ahead.look(tx, 9_000, frozenset())
        await queue.position(tx, job.id)
        await queue.peek(tx)

    event.listen(Engine, "before_cursor_execute", remember)
    try:
        await database.read(look)
    finally:
        event.remove(Engine, "before_cursor_execute", remember)

    async def explain(tx: AsyncConnection) -> str:
        plans = [
            (await tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).all()
            for statement, parameters in asked
            if "FROM jobs" in statement
        ]
        return str(plans)

    plans = await database.read(explain)
    for index in ("ix_jobs_queued", "ix_jobs_active", "ix_jobs_due"):
        assert index in plans
    assert "SCAN jobs'" not in plans


async def test_who_waits_no_more_has_no_place(database: Database, accept_job: Accept) -> None:
    """A job that left the line, or that is not known, is at place 0."""
    job = await accept_job()
    await claim(database)
    assert await database.read(lambda tx: queue.position(tx, job.id)) == 0
    assert await database.read(lambda tx: queue.position(tx, "nobody")) == 0


async def test_places_at_apixo_are_never_overfilled(database: Database, accept_job: Accept) -> None:
    """Eight owners at once get each job once, and no more jobs than there are places."""
    for user in range(12):
        await accept_job(user_id=user)
    batches = await asyncio.gather(
        *(claim(database, owner=f"owner{number}", places=5) for number in range(8))
    )
    names = [job.id for batch in batches for job in batch]
    assert len(names) == len(set(names)) == 5
    assert await claim(database, places=5) == []
    assert await claim(database, places=3) == []


@pytest.mark.parametrize("template", ["postgresql"], indirect=True)
async def test_claims_wait_for_each_other(database: Database, accept_job: Accept) -> None:
    """While one transaction claims, the next one waits at the queue's lock; it sees its claims."""
    await accept_job(user_id=1)
    await accept_job(user_id=2)
    blocked = text("SELECT count(*) FROM pg_locks WHERE NOT granted")

    async def first(tx: AsyncConnection) -> asyncio.Task[list[Job]]:
        await submission_pause.lock(tx)
        second = asyncio.create_task(claim(database, places=1))
        waiting = 0
        async with asyncio.timeout(120):
            while not second.done() and not waiting:
                waiting = (await tx.execute(blocked)).scalar_one()
        assert not second.done()
        await queue.claim_for_submission(
            tx, now_ms=9_000, owner="b", lease_ms=1_000, max_in_flight=1
        )
        return second

    assert await (await database.transact(first)) == []


async def test_jobs_that_generate_take_a_place(database: Database, accept_job: Accept) -> None:
    """A place is free again when APIXO is done with the task."""
    (job,) = await start(database, accept_job, 4_000)
    await accept_job()
    assert await claim(database, places=1) == []
    await move(database, job, S.SUCCEEDED, 5_000)
    assert len(await claim(database, places=1)) == 1


async def test_a_paused_worker_submits_nothing(database: Database, accept_job: Accept) -> None:
    """Until the pause is over; a shorter pause does not end a longer one."""
    await accept_job()
    await accept_job()
    await database.transact(lambda tx: submission_pause.pause(tx, 9_500, "no balance"))
    await database.transact(lambda tx: submission_pause.pause(tx, 9_100, "rate limited"))
    assert await claim(database, now_ms=9_499) == []
    assert len(await claim(database, now_ms=9_500, places=1)) == 1


async def test_a_job_that_was_put_back_waits_for_its_moment(
    database: Database, accept_job: Accept
) -> None:
    """A queued job is not claimed before it is due."""
    await accept_job()
    (job,) = await claim(database, now_ms=2_000)
    await move(database, job, S.QUEUED, 3_000, due_at_ms=8_000)
    assert await claim(database, now_ms=7_999) == []
    (again,) = await claim(database, now_ms=8_000)
    assert (again.submissions, again.fence) == (2, 2)


async def test_due_jobs_are_taken_the_longest_overdue_first(
    database: Database, accept_job: Accept
) -> None:
    """Only what is due, no more than asked; each with a new fence, a turn more, and a lease."""
    jobs_due = await start(database, accept_job, 6_000, 5_000, 9_001, 5_500)
    taken = await claim_due(database, limit=2)
    assert [job.id for job in taken] == [jobs_due[1].id, jobs_due[3].id]
    assert {(job.fence, job.turns, job.lease_owner, job.lease_until_ms) for job in taken} == {
        (2, 1, "a", 10_000)
    }
    assert [job.id for job in await claim_due(database)] == [jobs_due[0].id]
    assert await claim_due(database) == []


async def test_many_owners_take_each_due_job_once(database: Database, accept_job: Accept) -> None:
    """Eight owners at twelve jobs: all are taken, none twice."""
    started = await start(database, accept_job, *[4_000] * 9)
    batches = await asyncio.gather(
        *(claim_due(database, owner=f"owner{number}", limit=2) for number in range(8))
    )
    names = [job.id for batch in batches for job in batch]
    assert len(names) == len(set(names))
    rest = await claim_due(database)
    assert sorted(names + [job.id for job in rest]) == sorted(job.id for job in started)


async def test_every_state_that_waits_for_its_moment_is_taken(
    database: Database, accept_job: Accept
) -> None:
    """From generating to posting, and an unknown submission at the end of its grace."""
    lost, *others = [await accept_job() for _ in range(5)]
    claimed = {job.id: job for job in await claim(database, now_ms=2_000)}
    await move(database, claimed[lost.id], S.SUBMIT_UNKNOWN, 3_000)
    path = (S.GENERATING, S.SUCCEEDED, S.STORED, S.POSTING)
    for length, other in enumerate(others, start=1):
        job = claimed[other.id]
        for target in path[:length]:
            job = await move(database, job, target, 3_000)
    taken = await claim_due(database)
    assert {job.state for job in taken} == {S.SUBMIT_UNKNOWN, *path}


async def test_states_that_wait_for_a_person_or_for_nothing_are_left(
    database: Database, accept_job: Accept
) -> None:
    """Stuck, cancelled, queued and submitting jobs are not taken as due."""
    (job,) = await start(database, accept_job, 4_000)
    await move(database, job, S.STUCK, 4_000)
    await accept_job()
    await claim(database)
    await move(database, await accept_job(), S.CANCELLED, 4_000)
    await accept_job()
    assert await claim_due(database) == []


async def test_a_holder_whose_lease_ran_out_cannot_move(
    database: Database, accept_job: Accept
) -> None:
    """The next holder's fence is higher, so the late one changes nothing."""
    await start(database, accept_job, 4_000)
    (late,) = await claim_due(database, owner="late")
    (now,) = await claim_due(database, owner="now", now_ms=10_000)
    with pytest.raises(StaleJobError):
        await move(database, late, S.SUCCEEDED, 10_001)
    assert (await move(database, now, S.SUCCEEDED, 10_002)).state is S.SUCCEEDED
    assert (now.fence, now.turns) == (3, 2)


async def test_a_holder_may_keep_its_lease_over_a_move(
    database: Database, accept_job: Accept
) -> None:
    """With `keep_lease` the job stays the holder's till the lease runs out; without it, it ends."""
    await start(database, accept_job, 4_000)
    (job,) = await claim_due(database)
    job = await move(database, job, S.SUCCEEDED, 9_000)
    assert (job.lease_owner, job.lease_until_ms) == (None, None)
    await move(database, job, S.STORED, 9_000)
    (job,) = await claim_due(database)
    job = await database.transact(
        lambda tx: jobs.transition(tx, job, S.POSTING, now_ms=9_000, keep_lease=True)
    )
    assert (job.lease_owner, job.lease_until_ms) == ("a", 10_000)
    assert await claim_due(database, owner="b", now_ms=9_999) == []
    (taken,) = await claim_due(database, owner="b", now_ms=10_000)
    assert taken.id == job.id


async def test_the_jobs_of_each_owner_are_counted_while_their_leases_hold(
    database: Database, accept_job: Accept
) -> None:
    """What somebody claimed and has not ended."""
    await accept_job()
    await accept_job()
    await claim(database, owner="a", places=1)
    await claim(database, owner="b", places=2)

    async def count(now_ms: int) -> dict[str, int]:
        return {**await database.read(lambda tx: leases.count_by_owner(tx, now_ms))}

    assert await count(9_999) == {"a": 1, "b": 1}
    assert await count(10_000) == {}


async def test_leases_are_lengthened_and_dropped_by_owner(
    database: Database, accept_job: Accept
) -> None:
    """`renew` touches the owner's jobs that are named, `leases.drop` all; None drops everyone's."""
    await start(database, accept_job, 4_000, 4_001)
    (first,) = await claim_due(database, owner="a", limit=1)
    (second,) = await claim_due(database, owner="b", limit=1)
    both = [first.id, second.id]
    await database.transact(lambda tx: leases.renew(tx, "a", both, 50_000))
    await database.transact(lambda tx: leases.renew(tx, "b", [first.id], 50_000))
    (taken,) = await claim_due(database, owner="c", now_ms=20_000)
    assert taken.due_at_ms == 4_001
    await database.transact(lambda tx: leases.drop_leases(tx, "a"))
    (taken,) = await claim_due(database, owner="d", now_ms=20_000)
    assert taken.due_at_ms == 4_000
    await database.transact(lambda tx: leases.drop_leases(tx, None))
    assert len(await claim_due(database, owner="e", now_ms=20_000)) == 2


async def test_a_kept_job_counts_its_turns_only_without_progress(
    database: Database, accept_job: Accept
) -> None:
    """`keep` frees the job till its moment; turns grow until there is progress."""
    await start(database, accept_job, 4_000)
    for progress, turns in ((False, 1), (False, 2), (True, 3), (True, 1)):
        (job,) = await claim_due(database)
        assert job.turns == turns
        kept = await database.transact(
            lambda tx, job=job, progress=progress: jobs.reschedule(
                tx, job, due_at_ms=9_000, progress=progress
            )
        )
        assert kept.lease_owner is None
        assert kept.turns == (0 if progress else turns)


async def test_lost_submissions_are_those_that_nobody_holds(
    database: Database, accept_job: Accept
) -> None:
    """A live lease is left; once it ran out the job is taken, and its first holder is too late."""
    await accept_job()
    (job,) = await claim(database)

    async def lost(now_ms: int) -> list[Job]:
        return await database.transact(lambda tx: leases.claim_lost_submissions(tx, now_ms=now_ms))

    assert await lost(9_999) == []
    (found,) = await lost(10_000)
    with pytest.raises(StaleJobError):
        await move(database, job, S.GENERATING, 10_001)
    assert (await move(database, found, S.SUBMIT_UNKNOWN, 10_002)).state is S.SUBMIT_UNKNOWN


async def look(database: Database) -> list[Job]:
    return await database.read(lambda tx: status_messages.list_outdated(tx, 5))


async def look_past_the_quiet(database: Database) -> list[Job]:
    return await database.read(lambda tx: status_messages.list_outdated(tx, 5, exclude=[S.STORED]))


@pytest.mark.parametrize("template", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("index", "turn"),
    [
        ("ix_jobs_due", claim_due),
        ("ix_jobs_unshown", look),
        ("ix_jobs_unshown", look_past_the_quiet),
    ],
)
async def test_the_running_worker_reads_no_ended_job(
    database: Database, index: str, turn: Callable[[Database], Awaitable[object]]
) -> None:
    """What each turn asks is answered from an index that passes ended jobs over."""
    asked: list[tuple[str, tuple[object, ...]]] = []

    def remember(*call: Any) -> None:
        asked.append((call[2], call[3]))

    event.listen(Engine, "before_cursor_execute", remember)
    try:
        await turn(database)
    finally:
        event.remove(Engine, "before_cursor_execute", remember)
    statement, parameters = next(call for call in asked if "FROM jobs" in call[0])

    async def explain(tx: AsyncConnection) -> str:
        plan = await tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return str(plan.all())

    assert index in await database.read(explain)
