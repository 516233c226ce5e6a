"""Knows how to run the service as a process of its own against the stand-ins."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sandbox.apixo import ApixoStandIn
from sandbox.discord import DiscordStandIn

_PATIENCE_S = 25
_LAST_LINES = 15

T = TypeVar("T")


class ServiceEnded(Exception):
    """The service ended although nobody had asked it to; carries the last lines of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service against two stand-ins, with its data in one folder.

    `command` is what starts it, such as `["python", "-m", "bot"]`; `run` may be called again after
    the process has ended, and finds the data of the one before.
    """

    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]

    @property
    def media(self) -> Path:
        """The folder of the finished videos."""
        return self.folder / "media"

    @property
    def log(self) -> Path:
        """The file that takes what the service logs."""
        return self.folder / "bot.log"

    @asynccontextmanager
    async def run(self) -> AsyncGenerator["Running"]:
        """Run the service while the context is open; SIGTERM ends it, SIGKILL if it hangs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *self.command, env={**os.environ, **self.environment}, stdout=log, stderr=log
            )
        try:
            yield Running(process, self)
        finally:
            await end(process)

    async def audit(self) -> dict[str, Any]:
        """Have the service's own audit prove its ledger; the verdict as it prints it."""
        process = await asyncio.create_subprocess_exec(
            *self.command,
            "audit",
            "--json",
            env={**os.environ, **self.environment},
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await process.communicate()
        verdict: dict[str, Any] = json.loads(printed)
        return verdict

    def last_words(self) -> str:
        """Quote the end of the log."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-_LAST_LINES:])


def beside(
    apixo: ApixoStandIn,
    discord: DiscordStandIn,
    *,
    command: Sequence[str],
    folder: Path,
    settings: Mapping[str, str] | None = None,
) -> Service:
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
        "TIME_SCALE": f"{apixo.options.time_scale:g}",
    }
    return Service(command=command, folder=folder, environment={**environment, **(settings or {})})


@dataclass(frozen=True, slots=True)
class Running:
    """A service that runs now."""

    process: asyncio.subprocess.Process
    _service: Service

    async def unless_it_ends(self, work: Coroutine[Any, Any, T]) -> T:
        """Do some work that needs the service.

        Raises:
            ServiceEnded: the service ended before; with what it said last.
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
        said = self._service.last_words()
        raise ServiceEnded(f"The service ended with exit code {ending.result()}:\n{said}")


async def end(process: asyncio.subprocess.Process) -> int:
    """Ask a process to end, make it if it does not, and return its exit code."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        return await asyncio.wait_for(process.wait(), _PATIENCE_S)
    except TimeoutError:
        process.kill()
        return await process.wait()
