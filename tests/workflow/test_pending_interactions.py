"""What waits for a click: whose it is, how long it is kept, how much of it, and who uses it."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select

from domain.requests import Clip, Conversion, Draft, GenerationCommand
from storage import pending_interactions
from storage.database import Database
from storage.errors import DatabaseUnavailable
from storage.pending_interactions import MAX_PER_MEMBER, PendingRow
from storage.service_tables import interaction_claims
from storage.service_tables import pending_interactions as table
from tests.harness.workflow import ADA, BEN, WorkflowHarness
from workflow.pending_interactions import InteractionClaims, PendingStore, sweep_pending
from workflow.results.rerun import IdempotencyKeys

DRAFT = Draft(
    command=GenerationCommand.REFERENCE,
    prompt="they dance",
    videos=(Clip(url="", name="dance.mp4", duration_ms=20_000),),
    filled_by_preset=frozenset({"seconds"}),
    conversions=(Conversion("dance.mp4", 20_000),),
)
MINUTE_S = 60
ON_BOTH = pytest.mark.parametrize("template", ["sqlite", "postgresql"], indirect=True)


@dataclass(frozen=True, slots=True)
class Kept:
    draft: Draft
    keys: IdempotencyKeys


KEPT = Kept(DRAFT, IdempotencyKeys(7, (8, 9)))


def store_of(harness: WorkflowHarness) -> PendingStore[Kept]:
    """Open what any process may open."""
    return PendingStore(harness.database, harness.context.now_ms, "test", Kept)


async def count(database: Database) -> int:
    counted = select(func.count()).select_from(table)
    return (await database.read(lambda tx: tx.execute(counted))).scalar_one()


async def test_a_value_is_its_members_for_a_while(harness: WorkflowHarness) -> None:
    """It comes back as it was given, in any process, to nobody else, and not for ever."""
    await store_of(harness).put("1", ADA, KEPT)
    store = store_of(harness)
    assert await store.get("1", ADA) == KEPT
    assert await store.get("1", BEN) is None
    assert await store.get("2", ADA) is None
    other = PendingStore(harness.database, harness.context.now_ms, "another kind", Kept)
    assert await other.get("1", ADA) is None
    harness.clock.advance(15 * MINUTE_S)
    assert await store.get("1", ADA) is None


async def test_a_value_that_is_looked_at_again_is_kept_for_as_long_again(
    harness: WorkflowHarness,
) -> None:
    """If it is still there, and by its member alone."""
    store = store_of(harness)
    await store.put("1", ADA, KEPT)
    harness.clock.advance(10 * MINUTE_S)
    await store.extend("1", BEN)
    await store.extend("1", ADA)
    harness.clock.advance(14 * MINUTE_S)
    assert await store.get("1", ADA) == KEPT
    harness.clock.advance(MINUTE_S)
    await store.extend("1", ADA)
    assert await store.get("1", ADA) is None


async def test_what_another_version_wrote_is_as_good_as_expired(harness: WorkflowHarness) -> None:
    """Its form may be another one."""
    row = PendingRow(kind="test", key="1", user_id=ADA, payload="{}", until_ms=2**60)
    await harness.database.transact(lambda tx: pending_interactions.put(tx, row))
    assert await store_of(harness).get("1", ADA) is None


async def test_halves_of_characters_are_kept_as_something_else(harness: WorkflowHarness) -> None:
    """Neither engine nor JSON takes them; what is around them stays."""
    store = PendingStore(harness.database, harness.context.now_ms, "text", Draft)
    odd = Draft(command=GenerationCommand.VIDEO, prompt="a \ud800 lake \0 at dusk")
    await store.put("1", ADA, odd)
    found = await store.get("1", ADA)
    assert found is not None
    assert found.prompt == "a \ufffd lake \0 at dusk"


async def test_nobody_fills_the_database(harness: WorkflowHarness) -> None:
    """A member's oldest ones give way; those of others stay."""
    store = store_of(harness)
    await store.put("ben's", BEN, KEPT)
    for number in range(MAX_PER_MEMBER + 2):
        await store.put(str(number), ADA, KEPT)
        harness.clock.advance(0.001)
    assert await count(harness.database) == MAX_PER_MEMBER + 1
    assert await store.get("1", ADA) is None
    assert await store.get("2", ADA) == KEPT
    assert await store.get("ben's", BEN) == KEPT


async def test_what_has_expired_or_is_too_much_is_removed(harness: WorkflowHarness) -> None:
    """The others stay."""
    store, database, now_ms = store_of(harness), harness.database, harness.context.now_ms
    claims = InteractionClaims(database, now_ms, "one")
    await store.put("old", ADA, KEPT)
    await claims.claim(1)
    harness.clock.advance(10 * MINUTE_S)
    for number in range(3):
        await store.put(str(number), number, KEPT)
        harness.clock.advance(1)
    await sweep_pending(database, now_ms())
    assert await count(database) == 4
    claimed = select(func.count()).select_from(interaction_claims)
    assert (await database.read(lambda tx: tx.execute(claimed))).scalar_one() == 0
    harness.clock.advance(5 * MINUTE_S)
    await sweep_pending(database, now_ms())
    assert await count(database) == 3
    most, pending_interactions.MAX_ROWS = pending_interactions.MAX_ROWS, 2
    try:
        await sweep_pending(database, now_ms())
    finally:
        pending_interactions.MAX_ROWS = most
    assert await store.get("0", 0) is None
    assert await count(database) == 2


@ON_BOTH
async def test_of_all_processes_one_uses_a_value(harness: WorkflowHarness) -> None:
    """Until it takes that back; a new value has not been used."""
    store, other = store_of(harness), store_of(harness)
    await store.put("1", ADA, KEPT)
    assert not await store.use("1", BEN)
    assert sorted(await asyncio.gather(store.use("1", ADA), other.use("1", ADA))) == [False, True]
    assert not await store.use("1", ADA)
    await store.release("1")
    assert await other.use("1", ADA)
    await store.put("1", ADA, KEPT)
    assert await other.use("1", ADA)
    harness.clock.advance(15 * MINUTE_S)
    await store.release("1")
    assert not await store.use("1", ADA)


@ON_BOTH
async def test_of_all_processes_one_goes_on_with_an_interaction(harness: WorkflowHarness) -> None:
    """However often it asks."""
    database, now_ms = harness.database, harness.context.now_ms
    one, two = (InteractionClaims(database, now_ms, owner) for owner in ("one", "two"))
    first = await asyncio.gather(one.claim(1), two.claim(1))
    assert sorted(first) == [False, True]
    assert await asyncio.gather(one.claim(1), two.claim(1)) == first
    assert await two.claim(2)
    assert not await one.claim(2)


async def test_without_a_database_each_process_goes_on(harness: WorkflowHarness) -> None:
    """Its work then says so to the member, who would be left without a word otherwise."""

    class Unavailable:
        async def transact(self, _work: object) -> bool:
            await asyncio.sleep(0)
            raise DatabaseUnavailable("gone", ends_by_itself=True)

    database: Any = Unavailable()
    assert await InteractionClaims(database, harness.context.now_ms, "one").claim(1)
