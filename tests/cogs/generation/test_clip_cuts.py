"""*Use the first 15 s*: the button under a refusal that a cut mends."""

import io
from fractions import Fraction
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from domain.guild_settings import GuildSettings
from domain.money import MicroUSD
from sandbox.demo.job_posts import job_id_in
from sandbox.discord import Interaction, MemberClient, Upload
from storage import guild_settings
from storage.service_tables import pending_interactions
from tests.harness.bot import BotHarness, button_labels
from tests.harness.media_measures import measure
from tests.harness.media_samples import make_audio, make_encoded_video, make_video
from workflow.pending_interactions import sweep_pending

CUT = "Use the first 15 s"
ASKED: dict[str, Any] = {"prompt": "they dance", "duration": 5, "resolution": "480p"}
MINUTE_MS = 60_000

pytestmark = pytest.mark.time_scale(600)


def picture() -> Upload:
    data = io.BytesIO()
    Image.new("RGB", (640, 360), "teal").save(data, "PNG")
    return Upload("p.png", data.getvalue())


def long_video(ms: int = 20_000) -> Upload:
    return Upload("dance.mp4", make_video(ms, sound_ms=ms))


async def asked(harness: BotHarness, ada: MemberClient, **files: Upload) -> Interaction:
    """Ask for a video from references, and wait for the answer."""
    typed = await ada.run_command(harness.channel, "reference", {**ASKED, **files})
    return await typed.until_answered()


async def test_a_video_that_is_too_long_is_cut_with_a_click(
    harness: BotHarness, ada: MemberClient
) -> None:
    """What is billed is the length of what APIXO gets; the member is told of it."""
    refused = await asked(harness, ada, video1=long_video())
    assert "dance.mp4 lasts 20 s" in refused.text
    assert button_labels(refused) == [CUT, "Edit again"]
    answer = await (await ada.click(refused, CUT)).until_answered()
    job = await harness.job(job_id_in(answer))
    await harness.wait_for_result(job.id)
    (clip,) = job.request.videos
    assert 14_000 <= clip.duration_ms <= 15_000
    assert "for the model" in answer.text
    path = harness.context.media.input_path(clip.kept or "")
    assert path is not None
    assert measure(path.read_bytes()).longest_ms == clip.duration_ms
    (task,) = harness.apixo.tasks
    assert task.charged_micro == job.price == (5_000 + clip.duration_ms) * 55


async def test_a_video_of_minutes_is_cut_too(harness: BotHarness, ada: MemberClient) -> None:
    """Though it has more frames than any clip that is taken: most of them are not decoded."""
    minutes = make_encoded_video(4_500, size=(16, 16), rate=Fraction(25))
    refused = await asked(harness, ada, video1=Upload("dance.mp4", minutes))
    assert "dance.mp4 lasts 180 s" in refused.text
    answer = await (await ada.click(refused, CUT)).until_answered()
    job = await harness.job(job_id_in(answer))
    assert 14_000 <= job.request.videos[0].duration_ms <= 15_000


async def test_a_sound_is_cut_to_a_format_that_apixo_takes(
    harness: BotHarness, ada: MemberClient
) -> None:
    """What is encoded is an MP3, also of a WAV."""
    refused = await asked(
        harness, ada, image1=picture(), audio1=Upload("beat.wav", make_audio(20_000, "wav"))
    )
    answer = await (await ada.click(refused, CUT)).until_answered()
    job = await harness.job(job_id_in(answer))
    (clip,) = job.request.audios
    assert str(clip.kept).endswith(".mp3")
    await harness.wait_for_result(job.id)


async def test_the_button_works_after_a_restart_and_makes_one_job(
    harness: BotHarness, ada: MemberClient
) -> None:
    """However often it is clicked."""
    refused = await asked(harness, ada, video1=long_video())
    await harness.restart()
    clicks = [await ada.click(refused, CUT) for _ in range(2)]
    jobs = {job_id_in(await click.until_answered()) for click in clicks}
    assert len(jobs) == 1
    assert await harness.job_count() == 1


async def test_the_price_is_asked_about_anew(harness: BotHarness, ada: MemberClient) -> None:
    """On a server that wants a question first: nothing is held until it is answered."""
    guild = harness.channel.guild
    assert guild is not None
    text = GuildSettings(confirm_above=MicroUSD(0)).model_dump_json()
    await harness.database.transact(lambda tx: guild_settings.save_settings(tx, guild.id, text, 1))
    refused = await asked(harness, ada, video1=long_video())
    question = await (await ada.click(refused, CUT)).until_answered()
    assert await harness.job_count() == 0
    (spend,) = button_labels(question)
    answer = await (await ada.click(question, spend)).until_answered()
    job = await harness.job(job_id_in(answer))
    assert job.price == (5_000 + job.request.videos[0].duration_ms) * 55


async def test_it_is_not_offered_where_a_cut_does_not_help(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Too short, too long together with another, or wrong in some other way besides."""
    for files in (
        {"video1": Upload("short.mp4", make_video(1_000))},
        {"video1": long_video(), "video2": Upload("other.mp4", make_video(5_000))},
        {"video1": long_video(), "image1": Upload("p.png", b"no picture")},
    ):
        assert button_labels(await asked(harness, ada, **files)) == ["Edit again"]


async def test_after_a_quarter_of_an_hour_it_is_gone(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The button says so, and nothing is left of the draft."""
    refused = await asked(harness, ada, video1=long_video())
    harness.clock_offset_ms += 16 * MINUTE_MS
    answer = await (await ada.click(refused, CUT)).until_answered()
    assert "I only kept your files" in answer.text
    assert await harness.job_count() == 0
    await sweep_pending(harness.database, harness.context.now_ms())
    rows = await harness.database.read(lambda tx: tx.execute(select(pending_interactions)))
    assert rows.all() == []


async def test_a_file_that_is_gone_is_refused_in_words(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Also by the sweep."""
    refused = await asked(harness, ada, video1=long_video())
    harness.context.media.remove_pending_inputs(-1)
    answer = await (await ada.click(refused, CUT)).until_answered()
    assert "is gone" in answer.text
    assert await harness.job_count() == 0
