"""Media probe: files are inspected by a fresh interpreter without secrets."""

from typing import Final

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

_PROGRAM: Final = ConfinedProgram(
    module="workflow.media_probe.worker",
    wall_seconds=20,
    limits=ResourceLimits(cpu_seconds=10, memory_bytes=768 << 20, file_bytes=0),
)
_MAX_PROCESSES: Final = 2
_MAX_ANSWER_BYTES: Final = 4096
_ANSWER: Final[TypeAdapter[MediaInfo | RejectedMedia]] = TypeAdapter(MediaInfo | RejectedMedia)


class MediaProbe:
    """Inspects files, two at a time; the others wait."""

    def __init__(self) -> None:
        self._runner = ConfinedRunner(_MAX_PROCESSES)

    async def probe(self, kind: MediaKind, data: bytes) -> MediaInfo:
        """Return the properties of a file that was given as a picture, a video or audio.

        Raises:
            UnusableMedia: it cannot be used, or inspecting it needs too much time or memory.
        """
        try:
            text = await self._runner.ask(
                _PROGRAM, kind, question=data, max_answer_bytes=_MAX_ANSWER_BYTES
            )
            answer = _ANSWER.validate_json(text, strict=True)
        except (ConfinedProcessFailed, ValidationError):
            raise UnusableMedia(MediaFault.RESOURCE_LIMIT) from None
        if isinstance(answer, RejectedMedia):
            raise UnusableMedia(answer.fault)
        return answer
