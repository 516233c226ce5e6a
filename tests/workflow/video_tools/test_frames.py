"""The last picture of a film is the last one, and what is no film gives none."""

import io

import av
import pytest
from PIL import Image

from tests.harness.color_videos import color_distance, colours, make_video, mean_color, open_image
from workflow.video_tools.frames import extract_last_frame


def still_of(data: bytes) -> Image.Image:
    out = io.BytesIO()
    extract_last_frame(io.BytesIO(data), out)
    return open_image(out.getvalue())


@pytest.mark.parametrize("key_every", [1, 7, 250], ids=["every", "some", "one"])
@pytest.mark.parametrize("count", [1, 2, 29, 30])
def test_it_is_the_last_one_however_key_pictures_lie(count: int, key_every: int) -> None:
    """Closer to the last colour than to any before it, with pictures that refer to later ones."""
    shown = colours(count)
    found = mean_color(still_of(make_video(shown, key_every=key_every)))
    assert color_distance(found, shown[-1]) < 6
    assert all(color_distance(found, earlier) > 20 for earlier in shown[-8:-1])


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((64, 36), (534, 300)),
        ((36, 64), (300, 534)),
        ((300, 300), (300, 300)),
        ((1280, 720), (1280, 720)),
        ((700, 300), (700, 300)),
        ((640, 274), (701, 300)),
    ],
)
def test_what_apixo_finds_too_small_is_scaled_up(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    """To 300 pixels on the shorter side; what is large enough stays as it is."""
    still = still_of(make_video(colours(2), size=size))
    assert (still.format, still.size) == ("PNG", expected)


def test_a_film_that_is_cut_off_has_no_last_picture() -> None:
    """Its index lists pictures that are not there: the last that is there is not the last."""
    whole = make_video(colours(72), key_every=12, noise=120)
    assert whole.index(b"moov") > len(whole) // 2, "the index lies behind the pictures"
    start = whole.index(b"moov") - 4
    tail, head = whole[start:], whole[:start]
    holed = head[: len(head) // 2] + bytes(len(head) - len(head) // 2) + tail
    with pytest.raises((ValueError, av.FFmpegError)):
        still_of(holed)


@pytest.mark.parametrize(
    "data",
    [b"", b"no film", b"\x00\x00\x00\x18ftypisom" + bytes(5000), b"#EXTM3U\nfile:///etc/passwd\n"],
    ids=["empty", "text", "mark alone", "playlist"],
)
def test_what_is_no_film_is_refused(data: bytes) -> None:
    """Also a playlist, which would lead elsewhere."""
    with pytest.raises((ValueError, IndexError, av.FFmpegError)):
        still_of(data)
