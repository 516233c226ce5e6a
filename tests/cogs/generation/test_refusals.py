"""Bad input through the real commands: every documented rule on both sides of its boundary.

What else can be wrong is tested beside what it is about: files, stale commands, double clicks.
"""

import asyncio
import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from domain.jobs import JobState
from domain.models import MAX_IMAGE_BYTES, AspectRatio
from sandbox.demo.job_posts import job_id_in
from sandbox.discord import FakeDiscord, Interaction, MemberClient, Message, Upload
from sandbox.discord.interactions import InteractionType
from sandbox.discord.serializers import attachment_json
from storage import audit
from storage.database import Database
from tests.harness.bot import BotHarness
from tests.harness.media_samples import make_audio, make_video
from tests.harness.rendering import HOSTILE_TEXTS, prompt_on_card, rendered_markup, unescape

Row = tuple[str, dict[str, Any], str | None]
"""A command, its options, and a part of the refusal; None for what is taken."""

PRO, TWO = "seedance-1-5-pro", "seedance-2-0"
SMILE = "\U0001f600"
REFUSED = "I can't make this yet"


def picture(width: int = 640, height: int = 360, kind: str = "PNG") -> Upload:
    data = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(data, kind)
    return Upload(f"picture.{kind.lower()}", data.getvalue())


def heavy(size: int) -> Upload:
    """Make a picture of so many bytes."""
    return Upload("heavy.png", picture().content.ljust(size, b"\0"))


def clips(*all_ms: int) -> dict[str, Any]:
    return {f"video{n}": Upload(f"v{n}.mp4", make_video(ms)) for n, ms in enumerate(all_ms, 1)}


def sounds(*all_ms: int) -> dict[str, Any]:
    return {
        f"audio{n}": Upload(f"a{n}.wav", make_audio(ms, "wav")) for n, ms in enumerate(all_ms, 1)
    }


def prompts(model: str) -> list[Row]:
    """Vary the prompt: 3 to 2,500 characters on 1.5 Pro, anything that is not empty on 2.0."""
    taken = {
        PRO: ("abc", "  abc  ", "x" * 2500, SMILE * 1250, "\u202egnp.exe", "@everyone look <@1>"),
        TWO: ("a", "x" * 2501, "x" * 6000, SMILE * 2500, "\u202egnp.exe", "@everyone look <@1>"),
    }
    refused = {
        PRO: {"ab": "prompt", " ab ": "prompt", "x" * 2501: "2,500", SMILE * 2500: "2,500"},
        TWO: {},
    }
    nothing = ("", "   ", "\t\n\u3000", "\u200b\u200b\u200b\u200b", "\u202e\u2066\u2069")
    broken = {
        "a lake \ud800": "prompt",
        "\udfff\ud800 lake": "prompt",
        "a\0b": "prompt",
        "\0": "prompt",
    }
    said: dict[str, str | None] = dict.fromkeys(taken[model])
    said |= refused[model] | dict.fromkeys(nothing, "Describe") | broken
    return [("video", {"prompt": text, "model": model}, why) for text, why in said.items()]


def choices(model: str) -> list[Row]:
    """Vary one choice at a time, over what the model takes and what lies just beyond."""
    longest = {PRO: 12, TWO: 15}[model]
    only = {PRO: ("fixed_lens", "web_search"), TWO: ("web_search", "fixed_lens")}[model]
    changes: list[tuple[dict[str, Any], str | None]] = [
        *(({"duration": seconds}, None) for seconds in range(4, longest + 1)),
        *(({"duration": seconds}, f"not {seconds}.") for seconds in (-1, 0, 3, longest + 1, 99)),
        *(({"resolution": size}, None) for size in ("480p", "720p")),
        ({"resolution": "1080p"}, "1080p" if model == PRO else None),
        ({"resolution": "4k"}, "4k"),
        *(({"aspect_ratio": ratio}, None) for ratio in AspectRatio if ratio != "auto"),
        ({"aspect_ratio": "auto"}, "needs a fixed shape" if model == PRO else None),
        ({"aspect_ratio": "2:1"}, "2:1"),
        *(({"sound": sound_}, None) for sound_ in (True, False)),
        *(({only[0]: on}, None) for on in (True, False)),
        ({only[1]: True}, "only works with"),
        ({only[1]: False}, None),
    ]
    plain_ = {"prompt": "a lake", "model": model}
    return [("video", {**plain_, **change}, why) for change, why in changes]


def frames(model: str) -> list[Row]:
    """Give one and two pictures, at the edges of what is a picture for APIXO."""
    given: list[tuple[dict[str, Any], str | None]] = [
        ({"image": picture()}, None),
        ({"image": picture(kind="JPEG"), "last_image": picture(kind="WEBP")}, None),
        ({"image": picture(300, 300)}, None),
        ({"image": picture(300, 299)}, "picture.png"),
        ({"image": picture(300, 750)}, None),
        ({"image": picture(300, 751)}, "picture.png"),
        ({"image": picture(6000, 2400, "JPEG")}, None),
        ({"image": picture(6001, 2401, "JPEG")}, None),
        ({"image": heavy(MAX_IMAGE_BYTES)}, None),
        ({"image": heavy(MAX_IMAGE_BYTES + 1)}, None),
        ({"image": picture(), "last_image": picture(kind="GIF")}, None),
        ({"image": picture(), "last_image": Upload("x.png", b"")}, "x.png"),
    ]
    # Which pictures can be used is the same on both.
    given = given if model == PRO else given[:2]
    asked = {"prompt": "it moves", "model": model}
    return [("animate", {**asked, **files}, why) for files, why in given]


def references() -> list[Row]:
    """Give references at the edges of their lengths and numbers."""
    nine = {f"image{n}": picture() for n in range(1, 10)}
    given: list[tuple[dict[str, Any], str | None]] = [
        ({}, None),
        ({**nine, **clips(5000, 5000, 5000), **sounds(5000, 5000, 5000)}, None),
        (clips(2000), None),
        (clips(1999), "1.999 s"),
        (clips(15_000), None),
        (clips(15_001), "15.001 s"),
        (clips(5000, 5000, 5001), "Yours last 15.001 s"),
        ({"image1": picture(), **sounds(2000)}, None),
        ({"image1": picture(), **sounds(1999)}, "1.998 s"),
        ({**clips(2000), **sounds(15_000)}, None),
        ({**clips(2000), **sounds(15_001)}, "15.001 s"),
        ({**clips(2000), **sounds(5000, 5000, 5001)}, "Yours last 15.001 s"),
        (sounds(3000), "Sound alone isn't enough"),
        ({"image1": picture(), "audio1": Upload("hours.mp3", half_an_hour())}, "hours.mp3"),
        ({"video1": picture()}, "Attach an MP4, MOV"),
        ({"audio1": picture(), "image1": picture()}, "Attach an MP3, WAV"),
        ({"image1": picture(), "video1": Upload("cut.mp4", make_video(3000)[:-99])}, "cut.mp4"),
    ]
    asked = {"prompt": "like these", "duration": 4, "resolution": "480p"}
    return [("reference", {**asked, **files}, why) for files, why in given]


def half_an_hour() -> bytes:
    """Write a small MP3 of half an hour."""
    return (b"\xff\xf3\x14\xc4" + bytes(20)) * 75_000


pytestmark = pytest.mark.time_scale(60)


@pytest.fixture
async def harness(stopped_harness: BotHarness) -> BotHarness:
    """Have so many places at APIXO that nothing waits."""
    stopped_harness.policy = replace(stopped_harness.policy, max_tasks=200)
    await stopped_harness.start()
    return stopped_harness


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(prompts, id="prompts"),
        pytest.param(choices, id="choices"),
        pytest.param(frames, id="frames"),
    ],
)
@pytest.mark.parametrize("model", [PRO, TWO])
async def test_each_boundary_holds_on_both_sides(
    harness: BotHarness, ada: MemberClient, database: Database, rows: Any, model: str
) -> None:
    """Of every rule of the model's page; what is let through, the strict stand-in takes."""
    await hold_to(harness, ada, database, rows(model))


async def test_each_boundary_of_references_holds_on_both_sides(
    harness: BotHarness, ada: MemberClient, database: Database
) -> None:
    """By lengths that are measured in real files."""
    await hold_to(harness, ada, database, references())


async def hold_to(
    harness: BotHarness, ada: MemberClient, database: Database, rows: list[Row]
) -> None:
    """Ask for each row, and see what is answered, made and held, and what APIXO says to it."""
    harness.apixo.scaled_clock.adjust(scale=1)
    asked = await asyncio.gather(*(ask(harness, ada, name, options) for name, options, _ in rows))
    made = list[str]()
    for (name, options, why), answer in zip(rows, asked, strict=True):
        said = answer.text.replace("\\", "")
        about = (name, {**options, "prompt": options["prompt"][:20]}, said)
        assert answer.ephemeral, about
        if why is None:
            assert "on its way" in said, about
            made.append(job_id_in(answer))
        else:
            assert why in said, about
            assert REFUSED in said, about
    assert await harness.job_count() == len(made)
    for job in made:
        assert (await harness.wait_for_state(job, JobState.GENERATING)).task_id
    assert len(harness.apixo.tasks) == len(harness.submitted_inputs()) == len(made)
    assert (await database.read(audit.run_audit)).violations == ()


async def ask(
    harness: BotHarness, person: MemberClient, name: str, options: dict[str, Any]
) -> Interaction:
    """Type a command; without files as a stale client would, which has no bounds."""
    if any(isinstance(value, Upload) for value in options.values()):
        return await (await person.run_command(harness.channel, name, options)).until_answered(60)
    return await send(harness, person, name, options)


async def send(
    harness: BotHarness, person: MemberClient, name: str, options: dict[str, Any], **resolved: Any
) -> Interaction:
    """Send a command whatever it says, and wait for the answer."""
    found = harness.discord.commands.find(person.guild.id, name)
    assert found is not None
    kinds = {option["name"]: option["type"] for option in found["options"]}
    given = [{"name": key, "type": kinds[key], "value": value} for key, value in options.items()]
    data = {"id": found["id"], "name": name, "type": 1, "options": given, **resolved}
    sent = harness.discord.interactions.dispatch(
        InteractionType.COMMAND, person.user, harness.channel, data
    )
    return await sent.until_answered(60)


async def test_an_attachment_that_was_deleted_meanwhile_is_asked_for_again(
    harness: BotHarness, ada: MemberClient
) -> None:
    """It is gone by the time that the command arrives."""
    message = await ada.send_message(harness.channel, files=[picture()])
    (file,) = message.attachments
    file.path.unlink()
    bodies = {str(file.id): attachment_json(file)}
    options = {"prompt": "it moves", "image": str(file.id)}
    answer = await send(harness, ada, "animate", options, resolved={"attachments": bodies})
    assert "I couldn't get picture.png from Discord. Attach it again." in unescape(answer.text)
    assert await harness.job_count() == 0


async def test_a_hostile_prompt_is_shown_as_text_and_pings_nobody(
    harness: BotHarness, ada: MemberClient
) -> None:
    """On the card that everybody sees, over the whole way."""
    prompts_ = HOSTILE_TEXTS.values()
    asked = (send(harness, ada, "video", {"prompt": text, "model": TWO}) for text in prompts_)
    for answer in await asyncio.gather(*asked):
        card = await harness.wait_for_status(job_id_in(answer), "")
        assert rendered_markup(prompt_on_card(card.text)) == []
        assert card.notified_user_ids == set()
    assert await harness.job_count() == len(prompts_)


DELETED = {
    "edit": "",
    "final": "Remake this in",
    "extend": "was deleted",
    "share": "file is gone",
    "details": "Cost: $0.04.",
    "delete": "Delete this video for everyone?",
    "again": "on its way",
}
"""What each button of a deleted video answers; only *Again* makes a new one, as it was asked to."""


async def test_a_deleted_videos_buttons_get_a_clear_answer_and_make_nothing_unasked(
    harness: BotHarness, ada: MemberClient, fake_discord: FakeDiscord
) -> None:
    """From an old view of its message; *Again* is the one that asks for another video."""
    harness.apixo.scaled_clock.adjust(scale=600)
    result = await harness.make_video(ada, "video", {"prompt": "a lake", "resolution": "480p"})
    job = result.attachments[0].filename[:20]
    question = await (await ada.click(result, "Delete")).until_answered()
    await ada.click(question, "Delete it")
    await question.until_text(lambda text: text == "Deleted.")
    for act, said in DELETED.items():
        assert await harness.job_count() == 1
        clicked = await ada.click(old_view(fake_discord, harness, f"{act}:{job}"), "Click")
        assert said in (await clicked.until_answered(30)).text
        assert (clicked.modal is not None) == (act == "edit")
    assert await harness.job_count() == 2


def old_view(fake_discord: FakeDiscord, harness: BotHarness, custom_id: str) -> Message:
    """Post a message with a button, as somebody's screen still shows it."""
    button = {"type": 2, "style": 1, "label": "Click", "custom_id": custom_id, "id": 2}
    row = {"type": 1, "id": 1, "components": [button]}
    world = fake_discord.world
    message = Message(world.ids.next(), harness.channel, world.bot_user, "old", components=[row])
    world.post(message)
    return message
