"""Private videos: everything about one reaches its member alone, whatever happens on the way."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from cogs.ui.buttons import ButtonAction
from domain.guild_settings import GuildSettings
from domain.jobs import JobState
from sandbox.demo.job_posts import is_about, is_post, job_id_in
from sandbox.discord import FakeDiscord, Fault, Interaction, MemberClient, Message, Permission
from storage import audit, guild_settings
from storage.service_tables import pending_interactions
from tests.harness.bot import BotHarness, button_labels

S = JobState
PROMPT = "a secret lake"
VIDEO: dict[str, Any] = {"prompt": PROMPT, "duration": 4, "resolution": "480p", "private": True}
_SLOW_S = 7_000
SLOW = {**VIDEO, "prompt": f"{PROMPT} [[slow:{_SLOW_S}]]"}
"""A video that is not made before `let_end`, however slow the machine is."""
POSTS = "/channels/*/messages"
NONE = "I can't find that video"
STRANGERS_ACTS = [
    act
    for act in ButtonAction
    if act
    not in (
        *(ButtonAction.CONFIRM_FINAL, ButtonAction.REOPEN_FORM),
        *(ButtonAction.CONFIRM_PRICE, ButtonAction.CUT_CLIPS),
    )
]
"""Whatever is done to a job."""

_PATIENCE_S = 120

pytestmark = pytest.mark.time_scale(600)


@pytest.fixture
async def harness(stopped_harness: BotHarness) -> AsyncIterator[BotHarness]:
    """Begin on a new server; at the end nobody has seen a private video in a channel."""
    await stopped_harness.start()
    yield stopped_harness
    seen = [message for message in stopped_harness.channel.messages if message.author.bot]
    assert not seen, "a private job leaves nothing public"
    verdict = await stopped_harness.database.read(audit.run_audit)
    assert verdict.ok, verdict.violations


async def allow(harness: BotHarness, *, private: bool) -> None:
    guild = harness.channel.guild
    assert guild is not None
    text = GuildSettings(private_allowed=private).model_dump_json()
    await harness.database.transact(lambda tx: guild_settings.save_settings(tx, guild.id, text, 1))


async def let_end(harness: BotHarness, job: str) -> None:
    """Have APIXO make the video, once it has been asked for it."""
    await harness.wait_for_state(job, S.GENERATING)
    harness.apixo.scaled_clock.adjust(skip=_SLOW_S)


def let_retry(harness: BotHarness) -> None:
    """Let the wait before the next try of a message that failed be over."""
    harness.clock_offset_ms += 30_000


async def direct(person: MemberClient, job: str, shows: str) -> Message:
    """Wait for a direct message whose text has a job and some words."""
    return await person.direct_channel.wait_for(
        lambda message: is_about(message, job) and shows in message.text,
        within=_PATIENCE_S,
        awaited=f"{shows!r} on {job}",
    )


async def video_of(person: MemberClient, job: str) -> Message:
    """Wait for the direct message that carries a video."""
    return await person.direct_channel.wait_for(
        lambda message: any(file.filename == f"{job}.mp4" for file in message.attachments),
        within=_PATIENCE_S,
        awaited=f"the video of {job}",
    )


async def typed(
    harness: BotHarness, person: MemberClient, options: dict[str, Any] = VIDEO
) -> Interaction:
    """Type `/video` and wait for its private answer."""
    answer = await (await person.run_command(harness.channel, "video", options)).until_answered()
    assert answer.ephemeral
    return answer


async def click(person: MemberClient, where: Message | Interaction, button: str) -> Interaction:
    clicked = await (await person.click(where, button)).until_answered()
    assert clicked.ephemeral
    return clicked


async def followed_up(harness: BotHarness, answer: Interaction) -> Message:
    """Wait for what follows an answer, which only its member sees."""
    changes = harness.channel.changes
    found = await changes.wait_until(
        lambda: next((one for one in answer.followups if one.attachments), None),
        _PATIENCE_S,
        "a follow-up",
        answer.__str__,
    )
    assert found.visible_to == answer.user.id
    return found


def forged(harness: BotHarness, fake_discord: FakeDiscord, custom_id: str) -> Message:
    """Post a message with a button in a channel apart."""
    assert harness.channel.guild is not None
    channel = fake_discord.world.add_channel(
        harness.channel.guild, f"forgery-{fake_discord.world.ids.next()}"
    )
    button = {"type": 2, "style": 1, "label": "Click", "custom_id": custom_id, "id": 2}
    row = {"type": 1, "id": 1, "components": [button]}
    message = Message(
        fake_discord.world.ids.next(), channel, fake_discord.world.bot_user, components=[row]
    )
    fake_discord.world.post(message)
    return message


async def test_a_server_that_does_not_allow_it_refuses_it(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Named with every other broken rule; nothing is held."""
    await allow(harness, private=False)
    answer = await typed(harness, ada, {**VIDEO, "resolution": "1080p"})
    assert "Private videos are off" in answer.text
    assert "can't make 1080p" in answer.text
    assert await harness.job_count() == 0


async def test_a_private_video_comes_by_direct_messages(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The one with the state goes when the video is there; the answer says that it is private."""
    answer = await typed(harness, ada)
    job = job_id_in(answer)
    assert "Private: only you see it" in answer.text
    result = await video_of(ada, job)
    await harness.wait_for_end(job)
    assert ada.direct_channel.messages == [result]
    assert PROMPT in result.text
    assert button_labels(result) == ["Details", "Delete"]
    found = await harness.wait_for_state(job, S.DELIVERED)
    assert (found.private, found.result_message_id) == (True, result.id)
    assert await harness.ledger_kinds(job) == ["hold", "charge"]


async def test_no_permission_in_the_channel_is_needed(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """Nothing is posted there."""
    fake_discord.world.deny(harness.channel, Permission.SEND_MESSAGES | Permission.ATTACH_FILES)
    await video_of(ada, job_id_in(await typed(harness, ada)))


async def test_details_and_delete_work_in_direct_messages(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Message and file go, what it cost stays."""
    job = job_id_in(await typed(harness, ada))
    result = await video_of(ada, job)
    await harness.wait_for_end(job)
    assert "Cost: $0.04." in (await click(ada, result, "Details")).text
    question = await click(ada, result, "Delete")
    await click(ada, question, "Delete it")
    assert ada.direct_channel.messages == []
    assert not await harness.context.media.has_video(f"{job}.mp4")
    assert await harness.ledger_kinds(job) == ["hold", "charge"]


async def test_a_waiting_video_is_cancelled_in_direct_messages(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The button is there for as long as it helps."""
    harness.policy = replace(harness.policy, max_tasks=0)
    await harness.restart()
    job = job_id_in(await typed(harness, ada))
    state = await direct(ada, job, "⏳")
    assert button_labels(state) == ["Cancel", "Details"]
    assert "You weren't charged" in (await click(ada, state, "Cancel")).text
    assert button_labels(await direct(ada, job, "Cancelled")) == ["Details"]
    assert await harness.ledger_kinds(job) == ["hold", "release"]


async def test_a_stranger_finds_nothing(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, ben: MemberClient
) -> None:
    """Also one who may delete messages and manage the server, with buttons that know the job."""
    job = job_id_in(await typed(harness, ada))
    await harness.wait_for_end(job)
    role = fake_discord.world.add_role(
        ben.guild, "all", Permission.MANAGE_MESSAGES | Permission.MANAGE_GUILD
    )
    fake_discord.world.set_roles(ben.guild, ben.user, role)
    for act in STRANGERS_ACTS:
        answer = await click(ben, forged(harness, fake_discord, f"{act}:{job}"), "Click")
        assert NONE in answer.text, act
        assert PROMPT not in answer.text
    assert (await harness.job(job)).file_name is not None
    assert await harness.job_count() == 1


async def test_again_from_a_forgery_stays_private(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """What is made of a private video is private."""
    first = job_id_in(await typed(harness, ada))
    await video_of(ada, first)
    second = job_id_in(await click(ada, forged(harness, fake_discord, f"again:{first}"), "Click"))
    assert (await harness.job(second)).private
    await video_of(ada, second)


async def test_a_failure_is_told_directly(harness: BotHarness, ada: MemberClient) -> None:
    """The message says why; nobody else hears of it."""
    answer = await typed(harness, ada, {**VIDEO, "prompt": "a lake [[fail:content]]"})
    job = job_id_in(answer)
    state = await direct(ada, job, "You weren't charged")
    assert button_labels(state) == ["Details"]
    assert await harness.ledger_kinds(job) == ["hold", "release"]


async def test_a_failure_is_told_in_a_direct_reply(harness: BotHarness, ada: MemberClient) -> None:
    """A changed message alone would be missed."""
    job = job_id_in(await typed(harness, ada, {**VIDEO, "prompt": "a lake [[fail:content]]"}))
    told = await ada.direct_channel.wait_for(
        lambda message: is_post(message, job, "failure"), within=_PATIENCE_S, awaited="a failure"
    )
    state = await direct(ada, job, "You weren't charged")
    assert told.reference == state.id
    assert told.notified_user_ids == {ada.id}


async def test_closed_direct_messages_leave_the_private_answer(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """It shows the state, and the video follows it; nobody else sees either."""
    fake_discord.world.close_dms(ada.user)
    answer = await typed(harness, ada)
    job = job_id_in(answer)
    result = await followed_up(harness, answer)
    await harness.wait_for_state(job, S.DELIVERED)
    let_retry(harness)
    await answer.until_text(lambda text: "video is ready" in text, _PATIENCE_S)
    assert [file.filename for file in result.attachments] == [f"{job}.mp4"]
    assert ada.direct_channel.messages == []
    assert (await harness.wait_for_state(job, S.DELIVERED)).result_message_id == result.id


async def test_an_answer_that_is_too_old_leaves_the_video_for_post_again(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """Charged and kept; the click brings it as its own answer, and direct messages once open."""
    fake_discord.world.close_dms(ada.user)
    answer = await typed(harness, ada, SLOW)
    job = job_id_in(answer)
    harness.token_clock_offset_ms = 15 * 60_000
    await let_end(harness, job)
    await harness.wait_for_state(job, S.UNDELIVERABLE)
    harness.token_clock_offset_ms = 0
    assert answer.followups == []
    listed = await (await ada.run_command(harness.channel, "jobs")).until_answered()
    assert "I can't DM you" in listed.text
    posted = await click(ada, listed, "Post again")
    assert "on its way to you" in posted.text
    await followed_up(harness, posted)
    await harness.wait_for_state(job, S.DELIVERED)
    assert await harness.ledger_kinds(job) == ["hold", "charge"]
    fake_discord.world.open_dms(ada.user)
    listed = await (await ada.run_command(harness.channel, "jobs")).until_answered()
    assert "sent it to you again" in (await click(ada, listed, "Post again")).text
    await video_of(ada, job)


async def test_nobody_elses_post_again_brings_a_private_video(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, ben: MemberClient
) -> None:
    """A stranger's click neither sends it nor is kept for when it is sent."""
    fake_discord.world.close_dms(ada.user)
    job = job_id_in(await typed(harness, ada, SLOW))
    harness.token_clock_offset_ms = 15 * 60_000
    await let_end(harness, job)
    await harness.wait_for_state(job, S.UNDELIVERABLE)
    harness.token_clock_offset_ms = 0
    answer = await click(ben, forged(harness, fake_discord, f"jobs:post:{job}:newest"), "Click")
    assert NONE in answer.text
    listed = await (await ada.run_command(harness.channel, "jobs")).until_answered()
    mine = await click(ada, listed, "Post again")
    await followed_up(harness, mine)
    assert answer.followups == []


async def test_a_private_answer_that_can_not_be_changed_hinders_nothing(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """The video follows it all the same."""
    fake_discord.world.close_dms(ada.user)
    answer = await typed(harness, ada, SLOW)
    job = job_id_in(answer)
    edits = "/webhooks/*/*/messages/@original"
    fake_discord.faults.add("PATCH", edits, Fault(code=50027), times=None)
    await let_end(harness, job)
    await followed_up(harness, answer)
    await harness.wait_for_state(job, S.DELIVERED)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(takes_effect=True, ending="reset"),
        Fault(takes_effect=True, status=500),
        Fault(takes_effect=True, status=502),
        Fault(takes_effect=True, status=503),
    ],
    ids=["connection dies", "500", "502", "503"],
)
async def test_a_follow_up_whose_answer_is_lost_is_not_repeated(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, fault: Fault
) -> None:
    """It has no nonce, and only its member sees whether it is there: they are asked to look."""
    fake_discord.world.close_dms(ada.user)
    answer = await typed(harness, ada, SLOW)
    job = job_id_in(answer)
    fake_discord.faults.add("POST", "/webhooks/*/*", fault)
    await let_end(harness, job)
    await harness.wait_for_state(job, S.UNDELIVERABLE)
    assert len(answer.followups) == 1
    let_retry(harness)
    await answer.until_text(lambda text: "should be below" in text, _PATIENCE_S)
    listed = await (await ada.run_command(harness.channel, "jobs")).until_answered()
    assert "should be below your request" in listed.text
    posts = fake_discord.journal.count_requests("POST", "/webhooks/*/*")
    fake_discord.faults.add("POST", "/webhooks/*/*", fault)
    again = await click(ada, listed, "Post again")
    await followed_up(harness, again)
    await harness.wait_for_state(job, S.UNDELIVERABLE)
    assert len(again.followups) == 1
    assert fake_discord.journal.count_requests("POST", "/webhooks/*/*") == posts + 1


async def test_a_follow_up_that_was_not_taken_is_sent_again(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """Discord has said so, so there is one."""
    fake_discord.world.close_dms(ada.user)
    answer = await typed(harness, ada, SLOW)
    job = job_id_in(answer)
    fake_discord.faults.add("POST", "/webhooks/*/*", Fault(status=400, code=20028))
    await let_end(harness, job)
    result = await followed_up(harness, answer)
    found = await harness.wait_for_state(job, S.DELIVERED)
    assert found.result_message_id == result.id
    assert answer.followups == [result]


async def test_direct_messages_that_close_on_the_way(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """The video follows the private answer."""
    answer = await typed(harness, ada, SLOW)
    job = job_id_in(answer)
    await direct(ada, job, "Making your video")
    fake_discord.world.close_dms(ada.user)
    await let_end(harness, job)
    await followed_up(harness, answer)
    await harness.wait_for_state(job, S.DELIVERED)


async def test_a_private_answer_goes_on_after_a_restart(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """After a restart it shows the state, and the video follows it; its token is not readable."""
    fake_discord.world.close_dms(ada.user)
    answer = await typed(harness, ada, SLOW)
    job = job_id_in(answer)
    await harness.restart()
    rows = await harness.database.read(lambda tx: tx.execute(select(pending_interactions)))
    assert {row.key for row in rows} == {f"answer:{job}", f"{job}:{ada.id}"}
    assert answer.token not in str(rows)
    await let_end(harness, job)
    result = await followed_up(harness, answer)
    await harness.wait_for_state(job, S.DELIVERED)
    let_retry(harness)
    await answer.until_text(lambda text: "video is ready" in text, _PATIENCE_S)
    assert answer.followups == [result]


async def test_what_another_process_may_have_sent_is_not_sent_again(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """It died, or its answer got lost: the member is asked to look, as nobody else can."""
    fake_discord.world.close_dms(ada.user)
    answer = await typed(harness, ada, SLOW)
    job = job_id_in(answer)
    assert await harness.replies.use(await harness.job(job))
    await let_end(harness, job)
    await harness.wait_for_state(job, S.UNDELIVERABLE)
    assert answer.followups == []
    let_retry(harness)
    await answer.until_text(lambda text: "should be below" in text, _PATIENCE_S)


async def test_a_token_that_no_process_can_read_any_more_loses_nothing(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """With closed direct messages the video waits for *Post again*; two restarts change nothing."""
    answer = await typed(harness, ada, SLOW)
    job = job_id_in(answer)
    await direct(ada, job, "Making your video")
    fake_discord.world.close_dms(ada.user)
    harness.token_secret = "the token of the bot before it was changed"
    await harness.restart()
    await let_end(harness, job)
    await harness.wait_for_state(job, S.UNDELIVERABLE)
    await harness.restart()
    assert answer.followups == []
    fake_discord.world.open_dms(ada.user)
    listed = await (await ada.run_command(harness.channel, "jobs")).until_answered()
    await click(ada, listed, "Post again")
    await video_of(ada, job)
    await harness.wait_for_state(job, S.DELIVERED)
    assert await harness.ledger_kinds(job) == ["hold", "charge"]


async def test_restarts_on_the_way_leave_one_message_of_each(
    harness: BotHarness, ada: MemberClient
) -> None:
    """What an earlier process posted is found again."""
    job = job_id_in(await typed(harness, ada, SLOW))
    await direct(ada, job, "Making your video")
    for _ in range(2):
        await harness.restart()
    await let_end(harness, job)
    result = await video_of(ada, job)
    await harness.wait_for_end(job)
    assert ada.direct_channel.messages == [result]


async def test_a_post_whose_answer_is_lost_is_not_repeated(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """It is found in the direct messages."""
    job = job_id_in(await typed(harness, ada, SLOW))
    await direct(ada, job, "Making your video")
    fake_discord.faults.add("POST", POSTS, Fault(takes_effect=True, ending="reset"))
    await let_end(harness, job)
    result = await video_of(ada, job)
    await harness.wait_for_state(job, S.DELIVERED)
    await harness.wait_for_end(job)
    assert ada.direct_channel.messages == [result]


async def test_a_member_who_has_left_finds_it_when_they_come_back(
    harness: BotHarness, fake_discord: FakeDiscord, ben: MemberClient
) -> None:
    """Nobody may write to them meanwhile."""
    job = job_id_in(await typed(harness, ben, SLOW))
    await direct(ben, job, "Making your video")
    await harness.stop()
    fake_discord.world.remove_member(ben.guild, ben.user)
    await harness.start()
    await let_end(harness, job)
    await harness.wait_for_state(job, S.UNDELIVERABLE)
    fake_discord.world.add_member(ben.guild, ben.user)
    listed = await (await ben.run_command(harness.channel, "jobs")).until_answered()
    await click(ben, listed, "Post again")
    await video_of(ben, job)


async def test_a_kept_picture_hangs_on_the_direct_message(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Where the link has run out, APIXO fetches it from there; it goes when it is not needed."""
    harness.clock_offset_ms = 30 * 3_600_000
    options = {**SLOW, "image": Path("sandbox/demo/pictures/lake.jpg")}
    typed_in = await ada.run_command(harness.channel, "animate", options)
    job = job_id_in(await typed_in.until_answered())
    state = await direct(ada, job, "Making your video")
    (file,) = state.attachments
    await let_end(harness, job)
    result = await video_of(ada, job)
    (sent,) = harness.submitted_inputs()
    assert sent["image_urls"][0].partition("?")[0] == file.url.partition("?")[0]
    await harness.wait_for_end(job)
    assert ada.direct_channel.messages == [result]


async def test_a_kept_picture_without_a_place_is_refused_and_costs_nothing(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """Neither a good link nor a direct message: the private answer says so."""
    harness.clock_offset_ms = 30 * 3_600_000
    fake_discord.world.close_dms(ada.user)
    options = {**VIDEO, "image": Path("sandbox/demo/pictures/lake.jpg")}
    answer = await (await ada.run_command(harness.channel, "animate", options)).until_answered()
    job = job_id_in(answer)
    await harness.wait_for_state(job, S.REJECTED)
    let_retry(harness)
    await answer.until_text(lambda text: "I can't DM you" in text, _PATIENCE_S)
    assert await harness.ledger_kinds(job) == ["hold", "release"]


async def test_reports_count_its_money_and_keep_its_prompt(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, ben: MemberClient
) -> None:
    """The manager's report and its CSV."""
    job = job_id_in(await typed(harness, ada))
    await harness.wait_for_end(job)
    role = fake_discord.world.add_role(ben.guild, "manager", Permission.MANAGE_GUILD)
    fake_discord.world.set_roles(ben.guild, ben.user, role)
    asked = await ben.run_command(harness.channel, "report", {"group_by": "user", "format": "csv"})
    report = await asked.until_answered()
    assert report.message is not None
    (sheet,) = report.message.attachments
    text = sheet.path.read_text("utf-8-sig")
    assert "0.04" in text
    assert PROMPT not in text + report.text
