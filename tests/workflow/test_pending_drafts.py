"""Drafts that wait for a click: whose they are, and how long they are kept."""

from domain.requests import Clip, Conversion, Draft, GenerationCommand
from storage import key_value
from tests.harness.workflow import ADA, BEN, WorkflowHarness
from workflow.pending_drafts import find_draft, keep_draft, sweep_drafts
from workflow.results.rerun import IdempotencyKeys

DRAFT = Draft(
    command=GenerationCommand.REFERENCE,
    prompt="they dance",
    videos=(Clip(url="", name="dance.mp4", duration_ms=20_000),),
    filled_by_preset=frozenset({"seconds"}),
    conversions=(Conversion("dance.mp4", 20_000),),
)
KEYS = IdempotencyKeys(7, (8, 9))


async def test_a_draft_is_its_members_for_a_while(harness: WorkflowHarness) -> None:
    """It comes back as it was given, to nobody else, and not for ever."""
    context = harness.context
    await keep_draft(context, "1", ADA, DRAFT, KEYS)
    found = await find_draft(context, "1", ADA)
    assert found is not None
    assert (found.draft, found.keys) == (DRAFT, KEYS)
    assert await find_draft(context, "1", BEN) is None
    assert await find_draft(context, "2", ADA) is None
    harness.clock.advance(15 * 60)
    assert await find_draft(context, "1", ADA) is None


async def test_expired_drafts_are_removed(harness: WorkflowHarness) -> None:
    """Also those that another version wrote; the others stay."""
    context = harness.context
    await keep_draft(context, "old", ADA, DRAFT, KEYS)
    harness.clock.advance(10 * 60)
    await keep_draft(context, "new", ADA, DRAFT, KEYS)
    harness.clock.advance(5 * 60)
    await harness.database.transact(lambda tx: key_value.put(tx, "pending draft odd", "{}"))
    await sweep_drafts(context)
    kept = await harness.database.read(lambda tx: key_value.list_prefixed(tx, "pending draft "))
    assert [key for key, _ in kept] == ["pending draft new"]
    assert await find_draft(context, "new", ADA) is not None
