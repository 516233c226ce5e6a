"""Playback of a finished video: the child process that decodes it to its end.

The video is on standard input, a regular file; the answer on standard output is JSON. A process
that ends without an answer says nothing of the video.
"""

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import BinaryIO, Final

from workflow.media_probe.clips import (
    Decoded,
    Played,
    Tracks,
    check_memory,
    check_size,
    declared_seconds,
    decode,
    open_clip,
)
from workflow.media_probe.formats import MOVIE_DEMUXER, identify
from workflow.media_probe.types import MediaFault, Playback, UnusableMedia

_HEAD_BYTES: Final = 65_536
_MAX_MISSING_S: Final = Fraction(1, 4)
"""A longer gap between a track's declared and its played end means that it is cut off."""


def main() -> None:
    """Write whether, and how long, the video plays.

    Raises:
        UnusableMedia: decoding it is too costly here, so nothing is known of it.
    """
    try:
        answer = measure_playback(sys.stdin.buffer)
    except UnusableMedia as error:
        if error.fault is not MediaFault.DAMAGED:
            raise
        answer = Playback(fault="it cannot be read")
    sys.stdout.write(json.dumps(asdict(answer)))


def measure_playback(video: BinaryIO) -> Playback:
    """Decode a video to its end.

    Raises:
        UnusableMedia: it cannot be read, or decoding it is too costly.
        MemoryError: the system has no memory for it.
        OSError: the file cannot be read from the disk.
    """
    file_format = identify(video.read(_HEAD_BYTES))
    if file_format is None or file_format.demuxer != MOVIE_DEMUXER:
        name = "unknown" if file_format is None else file_format.name
        return Playback(fault=f"it is no MP4, its format is {name}")
    with open_clip(video, MOVIE_DEMUXER) as container:
        tracks = Tracks.of(container)
        if tracks.video is None:
            return Playback(fault="it has no video track")
        check_size(tracks.video.width, tracks.video.height)
        declared = declared_seconds(container, tracks)[1:]
        decoded = decode(container, tracks)
        played = [decoded.tracks[track.index] for track in tracks.all]
        if fault := _find_fault(decoded, declared, played):
            check_memory()
            return Playback(fault=fault)
    return Playback(milliseconds=math.ceil(decoded.seconds * 1000))


def _find_fault(
    decoded: Decoded, declared: Sequence[Fraction], played: Sequence[Played]
) -> str | None:
    if decoded.errors:
        return "it cannot be decoded to its end"
    if not all(track.frames for track in played):
        return "a track has nothing that plays"
    missing = max(end - track.end for end, track in zip(declared, played, strict=True))
    return "its end is missing" if missing > _MAX_MISSING_S else None
