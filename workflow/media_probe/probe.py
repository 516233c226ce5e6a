"""Media probe: each file is inspected in a process of its own, without secrets."""

import asyncio
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from pydantic import TypeAdapter, ValidationError

from workflow.confined_child import ResourceLimits
from workflow.confined_process import ConfinedProcessFailed, ConfinedProgram, ConfinedRunner
from workflow.media_probe.types import (
    MediaFault,
    MediaInfo,
    MediaKind,
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


def _read(out: BinaryIO) -> tuple[MediaInfo | RejectedMedia, bytes]:
    out.seek(0)
    answer = _ANSWER.validate_json(out.readline(_MAX_LINE_BYTES), strict=True)
    return answer, out.read(_MAX_COPY_BYTES)
