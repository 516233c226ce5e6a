"""The budget of fetched bytes: one for each member and day, over all processes."""

import asyncio
from pathlib import Path

from storage import fetched_bytes
from storage.database import Database
from storage.media import MediaFolder
from tests.harness.member_turns import context_with
from tests.harness.workflow import BOTH_ENGINES
from workflow.errors import FetchBudgetSpent
from workflow.fetch_budget import MAX_BYTES_PER_DAY, fetching

ADA, BEN = 1, 2
TODAY = "1970-01-01"
HALF = MAX_BYTES_PER_DAY // 2


@BOTH_ENGINES
async def test_what_many_fetch_at_once_stays_within_the_budget(
    database: Database, tmp_path: Path
) -> None:
    """Each reserves what is announced before its first byte."""
    context, go = context_with(database, MediaFolder(tmp_path)), asyncio.Event()
    resets = set[int]()

    async def fetch() -> bool:
        try:
            async with fetching(context, ADA, HALF) as counter:
                counter.add(HALF)
                await go.wait()
        except FetchBudgetSpent as spent:
            resets.add(spent.resets_at_ms)
            return False
        return True

    attempts = [asyncio.create_task(fetch()) for _ in range(5)]
    _, pending = await asyncio.wait(attempts, return_when=asyncio.FIRST_COMPLETED)
    while len(pending) > 2:
        _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
    go.set()
    assert sum(await asyncio.gather(*attempts)) == 2
    assert resets == {86_400_000}
    assert await database.read(lambda tx: fetched_bytes.get(tx, ADA, TODAY)) == 2 * HALF
    async with fetching(context, BEN, HALF):
        pass


async def test_what_was_announced_and_not_fetched_is_given_back(
    database: Database, tmp_path: Path
) -> None:
    """Of a file whose size nobody announced, the largest is reserved; an error keeps the count."""
    context = context_with(database, MediaFolder(tmp_path))
    fetch = fetching(context, ADA, MAX_BYTES_PER_DAY)
    (await fetch.__aenter__()).add(700)
    broken = RuntimeError()
    assert await fetch.__aexit__(RuntimeError, broken, None) is False
    assert await database.read(lambda tx: fetched_bytes.get(tx, ADA, TODAY)) == 700


async def test_earlier_days_are_forgotten(database: Database, tmp_path: Path) -> None:
    """Anyone who fetches next, so that nothing is kept of who never comes back."""
    await database.transact(lambda tx: fetched_bytes.add(tx, ADA, "1969-12-31", 5, 10))
    async with fetching(context_with(database, MediaFolder(tmp_path)), BEN, 5):
        pass
    assert await database.read(lambda tx: fetched_bytes.get(tx, ADA, "1969-12-31")) == 0
