"""*Again* and *Edit prompt* under somebody else's public video make one's own, with credit."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest

from domain.guild_settings import GuildSettings
from sandbox.demo.job_posts import job_id_in
from sandbox.discord import FakeDiscord, Fault, Interaction, MemberClient, Message, Upload
from sandbox.discord.models import walk_components
from storage import guild_settings
from tests.harness.bot import BotHarness, button_labels
from tests.harness.media_samples import make_audio
from workflow.members.erasure import erase_pending, request_erasure

VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
LAKE = Path("sandbox/demo/pictures/lake.jpg")
NOT_YOURS = "Only the person who made this"

pytestmark = pytest.mark.time_scale(600)


async def click(person: MemberClient, where: Message | Interaction, button: str) -> Interaction:
    clicked = await (await person.click(where, button)).until_answered()
    assert clicked.modal is not None or clicked.ephemeral
    return clicked


async def sent_off(person: MemberClient, form: Interaction, **values: Any) -> Interaction:
    return await (await person.submit_modal(form, values)).until_answered()


async def remixed(harness: BotHarness, person: MemberClient, origin: Message) -> Message:
    """Make the same once more, as somebody else."""
    job = job_id_in(await click(person, origin, "Again"))
    await harness.wait_for_end(job)
    return await harness.wait_for_result(job)


async def configure(harness: BotHarness, **chosen: Any) -> None:
    guild = harness.channel.guild
    assert guild is not None
    text = GuildSettings(**chosen).model_dump_json()
    await harness.database.transact(lambda tx: guild_settings.save_settings(tx, guild.id, text, 1))


def link_to(message: Message) -> str:
    channel = message.channel
    assert channel.guild is not None
    return f"https://discord.com/channels/{channel.guild.id}/{channel.id}/{message.id}"


def job_of(result: Message) -> str:
    return result.attachments[0].filename.removesuffix(".mp4")


def note_on(form: Interaction, field: str) -> str:
    """Return what a form says below the name of a field."""
    assert form.modal is not None
    (label,) = [
        one
        for one in form.modal["components"]
        if any(found.get("custom_id") == field for found in walk_components([one]))
    ]
    return str(label.get("description"))


async def test_again_makes_ones_own_and_credits_the_origin(
    harness: BotHarness, ada: MemberClient, ben: MemberClient
) -> None:
    """The same request, who clicked pays and is pinged; the credit links, and pings nobody."""
    origin = await harness.make_video(ada, "video", {**VIDEO, "fixed_lens": True})
    remix = await remixed(harness, ben, origin)
    one, two = harness.submitted_inputs()
    assert one == two
    assert f"Remix of <@{ada.id}>'s [video]({link_to(origin)})" in remix.text
    assert "Remix of" not in origin.text
    assert remix.notified_user_ids == {ben.id}
    job = await harness.job(job_of(remix))
    assert (job.user_id, job.remix_of) == (ben.id, job_of(origin))
    assert f"Remix of <@{ada.id}>" in (await click(ben, remix, "Details")).text


async def test_the_credit_goes_along_when_a_remix_is_changed(
    harness: BotHarness, ada: MemberClient, ben: MemberClient
) -> None:
    """Another prompt is still a remix, and so is the same again of one's own."""
    origin = await harness.make_video(ada, "video", VIDEO)
    form = await click(ben, origin, "Edit prompt")
    first = job_id_in(await sent_off(ben, form, prompt="a lake at noon"))
    result = await harness.wait_for_result(first)
    assert (await harness.job(first)).request.prompt == "a lake at noon"
    again = await harness.wait_for_result(job_id_in(await click(ben, result, "Again")))
    for remix in (result, again):
        assert f"Remix of <@{ada.id}>'s [video]({link_to(origin)})" in remix.text


async def test_a_deleted_origin_is_credited_without_a_link(
    harness: BotHarness, ada: MemberClient, ben: MemberClient
) -> None:
    """And makes no more remixes, of an open form either."""
    origin = await harness.make_video(ada, "video", VIDEO)
    form = await click(ben, origin, "Edit prompt")
    remix = await remixed(harness, ben, origin)
    question = await click(ada, origin, "Delete")
    await ada.click(question, "Delete it")
    await question.until_text(lambda text: text == "Deleted.")
    assert NOT_YOURS in (await sent_off(ben, form, prompt="a lake at noon")).text
    again = await remixed(harness, ben, remix)
    assert f"Remix of <@{ada.id}>'s video" in again.text
    assert "[video]" not in again.text


@pytest.mark.parametrize("button", ["Again", "Edit prompt"])
async def test_a_picture_stays_its_members(
    harness: BotHarness, ada: MemberClient, ben: MemberClient, button: str
) -> None:
    """The form asks for another one, and has prompt and options; a look at it takes no file."""
    origin = await harness.make_video(ada, "animate", {**VIDEO, "image": LAKE})
    form = await click(ben, origin, button)
    if button == "Again":
        assert "Attach your own files. Their uploads stay theirs." in form.text
        assert button_labels(form) == ["Attach yours"]
        form = await click(ben, form, "Attach yours")
    assert note_on(form, "pictures") == "Attach your own. Others' uploads stay theirs."
    without = await sent_off(ben, form)
    assert "Attach a PNG, JPEG or WebP" in without.text
    picture = Upload("mine.jpg", LAKE.read_bytes() + b"\0")
    made = job_id_in(await sent_off(ben, form, pictures=[picture]))
    result = await harness.wait_for_result(made)
    theirs, mine = await harness.job(job_of(origin)), await harness.job(made)
    assert mine.request.prompt == theirs.request.prompt
    assert mine.request.pictures[0].name == "mine.jpg"
    assert mine.request.pictures[0].kept != theirs.request.pictures[0].kept
    assert f"Remix of <@{ada.id}>" in result.text


async def test_references_stay_their_members(
    harness: BotHarness, ada: MemberClient, ben: MemberClient
) -> None:
    """One's own are uploaded into the form, pictures and sounds in any order; none is a choice."""
    options = {"prompt": "a lake", "duration": 4, "image1": LAKE}
    origin = await harness.make_video(ada, "reference", options)
    form = await click(ben, origin, "Edit prompt")
    assert note_on(form, "references") == "Attach your own. Others' uploads stay theirs."
    files = [
        Upload("rain.mp3", make_audio(3_000)),
        Upload("mine.jpg", LAKE.read_bytes() + b"\0"),
    ]
    request = (await harness.job(job_id_in(await sent_off(ben, form, references=files)))).request
    assert request.mode == "omni_reference"
    assert [one.name for one in request.pictures] == ["mine.jpg"]
    assert [one.name for one in request.audios] == ["rain.mp3"]
    bare = await click(ben, origin, "Edit prompt")
    assert (await harness.job(job_id_in(await sent_off(ben, bare)))).request.pictures == ()


async def test_where_remixes_are_off_only_their_member_repeats_a_video(
    harness: BotHarness, ada: MemberClient, ben: MemberClient
) -> None:
    """As before; the member themselves still does."""
    origin = await harness.make_video(ada, "video", VIDEO)
    form = await click(ben, origin, "Edit prompt")
    await configure(harness, remix_allowed=False)
    assert NOT_YOURS in (await sent_off(ben, form)).text
    for button in ("Again", "Edit prompt"):
        assert NOT_YOURS in (await click(ben, origin, button)).text
    assert await harness.job_count() == 1
    assert "on its way" in (await click(ada, origin, "Again")).text


async def test_after_their_member_deleted_everything_the_remix_stays_without_credit(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, ben: MemberClient
) -> None:
    """In result and showcase, also if Discord refuses at first; the rest is as it was."""
    showcase = fake_discord.channel("general")
    await configure(harness, showcase_channel=showcase.id)
    origin = await harness.make_video(ada, "video", VIDEO)
    remix = await remixed(harness, ben, origin)
    await click(ben, remix, "Share")
    (shared,) = showcase.messages
    assert all("Remix of" in message.text for message in (remix, shared))
    before = {message.id: credited(message) for message in (remix, shared)}
    fake_discord.faults.add("PATCH", "/channels/*/messages/*", Fault(status=503))
    await request_erasure(harness.context, ada.id)
    await erase_pending(harness.context, ada.id)
    async with asyncio.timeout(120):
        while (await harness.job(job_of(remix))).remix_of is not None:
            harness.clock_offset_ms += 1_000
            await asyncio.sleep(0.01)
    for message in (remix, shared):
        assert "Remix of" not in message.text
        assert credited(message) == before[message.id]
        (file,) = message.attachments
        assert file.path.read_bytes() == video_of(harness, remix)
    assert origin not in harness.channel.messages
    assert "Remix of" not in (await remixed(harness, ben, remix)).text


def video_of(harness: BotHarness, result: Message) -> bytes:
    return harness.context.media.video_path(f"{job_of(result)}.mp4").read_bytes()


def credited(message: Message) -> tuple[str, list[str], str]:
    """Return what a message says besides the credit, its buttons, and what its video is."""
    lines = [line for line in message.text.splitlines() if "Remix of" not in line]
    (file,) = message.attachments
    content = hashlib.sha256(file.path.read_bytes()).hexdigest()
    return "\n".join(lines), button_labels(message), content
