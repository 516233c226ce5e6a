"""What was spent, asked for over the wire: by members, managers, and those who are neither."""

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from PIL import Image
from sqlalchemy.ext.asyncio import AsyncConnection

from cogs.reports.charts import renderer
from domain.jobs import JobState
from domain.money import MicroUSD
from domain.reports import Grouping
from sandbox.discord import (
    ClientActionRefused,
    FakeDiscord,
    Interaction,
    MemberClient,
    Message,
    Permission,
)
from sandbox.discord.interactions import InteractionType
from sandbox.discord.models import walk_components
from storage import billing, jobs
from storage.jobs import NewJob
from tests.harness.bot import BotHarness
from tests.harness.rendering import rendered_markup
from tests.harness.workflow import NO_LIMITS, make_request

S = JobState
SELECT, BUTTON, GALLERY = 3, 2, 12
HOSTILE = '=cmd|" /C calc"!A0\r</text><script>**@everyone**\u202e\0'

_numbers = count(1)


def noon_of_a_15th() -> datetime:
    """Return a time of next month from which neither day nor month ends while a test runs."""
    next_month = datetime.now(UTC).replace(day=1) + timedelta(days=40)
    return next_month.replace(day=15, hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
async def harness(stopped_harness: BotHarness) -> BotHarness:
    """Run the real bot at a noon, where what was bought now is of today and of this month."""
    ahead = noon_of_a_15th() - datetime.now(UTC)
    stopped_harness.clock_offset_ms = ahead // timedelta(milliseconds=1)
    await stopped_harness.start()
    return stopped_harness


@pytest.fixture
def ben(fake_discord: FakeDiscord) -> MemberClient:
    """Give a member who manages the server."""
    ben = fake_discord.member("Ben")
    role = fake_discord.world.add_role(ben.guild, "keepers", Permission.MANAGE_GUILD)
    fake_discord.world.set_roles(ben.guild, ben.user, role)
    return ben


async def bought(
    harness: BotHarness,
    person: MemberClient,
    price: int = 80_000,
    end: JobState = S.DELIVERED,
    **where: int,
) -> None:
    """Have a member's video made or failed, without waiting for one."""
    now_ms, number = harness.context.now_ms(), next(_numbers)
    place = {"channel_id": harness.channel.id, "user_id": person.id} | where

    async def work(tx: AsyncConnection) -> None:
        new = NewJob(
            id=f"job{number:017d}",
            interaction_id=number,
            guild_id=person.guild.id,
            request=make_request(),
            price=MicroUSD(price),
            price_version="v",
            created_at_ms=now_ms,
            **place,
        )
        job, _ = await jobs.enqueue(tx, new)
        whose = {"guild_id": job.guild_id, "user_id": job.user_id, "price_version": "v"}
        hold = {"job_id": job.id, "attempt": 1, "amount": job.price, "now_ms": now_ms}
        await billing.hold(tx, limits=NO_LIMITS, **hold, **whose)  # pyright: ignore[reportArgumentType]
        if end is S.DELIVERED:
            await billing.charge(tx, job.id, 1, now_ms=now_ms)
            states = (S.SUBMITTING, S.GENERATING, S.SUCCEEDED, S.STORED, S.POSTING, end)
        else:
            await billing.release(tx, job.id, 1, now_ms=now_ms, note="failed task")
            states = (S.SUBMITTING, S.GENERATING, end)
        for state in states:
            code = {"fail_code": "Timeout"} if state is S.FAILED else {}
            job = await jobs.transition(
                tx, job, state, now_ms=now_ms + 83_000, status_shown=state, **code
            )

    await harness.database.transact(work)


async def shown(asked: Interaction) -> Message:
    """Wait for the answer: private, and within what Discord shows."""
    message = (await asked.until_answered(20)).message
    assert message is not None
    assert asked.ephemeral
    assert len(walk_components(message.components)) <= 40
    assert len(message.text) <= 4_000
    return message


async def ask(harness: BotHarness, person: MemberClient, name: str, **options: str) -> Message:
    return await shown(await person.run_command(harness.channel, name, options))


async def send_raw(
    harness: BotHarness, person: MemberClient, name: str, options: dict[str, str]
) -> Interaction:
    """Send a command as a client would that has old options, or that shows it to anyone."""
    found = harness.discord.commands.find(person.guild.id, name)
    assert found is not None
    given = [{"name": key, "type": 3, "value": value} for key, value in options.items()]
    data = {"id": found["id"], "name": name, "type": 1, "options": given}
    return harness.discord.interactions.dispatch(
        InteractionType.COMMAND, person.user, harness.channel, data
    )


def data_of(message: Message, ending: str) -> bytes:
    """Read the one file on a message, which the message shows."""
    (file,) = message.attachments
    assert file.filename.endswith(ending)
    return file.path.read_bytes()


def table_of(message: Message) -> list[dict[str, str]]:
    text = data_of(message, ".csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def ids(message: Message, kind: int) -> list[str]:
    return [
        found["custom_id"] for found in walk_components(message.components) if found["type"] == kind
    ]


async def test_a_member_sees_a_picture_and_the_numbers(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Of their own spending alone; the picture has words for those who do not see it."""
    await bought(harness, ada)
    await bought(harness, ada, 40_000)
    await bought(harness, ada, end=S.FAILED)
    await bought(harness, harness.discord.member("Ben"), 9_000_000)
    message = await ask(harness, ada, "spend")
    assert "**You spent $0.12** on 2 videos" in message.text
    assert "Not charged: $0.08 (1 failed)" in message.text
    assert "no daily limit" in message.text
    assert "Average wait: 1 min 23 s" in message.text
    picture = Image.open(io.BytesIO(data_of(message, ".png")))
    assert picture.size == (1200, 1038)
    assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 20
    (file,) = message.attachments
    assert re.fullmatch(r"Your spending, .*: \$0\.12 for 2 videos\.", file.description or "")
    assert ids(message, SELECT) == ["period:spend:30d:day"]
    assert ids(message, BUTTON) == ["csv:spend:30d:day"]
    assert harness.channel.messages == []


async def test_what_is_on_hold_is_told(harness: BotHarness, ada: MemberClient) -> None:
    """A video that waits has cost nothing yet."""
    await harness.order_video(ada, "video", {"prompt": "a lake"})
    message = await ask(harness, ada, "spend", period="today")
    assert "**You spent $0.00** on 0 videos" in message.text
    assert "In progress: $0.08 for 1 video." in message.text


async def test_nothing_spent_is_drawn_too(harness: BotHarness, ada: MemberClient) -> None:
    """For each period."""
    for period in ("today", "7d", "30d", "month", "all"):
        message = await ask(harness, ada, "spend", period=period)
        assert "**You spent $0.00** on 0 videos" in message.text
        assert Image.open(io.BytesIO(data_of(message, ".png"))).width == 1200


async def test_the_menu_and_the_button_work_after_a_restart(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The menu replaces what is shown, the button hands a file over beside it."""
    await bought(harness, ada)
    message = await ask(harness, ada, "spend")
    await harness.restart()
    before = message.attachments[0].id
    chosen = await ada.select(message, "period:spend:30d:day", ["today"])
    await harness.discord.world.changes.wait_until(
        lambda: ids(message, SELECT) == ["period:spend:today:day"] or None, 20, "today", repr
    )
    assert chosen.response_type is not None
    assert [file.id for file in message.attachments] != [before]
    file = await shown(await ada.click(message, "csv:spend:today:day"))
    rows = table_of(file)
    (row,) = [row for row in rows if row["kind"] == "charge"]
    assert rows == [row], "its hold says nothing more"
    assert (row["cost_usd"], row["prompt"]) == ("0.080000", make_request().prompt)
    assert file is not message


async def test_each_grouping_has_a_file_of_its_own_name(
    harness: BotHarness, ben: MemberClient
) -> None:
    """Four of one name would be taken for copies."""
    names = set[str]()
    for grouping in Grouping:
        file = await ask(harness, ben, "report", group_by=grouping, format="csv")
        names |= {one.filename for one in file.attachments}
    assert len(names) == len(Grouping)


async def test_a_manager_sees_who_spent_what(
    harness: BotHarness, ada: MemberClient, ben: MemberClient
) -> None:
    """The groups, the causes of failures; by any grouping."""
    await bought(harness, ada, 3_000_000)
    await bought(harness, ben, 1_000_000)
    await bought(harness, ben, end=S.FAILED)
    message = await ask(harness, ben, "report")
    assert "**This server spent $4.00** on 2 videos" in message.text
    assert f"1. <@{ada.id}> $3.00 (75 %)" in message.text
    assert f"2. <@{ben.id}> $1.00 (25 %)" in message.text
    assert "Failed: 1 (1 timeout)." in message.text
    assert message.notified_user_ids == set()
    for grouping, told in {
        "channel": f"1. <#{harness.channel.id}> $4.00 (100 %)",
        "model": "1. Seedance 1.5 Pro $4.00 (100 %)",
        "day": " $4.00 (100 %)",
    }.items():
        other = await ask(harness, ben, "report", group_by=grouping, period="month")
        assert told in other.text
        assert Image.open(io.BytesIO(data_of(other, ".png"))).width == 1200
        assert ids(other, SELECT) == [
            f"period:report:month:{grouping}",
            f"grouping:report:month:{grouping}",
        ]


async def test_a_report_is_a_table_too(
    harness: BotHarness, ada: MemberClient, ben: MemberClient
) -> None:
    """At once, or from under the picture after choosing another grouping."""
    await bought(harness, ada)
    (row,) = table_of(await ask(harness, ben, "report", format="csv"))
    assert (row["user_id"], row["user_name"]) == (str(ada.id), "Ada")
    assert (row["net_usd"], row["mean_wait_s"]) == ("0.080000", "83")
    message = await ask(harness, ben, "report")
    await ben.select(message, "grouping:report:30d:user", ["channel"])
    await harness.discord.world.changes.wait_until(
        lambda: "csv:report:30d:channel" in ids(message, BUTTON) or None, 20, "channels", repr
    )
    (row,) = table_of(await shown(await ben.click(message, "csv:report:30d:channel")))
    assert (row["channel_id"], row["channel_name"]) == (str(harness.channel.id), "#videos")


async def test_reports_are_for_managers(
    harness: BotHarness, ada: MemberClient, ben: MemberClient
) -> None:
    """Discord does not offer it to others; a member who reaches it all the same sees nothing."""
    await bought(harness, ben)
    with pytest.raises(ClientActionRefused):
        await ada.run_command(harness.channel, "report", {})
    for options in ({}, {"format": "csv"}):
        refused = await shown(await send_raw(harness, ada, "report", options))
        assert "*Manage Server*" in refused.text
        assert "$" not in refused.text
        assert refused.attachments == []


async def test_a_manager_no_more_sees_no_more(harness: BotHarness, ben: MemberClient) -> None:
    """The rights count that somebody has when they click."""
    message = await ask(harness, ben, "report")
    harness.discord.world.set_roles(ben.guild, ben.user)
    refused = await shown(await ben.click(message, "csv:report:30d:user"))
    assert "*Manage Server*" in refused.text
    await ben.select(message, "period:report:30d:user", ["today"])
    await harness.discord.world.changes.wait_until(
        lambda: "*Manage Server*" in message.text or None, 20, "a refusal", repr
    )
    assert "$" not in message.text


async def test_another_members_click_shows_their_own(
    harness: BotHarness, ada: MemberClient, ben: MemberClient
) -> None:
    """A custom id carries nothing about a member, so it cannot be forged."""
    await bought(harness, ada, 7_000_000)
    custom_id = "csv:spend:30d:day"
    button = {"type": BUTTON, "style": 2, "label": "CSV", "custom_id": custom_id, "id": 2}
    row = {"type": 1, "id": 1, "components": [button]}
    world = harness.discord.world
    forged = Message(world.ids.next(), harness.channel, world.bot_user, "odd", components=[row])
    world.post(forged)
    assert table_of(await shown(await ben.click(forged, custom_id))) == []


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("spend", {"period": "2031-01"}, "period can be today, 7d, 30d, month, all, not 2031-01."),
        ("spend", {"period": HOSTILE}, "period can be "),
        ("report", {"period": "tomorrow"}, "not tomorrow."),
        ("report", {"group_by": "guild"}, "group_by can be user, model, day, channel, not guild."),
        ("report", {"format": "xlsx"}, "format can be chart, csv, not xlsx."),
    ],
)
async def test_what_cannot_be_chosen_is_named(
    harness: BotHarness, ben: MemberClient, name: str, options: dict[str, str], told: str
) -> None:
    """A stale client may send what it likes."""
    answer = await shown(await send_raw(harness, ben, name, options))
    assert told in answer.text
    assert rendered_markup(answer.text.replace("group_by", "").partition(", not ")[2]) == []


async def test_forty_members_are_few_enough_to_read(
    harness: BotHarness, ben: MemberClient, fake_discord: FakeDiscord
) -> None:
    """Those who spent most by name, the others together; the table has them all."""
    for number in range(1, 41):
        person = fake_discord.world.add_user(f"Member {number}")
        fake_discord.world.add_member(ben.guild, person)
        await bought(harness, ben, number * 80_000, user_id=person.id)
    message = await ask(harness, ben, "report")
    listed = re.findall(r"^(\d)\. <@\d+> \$(\S+) ", message.text, re.MULTILINE)
    assert listed == [("1", "3.20"), ("2", "3.12"), ("3", "3.04"), ("4", "2.96"), ("5", "2.88")]
    assert Image.open(io.BytesIO(data_of(message, ".png"))).size == (1200, 1356)
    table = table_of(await ask(harness, ben, "report", format="csv"))
    assert [row["user_name"] for row in table] == [f"Member {n}" for n in range(40, 0, -1)]


async def test_names_are_strangers_texts(
    harness: BotHarness, ada: MemberClient, ben: MemberClient, fake_discord: FakeDiscord
) -> None:
    """Of members and of the server: no formula, no markup, no hole in the picture."""
    ada.user.name = HOSTILE
    ben.guild.name = HOSTILE
    await harness.restart()
    await bought(harness, ada)
    message = await ask(harness, ben, "report")
    assert "@everyone" not in message.text
    assert Image.open(io.BytesIO(data_of(message, ".png"))).width == 1200
    (row,) = table_of(await ask(harness, ben, "report", format="csv"))
    assert row["user_name"].startswith("'=cmd")
    assert "\r" not in row["user_name"]


async def test_who_and_what_is_gone_is_shown_by_its_id(
    harness: BotHarness, ada: MemberClient, ben: MemberClient, fake_discord: FakeDiscord
) -> None:
    """A member who left, a channel that was deleted."""
    gone = fake_discord.world.add_channel(ben.guild, "gone")
    await bought(harness, ada, channel_id=gone.id)
    del ben.guild.members[ada.id]
    fake_discord.world.delete_channel(gone)
    assert f"1. `{ada.id}` $0.08" in (await ask(harness, ben, "report")).text
    (row,) = table_of(await ask(harness, ben, "report", format="csv"))
    assert (row["user_id"], row["user_name"]) == (str(ada.id), "")
    by_channel = await ask(harness, ben, "report", group_by="channel")
    assert f"1. `{gone.id}` $0.08" in by_channel.text


async def test_without_a_picture_there_are_still_the_numbers(
    harness: BotHarness, ada: MemberClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that can draw nothing does not keep a member from the figures."""
    nothing = replace(renderer._PROGRAM, module="no_such_module")
    monkeypatch.setattr(renderer, "_PROGRAM", nothing)
    await bought(harness, ada)
    message = await ask(harness, ada, "spend")
    assert "**You spent $0.08**" in message.text
    assert message.attachments == []
    assert ids(message, SELECT) == ["period:spend:30d:day"]


async def test_the_note_of_a_grant_is_for_managers_alone(
    harness: BotHarness, ada: MemberClient, ben: MemberClient
) -> None:
    """Its member sees it nowhere: in no table, list, quota or message; who manages sees it."""
    note = "to keep her quiet"
    given = {"user": ada.user, "amount": "2", "note": note}
    await (await ben.run_command(harness.channel, "grant", given)).until_answered(20)
    await bought(harness, ada)
    first = await ask(harness, ada, "spend")
    table = await shown(await ada.click(first, "csv:spend:30d:day"))
    rows = table_of(table)
    assert [row["kind"] for row in rows] == ["grant", "charge"]
    seen = [first.text, repr(rows)]
    for command in ("quota", "jobs", "help", "privacy"):
        asked = await ada.run_command(harness.channel, command)
        seen.append((await asked.until_answered(20)).text)
    seen += [message.text for message in harness.discord.world.messages() if not message.ephemeral]
    assert note not in "".join(seen)
    managed = await ben.run_command(harness.channel, "limits show")
    assert note in (await managed.until_answered(20)).text
