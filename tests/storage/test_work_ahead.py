"""What awaits the worker, on both engines."""

from collections.abc import Awaitable, Callable

from domain.jobs import JobState
from storage import jobs, leases, queue, status_messages, work_ahead
from storage.database import Database
from storage.jobs import Job
from storage.work_ahead import WorkAhead

Accept = Callable[..., Awaitable[Job]]
S = JobState


async def look(database: Database, now_ms: int, *unshown: JobState) -> WorkAhead:
    return await database.read(lambda tx: work_ahead.look(tx, now_ms, frozenset(unshown)))


async def claim(database: Database, now_ms: int) -> list[Job]:
    return await database.transact(
        lambda tx: queue.claim_for_submission(
            tx, now_ms=now_ms, owner="a", lease_ms=1_000, max_in_flight=9
        )
    )


async def start(database: Database, accept_job: Accept, *due_at_ms: int) -> None:
    """Have a job in progress due at each of some moments, with nothing to be shown."""
    for _ in due_at_ms:
        await accept_job()
    for job, due in zip(await claim(database, 2_000), due_at_ms, strict=True):
        await database.transact(
            lambda tx, job=job, due=due: jobs.transition(
                tx, job, S.GENERATING, now_ms=3_000, due_at_ms=due
            )
        )
        await database.transact(
            lambda tx, job=job: status_messages.save_message(tx, job.id, shown=S.GENERATING)
        )


async def test_the_next_moment_is_known(database: Database, accept_job: Accept) -> None:
    """That of the earliest job in progress that is not due; a lease puts its job off."""
    assert (await look(database, 0)).next_due_ms is None
    await start(database, accept_job, 6_000, 7_000)
    assert await look(database, 5_999) == WorkAhead(
        is_due=False, is_queued=False, has_lost=False, has_outdated=False, next_due_ms=6_000
    )
    assert (await look(database, 5_999)).is_at_rest
    due = await look(database, 6_000)
    assert (due.is_due, due.next_due_ms, due.is_at_rest) == (True, 7_000, False)
    await database.transact(
        lambda tx: leases.claim_due(tx, now_ms=6_000, owner="a", lease_ms=3_000, limit=9)
    )
    claimed = await look(database, 6_000)
    assert (claimed.is_due, claimed.next_due_ms) == (False, 7_000)
    assert (await look(database, 7_000)).next_due_ms == 9_000


async def test_a_queued_job_awaits_the_worker_due_or_not(
    database: Database, accept_job: Accept
) -> None:
    """Capacity or the end of a pause decide when it is claimed, not a moment."""
    await accept_job(at_ms=5_000)
    ahead = await look(database, 1)
    assert (ahead.is_queued, ahead.is_due, ahead.next_due_ms) == (True, False, None)
    assert not ahead.is_at_rest


async def test_a_submission_is_lost_when_its_lease_has_ended(
    database: Database, accept_job: Accept
) -> None:
    """Not before."""
    await accept_job()
    await claim(database, 9_000)
    assert not (await look(database, 9_999, S.SUBMITTING)).has_lost
    assert (await look(database, 10_000, S.SUBMITTING)).has_lost


async def test_an_outdated_message_awaits_the_worker_unless_its_state_is_not_shown(
    database: Database, accept_job: Accept
) -> None:
    """One of a job that is being submitted may stay as it is."""
    await accept_job()
    assert (await look(database, 1)).has_outdated
    await claim(database, 9_000)
    assert (await look(database, 1)).has_outdated
    assert not (await look(database, 1, S.SUBMITTING)).has_outdated
