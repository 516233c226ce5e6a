"""Signals between processes on one real PostgreSQL, and what is left without them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from sqlalchemy import text

from storage.database import Database
from tests.conftest import PostgresqlTemplate, Template
from tests.harness.workflow import WorkflowHarness
from workflow.signals import Signal, Signals

PATIENCE_S = 60


@pytest.fixture
def template(postgresql_template: PostgresqlTemplate) -> Template:
    return postgresql_template


class Process:
    """A process that notes what it hears."""

    def __init__(self, database: Database, name: str) -> None:
        self.database = database
        self.signals = Signals(database, name)
        self.heard = asyncio.Queue[tuple[Signal, str]]()
        for signal in Signal:
            self.signals.on(signal, lambda detail, s=signal: self.heard.put_nowait((s, detail)))

    async def hear(self) -> tuple[Signal, str]:
        async with asyncio.timeout(PATIENCE_S):
            return await self.heard.get()

    async def hear_the_beginning(self) -> None:
        """Wait until it listens: something may have been missed before."""
        assert {await self.hear() for _ in Signal} == {(signal, "") for signal in Signal}


@pytest.fixture
async def opened(database_url: str) -> AsyncIterator[list[Process]]:
    """Open two processes that listen."""
    async with AsyncExitStack() as stack:
        made = list[Process]()
        for name in ("first", "second"):
            database = await stack.enter_async_context(await Database.open(database_url))
            made.append(Process(database, name))
            await stack.enter_async_context(made[-1].signals.listening())
            await made[-1].hear_the_beginning()
        yield made


async def test_each_process_hears_the_others(opened: list[Process]):
    """Its own it hears at once, and not again from the database."""
    first, second = opened
    first.signals.send(Signal.SETTINGS, "77")
    assert first.heard.get_nowait() == (Signal.SETTINGS, "77")
    assert await second.hear() == (Signal.SETTINGS, "77")
    second.signals.send(Signal.WORK)
    assert second.heard.get_nowait() == (Signal.WORK, "")
    assert await first.hear() == (Signal.WORK, "")
    first.signals.tell_others(Signal.SHARDS)
    assert await second.hear() == (Signal.SHARDS, "")
    assert first.heard.empty()
    assert second.heard.empty()


async def test_a_lost_connection_is_opened_again(
    opened: list[Process], monkeypatch: pytest.MonkeyPatch
):
    """Whatever was told meanwhile is looked for; then signals come as before."""
    monkeypatch.setattr("workflow.signals._FIRST_PAUSE_S", 0)
    first, second = opened
    others = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND query LIKE '%LISTEN%' AND pid <> pg_backend_pid()"
    )
    await first.database.transact(lambda tx: tx.execute(others))
    await first.hear_the_beginning()
    await second.hear_the_beginning()
    first.signals.send(Signal.WORK)
    assert await second.hear() == (Signal.WORK, "")


async def test_a_pooler_in_transaction_mode_brings_none(database_url: str):
    """Nothing is sent, nobody listens, and nothing fails: each process looks by itself."""
    joint = "&" if "?" in database_url else "?"
    async with await Database.open(f"{database_url}{joint}pgbouncer=true") as database:
        assert not database.has_notices
        process = Process(database, "pooled")
        async with process.signals.listening():
            process.signals.send(Signal.WORK)
            assert process.heard.get_nowait() == (Signal.WORK, "")
            assert not [task for task in asyncio.all_tasks() if task.get_name() == "signal"]


async def test_a_worker_is_woken_by_a_process_that_does_not_work(
    harness: WorkflowHarness, opened: list[Process]
):
    """By an order and by the end of a pause; one that can do the work itself wakes nobody."""
    here, there = opened
    context = harness.context
    harness.use(replace(context, signals=there.signals))
    working = harness.worker
    await harness.run_once()
    harness.use(replace(context, signals=here.signals))
    taking_orders = harness.worker
    for everyone in (False, True):
        waits = asyncio.create_task(working.wait_for_work(3600))
        await asyncio.sleep(0)
        taking_orders.wake(everyone=everyone)
        async with asyncio.timeout(PATIENCE_S):
            await waits
        working._wake_event.clear()
        assert await there.hear() == (Signal.WORK, "")
        here.heard.get_nowait()
    await taking_orders.run_once()
    taking_orders.wake()
    assert here.heard.empty()
