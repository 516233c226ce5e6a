"""Watches what a measurement costs: the event loop's stalls, and its children's memory."""

import asyncio
import os
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Self

_INTERVAL_S = 0.01


async def longest_stall(work: Coroutine[Any, Any, object]) -> float:
    """Do some work, and return the longest time for which the event loop did nothing else."""
    longest, working = 0.0, asyncio.ensure_future(work)
    while not working.done():
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        longest = max(longest, time.perf_counter() - began - 0.001)
    await working
    return longest


class ChildMemory:
    """Watches the confined processes from a thread: the most memory that one has had, in bytes.

    They are grandchildren of this process, forks of its template.
    """

    def __enter__(self) -> Self:
        self.peak = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_INTERVAL_S):
            own = os.getpid()
            for child in _children(own):
                for grandchild in _children(child):
                    self.peak = max(self.peak, _peak_bytes(grandchild))


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
