"""Once for each occasion, over restarts and crashes."""

import pytest

from tests.harness.workflow import BOTH_ENGINES, World
from workflow.reliability import CLAIM_MS, forget, once


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
async def test_what_is_done_is_not_done_again(world: World):
    """Until it is forgotten, or the occasion is another."""
    work = Work("done", "done", "done")
    for occasion in ("a", "a", "b", "b"):
        await once(world.context, "news", occasion, work)
    assert len(work.begun) == 2
    await forget(world.context, "news")
    await once(world.context, "news", "b", work)
    assert work.begun == [None, None, None]


async def test_what_failed_is_tried_again_at_once(world: World):
    """It surely was not done."""
    work = Work("", "done")
    for _ in range(3):
        await once(world.context, "news", "a", work)
    assert work.begun == [None, None]


async def test_what_was_cut_off_is_tried_again_after_a_while(world: World):
    """With the moment at which it was begun: it may have been done."""
    began_ms = world.context.now_ms()
    with pytest.raises(RuntimeError):
        await once(world.context, "news", "a", Work())
    work = Work("done")
    await once(world.context, "news", "a", work)
    assert work.begun == []
    world.clock.advance(CLAIM_MS / 1000)
    await once(world.context, "news", "a", work)
    await once(world.context, "news", "a", work)
    assert work.begun == [began_ms]
