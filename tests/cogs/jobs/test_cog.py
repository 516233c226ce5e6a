"""Every button under a finished video, clicked over the wire, by the right people and others."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from domain.jobs import JobState
from domain.models import ModelId
from sandbox.discord import Channel, DiscordStandIn, Fault, Interaction, Message, Permission, Person
from sandbox.discord.models import walk
from storage.database import Database
from tests.harness.bot import House, buttons, job_in

S = JobState
VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
EVERY = ["Again", "Edit prompt", "Make final", "Extend", "Share", "Details", "Delete"]
NOT_YOURS = "Only the member who asked for this video"
NONE = "There is no such video"

pytestmark = pytest.mark.time_scale(600)


async def click(person: Person, where: Message | Interaction, button: str) -> Interaction:
    """Click, and wait for the answer, which is private."""
    clicked = await person.click(where, button)
    await clicked.until_answered()
    assert clicked.modal is not None or clicked.ephemeral
    return clicked


def grant(stand_in: DiscordStandIn, person: Person, granted: Permission) -> None:
    """Give a member a role."""
    role = stand_in.world.add_role(person.guild, granted.name or "role", granted)
    stand_in.world.set_roles(person.guild, person.user, role)


def forged(channel: Channel, stand_in: DiscordStandIn, custom_id: str) -> Message:
    """Post a message of the bot's with a button that it never made."""
    button = {"type": 2, "style": 1, "label": "Click", "custom_id": custom_id, "id": 2}
    row = {"type": 1, "id": 1, "components": [button]}
    world = stand_in.world
    message = Message(world.ids.next(), channel, world.bot, "odd", components=[row])
    world.post(message)
    return message


async def test_a_finished_card_has_its_buttons_and_no_money(home: House, ada: Person) -> None:
    """The video first, then what it is; the last line is the job's signature."""
    result = await home.made(ada, "video", VIDEO)
    job = result.attachments[0].filename.removesuffix(".mp4")
    assert buttons(result) == EVERY
    assert result.components[0]["type"] == 12
    assert "made in" in result.text
    assert "$" not in result.text
    assert result.text.splitlines()[-1].endswith(f" · {job}")


@pytest.mark.parametrize("model", ModelId)
async def test_make_final_is_offered_below_the_highest_resolution(
    home: House, ada: Person, model: ModelId
) -> None:
    """1.5 Pro ends at 720p, 2.0 at 1080p."""
    result = await home.made(ada, "video", {**VIDEO, "model": model, "resolution": "720p"})
    assert ("Make final" in buttons(result)) == (model is ModelId.SEEDANCE_2_0)


async def test_again_makes_the_same_once_more(home: House, ada: Person) -> None:
    """Answered privately with the price and *Cancel*; the bodies sent are the same."""
    first = await home.made(ada, "video", {**VIDEO, "fixed_lens": True})
    answer = await click(ada, first, "Again")
    assert "**$0.04**" in answer.text
    await home.result(job_in(answer))
    one, two = home.submitted()
    assert one == two


async def test_a_double_click_makes_one_job(home: House, ada: Person) -> None:
    """Two interactions at the same moment, and a third after them, are one order."""
    first = await home.made(ada, "video", VIDEO)
    clicks = await asyncio.gather(click(ada, first, "Again"), click(ada, first, "Again"))
    late = await click(ada, first, "Again")
    assert len({job_in(clicked) for clicked in (*clicks, late)}) == 1
    assert await home.count() == 2


@pytest.mark.parametrize("button", ["Again", "Edit prompt", "Make final", "Delete"])
async def test_a_stranger_gets_one_private_sentence(
    home: House, ada: Person, ben: Person, button: str
) -> None:
    """Nothing is made, held or deleted."""
    result = await home.made(ada, "video", VIDEO)
    answer = await click(ben, result, button)
    assert NOT_YOURS in answer.text
    assert len(answer.text.splitlines()) == 1
    assert buttons(answer) == []
    assert result in home.channel.messages
    assert await home.count() == 1


async def test_details_tell_the_cost_to_the_member_and_to_managers_alone(
    home: House, stand_in: DiscordStandIn, ada: Person, ben: Person
) -> None:
    """Everybody may look; the task's id is for managers."""
    prompt = "a lake " + "and another " * 60
    result = await home.made(ada, "video", {**VIDEO, "prompt": prompt})
    assert prompt.strip() not in result.text
    task = (await home.job(result.attachments[0].filename[:20])).task_id
    assert task is not None
    own, others = await click(ada, result, "Details"), await click(ben, result, "Details")
    grant(stand_in, ben, Permission.MANAGE_GUILD)
    managers = await click(ben, result, "Details")
    for answer in (own, others, managers):
        assert prompt.strip() in answer.text
    assert "Cost: $0.04." in own.text
    assert "$" not in others.text
    assert "Cost: $0.04." in managers.text
    assert [task in answer.text for answer in (own, others, managers)] == [False, False, True]


async def test_a_very_long_prompt_comes_as_a_file(home: House, ada: Person) -> None:
    """Whole, and as it was typed."""
    prompt = "a lake\n" * 700
    options = {**VIDEO, "model": "seedance-2-0", "prompt": prompt}
    answer = await click(ada, await home.made(ada, "video", options), "Details")
    assert answer.message is not None
    (file,) = answer.message.attachments
    assert file.path.read_text() == prompt.strip()


async def test_make_final_asks_with_the_price_on_the_button(home: House, ada: Person) -> None:
    """Nothing is held before; then the same request goes out with more pixels, once."""
    first = await home.made(ada, "video", {**VIDEO, "model": "seedance-2-0", "resolution": "720p"})
    question = await click(ada, first, "Make final")
    assert buttons(question) == ["Spend $1.96"]
    assert "$" not in question.text
    assert await home.count() == 1
    answers = await asyncio.gather(
        click(ada, question, "Spend $1.96"), click(ada, question, "Spend $1.96")
    )
    await question.until_text(lambda text: "On its way" in text)
    assert await home.count() == 2
    job = job_in(question)
    assert [answer.ephemeral for answer in answers] == [True, True]
    assert (await home.job(job)).price == 1_960_000
    await home.result(job)
    draft, final = home.submitted()
    assert final == {**draft, "resolution": "1080p"}


async def test_a_price_that_is_not_todays_is_not_spent(
    home: House, stand_in: DiscordStandIn, ada: Person
) -> None:
    """The button of an old question says what it was told."""
    result = await home.made(ada, "video", VIDEO)
    job = result.attachments[0].filename[:20]
    message = forged(home.channel, stand_in, f"buy:{job}:1")
    asked = await ada.click(message, "Click")
    assert "price has changed" in await asked.until_text(bool)
    assert await home.count() == 1


async def test_delete_asks_and_then_takes_message_and_file_away(home: House, ada: Person) -> None:
    """The job and its money stay; its status message says what became of it."""
    result = await home.made(ada, "video", VIDEO)
    job = result.attachments[0].filename[:20]
    question = await click(ada, result, "Delete")
    assert result in home.channel.messages
    await ada.click(question, "Delete it")
    await question.until_text(lambda text: text == "Deleted.")
    assert result not in home.channel.messages
    assert not home.context.media.exists(f"{job}.mp4")
    await home.status(job, "deleted")
    assert (await home.job(job)).state is S.DELIVERED
    assert await home.ledger(job) == ["hold", "charge"]


async def test_a_moderator_deletes_too_and_a_second_time_is_harmless(
    home: House, stand_in: DiscordStandIn, ada: Person, ben: Person
) -> None:
    """Whoever manages messages here; both had the question before them."""
    result = await home.made(ada, "video", VIDEO)
    grant(stand_in, ben, Permission.MANAGE_MESSAGES)
    questions = [await click(who, result, "Delete") for who in (ada, ben)]
    for who, question in zip((ada, ben), questions, strict=True):
        await who.click(question, "Delete it")
        await question.until_text(lambda text: text == "Deleted.")
    assert result not in home.channel.messages


async def test_a_delete_that_discord_refuses_can_be_tried_again(
    home: House, stand_in: DiscordStandIn, ada: Person
) -> None:
    """The first click says so, the second finishes it."""
    result = await home.made(ada, "video", VIDEO)
    stand_in.faults.on("DELETE", "/channels/*/messages/*", Fault(status=503))
    question = await click(ada, result, "Delete")
    forged_button = forged(home.channel, stand_in, f"erase:{result.attachments[0].filename[:20]}")
    first = await ada.click(forged_button, "Click")
    await first.until_text(lambda text: "did not let me" in text)
    await ada.click(question, "Delete it")
    await question.until_text(lambda text: text == "Deleted.")
    assert result not in home.channel.messages


@pytest.mark.parametrize(
    "custom_id",
    ["{act}:" + "0" * 20, "{act}:x", "{act}:{other}"],
    ids=["no job", "no id", "another server's"],
)
@pytest.mark.parametrize(
    "act", ["again", "edit", "final", "buy", "extend", "share", "details", "delete", "erase"]
)
async def test_a_button_about_nothing_here_says_so(
    home: House, stand_in: DiscordStandIn, ada: Person, act: str, custom_id: str
) -> None:
    """A job that is gone, an id that is none, and a job of another server."""
    other = stand_in.member("Ada", "Big Screen")
    typed = await other.type(stand_in.channel("videos", "Big Screen"), "video", VIDEO)
    there = job_in(await typed.until_answered())
    message = forged(home.channel, stand_in, custom_id.format(act=act, other=there))
    clicked = await ada.click(message, "Click")
    assert NONE in await clicked.until_text(bool)
    assert await home.count() == 1


async def test_every_button_works_after_a_restart(home: House, ada: Person) -> None:
    """A new process knows nothing but what stands in the buttons and in the database."""
    result = await home.made(ada, "video", VIDEO)
    await home.restart()
    assert "Cost" in (await click(ada, result, "Details")).text
    form = await click(ada, result, "Edit prompt")
    question, sure = await click(ada, result, "Make final"), await click(ada, result, "Delete")
    again = job_in(await click(ada, result, "Again"))
    await home.restart()
    typed = await (await ada.submit_modal(form, {"prompt": "a sea"})).until_answered()
    await ada.click(question, "Spend $0.08")
    await question.until_text(lambda text: "On its way" in text)
    for job in (again, job_in(typed), job_in(question)):
        await home.result(job)
    await ada.click(sure, "Delete it")
    await sure.until_text(lambda text: text == "Deleted.")


async def test_a_private_result_has_no_button_that_asks_for_more(
    home: House, stand_in: DiscordStandIn, ada: Person
) -> None:
    """Videos are asked for in servers; details and deletion work in the direct messages too."""
    job = await home.type(ada, "video", {**VIDEO, "prompt": "a lake [[slow:400]]"})
    await home.until(job, S.GENERATING)
    stand_in.world.deny(home.channel, Permission.SEND_MESSAGES)
    await home.until(job, S.DELIVERED)
    (result,) = ada.direct_channel.messages
    assert buttons(result) == ["Details", "Delete"]
    details = await (await ada.click(result, "Details")).until_answered()
    assert "Cost: $0.04." in details.text
    sure = await (await ada.click(result, "Delete")).until_answered()
    await ada.click(sure, "Delete it")
    await sure.until_text(lambda text: text == "Deleted.")
    assert ada.direct_channel.messages == []


@pytest.mark.parametrize(
    ("code", "offered"),
    [
        ("SensitiveContent", ["Edit prompt"]),
        ("Timeout", ["Edit prompt", "Try again"]),
        ("InsufficientBalance", []),
        ("INVALID_IMAGE_URL", []),
    ],
)
async def test_a_failure_offers_what_can_help(
    home: House, ada: Person, ben: Person, code: str, offered: list[str]
) -> None:
    """Another prompt, another try, both or neither; for its member alone."""
    job = await home.type(ada, "video", {**VIDEO, "prompt": f"a lake [[fail:{code}]]"})
    status = await home.status(job, "Nothing was charged")
    assert buttons(status) == offered
    for button in offered:
        assert NOT_YOURS in (await click(ben, status, button)).text
    if "Try again" in offered:
        second = job_in(await click(ada, status, "Try again"))
        assert (await home.until(second, S.FAILED)).fail_code == code


async def test_a_refused_click_says_which_rule_and_makes_nothing(
    home: House, stand_in: DiscordStandIn, ada: Person
) -> None:
    """A channel in which the bot may not post any more: the same answer as to a command."""
    result = await home.made(ada, "video", VIDEO)
    stand_in.world.deny(home.channel, Permission.ATTACH_FILES)
    answer = await click(ada, result, "Again")
    assert "I lack Attach Files" in answer.text
    assert await home.count() == 1


async def test_a_fault_of_ours_is_told(
    home: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong behind a button, the click gets an answer."""
    result = await home.made(ada, "video", VIDEO)

    async def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(Database, "transact", broken)
    assert "Something went wrong" in (await click(ada, result, "Again")).text


async def test_a_picture_whose_link_ran_out_is_handed_over_anew(
    home: House, ada: Person, stand_in: DiscordStandIn
) -> None:
    """A day later the kept copy hangs on the new job's status message, and APIXO fetches it."""
    lake = Path("sandbox/demo/pictures/lake.jpg")
    options = {"prompt": "it drifts [[slow:900]]", "image": lake, "duration": 4}
    first = await home.made(ada, "animate", options)
    home.ahead_ms = 30 * 3_600_000
    job = job_in(await click(ada, first, "Again"))
    (file,) = (await home.status(job, "Being made")).attachments
    await home.result(job)
    one, two = (sent["image_urls"][0] for sent in home.submitted())
    assert "/ephemeral-attachments/" in one
    assert "/attachments/" in two
    assert file.path.read_bytes() == lake.read_bytes()
    assert two.partition("?")[0] == file.url.partition("?")[0]
    assert (await home.status(job, "Done")).attachments == []


async def test_a_running_card_shows_what_was_given(home: House, ada: Person) -> None:
    """The original link while it is good, the attachment else; nothing of it at the end."""
    lake = Path("sandbox/demo/pictures/lake.jpg")
    options = {"prompt": "it drifts [[slow:900]]", "image": lake, "duration": 4}
    first = await home.type(ada, "animate", options)
    shown = await home.status(first, "Being made")
    (picture,) = galleries(shown)
    assert picture == home.submitted()[0]["image_urls"][0]
    result = await home.result(first)
    await home.status(first, "Done")
    home.ahead_ms = 30 * 3_600_000
    second = job_in(await click(ada, result, "Again"))
    shown = await home.status(second, "Being made")
    (picture,) = galleries(shown)
    assert shown.attachments[0].filename in picture
    assert galleries(await home.status(second, "Done")) == []


async def test_a_picture_that_was_swept_is_missed_before_anything_is_held(
    home: House, ada: Person
) -> None:
    """The refusal says what to do, on every button that asks for a video."""
    lake = Path("sandbox/demo/pictures/lake.jpg")
    options = {"prompt": "it drifts", "image": lake, "duration": 4, "resolution": "480p"}
    first = await home.made(ada, "animate", options)
    home.context.media.sweep_inputs(-60)
    home.ahead_ms = 30 * 3_600_000
    for button in ("Again", "Make final"):
        assert "not kept any more" in (await click(ada, first, button)).text
    form = await click(ada, first, "Edit prompt")
    answer = await (await ada.submit_modal(form)).until_answered()
    assert "not kept any more" in answer.text
    assert await home.count() == 1


def galleries(message: Message) -> list[str]:
    """List the addresses of the pictures that a message shows."""
    return [
        item["media"]["url"]
        for component in walk(message.components)
        if component["type"] == 12
        for item in component["items"]
    ]
