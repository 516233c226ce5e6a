"""Confined processes: modules of ours in fresh interpreters, with limits and without secrets.

What a decoder makes of a stranger's bytes may take any time or memory, or take over its process.
So a child has no environment, no open file but the three it is given, and nobody trusts its answer.
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
    """The process ended with an error, took too long, or answered too much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfinedProgram:
    """A module whose `main` takes texts, reads standard input and writes standard output."""

    module: str
    wall_seconds: float
    limits: ResourceLimits = field(default_factory=ResourceLimits)


class ConfinedRunner:
    """Runs at most `at_once` processes; the others wait for their turn, which costs no time."""

    def __init__(self, at_once: int) -> None:
        self._turns = asyncio.Semaphore(at_once)

    async def run(
        self, program: ConfinedProgram, *args: str, source: BinaryIO, out: BinaryIO
    ) -> None:
        """Run a program from a file to a file.

        Raises:
            ConfinedProcessFailed: what is in `out` is worth nothing.
            OSError: there is no process for it.
        """
        async with self._turns, _started(program, args, source, out) as process:
            await process.wait()

    async def ask(
        self, program: ConfinedProgram, *args: str, question: bytes, max_answer_bytes: int
    ) -> bytes:
        """Run a program on some bytes, and return what it answers.

        Raises:
            ConfinedProcessFailed: it gave no answer.
            OSError: there is no process for it.
        """
        async with self._turns:
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
    """Start a process, and see that it has ended well in time; it never outlives this."""
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


async def _read(process: Process, most_bytes: int) -> bytes:
    """Read an answer to its end; what is too long is not gathered."""
    assert process.stdout is not None, "it was started with a pipe"
    answer = b""
    while piece := await process.stdout.read(most_bytes + 1 - len(answer)):
        answer += piece
        if len(answer) > most_bytes:
            raise ConfinedProcessFailed(f"answered over {most_bytes} bytes")
    return answer
