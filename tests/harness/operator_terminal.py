"""Runs a command of the service as an operator does: on a terminal, or with answers piped."""

import asyncio
import fcntl
import os
import pty
import signal
import sys
import termios
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.demo.process import Process
from tests.harness.forked_bot import BOT_COMMAND, Prepare, fork_bot

_PATIENCE_S = 30
_AGAIN_S = 2
_MAX_PRESSES = 30
_CTRL_C = "\x03"


async def run_piped(
    folder: Path, environment: Mapping[str, str], words: Sequence[str], answers: str
) -> tuple[int, str]:
    """Run a command in a folder with its standard input piped; its exit code, and all it said."""
    folder.mkdir(parents=True, exist_ok=True)
    given, said = folder / "answers.txt", folder / "said.txt"
    given.write_text(answers)
    said.unlink(missing_ok=True)
    places = {**environment, "PIPED_ANSWERS": str(given)}
    process = await _start(folder, places, words, read_piped_answers)
    code = await process.wait()
    given.unlink()
    return code, said.read_text()


@dataclass
class Terminal:
    """A terminal with a command on it; `shown` is all that it has shown."""

    process: Process
    main: int
    shown: str = ""
    _seen: int = field(default=0)

    @classmethod
    async def start(
        cls, folder: Path, environment: Mapping[str, str], words: Sequence[str]
    ) -> "Terminal":
        folder.mkdir(parents=True, exist_ok=True)
        main, other = pty.openpty()
        os.set_blocking(main, False)
        places = {**environment, "OPERATORS_TERMINAL": os.ttyname(other)}
        process = await _start(folder, places, words, use_terminal)
        terminal = cls(process, main)
        # The name has to stay until the command has opened it.
        await terminal._show(lambda: bool(terminal.shown))
        os.close(other)
        return terminal

    async def answer(self, question: str, text: str, *, after: str = "", end: str = "\n") -> None:
        """Wait for a question, which comes `after` some words, and type.

        What is typed before a question for a secret is shown is thrown away by the terminal.
        """
        for words in (after, question):
            await self._show(lambda words=words: words in self.shown[self._seen :])
            self._seen = self.shown.index(words, self._seen) + len(words)
        os.write(self.main, (text + end).encode())

    async def interrupt(self, question: str) -> int:
        """Wait for a question, press Ctrl-C until the command ends, and return its exit code.

        Python only notices a signal in between: one that comes as it begins to read waits for more.
        """
        await self.answer(question, _CTRL_C, end="")
        for _ in range(_MAX_PRESSES):
            try:
                async with asyncio.timeout(_AGAIN_S):
                    await self._show(lambda: False)
                return await self.wait()
            except TimeoutError:
                os.write(self.main, _CTRL_C.encode())
        raise AssertionError(self.shown)

    async def wait(self) -> int:
        """Wait for the end of the command, and return its exit code."""
        await self._show(lambda: False)
        os.close(self.main)
        return await self.process.wait()

    async def _show(self, holds: Prepare) -> None:
        loop, readable = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self.main, readable.set)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while not holds():
                    await readable.wait()
                    readable.clear()
                    with suppress(BlockingIOError):
                        self.shown += os.read(self.main, 65_536).decode()
        except TimeoutError:
            raise AssertionError(self.shown) from None
        except OSError:
            pass  # nobody is at the other end any more
        finally:
            loop.remove_reader(self.main)


async def _start(
    folder: Path, environment: Mapping[str, str], words: Sequence[str], prepare: Prepare
) -> Process:
    said = folder / "said.txt"
    return await fork_bot([*BOT_COMMAND, *words], environment, said, said, prepare=prepare)


def read_piped_answers() -> None:
    """Have the command read its answers from a file."""
    os.dup2(os.open(os.environ.pop("PIPED_ANSWERS"), os.O_RDONLY), 0)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - for as long as it runs


def use_terminal() -> None:
    """Have the command read and write a terminal of its own, which it controls."""
    os.setsid()
    # A run of the tests in the background may ignore Ctrl-C, and its children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    terminal = os.open(os.environ.pop("OPERATORS_TERMINAL"), os.O_RDWR)
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    for number in (0, 1, 2):
        os.dup2(terminal, number)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - for as long as it runs
