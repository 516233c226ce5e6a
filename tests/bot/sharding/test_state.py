"""What a shard's servers become when its session is lost, or taken up by another process."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.harness.stock_client import pointed_library

# isort: split
from bot.client import DailiesBot
from bot.sharding.leases import Holding, Sessions, Sharding
from sandbox.discord import DiscordConfig, FakeDiscord
from storage.database import Database
from storage.key_value import KeyValueStore
from storage.shards import GatewaySession
from tests.conftest import SqliteTemplate, Template
from tests.harness.sole_shard import FreeSlots, SoleShard


@dataclass
class Passed(SoleShard):
    """A shard that goes from process to process with its session."""

    keeps_sessions = True
    session: GatewaySession | None = None
    identify: asyncio.Event = field(default_factory=asyncio.Event)

    async def beat(self, sessions: Sessions, last_turn_ms: int | None) -> Holding:
        return Holding({0: self.session}, 1)

    async def hand_over(self, shard_id: int, session: GatewaySession | None) -> None:
        self.session = session

    async def take(self, bucket: int) -> float:
        await self.identify.wait()
        return await FreeSlots().take(bucket)


@pytest.fixture
def template(sqlite_template: SqliteTemplate) -> Template:
    return sqlite_template


@pytest.fixture
async def fake_discord() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord(DiscordConfig(identify_seconds=0)) as opened, pointed_library(opened):
        yield opened


@asynccontextmanager
async def process(
    fake_discord: FakeDiscord, database: Database, shard: Passed
) -> AsyncGenerator[DailiesBot]:
    """Be a process that holds the shard."""
    bot = DailiesBot(KeyValueStore(database), Sharding(shard, shard))
    bot._connection.guild_ready_timeout = 0.02
    running = asyncio.create_task(bot.start(fake_discord.token))
    await until(bot.is_ready)
    yield bot
    await bot.close()
    await running


async def test_a_server_that_was_left_while_the_shard_was_away_is_forgotten(
    fake_discord: FakeDiscord, database: Database
):
    """The next session does not name it; the others stay."""
    shard = Passed()
    shard.identify.set()
    async with process(fake_discord, database, shard) as bot:
        guild = fake_discord.world.guild()
        assert guild.id in {found.id for found in bot.guilds}
        await fake_discord.gateway.invalidate_sessions()
        fake_discord.world.remove_bot(guild)
        await until(lambda: [found.name for found in bot.guilds] == ["Big Screen"])
        await until(lambda: bot.is_connected)
        assert bot.has_servers_of(guild.id)


async def test_a_session_of_another_process_is_resumed_and_then_replaced(
    fake_discord: FakeDiscord, database: Database
):
    """Until it is, nothing is known of the servers, but a removal is heard of; then all is."""
    shard, gateway = Passed(), fake_discord.gateway
    shard.identify.set()
    async with process(fake_discord, database, shard):
        shard.identify.clear()
    assert shard.session is not None
    guild, other = fake_discord.world.guild(), fake_discord.world.guild("Big Screen")
    async with process(fake_discord, database, shard) as bot:
        assert (gateway.started, gateway.resumed) == ([0], [0])
        assert not bot.guilds
        assert not bot.has_servers_of(guild.id)
        removal = asyncio.create_task(bot.wait_for("guild_remove"))
        await asyncio.sleep(0)
        fake_discord.world.remove_bot(guild)
        assert (await removal).id == guild.id
        shard.identify.set()
        await until(lambda: bot.has_servers_of(other.id))
        assert [found.id for found in bot.guilds] == [other.id]
        assert gateway.started == [0, 0]
        await until(lambda: gateway.connected_shards() == [0])
        assert bot.is_connected


async def test_an_interaction_that_two_sessions_bring_is_handled_once(database: Database):
    """As while one takes the other's place."""
    bot, seen = DailiesBot(KeyValueStore(database), Sharding(Passed(), Passed())), list[str]()
    bot._connection.dispatch = lambda name, *_: seen.append(name)
    ping = {"id": "1", "type": 1, "token": "t", "version": 1, "application_id": "2"}
    for number in ("1", "1", "2"):
        data = {**ping, "id": number, "attachment_size_limit": 0}
        bot._connection.parsers["INTERACTION_CREATE"](data)
    assert seen.count("interaction") == 2


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(120):
        while not holds():
            await asyncio.sleep(0.005)
