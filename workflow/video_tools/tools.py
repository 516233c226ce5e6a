"""Knows how to have a video worked on: by a fresh interpreter that knows no secret."""

import asyncio
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from workflow.confined_child import ResourceLimits
from workflow.confined_process import ConfinedProcessFailed, ConfinedProgram, ConfinedRunner
from workflow.errors import UnusableVideo
from workflow.video_tools import VideoTask

_MEMORY_BYTES: Final = 1536 << 20
_MAX_FILE_BYTES: Final = 256 << 20
_NICENESS: Final = 10
_MOST_PICTURE_BYTES: Final = 64 << 20


def _program(wall_seconds: int, cpu_seconds: int) -> ConfinedProgram:
    """Describe the worker with no more than any honest video needs; it lets others go first."""
    limits = ResourceLimits(
        cpu_seconds=cpu_seconds,
        memory_bytes=_MEMORY_BYTES,
        file_bytes=_MAX_FILE_BYTES,
        niceness=_NICENESS,
    )
    return ConfinedProgram(
        module="workflow.video_tools.worker", wall_seconds=wall_seconds, limits=limits
    )


_PROGRAMS: Final = {
    VideoTask.LAST_FRAME: _program(wall_seconds=60, cpu_seconds=20),
    VideoTask.TRANSCODE: _program(wall_seconds=600, cpu_seconds=240),
}


class ConfinedVideoTools:
    """Works on one video of a kind at a time; the others wait for their turn."""

    def __init__(self) -> None:
        self._hopeless = set[tuple[Path, int]]()
        self._runners = {task: ConfinedRunner(at_once=1) for task in VideoTask}

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
        run, program = self._runners[task].run, _PROGRAMS[task]
        with await asyncio.to_thread(video.open, "rb") as film:
            try:
                await run(program, task, str(most_bytes), source=film, out=out)
            except ConfinedProcessFailed as error:
                raise UnusableVideo(f"{task}: {error}") from error


def open_video_tools() -> ConfinedVideoTools | None:
    """Give a lab, or None where PyAV is not installed."""
    return None if find_spec("av") is None else ConfinedVideoTools()
