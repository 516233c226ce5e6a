"""Once for each occasion, over restarts and crashes."""

import pytest

from tests.harness.workflow import BOTH_ENGINES, WorkflowHarness
from workflow.reliability import CLAIM_MS, reset_run_once, run_once_per


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


async def test_what_failed_is_tried_again_at_once(harness: WorkflowHarness):
    """It surely was not done."""
    work = Work("", "done")
    for _ in range(3):
        await run_once_per(harness.context, "news", "a", work)
    assert work.begun == [None, None]


async def test_what_was_cut_off_is_tried_again_after_a_while(harness: WorkflowHarness):
    """With the moment at which it was begun: it may have been done."""
    began_ms = harness.context.now_ms()
    with pytest.raises(RuntimeError):
        await run_once_per(harness.context, "news", "a", Work())
    work = Work("done")
    await run_once_per(harness.context, "news", "a", work)
    assert work.begun == []
    harness.clock.advance(CLAIM_MS / 1000)
    await run_once_per(harness.context, "news", "a", work)
    await run_once_per(harness.context, "news", "a", work)
    assert work.begun == [began_ms]
