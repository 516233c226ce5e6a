"""The driver of the fork server: asks for processes of the service, and hears of their ends."""

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

KILLED_EXIT_CODE = -signal.SIGKILL


class ForkServerEnded(Exception):
    """The fork server is gone, and whatever became of its processes is not known."""


@dataclass(eq=False, slots=True)
class ServiceFork:
    """One process of the service: its number, and its exit code once it has ended."""

    pid: int
    exit_code: asyncio.Future[int] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def is_over(self) -> bool:
        return self.exit_code.done()

    async def terminate(self, timeout_s: float = 25) -> int:
        """Ask it to end and give its exit code; it is killed if it does not.

        Raises:
            TimeoutError: it had to be killed.
        """
        if not self.is_over:
            os.kill(self.pid, signal.SIGTERM)
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.shield(self.exit_code)
        except TimeoutError:
            await self.kill()
            raise

    async def kill(self) -> None:
        """End it at once, if it has not ended."""
        if not self.is_over:
            os.kill(self.pid, signal.SIGKILL)
        await asyncio.shield(self.exit_code)


class ForkServer:
    """Brings processes of the service up while its context is open; they end with it."""

    def __init__(self) -> None:
        self._numbers = count()
        self._expected: dict[int, asyncio.Future[ServiceFork]] = {}
        self._alive: dict[int, ServiceFork] = {}

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

    async def fork(self, folder: Path, environment: Mapping[str, str], log: Path) -> ServiceFork:
        """Start the service with exactly this environment, in a folder of its own.

        Raises:
            ForkServerEnded: there is no fork server any more.
        """
        if self._hearing.done():
            raise ForkServerEnded
        number = next(self._numbers)
        life: asyncio.Future[ServiceFork] = asyncio.get_running_loop().create_future()
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
                self._alive[news["pid"]] = life = ServiceFork(news["pid"])
                self._expected.pop(news["number"]).set_result(life)
            else:
                self._alive.pop(news["pid"]).exit_code.set_result(news["code"])
        unheard = [*self._expected.values(), *(life.exit_code for life in self._alive.values())]
        for future in unheard:
            future.set_exception(ForkServerEnded())
            future.exception()  # nobody may be waiting for it
