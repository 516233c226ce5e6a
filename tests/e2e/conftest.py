"""Stand-ins that are sixty times as fast as APIXO, and the service ready to be started."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.discord import FakeDiscord

# It imports discord.py without the warning that it brings.
from tests.harness import stock_client  # noqa: F401 # pyright: ignore[reportUnusedImport]
from tests.harness.service import ServiceHarness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ServiceHarness]:
    async with (
        FakeApixo(ApixoConfig(clips="tiny", time_scale=60)) as apixo,
        FakeDiscord() as discord,
    ):
        yield ServiceHarness.create(apixo, discord, tmp_path / "service")
