"""What may be asked for, and which rules are named when it may not."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import RulesViolated
from domain.models import AspectRatio, Mode, ModelId, Resolution
from domain.requests import (
    Clip,
    Draft,
    GenerationCommand,
    Picture,
    build_request,
    dump_request,
    load_request,
    round_clip_ms,
)
from domain.violations import Source, Violation
from domain.violations import ViolationCode as Code

PRO, TWO = ModelId.SEEDANCE_1_5_PRO, ModelId.SEEDANCE_2_0
VIDEO = Draft(command=GenerationCommand.VIDEO, prompt="a calm sea")
PICTURE = Picture(
    url="https://cdn/a.png?ex=1", name="a.png", format="PNG", width=640, height=360, size=9_000
)
ANIMATE = Draft(command=GenerationCommand.ANIMATE, prompt="it moves", pictures=(PICTURE,))
NO_PICTURE = Violation.of(Code.FILE_OTHER_FORMAT, Source.ATTACHMENT, name="a.txt", kind="picture")
REFERENCE = Draft(command=GenerationCommand.REFERENCE, prompt="like these")


def clip(ms: int) -> Clip:
    return Clip(url="https://cdn/v.mp4", name="v.mp4", duration_ms=ms)


def broken(draft: Draft) -> tuple[Violation, ...]:
    with pytest.raises(RulesViolated) as caught:
        build_request(draft)
    return caught.value.violations


@pytest.mark.parametrize(
    ("draft", "mode"),
    [
        (VIDEO, Mode.TEXT_TO_VIDEO),
        (replace(VIDEO, model=TWO), Mode.TEXT_TO_VIDEO),
        (ANIMATE, Mode.IMAGE_TO_VIDEO),
        (replace(ANIMATE, model=TWO), Mode.FIRST_AND_LAST_FRAMES),
        (REFERENCE, Mode.OMNI_REFERENCE),
    ],
)
def test_the_command_and_the_model_decide_the_mode(draft: Draft, mode: Mode) -> None:
    """A member chooses a command, never a mode."""
    assert build_request(draft).mode == mode


def test_what_is_left_open_takes_the_models_defaults() -> None:
    """A prompt alone is a whole request."""
    request = build_request(VIDEO)
    assert (request.model, request.resolution, request.seconds) == (PRO, Resolution.P720, 4)
    assert (request.aspect_ratio, request.sound) == (AspectRatio.WIDE, False)
    request = build_request(replace(VIDEO, model=TWO))
    assert (request.resolution, request.seconds) == (Resolution.P720, 5)
    assert (request.aspect_ratio, request.sound) == (AspectRatio.AUTO, True)


@pytest.mark.parametrize(
    ("width", "height", "ratio"),
    [
        (640, 360, "16:9"),
        (360, 640, "9:16"),
        (500, 500, "1:1"),
        (900, 360, "21:9"),
        (700, 560, "4:3"),
    ],
)
def test_1_5_pro_takes_the_shape_of_the_picture(width: int, height: int, ratio: str) -> None:
    """1.5 Pro has no automatic shape, so the nearest one is chosen here."""
    picture = PICTURE.model_copy(update={"width": width, "height": height})
    assert build_request(replace(ANIMATE, pictures=(picture,))).aspect_ratio == ratio


@pytest.mark.parametrize(
    ("draft", "code", "params"),
    [
        (replace(VIDEO, prompt="  ab "), Code.PROMPT_TOO_SHORT, {"model": PRO, "least": 3}),
        (replace(VIDEO, prompt="   "), Code.PROMPT_EMPTY, {}),
        (replace(VIDEO, prompt="\u200b\u200b\u200b\u200b", model=TWO), Code.PROMPT_EMPTY, {}),
        (
            replace(VIDEO, prompt="x" * 2501),
            Code.PROMPT_TOO_LONG,
            {"model": PRO, "most": 2500, "units": 2501},
        ),
        (replace(VIDEO, prompt="\U0001f600" * 1251), Code.PROMPT_TOO_LONG, {"units": 2502}),
        (replace(VIDEO, prompt="a\ud800bc"), Code.PROMPT_NOT_SENDABLE, {}),
        (replace(VIDEO, prompt="a\0bc", model=TWO), Code.PROMPT_NOT_SENDABLE, {}),
        (
            replace(VIDEO, seconds=3),
            Code.LENGTH_UNSUPPORTED,
            {"model": PRO, "seconds": 3, "least": 4, "most": 12},
        ),
        (replace(VIDEO, seconds=13), Code.LENGTH_UNSUPPORTED, {"seconds": 13}),
        (replace(VIDEO, seconds=16, model=TWO), Code.LENGTH_UNSUPPORTED, {"most": 15}),
        (replace(VIDEO, seconds=-1), Code.LENGTH_UNSUPPORTED, {"seconds": -1}),
        (
            replace(VIDEO, resolution=Resolution.P1080),
            Code.RESOLUTION_UNSUPPORTED,
            {"resolution": "1080p", "choices": ("480p", "720p")},
        ),
        (
            replace(VIDEO, aspect_ratio=AspectRatio.AUTO),
            Code.ASPECT_RATIO_UNSUPPORTED,
            {"model": PRO, "ratio": "auto"},
        ),
        (
            replace(VIDEO, web_search=True),
            Code.OPTION_UNSUPPORTED,
            {"option": "web_search", "able": (TWO,), "model": PRO},
        ),
        (
            replace(VIDEO, fixed_lens=True, model=TWO),
            Code.OPTION_UNSUPPORTED,
            {"option": "fixed_lens", "able": (PRO,), "model": TWO},
        ),
        (replace(ANIMATE, pictures=()), Code.PICTURE_MISSING, {}),
        (
            replace(ANIMATE, pictures=(PICTURE,) * 3),
            Code.TOO_MANY_PICTURES,
            {"most": 2, "given": 3},
        ),
        (replace(REFERENCE, pictures=(PICTURE,) * 10), Code.TOO_MANY_PICTURES, {"most": 9}),
        (
            replace(REFERENCE, videos=(clip(3000),) * 4),
            Code.TOO_MANY_VIDEOS,
            {"most": 3, "given": 4},
        ),
        (replace(REFERENCE, audios=(clip(3000),)), Code.AUDIO_ALONE, {}),
        (
            replace(REFERENCE, pictures=(PICTURE,), audios=(clip(3000),) * 4),
            Code.TOO_MANY_AUDIOS,
            {"most": 3, "given": 4},
        ),
        (
            replace(REFERENCE, model=PRO),
            Code.MODE_UNSUPPORTED,
            {"command": "reference", "model": PRO, "able": (TWO,)},
        ),
        (replace(REFERENCE, prompt="\u2060\u00ad"), Code.PROMPT_EMPTY, {}),
        (replace(REFERENCE, seconds=3), Code.LENGTH_UNSUPPORTED, {"seconds": 3}),
        (replace(REFERENCE, seconds=16), Code.LENGTH_UNSUPPORTED, {"seconds": 16}),
        (replace(REFERENCE, fixed_lens=True), Code.OPTION_UNSUPPORTED, {"able": (PRO,)}),
        (replace(VIDEO, pictures=(PICTURE,)), Code.TOO_MANY_PICTURES, {"most": 0}),
        (replace(VIDEO, model=TWO, videos=(clip(3000),)), Code.TOO_MANY_VIDEOS, {"most": 0}),
        (
            replace(ANIMATE, model=TWO, audios=(clip(3000),)),
            Code.TOO_MANY_AUDIOS,
            {"most": 0, "given": 1},
        ),
        (
            replace(REFERENCE, videos=(clip(1999),)),
            Code.VIDEO_LENGTH,
            {"name": "v.mp4", "duration_ms": 1999},
        ),
        (
            replace(REFERENCE, videos=(clip(7_200_000),)),
            Code.VIDEO_LENGTH,
            {"duration_ms": 7_200_000},
        ),
        (
            replace(REFERENCE, pictures=(PICTURE,), audios=(clip(1999),)),
            Code.AUDIO_LENGTH,
            {"name": "v.mp4", "duration_ms": 1999},
        ),
        (
            replace(REFERENCE, pictures=(PICTURE,), audios=(clip(15001),)),
            Code.AUDIO_LENGTH,
            {"duration_ms": 15_001},
        ),
        (
            replace(REFERENCE, videos=(clip(5000), clip(5000), clip(5001))),
            Code.VIDEOS_TOO_LONG,
            {"duration_ms": 15_001},
        ),
        (
            replace(REFERENCE, pictures=(PICTURE,), audios=(clip(9000), clip(6001))),
            Code.AUDIOS_TOO_LONG,
            {"duration_ms": 15_001},
        ),
        (replace(REFERENCE, videos=(clip(15001),)), Code.VIDEO_LENGTH, {"duration_ms": 15_001}),
        (
            replace(REFERENCE, videos=(clip(5010),) * 3),
            Code.VIDEOS_TOO_LONG,
            {"duration_ms": 15_030},
        ),
    ],
)
def test_a_broken_rule_is_named(draft: Draft, code: Code, params: dict[str, object]) -> None:
    """Each rule alone breaks one request, with one violation, which the member can correct."""
    (violation,) = broken(draft)
    assert violation.code is code
    assert params.items() <= dict(violation.params).items()
    assert violation.source in (Source.FORM, Source.ATTACHMENT)


SIDES: dict[str, object] = {"least": 300, "most": 6000}


@pytest.mark.parametrize(
    ("change", "code", "params"),
    [
        ({"format": "GIF"}, Code.PICTURE_FORMAT, {}),
        ({"size": 10_000_001}, Code.PICTURE_TOO_LARGE, {}),
        ({"width": 299, "height": 300}, Code.PICTURE_SIDES, SIDES),
        ({"width": 300, "height": 299}, Code.PICTURE_SIDES, SIDES),
        ({"width": 4000, "height": 6001}, Code.PICTURE_SIDES, SIDES),
        ({"width": 300, "height": 751}, Code.PICTURE_TOO_NARROW, {"most": 2.5}),
        ({"width": 751, "height": 300}, Code.PICTURE_TOO_NARROW, {"most": 2.5}),
        ({"width": 6001, "height": 4000}, Code.PICTURE_SIDES, SIDES),
        ({"width": 800, "height": 310}, Code.PICTURE_TOO_NARROW, {"most": 2.5}),
        ({"width": 310, "height": 800}, Code.PICTURE_TOO_NARROW, {"most": 2.5}),
    ],
)
def test_an_unfit_picture_is_named(
    change: dict[str, object], code: Code, params: dict[str, object]
) -> None:
    """The picture's own facts count, and its name and they are told."""
    rules = broken(replace(ANIMATE, pictures=(PICTURE.model_copy(update=change),)))
    assert rules == (Violation.of(code, Source.ATTACHMENT, name="a.png", **params, **change),)


@pytest.mark.parametrize(
    "draft",
    [
        replace(VIDEO, prompt="abc"),
        replace(VIDEO, prompt=" " * 50 + "x" * 2500 + " " * 50),
        replace(VIDEO, prompt="x", model=TWO),
        replace(VIDEO, prompt="x" * 6000, model=TWO),
        replace(VIDEO, seconds=12),
        replace(VIDEO, seconds=15, model=TWO, resolution=Resolution.P1080),
        replace(VIDEO, web_search=False, fixed_lens=True),
        replace(ANIMATE, pictures=(PICTURE, PICTURE)),
        REFERENCE,
        replace(REFERENCE, model=TWO, prompt="\ue000"),
        replace(REFERENCE, seconds=4, resolution=Resolution.P1080, web_search=True),
        replace(REFERENCE, seconds=15),
        replace(REFERENCE, videos=(clip(2000),)),
        replace(REFERENCE, videos=(clip(15000),)),
        replace(REFERENCE, videos=(clip(5000),) * 3),
        replace(REFERENCE, videos=(clip(3000),), audios=(clip(2000),)),
        replace(REFERENCE, pictures=(PICTURE,), audios=(clip(5000),) * 3),
        replace(REFERENCE, pictures=(PICTURE,) * 9, audios=(clip(15000),)),
        replace(
            REFERENCE,
            pictures=(PICTURE,) * 9,
            videos=(clip(5000),) * 3,
            audios=(clip(5000),) * 3,
        ),
    ],
)
def test_the_edges_of_the_rules_are_inside(draft: Draft) -> None:
    """The last value that APIXO takes is taken."""
    assert build_request(draft).prompt == draft.prompt.strip()


@pytest.mark.parametrize(
    "change",
    [
        {"width": 300, "height": 300},
        {"width": 300, "height": 750},
        {"width": 6000, "height": 2400},
        {"width": 6000, "height": 6000},
        {"size": 10_000_000},
        {"format": "WEBP"},
        {"format": "JPEG"},
    ],
)
def test_a_picture_at_the_edge_is_taken(change: dict[str, object]) -> None:
    """The last size, side and shape that APIXO takes."""
    assert build_request(replace(ANIMATE, pictures=(PICTURE.model_copy(update=change),))).pictures


@pytest.mark.parametrize(
    ("microseconds", "ms"),
    [
        (0, 0),
        (1_999_000, 1999),
        (1_999_001, 1999),
        (1_999_999, 1999),
        (2_000_000, 2000),
        (2_000_001, 2001),
        (3_336_667, 3337),
        (3_337_000, 3337),
        (15_000_000, 15_000),
        (15_000_001, 15_001),
    ],
)
def test_a_length_is_rounded_to_what_costs_most_and_is_allowed_least(
    microseconds: int, ms: int
) -> None:
    """Up, since APIXO does not say how it rounds; but nothing is made long enough by rounding."""
    assert round_clip_ms(microseconds) == ms


def test_audio_is_not_called_lonely_when_its_picture_could_not_be_used() -> None:
    """One mistake is named once."""
    draft = replace(REFERENCE, audios=(clip(3000),), violations=(NO_PICTURE,))
    assert broken(draft) == (NO_PICTURE,)


def test_requests_kept_before_inputs_were_kept_still_load() -> None:
    """They lack the names of our copies, and nothing else."""
    request = build_request(replace(REFERENCE, pictures=(PICTURE,), videos=(clip(2500),)))
    old = json.loads(dump_request(request))
    for medium in (*old["pictures"], *old["videos"]):
        assert medium.pop("kept") is None
    assert load_request(json.dumps(old)) == request


def test_all_broken_rules_are_named_at_once() -> None:
    """Nobody mends one mistake only to hear of the next."""
    rules = broken(
        replace(
            VIDEO,
            prompt="x",
            seconds=99,
            resolution=Resolution.P1080,
            aspect_ratio=AspectRatio.AUTO,
            web_search=True,
            violations=(NO_PICTURE,),
        )
    )
    assert len(rules) == 6
    assert rules[0] == NO_PICTURE


def test_a_picture_that_could_not_be_used_is_not_called_missing_too() -> None:
    """One mistake is named once."""
    assert broken(replace(ANIMATE, pictures=(), violations=(NO_PICTURE,))) == (NO_PICTURE,)


@given(
    prompt=st.text(min_size=1, max_size=40).filter(lambda t: not set(t) & {"\0"}),
    seconds=st.integers(4, 15),
    sound=st.booleans(),
)
def test_a_request_comes_back_from_its_text_unchanged(
    prompt: str, seconds: int, sound: bool
) -> None:
    """What is kept in the database is what was checked."""
    draft = replace(VIDEO, model=TWO, prompt="x " + prompt, seconds=seconds, sound=sound)
    try:
        request = build_request(draft)
    except RulesViolated:
        return
    assert load_request(dump_request(request)) == request
    both = build_request(replace(REFERENCE, pictures=(PICTURE,), videos=(clip(2500),)))
    assert load_request(dump_request(both)) == both
