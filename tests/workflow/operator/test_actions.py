"""Every parked state has decisions, and each ends where it should, with the right money."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.failures import ENDED_BY_OPERATOR
from domain.jobs import PARKED, JobState
from sandbox.apixo import Fault
from storage import audit_log, jobs, parked_jobs
from storage.jobs import Job
from tests.harness.workflow import WorkflowHarness
from workflow.billing.quotas import Actor
from workflow.billing.settlement import Payer, resolve_payment
from workflow.errors import ChannelUnavailable, StaleDecision, TaskCheckFailed, TaskNotBindable
from workflow.operator.actions import DecisionRequest, apply_decision
from workflow.operator.parked_jobs import Decision, ParkedJob, get_parked_job, read_parked_page

S, D = JobState, Decision
OLGA, OTTO = 91, 92
_clicks = count(5000)


async def parked_unknown(world: WorkflowHarness) -> str:
    job = (await world.accept_job("a lake [[effect:504]]")).job.id
    await world.run_until(S.SUBMIT_UNKNOWN, job=job)
    return job


async def parked_given_up(world: WorkflowHarness) -> str:
    job = await parked_unknown(world)
    await world.run_for(31 * 60, step_s=600)
    return job


async def parked_stuck(world: WorkflowHarness) -> str:
    job = (await world.accept_job("a lake [[never]]")).job.id
    await world.run_until(S.GENERATING, job=job)
    return await put(world, job, S.STUCK)


async def parked_late_and_stuck(world: WorkflowHarness) -> str:
    """A task that was bound after the hold had been given back, and does not end."""
    job = await parked_given_up(world)
    await rule(world, job, D.BIND_TASK, task_id=task_of(world))
    return await put(world, job, S.STUCK)


async def parked_without_file(world: WorkflowHarness) -> str:
    job = (await world.accept_job("a lake [[result:404]]")).job.id
    await world.run_until(S.RESULT_LOST, job=job)
    return job


async def parked_undeliverable(world: WorkflowHarness) -> str:
    world.publisher.errors["post_result"] = [ChannelUnavailable("gone")]
    world.publisher.errors["send_result_by_dm"] = [ChannelUnavailable("closed")]
    job = (await world.accept_job()).job.id
    await world.run_until(S.UNDELIVERABLE, job=job)
    return job


async def parked_while_made(world: WorkflowHarness) -> str:
    job = (await world.accept_job()).job.id
    await world.run_until(S.GENERATING, job=job)
    return await put(world, job, S.QUARANTINED)


async def parked_once_made(world: WorkflowHarness) -> str:
    job = (await world.accept_job()).job.id
    await world.run_until(S.GENERATING, job=job)
    await put(world, job, S.SUCCEEDED)
    return await put(world, job, S.QUARANTINED)


async def put(world: WorkflowHarness, job: str, target: JobState) -> str:
    """Move a job as its stage would."""

    async def work(tx: AsyncConnection) -> None:
        found = await jobs.get(tx, job)
        assert found is not None
        now_ms = world.context.now_ms()
        await jobs.transition(tx, found, target, now_ms=now_ms)
        if target is S.SUCCEEDED:
            await resolve_payment(tx, found, Payer.MEMBER, now_ms=now_ms)

    await world.database.transact(work)
    return job


def task_of(world: WorkflowHarness) -> str:
    (task,) = world.apixo.tasks
    return task.id


def verdict(found: ParkedJob, decision: Decision, user: int = OLGA, **more: str) -> DecisionRequest:
    return DecisionRequest(
        decision=decision,
        job_id=found.job.id,
        fence=found.job.fence,
        operator=Actor(user, next(_clicks)),
        task_id=more.get("task_id"),
    )


async def rule(world: WorkflowHarness, job: str, decision: Decision, **more: str) -> Job:
    return await apply_decision(world.context, verdict(await seen(world, job), decision, **more))


async def seen(world: WorkflowHarness, job: str) -> ParkedJob:
    found = await get_parked_job(world.context, job)
    assert found is not None
    return found


HELD, FREE, PAID, BORNE = "held", "nobody pays", "the member paid", "the operator bears"
Park = Callable[[WorkflowHarness], Awaitable[str]]

ENDS: dict[Park, dict[Decision, tuple[JobState, str]]] = {
    parked_unknown: {D.BIND_TASK: (S.GENERATING, HELD), D.RELEASE: (S.FAILED, FREE)},
    parked_given_up: {
        D.BIND_TASK: (S.GENERATING, BORNE),
        D.RELEASE: (S.FAILED, FREE),
        D.CLOSE: (S.SUBMIT_UNKNOWN, BORNE),
    },
    parked_stuck: {
        D.RETRY: (S.GENERATING, HELD),
        D.RELEASE: (S.FAILED, FREE),
        D.CHARGE_OPERATOR: (S.FAILED, BORNE),
        D.CHARGE_MEMBER: (S.SUCCEEDED, PAID),
    },
    parked_late_and_stuck: {
        D.RETRY: (S.GENERATING, BORNE),
        D.RELEASE: (S.FAILED, FREE),
        D.CHARGE_OPERATOR: (S.FAILED, BORNE),
    },
    parked_without_file: {D.RETRY: (S.SUCCEEDED, FREE), D.CLOSE: (S.RESULT_LOST, FREE)},
    parked_undeliverable: {D.POST: (S.STORED, PAID), D.CLOSE: (S.UNDELIVERABLE, PAID)},
    parked_while_made: {
        D.RETRY: (S.GENERATING, HELD),
        D.RELEASE: (S.FAILED, FREE),
        D.CHARGE_OPERATOR: (S.FAILED, BORNE),
        D.CHARGE_MEMBER: (S.SUCCEEDED, PAID),
    },
    parked_once_made: {D.RETRY: (S.SUCCEEDED, PAID), D.CHARGE_OPERATOR: (S.FAILED, FREE)},
}
"""Where each decision about a job that was parked so leads, and whose money it is then."""

EVERY = [(park, decision) for park, ends in ENDS.items() for decision in ends]
ONE_OF_EACH = [*{decision: (park, decision) for park, decision in EVERY}.values()]


def money(found: ParkedJob) -> str:
    """Say whose money it is; exactly one of them, or nobody's."""
    sums = {HELD: found.held, PAID: found.member_paid, BORNE: found.operator_paid}
    whose = [name for name, amount in sums.items() if amount]
    assert len(whose) <= 1
    assert all(amount in (0, found.job.price) for amount in sums.values())
    return whose[0] if whose else FREE


@pytest.mark.parametrize("park", ENDS)
async def test_every_parked_job_can_be_decided_on(harness: WorkflowHarness, park: Park) -> None:
    """The list offers just the decisions of this table, and the audit accepts what is parked."""
    job = await park(harness)
    found = await seen(harness, job)
    assert found.job.state in PARKED
    assert set(found.allowed_decisions) == set(ENDS[park])
    page = await read_parked_page(harness.context, 0)
    assert [row.job.id for row in page.rows] == [job]
    await harness.audit()


@pytest.mark.parametrize(
    ("template", "park", "decision"),
    [
        *(("sqlite", park, decision) for park, decision in EVERY),
        *(("postgresql", park, decision) for park, decision in ONE_OF_EACH),
    ],
    indirect=["template"],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
async def test_a_decision_is_made_once_whoever_makes_it(
    harness: WorkflowHarness, park: Park, decision: Decision
) -> None:
    """Two operators at once and one after: one is taken, with one line in the audit log."""
    job = await park(harness)
    before, found = len(await changes(harness)), await seen(harness, job)
    task_id = task_of(harness)
    both = [verdict(found, decision, user, task_id=task_id) for user in (OLGA, OTTO)]
    outcomes = await asyncio.gather(
        *(apply_decision(harness.context, one) for one in both), return_exceptions=True
    )
    assert {type(one) for one in outcomes} == {Job, StaleDecision}
    with pytest.raises(StaleDecision):
        await apply_decision(harness.context, verdict(found, decision, task_id=task_id))
    after = await seen(harness, job)
    assert (after.job.state, money(after)) == ENDS[park][decision]
    latest, *_ = lines = await changes(harness)
    assert len(lines) == before + 1
    assert (latest.what, latest.subject) == (f"job {decision}", f"job:{job}")
    assert latest.actor in (str(OLGA), str(OTTO))
    assert (latest.before or "").startswith(str(found.job.state))
    assert (latest.after or "").startswith(str(after.job.state))
    assert (await read_parked_page(harness.context, 0)).total == 0
    await harness.audit()


async def changes(world: WorkflowHarness) -> list[audit_log.Change]:
    return await world.database.read(lambda tx: audit_log.list_latest(tx, 0, 50))


@pytest.mark.parametrize("park", ENDS)
async def test_what_does_not_fit_a_parked_job_is_refused(
    harness: WorkflowHarness, park: Park
) -> None:
    """A forged button changes nothing."""
    job = await park(harness)
    found = await seen(harness, job)
    ledger = await harness.ledger(job)
    for decision in set(Decision) - set(ENDS[park]):
        with pytest.raises(StaleDecision):
            await apply_decision(
                harness.context, verdict(found, decision, task_id=task_of(harness))
            )
    assert await seen(harness, job) == found
    assert await harness.ledger(job) == ledger


async def test_the_same_click_delivered_twice_is_one_decision(harness: WorkflowHarness) -> None:
    """The second delivery finds what the first has done, and says the same."""
    job = await parked_stuck(harness)
    once = verdict(await seen(harness, job), D.RELEASE)
    first, second = (
        await apply_decision(harness.context, once),
        await apply_decision(harness.context, once),
    )
    assert first.state is second.state is S.FAILED
    assert len(await changes(harness)) == 1


async def test_an_old_card_decides_nothing(harness: WorkflowHarness) -> None:
    """Since it was shown, the grace has ended: releasing means another thing now."""
    job = await parked_unknown(harness)
    old = await seen(harness, job)
    await harness.run_for(31 * 60, step_s=600)
    with pytest.raises(StaleDecision):
        await apply_decision(harness.context, verdict(old, D.RELEASE))
    await harness.audit()


async def test_only_a_task_that_apixo_knows_and_nobody_has_is_bound(
    harness: WorkflowHarness,
) -> None:
    """A wrong id, the task of another job, and an APIXO that does not answer."""
    other = (await harness.accept_job()).job.id
    await harness.run_until(S.GENERATING, job=other)
    task = (await harness.job(other)).task_id
    assert task is not None
    job = await parked_unknown(harness)
    for wrong in ("no-such-task", task):
        with pytest.raises(TaskNotBindable):
            await rule(harness, job, D.BIND_TASK, task_id=wrong)
    harness.apixo.faults.add_status(Fault(status=502), 50)
    with pytest.raises(TaskCheckFailed):
        await rule(harness, job, D.BIND_TASK, task_id=task)
    assert (await harness.job(job)).state is S.SUBMIT_UNKNOWN
    assert await changes(harness) == []


async def test_a_job_that_the_operator_ended_tells_its_member_why(harness: WorkflowHarness) -> None:
    """Its card says so, and a member who was told in a reply before is not told again."""
    job = (await harness.accept_job("a lake [[never]]")).job.id
    await harness.run_until(S.GENERATING, job=job)
    harness.clock.advance(600)
    await put(harness, job, S.STUCK)
    await harness.run_once()
    assert len(harness.publisher.messages_of(job, "failure")) == 1
    harness.publisher.forgets_nonces = True
    ended = await rule(harness, job, D.CHARGE_OPERATOR)
    assert ended.fail_code == ENDED_BY_OPERATOR
    await harness.run_once()
    (card,) = harness.publisher.messages_of(job, "status")
    assert card.states[-1] is S.FAILED
    assert len(harness.publisher.messages_of(job, "failure")) == 1


async def test_what_is_asked_again_and_ends_badly_comes_back_on_the_list(
    harness: WorkflowHarness,
) -> None:
    """Closed or told of before, it is parked again, and the operator hears of it again."""
    job = await parked_without_file(harness)
    await harness.database.transact(
        lambda tx: parked_jobs.mark_reported(tx, [job], harness.context.now_ms())
    )
    assert (await harness.job(job)).told_at_ms is not None
    await rule(harness, job, D.RETRY)
    assert (await harness.job(job)).told_at_ms is None
    await harness.run_until(S.RESULT_LOST, job=job)
    assert await harness.database.read(parked_jobs.list_unreported) == [job]
    await rule(harness, job, D.CLOSE)
    assert await harness.database.read(parked_jobs.list_unreported) == []
    await harness.audit()


async def test_the_list_has_pages_and_a_page_beyond_them_is_the_last(
    harness: WorkflowHarness,
) -> None:
    """Oldest first, three on a page."""
    ordered = [await parked_unknown(harness) for _ in range(4)]
    pages = [await read_parked_page(harness.context, number) for number in (0, 1, 9)]
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
