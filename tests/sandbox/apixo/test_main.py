"""`python -m sandbox.apixo`."""

import asyncio
import signal
import sys
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest
from click.testing import CliRunner

from sandbox.apixo.__main__ import main
from tests.sandbox.apixo.conftest import DEADLINE_SECONDS

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_says_where_it_is_serves_and_ends_cleanly(number: signal.Signals) -> None:
    """Its three lines are settings as a service takes them; a signal ends it without a word."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "sandbox.apixo"),
        *("--port", "0", "--key", "abc", "--balance-usd", "7.5", "--clips", "tiny"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(DEADLINE_SECONDS):
        lines = [(await process.stdout.readline()).decode().strip() for _ in range(3)]
        settings = dict(line.split("=", 1) for line in lines)
        assert settings["APIXO_API_KEY"] == "abc"
        assert settings["TIME_SCALE"] == "10"
        assert await balance(settings["APIXO_BASE_URL"], "abc") == Decimal("7.5")
        process.send_signal(number)
        _, complaints = await process.communicate()
    assert (process.returncode, complaints) == (0, b"")


async def balance(base_url: str, key: str) -> Decimal:
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{base_url}/apikeys/current-balance") as response,
    ):
        return Decimal(str((await response.json())["data"]))


@pytest.mark.parametrize(
    "arguments", [["--balance-usd", "much"], ["--time-scale", "0"], ["--clips", "huge"]]
)
def test_a_wrong_option_is_named(arguments: list[str]) -> None:
    """With the usual exit code."""
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert arguments[0] in result.output
