"""A stand-in of Discord, and a connection to its REST interface."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from sandbox.discord import DiscordOptions, DiscordStandIn
from tests.harness.stock_client import Wire


@pytest.fixture
async def stand_in() -> AsyncIterator[DiscordStandIn]:
    """Open a stand-in with short patience, so that lateness comes soon."""
    options = DiscordOptions(sends_per_window=50, token_sends_per_window=50)
    async with DiscordStandIn(options) as opened:
        yield opened


@pytest.fixture
async def wire(stand_in: DiscordStandIn) -> AsyncIterator[Wire]:
    """Open a connection to the stand-in."""
    async with aiohttp.ClientSession() as session:
        yield Wire(session, stand_in)
