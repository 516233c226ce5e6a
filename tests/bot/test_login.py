"""Logging in: outages are waited out with what the library leaves behind cleaned up."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from tests.harness.stock_client import pointed_library

# isort: split
from bot import login
from bot.client import DailiesBot
from bot.errors import CannotStart, GatewayRefused
from bot.login import stay_connected
from bot.sharding import connection
from sandbox.discord import DiscordConfig, FakeDiscord, Fault
from storage.database import Database
from storage.key_value import KeyValueStore
from tests.conftest import SqliteTemplate, Template
from tests.harness.sole_shard import sole_shard


@pytest.fixture
def template(sqlite_template: SqliteTemplate) -> Template:
    return sqlite_template


@pytest.fixture
async def fake_discord() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord(DiscordConfig(identify_seconds=0)) as opened:
        yield opened


@pytest.fixture
async def bot(
    fake_discord: FakeDiscord, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[DailiesBot]:
    """Make a bot whose pauses are too short to notice."""
    for module in (connection, login):
        monkeypatch.setattr(module, "growing_pause_s", lambda _: 0.001)
    async with (
        pointed_library(fake_discord),
        DailiesBot(KeyValueStore(database), sole_shard()) as made,
    ):
        yield made


@pytest.mark.parametrize("path", ["/users/@me", "/oauth2/applications/@me"])
async def test_every_outage_of_the_login_is_waited_for(
    fake_discord: FakeDiscord, bot: DailiesBot, path: str
):
    """One line in the log each; then the bot is there, with no session left open behind it."""
    for fault in (
        Fault(status=503),
        Fault(status=429, raw=b"error code: 1015"),
        Fault(status=401, raw=b"who are you"),
        Fault(status=200, raw=b"<html>"),
    ):
        fake_discord.faults.add("GET", path, fault)
    with capture_logs() as logged:
        connected = asyncio.create_task(stay_connected(bot, fake_discord.token))
        async with asyncio.timeout(120):
            while not fake_discord.gateway.has_client:
                await asyncio.sleep(0.01)
    assert [entry["event"] for entry in logged].count("Discord not reached") == 4
    await bot.close()
    await connected


async def test_a_token_that_discord_does_not_know_is_the_end(
    fake_discord: FakeDiscord, bot: DailiesBot
):
    """It was asked for once."""
    with pytest.raises(CannotStart, match="does not accept this token"):
        await stay_connected(bot, "wrong")
    assert fake_discord.journal.count_requests("GET", "/users/@me") == 1


async def test_a_refusal_of_the_gateway_is_the_end(fake_discord: FakeDiscord, bot: DailiesBot):
    """With the sentence of its close code."""
    fake_discord.gateway.identify_close_code = 4014
    with pytest.raises(GatewayRefused, match="4014"):
        await stay_connected(bot, fake_discord.token)
