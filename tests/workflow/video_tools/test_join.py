"""A film has each video's pictures, one after the other, at one size, rate and loudness."""

import io
import math
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

import av
import pytest
from PIL import Image

from tests.harness.color_videos import (
    color_distance,
    colours,
    decode_frames,
    make_video,
    mean_color,
)
from workflow.errors import UnusableVideo
from workflow.video_tools.contact_sheet import draw_contact_sheet
from workflow.video_tools.film_tools import FilmTools
from workflow.video_tools.join import join
from workflow.video_tools.parts import (
    Part,
    open_parts,
    read_progress,
    write_parts,
    write_progress,
)
from workflow.video_tools.pictures import Shape, choose_shape

RED, GREEN, BLUE = (200, 40, 40), (40, 200, 40), (40, 40, 200)


@contextmanager
def given(tmp_path: Path, *videos: bytes) -> Iterator[list[Part]]:
    paths = [tmp_path / f"{number}.mp4" for number in range(len(videos))]
    for path, video in zip(paths, videos, strict=True):
        path.write_bytes(video)
    with TemporaryFile() as source:
        yield open_parts(source.fileno(), write_parts(paths, source))


def joined(tmp_path: Path, *videos: bytes, dissolve: bool = False) -> bytes:
    out = io.BytesIO()
    with given(tmp_path, *videos) as parts:
        join(parts, out, dissolve=dissolve, report=lambda _: None)
    return out.getvalue()


def test_cuts_keep_every_picture_in_its_place(tmp_path: Path) -> None:
    """The film lasts as long as its videos; its index is at the head."""
    shown = colours(6)
    videos = [make_video(shown[:4], repeat=6), make_video(shown[4:], repeat=12)]
    film = joined(tmp_path, *videos)
    pictures, about = decode_frames(film)
    expected = [one for video in videos for one in decode_frames(video)[0]]
    assert len(pictures) == len(expected) == 48
    pairs = zip(pictures, expected, strict=True)
    assert max(color_distance(one, other) for one, other in pairs) < 12
    assert (about["seconds"], about["codecs"]) == (2, ["h264"])
    assert film.index(b"moov") < film.index(b"mdat")


def test_dissolves_overlap_by_half_a_second(tmp_path: Path) -> None:
    """In the middle of one both are seen; the ends are as they were."""
    film = joined(
        tmp_path,
        make_video([RED], repeat=48),
        make_video([BLUE], repeat=48),
        dissolve=True,
    )
    pictures, about = decode_frames(film)
    assert (len(pictures), about["seconds"]) == (84, 3.5)
    red, middle, blue = pictures[30], pictures[42], pictures[-1]
    assert color_distance(red, RED) < 20
    assert color_distance(blue, BLUE) < 20
    assert color_distance(middle, (120, 40, 120)) < 40


def test_short_videos_dissolve_for_a_third_of_the_shortest(tmp_path: Path) -> None:
    """So each of them is seen by itself, too."""
    videos = [make_video([colour], repeat=12) for colour in (RED, GREEN, BLUE)]
    pictures, _ = decode_frames(joined(tmp_path, *videos, dissolve=True))
    assert len(pictures) == 3 * 12 - 2 * 4


def test_other_sizes_are_fitted_into_the_first_ones_form(tmp_path: Path) -> None:
    """With black bars; the largest size of that form is taken."""
    film = joined(
        tmp_path,
        make_video([RED], repeat=12, size=(64, 36)),
        make_video([GREEN], repeat=12, size=(128, 72)),
        make_video([BLUE], repeat=12, size=(36, 64)),
    )
    with av.open(io.BytesIO(film)) as container:
        last = [frame.to_image() for frame in container.decode(video=0)][-1]
    assert last.size == (128, 72)
    corner, middle = last.getpixel((2, 36)), last.getpixel((64, 36))
    assert color_distance(corner, (0, 0, 0)) < 20
    assert color_distance(middle, BLUE) < 20


@pytest.mark.parametrize("dissolve", [False, True])
def test_silent_videos_get_silence_and_quiet_ones_are_made_louder(
    tmp_path: Path, dissolve: bool
) -> None:
    """All that is heard is about equally loud, and ends with the pictures."""
    loud, quiet = make_video(colours(2), repeat=24, is_loud=True), make_quiet()
    silent = make_video([RED], repeat=48)
    film = joined(tmp_path, quiet, silent, loud, dissolve=dissolve)
    levels, seconds = loudness(film), decode_frames(film)[1]["seconds"]
    overlap = 1.0 if dissolve else 0
    assert seconds == pytest.approx(6 - overlap, abs=0.06)
    assert levels[0] == pytest.approx(levels[-1], rel=0.35)
    assert levels[len(levels) // 2] < levels[0] / 50


def test_a_film_of_silent_videos_has_no_sound(tmp_path: Path) -> None:
    silent = make_video([RED], repeat=12)
    assert decode_frames(joined(tmp_path, silent, silent))[1]["codecs"] == ["h264"]


def test_the_sheet_shows_each_video_numbered(tmp_path: Path) -> None:
    """A damaged one has its number alone; three are side by side."""
    out = io.BytesIO()
    videos = [make_video([colour], repeat=2) for colour in (RED, GREEN, BLUE)]
    with given(tmp_path, *videos, b"damaged") as parts:
        draw_contact_sheet(parts, out, first_number=13)
    with Image.open(out) as sheet:
        tiles = [sheet.crop((x + 60, 60, x + 220, 120)) for x in (0, 248, 496)]
        found = [mean_color(tile) for tile in tiles]
        assert sheet.size == (736, 368)
    pairs = zip(found, (RED, GREEN, BLUE), strict=True)
    assert max(color_distance(one, other) for one, other in pairs) < 30


async def test_the_confined_process_joins_and_tells_how_far_it_is(tmp_path: Path) -> None:
    """A damaged video is refused; one that is not there, too."""
    tools, reports = FilmTools(), list[int]()
    good, bad = tmp_path / "good.mp4", tmp_path / "bad.mp4"
    good.write_bytes(make_video(colours(3), repeat=24))
    bad.write_bytes(b"no video")
    with TemporaryFile() as out:
        await tools.join([good, good], out, dissolve=False, report=reports.append)
        out.seek(0)
        assert decode_frames(out.read())[1]["seconds"] == 6
        with pytest.raises(UnusableVideo):
            await tools.join([good, bad], out, dissolve=False, report=reports.append)
    with pytest.raises(FileNotFoundError):
        await tools.draw_contact_sheet([tmp_path / "none.mp4"], 1)
    assert (await tools.draw_contact_sheet([good], 1)).startswith(b"\xff\xd8")


def test_a_process_cannot_claim_more_than_all() -> None:
    """What it writes into the head of the file is not trusted."""
    with TemporaryFile() as file:
        write_progress(file.fileno(), 42)
        assert read_progress(file.fileno()) == 42
        file.write(b"\xff" * 8)
        file.flush()
        assert read_progress(file.fileno()) == 100


def test_the_first_video_decides_on_the_form() -> None:
    tall, wide, large = Shape(480, 854), Shape(854, 480), Shape(1920, 1080)
    assert choose_shape([wide, tall, large]) == large
    assert choose_shape([tall, large]) == tall


def make_quiet() -> bytes:
    """Make two seconds with a quiet tone."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=24)
        video.width, video.height, video.pix_fmt = 64, 36, "yuv420p"
        audio = container.add_stream("aac", rate=48_000, layout="mono")
        for number in range(48):
            frame = av.VideoFrame.from_image(Image.new("RGB", (64, 36), GREEN))
            frame.pts = number
            container.mux(video.encode(frame))
        tone = array("h", [round(2_000 * math.sin(n * 440 / 7_640)) for n in range(96_000)])
        sound = av.AudioFrame("s16", "mono", samples=len(tone))
        sound.planes[0].update(tone.tobytes().ljust(sound.planes[0].buffer_size, b"\0"))
        sound.sample_rate, sound.pts = 48_000, 0
        container.mux(audio.encode(sound))
        for stream in (video, audio):
            container.mux(stream.encode(None))
    return out.getvalue()


def loudness(film: bytes) -> list[float]:
    """Return how loud each half second of a film is."""
    samples, resampler = array("h"), av.AudioResampler("s16", "mono", 48_000)
    with av.open(io.BytesIO(film)) as container:
        for frame in container.decode(audio=0):
            for one in resampler.resample(frame):
                samples.frombytes(bytes(one.planes[0])[: one.samples * 2])
    blocks = [samples[at : at + 24_000] for at in range(0, len(samples) - 23_999, 24_000)]
    return [math.sqrt(sum(one * one for one in block) / len(block)) for block in blocks]
