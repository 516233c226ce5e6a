"""Shards: which servers each session hears of, and how many sessions may begin."""

from contextlib import AsyncExitStack

import pytest

from sandbox.discord import DiscordConfig, FakeDiscord
from tests.harness.stock_client import RestClient
from tests.sandbox.discord.test_gateway import INVALID_SESSION, Socket, connected

FOUR = 4


async def open_shard(stack: AsyncExitStack, stand_in: FakeDiscord, *shard: int) -> Socket:
    """Begin a session of a shard and read its READY."""
    socket = await stack.enter_async_context(connected(stand_in))
    await socket.identify(stand_in, shard=[*shard])
    ready = await socket.event("READY")
    assert ready["shard"] == [*shard]
    return socket


async def test_each_shard_hears_of_its_servers_and_the_first_of_direct_messages() -> None:
    """A server's shard is its id without the last 22 bits, modulo the number of shards."""
    async with (
        FakeDiscord(DiscordConfig(max_concurrency=FOUR)) as stand_in,
        AsyncExitStack() as stack,
    ):
        world, guild = stand_in.world, stand_in.world.guild()
        shards = [await open_shard(stack, stand_in, n, FOUR) for n in range(FOUR)]
        assert stand_in.gateway.started == stand_in.gateway.connected_shards() == [0, 1, 2, 3]
        own = (guild.id >> 22) % FOUR
        world.set_premium_tier(guild, 1)
        assert (await shards[own].event("GUILD_UPDATE"))["id"] == str(guild.id)
        for other in {*range(FOUR)} - {own}:
            world.set_owner(guild, world.user("Ada"))
            await shards[other].send(1, None)
            while (frame := await shards[other].next())["op"] != 11:
                assert frame["t"] != "GUILD_UPDATE"


async def test_two_sessions_of_one_shard_hear_the_same() -> None:
    """Neither puts the other out, and they may divide the servers differently."""
    async with FakeDiscord(DiscordConfig(identify_seconds=0)) as stand_in, AsyncExitStack() as st:
        guild = stand_in.world.guild()
        own = (guild.id >> 22) % 2
        sockets = [await open_shard(st, stand_in, *shard) for shard in [(own, 2)] * 2 + [(0, 1)]]
        stand_in.world.set_premium_tier(guild, 1)
        for socket in sockets:
            assert (await socket.event("GUILD_UPDATE"))["id"] == str(guild.id)
        assert stand_in.gateway.connected_shards() == sorted([own, own, 0])


async def test_a_session_may_hear_later_than_another() -> None:
    """Connections differ; what it hears is the same."""
    async with FakeDiscord(DiscordConfig(identify_seconds=0)) as stand_in, AsyncExitStack() as st:
        late, quick = [await open_shard(st, stand_in, 0, 1) for _ in range(2)]
        first, second = stand_in.gateway.connected_sessions()
        first.lag_s = 0.3
        stand_in.world.set_premium_tier(stand_in.world.guild(), 1)
        assert await quick.event("GUILD_UPDATE")
        assert first.outbox.empty()
        assert second.outbox.empty()
        assert await late.event("GUILD_UPDATE")


async def test_a_server_that_is_away_and_back(fake_discord: FakeDiscord) -> None:
    """An outage of Discord's is a GUILD_DELETE that says `unavailable`."""
    async with AsyncExitStack() as stack:
        socket = await open_shard(stack, fake_discord, 0, 1)
        guild = fake_discord.world.guild()
        fake_discord.world.set_available(guild, available=False)
        assert (await socket.event("GUILD_DELETE"))["unavailable"] is True
        fake_discord.world.set_available(guild, available=True)
        assert (await socket.event("GUILD_CREATE"))["id"] == str(guild.id)


async def test_too_many_servers_for_a_session_want_shards() -> None:
    """4011; divided over enough shards, each begins."""
    config = DiscordConfig(guilds_per_shard=1, identify_seconds=0)
    async with FakeDiscord(config) as stand_in:
        async with connected(stand_in) as socket:
            await socket.identify(stand_in)
            assert await socket.close_code() == 4011
        crowd = stand_in.world.add_guild("Alone", stand_in.world.user("Olga"))
        for guild in stand_in.world.guilds.values():
            stand_in.world.remove_bot(guild)
        stand_in.world.add_bot(crowd)
        async with AsyncExitStack() as stack:
            await open_shard(stack, stand_in, 0, 1)


async def test_a_bucket_of_shards_begins_one_session_at_a_time() -> None:
    """Shards with one remainder wait for each other; the answer to haste is op 9."""
    time = [1_800_000_000.0]
    async with (
        FakeDiscord(DiscordConfig(max_concurrency=2), lambda: time[0]) as stand_in,
        AsyncExitStack() as stack,
    ):
        await open_shard(stack, stand_in, 0, FOUR)
        await open_shard(stack, stand_in, 1, FOUR)
        hasty = await stack.enter_async_context(connected(stand_in))
        await hasty.identify(stand_in, shard=[2, FOUR])
        assert await hasty.next() == INVALID_SESSION
        time[0] += 5
        await hasty.identify(stand_in, shard=[2, FOUR])
        assert (await hasty.next())["t"] == "READY"
        assert stand_in.gateway.started == [0, 1, 2]


async def test_one_session_too_many_a_day_ends_all_and_the_token(
    rest: RestClient, fake_discord: FakeDiscord
) -> None:
    """`GET /gateway/bot` counts down; after that nobody is let in."""
    assert fake_discord.config.sessions_per_day == 2
    async with AsyncExitStack() as stack:
        first = await open_shard(stack, fake_discord, 0, 1)
        await open_shard(stack, fake_discord, 0, 1)
        _, told = await rest("GET", "/gateway/bot")
        assert told["shards"] == 1
        limit = told["session_start_limit"]
        assert (limit["total"], limit["remaining"], limit["max_concurrency"]) == (2, 0, 1)
        assert 0 < limit["reset_after"] <= 86_400_000
        late = await stack.enter_async_context(connected(fake_discord))
        await late.identify(fake_discord)
        assert await first.close_code() == await late.close_code() == 4004
        assert await rest.request_refused("GET", "/gateway/bot") == (401, 0)


@pytest.fixture
def discord_config() -> DiscordConfig:
    """Let two sessions begin."""
    return DiscordConfig(sessions_per_day=2, identify_seconds=0)
