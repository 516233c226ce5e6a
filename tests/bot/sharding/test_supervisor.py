"""Shards that are to change hands while the database is away for a moment."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.harness.stock_client import discord, pointed_library

# isort: split
from bot.sharding.leases import Holding, Sessions
from bot.sharding.supervisor import ShardSupervisor
from sandbox.discord import DiscordConfig, FakeDiscord
from storage.errors import DatabaseUnavailable
from storage.shards import GatewaySession
from tests.harness.sole_shard import SoleShard

_PATIENCE_S = 60


class Interrupted(SoleShard):
    """Leases on one shard that another process waits for, in a database that is away now and then.

    `lost_beats` and `lost_gifts` say how many of the next words to it are lost.
    """

    keeps_sessions = True

    def __init__(self) -> None:
        self.lost_beats = self.lost_gifts = 0
        self.is_wanted = False
        self.given = asyncio.Event()
        self.beats = 0

    async def beat(self, sessions: Sessions, last_turn_ms: int | None) -> Holding:
        if self.lost_beats:
            self.lost_beats -= 1
            raise DatabaseUnavailable("away")
        self.beats += 1
        if self.given.is_set():
            return Holding({}, 1, next_beat_s=0.01)
        given = [0] if self.is_wanted else []
        return Holding({0: None}, 1, given, next_beat_s=0.01, others_have_room=True)

    async def take_no_more(self) -> None:
        self.is_wanted = True

    async def hand_over(self, shard_id: int, session: GatewaySession | None) -> None:
        if self.lost_gifts:
            self.lost_gifts -= 1
            raise DatabaseUnavailable("away")
        assert session is not None
        self.given.set()


@pytest.fixture
async def fake_discord() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord(DiscordConfig(identify_seconds=0)) as opened:
        yield opened


@pytest.fixture
async def leases() -> Interrupted:
    return Interrupted()


@pytest.fixture
async def supervisor(
    fake_discord: FakeDiscord, leases: Interrupted, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ShardSupervisor]:
    """Hold the shard, with its session."""
    monkeypatch.setattr(discord.Client, "before_identify_hook", _at_once)
    async with (
        pointed_library(fake_discord),
        discord.Client(intents=discord.Intents.none()) as client,
    ):
        await client.login(fake_discord.token)
        made = ShardSupervisor(client, leases, _at_once, lambda *_: None, lambda: None)
        running = asyncio.create_task(made.run())
        await asyncio.wait_for(client.wait_until_ready(), _PATIENCE_S)
        yield made
        await made.close()
        await running


async def test_a_shard_is_given_though_the_database_was_away(
    supervisor: ShardSupervisor, leases: Interrupted
):
    """And the process goes on; it once ended with the error."""
    leases.lost_gifts = 2
    leases.is_wanted = True
    await asyncio.wait_for(leases.given.wait(), _PATIENCE_S)
    beats = leases.beats
    while leases.beats == beats:
        await asyncio.sleep(0.01)
    assert supervisor.held == ()


async def test_a_process_that_ends_waits_for_the_database_for_a_moment(
    supervisor: ShardSupervisor, leases: Interrupted
):
    """Its shard would be nobody's until its lease is over."""
    leases.lost_beats = leases.lost_gifts = 1
    await supervisor.hand_over()
    assert leases.given.is_set()


async def _at_once(*_: object, **__: object) -> None:
    await asyncio.sleep(0)
