"""Time: the wall's, the hand's, and generation's own pace."""

import asyncio
import math
import time

import pytest

from sandbox.apixo import ManualClock, SystemClock
from sandbox.apixo.clock import ScaledClock
from tests.sandbox.apixo.conftest import DEADLINE_SECONDS


async def test_a_hand_clock_wakes_who_waits_and_only_then(clock: ManualClock) -> None:
    """Half the time is not enough."""
    waiting = asyncio.ensure_future(clock.wait(10, asyncio.Event()))
    await asyncio.sleep(0)
    clock.advance(5)
    await asyncio.sleep(0)
    assert not waiting.done()
    clock.advance(5)
    async with asyncio.timeout(DEADLINE_SECONDS):
        await waiting


@pytest.mark.parametrize("clock", [ManualClock(), SystemClock()])
async def test_a_wait_can_be_ended_early(clock: ManualClock | SystemClock) -> None:
    """By its event."""
    wake = asyncio.Event()
    waiting = asyncio.ensure_future(clock.wait(1_000_000, wake))
    await asyncio.sleep(0)
    wake.set()
    async with asyncio.timeout(DEADLINE_SECONDS):
        await waiting


def test_the_system_clock_tells_the_walls_time() -> None:
    """Within what a slow machine needs between two looks."""
    assert math.isclose(SystemClock().now(), time.time(), abs_tol=DEADLINE_SECONDS)


@pytest.mark.parametrize("scale", [0.1, 1, 7, 60, 10_000])
async def test_who_waits_for_a_moment_wakes_when_it_has_been_reached(scale: float) -> None:
    """At every scale, however the floats round: no sooner, and without spinning."""
    clock = ManualClock()
    pace = ScaledClock(clock, scale)
    waiting = asyncio.ensure_future(pace.wait_until(123.456789))
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not waiting.done():
            assert pace.now() < 123.456789
            clock.advance(1.7 / scale)
            for _ in range(5):
                await asyncio.sleep(0)
    assert 123.456789 <= pace.now() < 125.2


async def test_exact_steps_add_up(clock: ManualClock) -> None:
    """Ten thousand times three tenths of a second are three thousand seconds."""
    pace = ScaledClock(clock, 1)
    for _ in range(10_000):
        clock.advance(0.3)
    assert pace.now() == 3_000
    await pace.wait_until(3_000)


async def test_a_moment_has_a_wall_time_across_changes_of_pace(clock: ManualClock) -> None:
    """Ten seconds, then a skip of a hundred, then ten times as fast."""
    start = clock.now()
    pace = ScaledClock(clock, 1)
    clock.advance(10)
    pace.adjust(scale=10, skip=100)
    clock.advance(2)
    assert pace.now() == 130
    assert [pace.wall_time_at(moment) - start for moment in (4, 10, 60, 110, 130, 140)] == [
        4, 10, 10, 10, 12, 13,
    ]  # fmt: skip


async def test_who_waits_follows_a_change_of_pace(clock: ManualClock) -> None:
    """A skip wakes at once who has nothing more to wait for."""
    pace = ScaledClock(clock, 1)
    waiting = asyncio.ensure_future(pace.wait_until(50))
    await asyncio.sleep(0)
    pace.adjust(skip=50)
    async with asyncio.timeout(DEADLINE_SECONDS):
        await waiting
