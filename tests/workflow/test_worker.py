"""The belt as a whole: from an order to a posted video, fairly, whatever one job does."""

from collections import Counter
from contextlib import suppress

import pytest

from domain.jobs import JobState
from domain.models import ModelId
from storage import jobs
from tests.harness.workflow import BEN, FlakyDatabase, World

S = JobState


async def test_an_order_becomes_a_posted_and_charged_video(world: World):
    """Every state is passed once, the price is held and then charged, two messages remain."""
    news = await world.order(seconds=8, sound=True)
    job = await world.until(S.DELIVERED, job=news.job.id)

    moves = [
        event.target for event in await world.database.read(lambda tx: jobs.history(tx, job.id))
    ]
    assert moves == [
        *(S.QUEUED, S.SUBMITTING, S.GENERATING, S.SUCCEEDED, S.STORED, S.POSTING, S.DELIVERED)
    ]
    assert await world.ledger(job.id) == [("hold", job.price), ("charge", job.price)]
    assert world.apixo.balance.micro == 100_000_000 - job.price
    (status,), (result,) = world.channel.of(job.id, "status"), world.channel.of(job.id, "result")
    assert (job.status_message_id, job.result_message_id) == (status.id, result.id)
    assert result.video is not None
    assert result.video[4:8] == b"ftyp"
    await world.audit()


async def test_the_status_message_is_edited_on_news_only(world: World):
    """Queued, being made, done: three states shown, however many looks were needed."""
    job = (await world.order(model=ModelId.SEEDANCE_2_0)).job
    await world.turn()
    await world.until(S.DELIVERED, job=job.id)
    (status,) = world.channel.of(job.id, "status")
    assert Counter(status.states).most_common(1)[0][1] == 1
    assert status.states[-2:] == [S.GENERATING, S.DELIVERED]


async def test_the_status_message_tells_the_place_and_when_it_is_ready(world: World):
    """Those who wait see their number; one being made shows a moment in the future."""
    world.change(max_tasks=1)
    waiting = [(await world.order()).job.id for _ in range(3)]
    await world.turn()
    await world.turn()
    shown = [world.channel.of(job, "status")[0] for job in waiting]
    assert [message.places[-1] for message in shown] == [None, 1, 2]
    ready_at_ms = shown[0].ready_at_ms[-1]
    assert ready_at_ms is not None
    assert ready_at_ms / 1000 > world.clock.now()


async def test_no_more_tasks_than_allowed_are_in_flight(world: World):
    """Seven orders against two places: never more than two tasks at APIXO."""
    world.change(max_tasks=2)
    ordered = [(await world.order()).job.id for _ in range(7)]
    most = 0
    while not await world.all_are(S.DELIVERED, ordered):
        await world.turn()
        most = max(most, world.apixo.tasks.in_flight)
        await world.forward()
    assert most == 2
    assert world.submissions() == 7


async def test_a_member_with_one_order_does_not_wait_behind_anothers_ten(world: World):
    """Whoever has fewest in flight is next."""
    world.change(max_tasks=2)
    for _ in range(10):
        await world.order()
    late = (await world.order(user=BEN)).job
    await world.turn()
    assert (await world.job(late.id)).state is S.GENERATING


async def test_a_poisoned_job_is_put_into_quarantine_and_the_others_go_on(world: World):
    """A stage that dies on one job is logged, tried five times and given up; its neighbour ends."""
    poisoned, healthy = (await world.order()).job.id, (await world.order(user=BEN)).job.id
    real_status = world.context.apixo.status

    async def status(model: ModelId, task_id: str):
        if task_id == (await world.job(poisoned)).task_id:
            raise KeyError("what nobody expected")
        return await real_status(model, task_id)

    world.context.apixo.status = status  # type: ignore[method-assign]
    await world.until(S.DELIVERED, job=healthy)
    await world.until(S.QUARANTINED, job=poisoned)
    assert await world.ledger(poisoned) == [("hold", (await world.job(poisoned)).price)]
    assert world.channel.of(poisoned, "status")[0].states[-1] is S.QUARANTINED
    await world.audit()


async def test_a_turn_that_fails_in_the_database_does_no_harm(world: World):
    """The turn raises, nothing is half done, and the next turn goes on."""
    flaky = FlakyDatabase(world.database)
    await world.reborn(flaky)
    job = (await world.order()).job
    flaky.broken = True
    with pytest.raises(OSError, match="disk gone"):
        await world.belt.turn()
    flaky.broken = False
    await world.until(S.DELIVERED, job=job.id)
    await world.audit()


async def test_a_stage_whose_fact_can_not_be_written_is_done_again(world: World):
    """Polls and fetches repeat without harm; the money is written once, with the state."""
    flaky = FlakyDatabase(world.database)
    await world.reborn(flaky)
    job = (await world.order()).job
    await world.until(S.GENERATING, job=job.id)
    flaky.share_failing = 0.3
    while (await world.job(job.id)).state not in (S.DELIVERED, S.QUARANTINED):
        with suppress(OSError):
            await world.turn()
        await world.forward()
    flaky.share_failing = 0
    assert [kind for kind, _ in await world.ledger(job.id)] == ["hold", "charge"]
    assert len(world.channel.of(job.id, "result")) == 1
    await world.audit()
