"""Every rule in the tables of the two model pages."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.apixo import FakeApixo
from tests.sandbox.apixo.conftest import SUBMISSIONS, ApiClient, FileHost, mp4, wav

DOCUMENTED: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("documented.json").read_text()
)
"""Every submission that the two pages show."""

PICTURE = "https://example.com/a.png"
LONG = "x" * 2500

ACCEPTED: list[tuple[str, dict[str, Any]]] = [
    *[("1.5 text", {"duration": seconds}) for seconds in range(4, 13)],
    *[("1.5 text", {"resolution": name}) for name in ("480p", "720p")],
    *[("1.5 text", {"aspect_ratio": r}) for r in ("1:1", "3:4", "4:3", "9:16", "16:9", "21:9")],
    *[("1.5 text", {"sound": sound, "fixed_lens": sound}) for sound in (True, False)],
    *[("1.5 text", {"prompt": text}) for text in ("fox", LONG, f"  {LONG} \n", "🦊" * 2500)],
    *[("1.5 image", {"image_urls": [PICTURE] * count}) for count in (1, 2)],
    ("1.5 text", {"image_urls": [PICTURE] * 3}),
    ("1.5 text", {"web_search": "no such field here", "seed": 7}),
    *[("2.0 text", {"duration": seconds}) for seconds in range(4, 16)],
    *[("2.0 text", {"resolution": name}) for name in ("480p", "720p", "1080p")],
    *[("2.0 text", {"aspect_ratio": r}) for r in ("auto", "1:1", "3:4", "4:3", "9:16", "16:9")],
    ("2.0 text", {"aspect_ratio": "21:9"}),
    *[("2.0 text", {"sound": wanted, "web_search": wanted}) for wanted in (True, False)],
    *[("2.0 text", {"prompt": text}) for text in ("x", LONG * 4)],
    ("2.0 text", {"fixed_lens": "no such field here", "video_urls": [PICTURE] * 9}),
    *[("2.0 frames", {"image_urls": [PICTURE] * count}) for count in (1, 2)],
    ("2.0 frames", {"image_urls": [{"url": PICTURE}, PICTURE]}),
    *[("2.0 omni", {"image_urls": [PICTURE] * count}) for count in (0, 1, 9)],
    ("2.0 omni", {"video_urls": [], "audio_urls": []}),
]

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    *[(order, {"mode": ...}, "input.mode") for order in SUBMISSIONS],
    *[(order, {"prompt": ...}, "input.prompt") for order in SUBMISSIONS],
    *[
        (order, {"prompt": bad}, "prompt")
        for order in SUBMISSIONS
        for bad in ("", " \n", None, 7, ["a fox"])
    ],
    *[
        (order, {"resolution": bad}, "resolution")
        for order in SUBMISSIONS
        for bad in ("4k", 720, None)
    ],
    *[
        (order, {"aspect_ratio": bad}, "aspect_ratio")
        for order in SUBMISSIONS
        for bad in ("2:1", None)
    ],
    *[
        (order, {"duration": bad}, "duration")
        for order in SUBMISSIONS
        for bad in (3, 16, 0, -8, "8", 8.0, 8.5, True, None, [8])
    ],
    *[
        (order, {"sound": bad}, "sound must be a boolean")
        for order in SUBMISSIONS
        for bad in ("true", 1, 0, None)
    ],
    *[
        ("1.5 text", {"mode": bad}, "Unsupported mode")
        for bad in ("first_and_last_frames", "omni_reference", "Text-To-Video", "", None, 1)
    ],
    *[
        ("2.0 text", {"mode": bad}, "Unsupported mode")
        for bad in ("image-to-video", "first-and-last-frames", "omni-reference", "", None, 1)
    ],
    *[
        (order, {field: ...}, f"input.{field}")
        for order in ("1.5 text", "1.5 image")
        for field in ("resolution", "duration", "aspect_ratio", "sound")
    ],
    ("1.5 text", {"resolution": "1080p"}, "480p, 720p"),
    ("1.5 text", {"aspect_ratio": "auto"}, "aspect_ratio"),
    ("1.5 text", {"duration": 13}, "4 to 12"),
    ("1.5 text", {"fixed_lens": "false"}, "fixed_lens must be a boolean"),
    *[("1.5 text", {"prompt": text}, "3 to 2500") for text in ("ab", "  ab  ", LONG + "x")],
    ("2.0 text", {"web_search": "false"}, "web_search must be a boolean"),
    ("2.0 text", {"prompt": "half a fox \ud83e"}, "Unicode"),
    *[
        (order, {"image_urls": bad}, "image_urls")
        for order in ("1.5 image", "2.0 frames")
        for bad in (
            ...,
            [],
            [PICTURE] * 3,
            PICTURE,
            None,
            {"url": PICTURE},
            [7],
            [""],
            ["a.png"],
            ["ftp://a/b"],
        )
    ],
    ("1.5 image", {"image_urls": [{"url": PICTURE}]}, "image_urls[0]"),
    ("2.0 frames", {"image_urls": [PICTURE, {"url": ""}]}, "image_urls[1]"),
    ("2.0 omni", {"image_urls": [PICTURE] * 10}, "0 to 9"),
    ("2.0 omni", {"video_urls": [PICTURE] * 4}, "0 to 3"),
    ("2.0 omni", {"audio_urls": [PICTURE] * 4}, "0 to 3"),
    ("2.0 omni", {"video_urls": PICTURE}, "video_urls must be an array"),
    ("2.0 omni", {"audio_urls": [PICTURE]}, "at least one image or video"),
    ("2.0 omni", {"audio_urls": [PICTURE], "image_urls": []}, "at least one image or video"),
]

CALLBACK = {"request_type": "callback"}

MISDELIVERED: list[tuple[dict[str, Any], str]] = [
    ({"request_type": "sync"}, "async or callback"),
    ({"request_type": None}, "async or callback"),
    (CALLBACK, "callback_url is required"),
    ({**CALLBACK, "callback_url": ""}, "callback_url"),
    ({**CALLBACK, "callback_url": 7}, "callback_url"),
    ({**CALLBACK, "callback_url": "your-server.com/webhook"}, "callback_url"),
    ({**CALLBACK, "callback_url": "http://your-server.com/webhook"}, "public HTTPS"),
    ({"input": ...}, "input"),
    ({"input": None}, "input"),
    ({"input": []}, "input must be an object"),
    ({"input": "text-to-video"}, "input must be an object"),
]


@pytest.mark.parametrize("name", DOCUMENTED)
async def test_every_documented_example_is_accepted(
    name: str, client: ApiClient, host: FileHost
) -> None:
    """What the pages show is valid, word for word but for the addresses that are fetched first."""
    example = DOCUMENTED[name]
    fields = example["body"]["input"]
    if fields["mode"] == "omni_reference":  # its video and audio have to be there
        fields = {**fields, "video_urls": [host.serve("ref-motion.mp4", mp4(3000))]}
        fields["audio_urls"] = [host.serve("ref-audio.wav", wav(3000))]
    reply = await client.post(example["model"], {**example["body"], "input": fields})
    assert reply.status == 200
    assert reply.body == {
        "code": 200,
        "message": "success",
        "data": {"taskId": reply.data["taskId"]},
    }


async def test_what_the_tables_allow_is_accepted(client: ApiClient, apixo: FakeApixo) -> None:
    """Every allowed value is taken, and fields that the model or mode does not know are ignored."""
    for number, (order, changes) in enumerate(ACCEPTED, start=1):
        apixo.balance.micro = 100_000_000
        reply = await client.submit(order, **changes)
        assert (reply.status, len(apixo.tasks)) == (200, number), (order, changes, reply.body)


async def test_what_the_tables_forbid_is_a_400_with_a_reason(
    client: ApiClient, apixo: FakeApixo
) -> None:
    """The answer names the rule; there is no task and nothing is charged."""
    for order, changes, reason in REFUSED:
        reply = await client.submit(order, **changes)
        assert (reply.status, reply.body["code"]) == (400, 400), (order, changes)
        assert reason in reply.error, (order, changes)
        assert len(apixo.tasks) == 0, (order, changes)
    assert await client.balance() == 100


@pytest.mark.parametrize("order", ["1.5 text", "2.0 text"])
@pytest.mark.parametrize(("changes", "reason"), MISDELIVERED)
async def test_what_is_wrong_around_the_input_is_a_400_with_a_reason(
    order: str, changes: dict[str, Any], reason: str, client: ApiClient, apixo: FakeApixo
) -> None:
    """Delivery and input are checked on both models."""
    model, fields = SUBMISSIONS[order]
    body = {"request_type": "async", "input": fields, **changes}
    kept = {name: value for name, value in body.items() if value is not ...}
    reply = await client.post(model, kept)
    assert reply.status == 400
    assert reason in reply.error
    assert len(apixo.tasks) == 0


async def test_only_the_older_model_needs_a_request_type(client: ApiClient) -> None:
    """Seedance 1.5 Pro's page says required, the other one's says it may be left out."""
    older, newer = SUBMISSIONS["1.5 text"], SUBMISSIONS["2.0 text"]
    assert "request_type" in (await client.post(older[0], {"input": older[1]})).error
    assert (await client.post(newer[0], {"input": newer[1]})).status == 200


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"text"', b"\xff", b'{"input": NaN}', b"[" * 100_000]
)
async def test_a_body_that_is_no_json_object_is_a_400(body: bytes, client: ApiClient) -> None:
    """Whatever the bytes are, the answer is an envelope."""
    headers = {"Content-Type": "application/json"}
    reply = await client.ask("POST", "/generateTask/seedance-2-0", data=body, headers=headers)
    assert reply.status == 400
    assert "JSON object" in reply.error


async def test_a_submission_must_be_declared_as_json(client: ApiClient) -> None:
    """The pages ask for the Content-Type."""
    body = json.dumps({"input": SUBMISSIONS["2.0 text"][1]}).encode()
    headers = {"Content-Type": "text/plain"}
    reply = await client.ask("POST", "/generateTask/seedance-2-0", data=body, headers=headers)
    assert reply.status == 400
    assert "Content-Type" in reply.error


async def test_what_seedance_2_is_not_told_has_the_documented_defaults(
    client: ApiClient, apixo: FakeApixo
) -> None:
    """720p, five seconds, automatic shape: 0.96 dollars."""
    await client.submit_task("2.0 text")
    (task,) = apixo.tasks
    order = task.submission
    assert (order.resolution, order.duration, order.aspect_ratio) == ("720p", 5, "auto")
    assert await client.balance() == 100 - Decimal("0.96")
