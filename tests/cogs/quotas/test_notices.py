"""Who is told of limits and bonuses, and where: real commands."""

import asyncio
from typing import Any

import pytest

from domain.quotas import Limit, LimitKind, LimitTarget
from sandbox.discord import FakeDiscord, Interaction, MemberClient
from tests.harness.bot import BotHarness
from workflow.billing.quotas import Actor, set_limit
from workflow.guilds import settings

PRICE = 80_000
SMALL = {"prompt": "a lake at dusk", "duration": 4, "sound": False, "resolution": "720p"}
DAY = "of today's limit**: $0.08 of $0.16."

pytestmark = pytest.mark.time_scale(600)


@pytest.fixture
def maxim(fake_discord: FakeDiscord) -> MemberClient:
    """Give a member with Manage Server."""
    return fake_discord.member("Max")


async def limit_server(harness: BotHarness, target: LimitTarget, amount: int) -> None:
    guild = harness.channel.guild
    assert guild is not None
    guild_id = 0 if target is LimitTarget.EVERYTHING else guild.id
    limit = Limit(target=target, kind=LimitKind.DAY, amount=amount, guild_id=guild_id)
    await set_limit(harness.context, limit, Actor(1, amount))


async def use(
    harness: BotHarness, person: MemberClient, command: str, **options: Any
) -> Interaction:
    typed = await person.run_command(harness.channel, command, options)
    return await typed.until_answered(within=60)


async def until_told(harness: BotHarness, person: MemberClient, said: str) -> None:
    """Type a command, and wait for the notice below its answer."""
    typed = await use(harness, person, "quota")
    async with asyncio.timeout(60):
        while not any(said in message.text for message in typed.followups):
            await asyncio.sleep(0.02)
    assert all(message.ephemeral for message in typed.followups)


async def is_told_nothing(harness: BotHarness, person: MemberClient) -> bool:
    """Type a command, and another one, by whose answer a notice below the first would be there."""
    typed = [await use(harness, person, "quota") for _ in range(2)]
    return not any(one.followups for one in typed)


async def test_without_a_channel_a_manager_reads_it_below_their_next_answer(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, maxim: MemberClient
) -> None:
    """Once; members do not."""
    await limit_server(harness, LimitTarget.SERVER, 2 * PRICE)
    await harness.order_video(ada, "video", SMALL)
    await until_told(harness, maxim, DAY)
    for person in (ada, maxim, fake_discord.member("Olga")):
        assert await is_told_nothing(harness, person)


async def test_with_a_channel_it_is_posted_there_once(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """With how long it lasts at this pace."""
    night = fake_discord.channel("night")
    guild_id = ada.guild.id
    await settings.change(
        harness.context,
        guild_id,
        Actor(1, 1),
        lambda now: now.model_copy(update={"warning_channel": night.id}),
    )
    await limit_server(harness, LimitTarget.SERVER, 2 * PRICE)
    await harness.order_video(ada, "video", SMALL)
    posted = await night.wait_for(lambda m: DAY in m.text, within=120, awaited="the warning")
    assert "At this pace it" in posted.text
    await harness.restart()
    await harness.order_video(ada, "video", SMALL)
    await night.wait_for(lambda m: "100 %" in m.text, within=120, awaited="the next warning")
    assert len([m for m in night.messages if "of today's limit" in m.text]) == 2


async def test_the_operator_hears_of_the_limit_of_everything(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """By direct message."""
    await limit_server(harness, LimitTarget.EVERYTHING, 2 * PRICE)
    await harness.order_video(ada, "video", SMALL)
    told = await fake_discord.member("Olga").direct_channel.wait_for(
        lambda m: "The whole bot has used 50 %" in m.text, within=120, awaited="the warning"
    )
    assert DAY in told.text


async def test_a_member_is_warned_in_the_private_answer(
    harness: BotHarness, ada: MemberClient, maxim: MemberClient
) -> None:
    """From eighty per cent of their own limit on."""
    options = {"amount": "0.16", "period": "day", "user": ada.user}
    await use(harness, maxim, "limits set", **options)
    first = await (await ada.run_command(harness.channel, "video", SMALL)).until_answered(60)
    assert "You've used" not in first.text
    second = await (await ada.run_command(harness.channel, "video", SMALL)).until_answered(60)
    assert "⚠️ You've used 100 % of your daily limit." in second.text


async def test_a_member_hears_of_a_bonus_below_their_next_answer(
    harness: BotHarness, ada: MemberClient, maxim: MemberClient
) -> None:
    """And that it was taken back; each once."""
    await use(harness, maxim, "grant", user=ada.user, amount="3")
    await until_told(harness, ada, "You got a **$3.00** bonus!")
    given = await maxim.run_command(harness.channel, "quota", {"user": ada.user})
    await (await maxim.click(await given.until_answered(60), "Take back $3.00")).until_answered(60)
    await until_told(harness, ada, "took back $3.00 of your bonus")
    assert await is_told_nothing(harness, ada)
