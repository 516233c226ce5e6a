"""Watches what a measurement costs: the event loop's stalls, and memory."""

import asyncio
import os
import resource
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Self

_INTERVAL_S = 0.005


async def longest_stall(work: Coroutine[Any, Any, object]) -> float:
    """Do some work, and return the longest time for which the event loop did nothing else."""
    longest, working = 0.0, asyncio.ensure_future(work)
    while not working.done():
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        longest = max(longest, time.perf_counter() - began - 0.001)
    await working
    return longest


class PeakMemory:
    """Watches memory from a thread: in bytes, at the start (`idle`) and at most (`peak`)."""

    def __init__(self, measure: Callable[[], int]) -> None:
        self._measure = measure

    def __enter__(self) -> Self:
        self.idle = self.peak = self._measure()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_INTERVAL_S):
            self.peak = max(self.peak, self._measure())


def own_bytes() -> int:
    """Return this process's resident memory."""
    return resident_bytes(os.getpid())


def resident_bytes(process: int) -> int:
    """Return a process's resident memory."""
    pages = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()


def confined_bytes() -> int:
    """Return the most memory that one confined process has had: grandchildren, of a template."""
    children = _children(os.getpid())
    return max((_peak_bytes(one) for child in children for one in _children(child)), default=0)


def _children(process: int) -> list[int]:
    try:
        found = Path(f"/proc/{process}/task").glob("*/children")
        return [int(child) for path in found for child in path.read_text().split()]
    except OSError:
        return []


def _peak_bytes(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def cpu_seconds(process: int) -> float:
    """Return the CPU seconds that a process has taken, all its threads but not its children."""
    scheduled = 2  # Linux's number of the clock that the scheduler keeps
    return time.clock_gettime((~process << 3) | scheduled)
