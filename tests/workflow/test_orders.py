"""Orders of several jobs: accepted together or not at all, once for each interaction."""

import asyncio
from dataclasses import replace

import pytest

from domain.orders import OrderKind
from storage import orders
from tests.harness.workflow import (
    ADA,
    BOTH_ENGINES,
    WorkflowHarness,
    member_limits,
)
from workflow.errors import CooldownActive, OverLimit, QueueFull, TooManyInFlight
from workflow.stages.accept import Order, accept

PRICE = 80_000
"""Of four seconds without sound, in micro-dollars."""


def make_takes(harness: WorkflowHarness, takes: int = 4) -> Order:
    order = harness.make_order("a lake", seconds=4, sound=False)
    return replace(order, further=(order.request,) * (takes - 1))


@BOTH_ENGINES
async def test_an_order_of_four_is_four_jobs_with_their_holds(harness: WorkflowHarness):
    """Each has its place and its price; the answer has the sum."""
    harness.change_policy(limits=member_limits(member=1))
    accepted = await accept(harness.context, make_takes(harness))
    assert [job.order_index for job in accepted.jobs] == [1, 2, 3, 4]
    assert accepted.price == 4 * PRICE
    assert accepted.remaining.usages[0].used == 4 * PRICE
    order_id = accepted.job.order_id
    assert order_id is not None
    kept = await harness.database.read(lambda tx: orders.list_jobs(tx, order_id))
    assert [job.id for job in kept] == [job.id for job in accepted.jobs]
    assert len({job.interaction_id for job in kept}) == 4
    row = await harness.database.read(lambda tx: orders.get(tx, order_id))
    assert row is not None
    assert (row.kind, row.user_id) == (OrderKind.TAKES, ADA)
    assert (await harness.audit()).ledger["held"] == 4 * PRICE


@BOTH_ENGINES
async def test_the_same_interaction_at_once_is_one_order(harness: WorkflowHarness):
    """Discord may send an interaction again, also while the first is being worked on."""
    order = make_takes(harness)
    again = replace(order, interaction_id=-7, duplicate_keys=(order.interaction_id,))
    accepted = await asyncio.gather(*(accept(harness.context, one) for one in (order, order)))
    accepted.append(await accept(harness.context, again))
    assert len({tuple(job.id for job in one.jobs) for one in accepted}) == 1
    assert sum((await harness.audit()).jobs.values()) == 4


@BOTH_ENGINES
async def test_what_the_quota_does_not_cover_as_a_whole_leaves_nothing(harness: WorkflowHarness):
    """Three of four would fit: the refusal names the whole sum, and nothing is held."""
    harness.change_policy(limits=member_limits(member=0.39))
    await harness.accept_job(seconds=4, sound=False)
    with pytest.raises(OverLimit) as refusal:
        await accept(harness.context, make_takes(harness))
    (short,) = refusal.value.shortfalls
    assert (short.used, short.requested) == (PRICE, 4 * PRICE)
    report = await harness.audit()
    assert (sum(report.jobs.values()), report.ledger["held"]) == (1, PRICE)


async def test_limits_of_a_line_count_every_job_of_an_order(harness: WorkflowHarness):
    """Three places, or three at once, are too few for four; the jobs are no pause to each other."""
    default = harness.context.policy
    harness.change_policy(max_queued_per_member=3)
    with pytest.raises(QueueFull):
        await accept(harness.context, make_takes(harness))
    limits = replace(default.limits, in_flight=3)
    harness.change_policy(max_queued_per_member=50, limits=limits)
    with pytest.raises(TooManyInFlight):
        await accept(harness.context, make_takes(harness))
    harness.change_policy(limits=replace(default.limits, cooldown_s=60))
    assert len((await accept(harness.context, make_takes(harness, 2))).jobs) == 2
    with pytest.raises(CooldownActive):
        await accept(harness.context, make_takes(harness))
    assert sum((await harness.audit()).jobs.values()) == 2


async def test_one_request_is_a_job_without_an_order(harness: WorkflowHarness):
    """It costs no row more than before."""
    accepted = await accept(harness.context, make_takes(harness, 1))
    assert (accepted.job.order_id, accepted.job.order_index) == (None, None)
    assert accepted.further == ()
