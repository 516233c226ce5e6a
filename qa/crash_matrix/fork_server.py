"""The driver's side of the nursery: asks for processes of the service, and hears of their ends."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Self

KILLED = -signal.SIGKILL


class NurseryEnded(Exception):
    """The nursery is gone, and whatever became of its processes is not known."""


@dataclass(eq=False, slots=True)
class Life:
    """One process of the service: its number, and its exit code once it has ended."""

    pid: int
    ended: asyncio.Future[int] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def is_over(self) -> bool:
        return self.ended.done()

    async def end(self, patience_s: float = 25) -> int:
        """Ask it to end and give its exit code; it is killed if it does not.

        Raises:
            TimeoutError: it had to be killed.
        """
        if not self.is_over:
            os.kill(self.pid, signal.SIGTERM)
        try:
            async with asyncio.timeout(patience_s):
                return await asyncio.shield(self.ended)
        except TimeoutError:
            await self.kill()
            raise

    async def kill(self) -> None:
        """End it at once, if it has not ended."""
        if not self.is_over:
            os.kill(self.pid, signal.SIGKILL)
        await asyncio.shield(self.ended)


class Nursery:
    """Brings processes of the service up while its context is open; they end with it."""

    def __init__(self) -> None:
        self._numbers = count()
        self._expected: dict[int, asyncio.Future[Life]] = {}
        self._alive: dict[int, Life] = {}

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "qa.crash_matrix.process",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self._hearing = asyncio.create_task(self._hear())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._hearing

    async def bring_up(self, folder: Path, environment: Mapping[str, str], log: Path) -> Life:
        """Start the service with exactly this environment, in a folder of its own.

        Raises:
            NurseryEnded: there is no nursery any more.
        """
        if self._hearing.done():
            raise NurseryEnded
        number = next(self._numbers)
        life: asyncio.Future[Life] = asyncio.get_running_loop().create_future()
        self._expected[number] = life
        order = {
            "number": number,
            "folder": str(folder),
            "log": str(log),
            "environment": dict(environment),
        }
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps(order)}\n".encode())
        return await life

    async def _hear(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            news = json.loads(line)
            if "number" in news:
                self._alive[news["pid"]] = life = Life(news["pid"])
                self._expected.pop(news["number"]).set_result(life)
            else:
                self._alive.pop(news["pid"]).ended.set_result(news["code"])
        unheard = [*self._expected.values(), *(life.ended for life in self._alive.values())]
        for future in unheard:
            future.set_exception(NurseryEnded())
            future.exception()  # nobody may be waiting for it
