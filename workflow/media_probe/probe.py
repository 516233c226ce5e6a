"""Media probe: each file, also a result, is read in a process of its own, without secrets."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from pydantic import TypeAdapter, ValidationError

from workflow.confined_child import ResourceLimits
from workflow.confined_process import ConfinedProcessFailed, ConfinedProgram, ConfinedRunner
from workflow.errors import NotPlayable, PlaybackUnknown
from workflow.media_probe.types import (
    MediaFault,
    MediaInfo,
    MediaKind,
    Playback,
    RejectedMedia,
    UnusableMedia,
)

_MAX_COPY_BYTES: Final = 64 << 20
_PROGRAM: Final = ConfinedProgram(
    module="workflow.media_probe.worker",
    wall_seconds=120,
    limits=ResourceLimits(cpu_seconds=90, memory_bytes=1 << 30, file_bytes=_MAX_COPY_BYTES),
)
_MAX_PROCESSES: Final = 2
_MAX_LINE_BYTES: Final = 4096
_PLAYBACK_MEMORY_BYTES: Final = 1 << 30
_PLAYBACK: Final = TypeAdapter(Playback)
_ANSWER: Final[TypeAdapter[MediaInfo | RejectedMedia]] = TypeAdapter(MediaInfo | RejectedMedia)


@dataclass(frozen=True, slots=True)
class InspectedMedia:
    """A file that can be used: its properties, and what is sent on."""

    info: MediaInfo
    data: bytes


class MediaProbe:
    """Inspects files, two at a time; the others wait."""

    def __init__(self) -> None:
        self._runner = ConfinedRunner(_MAX_PROCESSES)

    async def inspect(
        self, kind: MediaKind, data: bytes, *, is_cut: bool = False
    ) -> InspectedMedia:
        """Return what is sent on for a file that was given as a picture, a video or audio.

        With `is_cut` a clip is cut to the longest that APIXO takes.

        Raises:
            UnusableMedia: it cannot be used, or inspecting it needs too much time or memory.
            OSError: no process could be started, or its files could not be written.
        """
        with TemporaryFile() as source, TemporaryFile() as out:
            await asyncio.to_thread(source.write, data)
            source.seek(0)
            try:
                await self._runner.run(
                    _PROGRAM, kind, "cut" if is_cut else "", source=source, out=out
                )
                answer, copy = await asyncio.to_thread(_read, out)
            except (ConfinedProcessFailed, ValidationError):
                raise UnusableMedia(MediaFault.RESOURCE_LIMIT) from None
        if isinstance(answer, RejectedMedia):
            raise UnusableMedia(answer.fault, answer.format_name)
        return InspectedMedia(answer, copy or data)


class ConfinedPlaybackCheck:
    """Decodes videos to their end, two at a time; the others wait.

    Args:
        memory_bytes: that a process may use.
    """

    def __init__(self, memory_bytes: int = _PLAYBACK_MEMORY_BYTES) -> None:
        self._runner = ConfinedRunner(_MAX_PROCESSES)
        self._program = ConfinedProgram(
            module="workflow.media_probe.playback",
            wall_seconds=180,
            limits=ResourceLimits(
                cpu_seconds=120,
                memory_bytes=memory_bytes,
                file_bytes=_MAX_LINE_BYTES,
                niceness=10,
            ),
        )

    async def check(self, video: Path) -> int:
        """Return for how many milliseconds a video plays.

        Raises:
            NotPlayable: it does not play to its end.
            PlaybackUnknown: the process could not start, failed, or reached one of its limits.
            OSError: the file cannot be opened.
        """
        with await asyncio.to_thread(video.open, "rb") as source:
            answer = await self._ask(source)
        if answer.fault is not None:
            raise NotPlayable(answer.fault)
        return answer.milliseconds

    async def _ask(self, source: BinaryIO) -> Playback:
        try:
            with TemporaryFile() as out:
                await self._runner.run(self._program, source=source, out=out)
                out.seek(0)
                return _PLAYBACK.validate_json(out.read(_MAX_LINE_BYTES), strict=True)
        except (ConfinedProcessFailed, ValidationError, OSError) as error:
            raise PlaybackUnknown(f"the reader could not run: {error}") from error


def _read(out: BinaryIO) -> tuple[MediaInfo | RejectedMedia, bytes]:
    out.seek(0)
    answer = _ANSWER.validate_json(out.readline(_MAX_LINE_BYTES), strict=True)
    return answer, out.read(_MAX_COPY_BYTES)
