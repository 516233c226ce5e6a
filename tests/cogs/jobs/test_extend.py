"""*Extend*: the next video begins with the very last picture of one that is finished."""

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from domain.requests import ImageToVideo
from sandbox.demo.job_posts import job_id_in
from sandbox.discord import FakeDiscord, Interaction, MemberClient, Message
from sandbox.discord.models import walk_components
from tests.harness.bot import BotHarness, button_labels
from tests.harness.color_videos import color_distance, colours, make_video, mean_color

VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 5, "resolution": "480p"}

pytestmark = pytest.mark.time_scale(600)


def video_of(harness: BotHarness, result: Message) -> Path:
    return harness.context.media.video_path(result.attachments[0].filename)


async def form_of(person: MemberClient, result: Message) -> Interaction:
    clicked = await person.click(result, "Extend")
    await clicked.until_answered()
    assert clicked.modal is not None, clicked.text
    return clicked


async def refused(person: MemberClient, result: Message) -> str:
    """Click, and read why there is no form."""
    clicked = await person.click(result, "Extend")
    answered = await clicked.until_answered()
    assert clicked.modal is None
    assert clicked.ephemeral
    return answered.text


async def sent(person: MemberClient, form: Interaction, typed: dict[str, Any]) -> Interaction:
    return await (await person.submit_modal(form, typed)).until_answered()


async def test_the_new_video_begins_where_the_old_one_ends(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The picture that APIXO fetches has the last colour of the film; the rest is as it was."""
    first = await harness.make_video(ada, "video", VIDEO)
    shown = colours(40)
    video_of(harness, first).write_bytes(make_video(shown, key_every=12))
    form = await form_of(ada, first)
    answer = await sent(ada, form, {"prompt": "the sun goes down [[slow:900]]"})
    job = job_id_in(answer)
    (file,) = (await harness.wait_for_status(job, "Making your video")).attachments
    picture = Image.open(BytesIO(file.path.read_bytes()))
    assert (picture.format, picture.size) == ("PNG", (534, 300))
    assert color_distance(mean_color(picture), shown[-1]) < 6
    await harness.wait_for_result(job)
    request = (await harness.job(job)).request
    before = (await harness.job(video_of(harness, first).stem)).request
    assert isinstance(request, ImageToVideo)
    assert (request.seconds, request.resolution, request.aspect_ratio, request.sound) == (
        before.seconds,
        before.resolution,
        before.aspect_ratio,
        before.sound,
    )
    assert request.prompt == "the sun goes down [[slow:900]]"
    _, second = harness.submitted_inputs()
    assert file.url.partition("?")[0] == second["image_urls"][0].partition("?")[0]


async def test_what_is_typed_counts_and_twice_is_once(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The form sent off twice, and a third time by a new process, is one job."""
    first = await harness.make_video(ada, "video", VIDEO)
    form = await form_of(ada, first)
    typed = {"prompt": "it rains", "seconds": ["8"], "resolution": ["720p"]}
    answers = await asyncio.gather(sent(ada, form, typed), sent(ada, form, typed))
    await harness.restart()
    late = await sent(ada, form, typed)
    jobs = {job_id_in(answer) for answer in (*answers, late)}
    assert len(jobs) == 1
    assert await harness.job_count() == 2
    request = (await harness.job(jobs.pop())).request
    assert (request.seconds, request.resolution) == (8, "720p")


async def test_the_form_asks_for_new_words(harness: BotHarness, ada: MemberClient) -> None:
    """Those of the video would have it made once more; the options are as they were."""
    form = await form_of(ada, await harness.make_video(ada, "video", VIDEO))
    assert form.modal is not None
    (prompt,) = (one for one in walk_components(form.modal["components"]) if one.get("type") == 4)
    assert not prompt.get("value")
    assert prompt["max_length"] == 2_500, "what the model takes"


async def test_a_rule_that_is_broken_brings_the_form_back(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Nothing is held; the picture is taken again from the same video."""
    first = await harness.make_video(ada, "video", VIDEO)
    answer = await sent(ada, await form_of(ada, first), {"prompt": "ab"})
    assert "at least 3 characters" in answer.text
    assert await harness.job_count() == 1
    again = await ada.click(answer, "Edit again")
    await again.until_answered()
    assert again.modal is not None
    answer = await sent(ada, again, {"prompt": "the rain ends"})
    assert isinstance((await harness.job(job_id_in(answer))).request, ImageToVideo)


async def test_only_its_member_extends_a_video(
    harness: BotHarness, ada: MemberClient, fake_discord: FakeDiscord
) -> None:
    """A stranger gets one private sentence, for the button and for the form."""
    first = await harness.make_video(ada, "video", VIDEO)
    assert "Only the person who made this" in await refused(fake_discord.member("Ben"), first)
    assert "Extend" in button_labels(first)


async def test_a_video_that_is_not_there_can_not_be_extended(
    harness: BotHarness, ada: MemberClient
) -> None:
    """No longer kept, before the form or after it; or deleted."""
    first = await harness.make_video(ada, "video", VIDEO)
    form = await form_of(ada, first)
    harness.context.media.remove_video(video_of(harness, first).name)
    assert "file is gone" in await refused(ada, first)
    assert "file is gone" in (await sent(ada, form, {"prompt": "it rains"})).text
    question = await (await ada.click(first, "Delete")).until_answered()
    await ada.click(question, "Delete it")
    await question.until_text(lambda text: text == "Deleted.")
    assert "was deleted" in (await sent(ada, form, {"prompt": "it rains"})).text
    assert await harness.job_count() == 1


async def test_a_damaged_video_is_told_before_anything_is_held(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Whatever lies in its file."""
    first = await harness.make_video(ada, "video", VIDEO)
    form = await form_of(ada, first)
    video_of(harness, first).write_bytes(b"\x00\x00\x00\x18ftypisom" + bytes(5000))
    assert "can't read" in (await sent(ada, form, {"prompt": "it rains"})).text
    assert await harness.job_count() == 1


async def test_a_service_without_a_decoder_says_so(
    stopped_harness: BotHarness, ada: MemberClient
) -> None:
    """Where PyAV is not installed."""
    stopped_harness.video_tools = None
    await stopped_harness.start()
    first = await stopped_harness.make_video(ada, "video", VIDEO)
    assert "isn't set up" in await refused(ada, first)


async def test_both_videos_are_joined_if_that_is_wished(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The choice is kept in a form that comes back; the film comes by itself, for nothing."""
    first = await harness.make_video(ada, "video", VIDEO)
    answer = await sent(ada, await form_of(ada, first), {"prompt": "ab", "join": True})
    again = await ada.click(answer, "Edit again")
    await again.until_answered()
    job = job_id_in(await sent(ada, again, {"prompt": "the rain ends"}))
    await harness.wait_for_result(job)
    film = await harness.channel.wait_for(
        lambda message: "your film is ready" in message.text, within=60, awaited="the film"
    )
    assert "2 videos · 0:10" in film.text
    assert film.notified_user_ids == {ada.user.id}
    assert await harness.job_count() == 2
