"""The demo, as a newcomer runs it: it ends well, and its videos show what was asked for.

One test starts it from nothing; the others fork it, and what it starts itself starts from nothing.
"""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import av
import pytest
from PIL import Image, ImageChops, ImageStat

from sandbox.demo.process import Process, launch
from tests.harness.forked_bot import BOT_COMMAND, fork_bot
from tests.harness.service import LAKE, TIMEOUT_S

ROOT = Path(__file__).parents[2]
_UPPER_HALF = (0, 60, 640, 190)
"""Between the clip's two captions."""


async def test_one_run_of_the_demo_makes_two_videos_and_proves_its_ledger(tmp_path: Path):
    """Exit code 0, two MP4s that decode, the first showing the picture that was animated."""
    command, said_in = [*BOT_COMMAND, "sandbox", "--once"], tmp_path / "said"
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    with contextlib.chdir(tmp_path):
        process = await launch(command, environment, said_in, said_in)
    code, said = await process.wait(), said_in.read_text()
    assert code == 0, said
    for step in (
        "/animate",
        "/video",
        "Making your video",
        "charged $0.26",
        "every invariant holds",
    ):
        assert step in said
    animated, imagined = re.findall(r"^  (/\S+\.mp4)$", said, re.MULTILINE)
    assert _difference(animated) < 20 < _difference(imagined)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_the_page_and_the_bot(tmp_path: Path, number: signal.Signals):
    """Exit code 0, the words say where the data are, no process is left."""
    async with _demo(tmp_path) as demo:
        await demo.until("has registered its commands")
        os.kill(demo.process.pid, number)
        assert await demo.end() == 0
        assert "Traceback" not in demo.said


@pytest.mark.parametrize("times", [1, 3])
async def test_ctrl_c_ends_everything_while_the_bot_starts(tmp_path: Path, times: int):
    """The terminal signals the whole group of processes, as often as somebody presses it."""
    async with _demo(tmp_path) as demo:
        await demo.until("Open http")
        for _ in range(times):
            os.killpg(demo.process.pid, signal.SIGINT)
            await asyncio.sleep(0)
        await demo.end()


async def test_ctrl_c_ends_everything_in_the_middle_of_a_restart(tmp_path: Path):
    """A visitor has just moved the slider."""
    async with _demo(tmp_path) as demo, aiohttp.ClientSession() as session:
        await demo.until("has registered its commands")
        moving = asyncio.create_task(demo.turn(session, "time", "speed", 60))
        await demo.until("60 times as fast")
        os.killpg(demo.process.pid, signal.SIGINT)
        assert await demo.end() == 0
        await asyncio.gather(moving, return_exceptions=True)


async def test_a_bot_that_dies_is_told_of_and_the_page_stays(tmp_path: Path):
    """The last lines of its log are printed; the page starts it again."""
    async with _demo(tmp_path) as demo, aiohttp.ClientSession() as session:
        await demo.until("has registered its commands")
        os.kill(_bot_of(demo.process.pid), signal.SIGABRT)
        await demo.until("the bot has ended with exit code -6")
        (log,) = tmp_path.glob("data/sandbox/*/bot.log")
        await demo.until(log.read_text().splitlines()[-1])
        assert (await demo.turn(session, "bot", "kill", value=True))["ok"]
        assert _bot_of(demo.process.pid)
        os.killpg(demo.process.pid, signal.SIGINT)
        assert await demo.end() == 0


async def test_a_port_that_is_taken_is_said_in_one_sentence(tmp_path: Path):
    """Exit code 1, the way out, no traceback, no folder made."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with _demo(tmp_path, "--port", str(port)) as demo:
            assert await demo.end() == 1
    assert demo.said.strip() == f"Port {port} is taken; choose another with --port (0 takes any)."
    assert list(tmp_path.iterdir()) == [demo.log]


async def test_a_page_for_other_machines_comes_with_a_warning(tmp_path: Path):
    """Only when it is asked for; the bot still uses this machine's own address. Ctrl-C ends it."""
    options = ("--host", "0.0.0.0", "--port", "0")  # noqa: S104 - it is what is tested
    async with _demo(tmp_path, *options) as demo:
        await demo.until("Open http://127.0.0.1:")
        await demo.until("Whoever can reach this machine can use the page")
        await demo.until("has registered its commands")
        os.kill(demo.process.pid, signal.SIGINT)
        assert await demo.end() == 0
        assert "Traceback" not in demo.said


@pytest.mark.parametrize("options", [("--port", "0"), ("--once",)])
async def test_a_folder_that_can_not_be_written_to_is_named(tmp_path: Path, options: list[str]):
    """Exit code 1 and one sentence."""
    (tmp_path / "data").touch()
    async with _demo(tmp_path, *options) as demo:
        assert await demo.end() == 1
    assert f"{tmp_path}/data" in demo.said
    assert "Traceback" not in demo.said


class _Demo:
    """A demo in a group of processes of its own, what it has said so far, and its page."""

    def __init__(self, process: Process, log: Path) -> None:
        self.process = process
        self.log = log

    @property
    def said(self) -> str:
        return self.log.read_text()

    async def until(self, words: str) -> None:
        """Wait until the demo has said something."""
        async with asyncio.timeout(TIMEOUT_S):
            while words not in self.said:
                assert self.process.returncode is None, self.said
                await asyncio.sleep(0.02)

    async def turn(
        self, session: aiohttp.ClientSession, panel: str, control: str, value: object
    ) -> Any:
        """Use a control of the page's backstage."""
        page = re.search(r"http://\S+/", self.said)
        assert page is not None
        order = {"do": "backstage", "panel": panel, "control": control, "value": value}
        form = aiohttp.FormData(default_to_multipart=True)
        form.add_field("order", json.dumps(order))
        async with session.post(f"{page[0]}_page/do", data=form) as answer:
            return await answer.json()

    async def end(self) -> int:
        """Wait for the end, see that no process is left, and return the exit code."""
        async with asyncio.timeout(TIMEOUT_S):
            code = await self.process.wait()
        with pytest.raises(ProcessLookupError):
            os.killpg(self.process.pid, 0)
        return code


@asynccontextmanager
async def _demo(folder: Path, *options: str) -> AsyncIterator[_Demo]:
    command, log = [*BOT_COMMAND, "sandbox", *(options or ("--port", "0"))], folder / "said"
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    process = await fork_bot(command, environment, log, log, prepare=os.setsid)
    try:
        yield _Demo(process, log)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def _bot_of(demo: int) -> int:
    """Find the process that a demo has started."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], check=True, capture_output=True)  # noqa: S607 - wherever a system has it
    pairs = [line.split() for line in listed.stdout.decode().splitlines()]
    (bot,) = [int(pid) for pid, parent in pairs if int(parent) == demo]
    return bot


def _difference(path: str) -> float:
    """Return how far a clip's middle is from the picture of the lake, 0 to 255."""
    with av.open(path) as clip:
        frames = [frame.to_image() for frame in clip.decode(video=0)]
    middle = frames[len(frames) // 2].convert("RGB").resize((640, 360)).crop(_UPPER_HALF)
    lake = Image.open(ROOT / LAKE).convert("RGB").resize((640, 360)).crop(_UPPER_HALF)
    return sum(ImageStat.Stat(ImageChops.difference(middle, lake)).mean) / 3
