"""What is sent to APIXO, field by field."""

from typing import Any

import pytest

from apixo.errors import BadRequest
from apixo.requests import build_submission
from domain.models import AspectRatio, Mode, Resolution
from domain.requests import VideoRequest
from tests.harness.video_requests import (
    PROMPT,
    pro_image_to_video,
    pro_text_to_video,
    request_of_every_mode,
    v2_omni_reference,
    v2_text_to_video,
)

CALLBACK = "https://bot.example/callbacks/apixo/token"
A_REQUEST_OF_EVERY_MODE = request_of_every_mode(
    ("https://example.com/1.png", "https://example.com/2.png"),
    "https://example.com/v.mp4",
    "https://example.com/a.mp3",
)


def test_text_to_video_on_pro_is_as_its_page_shows() -> None:
    """The quickstart of APIXO's page for 1.5 Pro."""
    assert build_submission(pro_text_to_video()) == {
        "request_type": "async",
        "input": {
            "mode": "text-to-video",
            "prompt": PROMPT,
            "resolution": "720p",
            "duration": 8,
            "sound": False,
            "aspect_ratio": "16:9",
            "fixed_lens": False,
        },
    }


def test_references_on_two_are_as_its_page_shows() -> None:
    """The omni-reference example of APIXO's page for 2.0."""
    request = v2_omni_reference(
        ("https://e.com/p.png",), ("https://e.com/v.mp4",), ("https://e.com/a.mp3",)
    )
    assert build_submission(request) == {
        "request_type": "async",
        "input": {
            "mode": "omni_reference",
            "prompt": "a stylish product ad",
            "image_urls": ["https://e.com/p.png"],
            "video_urls": ["https://e.com/v.mp4"],
            "audio_urls": ["https://e.com/a.mp3"],
            "resolution": "720p",
            "duration": 6,
            "aspect_ratio": "auto",
            "sound": True,
            "web_search": False,
        },
    }


@pytest.mark.parametrize("request_", A_REQUEST_OF_EVERY_MODE, ids=str)
def test_types_are_exact_and_no_array_is_empty(request_: VideoRequest) -> None:
    """8 and not "8", true and not 1; an empty `video_urls` might be billed as one provided."""
    fields: dict[str, Any] = build_submission(request_)["input"]
    assert type(fields["duration"]) is int
    assert type(fields["sound"]) is bool
    assert all(type(fields[name]) is str for name in ("mode", "resolution", "aspect_ratio"))
    assert all(fields[name] for name in fields if name.endswith("_urls"))
    assert None not in fields.values()


@pytest.mark.parametrize("request_", A_REQUEST_OF_EVERY_MODE, ids=str)
def test_a_model_gets_its_own_switch_only(request_: VideoRequest) -> None:
    """fixed_lens belongs to 1.5 Pro and web_search to 2.0."""
    fields = build_submission(request_)["input"]
    is_pro = request_.model == "seedance-1-5-pro"
    assert ("fixed_lens" in fields, "web_search" in fields) == (is_pro, not is_pro)


def test_a_callback_is_asked_for_with_its_address() -> None:
    """Nothing but the delivery changes."""
    plain, called = (
        build_submission(v2_text_to_video()),
        build_submission(v2_text_to_video(), CALLBACK),
    )
    assert called == {**plain, "request_type": "callback", "callback_url": CALLBACK}


def test_a_callback_to_this_machine_may_be_plain() -> None:
    """A local run without TLS can be called back by the stand-in."""
    assert (
        build_submission(pro_text_to_video(), "http://127.0.0.1:8080/x")["request_type"]
        == "callback"
    )


@pytest.mark.parametrize(
    "url", ["http://bot.example/x", "https://", "ftp://127.0.0.1/x", "[", "/x"]
)
def test_a_callback_elsewhere_must_be_https(url: str) -> None:
    """APIXO takes public HTTPS addresses only."""
    with pytest.raises(BadRequest, match="callback_url"):
        build_submission(pro_text_to_video(), url)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"resolution": Resolution.P1080}, "resolution"),
        ({"aspect_ratio": AspectRatio.AUTO}, "aspect_ratio"),
        ({"seconds": 13}, "duration"),
        ({"seconds": "8"}, "duration"),
        ({"seconds": True}, "duration"),
        ({"sound": 1}, "sound"),
        ({"prompt": "no"}, "prompt"),
        ({"prompt": "\ud800 high"}, "prompt"),
        ({"web_search": True}, "web_search"),
        ({"mode": Mode.OMNI_REFERENCE}, "omni_reference"),
    ],
)
def test_a_request_that_fits_no_form_is_refused_here(change: dict[str, Any], named: str) -> None:
    """Kept requests may be older than the rules; what is wrong is named, the prompt is not told."""
    request = pro_text_to_video().model_copy(update=change)
    with pytest.raises(BadRequest, match=named) as caught:
        build_submission(request)
    assert caught.value.__context__ is None
    assert PROMPT not in str(caught.value)


def test_pictures_are_counted() -> None:
    """One or two; none is not an animation."""
    for urls in ((), ("https://e.com/1.png",) * 3):
        with pytest.raises(BadRequest, match="image_urls"):
            build_submission(pro_image_to_video(*urls))
