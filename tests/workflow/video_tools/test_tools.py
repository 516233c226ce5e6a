"""The tools work in processes of their own, which they end, and which end themselves."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.harness.color_videos import (
    color_distance,
    colours,
    decode_frames,
    make_video,
    mean_color,
    open_image,
)
from workflow.errors import UnusableVideo
from workflow.video_tools import VideoTask
from workflow.video_tools import tools as module
from workflow.video_tools.tools import ConfinedVideoTools

COLOURS = colours(30)
LIMIT = 60_000


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Keep a film."""
    path = tmp_path / "film.mp4"
    path.write_bytes(make_video(COLOURS, noise=60))
    return path


async def test_a_picture_and_a_copy_come_back_from_the_other_process(
    video: Path, tmp_path: Path
) -> None:
    """Several at once wait for one another."""
    before = video.read_bytes()
    tools, copy = ConfinedVideoTools(), tmp_path / "copy.mp4"
    with copy.open("wb") as out:
        one, other, _ = await asyncio.gather(
            tools.extract_last_frame(video),
            tools.extract_last_frame(video),
            tools.transcode(video, out, LIMIT),
        )
    assert one == other
    assert color_distance(mean_color(open_image(one)), decode_frames(before)[0][-1]) < 6
    pictures, about = decode_frames(copy.read_bytes())
    assert (len(pictures), about["bytes"] <= LIMIT) == (30, True)
    assert video.read_bytes() == before


@pytest.mark.parametrize("data", [b"", b"\x00\x00\x00\x18ftypisom" + bytes(999)])
async def test_a_damaged_video_is_told(video: Path, data: bytes, tmp_path: Path) -> None:
    """Neither a picture nor a copy; the tools go on."""
    tools, damaged = ConfinedVideoTools(), tmp_path / "damaged.mp4"
    damaged.write_bytes(data)
    with pytest.raises(UnusableVideo):
        await tools.extract_last_frame(damaged)
    with (tmp_path / "copy.mp4").open("wb") as out, pytest.raises(UnusableVideo):
        await tools.transcode(damaged, out, LIMIT)
    assert await tools.extract_last_frame(video)


async def test_what_failed_once_is_not_begun_again(video: Path, tmp_path: Path) -> None:
    """A copy may cost minutes; with other limits it is tried."""
    tools, film_of_nothing = ConfinedVideoTools(), tmp_path / "late.mp4"
    film_of_nothing.write_bytes(b"no film")
    with (tmp_path / "copy.mp4").open("wb") as out:
        with pytest.raises(UnusableVideo, match="ended with"):
            await tools.transcode(film_of_nothing, out, LIMIT)
        film_of_nothing.write_bytes(video.read_bytes())
        with pytest.raises(UnusableVideo, match="failed before"):
            await tools.transcode(film_of_nothing, out, LIMIT)
        await tools.transcode(film_of_nothing, out, LIMIT - 1)


async def test_a_video_that_is_not_there_is_not_taken_for_a_damaged_one(tmp_path: Path) -> None:
    """It is to be fetched again."""
    with pytest.raises(FileNotFoundError):
        await ConfinedVideoTools().extract_last_frame(tmp_path / "gone.mp4")


@pytest.mark.parametrize("hardened", [{"memory_bytes": 1 << 20}, {"file_bytes": 999}], ids=str)
async def test_a_video_that_asks_too_much_ends_its_process(
    video: Path, monkeypatch: pytest.MonkeyPatch, hardened: dict[str, int]
) -> None:
    """The limits are those of the process: no code of ours has to notice."""
    usual = module._PROGRAMS[VideoTask.LAST_FRAME]
    program = replace(usual, limits=replace(usual.limits, **hardened))
    monkeypatch.setitem(module._PROGRAMS, VideoTask.LAST_FRAME, program)
    with pytest.raises(UnusableVideo, match="ended with"):
        await ConfinedVideoTools().extract_last_frame(video)


async def test_a_process_that_is_not_waited_for_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """When the service ends, and when it takes too long."""
    usual = module._PROGRAMS[VideoTask.LAST_FRAME]
    program = replace(usual, module="tests.harness.given_program")
    monkeypatch.setitem(module._PROGRAMS, VideoTask.LAST_FRAME, program)
    given, told = tmp_path / "given.py", tmp_path / "pid"
    given.write_text(
        f"import os, time; open({str(told)!r}, 'w').write(f'{{os.getpid()}}.'); time.sleep(600)"
    )
    waiting = asyncio.create_task(ConfinedVideoTools().extract_last_frame(given))
    async with asyncio.timeout(120):
        while not told.exists() or not told.read_text().endswith("."):
            await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not Path("/proc", told.read_text()[:-1]).exists()
    late = replace(program, wall_seconds=0.05)
    monkeypatch.setitem(module._PROGRAMS, VideoTask.LAST_FRAME, late)
    with pytest.raises(UnusableVideo, match="took over"):
        await ConfinedVideoTools().extract_last_frame(given)
