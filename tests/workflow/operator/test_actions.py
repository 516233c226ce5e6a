"""Every parked state has decisions, and each ends where it should, with the right money."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.failures import OPERATOR
from domain.jobs import PARKED, JobState
from sandbox.apixo import Fault
from storage import audit_log, jobs, parked_jobs
from storage.jobs import Job
from tests.harness.workflow import BOTH_ENGINES, World
from workflow.billing.quotas import Manager
from workflow.billing.settlement import Payer, settle
from workflow.errors import NoSuchTask, Overtaken, PlaceGone, TaskNotChecked
from workflow.operator.actions import Verdict, decide
from workflow.operator.parked_jobs import Decision, Evidence, evidence_of, parked_page

S, D = JobState, Decision
OLGA, OTTO = 91, 92
_clicks = count(5000)


async def parked_unknown(world: World) -> str:
    job = (await world.order("a lake [[effect:504]]")).job.id
    await world.until(S.SUBMIT_UNKNOWN, job=job)
    return job


async def parked_given_up(world: World) -> str:
    job = await parked_unknown(world)
    await world.pass_time(31 * 60, step_s=600)
    return job


async def parked_stuck(world: World) -> str:
    job = (await world.order("a lake [[never]]")).job.id
    await world.until(S.GENERATING, job=job)
    return await put(world, job, S.STUCK)


async def parked_late_and_stuck(world: World) -> str:
    """A task that was bound after the hold had been given back, and does not end."""
    job = await parked_given_up(world)
    await rule(world, job, D.BIND, task_id=task_of(world))
    return await put(world, job, S.STUCK)


async def parked_without_file(world: World) -> str:
    job = (await world.order("a lake [[result:404]]")).job.id
    await world.until(S.RESULT_LOST, job=job)
    return job


async def parked_undeliverable(world: World) -> str:
    world.channel.trouble["post_result"] = [PlaceGone("gone")]
    world.channel.trouble["send_result_privately"] = [PlaceGone("closed")]
    job = (await world.order()).job.id
    await world.until(S.UNDELIVERABLE, job=job)
    return job


async def parked_while_made(world: World) -> str:
    job = (await world.order()).job.id
    await world.until(S.GENERATING, job=job)
    return await put(world, job, S.QUARANTINED)


async def parked_once_made(world: World) -> str:
    job = (await world.order()).job.id
    await world.until(S.GENERATING, job=job)
    await put(world, job, S.SUCCEEDED)
    return await put(world, job, S.QUARANTINED)


async def put(world: World, job: str, target: JobState) -> str:
    """Move a job as its stage would."""

    async def work(tx: AsyncConnection) -> None:
        found = await jobs.get(tx, job)
        assert found is not None
        now_ms = world.context.now_ms()
        await jobs.move(tx, found, target, now_ms=now_ms)
        if target is S.SUCCEEDED:
            await settle(tx, found, Payer.MEMBER, now_ms=now_ms)

    await world.database.transact(work)
    return job


def task_of(world: World) -> str:
    (task,) = world.apixo.tasks
    return task.id


def verdict(found: Evidence, decision: Decision, user: int = OLGA, **more: str) -> Verdict:
    return Verdict(
        decision=decision,
        job_id=found.job.id,
        fence=found.job.fence,
        operator=Manager(user, next(_clicks)),
        task_id=more.get("task_id"),
    )


async def rule(world: World, job: str, decision: Decision, **more: str) -> Job:
    return await decide(world.context, verdict(await seen(world, job), decision, **more))


async def seen(world: World, job: str) -> Evidence:
    found = await evidence_of(world.context, job)
    assert found is not None
    return found


HELD, FREE, PAID, BORNE = "held", "nobody pays", "the member paid", "the operator bears"
Park = Callable[[World], Awaitable[str]]

ENDS: dict[Park, dict[Decision, tuple[JobState, str]]] = {
    parked_unknown: {D.BIND: (S.GENERATING, HELD), D.RELEASE: (S.FAILED, FREE)},
    parked_given_up: {
        D.BIND: (S.GENERATING, BORNE),
        D.RELEASE: (S.FAILED, FREE),
        D.CLOSE: (S.SUBMIT_UNKNOWN, BORNE),
    },
    parked_stuck: {
        D.ASK: (S.GENERATING, HELD),
        D.RELEASE: (S.FAILED, FREE),
        D.BEAR: (S.FAILED, BORNE),
        D.CHARGE: (S.SUCCEEDED, PAID),
    },
    parked_late_and_stuck: {
        D.ASK: (S.GENERATING, BORNE),
        D.RELEASE: (S.FAILED, FREE),
        D.BEAR: (S.FAILED, BORNE),
    },
    parked_without_file: {D.ASK: (S.SUCCEEDED, FREE), D.CLOSE: (S.RESULT_LOST, FREE)},
    parked_undeliverable: {D.POST: (S.STORED, PAID), D.CLOSE: (S.UNDELIVERABLE, PAID)},
    parked_while_made: {
        D.ASK: (S.GENERATING, HELD),
        D.RELEASE: (S.FAILED, FREE),
        D.BEAR: (S.FAILED, BORNE),
        D.CHARGE: (S.SUCCEEDED, PAID),
    },
    parked_once_made: {D.ASK: (S.SUCCEEDED, PAID), D.BEAR: (S.FAILED, FREE)},
}
"""Where each decision about a job that was parked so leads, and whose money it is then."""

EVERY = [(park, decision) for park, ends in ENDS.items() for decision in ends]


def money(found: Evidence) -> str:
    """Say whose money it is; exactly one of them, or nobody's."""
    sums = {HELD: found.held, PAID: found.paid, BORNE: found.borne}
    whose = [name for name, amount in sums.items() if amount]
    assert len(whose) <= 1
    assert all(amount in (0, found.job.price) for amount in sums.values())
    return whose[0] if whose else FREE


@pytest.mark.parametrize("park", ENDS)
async def test_every_parked_job_can_be_decided_on(world: World, park: Park) -> None:
    """The list offers just the decisions of this table, and the audit accepts what is parked."""
    job = await park(world)
    found = await seen(world, job)
    assert found.job.state in PARKED
    assert set(found.decisions) == set(ENDS[park])
    page = await parked_page(world.context, 0)
    assert [row.job.id for row in page.rows] == [job]
    await world.audit()


@BOTH_ENGINES
@pytest.mark.parametrize(("park", "decision"), EVERY, ids=[f"{p.__name__}-{d}" for p, d in EVERY])
async def test_a_decision_is_made_once_whoever_makes_it(
    world: World, park: Park, decision: Decision
) -> None:
    """Two operators at once and one after: one is taken, with one line in the audit trail."""
    job = await park(world)
    before, found = len(await trail(world)), await seen(world, job)
    task_id = task_of(world)
    both = [verdict(found, decision, user, task_id=task_id) for user in (OLGA, OTTO)]
    outcomes = await asyncio.gather(
        *(decide(world.context, one) for one in both), return_exceptions=True
    )
    assert {type(one) for one in outcomes} == {Job, Overtaken}
    with pytest.raises(Overtaken):
        await decide(world.context, verdict(found, decision, task_id=task_id))
    after = await seen(world, job)
    assert (after.job.state, money(after)) == ENDS[park][decision]
    latest, *_ = lines = await trail(world)
    assert len(lines) == before + 1
    assert (latest.what, latest.subject) == (f"job {decision}", f"job:{job}")
    assert latest.actor in (str(OLGA), str(OTTO))
    assert (latest.before or "").startswith(str(found.job.state))
    assert (latest.after or "").startswith(str(after.job.state))
    assert (await parked_page(world.context, 0)).total == 0
    await world.audit()


async def trail(world: World) -> list[audit_log.Change]:
    return await world.database.read(lambda tx: audit_log.latest(tx, 0, 50))


@pytest.mark.parametrize("park", ENDS)
async def test_what_does_not_fit_a_parked_job_is_refused(world: World, park: Park) -> None:
    """A forged button changes nothing."""
    job = await park(world)
    found = await seen(world, job)
    ledger = await world.ledger(job)
    for decision in set(Decision) - set(ENDS[park]):
        with pytest.raises(Overtaken):
            await decide(world.context, verdict(found, decision, task_id=task_of(world)))
    assert await seen(world, job) == found
    assert await world.ledger(job) == ledger


async def test_the_same_click_delivered_twice_is_one_decision(world: World) -> None:
    """The second delivery finds what the first has done, and says the same."""
    job = await parked_stuck(world)
    once = verdict(await seen(world, job), D.RELEASE)
    first, second = await decide(world.context, once), await decide(world.context, once)
    assert first.state is second.state is S.FAILED
    assert len(await trail(world)) == 1


async def test_an_old_card_decides_nothing(world: World) -> None:
    """Since it was shown, the grace has ended: releasing means another thing now."""
    job = await parked_unknown(world)
    old = await seen(world, job)
    await world.pass_time(31 * 60, step_s=600)
    with pytest.raises(Overtaken):
        await decide(world.context, verdict(old, D.RELEASE))
    await world.audit()


async def test_only_a_task_that_apixo_knows_and_nobody_has_is_bound(world: World) -> None:
    """A wrong id, the task of another job, and an APIXO that does not answer."""
    other = (await world.order()).job.id
    await world.until(S.GENERATING, job=other)
    task = (await world.job(other)).task_id
    assert task is not None
    job = await parked_unknown(world)
    for wrong in ("no-such-task", task):
        with pytest.raises(NoSuchTask):
            await rule(world, job, D.BIND, task_id=wrong)
    world.apixo.faults.on_status(Fault(status=502), 50)
    with pytest.raises(TaskNotChecked):
        await rule(world, job, D.BIND, task_id=task)
    assert (await world.job(job)).state is S.SUBMIT_UNKNOWN
    assert await trail(world) == []


async def test_a_job_that_the_operator_ended_tells_its_member_why(world: World) -> None:
    """Its card says so, and a member who was told in a reply before is not told again."""
    job = (await world.order("a lake [[never]]")).job.id
    await world.until(S.GENERATING, job=job)
    world.clock.advance(600)
    await put(world, job, S.STUCK)
    await world.turn()
    assert len(world.channel.of(job, "failure")) == 1
    world.channel.forgets_nonces = True
    ended = await rule(world, job, D.BEAR)
    assert ended.fail_code == OPERATOR
    await world.turn()
    (card,) = world.channel.of(job, "status")
    assert card.states[-1] is S.FAILED
    assert len(world.channel.of(job, "failure")) == 1


async def test_what_is_asked_again_and_ends_badly_comes_back_on_the_list(world: World) -> None:
    """Closed or told of before, it is parked anew, and the operator hears of it anew."""
    job = await parked_without_file(world)
    await world.database.transact(lambda tx: parked_jobs.told(tx, [job], world.context.now_ms()))
    assert (await world.job(job)).told_at_ms is not None
    await rule(world, job, D.ASK)
    assert (await world.job(job)).told_at_ms is None
    await world.until(S.RESULT_LOST, job=job)
    assert await world.database.read(parked_jobs.untold) == [job]
    await rule(world, job, D.CLOSE)
    assert await world.database.read(parked_jobs.untold) == []
    await world.audit()


async def test_the_list_has_pages_and_a_page_beyond_them_is_the_last(world: World) -> None:
    """Oldest first, three on a page."""
    ordered = [await parked_unknown(world) for _ in range(4)]
    pages = [await parked_page(world.context, number) for number in (0, 1, 9)]
    assert [[row.job.id for row in page.rows] for page in pages] == [
        ordered[:3],
        ordered[3:],
        ordered[3:],
    ]
    assert [(page.number, page.pages, page.total) for page in pages] == [
        (0, 2, 4),
        (1, 2, 4),
        (1, 2, 4),
    ]
