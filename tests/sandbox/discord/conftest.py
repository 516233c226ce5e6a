"""A stand-in of Discord, and a connection to its REST interface."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from sandbox.discord import DiscordConfig, FakeDiscord
from tests.harness.stock_client import RestClient


@pytest.fixture
async def fake_discord() -> AsyncIterator[FakeDiscord]:
    """Open a stand-in with short patience, so that lateness comes soon."""
    options = DiscordConfig(sends_per_window=50, token_sends_per_window=50)
    async with FakeDiscord(options) as opened:
        yield opened


@pytest.fixture
async def rest(fake_discord: FakeDiscord) -> AsyncIterator[RestClient]:
    """Open a connection to the stand-in."""
    async with aiohttp.ClientSession() as session:
        yield RestClient(session, fake_discord)
