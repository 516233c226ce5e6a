"""`/reference` over the wire: what it takes, what it costs to the millisecond, what it refuses."""

import io
from typing import Any

import pytest
from PIL import Image

from sandbox.demo.job_posts import job_id_in
from sandbox.discord import MemberClient, Upload
from tests.harness.bot import BotHarness
from tests.harness.media_samples import make_audio, make_video

PROMPT = "the dancer of @image1 moves as in @video1, to the beat of @audio1"

pytestmark = pytest.mark.time_scale(600)


def picture(name: str) -> Upload:
    data = io.BytesIO()
    Image.new("RGB", (640, 360), "teal").save(data, "PNG")
    return Upload(name, data.getvalue())


async def test_every_kind_of_reference_goes_to_apixo_in_its_order(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Gaps between the numbers close; the video's milliseconds are billed at the lower rate."""
    options: dict[str, Any] = {
        "prompt": PROMPT,
        "image1": picture("first.png"),
        "image9": picture("last.png"),
        "video2": Upload("dance.mp4", make_video(2_520)),
        "audio3": Upload("beat.mp3", make_audio(3_000)),
        "duration": 5,
        "resolution": "480p",
        "web_search": True,
    }
    await harness.make_video(ada, "reference", options)
    (sent,) = harness.submitted_inputs()
    names = {kind: [url.split("?")[0].rpartition("/")[2] for url in sent[kind]] for kind in _URLS}
    assert names == {
        "image_urls": ["first.png", "last.png"],
        "video_urls": ["dance.mp4"],
        "audio_urls": ["beat.mp3"],
    }
    assert (sent["mode"], sent["web_search"]) == ("omni_reference", True)
    (task,) = harness.apixo.tasks
    assert task.charged_micro == (5_000 + 2_520) * 55


async def test_words_alone_are_enough_for_a_reference_video(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The seeds allow it: no list is sent, and the plain rate is billed."""
    await harness.make_video(
        ada, "reference", {"prompt": PROMPT, "duration": 4, "resolution": "480p"}
    )
    (sent,) = harness.submitted_inputs()
    assert not _URLS & set(sent)
    (task,) = harness.apixo.tasks
    assert task.charged_micro == 4_000 * 91


async def test_references_that_break_rules_are_refused_together(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Each is named with its file; nothing is charged, nothing is public, no job is made."""
    options: dict[str, Any] = {
        "prompt": " ",
        "video1": picture("still.png"),
        "video2": Upload("short.mp4", make_video(1_960)),
        "audio1": Upload("long.wav", make_audio(15_100, "wav")),
    }
    typed = await ada.run_command(harness.channel, "reference", options)
    answer = (await typed.until_answered()).text
    for said in (
        "Describe what the video should show",
        "still.png",
        "short.mp4",
        "long.wav",
        "I can't make this yet",
    ):
        assert said in answer.replace("\\", "")
    assert await harness.job_count() == 0
    assert harness.channel.messages == []


async def test_a_sound_alone_is_refused(harness: BotHarness, ada: MemberClient) -> None:
    """It needs a picture or a video beside it."""
    options = {"prompt": "to the beat", "audio1": Upload("beat.mp3", make_audio(3_000))}
    typed = await ada.run_command(harness.channel, "reference", options)
    assert "Sound alone isn't enough" in (await typed.until_answered()).text


async def test_again_repeats_a_reference_video_with_its_files(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The button makes the same video of the same references, at the same price."""
    options: dict[str, Any] = {"prompt": PROMPT, "video1": Upload("dance.mp4", make_video(2_520))}
    result = await harness.make_video(ada, "reference", options)
    again = await ada.click(result, "Again")
    await harness.wait_for_end(job_id_in(await again.until_answered()))
    first, second = harness.submitted_inputs()
    assert {**first, "video_urls": 1} == {**second, "video_urls": 1}
    assert len(second["video_urls"]) == 1


_URLS = {"image_urls", "video_urls", "audio_urls"}
