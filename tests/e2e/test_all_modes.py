"""Every mode of both models in the real process: what APIXO is sent and what it costs."""

import json
import re
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.demo.job_posts import job_id_in
from sandbox.discord import FakeDiscord, Upload
from tests.harness.media_samples import make_audio, make_video
from tests.harness.service import PATIENT, SPEED, TIMEOUT_S, ServiceHarness, make_picture

GOLDEN = Path(__file__).parents[1] / "domain" / "golden_prices.json"
LISTS = ("image_urls", "video_urls", "audio_urls")
PRO, TWO = "seedance-1-5-pro", "seedance-2-0"


@dataclass(frozen=True)
class Mode:
    """What a member types, and the `input` of the body as APIXO documents it, with bare names."""

    command: str
    options: dict[str, Any]
    model: str
    body: dict[str, Any]
    reference_ms: int = 0


MODES = [
    Mode(
        "video",
        {
            "prompt": "a calm seaside sunrise with gentle camera dolly movement",
            "model": PRO,
            "resolution": "720p",
            "duration": 8,
            "sound": False,
            "aspect_ratio": "16:9",
            "fixed_lens": True,
        },
        PRO,
        {
            "mode": "text-to-video",
            "prompt": "a calm seaside sunrise with gentle camera dolly movement",
            "resolution": "720p",
            "duration": 8,
            "sound": False,
            "aspect_ratio": "16:9",
            "fixed_lens": True,
        },
    ),
    Mode(
        "animate",
        {
            "prompt": "moving clouds",
            "model": PRO,
            "image": make_picture("start.png"),
            "duration": 12,
        },
        PRO,
        {
            "mode": "image-to-video",
            "prompt": "moving clouds",
            "image_urls": ["start.png"],
            "resolution": "720p",
            "duration": 12,
            "sound": False,
            "aspect_ratio": "16:9",
            "fixed_lens": False,
        },
    ),
    Mode(
        "animate",
        {
            "prompt": "animate this landscape with moving clouds and soft wind",
            "model": PRO,
            "image": make_picture("start-frame.jpg", "JPEG"),
            "last_image": make_picture("end-frame.jpg", "JPEG"),
            "resolution": "480p",
            "duration": 4,
            "sound": True,
            "aspect_ratio": "1:1",
        },
        PRO,
        {
            "mode": "image-to-video",
            "prompt": "animate this landscape with moving clouds and soft wind",
            "image_urls": ["start-frame.jpg", "end-frame.jpg"],
            "resolution": "480p",
            "duration": 4,
            "sound": True,
            "aspect_ratio": "1:1",
            "fixed_lens": False,
        },
    ),
    Mode(
        "video",
        {
            "prompt": "a slow tracking shot through a foggy pine forest at dawn",
            "model": TWO,
            "resolution": "1080p",
            "duration": 10,
            "aspect_ratio": "16:9",
            "web_search": True,
        },
        TWO,
        {
            "mode": "text-to-video",
            "prompt": "a slow tracking shot through a foggy pine forest at dawn",
            "resolution": "1080p",
            "duration": 10,
            "aspect_ratio": "16:9",
            "sound": True,
            "web_search": True,
        },
    ),
    Mode(
        "animate",
        {"prompt": "the still moves", "model": TWO, "image": make_picture("one.webp", "WEBP")},
        TWO,
        {
            "mode": "first_and_last_frames",
            "prompt": "the still moves",
            "image_urls": ["one.webp"],
            "resolution": "720p",
            "duration": 5,
            "aspect_ratio": "auto",
            "sound": True,
            "web_search": False,
        },
    ),
    Mode(
        "animate",
        {
            "prompt": "turn the still frames into a smooth cinematic camera move",
            "model": TWO,
            "image": make_picture("frame-start.png"),
            "last_image": make_picture("frame-end.png"),
            "aspect_ratio": "9:16",
        },
        TWO,
        {
            "mode": "first_and_last_frames",
            "prompt": "turn the still frames into a smooth cinematic camera move",
            "image_urls": ["frame-start.png", "frame-end.png"],
            "resolution": "720p",
            "duration": 5,
            "aspect_ratio": "9:16",
            "sound": True,
            "web_search": False,
        },
    ),
    Mode(
        "reference",
        {
            "prompt": "create a stylish product ad using the visual references and voice rhythm",
            "image1": make_picture("product-shot.png"),
            "video1": Upload("ref-motion.mp4", make_video(3337)),
            "audio1": Upload("ref-audio.mp3", make_audio(3000)),
            "duration": 6,
        },
        TWO,
        {
            "mode": "omni_reference",
            "prompt": "create a stylish product ad using the visual references and voice rhythm",
            "image_urls": ["product-shot.png"],
            "video_urls": ["ref-motion.mp4"],
            "audio_urls": ["ref-audio.mp3"],
            "resolution": "720p",
            "duration": 6,
            "aspect_ratio": "auto",
            "sound": True,
            "web_search": False,
        },
        reference_ms=3337,
    ),
    Mode(
        "reference",
        {
            "prompt": "like both of these",
            "video1": Upload("first.mp4", make_video(2500)),
            "video2": Upload("second.mov", make_video(5000, kind="mov")),
            "resolution": "480p",
            "duration": 15,
            "sound": False,
        },
        TWO,
        {
            "mode": "omni_reference",
            "prompt": "like both of these",
            "video_urls": ["first.mp4", "second.mov"],
            "resolution": "480p",
            "duration": 15,
            "aspect_ratio": "auto",
            "sound": False,
            "web_search": False,
        },
        reference_ms=7500,
    ),
    Mode(
        "reference",
        {
            "prompt": "a first frame, and a last frame",
            "resolution": "480p",
            "duration": 4,
            "aspect_ratio": "21:9",
        },
        TWO,
        {
            "mode": "omni_reference",
            "prompt": "a first frame, and a last frame",
            "resolution": "480p",
            "duration": 4,
            "aspect_ratio": "21:9",
            "sound": True,
            "web_search": False,
        },
    ),
]


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ServiceHarness]:
    """Open a channel for many."""
    async with (
        FakeApixo(ApixoConfig(clips="tiny", time_scale=SPEED)) as apixo,
        FakeDiscord(replace(PATIENT, sends_per_window=100)) as discord,
    ):
        settings = {
            "APIXO_MAX_TASKS": "9",
            "USER_DAILY_LIMIT_USD": "90",
            "SERVER_DAILY_LIMIT_USD": "90",
        }
        yield ServiceHarness.create(apixo, discord, tmp_path / "service", settings)


async def test_every_mode_sends_its_documented_body_and_costs_its_price_over_a_restart(
    harness: ServiceHarness,
):
    """Typed before SIGKILL, asked for again after it: body and price stay, to the micro-dollar."""
    ada = harness.discord.member("Ada")
    async with harness.service.run() as running:
        await harness.wait_until_ready()
        jobs = [await harness.order_video(mode.command, mode.options) for mode in MODES]
        results = [await harness.wait_for_result(job) for job in jobs]
        running.process.send_signal(signal.SIGKILL)
        await running.process.wait()
    check_bodies(harness)
    async with harness.service.run():
        await harness.wait_until_ready()
        for result in results:
            answer = await (await ada.click(result, "Again")).until_answered(within=TIMEOUT_S)
            await harness.wait_for_result(job_id_in(answer))
    check_bodies(harness, after=len(MODES))
    price = sum(golden(mode) for mode in MODES)
    verdict = await harness.audit()
    assert verdict["ledger"]["charged"] == 2 * price
    assert 100_000_000 - harness.apixo.balance.micro == 2 * price


def check_bodies(harness: ServiceHarness, after: int = 0) -> None:
    """Compare each submission with the documented one, and each task's price with the table."""
    sent = harness.apixo.journal.requests_to("/generateTask/")[after:]
    by_prompt = {entry.body["input"]["prompt"]: entry for entry in sent}
    prices = {
        task.submission.prompt: task.charged_micro for task in list(harness.apixo.tasks)[after:]
    }
    assert len(sent) == len(by_prompt) == len(prices) == len(MODES)
    for mode in MODES:
        entry = by_prompt[mode.body["prompt"]]
        assert entry.path.endswith(f"/generateTask/{mode.model}")
        assert bare(entry.body) == {"request_type": "async", "input": mode.body}
        assert prices[mode.body["prompt"]] == golden(mode)


def bare(body: dict[str, Any]) -> dict[str, Any]:
    """Put a file's name in the place of its address."""
    names = {
        kind: [re.sub(r"\?.*|.*/", "", url) for url in body["input"][kind]]
        for kind in LISTS
        if kind in body["input"]
    }
    return {**body, "input": {**body["input"], **names}}


def golden(mode: Mode) -> int:
    """Look a mode's price up, in micro-dollars."""
    wanted = {
        "model": mode.model,
        "resolution": mode.body["resolution"],
        "duration": mode.body["duration"],
        "video_ref_ms": mode.reference_ms,
        "sound": mode.body["sound"] if mode.model == PRO else None,
    }
    rows = json.loads(GOLDEN.read_text())
    same = {row["cost_micro_usd"] for row in rows if wanted.items() <= row.items()}
    (price,) = same
    return price
