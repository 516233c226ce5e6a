"""The service as a process of its own, against the stand-ins."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, Self, TypeVar

from sandbox.apixo import FakeApixo
from sandbox.discord import FakeDiscord

_PATIENCE_S = 25
_IMPATIENCE_S = 4
"""A person waits for the end; what is cut off then, the next process takes up."""

_LAST_LINES = 15

T = TypeVar("T")


class ServiceExited(Exception):
    """The service ended although nobody had asked it to; carries the last lines of its log."""


class Process(Protocol):
    """A process that was started, as `asyncio.subprocess` has it."""

    @property
    def pid(self) -> int:
        """Return its number."""
        ...

    @property
    def returncode(self) -> int | None:
        """Return its exit code; None while it lives."""
        ...

    def send_signal(self, signal: int, /) -> None:
        """Send it a signal."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...

    async def wait(self) -> int:
        """Wait for its end, and give its exit code."""
        ...


Launch = Callable[[Sequence[str], Mapping[str, str], Path, Path], Awaitable[Process]]
"""Starts a command with exactly this environment; its output and its complaints go to two files."""


async def launch(
    command: Sequence[str], environment: Mapping[str, str], out: Path, err: Path
) -> Process:
    """Start a program.

    Raises:
        OSError: a file cannot be written, or the command cannot be run.
    """
    with out.open("ab") as said, err.open("ab") as complained:
        return await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=said, stderr=complained
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProcess:
    """A service against two stand-ins, with its data in one folder.

    `command` is what starts it, such as `["python", "-m", "bot"]`; `run` may be called again after
    the process has ended, and finds the data of the one before.
    """

    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    launch: Launch = launch

    @property
    def media(self) -> Path:
        """The folder of the finished videos."""
        return self.folder / "media"

    @property
    def log(self) -> Path:
        """The file that takes what the service logs."""
        return self.folder / "bot.log"

    @asynccontextmanager
    async def run(self) -> AsyncGenerator["RunningService"]:
        """Run the service while the context is open; SIGTERM ends it, SIGKILL if it hangs."""
        process = await self.start()
        try:
            yield RunningService(process, self)
        finally:
            await terminate(process)

    async def start(self) -> Process:
        """Start the service; `end` ends it.

        Raises:
            OSError: the folder cannot be written to, or the command cannot be run.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, **self.environment}
        return await self.launch(self.command, environment, self.log, self.log)

    async def run_command(self, *words: str) -> tuple[int, str, str]:
        """Run another command with the service's settings: its exit code, output and complaints."""
        environment = {**os.environ, **self.environment}
        with TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            process = await self.launch([*self.command, *words], environment, out, err)
            return await process.wait(), out.read_text(), err.read_text()

    async def audit(self) -> dict[str, Any]:
        """Have the service's own audit prove its ledger; the verdict as it prints it.

        Raises:
            ServiceExited: it prints none; with what it complains of.
        """
        code, printed, complaints = await self.run_command("audit", "--json")
        if not printed:
            raise ServiceExited(f"The audit ended with exit code {code}:\n{complaints}")
        verdict: dict[str, Any] = json.loads(printed)
        return verdict

    def log_tail(self) -> str:
        """Quote the end of the log."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-_LAST_LINES:])


def service_for(
    apixo: FakeApixo,
    discord: FakeDiscord,
    *,
    command: Sequence[str],
    folder: Path,
    settings: Mapping[str, str] | None = None,
    launch: Launch = launch,
) -> ServiceProcess:
    """Set a service up against two open stand-ins; `settings` go on top of what they need."""
    environment = {
        "APIXO_API_KEY": apixo.key,
        "APIXO_BASE_URL": apixo.base_url,
        "DATABASE_URL": f"sqlite:///{folder / 'dailies.db'}",
        "DISCORD_API_URL": discord.api_url,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
        "DISCORD_TOKEN": discord.token,
        "HTTP_PORT": "0",
        "MEDIA_STORE": str(folder / "media"),
        "TIME_SCALE": f"{apixo.config.time_scale:g}",
    }
    return ServiceProcess(
        command=command,
        folder=folder,
        environment={**environment, **(settings or {})},
        launch=launch,
    )


def new_data_folder() -> Path:
    """Make a folder for a service's data below the current one, named after the moment.

    Raises:
        OSError: it cannot be made.
    """
    moment = f"{datetime.now():%Y%m%d-%H%M%S-%f}"  # noqa: DTZ005 - a name for people
    folder = Path("data", "sandbox", moment).absolute()
    folder.mkdir(parents=True)
    return folder


@dataclass(frozen=True, slots=True)
class RunningService:
    """A service that runs now."""

    process: Process
    _service: ServiceProcess

    async def while_running(self, work: Coroutine[Any, Any, T]) -> T:
        """Do some work that needs the service.

        Raises:
            ServiceExited: the service ended before; with what it said last.
        """
        working = asyncio.create_task(work)
        ending = asyncio.create_task(self.process.wait())
        try:
            await asyncio.wait((working, ending), return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
        finally:
            working.cancel()
            ending.cancel()
            await asyncio.wait((working, ending))
        said = self._service.log_tail()
        raise ServiceExited(f"The service ended with exit code {self.process.returncode}:\n{said}")


class Supervisor:
    """Keeps one process of a service running, and restarts it on demand, while it is open.

    A process that ends by itself stays down until `restart`; `on_death` hears its exit code.
    `service` is what runs, or ran last.
    """

    def __init__(self, service: ServiceProcess, on_death: Callable[[int], None]) -> None:
        self.service = service
        self._on_death = on_death
        self._process: Process | None = None
        self._watching: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._closed = False

    @property
    def is_alive(self) -> bool:
        """Return whether there is a process that has not ended."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """Return the number of the process that runs, or ran last; None before the first."""
        return None if self._process is None else self._process.pid

    async def restart(
        self, between: Callable[[], Awaitable[ServiceProcess]] | None = None, *, kill: bool = False
    ) -> None:
        """End the process, if there is one, and start the service that `between` gives, or again.

        With `kill` it ends by SIGKILL, as in a crash.

        Raises:
            OSError: as `Service.start` does.
        """
        async with self._turn:
            await self._stop(patience_s=0 if kill else _IMPATIENCE_S)
            if self._closed:
                return
            if between is not None:
                self.service = await between()
            self._process = await self.service.start()
            self._watching = asyncio.create_task(self._watch(self._process))

    async def __aenter__(self) -> Self:
        """Start the service."""
        await self.restart()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the service, also one that is being started."""
        self._closed = True
        async with self._turn:
            await self._stop(_IMPATIENCE_S)

    async def _stop(self, patience_s: float) -> None:
        if self._watching is not None:
            self._watching.cancel()
        if self._process is not None:
            await terminate(self._process, patience_s)

    async def _watch(self, process: Process) -> None:
        self._on_death(await process.wait())


async def terminate(process: Process, timeout_s: float = _PATIENCE_S) -> int:
    """Ask a process to end, and return its exit code.

    It is killed when it has not ended in time, at once without patience, and if this is cancelled.
    """
    try:
        if process.returncode is None and timeout_s > 0:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(timeout_s):
            return await process.wait()
    except TimeoutError:
        _kill(process)
        return await process.wait()
    except asyncio.CancelledError:
        _kill(process)
        raise


def _kill(process: Process) -> None:
    if process.returncode is None:
        process.kill()
