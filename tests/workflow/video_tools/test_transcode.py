"""A copy keeps to its bytes, and has the pictures, the length and the sound of the film."""

import io

import av
import pytest

from tests.harness.color_videos import (
    audio_seconds,
    color_distance,
    colours,
    decode_frames,
    make_video,
)
from workflow.video_tools.transcode import CannotShrink, transcode


def copy_of(data: bytes, most_bytes: int) -> bytes:
    out = io.BytesIO()
    transcode(io.BytesIO(data), out, most_bytes)
    return out.getvalue()


def test_a_copy_is_the_same_film() -> None:
    """Picture by picture, as long as the film, H.264 and AAC, with its index at the head."""
    shown = colours(6)
    whole = make_video(shown, repeat=8, noise=60, size=(192, 108), is_loud=True)
    copied = copy_of(whole, len(whole) // 2)
    pictures, about = decode_frames(copied)
    assert about["bytes"] <= len(whole) // 2
    assert (about["codecs"], about["size"]) == (["h264", "aac"], (192, 108))
    assert about["seconds"] == pytest.approx(decode_frames(whole)[1]["seconds"], abs=0.1)
    assert audio_seconds(copied) == pytest.approx(audio_seconds(whole), abs=0.1)
    originals, _ = decode_frames(whole)
    assert len(pictures) == len(originals) == 48
    pairs = zip(pictures, originals, strict=True)
    assert max(color_distance(one, other) for one, other in pairs) < 15
    assert copied.index(b"moov") < copied.index(b"mdat")


def test_few_bytes_make_fewer_pixels_of_the_same_shape() -> None:
    """Rather than a blur."""
    whole = make_video(colours(24), noise=200, size=(320, 180))
    copied = copy_of(whole, 30_000)
    pictures, about = decode_frames(copied)
    width, height = about["size"]
    assert about["bytes"] <= 30_000 < len(whole)
    assert (len(pictures), about["seconds"]) == (24, 1)
    assert width < 320
    assert width / height == pytest.approx(320 / 180, rel=0.05)


def test_a_silent_film_stays_silent() -> None:
    """There is one track, as before."""
    assert decode_frames(copy_of(make_video(colours(24)), 1_000_000))[1]["codecs"] == ["h264"]


def test_odd_sides_are_made_even() -> None:
    """H.264 with colours at half the width takes no others."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        video = container.add_stream("png", rate=24)
        video.width, video.height, video.pix_fmt = 65, 37, "rgb24"
        container.mux(video.encode(av.VideoFrame(65, 37, "rgb24")))
        container.mux(video.encode(None))
    assert decode_frames(copy_of(out.getvalue(), 1_000_000))[1]["size"] == (64, 36)


def test_there_are_sizes_that_nothing_fits_into() -> None:
    """It is said, rather than a film of nothing made."""
    with pytest.raises(CannotShrink):
        copy_of(make_video(colours(48)), 8_000)


def test_what_is_damaged_is_not_copied() -> None:
    """A copy with holes in it would pass for the film."""
    whole = bytearray(make_video(colours(24), noise=120, size=(192, 108)))
    middle = whole.index(b"moov") // 2
    whole[middle : middle + 20_000] = bytes(20_000)
    with pytest.raises(av.FFmpegError):
        copy_of(bytes(whole), 1_000_000)
