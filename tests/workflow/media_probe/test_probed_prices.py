"""From the bytes of a reference video to its price: row by row against the golden table."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from domain.models import Resolution
from domain.pricing import quote
from domain.requests import Clip, Draft, GenerationCommand, build_request, round_clip_ms
from tests.harness.media_samples import make_audio, make_video
from workflow.media_probe.inspection import inspect
from workflow.media_probe.types import MediaKind

TABLE = Path(__file__).parents[2] / "domain" / "golden_prices.json"
ROWS: list[dict[str, Any]] = [row for row in json.loads(TABLE.read_text()) if row["video_ref_ms"]]


@cache
def probed(ms: int, kind: str = "mp4") -> Clip:
    """Make a video of so many milliseconds, and look how long it is."""
    found, _ = inspect(MediaKind.VIDEO, make_video(ms, kind=kind))
    return Clip(
        url="https://x/v.mp4",
        name="v.mp4",
        duration_ms=round_clip_ms(found.microseconds),
        kept=None,
    )


def price(resolution: str, seconds: int, **media: tuple[Clip, ...]) -> int:
    draft = Draft(
        command=GenerationCommand.REFERENCE,
        prompt="like these",
        resolution=Resolution(resolution),
        seconds=seconds,
        **media,
    )
    return quote(build_request(draft)).amount


def test_the_golden_table_has_rows_with_reference_videos() -> None:
    """So none of the tests below went missing."""
    assert len({row["video_ref_ms"] for row in ROWS}) >= 5


def test_a_real_video_costs_what_the_table_says() -> None:
    """To the micro-dollar, as one file, and as an MP4 and a MOV where it is long enough for two."""
    for row in ROWS:
        total = row["video_ref_ms"]
        splits = [(probed(total),)]
        if total >= 4000:
            splits.append((probed(2000), probed(total - 2000, "mov")))
        found = [price(row["resolution"], row["duration"], videos=videos) for videos in splits]
        assert found == [row["cost_micro_usd"]] * len(splits), row


@pytest.mark.parametrize("kind", ["mp3", "wav"])
def test_reference_audio_costs_nothing(kind: str) -> None:
    """APIXO bills the reference video alone; without one the other rate counts."""
    found, _ = inspect(MediaKind.AUDIO, make_audio(3000, kind))
    heard = Clip(url="https://x/a", name="a", duration_ms=round_clip_ms(found.microseconds))
    assert price("720p", 5, videos=(probed(2500),), audios=(heard,)) == 862_500


def test_three_videos_are_billed_to_the_sum_of_their_milliseconds() -> None:
    """(8 + 2.001 + 3.337 + 9.662) s × $0.29."""
    videos = (probed(2001), probed(3337), probed(9662))
    assert sum(clip.duration_ms for clip in videos) == 15_000
    assert price("1080p", 8, videos=videos) == 290 * 23_000
