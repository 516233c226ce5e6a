"""Polling: patient, frugal, and the money settled with the state."""

from itertools import islice

import pytest

from domain.jobs import JobState
from domain.models import ModelId
from domain.polling import looks_ms
from sandbox.apixo import Fault
from tests.harness.workflow import World

S = JobState


@pytest.mark.parametrize("model", list(ModelId))
async def test_a_failure_is_known_at_the_early_look_and_costs_nothing(world: World, model: ModelId):
    """Failures come after nine seconds; the look at twelve finds them, long before the others."""
    began = world.clock.now()
    job = (await world.order("a lake [[fail:SensitiveContent]]", model=model)).job
    failed = await world.until(S.FAILED, job=job.id)
    assert world.clock.now() - began < 20
    assert world.polls() == 1
    assert failed.fail_code == "SensitiveContent"
    assert await world.ledger(job.id) == [("hold", job.price), ("release", job.price)]
    await world.audit()


async def test_a_failure_is_charged_where_the_operator_says_so(world: World):
    """`CHARGE_FAILED_TASKS`: the whole price, and the job still counts as failed."""
    world.change(charge_failed_tasks=True)
    job = (await world.order("a lake [[fail:Unknown error]]")).job
    await world.until(S.FAILED, job=job.id)
    assert await world.ledger(job.id) == [("hold", job.price), ("charge", job.price)]
    await world.audit()


async def test_a_failure_without_any_reason_ends_the_job_too(world: World):
    """A null failMsg is no reason to keep waiting."""
    job = (await world.order("a lake [[fail:Odd]] [[fail-msg:null]]")).job
    await world.until(S.FAILED, job=job.id)
    assert (await world.ledger(job.id))[-1] == ("release", job.price)


@pytest.mark.parametrize(
    "storm", ["502x6", "500x6", "429x6", "404x4", "401x3", "reset x4", "htmlx4", "hugex2", "deepx3"]
)
async def test_a_storm_of_bad_status_answers_only_delays(world: World, storm: str):
    """Whatever the answers are, the job goes on, and is charged once."""
    job = (await world.order(f"a lake [[status:{storm.replace(' ', '')}]]")).job
    await world.until(S.DELIVERED, job=job.id)
    assert await world.ledger(job.id) == [("hold", job.price), ("charge", job.price)]
    assert world.submissions() == 1
    await world.audit()


async def test_looks_keep_their_distance_however_slow_the_answers_are(world: World):
    """They are counted from the last question, not from its answer."""
    job = (await world.order("a lake [[state:queued]]")).job
    await world.turn()
    began = world.clock.now()
    ask, asked_s = world.context.apixo.status, list[float]()

    async def slowly(model: ModelId, task_id: str):
        asked_s.append(world.clock.now())
        status = await ask(model, task_id)
        world.clock.advance(3)
        return status

    world.context.apixo.status = slowly  # type: ignore[method-assign]
    await world.pass_time(75, step_s=0.5)
    assert (await world.job(job.id)).state is S.GENERATING
    looks_s = [look / 1000 for look in islice(looks_ms(ModelId.SEEDANCE_1_5_PRO, 4), len(asked_s))]
    assert len(asked_s) > 4
    assert [asked - began for asked in asked_s] == pytest.approx(looks_s, abs=1)


async def test_a_state_that_is_not_documented_is_waiting(world: World):
    """Neither success nor failure: keep asking, and stand still at last with the hold kept."""
    states = "queued", "null", "banana"
    ordered = [(await world.order(f"a lake [[state:{state}]]")).job for state in states]
    for job in ordered:
        await world.until(S.STUCK, job=job.id)
        assert await world.ledger(job.id) == [("hold", job.price)]
    await world.audit()


async def test_a_task_that_never_ends_is_stuck_after_two_hours_and_few_looks(world: World):
    """Its hold is kept, since it may still be charged at APIXO; looks come ever slower."""
    began = world.clock.now()
    job = (await world.order("a lake [[never]]")).job
    await world.until(S.STUCK, job=job.id)
    assert 2 * 3600 <= world.clock.now() - began < 2.2 * 3600
    assert world.polls() < 250
    assert await world.ledger(job.id) == [("hold", job.price)]
    assert world.channel.of(job.id, "failure")
    await world.audit()


async def test_a_task_that_apixo_does_not_know_is_stuck_not_lost(world: World):
    """404 for ever: five tries and ten minutes, then a person decides; the hold stays."""
    job = (await world.order("a lake [[status:404x500]]")).job
    await world.until(S.STUCK, job=job.id)
    assert await world.ledger(job.id) == [("hold", job.price)]
    await world.audit()


async def test_many_jobs_share_one_wake(world: World):
    """Five tasks that are due together are asked for in one turn, side by side."""
    ordered = [(await world.order(model=ModelId.SEEDANCE_2_0)).job.id for _ in range(5)]
    await world.turn()
    before = world.polls()
    world.clock.advance(12.5)
    await world.turn()
    assert world.polls() - before == 5
    for job in ordered:
        await world.until(S.DELIVERED, job=job)


async def test_a_result_link_that_is_missing_at_first_is_asked_for_anew(world: World):
    """Success is charged at once; the video comes with the next answer."""
    job = (await world.order("a lake")).job
    await world.until(S.GENERATING, job=job.id)
    world.clock.advance(200)
    world.apixo.faults.on_status(Fault(without=("resultJson",)))
    await world.turn()
    await world.until(S.DELIVERED, job=job.id)
    assert await world.ledger(job.id) == [("hold", job.price), ("charge", job.price)]
    await world.audit()
