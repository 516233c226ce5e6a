"""Knows how to have a video worked on: by a fresh interpreter that knows no secret."""

import asyncio
import sys
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from subprocess import DEVNULL
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from workflow.errors import UnusableVideo


class VideoTask(StrEnum):
    """What is to be made of a video."""

    LAST_FRAME = "last picture"
    TRANSCODE = "copy"


_WALL_SECONDS: Final = {VideoTask.LAST_FRAME: 60, VideoTask.TRANSCODE: 600}
_MOST_PICTURE_BYTES: Final = 64 << 20
_START: Final = (
    "import sys; sys.path.append(sys.argv[1]); from workflow.video_tools.worker import main; "
    "main(sys.argv[2], int(sys.argv[3]))"
)
_ROOT: Final = Path(__file__).parents[2]


class ConfinedVideoTools:
    """Works on one video of a kind at a time; the others wait for their turn."""

    def __init__(self) -> None:
        self._hopeless = set[tuple[Path, int]]()
        self._rooms = {task: asyncio.Semaphore(1) for task in VideoTask}

    async def extract_last_frame(self, video: Path) -> bytes:
        """Take the last picture of a video, as a PNG.

        Raises:
            UnusableVideo: it is damaged, or too costly to decode.
            FileNotFoundError: it is not there.
        """
        with TemporaryFile() as out:
            await self._work(VideoTask.LAST_FRAME, video, out, _MOST_PICTURE_BYTES)
            out.seek(0)
            return await asyncio.to_thread(out.read, _MOST_PICTURE_BYTES)

    async def transcode(self, video: Path, out: BinaryIO, max_bytes: int) -> None:
        """Write a copy of a video that has `most_bytes` at most, as an MP4.

        What failed once is not tried again: it may cost minutes, and is asked for with each post.

        Raises:
            UnusableVideo: it is damaged, or there is no such copy, or it would cost too much.
            FileNotFoundError: the video is not there.
        """
        wish = (video, max_bytes)
        if wish in self._hopeless:
            raise UnusableVideo("it failed before")
        try:
            await self._work(VideoTask.TRANSCODE, video, out, max_bytes)
        except UnusableVideo:
            self._hopeless.add(wish)
            raise

    async def _work(self, task: VideoTask, video: Path, out: BinaryIO, most_bytes: int) -> None:
        async with self._rooms[task]:
            with await asyncio.to_thread(video.open, "rb") as film:
                code = await _ask(task, film, out, most_bytes)
        if code != 0:
            raise UnusableVideo(f"{task}: ended with {code}")


def open_video_tools() -> ConfinedVideoTools | None:
    """Give a lab, or None where PyAV is not installed."""
    return None if find_spec("av") is None else ConfinedVideoTools()


async def _ask(task: VideoTask, film: BinaryIO, out: BinaryIO, most_bytes: int) -> int | None:
    """Start the interpreter on a video, and tell how it ended; None if it had to be ended."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-B", "-c", _START, str(_ROOT), task, str(most_bytes)),
        stdin=film,
        stdout=out,
        stderr=DEVNULL,
        cwd="/",
        env={},
    )
    try:
        async with asyncio.timeout(_WALL_SECONDS[task]):
            return await process.wait()
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
