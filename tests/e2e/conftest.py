"""Stand-ins that make a video in a moment, and the service ready to be started."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.discord import FakeDiscord

# It imports discord.py without the warning that it brings.
from tests.harness import stock_client  # noqa: F401 # pyright: ignore[reportUnusedImport]
from tests.harness.service import PATIENT, SPEED, ServiceHarness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ServiceHarness]:
    async with (
        FakeApixo(ApixoConfig(clips="tiny", time_scale=SPEED)) as apixo,
        FakeDiscord(PATIENT) as discord,
    ):
        yield ServiceHarness.create(apixo, discord, tmp_path / "service")
