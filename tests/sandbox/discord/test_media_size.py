"""Width and height are read from files as they come."""

from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image

from sandbox.discord.media_size import read_dimensions

# PyAV's own types are incomplete.
# pyright: reportUnknownMemberType=false


def film(path: Path, width: int, height: int, **options: str) -> None:
    """Make a film of one black picture, with a sound track before it."""
    with av.open(str(path), "w", options=options) as container:
        container.add_stream("aac", rate=48_000)
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        frame = av.VideoFrame(width, height, "yuv420p")
        frame.pts, frame.time_base = 0, Fraction(1, 10)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.mark.parametrize("options", [{}, {"movflags": "faststart"}])
def test_a_films_size_is_read(tmp_path: Path, options: dict[str, str]) -> None:
    """Wherever the description is, before or behind the pictures."""
    path = tmp_path / "film.mp4"
    film(path, 320, 176, **options)
    assert read_dimensions(path, "video/mp4") == (320, 176)


def test_a_pictures_size_is_read(tmp_path: Path) -> None:
    """By what it is, whatever its name says."""
    path = tmp_path / "picture"
    Image.new("RGB", (30, 20)).save(path, "png")
    assert read_dimensions(path, "image/jpeg") == (30, 20)
    assert read_dimensions(path, "text/plain") == (None, None)
    assert read_dimensions(path, None) == (None, None)


@pytest.mark.parametrize("kind", ["video/mp4", "image/png"])
@pytest.mark.parametrize(
    "content",
    [b"", b"mp4", bytes(100), b"\0\0\0\x08moov", b"\0\0\0\x01moov" + bytes(8), b"\xff" * 64],
)
def test_what_can_not_be_read_has_no_size(tmp_path: Path, kind: str, content: bytes) -> None:
    """And does no harm."""
    path = tmp_path / "file"
    path.write_bytes(content)
    assert read_dimensions(path, kind) == (None, None)


def test_a_film_cut_short_does_no_harm(tmp_path: Path) -> None:
    """Wherever it ends."""
    path = tmp_path / "film.mp4"
    film(path, 64, 64, movflags="faststart")
    whole = path.read_bytes()
    for length in range(0, 700, 7):
        path.write_bytes(whole[:length])
        assert read_dimensions(path, "video/mp4") in ((None, None), (64, 64))
