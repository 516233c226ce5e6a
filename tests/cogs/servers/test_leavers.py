"""A member leaves, or the bot is removed: the first comes with no event, so Discord is asked."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

import pytest
from sqlalchemy import select

from cogs.publishing.publisher import DiscordPublisher
from domain.durations import DAY_MS
from sandbox.discord import FakeDiscord, Fault, MemberClient
from sandbox.discord.models import Guild
from storage import servers
from storage.schema import memberships
from tests.harness.bot import BotHarness
from workflow.errors import ChannelUnavailable, TemporaryPublishError
from workflow.members.leavers import (
    add_memberships,
    check_next_membership,
    erase_left_servers,
)

pytestmark = pytest.mark.time_scale(600)

VIDEO: Final[dict[str, Any]] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
DAYS: Final = 30


@pytest.fixture
async def harness(stopped_harness: BotHarness) -> BotHarness:
    stopped_harness.policy = replace(stopped_harness.policy, leaver_data_days=DAYS)
    await stopped_harness.start()
    return stopped_harness


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await is_so():
            await asyncio.sleep(0.02)


async def pass_days(harness: BotHarness, days: float) -> None:
    """Set the clock ahead, and go on with what is done once a day or an hour."""
    harness.clock_offset_ms += round(days * DAY_MS)
    await add_memberships(harness.context)
    await check_next_membership(harness.context)
    await erase_left_servers(harness.context)


async def left_at_ms(harness: BotHarness, user_id: int) -> int | None:
    """Read since when a member is known to be away."""
    found = select(memberships.c.left_at_ms).where(memberships.c.user_id == user_id)
    return await harness.database.read(lambda tx: tx.scalar(found))


async def is_erased(harness: BotHarness, job: str) -> bool:
    return (await harness.job(job)).erased_at_ms is not None


async def test_a_leaver_is_recognized_and_erased_after_the_term(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """In the background, as after *Delete my data*: file and prompt go, the money stays."""
    result = await harness.make_video(ada, "video", VIDEO)
    job = result.attachments[0].filename[:20]
    fake_discord.world.remove_member(ada.guild, ada.user)

    async def is_missed() -> bool:
        return await left_at_ms(harness, ada.id) is not None

    await pass_days(harness, 1)
    await until(is_missed)
    assert not await is_erased(harness, job)
    await pass_days(harness, DAYS + 1)
    await until(lambda: is_erased(harness, job))
    assert (await harness.job(job)).request.prompt == ""
    assert not await harness.context.media.has_video(f"{job}.mp4")
    assert await harness.ledger_kinds(job) == ["hold", "charge"]
    assert result in harness.channel.messages, "what was posted belongs to the channel"


async def test_a_server_left_while_nothing_ran_is_noticed_and_erased(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """By what the gateway brings at the start; a new invitation within the term stops it."""
    result = await harness.make_video(ada, "video", VIDEO)
    job = result.attachments[0].filename[:20]
    await harness.stop()
    fake_discord.world.remove_bot(ada.guild)
    await harness.start()
    await until(lambda: has_left(harness, ada.guild))
    fake_discord.world.add_bot(ada.guild)

    async def is_back() -> bool:
        return not await has_left(harness, ada.guild)

    await until(is_back)
    await pass_days(harness, DAYS + 1)
    assert not await is_erased(harness, job)
    fake_discord.world.remove_bot(ada.guild)
    await until(lambda: has_left(harness, ada.guild))
    await pass_days(harness, DAYS + 1)
    await until(lambda: is_erased(harness, job))
    await until(lambda: is_nameless(harness, ada.guild))


async def has_left(harness: BotHarness, guild: Guild) -> bool:
    """Return whether it is on record that the bot has left."""
    kept = await harness.database.read(lambda tx: servers.get(tx, guild.id))
    return kept is not None and kept.left_at_ms is not None


async def is_nameless(harness: BotHarness, guild: Guild) -> bool:
    """Return whether name and owner of a server are forgotten, too."""
    kept = await harness.database.read(lambda tx: servers.get(tx, guild.id))
    return kept is not None and (kept.name, kept.owner_id) == ("", None)


async def test_only_discords_word_makes_a_leaver(
    publisher: DiscordPublisher, fake_discord: FakeDiscord, ada: MemberClient, ben: MemberClient
) -> None:
    """Not a proxy's 404, an outage, or a server that the bot cannot see."""
    guild, path = ada.guild, f"/guilds/{ada.guild.id}/members/{ada.id}"
    assert await publisher.is_member(guild.id, ada.id)
    fake_discord.world.remove_member(guild, ben.user)
    assert not await publisher.is_member(guild.id, ben.id)
    assert not await publisher.is_member(guild.id, 5), "an account that is gone"
    for fault in (Fault(status=404, raw=b"<html>"), Fault(status=503, raw=b"")):
        fake_discord.faults.add("GET", path, fault, 5)
        with pytest.raises(TemporaryPublishError):
            await publisher.is_member(guild.id, ada.id)
        fake_discord.faults.clear()
    fake_discord.world.remove_bot(guild)
    with pytest.raises(ChannelUnavailable):
        await publisher.is_member(guild.id, ada.id)
