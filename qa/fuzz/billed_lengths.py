"""Odd clips, and whether any is billed for less than some reader sees in what is sent on.

The readers are ffprobe, if it is on the PATH, libavformat, and a whole decode of every track.
"""

import io
import json
import math
import shutil
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from random import Random
from tempfile import NamedTemporaryFile
from typing import Any, Final

import av
from av.error import FFmpegError

from domain.models import MAX_CLIP_MS, MIN_CLIP_MS
from domain.requests import round_clip_ms
from qa.fuzz.memory import limited_memory
from qa.fuzz.odd_movies import random_movie
from qa.fuzz.odd_sounds import random_mp3, random_wav
from qa.fuzz.target import FuzzTarget
from workflow.media_probe import worker
from workflow.media_probe.types import ClipInfo, MediaKind, RejectedMedia

_FFPROBE: Final = shutil.which("ffprobe")
_SHOWN: Final = "format=duration:stream=duration"


def odd_clip(dice: Random) -> tuple[MediaKind, bytes]:
    """Make an odd movie, WAV or MP3; now and then a movie given as sound."""
    fate = dice.random()
    if fate < 0.6:
        return (MediaKind.VIDEO if fate < 0.55 else MediaKind.AUDIO), random_movie(dice)
    return MediaKind.AUDIO, random_wav(dice) if fate < 0.8 else random_mp3(dice)


def check_billed_length(dice: Random) -> str:
    """Inspect an odd clip; what is sent on for it may not be longer than what is billed."""
    kind, data = odd_clip(dice)
    with limited_memory():
        info, copy = worker._answer(kind, data, is_cut=False)  # pyright: ignore[reportPrivateUsage]
        if isinstance(info, RejectedMedia):
            return "refused"
        assert isinstance(info, ClipInfo)
        billed_ms, sent = round_clip_ms(info.microseconds), copy or data
        if not MIN_CLIP_MS <= billed_ms <= MAX_CLIP_MS:
            return "refused"  # by its length
        seen = {reader: math.ceil(length * 1000) for reader, length in seen_lengths(sent)}
    longer = {reader: ms for reader, ms in seen.items() if ms > billed_ms}
    assert not longer, f"billed {billed_ms} ms of {info.suffix}, seen {longer}"
    return "taken"


def seen_lengths(data: bytes) -> Iterator[tuple[str, Fraction]]:
    """Yield how long each reader sees a clip, in seconds; a reader that cannot sees nothing."""
    if _FFPROBE is not None:
        yield "ffprobe", _probed(_FFPROBE, data)
    try:
        with av.open(io.BytesIO(data), metadata_errors="replace") as container:
            yield "libavformat", _declared(container)
            yield "decode", _played(container)
    except FFmpegError:
        return


def _probed(program: str, data: bytes) -> Fraction:
    with NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        command = (program, "-v", "quiet", "-show_entries", _SHOWN, "-of", "json", file.name)
        found = subprocess.run(command, capture_output=True, check=False)
    answer: dict[str, Any] = json.loads(found.stdout or b"{}")
    parts = [answer.get("format", {}), *answer.get("streams", [])]
    return max((Fraction(part["duration"]) for part in parts if "duration" in part), default=_NONE)


_NONE: Final = Fraction()


def _declared(container: Any) -> Fraction:
    whole = Fraction(container.duration or 0, av.time_base)
    each = (Fraction(one.duration or 0) * (one.time_base or 0) for one in container.streams)
    return max(whole, *each, _NONE)


def _played(container: Any) -> Fraction:
    """Decode every video and sound track to its end."""
    starts, ends = list[Fraction](), list[Fraction]()
    tracks = [one for one in container.streams if one.type in ("video", "audio")]
    try:
        for packet in container.demux(tracks):
            for frame in _frames(packet):
                start = (frame.pts or 0) * Fraction(frame.time_base or 1)
                is_sound = isinstance(frame, av.AudioFrame)
                length = (
                    Fraction(frame.samples, frame.sample_rate)
                    if is_sound
                    else frame.duration * Fraction(frame.time_base or 1)
                )
                starts.append(start)
                ends.append(start + length)
    except FFmpegError:
        pass
    return max(ends, default=_NONE) - min(starts, default=_NONE)


def _frames(packet: Any) -> list[Any]:
    try:
        return packet.decode()
    except FFmpegError:
        return []


BILLED_LENGTH_TARGETS: Final = (FuzzTarget("billed lengths", 1_000, check_billed_length),)
