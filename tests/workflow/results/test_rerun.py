"""A double click is one order, wherever its two interactions are worked on."""

import asyncio
from dataclasses import replace

import pytest

from domain.models import ModelId, Resolution
from domain.requests import Draft, GenerationCommand, build_request
from tests.harness.workflow import ADA, BEN, BOTH_ENGINES, WorkflowHarness, member_limits
from workflow.errors import OverLimit
from workflow.results.rerun import click_keys, modal_keys, next_higher_resolution
from workflow.stages.accept import Accepted, Order, accept

JOB = "0" * 20
WINDOW_MS = 2_500


def snowflake(ms: int) -> int:
    return ms << 22 | 7


def clicked(world: WorkflowHarness, ms: int, user: int = ADA, act: str = "again") -> Order:
    keys = click_keys(snowflake(ms), user, act, JOB)
    order = world.make_order("a lake", user=user)
    return replace(order, interaction_id=keys.own, duplicate_keys=keys.duplicates)


async def both(world: WorkflowHarness, *orders: Order) -> list[Accepted | BaseException]:
    return await asyncio.gather(
        *(accept(world.context, order) for order in orders), return_exceptions=True
    )


@BOTH_ENGINES
@pytest.mark.parametrize("first_ms", [0, 1_300, 2_499])
async def test_two_clicks_at_once_are_one_job(harness: WorkflowHarness, first_ms: int):
    """Also where a window of time ends between them, and by two processes."""
    base = 400_000_000 * WINDOW_MS
    for second_ms in (first_ms, first_ms + 1, first_ms + 300, first_ms + WINDOW_MS):
        base += 10 * WINDOW_MS
        orders = [clicked(harness, base + first_ms), clicked(harness, base + second_ms)]
        one, two = await both(harness, *orders)
        assert isinstance(one, Accepted), one
        assert isinstance(two, Accepted), two
        assert one.job.id == two.job.id
        assert len(await harness.ledger(one.job.id)) == 1
    await harness.audit()


async def test_a_double_click_with_room_for_one_is_not_told_that_there_is_none(
    harness: WorkflowHarness,
):
    """The second waits for the first's hold, and finds its job instead of no room."""
    price = (await harness.accept_job()).job.price
    harness.change_policy(limits=member_limits(member=2 * price / 1_000_000))
    end = 400_000_000 * WINDOW_MS
    one, two = await both(harness, clicked(harness, end - 1), clicked(harness, end))
    assert isinstance(one, Accepted), one
    assert isinstance(two, Accepted), two
    assert one.job.id == two.job.id
    with pytest.raises(OverLimit):
        await accept(harness.context, clicked(harness, end + 20_000))


async def test_other_clicks_are_other_jobs(harness: WorkflowHarness):
    """Another member's, another button's, and one some seconds later."""
    ms = 400_000_000 * WINDOW_MS
    orders = [
        clicked(harness, ms),
        clicked(harness, ms, user=BEN),
        clicked(harness, ms, act="buy"),
        clicked(harness, ms + 2 * WINDOW_MS),
    ]
    results = await both(harness, *orders)
    assert len({one.job.id for one in results if isinstance(one, Accepted)}) == 4


def test_no_key_can_be_an_interactions_id():
    """Discord's are above zero; a key fits into 64 bits."""
    for number in range(1, 2_000):
        keys = click_keys(snowflake(number * 999), number, "again", JOB)
        for key in (keys.own, *keys.duplicates, modal_keys(number, 1, JOB).own):
            assert -(1 << 63) <= key < 0


@pytest.mark.parametrize(
    ("model", "resolution", "higher"),
    [
        (ModelId.SEEDANCE_1_5_PRO, Resolution.P480, Resolution.P720),
        (ModelId.SEEDANCE_1_5_PRO, Resolution.P720, None),
        (ModelId.SEEDANCE_2_0, Resolution.P720, Resolution.P1080),
        (ModelId.SEEDANCE_2_0, Resolution.P1080, None),
    ],
)
def test_the_next_resolution_is_the_models_next(
    model: ModelId, resolution: Resolution, higher: Resolution | None
):
    """And none above its highest."""
    draft = Draft(
        command=GenerationCommand.VIDEO, prompt="a lake", model=model, resolution=resolution
    )
    assert next_higher_resolution(build_request(draft)) is higher
