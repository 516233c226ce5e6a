"""*Export my data* and *Delete my data*, as a member clicks them below `/privacy`."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from cogs.help import member_data
from domain.jobs import JobState
from sandbox.discord import FakeDiscord, Interaction, MemberClient, Message
from storage import job_list
from tests.harness.bot import BotHarness
from workflow.guilds.notifications import set_done_notification

pytestmark = pytest.mark.time_scale(600)

LAKE = Path("sandbox/demo/pictures/lake.jpg")
PROMPT = "zanzibarium at dusk"
VIDEO = {"prompt": PROMPT, "duration": 4, "resolution": "480p"}


class Links:
    """Addresses of files, as a service with a public address gives them."""

    def url_for_input(self, name: str, until_ms: int) -> str:
        return f"https://dailies.example/i/{name}"

    def url_for_result(self, name: str, until_ms: int) -> str:
        return f"https://dailies.example/r/{name}"


@pytest.fixture
async def harness(stopped_harness: BotHarness) -> BotHarness:
    await stopped_harness.start()
    return stopped_harness


async def privacy(harness: BotHarness, person: MemberClient) -> Interaction:
    """Ask what is kept, in the direct messages."""
    asked = await person.run_command(person.direct_channel, "privacy")
    return await asked.until_answered(20)


def exported(messages: Sequence[Message]) -> dict[str, bytes]:
    """Unpack what the files of messages have."""
    files = dict[str, bytes]()
    for message in messages:
        for file in message.attachments:
            assert file.size <= member_data.PART_BYTES
            with zipfile.ZipFile(file.path) as archive:
                files |= {name: archive.read(name) for name in archive.namelist()}
    return files


async def made_and_notified(harness: BotHarness, person: MemberClient) -> Message:
    """Have a video made, of which a direct message says that it is done."""
    await set_done_notification(harness.context, person.guild.id, person.id, wanted=True)
    result = await harness.make_video(person, "animate", {**VIDEO, "image": LAKE})
    await person.direct_channel.wait_for(lambda m: PROMPT in m.text, 60, "the done-notification")
    return result


async def until_empty(harness: BotHarness) -> None:
    """Wait until the channel is empty."""
    await harness.channel.changes.wait_until(
        lambda: not harness.channel.messages or None,
        120,
        "an empty channel",
        lambda: "; ".join(map(str, harness.channel.messages)),
    )


async def test_everything_is_exported_and_then_deleted(
    harness: BotHarness, ada: MemberClient
) -> None:
    """In direct messages, for who has left: the export has it, the deletion takes it."""
    result = await made_and_notified(harness, ada)
    job = result.attachments[0].filename[:20]
    shown = await privacy(harness, ada)
    assert "uploads 40 days after you last use them, unless" in shown.text
    told = await ada.click(shown, "Export my data")
    await told.until_text(lambda text: "by direct message" in text)
    files = exported(ada.direct_channel.messages)
    assert PROMPT.encode() in files["requests.json"]
    assert files[f"videos/{job}.mp4"] == harness.context.media.video_path(f"{job}.mp4").read_bytes()
    assert len([name for name in files if name.startswith("files/")]) == 1
    question = await (await ada.click(shown, "Delete my data")).until_answered()
    assert "There's no way back." in question.text
    assert result in harness.channel.messages
    await ada.click(question, "Delete it all")
    await question.until_text(lambda text: text.startswith("Done. Your prompts"))
    await until_empty(harness)
    ended = await harness.job(job)
    assert (ended.request.prompt, ended.file_name) == ("", None)
    assert [*harness.context.media.video_path("a.mp4").parent.rglob("*.mp4")] == []
    assert await harness.ledger_kinds(job) == ["hold", "charge"]
    await ada.direct_channel.changes.wait_until(
        lambda: not [m for m in ada.direct_channel.messages if PROMPT in m.text] or None,
        60,
        "direct messages without the prompt",
        lambda: "; ".join(map(str, ada.direct_channel.messages)),
    )
    page = await harness.database.read(
        lambda tx: job_list.get_page(tx, ada.guild.id, ada.id, None, 5)
    )
    assert page.total == 0


async def test_what_is_being_made_is_charged_and_not_posted(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The status message goes at once."""
    harness.apixo.scaled_clock.adjust(scale=1e-3)
    job = await harness.order_video(ada, "video", VIDEO)
    await harness.wait_for_state(job, JobState.GENERATING)
    shown = await privacy(harness, ada)
    question = await (await ada.click(shown, "Delete my data")).until_answered()
    await ada.click(question, "Delete it all")
    await question.until_text(lambda text: text.startswith("Done."))
    await until_empty(harness)
    harness.apixo.scaled_clock.adjust(scale=600)
    await harness.wait_for_state(job, JobState.DELIVERED)
    assert await harness.ledger_kinds(job) == ["hold", "charge"]
    assert harness.channel.messages == []


async def test_closed_direct_messages_leave_the_private_answer(
    harness: BotHarness, ada: MemberClient, fake_discord: FakeDiscord
) -> None:
    """On a server: the file comes with the answer."""
    await harness.make_video(ada, "video", VIDEO)
    fake_discord.world.close_dms(ada.user)
    asked = await ada.run_command(harness.channel, "privacy")
    shown = await asked.until_answered(20)
    assert "40 days after you last use them on this server" in shown.text
    told = await ada.click(shown, "Export my data")
    await told.until_text(lambda text: "Here's your data." in text)
    private = [m for m in harness.channel.ephemeral_messages if m.attachments]
    assert PROMPT.encode() in exported(private)["requests.json"]
    assert all(message.visible_to == ada.id for message in private)


@pytest.mark.parametrize("has_links", [True, False])
async def test_what_fits_in_no_message_has_a_link_or_a_name(
    harness: BotHarness, ada: MemberClient, monkeypatch: pytest.MonkeyPatch, has_links: bool
) -> None:
    """A link of ours if the service has an address; else what the operator can give."""
    monkeypatch.setattr(member_data, "PART_BYTES", 8_000)
    result = await harness.make_video(ada, "video", VIDEO)
    job = result.attachments[0].filename[:20]
    with harness.context.media.video_path(f"{job}.mp4").open("ab") as video:
        video.write(b"x" * 20_000)
    if has_links:
        object.__setattr__(harness.context, "media_urls", Links())
    told = await ada.click(await privacy(harness, ada), "Export my data")
    if has_links:
        wanted = f"[videos/{job}.mp4](https://dailies.example/r/{job}.mp4)"
    else:
        wanted = f"can give you:\n- videos/{job}.mp4"
    await told.until_text(lambda text: wanted in text)
    assert "requests.json" in exported(ada.direct_channel.messages)


async def test_other_commands_stay_on_servers(harness: BotHarness, ada: MemberClient) -> None:
    """Discord offers `/privacy` alone in direct messages."""
    offered = harness.discord.commands.available_in(None)
    assert [command["name"] for command in offered] == ["privacy"]
