"""What plays and what does not: files as they may come back from APIXO."""

import errno
import io
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import av
import pytest

from sandbox.apixo.clips import picture_file, sound_file
from tests.harness.media_samples import make_audio, make_video
from tests.workflow.media_probe.test_kinds import movie
from workflow.errors import NotPlayable, PlaybackUnknown
from workflow.media_probe import clips, probe
from workflow.media_probe.playback import measure_playback
from workflow.media_probe.probe import ConfinedPlaybackCheck
from workflow.media_probe.types import UnusableMedia

LAYOUTS: dict[str, Callable[[], bytes]] = {
    "header ahead": partial(make_video, 4000, sound_ms=4000, movflags="+faststart"),
    "header behind": partial(make_video, 4000, sound_ms=4000),
    "no sound": partial(make_video, 4000, movflags="+faststart"),
    "fragments": partial(make_video, 4000, sound_ms=4000, fragmented=True),
}
FILES = Path(__file__).parents[2] / "media_files"


def fault(data: bytes) -> str | None:
    """Return why a file does not play."""
    try:
        return measure_playback(io.BytesIO(data)).fault
    except UnusableMedia as error:
        return error.fault


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_whole_file_plays_and_a_part_of_it_does_not(layout: str) -> None:
    """Wherever it was cut off, and also if what is missing came as zeros."""
    whole = LAYOUTS[layout]()
    played = measure_playback(io.BytesIO(whole))
    assert played.fault is None
    assert 4000 <= played.milliseconds < 4100
    for share in (0.1, 0.5, 0.9):
        part = whole[: int(len(whole) * share)]
        assert fault(part), share
        assert fault(part + bytes(len(whole) - len(part))), share


def with_cover() -> bytes:
    """Make a sound with a cover picture, which FFmpeg shows as a video track."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as target:
        with av.open(io.BytesIO(sound_file())) as source:
            sound: Any = target.add_stream_from_template(source.streams.audio[0])
            picture: Any = target.add_stream("mjpeg", rate=1)
            picture.width = picture.height = 64
            picture.pix_fmt = "yuvj420p"
            picture.disposition = av.stream.Disposition.attached_pic
            target.mux(picture.encode(av.VideoFrame(64, 64, "yuvj420p")))
            for packet in source.demux(source.streams.audio[0]):
                if packet.size:
                    packet.stream = sound
                    target.mux(packet)
        target.mux(picture.encode(None))
    return file.getvalue()


@pytest.mark.parametrize(
    "make",
    [
        picture_file,
        sound_file,
        with_cover,
        partial(make_audio, 2000, "mp3"),
        partial(movie, "webm", "libvpx", 9, 9, (64, 48)),
        partial(movie, "matroska", "libx264", 9, 9, (64, 48)),
        lambda: b"<!doctype html><title>Just a moment...</title>",
        lambda: b"#EXTM3U\n",
        lambda: b"\0\0\0\x18ftypisom" + bytes(5000),
        lambda: b"",
    ],
)
def test_what_is_no_mp4_with_video_does_not_play(make: Callable[[], bytes]) -> None:
    """A picture, a sound, another container, a page, a playlist, or nothing."""
    assert fault(make())


@pytest.mark.parametrize(
    "name",
    [
        *("f_v26_cut_copy.mp4", "rec_avc.mp4", "v05_frag_empty.mp4", "v31_stts_negative.mp4"),
        *("v75_loop_honest.mp4", "v85_tail_8.mp4", "v86_cut3.mp4", "f_m_sound_1ms.mp4"),
    ],
)
def test_an_odd_file_that_plays_is_not_lost(name: str) -> None:
    """Edit lists, fragments, sound of another length, bytes behind the end."""
    assert fault((FILES / name).read_bytes()) is None


async def test_the_verdict_comes_from_a_process_of_its_own(tmp_path: Path) -> None:
    """The length of what plays; or the reason why it does not."""
    video = tmp_path / "clip.mp4"
    video.write_bytes(make_video(2000))
    assert await ConfinedPlaybackCheck().check(video) == 2000
    video.write_bytes(make_video(2000, movflags="+faststart")[:-500])
    with pytest.raises(NotPlayable, match="decoded to its end"):
        await ConfinedPlaybackCheck().check(video)
    with pytest.raises(FileNotFoundError):
        await ConfinedPlaybackCheck().check(tmp_path / "none")


def large_video() -> bytes:
    """Make a video whose frames take more memory than the rest of its reader."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream: Any = container.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 3840, 2160, "yuv420p"
        stream.options = {"preset": "ultrafast"}
        for pts in range(2):
            frame = av.VideoFrame(3840, 2160, "yuv420p")
            frame.pts = pts
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


async def test_want_of_memory_is_no_fault_of_the_file(tmp_path: Path) -> None:
    """Too little to start, to open it, or to decode it, which FFmpeg takes for invalid data."""
    video = tmp_path / "clip.mp4"
    video.write_bytes(large_video())
    with pytest.raises(PlaybackUnknown):
        await ConfinedPlaybackCheck(memory_bytes=64 << 20).check(video)
    for megabytes in (130, 145, 160):  # somewhere here it is enough
        with suppress(PlaybackUnknown):
            await ConfinedPlaybackCheck(memory_bytes=megabytes << 20).check(video)


@pytest.mark.parametrize(
    "program", ["import os; os.abort()", "raise SystemExit(3)", "pass", "print('{\"fault\": 1}')"]
)
async def test_a_reader_that_dies_or_lies_says_nothing_of_the_file(
    tmp_path: Path, program: str
) -> None:
    """It may have been taken over by what it looked into."""
    video = tmp_path / "clip.mp4"
    video.write_text(program)
    check = ConfinedPlaybackCheck()
    check._program = replace(check._program, module="tests.harness.given_program")
    with pytest.raises(PlaybackUnknown):
        await check.check(video)


async def test_a_reader_that_is_not_started_says_nothing_of_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """There is no room for its answer."""

    def refuse() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    video = tmp_path / "clip.mp4"
    video.write_bytes(make_video(1000))
    monkeypatch.setattr(probe, "TemporaryFile", refuse)
    with pytest.raises(PlaybackUnknown, match="No space left"):
        await ConfinedPlaybackCheck().check(video)


def test_more_work_than_any_video_makes_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process ends without one."""
    monkeypatch.setattr(clips, "_MAX_FRAMES", 10)
    with pytest.raises(UnusableMedia):
        measure_playback(io.BytesIO(make_video(2000)))
