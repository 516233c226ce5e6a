"""Confined video tools: each is processed in a process of its own, without secrets."""

import asyncio
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from cachetools import LRUCache

from workflow.confined_child import ResourceLimits
from workflow.confined_process import ConfinedProcessFailed, ConfinedProgram, ConfinedRunner
from workflow.errors import UnusableVideo
from workflow.video_tools import VideoTask

_MEMORY_BYTES: Final = 1536 << 20
_MAX_FILE_BYTES: Final = 256 << 20
_NICENESS: Final = 10
_MAX_PICTURE_BYTES: Final = 64 << 20


def _program(wall_seconds: int, cpu_seconds: int) -> ConfinedProgram:
    """Return the worker with limits that suffice for any honest video, and a low priority."""
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


_MAX_FAILED: Final = 1_000
"""Copies that are remembered as failed; one that is forgotten is tried again."""


class ConfinedVideoTools:
    """Processes one video per task at a time; the others wait."""

    def __init__(self) -> None:
        self._failed = LRUCache[tuple[Path, int], bool](_MAX_FAILED)
        self._runners = {task: ConfinedRunner(at_once=1) for task in VideoTask}

    async def extract_last_frame(self, video: Path) -> bytes:
        """Return the last frame of a video, as a PNG.

        Raises:
            UnusableVideo: it is damaged, or too costly to decode.
            FileNotFoundError: the video does not exist.
        """
        with TemporaryFile() as out:
            await self._work(VideoTask.LAST_FRAME, video, out, _MAX_PICTURE_BYTES)
            out.seek(0)
            return await asyncio.to_thread(out.read, _MAX_PICTURE_BYTES)

    async def transcode(self, video: Path, out: BinaryIO, max_bytes: int) -> None:
        """Write a copy of a video with at most `max_bytes`, as an MP4.

        A failed copy is not tried again: it may take minutes, and each post requests it.

        Raises:
            UnusableVideo: it is damaged, cannot be made small enough, or would cost too much.
            FileNotFoundError: the video does not exist.
        """
        key = (video, max_bytes)
        if key in self._failed:
            raise UnusableVideo("it failed before")
        try:
            await self._work(VideoTask.TRANSCODE, video, out, max_bytes)
        except UnusableVideo:
            self._failed[key] = True
            raise

    async def _work(self, task: VideoTask, video: Path, out: BinaryIO, max_bytes: int) -> None:
        run, program = self._runners[task].run, _PROGRAMS[task]
        with await asyncio.to_thread(video.open, "rb") as source:
            try:
                await run(program, task, str(max_bytes), source=source, out=out)
            except ConfinedProcessFailed as error:
                raise UnusableVideo(f"{task}: {error}") from error
