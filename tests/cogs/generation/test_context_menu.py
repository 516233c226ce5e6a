"""*Animate this image* in the menu of messages, over the wire: found, chosen, typed, made."""

import io
from typing import Any

import pytest
from PIL import Image

from sandbox.demo.job_posts import job_id_in
from sandbox.discord import (
    FakeDiscord,
    Fault,
    Interaction,
    MemberClient,
    Message,
    Permission,
    Upload,
)
from sandbox.discord.interactions import InteractionType
from sandbox.discord.models import walk_components
from tests.harness.bot import BotHarness, button_labels

MENU = "Animate this image"
FIELDS = ["prompt", "last_picture", "model", "seconds", "resolution"]
GONE = "I can't see that picture anymore"

pytestmark = pytest.mark.time_scale(600)


def picture(name: str, size: tuple[int, int] = (640, 360), kind: str = "PNG") -> Upload:
    data = io.BytesIO()
    Image.new("RGB", size, "teal").save(data, kind)
    return Upload(name, data.getvalue())


async def chosen(person: MemberClient, message: Message) -> Interaction:
    """Choose the entry of a message's menu, and wait for the first answer."""
    return await (await person.use_context_menu(message, MENU)).until_answered()


async def sent_off(person: MemberClient, form: Interaction, **values: Any) -> Interaction:
    """Send a form off, and wait for the answer, which is private."""
    answer = await (await person.submit_modal(form, values)).until_answered()
    assert answer.ephemeral
    return answer


def fields(form: Interaction) -> list[str]:
    assert form.modal is not None, form
    return [
        field["custom_id"]
        for field in walk_components(form.modal["components"])
        if "custom_id" in field
    ]


def posted(fake_discord: FakeDiscord, **more: Any) -> Message:
    """Post a message as another bot might."""
    world, channel = fake_discord.world, fake_discord.channel("videos")
    message = Message(world.ids.next(), channel, fake_discord.member("Ben").user, "look", **more)
    world.post(message)
    return message


async def test_a_picture_of_somebody_elses_comes_to_life(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """The form is the first answer; what is sent off is a job of the member who chose it."""
    message = await fake_discord.member("Ben").send_message(
        harness.channel, "look", [picture("lake.png")]
    )
    form = await chosen(ada, message)
    assert fields(form) == FIELDS
    answer = await sent_off(ada, form, prompt="it drifts", seconds=["8"], resolution=["480p"])
    job = await harness.job(job_id_in(answer))
    assert (job.user_id, job.request.mode, job.request.seconds) == (ada.id, "image-to-video", 8)
    await harness.wait_for_result(job.id)
    assert "lake.png" in harness.submitted_inputs()[0]["image_urls"][0]


async def test_an_end_frame_makes_it_lead_from_one_picture_to_another(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Only the end is attached; the first is the message's."""
    form = await chosen(
        ada, await ada.send_message(harness.channel, "look", [picture("first.png")])
    )
    answer = await sent_off(
        ada, form, prompt="it drifts", last_picture=[picture("last.png")], model=["seedance-2-0"]
    )
    request = (await harness.job(job_id_in(answer))).request
    assert request.mode == "first_and_last_frames"
    assert [one.name for one in request.pictures] == ["first.png", "last.png"]


async def test_of_several_pictures_one_is_chosen(harness: BotHarness, ada: MemberClient) -> None:
    """A private card shows them with numbers; the form is for the chosen one."""
    files = [picture("one.png"), Upload("notes.txt", b"text"), picture("two.png")]
    card = await chosen(ada, await ada.send_message(harness.channel, "look", files))
    assert card.ephemeral
    assert card.message is not None
    (menu,) = (part for part in walk_components(card.message.components) if part["type"] == 3)
    assert [option["label"] for option in menu["options"]] == ["1. one.png", "2. two.png"]
    form = await (await ada.select(card, menu["custom_id"], ["2"])).until_answered()
    request = (await harness.job(job_id_in(await sent_off(ada, form, prompt="it drifts")))).request
    assert [one.name for one in request.pictures] == ["two.png"]


@pytest.mark.parametrize("files", [[], [Upload("notes.txt", b"text")]], ids=["none", "text"])
async def test_a_message_without_a_picture_gets_a_sentence(
    harness: BotHarness, ada: MemberClient, files: list[Upload]
) -> None:
    """What to do instead, privately."""
    answer = await chosen(ada, await ada.send_message(harness.channel, "look", files))
    assert "I can't find a picture in this message" in answer.text
    assert answer.ephemeral


async def test_pictures_of_embeds_are_found(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """By Discord's own address of them; what lies elsewhere alone is refused without a request."""
    file = await ada.send_message(harness.channel, "look", [picture("lake.png")])
    own = {"url": "https://evil.example/lake.png", "proxy_url": file.attachments[0].url}
    form = await chosen(ada, posted(fake_discord, embeds=[{"type": "rich", "image": own}]))
    job_id_in(await sent_off(ada, form, prompt="it drifts"))
    foreign = {"url": "http://127.0.0.1:9/lake.png"}
    form = await chosen(ada, posted(fake_discord, embeds=[{"type": "rich", "thumbnail": foreign}]))
    answer = await sent_off(ada, form, prompt="it drifts")
    assert "isn't on Discord's servers" in answer.text
    assert await harness.job_count() == 1


async def test_pictures_among_components_are_found(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """In a gallery and beside a text, within a box too; videos are no pictures."""
    names = ["one.png", "two.png", "three.png"]
    said = await ada.send_message(harness.channel, "look", [picture(name) for name in names])
    one, two, three = ({"url": file.url, "id": 1} for file in said.attachments)
    clip = {"url": "https://cdn.discordapp.com/attachments/1/2/x.mp4", "content_type": "video/mp4"}
    gallery = {"type": 12, "id": 2, "items": [{"media": one}, {"media": clip}]}
    text = {"type": 10, "id": 4, "content": "beside"}
    section = {
        "type": 9,
        "id": 3,
        "components": [text],
        "accessory": {"type": 11, "id": 5, "media": two},
    }
    box = {"type": 17, "id": 6, "components": [section, {**gallery, "items": [{"media": three}]}]}
    message = posted(fake_discord, components=[gallery, box])
    card = await chosen(ada, message)
    assert card.message is not None
    (menu,) = (part for part in walk_components(card.message.components) if part["type"] == 3)
    assert [option["label"][3:] for option in menu["options"]] == [
        "one.png",
        "two.png",
        "three.png",
    ]


@pytest.mark.parametrize("why", ["restart", "time"])
async def test_menu_and_form_work_after_a_restart_and_for_ever(
    harness: BotHarness, ada: MemberClient, why: str
) -> None:
    """The form carries which picture was meant; after a while the message is fetched again.

    Until then its pictures are kept, and it does not matter that Discord hides them from the bot.
    """
    files = [picture("one.png"), picture("two.png")]
    message = await ada.send_message(harness.channel, "look", files)
    card = await chosen(ada, message)
    await harness.restart()
    if why == "restart":
        message.attachments.clear()
    else:
        harness.clock_offset_ms = 16 * 60_000
    assert card.message is not None
    menu = next(part for part in walk_components(card.message.components) if part["type"] == 3)
    form = await (await ada.select(card, menu["custom_id"], ["2"])).until_answered()
    await harness.restart()
    request = (await harness.job(job_id_in(await sent_off(ada, form, prompt="it drifts")))).request
    assert [one.name for one in request.pictures] == ["two.png"]


SAID = {
    "silence": "Discord isn't answering",
    "a page": "Discord isn't answering",
    "hidden from me": "I can't read this",
}


@pytest.mark.parametrize(
    "why", ["deleted", "empty", "hidden from me", "hidden from her", "silence", "a page"]
)
async def test_a_picture_that_is_not_to_be_had_costs_no_words(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, why: str
) -> None:
    """The answer says why, and *Edit again* has the prompt and room for the picture."""
    message = await fake_discord.member("Ben").send_message(
        harness.channel, "look", [picture("lake.png")]
    )
    form = await chosen(ada, message)
    harness.clock_offset_ms = 16 * 60_000
    match why:
        case "deleted":
            fake_discord.world.delete_message(message)
        case "empty":  # as Discord shows strangers' messages to a bot without a leave to read them
            message.attachments.clear()
        case "hidden from me":
            denied = Permission.READ_MESSAGE_HISTORY
            fake_discord.world.deny(harness.channel, denied)
        case "hidden from her":
            fake_discord.world.deny(harness.channel, Permission.READ_MESSAGE_HISTORY, ada.user)
        case _:
            fault = Fault(status=503) if why == "silence" else Fault(status=404, raw=b"<html>")
            fake_discord.faults.add("GET", "/channels/*/messages/*", fault)
    answer = await sent_off(ada, form, prompt="it drifts", last_picture=[picture("last.png")])
    assert SAID.get(why, GONE) in answer.text
    again = await (await ada.click(answer, "Edit again")).until_answered()
    job = job_id_in(await sent_off(ada, again, pictures=[picture("first.png")]))
    request = (await harness.job(job)).request
    assert request.prompt == "it drifts"
    assert [one.name for one in request.pictures] == ["first.png", "last.png"]


async def test_a_message_that_is_deleted_meanwhile_makes_no_fault(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """Its file can no longer be fetched, and the answer says so."""
    message = await ada.send_message(harness.channel, "look", [picture("lake.png")])
    form = await chosen(ada, message)
    fake_discord.world.delete_message(message)
    message.attachments[0].path.unlink(missing_ok=True)
    answer = await sent_off(ada, form, prompt="it drifts")
    assert "from Discord. Attach it again." in answer.text
    assert button_labels(answer) == ["Edit again"]
    assert await harness.job_count() == 0


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (Upload("text.png", b"no picture"), "I can't read text.png as a picture"),
        (picture("line.png", (1, 60_000)), "at least 300 pixels on each side"),
        (picture("small.png", (200, 200)), "at least 300 pixels on each side"),
    ],
    ids=["other bytes", "a line", "small"],
)
async def test_a_picture_that_can_not_be_used_is_refused_with_its_reason(
    harness: BotHarness, ada: MemberClient, file: Upload, said: str
) -> None:
    """And another one can be attached in its place."""
    form = await chosen(ada, await ada.send_message(harness.channel, "look", [file]))
    answer = await sent_off(ada, form, prompt="it drifts")
    assert said in answer.text
    assert await harness.job_count() == 0
    again = await (await ada.click(answer, "Edit again")).until_answered()
    job_id_in(await sent_off(ada, again, pictures=[picture("lake.png")]))


@pytest.mark.parametrize("custom_id", ["animate:{message}:0:1", "animate:{message}:9:1"])
async def test_a_number_that_no_picture_has_is_refused(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, custom_id: str
) -> None:
    """The form is forged; nothing is made."""
    message = await ada.send_message(harness.channel, "look", [picture("lake.png")])
    answer = await forged(fake_discord, ada, harness, custom_id.format(message=message.id))
    assert GONE in answer.text
    assert await harness.job_count() == 0


async def test_a_picture_of_another_channel_is_not_to_be_had(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """A forged form names a message of another server: there is none of that id here."""
    elsewhere = fake_discord.channel("videos", "Big Screen")
    there = fake_discord.member("Ada", "Big Screen")
    message = await there.send_message(elsewhere, "look", [picture("secret.png")])
    answer = await forged(fake_discord, ada, harness, f"animate:{message.id}:1:1")
    assert GONE in answer.text
    assert await harness.job_count() == 0


async def test_a_form_sent_off_twice_is_one_job(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """Opened again, it is another order."""
    message = await ada.send_message(harness.channel, "look", [picture("lake.png")])
    custom_id = f"animate:{message.id}:1:77"
    answers = [await forged(fake_discord, ada, harness, custom_id) for _ in range(2)]
    assert len({job_id_in(answer) for answer in answers}) == 1
    job_id_in(await forged(fake_discord, ada, harness, f"animate:{message.id}:1:78"))
    assert await harness.job_count() == 2


async def forged(
    fake_discord: FakeDiscord, person: MemberClient, harness: BotHarness, custom_id: str
) -> Interaction:
    """Send a form off that was never opened."""
    component = {"type": 4, "custom_id": "prompt", "value": "it drifts"}
    data = {"custom_id": custom_id, "components": [{"type": 18, "component": component}]}
    sent = fake_discord.interactions.dispatch(
        InteractionType.MODAL, person.user, harness.channel, data
    )
    return await sent.until_answered()
