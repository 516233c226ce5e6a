"""Knows how to have a file looked into: by a fresh interpreter that knows no secret."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

from pydantic import TypeAdapter, ValidationError

from workflow.media_probe.types import (
    MediaFault,
    MediaInfo,
    MediaKind,
    RejectedMedia,
    UnusableMedia,
)

_AT_ONCE: Final = 2
_WALL_SECONDS: Final = 20
_MOST_ANSWERED: Final = 4096
_START: Final = (
    "import sys; sys.path.append(sys.argv[1]); from workflow.media_probe.worker import main; "
    "main(sys.argv[2])"
)
_ROOT: Final = Path(__file__).parents[2]
_ANSWER: Final[TypeAdapter[MediaInfo | RejectedMedia]] = TypeAdapter(MediaInfo | RejectedMedia)


class MediaProbe:
    """Has files looked into, two at a time; the others wait for their turn."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def probe(self, kind: MediaKind, data: bytes) -> MediaInfo:
        """Tell what a file is that was given as a picture, a video or audio.

        Raises:
            UnusableMedia: it can not be used, or too much time or memory would be needed to tell.
        """
        async with self._room:
            text = await asyncio.to_thread(_ask, kind, data)
        try:
            answer = _ANSWER.validate_json(text, strict=True)
        except ValidationError:
            raise UnusableMedia(MediaFault.RESOURCE_LIMIT) from None
        if isinstance(answer, RejectedMedia):
            raise UnusableMedia(answer.fault)
        return answer


def _ask(kind: MediaKind, data: bytes) -> bytes:
    """Start the interpreter on a file, and give what it answered; nothing if it was ended."""
    # A pipe of our own, because `run` would gather whatever amount comes through one of its own.
    answer, answers_here = os.pipe()
    os.set_blocking(answer, False)
    try:
        with TemporaryFile(buffering=0) as file:
            file.write(data)
            file.seek(0)
            _run(kind, file, answers_here)
        return os.read(answer, _MOST_ANSWERED)
    except (subprocess.SubprocessError, BlockingIOError):
        return b""
    finally:
        os.close(answer)
        os.close(answers_here)


def _run(kind: MediaKind, file: IO[bytes], answers: int) -> None:
    subprocess.run(  # noqa: S603 - the words are ours, the file comes on standard input
        (sys.executable, "-I", "-B", "-c", _START, str(_ROOT), kind),
        stdin=file,
        stdout=answers,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={},
        timeout=_WALL_SECONDS,
        check=True,
    )
