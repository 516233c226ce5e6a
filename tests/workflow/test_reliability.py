"""Once for each occasion, over restarts and crashes."""

import asyncio
from contextlib import suppress
from itertools import pairwise

import pytest

from storage import key_value
from tests.harness.workflow import BOTH_ENGINES, WorkflowHarness
from workflow.reliability import CLAIM_MS, MAX_ATTEMPTS, reset_run_once, run_once_per


class Work:
    """Counts its turns; each ends as told."""

    def __init__(self, *ends: str) -> None:
        self.ends = list(ends)
        self.begun: list[int | None] = []

    async def __call__(self, begun_ms: int | None) -> bool:
        self.begun.append(begun_ms)
        if not self.ends:
            raise RuntimeError("killed")
        return bool(self.ends.pop(0))


@BOTH_ENGINES
async def test_what_is_done_is_not_done_again(harness: WorkflowHarness):
    """Until it is forgotten, or the occasion is another."""
    work = Work("done", "done", "done")
    for occasion in ("a", "a", "b", "b"):
        await run_once_per(harness.context, "news", occasion, work)
    assert len(work.begun) == 2
    await reset_run_once(harness.context, "news")
    await run_once_per(harness.context, "news", "b", work)
    assert work.begun == [None, None, None]


async def test_what_failed_is_tried_again_in_growing_pauses(harness: WorkflowHarness):
    """From a minute to an hour, with the moment at which it was begun: it may have been done."""
    began_ms, work, began_again_s = harness.context.now_ms(), Work(*[""] * 8, "done"), list[float]()
    while work.ends:
        left = len(work.ends)
        await run_once_per(harness.context, "news", "a", work)
        if len(work.ends) < left:
            began_again_s.append(harness.clock.now())
        harness.clock.advance(10)
    assert work.begun == [None, *[began_ms] * 8]
    pauses_s = [later - earlier for earlier, later in pairwise(began_again_s)]
    for number, pause_s in enumerate(pauses_s):
        longest_s = min(3_600, 60 * 2**number)
        assert longest_s / 2 <= pause_s <= longest_s + 10
    await run_once_per(harness.context, "news", "a", work)
    assert len(work.begun) == 9


@pytest.mark.parametrize("ends", [[""] * 30, []], ids=["fails", "raises"])
async def test_what_fails_each_time_is_given_up(harness: WorkflowHarness, ends: list[str]):
    """After most of a day; another occasion is another matter."""
    work = Work(*ends)
    for _ in range(2 * 24 * 6):
        with suppress(RuntimeError):
            await run_once_per(harness.context, "news", "a", work)
        harness.clock.advance(600)
    assert len(work.begun) == MAX_ATTEMPTS
    again = Work("done")
    await run_once_per(harness.context, "news", "b", again)
    assert again.begun == [None]


async def test_what_was_cut_off_is_tried_again_after_a_while(harness: WorkflowHarness):
    """With the moment at which it was begun: it may have been done."""
    began_ms = harness.context.now_ms()
    with pytest.raises(asyncio.CancelledError):
        await run_once_per(harness.context, "news", "a", _cut_off)
    work = Work("done")
    await run_once_per(harness.context, "news", "a", work)
    assert work.begun == []
    harness.clock.advance(CLAIM_MS / 1000)
    await run_once_per(harness.context, "news", "a", work)
    await run_once_per(harness.context, "news", "a", work)
    assert work.begun == [began_ms]


async def test_a_claim_of_the_version_before_is_understood(harness: WorkflowHarness):
    """It wrote the occasion and the moment of the claim."""
    began_ms = harness.context.now_ms()
    claim = f"a {began_ms}"
    await harness.database.transact(lambda tx: key_value.put(tx, "news", claim))
    work = Work("done")
    await run_once_per(harness.context, "news", "a", work)
    harness.clock.advance(CLAIM_MS / 1000)
    await run_once_per(harness.context, "news", "a", work)
    assert work.begun == [began_ms]


async def _cut_off(_: int | None) -> bool:
    raise asyncio.CancelledError
