"""Controls of the panel that nobody was given: pages, subjects and values made up."""

from itertools import product
from typing import Any

import pytest

from cogs.settings.controls import ControlAction, SettingsPage
from cogs.settings.fields import FIELDS_BY_PAGE
from domain.guild_settings import GuildSettings
from sandbox.discord import Channel, FakeDiscord, Interaction, MemberClient, Message
from sandbox.discord.command_validation import ResolvedData
from sandbox.discord.interactions import InteractionType
from sandbox.discord.models import MessageFlag
from tests.harness.bot import BotHarness
from workflow.guilds import settings

UNKNOWN = "That doesn't work anymore"
OUTDATED = "This panel is out of date"
NOT_OFFERED = "Pick something from the menu"
ODD_IDS = ["0", "-1", "", "x", str(2**63), "9" * 30, "\u0661" * 18, "\uff11" * 19]


@pytest.fixture
def maxim(fake_discord: FakeDiscord) -> MemberClient:
    """Give a member with Manage Server."""
    return fake_discord.member("Max")


async def choose(
    harness: BotHarness,
    member: MemberClient,
    custom_id: str,
    values: list[str],
    resolved: dict[str, Any] | None = None,
) -> Interaction:
    """Choose from a private menu that was never sent."""
    world = harness.discord.world
    component = {"type": 8, "custom_id": custom_id, "id": 2}
    row = {"type": 1, "id": 1, "components": [component]}
    message = Message(world.ids.next(), harness.channel, world.bot_user, components=[row])
    message.flags, message.visible_to = MessageFlag.COMPONENTS_V2, member.id
    world.post(message)
    data = {"custom_id": custom_id, "component_type": 8, "id": 2, "values": values}
    data |= {"resolved": resolved} if resolved else {}
    sent = harness.discord.interactions.dispatch(
        InteractionType.COMPONENT, member.user, harness.channel, data, message
    )
    return await sent.until_answered()


def resolve(channel: Channel, member: MemberClient) -> dict[str, Any]:
    """Write a channel as Discord resolves it."""
    resolved = ResolvedData(channel)
    resolved.add_channel(channel, member.user)
    return resolved.data


async def kept(harness: BotHarness, member: MemberClient) -> GuildSettings:
    return await settings.read(harness.context, member.guild.id)


async def test_a_channel_of_another_server_is_not_taken(
    harness: BotHarness, fake_discord: FakeDiscord, maxim: MemberClient
) -> None:
    """Also where Discord resolved it: what is posted there is for this server's members."""
    foreign = fake_discord.channel("general", "Big Screen")
    for field in ("result_channel", "showcase_channel", "summary_channel"):
        custom_id, values = f"settings:channels:{field}:", [str(foreign.id)]
        answer = await choose(harness, maxim, custom_id, values, resolve(foreign, maxim))
        assert NOT_OFFERED in answer.text, field
    assert await kept(harness, maxim) == GuildSettings()


async def test_what_is_no_id_is_not_taken(harness: BotHarness, maxim: MemberClient) -> None:
    """Neither as a channel nor as a role."""
    fields = ("channels:result_channel", "who:channels", "who:roles", "channel:choose")
    for field, value in product(fields, ODD_IDS):
        subject = harness.channel.id if field.startswith("channel:") else ""
        answer = await choose(harness, maxim, f"settings:{field}:{subject}", [value])
        assert NOT_OFFERED in answer.text, (field, value)
    assert await kept(harness, maxim) == GuildSettings()


async def test_a_role_of_another_server_is_not_taken(
    harness: BotHarness, fake_discord: FakeDiscord, maxim: MemberClient
) -> None:
    foreign = fake_discord.world.guild("Big Screen").id
    answer = await choose(harness, maxim, "settings:who:roles:", [str(foreign)])
    assert NOT_OFFERED in answer.text
    assert await kept(harness, maxim) == GuildSettings()


async def test_a_thread_that_is_closed_is_the_servers_as_its_channel_is(
    harness: BotHarness, fake_discord: FakeDiscord, maxim: MemberClient
) -> None:
    """The library does not know archived threads, but Discord resolves them."""
    thread = fake_discord.channel("videos-talk")
    fake_discord.world.archive_thread(thread)
    field = "settings:channels:result_channel:"
    answer = await choose(harness, maxim, field, [str(thread.id)], resolve(thread, maxim))
    assert NOT_OFFERED not in answer.text
    assert (await kept(harness, maxim)).result_channel == thread.id


async def test_the_page_of_a_channel_without_an_id_is_unknown(
    harness: BotHarness, maxim: MemberClient
) -> None:
    """Whatever control is used on it."""
    controls = ("max_seconds", ControlAction.CLEAR, ControlAction.OPEN_PAGE, "add")
    for control, subject in product(controls, ODD_IDS):
        answer = await choose(harness, maxim, f"settings:channel:{control}:{subject}", ["8"])
        assert UNKNOWN in answer.text
    assert await kept(harness, maxim) == GuildSettings()


async def test_a_channel_of_another_server_gets_no_rules(
    harness: BotHarness, fake_discord: FakeDiscord, maxim: MemberClient
) -> None:
    foreign = fake_discord.channel("general", "Big Screen")
    custom_id = f"settings:channel:max_seconds:{foreign.id}"
    assert NOT_OFFERED in (await choose(harness, maxim, custom_id, ["8"])).text
    assert await kept(harness, maxim) == GuildSettings()


async def test_a_control_of_another_page_is_out_of_date(
    harness: BotHarness, maxim: MemberClient
) -> None:
    """Each page has its own."""
    fields = {page: {one.name for one in fields} for page, fields in FIELDS_BY_PAGE.items()}
    every = set().union(*fields.values())
    for page in SettingsPage:
        subject = harness.channel.id if page is SettingsPage.CHANNEL else ""
        control = min(every - fields[page])
        answer = await choose(harness, maxim, f"settings:{page}:{control}:{subject}", ["8"])
        assert OUTDATED in answer.text, (page, control)
    for control in ("clear", "sweep", "add", "edit", "remove", "choose"):
        answer = await choose(harness, maxim, f"settings:home:{control}:", ["8"])
        assert OUTDATED in answer.text, control
    assert await kept(harness, maxim) == GuildSettings()
