"""Confined tools for films: several videos are joined, or shown on one sheet, without secrets."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from workflow.confined_child import ResourceLimits
from workflow.confined_process import ConfinedProcessFailed, ConfinedProgram, ConfinedRunner
from workflow.errors import UnusableVideo
from workflow.video_tools import FilmTask
from workflow.video_tools.parts import read_progress, write_parts

MAX_FILM_BYTES: Final = 512 << 20
_MAX_SHEET_BYTES: Final = 8 << 20
_REPORT_S: Final = 0.5


def _program(wall_seconds: int, limits: ResourceLimits) -> ConfinedProgram:
    return ConfinedProgram(
        module="workflow.video_tools.film_worker", wall_seconds=wall_seconds, limits=limits
    )


# Ten videos of 1080p and fifteen seconds take about three minutes of one core.
_PROGRAMS: Final = {
    FilmTask.JOIN: _program(
        1_800,
        ResourceLimits(
            cpu_seconds=1_200,
            memory_bytes=1536 << 20,
            file_bytes=MAX_FILM_BYTES,
            niceness=10,
        ),
    ),
    # A member waits for the sheet, so it has the usual priority.
    FilmTask.CONTACT_SHEET: _program(
        30,
        ResourceLimits(cpu_seconds=20, memory_bytes=1 << 30, file_bytes=_MAX_SHEET_BYTES),
    ),
}

Report = Callable[[int], None]


class FilmTools:
    """Joins one film at a time, and draws one sheet at a time; the others wait."""

    def __init__(self) -> None:
        self._runners = {task: ConfinedRunner(at_once=1) for task in FilmTask}

    async def join(
        self, videos: Sequence[Path], out: BinaryIO, *, dissolve: bool, report: Report
    ) -> None:
        """Write one MP4 of several videos; `report` hears how far it is, in percent.

        Raises:
            UnusableVideo: one is damaged, or all are too costly to join.
            FileNotFoundError: one does not exist.
            OSError: no process could be started, or the disk is full.
        """
        with TemporaryFile() as source:
            sizes = await asyncio.to_thread(write_parts, videos, source)
            reporting = asyncio.create_task(_report(source, report))
            try:
                await self._run(FilmTask.JOIN, sizes, "1" if dissolve else "0", source, out)
            finally:
                reporting.cancel()
                with suppress(asyncio.CancelledError):
                    await reporting

    async def draw_contact_sheet(self, videos: Sequence[Path], first_number: int) -> bytes:
        """Return a JPEG with the first picture of each video, numbered.

        Raises:
            UnusableVideo: they are too costly to decode.
            FileNotFoundError: one does not exist.
            OSError: no process could be started, or the disk is full.
        """
        with TemporaryFile() as source, TemporaryFile() as out:
            sizes = await asyncio.to_thread(write_parts, videos, source)
            await self._run(FilmTask.CONTACT_SHEET, sizes, str(first_number), source, out)
            out.seek(0)
            return await asyncio.to_thread(out.read, _MAX_SHEET_BYTES)

    async def _run(
        self, task: FilmTask, sizes: Sequence[int], option: str, source: BinaryIO, out: BinaryIO
    ) -> None:
        source.seek(0)
        run, program = self._runners[task].run, _PROGRAMS[task]
        try:
            await run(program, task, json.dumps(sizes), option, source=source, out=out)
        except ConfinedProcessFailed as error:
            raise UnusableVideo(f"{task}: {error}") from error


async def _report(source: BinaryIO, report: Report) -> None:
    while True:
        await asyncio.sleep(_REPORT_S)
        report(read_progress(source.fileno()))
