"""Confined processes: modules run in fresh interpreters, with limits and without secrets.

Decoding untrusted bytes may take any time or memory, or take over the process. So a child has no
environment and no open file but standard input, output and error, and its answer is untrusted.
"""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from domain.errors import DailiesError
from workflow.confined_child import ResourceLimits

_START: Final = (
    "import sys; sys.path.append(sys.argv[1]); from workflow.confined_child import main; "
    "main(*sys.argv[2:])"
)
_ROOT: Final = Path(__file__).parents[1]


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
        async with self._slots, _started(program, args, source, out) as process:
            await process.wait()

    async def ask(
        self, program: ConfinedProgram, *args: str, question: bytes, max_answer_bytes: int
    ) -> bytes:
        """Run a program on some bytes and return its answer.

        Raises:
            ConfinedProcessFailed: it failed, or its answer is too long.
            OSError: no process could be started.
        """
        async with self._slots:
            with TemporaryFile(buffering=0) as source:
                await asyncio.to_thread(source.write, question)
                source.seek(0)
                async with _started(program, args, source, PIPE) as process:
                    answer = await _read(process, max_answer_bytes)
                    await process.wait()
        return answer


@asynccontextmanager
async def _started(
    program: ConfinedProgram, args: tuple[str, ...], source: BinaryIO, out: BinaryIO | int
) -> AsyncGenerator[Process]:
    """Start a process and check that it ends well in time; kill it if it outlives the block."""
    limits = json.dumps(asdict(program.limits))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-B", "-c", _START, str(_ROOT), limits, program.module, *args),
        stdin=source,
        stdout=out,
        stderr=DEVNULL,
        cwd="/",
        env={},
    )
    try:
        async with asyncio.timeout(program.wall_seconds):
            yield process
    except TimeoutError:
        raise ConfinedProcessFailed(f"took over {program.wall_seconds} seconds") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise ConfinedProcessFailed(f"ended with {process.returncode}")


async def _read(process: Process, max_bytes: int) -> bytes:
    """Read an answer to its end, but no more than one byte above the limit."""
    assert process.stdout is not None, "it was started with a pipe"
    answer = b""
    while piece := await process.stdout.read(max_bytes + 1 - len(answer)):
        answer += piece
        if len(answer) > max_bytes:
            raise ConfinedProcessFailed(f"answered over {max_bytes} bytes")
    return answer
