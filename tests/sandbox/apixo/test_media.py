"""What is fetched of a submission's media, and what is found wrong with it."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.apixo import FakeApixo, ManualClock
from tests.sandbox.apixo.conftest import ApiClient, FileHost, mp4, png, wav


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_an_image_of_a_documented_format_is_used(
    kind: str, client: ApiClient, host: FileHost, clock: ManualClock
) -> None:
    """The task goes on to succeed."""
    task_id = await client.submit_task("1.5 image", image_urls=[host.serve("a", png(kind=kind))])
    clock.advance(60)
    assert (await client.status(task_id)).data["state"] == "success"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>",
        png(kind="GIF"),
        png(size=(299, 400)),
        png(size=(6001, 3000)),
        png(size=(1200, 400)),
        png()[:200],
        png() + b"\0" * 10_000_000,
    ],
    ids=["empty", "html", "gif", "small", "large", "wide", "cut", "heavy"],
)
async def test_an_unusable_image_fails_the_task(
    data: bytes, client: ApiClient, host: FileHost, clock: ManualClock
) -> None:
    """The submission is accepted; upstream finds fault with the image."""
    task_id = await client.submit_task("1.5 image", image_urls=[host.serve("a", data)])
    clock.advance(10)
    assert (await client.status(task_id)).data["failCode"] == "ImageFormatIncorrect"


@pytest.mark.parametrize(
    "address", ["{host}/missing.png", "http://127.0.0.1:1/a.png", "https://example.com/a.png"]
)
async def test_an_image_that_cannot_be_fetched_fails_the_task(
    address: str, client: ApiClient, host: FileHost, clock: ManualClock
) -> None:
    """Missing, no server, or not on this machine: the stand-in asks no other."""
    task_id = await client.submit_task("1.5 image", image_urls=[address.format(host=host.root)])
    clock.advance(10)
    data = (await client.status(task_id)).data
    assert (data["state"], data["failCode"]) == ("failed", "ImageFormatIncorrect")


@pytest.mark.parametrize(
    ("kind", "lengths", "reason"),
    [
        ("video", [1_990], "2 to 15"),
        ("video", [15_010], "2 to 15"),
        ("video", [5_010, 5_010, 5_010], "longer than 15 seconds together"),
        ("audio", [1_990], "2 to 15"),
        ("audio", [15_010], "2 to 15"),
        ("audio", [5_010, 5_010, 5_010], "longer than 15 seconds together"),
    ],
)
async def test_references_of_a_wrong_length_are_a_400(
    kind: str,
    lengths: list[int],
    reason: str,
    client: ApiClient,
    host: FileHost,
    apixo: FakeApixo,
) -> None:
    """Lengths are checked before there is a task, each and in total."""
    reply = await client.submit("2.0 omni", **references(host, kind, lengths))
    assert reply.status == 400
    assert reason in reply.error
    assert len(apixo.tasks) == 0


@pytest.mark.parametrize("kind", ["video", "audio"])
@pytest.mark.parametrize("lengths", [[2_000], [15_000], [5_000, 5_000, 5_000]])
async def test_references_of_a_right_length_are_accepted(
    kind: str, lengths: list[int], client: ApiClient, host: FileHost
) -> None:
    """Both ends of the range are inside it."""
    reply = await client.submit("2.0 omni", **references(host, kind, lengths))
    assert reply.status == 200, reply.body


@pytest.mark.parametrize("kind", ["video", "audio"])
@pytest.mark.parametrize(
    ("data", "reason"),
    [(None, "cannot be fetched"), (b"", "cannot be read"), (png(), "has no")],
)
async def test_references_that_are_none_are_a_400(
    kind: str, data: bytes | None, reason: str, client: ApiClient, host: FileHost
) -> None:
    """A video or audio is looked at before there is a task."""
    url = f"{host.root}/missing" if data is None else host.serve("reference", data)
    picture = host.serve("a.png", png())
    reply = await client.submit("2.0 omni", image_urls=[picture], **{f"{kind}_urls": [url]})
    assert reply.status == 400
    assert reason in reply.error


async def test_a_reference_elsewhere_is_not_asked_for(client: ApiClient) -> None:
    """The stand-in never leaves this machine."""
    reply = await client.submit("2.0 omni", video_urls=["https://example.com/ref-motion.mp4"])
    assert reply.status == 400
    assert "this machine" in reply.error


@pytest.mark.parametrize(
    ("resolution", "price"), [("480p", "0.458535"), ("720p", "0.958755"), ("1080p", "2.41773")]
)
async def test_reference_video_lowers_the_rate_and_adds_its_seconds(
    resolution: str, price: str, client: ApiClient, host: FileHost
) -> None:
    """(output + reference) × rate, to the millisecond: 5 + 3.337 seconds."""
    await client.submit_task(
        "2.0 omni", resolution=resolution, **references(host, "video", [3_337])
    )
    assert await client.balance() == 100 - Decimal(price)


async def test_reference_audio_and_images_leave_the_price_alone(
    client: ApiClient, host: FileHost
) -> None:
    """Only video_urls change the rate."""
    await client.submit_task("2.0 omni", **references(host, "audio", [3_000]))
    assert await client.balance() == 100 - Decimal("0.96")


def references(host: FileHost, kind: str, lengths: list[int]) -> dict[str, Any]:
    make = mp4 if kind == "video" else wav
    urls = [host.serve(f"{n}.{kind}", make(length)) for n, length in enumerate(lengths)]
    return {"image_urls": [host.serve("a.png", png())], f"{kind}_urls": urls}
