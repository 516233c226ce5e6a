"""*Use as reference* in the menu of messages, over the wire: found, typed, made."""

import io
from typing import Any

import pytest
from PIL import Image

from sandbox.demo.job_posts import job_id_in
from sandbox.discord import FakeDiscord, Interaction, MemberClient, Message, Upload
from sandbox.discord.models import walk_components
from tests.harness.bot import BotHarness, button_labels
from tests.harness.media_samples import make_audio, make_video

MENU = "Use as reference"
TYPED = {"prompt": "they dance", "seconds": ["5"], "resolution": ["480p"]}
URLS = ("image_urls", "video_urls", "audio_urls")

pytestmark = pytest.mark.time_scale(600)


def picture(name: str = "lake.png") -> Upload:
    data = io.BytesIO()
    Image.new("RGB", (640, 360), "teal").save(data, "PNG")
    return Upload(name, data.getvalue())


def clip(name: str = "dance.mp4", ms: int = 2_520) -> Upload:
    return Upload(name, make_video(ms))


async def chosen(person: MemberClient, message: Message) -> Interaction:
    """Choose the entry of a message's menu, and wait for the first answer."""
    return await (await person.use_context_menu(message, MENU)).until_answered()


async def sent_off(person: MemberClient, form: Interaction, **values: Any) -> Interaction:
    """Send a form off, and wait for the answer, which is private."""
    answer = await (await person.submit_modal(form, {**TYPED, **values})).until_answered()
    assert answer.ephemeral
    return answer


def note(form: Interaction) -> str:
    """Read what the form says of the message's files."""
    assert form.modal is not None, form
    notes = [part.get("description") for part in walk_components(form.modal["components"])]
    return next(each for each in notes if each)


async def test_the_files_of_a_message_are_references(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """Pictures, videos and sounds of somebody else's; what is none of them is left out."""
    files = [
        clip(),
        Upload("notes.txt", b"text"),
        picture(),
        Upload("voice.ogg", make_audio(3_000, "ogg")),
    ]
    message = await fake_discord.member("Ben").send_message(harness.channel, "look", files)
    form = await chosen(ada, message)
    assert note(form) == "From the message: lake.png, dance.mp4, voice.ogg"
    job = await harness.job(job_id_in(await sent_off(ada, form)))
    await harness.wait_for_result(job.id)
    assert (job.user_id, job.request.mode) == (ada.id, "omni_reference")
    (sent,) = harness.submitted_inputs()
    assert [len(sent[kind]) for kind in URLS] == [1, 1, 1]
    (task,) = harness.apixo.tasks
    assert task.charged_micro == job.price == (5_000 + 2_520) * 55


async def test_a_finished_video_leads_to_another(harness: BotHarness, ada: MemberClient) -> None:
    """The message that the service itself has posted."""
    made = await harness.make_video(ada, "video", {"prompt": "a lake", "duration": 4})
    form = await chosen(ada, made)
    job = await harness.job(job_id_in(await sent_off(ada, form)))
    assert [video.duration_ms for video in job.request.videos] == [4_000]


async def test_a_message_without_files_gets_a_sentence(
    harness: BotHarness, ada: MemberClient
) -> None:
    """What to do instead, privately."""
    message = await ada.send_message(harness.channel, "look", [Upload("notes.txt", b"text")])
    answer = await chosen(ada, message)
    assert "I can't find a picture, video or sound in this message" in answer.text
    assert answer.ephemeral


async def test_what_the_model_does_not_take_is_refused_and_can_be_corrected(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Too long a video can be cut; too many are left out by the form."""
    message = await ada.send_message(harness.channel, "look", [clip("long.mp4", 20_000)])
    refused = await sent_off(ada, await chosen(ada, message))
    assert button_labels(refused) == ["Use the first 15 s", "Edit again"]
    answer = await (await ada.click(refused, "Use the first 15 s")).until_answered()
    assert (await harness.job(job_id_in(answer))).request.videos[0].duration_ms <= 15_000
    four = [clip(f"{number}.mp4", 2_040) for number in range(4)]
    refused = await sent_off(
        ada, await chosen(ada, await ada.send_message(harness.channel, "look", four))
    )
    again = await (await ada.click(refused, "Edit again")).until_answered()
    job = await harness.job(job_id_in(await sent_off(ada, again)))
    assert [video.name for video in job.request.videos] == ["0.mp4", "1.mp4", "2.mp4"]


async def test_after_a_restart_the_files_of_the_message_are_known(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Also where Discord hides them from bots."""
    message = await ada.send_message(harness.channel, "look", [clip()])
    form = await chosen(ada, message)
    message.attachments.clear()
    await harness.restart()
    job_id_in(await sent_off(ada, form))


async def test_after_a_while_the_message_is_looked_at_again(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """What is deleted, or hidden by Discord, is said to be gone; it costs nothing."""
    message = await ada.send_message(harness.channel, "look", [clip()])
    forms = [await chosen(ada, message) for _ in range(3)]
    harness.clock_offset_ms = 16 * 60_000
    job_id_in(await sent_off(ada, forms[0]))
    message.attachments.clear()
    said = [(await sent_off(ada, forms[1])).text]
    fake_discord.world.delete_message(message)
    said.append((await sent_off(ada, forms[2])).text)
    assert all("I can't see that message's files anymore" in text for text in said)
    assert await harness.job_count() == 1


async def test_sent_off_twice_it_is_one_job(harness: BotHarness, ada: MemberClient) -> None:
    """Both answers name it."""
    form = await chosen(ada, await ada.send_message(harness.channel, "look", [clip()]))
    sent = [await ada.submit_modal(form, TYPED) for _ in range(2)]
    jobs = {job_id_in(await each.until_answered()) for each in sent}
    assert len(jobs) == 1
