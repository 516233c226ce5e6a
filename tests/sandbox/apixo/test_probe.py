"""The stand-in bills by the longest that any ffprobe sees: no header makes a clip cheaper."""

import json
import math
import shutil
import struct
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import pytest

from sandbox.apixo.probe import probe_clip
from sandbox.apixo.rules import InvalidSubmission
from tests.harness.media_samples import make_audio, make_video

FILES = Path(__file__).parents[2] / "media_files"
CLIPS = sorted(FILES.glob("*.mp4")) + sorted(FILES.glob("*.mov")) + sorted(FILES.glob("*.wav"))
FFPROBE = shutil.which("ffprobe")


def ms(data: bytes, kind: str = "video") -> int:
    return math.ceil(probe_clip(data, kind).seconds * 1000)


@pytest.mark.skipif(FFPROBE is None, reason="there is no ffprobe")
@pytest.mark.parametrize("path", CLIPS, ids=lambda path: path.name)
def test_no_clip_is_shorter_than_ffprobe_says(path: Path) -> None:
    """Whatever a phone, a browser or a forger has made."""
    shown = "format=duration:stream=duration"
    command = [str(FFPROBE), "-v", "quiet", "-show_entries", shown, "-of", "json", str(path)]
    answer = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    found = [answer["format"], *answer["streams"]]
    longest = max(Fraction(one["duration"]) for one in found if "duration" in one)
    kind = "audio" if path.suffix == ".wav" else "video"
    # It writes six decimals.
    assert probe_clip(path.read_bytes(), kind).seconds >= longest - Fraction(1, 1_000_000)


def test_what_the_header_of_a_movie_says_counts() -> None:
    """Older versions believe it."""
    data = bytearray(make_video(2_400))
    at = data.index(b"mvhd") + 4
    (scale,) = struct.unpack_from(">I", data, at + 12)
    struct.pack_into(">I", data, at + 16, 9 * scale)
    assert ms(bytes(data)) == 9_000


def test_what_plays_counts_whatever_the_headers_say() -> None:
    data = bytearray(make_video(5_000))
    for kind, place in ((b"mvhd", 16), (b"tkhd", 20), (b"mdhd", 16)):
        struct.pack_into(">I", data, data.index(kind) + 4 + place, 1)
    assert ms(bytes(data)) >= 4_960


def test_what_an_encoder_padded_counts() -> None:
    assert ms(make_audio(3_000), "audio") > 3_000
    assert ms(make_audio(3_000, "wav"), "audio") == 3_000


@pytest.mark.parametrize(("kind", "container"), [("video", "matroska"), ("audio", "ogg")])
def test_only_documented_kinds_are_taken(kind: str, container: str) -> None:
    """MP4 and MOV, MP3 and WAV."""
    data = make_audio(3_000, "ogg") if kind == "audio" else make_video(3_000, kind=container)
    with pytest.raises(InvalidSubmission, match=container):
        probe_clip(data, kind)


def test_what_cannot_be_read_is_an_error() -> None:
    with pytest.raises(av.FFmpegError):
        probe_clip(make_video(3_000)[:200], "video")
