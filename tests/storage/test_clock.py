"""The clock by which jobs are due: the database's, in all processes, and never backwards."""

import time

import pytest

from storage.clock import DatabaseClock
from storage.database import Database
from storage.errors import StorageError

_HOUR_MS = 3_600_000


class Times:
    """A database's clock and a machine's, both moved by hand."""

    def __init__(self) -> None:
        self.database_ms = 1_000_000
        self.monotonic_ms = 77
        self.is_down = False

    async def read(self) -> int:
        if self.is_down:
            raise StorageError("down")
        return self.database_ms

    def monotonic_ns(self) -> int:
        return self.monotonic_ms * 1_000_000


async def test_it_tells_the_databases_time(database: Database) -> None:
    """On SQLite that is this machine's; on a PostgreSQL on this machine, the same."""
    async with DatabaseClock(database.now_ms) as clock:
        assert abs(clock.now_ms() - time.time() * 1000) < 5_000


async def test_it_goes_by_the_monotonic_clock_between_two_settings() -> None:
    """Whatever the wall clock does meanwhile."""
    times = Times()
    async with DatabaseClock(times.read, times.monotonic_ns) as clock:
        times.database_ms -= _HOUR_MS
        times.monotonic_ms += 250
        assert clock.now_ms() == 1_000_250


async def test_it_is_put_forward_but_never_back() -> None:
    """A clock that is put back holds nothing up; one that is put forward is followed."""
    times = Times()
    async with DatabaseClock(times.read, times.monotonic_ns) as clock:
        times.database_ms -= _HOUR_MS
        await clock.sync()
        assert clock.now_ms() == 1_000_000
        times.database_ms += 2 * _HOUR_MS
        await clock.sync()
        assert clock.now_ms() == 1_000_000 + _HOUR_MS


async def test_a_database_that_does_not_answer_leaves_the_clock_going() -> None:
    """At the start it is an error; later the last setting is good enough."""
    times = Times()
    times.is_down = True
    with pytest.raises(StorageError):
        await DatabaseClock(times.read, times.monotonic_ns).__aenter__()
    times.is_down = False
    async with DatabaseClock(times.read, times.monotonic_ns) as clock:
        times.is_down = True
        with pytest.raises(StorageError):
            await clock.sync()
        times.monotonic_ms += 5
        assert clock.now_ms() == 1_000_005
