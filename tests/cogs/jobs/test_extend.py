"""*Extend*: the next video begins with the very last picture of one that is finished."""

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from domain.requests import ImageToVideo
from sandbox.discord import DiscordStandIn, Interaction, Message, Person
from tests.harness.bot import House, buttons, job_in
from tests.harness.color_videos import colours, distance, film, mean

VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 5, "resolution": "480p"}

pytestmark = pytest.mark.time_scale(600)


def video_of(home: House, result: Message) -> Path:
    return home.context.media.path(result.attachments[0].filename)


async def form_of(person: Person, result: Message) -> Interaction:
    clicked = await person.click(result, "Extend")
    await clicked.until_answered()
    assert clicked.modal is not None, clicked.text
    return clicked


async def refused(person: Person, result: Message) -> str:
    """Click, and read why there is no form."""
    clicked = await person.click(result, "Extend")
    answered = await clicked.until_answered()
    assert clicked.modal is None
    assert clicked.ephemeral
    return answered.text


async def sent(person: Person, form: Interaction, typed: dict[str, Any]) -> Interaction:
    return await (await person.submit_modal(form, typed)).until_answered()


async def test_the_new_video_begins_where_the_old_one_ends(home: House, ada: Person) -> None:
    """The picture that APIXO fetches has the last colour of the film; the rest is as it was."""
    first = await home.made(ada, "video", VIDEO)
    shown = colours(40)
    video_of(home, first).write_bytes(film(shown, key_every=12))
    form = await form_of(ada, first)
    answer = await sent(ada, form, {"prompt": "the sun goes down [[slow:900]]"})
    job = job_in(answer)
    (file,) = (await home.status(job, "Being made")).attachments
    picture = Image.open(BytesIO(file.path.read_bytes()))
    assert (picture.format, picture.size) == ("PNG", (534, 300))
    assert distance(mean(picture), shown[-1]) < 6
    await home.result(job)
    request = (await home.job(job)).request
    before = (await home.job(video_of(home, first).stem)).request
    assert isinstance(request, ImageToVideo)
    assert (request.seconds, request.resolution, request.aspect_ratio, request.sound) == (
        before.seconds,
        before.resolution,
        before.aspect_ratio,
        before.sound,
    )
    assert request.prompt == "the sun goes down [[slow:900]]"
    _, second = home.submitted()
    assert file.url.partition("?")[0] == second["image_urls"][0].partition("?")[0]


async def test_what_is_typed_counts_and_twice_is_once(home: House, ada: Person) -> None:
    """The form sent off twice, and a third time by a new process, is one job."""
    first = await home.made(ada, "video", VIDEO)
    form = await form_of(ada, first)
    typed = {"prompt": "it rains", "seconds": ["8"], "resolution": ["720p"]}
    answers = await asyncio.gather(sent(ada, form, typed), sent(ada, form, typed))
    await home.restart()
    late = await sent(ada, form, typed)
    jobs = {job_in(answer) for answer in (*answers, late)}
    assert len(jobs) == 1
    assert await home.count() == 2
    request = (await home.job(jobs.pop())).request
    assert (request.seconds, request.resolution) == (8, "720p")


async def test_a_rule_that_is_broken_brings_the_form_back(home: House, ada: Person) -> None:
    """Nothing is held; the picture is taken again from the same video."""
    first = await home.made(ada, "video", VIDEO)
    answer = await sent(ada, await form_of(ada, first), {"prompt": "ab"})
    assert "too short" in answer.text
    assert await home.count() == 1
    again = await ada.click(answer, "Edit again")
    await again.until_answered()
    assert again.modal is not None
    answer = await sent(ada, again, {"prompt": "the rain ends"})
    assert isinstance((await home.job(job_in(answer))).request, ImageToVideo)


async def test_only_its_member_extends_a_video(
    home: House, ada: Person, stand_in: DiscordStandIn
) -> None:
    """A stranger gets one private sentence, for the button and for the form."""
    first = await home.made(ada, "video", VIDEO)
    assert "Only the member" in await refused(stand_in.member("Ben"), first)
    assert "Extend" in buttons(first)


async def test_a_video_that_is_not_there_can_not_be_extended(home: House, ada: Person) -> None:
    """Not kept any more, before the form or after it; or deleted."""
    first = await home.made(ada, "video", VIDEO)
    form = await form_of(ada, first)
    home.context.media.remove(video_of(home, first).name)
    assert "not kept any more" in await refused(ada, first)
    assert "not kept any more" in (await sent(ada, form, {"prompt": "it rains"})).text
    question = await (await ada.click(first, "Delete")).until_answered()
    await ada.click(question, "Delete it")
    await question.until_text(lambda text: text == "Deleted.")
    assert "was deleted" in (await sent(ada, form, {"prompt": "it rains"})).text
    assert await home.count() == 1


async def test_a_damaged_video_is_told_before_anything_is_held(home: House, ada: Person) -> None:
    """Whatever lies in its file."""
    first = await home.made(ada, "video", VIDEO)
    form = await form_of(ada, first)
    video_of(home, first).write_bytes(b"\x00\x00\x00\x18ftypisom" + bytes(5000))
    assert "can not be read" in (await sent(ada, form, {"prompt": "it rains"})).text
    assert await home.count() == 1


async def test_a_service_without_a_decoder_says_so(house: House, ada: Person) -> None:
    """Where PyAV is not installed."""
    house.lab = None
    await house.start()
    first = await house.made(ada, "video", VIDEO)
    assert "not set up" in await refused(ada, first)
