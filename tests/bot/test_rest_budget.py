"""The budget of requests over all processes, on a real PostgreSQL and a strict stand-in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial

import aiohttp
import pytest

from bot.rest_budget import REQUESTS_PER_SLOT, SLOT_US, RestBudget
from sandbox.discord import DiscordConfig, FakeDiscord
from storage import rest_budget
from storage.database import Database
from tests.conftest import PostgresqlTemplate, SqliteTemplate
from tests.harness.workflow import BOTH_ENGINES

__all__ = ["BOTH_ENGINES", "PostgresqlTemplate", "SqliteTemplate"]

REQUESTS = 12 * REQUESTS_PER_SLOT
"""More than two seconds' worth."""


@pytest.fixture
async def fake_discord() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord(DiscordConfig(identify_seconds=0)) as opened:
        yield opened


@pytest.fixture
async def databases(database_url: str, template: object) -> AsyncIterator[list[Database]]:
    """Open the database for three processes; SQLite is one process's."""
    count = 3 if isinstance(template, PostgresqlTemplate) else 1
    async with AsyncExitStack() as stack:
        opened = [await Database.open(database_url) for _ in range(count)]
        yield [await stack.enter_async_context(database) for database in opened]


@BOTH_ENGINES
async def test_all_processes_together_stay_within_discords_limit(
    fake_discord: FakeDiscord, databases: list[Database]
):
    """As fast as they can: the stand-in refuses nothing, as it does without a budget."""
    assert await refusals(fake_discord, [None]) > 0
    await asyncio.sleep(1)  # that second is used up
    waits = list[Database]()
    budgets = [RestBudget(each, partial(waits.append, each)) for each in databases]
    assert await refusals(fake_discord, [*budgets]) == 0
    assert {*map(id, waits)} == {*map(id, databases)}


async def refusals(discord: FakeDiscord, budgets: list[RestBudget | None]) -> int:
    """Make requests from all processes at once; return how many were refused."""
    statuses = list[int]()

    async def ask(session: aiohttp.ClientSession) -> None:
        async with session.get(f"{discord.api_url}/users/@me") as answer:
            statuses.append(answer.status)

    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        for budget in budgets:
            trace = aiohttp.TraceConfig()
            session = aiohttp.ClientSession(
                headers={"Authorization": f"Bot {discord.token}"},
                trace_configs=[trace if budget is None else budget.watch(trace)],
            )
            await stack.enter_async_context(session)
            tasks = [group.create_task(ask(session)) for _ in range(REQUESTS // len(budgets))]
            stack.push_async_callback(asyncio.wait, tasks)
    assert set(statuses) <= {200, 429}
    return statuses.count(429)


@pytest.mark.parametrize("template", ["postgresql"], indirect=True)
async def test_no_slot_is_two_processes(databases: list[Database]):
    """Claimed by all at once, each begins where another ends, and the first at once."""
    claims = (each.transact(lambda tx: rest_budget.claim(tx, SLOT_US)) for each in databases)
    waits = sorted(await asyncio.gather(*claims))
    assert waits[0] == 0
    assert waits[-1] > 0


async def test_answers_to_members_wait_for_no_slot(
    fake_discord: FakeDiscord, database: Database, monkeypatch: pytest.MonkeyPatch
):
    """They are outside of Discord's limit, and late after three seconds."""
    budget = RestBudget(database)
    monkeypatch.setattr(budget, "take", asyncio.Event().wait)
    trace = budget.watch(aiohttp.TraceConfig())
    async with aiohttp.ClientSession(trace_configs=[trace]) as session:
        for path in ("interactions/1/token/callback", "webhooks/1/token"):
            async with session.post(f"{fake_discord.api_url}/{path}", json={}) as answer:
                assert answer.status >= 400
