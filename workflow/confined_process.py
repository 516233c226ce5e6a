"""Confined processes: modules run in processes of their own, with limits and without secrets.

Decoding untrusted bytes may take any time or memory, or take over the process. So each file has a
process of its own with no environment and no open file but standard input, output and error, and
its answer is untrusted. All are forks of one template, which has read their modules.
"""

import asyncio
import atexit
import json
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from subprocess import DEVNULL, Popen
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from domain.errors import DailiesError
from workflow.confined_child import ResourceLimits
from workflow.confined_template import NOT_STARTED

_START: Final = (
    "import sys; sys.path.append(sys.argv[1]); from workflow.confined_template import main; main()"
)
_ROOT: Final = Path(__file__).parents[1]
_MAX_CODE_BYTES: Final = 16
_END_S: Final = 1


class ConfinedProcessFailed(DailiesError):
    """The process failed, timed out, or wrote too long an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfinedProgram:
    """A module whose `main` takes strings, reads standard input and writes standard output."""

    module: str
    wall_seconds: float
    limits: ResourceLimits = field(default_factory=ResourceLimits)


class ConfinedRunner:
    """Runs at most `at_once` processes at a time; waiting for a slot does not count as run time."""

    def __init__(self, at_once: int) -> None:
        self._slots = asyncio.Semaphore(at_once)

    async def run(
        self, program: ConfinedProgram, *args: str, source: BinaryIO, out: BinaryIO
    ) -> None:
        """Run a program from a file to a file.

        Raises:
            ConfinedProcessFailed: it failed; the content of `out` is worthless.
            OSError: no process could be started.
        """
        async with self._slots:
            with _TEMPLATE.start(program, args, source, out) as process:
                await _wait(process, program.wall_seconds)

    async def ask(
        self, program: ConfinedProgram, *args: str, question: bytes, max_answer_bytes: int
    ) -> bytes:
        """Run a program on some bytes and return its answer.

        Raises:
            ConfinedProcessFailed: it failed, or its answer is too long.
            OSError: no process could be started.
        """
        limits = replace(program.limits, file_bytes=max_answer_bytes)
        program = replace(program, limits=limits)
        with TemporaryFile(buffering=0) as source, TemporaryFile(buffering=0) as out:
            await asyncio.to_thread(source.write, question)
            source.seek(0)
            await self.run(program, *args, source=source, out=out)
            out.seek(0)
            return await asyncio.to_thread(out.read)


async def _wait(process: socket.socket, wall_seconds: float) -> None:
    """Check that a process ends well in time; kill it if it does not, or is not waited for."""
    process.settimeout(0)
    told = asyncio.ensure_future(_read_code(process))
    try:
        async with asyncio.timeout(wall_seconds):
            code = await asyncio.shield(told)
    except TimeoutError:
        raise ConfinedProcessFailed(f"took over {wall_seconds} seconds") from None
    finally:
        if not told.done():
            process.shutdown(socket.SHUT_WR)
            await told
    if code == NOT_STARTED:
        raise OSError("the system allows no further process")
    if code != b"0":
        raise ConfinedProcessFailed(f"ended with {code.decode() or 'its template'}")


async def _read_code(process: socket.socket) -> bytes:
    """Return the exit code; nothing if the template has ended."""
    with suppress(ConnectionError):
        return await asyncio.get_running_loop().sock_recv(process, _MAX_CODE_BYTES)
    return b""


class _Template:
    """The template of all processes; it is started when first used, and again if it has ended."""

    def __init__(self) -> None:
        self._process: Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def start(
        self, program: ConfinedProgram, args: tuple[str, ...], source: BinaryIO, out: BinaryIO
    ) -> socket.socket:
        """Start a process and return the socket on which its exit code comes."""
        request = json.dumps([json.dumps(asdict(program.limits)), program.module, *args]).encode()
        ours, its = socket.socketpair()
        with its:
            try:
                socket.send_fds(ours, [request], [source.fileno(), out.fileno()])
                self._hand_over(its)
            except BaseException:
                ours.close()
                raise
        return ours

    def _hand_over(self, request: socket.socket) -> None:
        if self._control is not None:
            with suppress(ConnectionError):
                socket.send_fds(self._control, [b"\0"], [request.fileno()])
                return
        socket.send_fds(self.launch(), [b"\0"], [request.fileno()])

    def launch(self) -> socket.socket:
        """Start the template, and return the socket that it serves."""
        self.close()
        ours, its = socket.socketpair()
        ours.settimeout(0)
        self._control = ours
        with its:
            self._process = Popen(  # noqa: S603 - our own interpreter
                (sys.executable, "-I", "-B", "-c", _START, str(_ROOT)),
                stdin=its.fileno(),
                stdout=DEVNULL,
                stderr=DEVNULL,
                cwd="/",
                env={},
            )
        return ours

    def close(self) -> None:
        """End the template, if there is one, and with it all processes."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_S)
            self._process.kill()
            self._process.wait()
        self._control = self._process = None


_TEMPLATE: Final = _Template()
atexit.register(_TEMPLATE.close)
