"""Submitting: what APIXO surely did not take is sent again, everything else never."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from apixo.client import ApixoClient
from domain.jobs import JobState
from sandbox.apixo import Fault
from tests.harness.workflow import BEN, World

S = JobState


@pytest.mark.parametrize(
    "directive",
    [
        *("effect:500", "effect:502", "effect:503", "effect:504", "effect:reset", "effect:cut"),
        *("garbage:html", "garbage:empty", "garbage:null", "garbage:no-data", "garbage:empty-id"),
        *("garbage:huge", "garbage:gzip-bomb", "garbage:deep", "refuse:500", "refuse:502"),
        *("refuse:503", "refuse:504", "refuse:code-500"),
    ],
)
async def test_after_a_lost_answer_nothing_is_sent_a_second_time(world: World, directive: str):
    """A task may exist: parked with its hold for half an hour, then at the operator's cost."""
    job = (await world.order(f"a lake [[{directive}]]")).job
    parked = await world.until(S.SUBMIT_UNKNOWN, job=job.id)
    assert parked.reason
    assert await world.ledger(job.id) == [("hold", job.price)]
    await world.pass_time(25 * 60, step_s=60)
    assert await world.ledger(job.id) == [("hold", job.price)]
    await world.pass_time(10 * 3600, step_s=900)
    given_up = [("hold", job.price), ("release", job.price), ("adjust", job.price)]
    assert await world.ledger(job.id) == given_up
    assert (await world.job(job.id)).state is S.SUBMIT_UNKNOWN
    assert world.submissions() == 1
    assert world.channel.of(job.id, "failure") == []
    assert len(world.channel.of(job.id, "status")) == 1
    await world.audit()


@pytest.mark.parametrize(
    "directive", ["refuse:400", "refuse:403", "refuse:404", "refuse:content", "refuse:http-400"]
)
async def test_a_refused_request_ends_rejected_with_its_hold_released(world: World, directive: str):
    """APIXO's own word reaches the job; nothing is charged, nothing is sent again."""
    job = (await world.order(f"a lake [[{directive}]]")).job
    rejected = await world.until(S.REJECTED, job=job.id)
    assert rejected.fail_code or rejected.reason
    assert await world.ledger(job.id) == [("hold", job.price), ("release", job.price)]
    await world.pass_time(3600, step_s=600)
    assert world.submissions() == 1
    await world.audit()


@pytest.mark.parametrize(
    ("status", "times"),
    [(429, 3), (402, 2), (401, 2)],
)
async def test_what_is_refused_for_now_waits_and_is_sent_again(
    world: World, status: int, times: int
):
    """Rate limit, empty balance, a key that is being changed: the hold stays, a video comes."""
    world.apixo.faults.on_submit(Fault(status=status), times)
    job = (await world.order()).job
    await world.turn()
    waiting = await world.job(job.id)
    assert (waiting.state, waiting.failures) == (S.QUEUED, 1)
    assert await world.ledger(job.id) == [("hold", job.price)]
    await world.until(S.DELIVERED, job=job.id)
    assert world.submissions() == times + 1
    assert len(world.apixo.tasks) == 1
    await world.audit()


async def test_an_empty_balance_pauses_everybody(world: World):
    """Whoever is next would fare no better: one try, then a pause for all."""
    world.apixo.faults.on_submit(Fault(status=402), 1)
    first = (await world.order()).job.id
    await world.turn()
    second = (await world.order(user=BEN)).job.id
    await world.turn()
    assert world.submissions() == 1
    for job in (first, second):
        await world.until(S.DELIVERED, job=job)
    assert world.submissions() == 3


async def test_the_retry_after_of_a_rate_limit_is_kept(world: World):
    """Not before ninety seconds have passed, and soon after."""
    world.apixo.faults.on_submit(Fault(status=429, headers={"Retry-After": "90"}))
    job = (await world.order()).job.id
    await world.turn()
    await world.pass_time(80, step_s=8)
    assert world.submissions() == 1
    await world.pass_time(20, step_s=5)
    assert (await world.job(job)).state is not S.QUEUED


async def test_a_rate_limit_that_asks_for_no_patience_gets_some(world: World):
    """`Retry-After: 0` does not lead to a storm of submissions."""
    world.apixo.faults.on_submit(Fault(status=429, headers={"Retry-After": "0"}), 1000)
    await world.order()
    await world.pass_time(60, step_s=0.5)
    assert 2 < world.submissions() < 12


async def test_a_storm_of_lost_answers_is_met_with_ever_fewer_submissions(world: World):
    """Each may have been paid, so an APIXO that falters is not sent the whole line at once."""
    world.apixo.faults.on_submit(Fault(status=502, effect=True), 1000)
    for _ in range(20):
        await world.order()
    await world.pass_time(60, step_s=0.5)
    assert 2 < world.submissions() < 12
    world.apixo.faults.clear()
    await world.pass_time(600, step_s=5)
    assert world.submissions() == 20


async def test_an_apixo_that_can_not_be_reached_costs_nothing_but_time(world: World):
    """Connection refused proves that no task exists: the job goes back into the line."""
    good = world.context.apixo
    async with ApixoClient("http://127.0.0.1:9/api/v1", SecretStr("k")) as nowhere:
        job = await _with_client(world, nowhere)
        await world.pass_time(60, step_s=5)
        waiting = await world.job(job)
        assert waiting.state is S.QUEUED
        assert waiting.failures > 1
    await _with_client(world, good, order=False)
    await world.until(S.DELIVERED, job=job)
    assert world.submissions() == 1
    await world.audit()


async def _with_client(world: World, client: ApixoClient, *, order: bool = True) -> str:
    world.context = replace(world.context, apixo=client)
    await world.reborn(owner="first")
    return (await world.order()).job.id if order else ""
