"""Prices, row by row against the table made from APIXO's model pages."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.models import MODELS, ModelId, Resolution
from domain.money import format_usd_en
from domain.pricing import quote, quote_options
from domain.requests import Clip, Draft, GenerationCommand, Picture, build_request

GOLDEN: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "golden_prices.json").read_text()
)
PICTURE = Picture(url="https://x/a.png", name="a.png", format="PNG", width=640, height=360, size=9)
COMMANDS = {
    "text-to-video": GenerationCommand.VIDEO,
    "image-to-video": GenerationCommand.ANIMATE,
    "first_and_last_frames": GenerationCommand.ANIMATE,
    "omni_reference": GenerationCommand.REFERENCE,
}


def clips(total_ms: int) -> tuple[Clip, ...]:
    return (Clip(url="https://x/v.mp4", name="v.mp4", duration_ms=total_ms),) if total_ms else ()


def row_id(row: dict[str, Any]) -> str:
    keys = ("model", "mode", "resolution", "sound", "video_ref_ms", "duration")
    return "-".join(str(row[key]) for key in keys)


def test_the_golden_table_is_whole() -> None:
    """All 432 rows are there, so none of the tests below went missing."""
    assert len({row_id(row) for row in GOLDEN}) == 432


def test_every_golden_price_is_quoted_to_the_micro_dollar() -> None:
    """A request as a member makes it costs what the table says."""
    keys = ("mode", "cost_micro_usd", "cost_usd")
    table = {row_id(row): tuple(row[key] for key in keys) for row in GOLDEN}
    assert {row_id(row): quoted(row) for row in GOLDEN} == table


def quoted(row: dict[str, Any]) -> tuple[str, int, str]:
    """Return a request's mode and price, in micro-dollars and as it is written in the table."""
    command = COMMANDS[row["mode"]]
    request = build_request(
        Draft(
            command=command,
            prompt="a calm sea",
            model=ModelId(row["model"]),
            seconds=row["duration"],
            resolution=Resolution(row["resolution"]),
            sound=row["sound"],
            pictures=(PICTURE,) if command is GenerationCommand.ANIMATE else (),
            videos=clips(row["video_ref_ms"]),
        )
    )
    amount = quote(request).amount
    written, listed = (
        text.rstrip("0").rstrip(".") for text in (format_usd_en(amount), "$" + row["cost_usd"])
    )
    return request.mode, amount, row["cost_usd"] if written == listed else written


@given(
    model=st.sampled_from(list(ModelId)),
    seconds=st.integers(4, 12),
    sound=st.booleans(),
    reference_ms=st.integers(2_000, 15_000),
)
def test_a_reference_video_is_billed_by_the_millisecond(
    model: ModelId, seconds: int, sound: bool, reference_ms: int
) -> None:
    """One more millisecond of reference costs exactly one millisecond's rate."""
    for resolution in MODELS[model].resolutions:
        less = quote_options(
            model, resolution, seconds=seconds, sound=sound, reference_ms=reference_ms
        )
        more = quote_options(
            model, resolution, seconds=seconds, sound=sound, reference_ms=reference_ms + 1
        )
        assert more.amount - less.amount == less.mills_per_second


def test_sound_doubles_the_price_of_1_5_pro_and_is_free_on_2_0() -> None:
    """The two billing tables differ in what sound does."""
    for resolution in (Resolution.P480, Resolution.P720):
        silent = quote_options(ModelId.SEEDANCE_1_5_PRO, resolution, seconds=8, sound=False).amount
        assert quote_options(
            ModelId.SEEDANCE_1_5_PRO, resolution, seconds=8, sound=True
        ).amount == (2 * silent)
        silent = quote_options(ModelId.SEEDANCE_2_0, resolution, seconds=8, sound=False).amount
        assert (
            quote_options(ModelId.SEEDANCE_2_0, resolution, seconds=8, sound=True).amount == silent
        )
