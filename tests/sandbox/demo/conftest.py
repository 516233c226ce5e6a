"""The fake of Discord with its page, and a connection to its REST interface."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from sandbox.demo.discord import DemoDiscord
from sandbox.discord import DiscordConfig
from tests.harness.stock_client import RestClient


@pytest.fixture
async def fake_discord() -> AsyncIterator[DemoDiscord]:
    """Open a stand-in with short patience, so that lateness comes soon."""
    options = DiscordConfig(sends_per_window=50, token_sends_per_window=50, identify_seconds=0)
    async with DemoDiscord(options) as opened:
        yield opened


@pytest.fixture
async def rest(fake_discord: DemoDiscord) -> AsyncIterator[RestClient]:
    """Open a connection to the stand-in."""
    async with aiohttp.ClientSession() as session:
        yield RestClient(session, fake_discord)
