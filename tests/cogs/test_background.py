"""Periodic tasks: those that look at the database do so when somebody has written to it."""

import time
from dataclasses import dataclass

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from cogs.background import TaskOnChange
from storage import key_value
from storage.database import Database


async def test_a_task_rests_until_somebody_writes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that failed is repeated; after a while it runs all the same, for a time may have come."""
    runs, failing = list[float](), [True]

    async def look() -> None:
        runs.append(now_s)
        if failing:
            raise TimeoutError(failing.pop())

    async def write(tx: AsyncConnection) -> None:
        await key_value.put(tx, "written", "now")

    task, now_s = TaskOnChange(look, database), time.monotonic()
    monkeypatch.setattr("cogs.background.time.monotonic", lambda: now_s)
    with pytest.raises(TimeoutError):
        await task()
    for _ in range(3):
        await task()
    assert len(runs) == 2
    await database.transact(write)
    for _ in range(3):
        await task()
    assert len(runs) == 3
    now_s += 11
    await task()
    assert len(runs) == 4


@dataclass(frozen=True)
class SharedDatabase:
    """One to which other processes write."""

    transactions: int = 0
    has_one_process: bool = False


async def test_a_task_does_not_rest_where_others_write() -> None:
    """Their writes are not counted here."""
    runs = list[int]()

    async def look() -> None:
        runs.append(1)

    task = TaskOnChange(look, SharedDatabase())
    for _ in range(3):
        await task()
    assert len(runs) == 3
