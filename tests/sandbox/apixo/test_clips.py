"""The videos: what they show, and that every browser plays them."""

# pyright: reportUnknownMemberType=false
# The types of Pillow and PyAV name those of numpy, which is not installed.

import io
import shutil
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from sandbox.apixo import ApixoConfig, FakeApixo, ManualClock
from sandbox.apixo.captions import to_supported_glyphs
from sandbox.apixo.clips import clip_size, pad_to_size, render_clip
from sandbox.apixo.rules import SEEDANCE_2_0, Submission
from tests.sandbox.apixo.conftest import ApiClient, FileHost, png, wait_until

RED, BLUE = (200, 30, 30), (30, 30, 200)


@dataclass(frozen=True, slots=True)
class Clip:
    """A decoded clip."""

    frames: list[Image.Image]
    seconds: float
    size: tuple[int, int]
    video: str
    audio: str | None
    loudest: int

    @classmethod
    def read(cls, data: bytes) -> "Clip":
        with av.open(io.BytesIO(data), "r") as container:
            video = container.streams.video[0]
            has_sound = bool(container.streams.audio)
            audio = container.streams.audio[0].codec_context.name if has_sound else None
            seconds = (container.duration or 0) / 1_000_000
            frames = [cast("Image.Image", f.to_image()) for f in container.decode(video=0)]
            pixels = f"{video.codec_context.name} {video.codec_context.pix_fmt}"
        return cls(frames, seconds, (video.width, video.height), pixels, audio, _loudest(data))


def _loudest(data: bytes) -> int:
    with av.open(io.BytesIO(data), "r") as container:
        if not container.streams.audio:
            return 0
        resampler = av.AudioResampler("s16", "mono", 24_000)
        samples = b"".join(
            bytes(out.planes[0])[: out.samples * 2]
            for frame in container.decode(audio=0)
            for out in resampler.resample(frame)
        )
    return max(abs(sample) for sample in memoryview(samples).cast("h"))


def order(**changes: Any) -> Submission:
    fields: dict[str, Any] = {
        "model": SEEDANCE_2_0,
        "mode": "text-to-video",
        "prompt": "a fox in the snow",
        "resolution": "480p",
        "duration": 1,
        "aspect_ratio": "16:9",
        "sound": False,
        "callback_url": None,
    }
    return Submission(**{**fields, **changes})


def drawn(path: Path, order: Submission, pictures: Sequence[Image.Image] = ()) -> Clip:
    render_clip(path / "clip.mp4", order, pictures, threading.Event())
    return Clip.read((path / "clip.mp4").read_bytes())


def plain(colour: tuple[int, int, int], size: tuple[int, int] = (640, 360)) -> Image.Image:
    return Image.new("RGB", size, colour)


def middle(frame: Image.Image) -> tuple[int, int, int]:
    red, green, blue = ImageStat.Stat(
        frame.crop((frame.width // 3, frame.height // 3, frame.width // 2, frame.height // 2))
    ).mean
    return round(red), round(green), round(blue)


def is_near(colour: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 12 for a, b in zip(colour, other, strict=True))


def change(one: Image.Image, other: Image.Image, top: float, bottom: float) -> float:
    """Return how far two frames differ between two heights, on average over all pixels."""
    box = (0, round(one.height * top), one.width, round(one.height * bottom))
    difference = ImageChops.difference(one.crop(box), other.crop(box))
    return sum(ImageStat.Stat(difference).mean)


@pytest.mark.parametrize("sound", [True, False])
def test_a_clip_has_the_ordered_length_and_sound_and_plays_in_browsers(
    sound: bool, tmp_path: Path
) -> None:
    """H.264 in 4:2:0, AAC that can be heard, 24 frames a second."""
    clip = drawn(tmp_path, order(duration=5, sound=sound))
    assert clip.seconds == pytest.approx(5, abs=0.05)
    assert len(clip.frames) == 5 * 24
    assert clip.video == "h264 yuv420p"
    assert clip.audio == ("aac" if sound else None)
    assert (clip.loudest > 500) is sound


def test_a_clip_can_begin_before_it_has_arrived_whole(tmp_path: Path) -> None:
    """The index is before the pictures."""
    drawn(tmp_path, order())
    data = (tmp_path / "clip.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("ratio", ["21:9", "16:9", "4:3", "1:1", "3:4", "9:16"])
def test_a_clip_has_the_ordered_shape(ratio: str) -> None:
    """In even pixels, as H.264 needs them."""
    width, height = clip_size(order(aspect_ratio=ratio), [])
    across, down = (int(part) for part in ratio.split(":"))
    assert width / height == pytest.approx(across / down, rel=0.01)
    assert width % 2 == height % 2 == 0


@pytest.mark.parametrize(
    ("size", "like"), [((900, 900), "1:1"), ((720, 1280), "9:16"), ((1024, 768), "4:3")]
)
def test_an_automatic_shape_follows_the_first_picture(size: tuple[int, int], like: str) -> None:
    """The nearest of the six; without a picture it is wide."""
    shape = clip_size(order(aspect_ratio="auto"), [plain(RED, size), plain(RED)])
    assert shape == clip_size(order(aspect_ratio=like), [])
    assert clip_size(order(aspect_ratio="auto"), []) == clip_size(order(), [])


def test_a_clip_shows_the_given_picture(tmp_path: Path) -> None:
    """From its first frame to its last, and in the ordered shape."""
    clip = drawn(tmp_path, order(aspect_ratio="9:16"), [plain(RED)])
    assert clip.size == (360, 640)
    assert is_near(middle(clip.frames[0]), RED)
    assert is_near(middle(clip.frames[-1]), RED)


def test_a_clip_goes_from_the_first_picture_to_the_last(tmp_path: Path) -> None:
    """It begins with one and ends with the other."""
    clip = drawn(tmp_path, order(), [plain(RED), plain(BLUE)])
    assert is_near(middle(clip.frames[0]), RED)
    assert is_near(middle(clip.frames[-1]), BLUE)


def test_a_picture_moves(tmp_path: Path) -> None:
    """It would be no video otherwise."""
    half = plain(RED)
    half.paste(BLUE, (400, 0, 640, 360))
    clip = drawn(tmp_path, order(), [half])
    assert change(clip.frames[0], clip.frames[-1], 0.2, 0.6) > 1


def test_a_clip_shows_its_prompt_at_the_foot(tmp_path: Path) -> None:
    """Two prompts over the same picture differ there, and nowhere else."""
    fox, owl = (
        drawn(tmp_path, order(prompt=prompt), [plain(RED)]).frames[0]
        for prompt in ("a fox in the snow", "an owl above a silent valley")
    )
    assert change(fox, owl, 0.8, 1) > 5
    assert change(fox, owl, 0, 0.7) < 0.5


def test_a_clip_does_not_show_directives(tmp_path: Path) -> None:
    """With nothing else in the prompt there is no caption."""
    bare, directed = (
        drawn(tmp_path, order(prompt=prompt), [plain(RED)]).frames[0]
        for prompt in ("a fox", "a fox [[slow:9]]")
    )
    assert change(bare, directed, 0, 1) < 0.1
    empty = drawn(tmp_path, order(prompt="[[slow:9]]"), [plain(RED)]).frames[0]
    assert change(empty, plain(RED), 0.3, 1) < 12


def test_a_prompt_without_a_picture_becomes_a_landscape_of_its_own(tmp_path: Path) -> None:
    """Another prompt, another landscape; the same prompt, the same one; and it moves."""
    sea, again, city = (
        drawn(tmp_path, order(prompt=prompt)).frames
        for prompt in ("the sea at dawn", "the sea at dawn", "a city at night")
    )
    assert change(sea[0], again[0], 0, 1) == 0
    assert change(sea[0], city[0], 0.2, 0.7) > 30
    assert change(sea[0], sea[-1], 0.2, 0.7) > 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a  fox\n in snow", "a fox in snow"),
        ("café – naïve Straße", "cafe - naive Strasse"),
        ("a fox 🦊", "a fox"),
        ("雪の中の狐", "(a prompt in letters that the stand-in's font does not have)"),
    ],
)
def test_a_caption_is_legible(text: str, shown: str) -> None:
    """Letters that the font lacks are left out; if that is most of them, it says so."""
    assert to_supported_glyphs(text) == shown


@pytest.mark.parametrize(
    "prompt",
    ["x" * 1_000_000, "word " * 3000, "\u202e\u200b\x00 fox", "🦊" * 900, "\n\n.", "[[hello]]"],
)
def test_any_prompt_can_be_drawn(prompt: str, tmp_path: Path) -> None:
    """Long, hostile or empty of letters."""
    assert drawn(tmp_path, order(prompt=prompt, aspect_ratio="21:9"), [plain(RED)]).frames


def test_a_padded_clip_still_plays(tmp_path: Path) -> None:
    """The padding is a box that players skip."""
    drawn(tmp_path, order())
    path = tmp_path / "clip.mp4"
    pad_to_size(path, 5)
    assert path.stat().st_size == 5_000_000
    assert Clip.read(path.read_bytes()).seconds == pytest.approx(1, abs=0.05)
    pad_to_size(path, 1)
    assert path.stat().st_size == 5_000_000


def test_drawing_can_be_stopped(tmp_path: Path) -> None:
    """Nobody waits for a clip that nobody will see."""
    stop = threading.Event()
    stop.set()
    render_clip(tmp_path / "clip.mp4", order(), [], stop)
    assert not (tmp_path / "clip.mp4").exists()


@pytest.mark.parametrize("options", [ApixoConfig(clips="drawn")])
async def test_a_task_gets_its_clip_while_the_server_goes_on_answering(
    client: ApiClient, host: FileHost, apixo: FakeApixo, clock: ManualClock
) -> None:
    """The answer does not wait for the clip; the success does."""
    picture = host.serve("red.png", png("red"))
    task_id = await client.submit_task("1.5 image", image_urls=[picture], duration=4, sound=True)
    (task,) = apixo.tasks
    clock.advance(60)
    assert task.ready_at is None
    assert (await client.status(task_id)).data["state"] == "processing"
    await wait_until(lambda: task.ready_at is not None)
    clip = Clip.read((await client.download(task_id)).body)
    assert (clip.size, clip.audio, len(clip.frames)) == ((480, 480), "aac", 96)
    assert is_near(middle(clip.frames[0]), (254, 0, 0))


@pytest.mark.parametrize("options", [ApixoConfig(clips="drawn")])
async def test_a_reference_video_is_shown_by_its_first_frame(
    client: ApiClient, host: FileHost, apixo: FakeApixo, clock: ManualClock, tmp_path: Path
) -> None:
    """Where there is no picture."""
    drawn(tmp_path, order(prompt="[[never]]", duration=2), [plain(BLUE)])
    video = host.serve("blue.mp4", (tmp_path / "clip.mp4").read_bytes())
    task_id = await client.submit_task("2.0 omni", video_urls=[video], duration=4)
    (task,) = apixo.tasks
    await wait_until(lambda: task.ready_at is not None)
    clock.advance(480)
    clip = Clip.read((await client.download(task_id, "seedance-2-0")).body)
    assert is_near(middle(clip.frames[0]), BLUE)


async def test_a_clip_that_cannot_be_made_fails_its_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: ManualClock
) -> None:
    """As upstream's own errors do, with the money given back."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with FakeApixo(ApixoConfig(), clock) as apixo, ApiClient(apixo) as customer:
        (folder,) = tmp_path.iterdir()
        shutil.rmtree(folder)
        task_id = await customer.submit_task("1.5 text")
        (task,) = apixo.tasks
        await wait_until(lambda: task.fail_code is not None)
        clock.advance(90)
        assert (await customer.status(task_id)).data["failCode"] == "Unknown error"
        assert await customer.balance() == 100
