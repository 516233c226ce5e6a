"""The loop in which no time passes, and SQLite without a thread."""

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from qa.simulation.virtual_time import VirtualTimeLoop
from storage.database import Database


def test_a_year_of_waiting_takes_no_time():
    """Timers go off in their order, at their moments."""
    heard: list[tuple[float, str]] = []

    async def wait(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        heard.append((asyncio.get_running_loop().time(), name))

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(wait("year", 365 * 86_400))
            group.create_task(wait("second", 1))

    _run(main)
    assert heard == [(1, "second"), (365 * 86_400, "year")]


def test_a_time_out_ends_what_would_wait_for_ever():
    """By the simulated clock."""

    async def main() -> float:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 30)
        return asyncio.get_running_loop().time()

    assert _run(main) == 30


def test_who_waits_for_nothing_is_told():
    """A simulation that makes no progress is a fault, and must not hang."""

    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="waits for ever"):
        _run(main)


def test_what_a_thread_would_do_is_done_at_once():
    """Errors reach the task that waits."""

    async def main() -> tuple[int, int]:
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 / 0)
        return await asyncio.to_thread(threading.get_ident), threading.get_ident()

    there, here = _run(main)
    assert there == here


def test_sqlite_works_in_the_loops_own_thread(tmp_path: Path):
    """With its transactions, rolled back by an error as ever."""

    async def main() -> tuple[int, int]:
        async with await Database.open(f"sqlite:///{tmp_path}/a.db") as database:
            await database.transact(lambda tx: tx.execute(text("CREATE TABLE t (a UNIQUE)")))
            await database.transact(lambda tx: tx.execute(text("INSERT INTO t VALUES (1)")))
            with pytest.raises(KeyError):
                await database.transact(_insert_and_fail)
            rows = await database.read(lambda tx: tx.execute(text("SELECT count(*) FROM t")))
            return rows.scalar_one(), threading.active_count()

    before = threading.active_count()
    assert _run(main) == (1, before)


async def _insert_and_fail(tx: object) -> None:
    await tx.execute(text("INSERT INTO t VALUES (2)"))  # type: ignore[attr-defined]
    raise KeyError


def _run(main: object) -> object:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main())  # type: ignore[operator]
