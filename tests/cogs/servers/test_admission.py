"""Who may spend the operator's money: their own servers, and those that they admit."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from domain.jobs import JobState
from domain.servers import AllowedServers
from sandbox.discord import Channel, FakeDiscord, Fault, Interaction, MemberClient, Message
from sandbox.discord.models import User
from storage import audit, limits
from tests.harness.bot import BotHarness, button_labels
from tests.harness.service import make_picture
from workflow.servers import admission
from workflow.servers.admission import PAGE_SIZE, Admission

S = JobState
VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
NOT_YET, REFUSED = "I've asked my operator to approve it", "hasn't approved it"
QUESTION, DECISIONS = "wants to make videos", ["Approve", "Approve with a daily limit", "Leave"]
STRANGER = "Only the operator of this bot can do that."

pytestmark = pytest.mark.time_scale(600)


@pytest.fixture
async def picky(stopped_harness: BotHarness) -> AsyncIterator[BotHarness]:
    """Run the service as it comes: `ALLOWED_SERVERS` is empty."""
    policy = stopped_harness.policy
    stopped_harness.policy = replace(policy, allowed_servers=AllowedServers())
    await stopped_harness.start()
    await stopped_harness.bot.wait_until_ready()
    yield stopped_harness
    verdict = await stopped_harness.database.read(audit.run_audit)
    assert verdict.ok, verdict.violations


@pytest.fixture
def olga(fake_discord: FakeDiscord) -> MemberClient:
    """Give the owner of the application."""
    return fake_discord.member("Olga")


def found_server(discord: FakeDiscord, name: str, owner: User) -> tuple[MemberClient, Channel]:
    """Make a server with the bot in it; give its owner and a channel."""
    guild = discord.world.add_guild(name, owner)
    return discord.member(owner.name, name), discord.world.add_channel(guild, "lobby")


async def answered(
    person: MemberClient, channel: Channel, command: str, **options: Any
) -> Interaction:
    return await (await person.run_command(channel, command, options)).until_answered(20)


async def says(person: MemberClient, channel: Channel, command: str, **options: Any) -> str:
    return (await answered(person, channel, command, **options)).text


async def question(person: MemberClient) -> Message:
    """Wait for the question whether to admit a server."""
    return await person.direct_channel.wait_for(lambda m: QUESTION in m.text, 20, "a question")


def questions(person: MemberClient) -> int:
    return sum(QUESTION in message.text for message in person.direct_channel.messages)


async def clicked(person: MemberClient, where: Message | Interaction, button: str) -> str:
    """Click, and wait for the words that follow."""
    shown = where.message if isinstance(where, Interaction) else None
    before = shown.text if shown is not None else ""
    answer = await person.click(where, button)
    if shown is None:
        return (await answer.until_answered(20)).text
    async with asyncio.timeout(120):
        while shown.text == before:
            await asyncio.sleep(0.01)
    return shown.text


async def look(harness: BotHarness, channel: Channel) -> Admission:
    assert channel.guild is not None
    return await admission.look_up(harness.context, channel.guild.id)


async def test_a_strangers_server_spends_nothing_until_the_operator_admits_it(
    picky: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, olga: MemberClient
) -> None:
    """Refused in words before a file is fetched; what costs nothing works.

    There is one question, whose buttons work after a restart; then it may spend.
    """
    owner, lobby = found_server(fake_discord, "Strangers", ada.user)
    asked = await question(olga)
    assert "Strangers" in asked.text
    assert button_labels(asked) == DECISIONS
    for command, options in (
        ("video", {}),
        ("animate", {"image": make_picture("p.png")}),
        ("reference", {"image1": make_picture("p.png")}),
    ):
        refused = await says(owner, lobby, command, prompt="a lake", **options)
        assert NOT_YET in refused
    assert NOT_YET in await says(owner, lobby, "compose")
    assert not [entry for entry in fake_discord.journal if "attachments" in entry.path]
    assert await picky.job_count() == 0
    assert "/video" in await says(owner, lobby, "help")
    assert "$" in await says(owner, lobby, "price")
    assert "What we store" in await says(owner, lobby, "privacy")
    await picky.restart()
    assert NOT_YET in await says(owner, lobby, "video", **VIDEO)
    assert "Approved server" in await clicked(olga, asked, "Approve")
    assert "on its way" in await says(owner, lobby, "video", **VIDEO)
    await lobby.wait_for(lambda m: bool(m.attachments), 20, "the video")
    assert questions(olga) == 1


async def test_nobody_but_the_operator_decides(
    picky: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, olga: MemberClient
) -> None:
    """A member who forges their buttons, or gets the form, is told so; one who lists, too."""
    owner, lobby = found_server(fake_discord, "Strangers", ada.user)
    asked = await question(olga)
    forged = Message(
        fake_discord.world.ids.next(),
        lobby,
        fake_discord.world.bot_user,
        components=asked.components,
        flags=asked.flags,
    )
    fake_discord.world.post(forged)
    for button in DECISIONS:
        answer = await owner.click(forged, button)
        assert (await answer.until_answered(20)).text == STRANGER
    assert await says(owner, lobby, "operator servers") == STRANGER
    assert await look(picky, lobby) is Admission.PENDING
    assert picky.bot.get_guild(owner.guild.id) is not None


async def test_admitted_with_a_day_limit_it_spends_no_more(
    picky: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, olga: MemberClient
) -> None:
    """The form takes plain dollars; who admitted it, when and with how much is kept."""
    owner, lobby = found_server(fake_discord, "Strangers", ada.user)
    asked = await question(olga)
    form = await (await olga.click(asked, "Approve with a daily limit")).until_answered(20)
    odd = await (await olga.submit_modal(form, {"amount": "a lot"})).until_answered(20)
    assert "Write it like 1000" in odd.text
    assert await look(picky, lobby) is Admission.PENDING
    form = await (await olga.click(asked, "Approve with a daily limit")).until_answered(20)
    taken = await (await olga.submit_modal(form, {"amount": "$0.05"})).until_answered(20)
    assert "with $0.05 a day" in taken.text
    assert "on its way" in await says(owner, lobby, "video", **VIDEO)
    assert "this server has $0.01 left" in await says(owner, lobby, "video", **VIDEO)
    server = (await admission.list_known(picky.context))[owner.guild.id]
    assert (server.admitted_by, server.admitted_limit) == (str(olga.id), 50_000)
    found = await picky.database.read(lambda tx: limits.list_for_guild(tx, owner.guild.id))
    assert [(str(one.target), one.amount) for one in found] == [("server", 50_000)]


async def test_left_on_a_click_it_is_not_asked_about_again(
    picky: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, olga: MemberClient
) -> None:
    """Invited again, it is still refused; the list may still admit it."""
    owner, lobby = found_server(fake_discord, "Strangers", ada.user)
    assert "I left server" in await clicked(olga, await question(olga), "Leave")
    assert fake_discord.world.bot_user.id not in owner.guild.members
    fake_discord.world.add_bot(owner.guild)
    assert REFUSED in await says(owner, lobby, "video", **VIDEO)
    await picky.restart()
    assert REFUSED in await says(owner, lobby, "video", **VIDEO)
    assert questions(olga) == 1


async def test_the_operators_own_servers_need_no_word(
    picky: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, olga: MemberClient
) -> None:
    """A later change of owner ends nothing; when the bot is invited again, the new owner counts."""
    mine, lobby = found_server(fake_discord, "Mine", olga.user)
    assert "on its way" in await says(mine, lobby, "video", **VIDEO)
    fake_discord.world.add_member(mine.guild, ada.user)
    fake_discord.world.set_owner(mine.guild, ada.user)
    await picky.restart()
    theirs = fake_discord.member("Ada", "Mine")
    assert "on its way" in await says(theirs, lobby, "video", **VIDEO)
    await lobby.wait_for(lambda m: bool(m.attachments), 20, "the video")
    fake_discord.world.remove_bot(mine.guild)
    fake_discord.world.add_bot(mine.guild)
    async with asyncio.timeout(120):
        while await look(picky, lobby) is not Admission.PENDING:
            await asyncio.sleep(0.01)
    assert NOT_YET in await says(theirs, lobby, "video", **VIDEO)


async def test_a_team_operates_it_by_its_admins_and_developers(
    picky: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, ben: MemberClient
) -> None:
    """Who may only read does not; each who operates it is asked."""
    world = fake_discord.world
    max_ = world.user("Max")
    world.team = [(max_, "admin"), (ada.user, "developer"), (ben.user, "read_only")]
    hers, lobby = found_server(fake_discord, "Hers", ada.user)
    assert "on its way" in await says(hers, lobby, "video", **VIDEO)
    his, hall = found_server(fake_discord, "His", ben.user)
    assert NOT_YET in await says(his, hall, "video", **VIDEO)
    await question(ada)
    await question(fake_discord.member("Max"))
    assert questions(ben) == 0


async def test_while_discord_does_not_say_who_operates_it_nothing_is_decided(
    picky: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, olga: MemberClient
) -> None:
    """A request is told so; the answer comes, and the server is the operator's all the same."""
    who = "/oauth2/applications/@me"
    fake_discord.faults.add("GET", who, Fault(status=503), None)
    mine, lobby = found_server(fake_discord, "Mine", olga.user)
    text = await says(mine, lobby, "video", **VIDEO)
    assert "Discord isn't answering" in text
    fake_discord.faults.clear()
    assert "on its way" in await says(mine, lobby, "video", **VIDEO)


async def test_the_list_shows_every_server_and_withdraws_an_admission(
    picky: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, olga: MemberClient
) -> None:
    """Limits, spending, last use, page by page; what waits is released, and its member told."""
    await picky.make_video(ada, "video", VIDEO)
    for number in range(PAGE_SIZE):
        found_server(fake_discord, f"Other {number}", ada.user)
    async with asyncio.timeout(120):
        while (await admission.read_server_page(picky.context, 0)).total < PAGE_SIZE + 2:
            await asyncio.sleep(0.01)
    listed = await answered(olga, picky.channel, "operator servers")
    assert f"**{PAGE_SIZE + 2} servers**" in listed.text
    assert listed.text.count("needs your decision") == PAGE_SIZE
    second = await clicked(olga, listed, "Next")
    assert "Dailies Studio" in second
    assert "Spent: $0.04 today, $0.04 in total; last used <t:" in second
    assert "Big Screen" in second
    assert "never used" in second
    job = await waiting_job(picky, ada)
    button = f"server:withdraw:{ada.guild.id}:1"
    assert "I cancelled 1 waiting video." in await clicked(olga, listed, button)
    found = await picky.wait_for_state(job, S.CANCELLED)
    assert await picky.ledger_kinds(found.id) == ["hold", "release"]
    await ada.direct_channel.wait_for(lambda m: "weren't charged" in m.text, 20, "a word")
    assert REFUSED in await says(ada, picky.channel, "video", **VIDEO)
    assert "Approved server" in await clicked(olga, listed, f"server:admit:{ada.guild.id}:1")
    assert "on its way" in await says(ada, picky.channel, "video", **VIDEO)


async def waiting_job(harness: BotHarness, person: MemberClient) -> str:
    """Have a job that waits, since the operator has stopped submissions."""
    olga = MemberClient(person._state, harness.discord.world.user("Olga"), person.guild)
    await answered(olga, harness.channel, "operator pause", reason="a look at it")
    return await harness.order_video(person, "video", VIDEO)


async def test_many_that_wait_are_one_question(
    picky: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, olga: MemberClient
) -> None:
    """Inviting the bot to many servers sends the operator no message for each."""
    fake_discord.world.close_dms(olga.user)
    for number in range(3):
        found_server(fake_discord, f"Other {number}", ada.user)
    async with asyncio.timeout(120):
        while len(await admission.list_known(picky.context)) < 5:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0)
    fake_discord.world.open_dms(olga.user)
    asked = await olga.direct_channel.wait_for(lambda m: "3 servers want" in m.text, 20, "it")
    opened = await clicked(olga, asked, "Show servers")
    assert "Other 0" in opened


async def test_ids_in_the_setting_are_exactly_those(
    stopped_harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, olga: MemberClient
) -> None:
    """Neither the operator's own server nor a click changes that; nobody is asked."""
    mine, lobby = found_server(fake_discord, "Mine", olga.user)
    only = AllowedServers.parse(str(ada.guild.id))
    stopped_harness.policy = replace(stopped_harness.policy, allowed_servers=only)
    await stopped_harness.start()
    assert "on its way" in await says(ada, stopped_harness.channel, "video", **VIDEO)
    assert REFUSED in await says(mine, lobby, "video", **VIDEO)
    listed = await answered(olga, stopped_harness.channel, "operator servers")
    assert "`ALLOWED_SERVERS` decides" in listed.text
    async with asyncio.timeout(120):  # servers are registered beside the start
        while not button_labels(listed):
            listed = await answered(olga, stopped_harness.channel, "operator servers")
    assert set(button_labels(listed)) == {"Leave"}
    assert questions(olga) == 0
