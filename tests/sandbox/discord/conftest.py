"""A stand-in of Discord, and a connection to its REST interface."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from sandbox.discord import DiscordConfig, FakeDiscord
from tests.harness.stock_client import RestClient


@pytest.fixture
def discord_config() -> DiscordConfig:
    """Give the configuration of the stand-in."""
    return DiscordConfig(sends_per_window=50, token_sends_per_window=50, identify_seconds=0)


@pytest.fixture
async def fake_discord(discord_config: DiscordConfig) -> AsyncIterator[FakeDiscord]:
    """Open a stand-in."""
    async with FakeDiscord(discord_config) as opened:
        yield opened


@pytest.fixture
async def rest(fake_discord: FakeDiscord) -> AsyncIterator[RestClient]:
    """Open a connection to the stand-in."""
    async with aiohttp.ClientSession() as session:
        yield RestClient(session, fake_discord)
