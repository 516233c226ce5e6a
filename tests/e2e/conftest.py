"""Stand-ins that are sixty times as fast as APIXO, and the service ready to be started."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.apixo import ApixoOptions, ApixoStandIn
from sandbox.discord import DiscordStandIn

# It imports discord.py without the warning that it brings.
from tests.harness import stock_client  # noqa: F401 # pyright: ignore[reportUnusedImport]
from tests.harness.service import Theatre


@pytest.fixture
async def theatre(tmp_path: Path) -> AsyncIterator[Theatre]:
    async with (
        ApixoStandIn(ApixoOptions(clips="tiny", time_scale=60)) as apixo,
        DiscordStandIn() as discord,
    ):
        yield Theatre.of(apixo, discord, tmp_path / "service")
