"""Every button under a finished video, clicked over the wire, by the right people and others."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from domain.jobs import JobState
from domain.models import ModelId
from sandbox.demo.job_posts import is_about, is_post, job_id_in
from sandbox.discord import (
    Channel,
    FakeDiscord,
    Fault,
    Interaction,
    MemberClient,
    Message,
    Permission,
)
from sandbox.discord.models import walk_components
from storage import status_messages
from storage.database import Database
from tests.harness.bot import BotHarness, button_labels

S = JobState
VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
EVERY = ["Again", "Edit prompt", "Make final", "Extend", "Details", "Delete"]
NOT_YOURS = "Only the person who made this"
NONE = "I can't find that video"

pytestmark = pytest.mark.time_scale(600)


async def click(person: MemberClient, where: Message | Interaction, button: str) -> Interaction:
    """Click, and wait for the answer, which is private."""
    clicked = await person.click(where, button)
    await clicked.until_answered()
    assert clicked.modal is not None or clicked.ephemeral
    return clicked


def grant(fake_discord: FakeDiscord, person: MemberClient, granted: Permission) -> None:
    """Give a member a role."""
    role = fake_discord.world.add_role(person.guild, granted.name or "role", granted)
    fake_discord.world.set_roles(person.guild, person.user, role)


def forged(channel: Channel, fake_discord: FakeDiscord, custom_id: str) -> Message:
    """Post a message of the bot's with a button that it never made."""
    button = {"type": 2, "style": 1, "label": "Click", "custom_id": custom_id, "id": 2}
    row = {"type": 1, "id": 1, "components": [button]}
    world = fake_discord.world
    message = Message(world.ids.next(), channel, world.bot_user, "odd", components=[row])
    world.post(message)
    return message


async def test_a_finished_card_has_its_buttons_and_no_money(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The video first, then what it is; the last line is the job's signature."""
    result = await harness.make_video(ada, "video", VIDEO)
    job = result.attachments[0].filename.removesuffix(".mp4")
    assert button_labels(result) == EVERY
    assert result.components[0]["type"] == 12
    assert "made in" in result.text
    assert "$" not in result.text
    assert is_post(result, job, "result")
    assert job not in result.text


async def test_a_shape_that_was_left_to_the_model_is_not_said_where_the_video_shows_it(
    harness: BotHarness, ada: MemberClient
) -> None:
    """*auto* is what was asked for, not what was made."""
    options = {**VIDEO, "model": "seedance-2-0", "aspect_ratio": "auto"}
    result = await harness.make_video(ada, "video", options)
    assert "auto" not in result.text + (await click(ada, result, "Details")).text


@pytest.mark.parametrize("model", ModelId)
async def test_make_final_is_offered_below_the_highest_resolution(
    harness: BotHarness, ada: MemberClient, model: ModelId
) -> None:
    """1.5 Pro ends at 720p, 2.0 at 1080p."""
    result = await harness.make_video(ada, "video", {**VIDEO, "model": model, "resolution": "720p"})
    assert ("Make final" in button_labels(result)) == (model is ModelId.SEEDANCE_2_0)


async def test_again_makes_the_same_once_more(harness: BotHarness, ada: MemberClient) -> None:
    """Answered privately with the price and *Cancel*; the bodies sent are the same."""
    first = await harness.make_video(ada, "video", {**VIDEO, "fixed_lens": True})
    answer = await click(ada, first, "Again")
    assert "$0.04" in answer.text
    await harness.wait_for_result(job_id_in(answer))
    one, two = harness.submitted_inputs()
    assert one == two


async def test_a_double_click_makes_one_job(harness: BotHarness, ada: MemberClient) -> None:
    """Two interactions at the same moment, and a third after them, are one order."""
    first = await harness.make_video(ada, "video", VIDEO)
    clicks = await asyncio.gather(click(ada, first, "Again"), click(ada, first, "Again"))
    late = await click(ada, first, "Again")
    assert len({job_id_in(clicked) for clicked in (*clicks, late)}) == 1
    assert await harness.job_count() == 2


@pytest.mark.parametrize("button", ["Make final", "Delete"])
async def test_a_stranger_gets_one_private_sentence(
    harness: BotHarness, ada: MemberClient, ben: MemberClient, button: str
) -> None:
    """Nothing is made, held or deleted."""
    result = await harness.make_video(ada, "video", VIDEO)
    answer = await click(ben, result, button)
    assert NOT_YOURS in answer.text
    assert len(answer.text.splitlines()) == 1
    assert button_labels(answer) == []
    assert result in harness.channel.messages
    assert await harness.job_count() == 1


async def test_details_tell_the_cost_to_the_member_and_to_managers_alone(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, ben: MemberClient
) -> None:
    """Everybody may look; the task's id is for managers."""
    prompt = "a lake " + "and another " * 60
    result = await harness.make_video(ada, "video", {**VIDEO, "prompt": prompt})
    assert prompt.strip() not in result.text
    task = (await harness.job(result.attachments[0].filename[:20])).task_id
    assert task is not None
    own, others = await click(ada, result, "Details"), await click(ben, result, "Details")
    grant(fake_discord, ben, Permission.MANAGE_GUILD)
    managers = await click(ben, result, "Details")
    for answer in (own, others, managers):
        assert prompt.strip() in answer.text
    assert "Cost: $0.04." in own.text
    assert "$" not in others.text
    assert "Cost: $0.04." in managers.text
    assert [task in answer.text for answer in (own, others, managers)] == [False, False, True]


async def test_a_very_long_prompt_comes_as_a_file(harness: BotHarness, ada: MemberClient) -> None:
    """Whole, and as it was typed."""
    prompt = "a lake\n" * 700
    options = {**VIDEO, "model": "seedance-2-0", "prompt": prompt}
    answer = await click(ada, await harness.make_video(ada, "video", options), "Details")
    assert answer.message is not None
    (file,) = answer.message.attachments
    assert file.path.read_text() == prompt.strip()


async def test_make_final_asks_with_the_price_on_the_button(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Nothing is held before; then the same request goes out with more pixels, once."""
    first = await harness.make_video(
        ada, "video", {**VIDEO, "model": "seedance-2-0", "resolution": "720p"}
    )
    question = await click(ada, first, "Make final")
    assert button_labels(question) == ["Make it for $1.96"]
    assert "$" not in question.text
    assert await harness.job_count() == 1
    answers = await asyncio.gather(
        click(ada, question, "Make it for $1.96"), click(ada, question, "Make it for $1.96")
    )
    await question.until_text(lambda text: "on its way" in text)
    assert await harness.job_count() == 2
    job = job_id_in(question)
    assert [answer.ephemeral for answer in answers] == [True, True]
    assert (await harness.job(job)).price == 1_960_000
    await harness.wait_for_result(job)
    draft, final = harness.submitted_inputs()
    assert final == {**draft, "resolution": "1080p"}


async def test_a_price_that_is_not_todays_is_not_spent(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """The button of an old question says what it was told."""
    result = await harness.make_video(ada, "video", VIDEO)
    job = result.attachments[0].filename[:20]
    message = forged(harness.channel, fake_discord, f"buy:{job}:1")
    asked = await ada.click(message, "Click")
    assert "The price changed" in await asked.until_text(bool)
    assert await harness.job_count() == 1


async def test_delete_asks_and_then_takes_message_and_file_away(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The job and its money stay; its status message says what became of it."""
    result = await harness.make_video(ada, "video", VIDEO)
    job = result.attachments[0].filename[:20]
    question = await click(ada, result, "Delete")
    assert result in harness.channel.messages
    await ada.click(question, "Delete it")
    await question.until_text(lambda text: text == "Deleted.")
    assert result not in harness.channel.messages
    assert not await harness.context.media.has_video(f"{job}.mp4")
    assert not any(is_about(message, job) for message in harness.channel.messages)
    assert (await harness.job(job)).state is S.DELIVERED
    assert await harness.ledger_kinds(job) == ["hold", "charge"]


async def test_a_moderator_deletes_too_and_a_second_time_is_harmless(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, ben: MemberClient
) -> None:
    """A moderator of the channel; both had the question open."""
    result = await harness.make_video(ada, "video", VIDEO)
    grant(fake_discord, ben, Permission.MANAGE_MESSAGES)
    questions = [await click(who, result, "Delete") for who in (ada, ben)]
    for who, question in zip((ada, ben), questions, strict=True):
        await who.click(question, "Delete it")
        await question.until_text(lambda text: text == "Deleted.")
    assert result not in harness.channel.messages


@pytest.mark.parametrize("fault", [Fault(status=503), Fault(status=404, raw=b"<html>")])
async def test_a_delete_that_discord_refuses_can_be_tried_again(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, fault: Fault
) -> None:
    """The first click says so, the second finishes it."""
    result = await harness.make_video(ada, "video", VIDEO)
    fake_discord.faults.add("DELETE", "/channels/*/messages/*", fault)
    question = await click(ada, result, "Delete")
    forged_button = forged(
        harness.channel, fake_discord, f"erase:{result.attachments[0].filename[:20]}"
    )
    first = await ada.click(forged_button, "Click")
    await first.until_text(lambda text: "didn't let me" in text)
    await ada.click(question, "Delete it")
    await question.until_text(lambda text: text == "Deleted.")
    assert result not in harness.channel.messages


@pytest.mark.parametrize(
    "custom_id",
    ["{act}:" + "0" * 20, "{act}:x", "{act}:{other}"],
    ids=["no job", "no id", "another server's"],
)
@pytest.mark.parametrize(
    "act", ["again", "edit", "final", "buy", "extend", "share", "details", "delete", "erase"]
)
async def test_a_button_about_nothing_here_says_so(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, act: str, custom_id: str
) -> None:
    """A job that is gone, an id that is none, and a job of another server."""
    other = fake_discord.member("Ada", "Big Screen")
    typed = await other.run_command(fake_discord.channel("videos", "Big Screen"), "video", VIDEO)
    there = job_id_in(await typed.until_answered())
    message = forged(harness.channel, fake_discord, custom_id.format(act=act, other=there))
    clicked = await ada.click(message, "Click")
    assert NONE in await clicked.until_text(bool)
    assert await harness.job_count() == 1


async def test_every_button_works_after_a_restart(harness: BotHarness, ada: MemberClient) -> None:
    """A new process has nothing but the buttons and the database."""
    result = await harness.make_video(ada, "video", VIDEO)
    await harness.restart()
    assert "Cost" in (await click(ada, result, "Details")).text
    form = await click(ada, result, "Edit prompt")
    question, sure = await click(ada, result, "Make final"), await click(ada, result, "Delete")
    again = job_id_in(await click(ada, result, "Again"))
    await harness.restart()
    typed = await (await ada.submit_modal(form, {"prompt": "a sea"})).until_answered()
    await ada.click(question, "Make it for $0.08")
    await question.until_text(lambda text: "on its way" in text)
    for job in (again, job_id_in(typed), job_id_in(question)):
        await harness.wait_for_result(job)
    await ada.click(sure, "Delete it")
    await sure.until_text(lambda text: text == "Deleted.")


async def test_a_private_result_has_no_button_that_asks_for_more(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """Videos are asked for in servers; details and deletion work in the direct messages too."""
    job = await harness.order_video(ada, "video", {**VIDEO, "prompt": "a lake [[slow:400]]"})
    await harness.wait_for_state(job, S.GENERATING)
    fake_discord.world.deny(harness.channel, Permission.SEND_MESSAGES)
    await harness.wait_for_state(job, S.DELIVERED)
    (result,) = ada.direct_channel.messages
    assert button_labels(result) == ["Details", "Delete"]
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
    harness: BotHarness, ada: MemberClient, ben: MemberClient, code: str, offered: list[str]
) -> None:
    """Another prompt, another try, both or neither; for its member alone."""
    job = await harness.order_video(ada, "video", {**VIDEO, "prompt": f"a lake [[fail:{code}]]"})
    status = await harness.wait_for_status(job, "You weren't charged")
    assert button_labels(status) == [*offered, "Details"]
    for button in offered:
        assert NOT_YOURS in (await click(ben, status, button)).text
    if "Try again" in offered:
        second = job_id_in(await click(ada, status, "Try again"))
        assert (await harness.wait_for_state(second, S.FAILED)).fail_code == code


async def test_a_refused_click_says_which_rule_and_makes_nothing(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """A channel in which the bot may no longer post: the same answer as to a command."""
    result = await harness.make_video(ada, "video", VIDEO)
    fake_discord.world.deny(harness.channel, Permission.ATTACH_FILES)
    answer = await click(ada, result, "Again")
    assert "I need *Attach Files*" in answer.text
    assert await harness.job_count() == 1


async def test_a_fault_of_ours_is_told(
    harness: BotHarness, ada: MemberClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong behind a button, the click gets an answer."""
    result = await harness.make_video(ada, "video", VIDEO)
    # What the worker still writes down would fail, too, and its trace would delay the answer.
    async with asyncio.timeout(120):
        while await harness.database.read(lambda tx: status_messages.list_outdated(tx, 1)):
            await asyncio.sleep(0.01)

    async def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(Database, "transact", broken)
    assert "Something went wrong" in (await click(ada, result, "Again")).text


async def test_a_picture_whose_link_ran_out_is_handed_over_anew(
    harness: BotHarness, ada: MemberClient, fake_discord: FakeDiscord
) -> None:
    """A day later the kept copy hangs on the new job's status message, and APIXO fetches it."""
    lake = Path("sandbox/demo/pictures/lake.jpg")
    options = {"prompt": "it drifts [[slow:900]]", "image": lake, "duration": 4}
    first = await harness.make_video(ada, "animate", options)
    harness.clock_offset_ms = 30 * 3_600_000
    job = job_id_in(await click(ada, first, "Again"))
    (file,) = (await harness.wait_for_status(job, "Making your video")).attachments
    await harness.wait_for_result(job)
    one, two = (sent["image_urls"][0] for sent in harness.submitted_inputs())
    assert "/ephemeral-attachments/" in one
    assert "/attachments/" in two
    assert file.path.read_bytes() == lake.read_bytes()
    assert two.partition("?")[0] == file.url.partition("?")[0]
    await harness.wait_for_end(job)


async def test_a_running_card_shows_what_was_given(harness: BotHarness, ada: MemberClient) -> None:
    """The original link while it is good, the attachment else."""
    lake = Path("sandbox/demo/pictures/lake.jpg")
    options = {"prompt": "it drifts [[slow:900]]", "image": lake, "duration": 4}
    first = await harness.order_video(ada, "animate", options)
    shown = await harness.wait_for_status(first, "Making your video")
    (picture,) = galleries(shown)
    assert picture == harness.submitted_inputs()[0]["image_urls"][0]
    result = await harness.wait_for_result(first)
    await harness.wait_for_end(first)
    harness.clock_offset_ms = 30 * 3_600_000
    second = job_id_in(await click(ada, result, "Again"))
    shown = await harness.wait_for_status(second, "Making your video")
    (picture,) = galleries(shown)
    assert shown.attachments[0].filename in picture


async def test_a_picture_that_was_swept_is_missed_before_anything_is_held(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The refusal says what to do, on every button that asks for a video."""
    lake = Path("sandbox/demo/pictures/lake.jpg")
    options = {"prompt": "it drifts", "image": lake, "duration": 4, "resolution": "480p"}
    first = await harness.make_video(ada, "animate", options)
    harness.context.media.remove_old_inputs(-60)
    harness.clock_offset_ms = 30 * 3_600_000
    for button in ("Again", "Make final"):
        assert "is gone" in (await click(ada, first, button)).text
    form = await click(ada, first, "Edit prompt")
    answer = await (await ada.submit_modal(form)).until_answered()
    assert "is gone" in answer.text
    assert await harness.job_count() == 1


def galleries(message: Message) -> list[str]:
    """List the addresses of the pictures that a message shows."""
    return [
        item["media"]["url"]
        for component in walk_components(message.components)
        if component["type"] == 12
        for item in component["items"]
    ]
