"""A real browser on the demo's page: the stand-ins, the service in its own process, Chromium."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from bot.snapshot_reader import SnapshotReader
from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.demo.discord import DemoDiscord
from sandbox.demo.process import ServiceProcess
from sandbox.demo.session import open_demo
from sandbox.discord import FakeDiscord
from tests.harness.page_driver import PageDriver
from tests.harness.service import PATIENT, TIMEOUT_S, ServiceHarness

SPEED = 240
_HERE = Path(__file__).parent
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
CHROMIUM_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


page_fixture = pytest_asyncio.fixture(loop_scope="session")
"""Everything here runs on the loop of the one browser."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run these tests on the loop of the one browser."""
    for item in items:
        if item.path.parent == _HERE:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Start the one browser; each test has a profile of its own in it."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: `apt install chromium`, or run scripts/test as root")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*CHROMIUM_ARGS])
        yield browser
        await browser.close()


@page_fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A window that fails the test if the page does anything that a console would complain of."""
    page = await browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-US")
    complaints = list[str]()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    yield page
    await page.context.close()
    assert not [said for said in complaints if "ERR_CONNECTION_REFUSED" not in said]


@page_fixture
async def discord() -> AsyncIterator[DemoDiscord]:
    """A Discord with nobody behind it."""
    async with DemoDiscord() as discord:
        yield discord


@page_fixture
async def page_driver(page: Page, tmp_path: Path) -> AsyncIterator[PageDriver]:
    """Somebody at the demo's page for the first time, with the bot connected."""

    def build(apixo: FakeApixo, discord: FakeDiscord) -> ServiceProcess:
        settings = {"TIME_SCALE": str(SPEED)}
        return ServiceHarness.create(apixo, discord, tmp_path / "service", settings).service

    async with open_demo(
        build,
        apixo_config=ApixoConfig(clips="tiny", time_scale=SPEED),
        discord_config=PATIENT,
        open_reader=SnapshotReader,
        echo=lambda _: None,
    ) as opened:
        await opened.discord.wait_for_commands({"video", "animate"}, within=TIMEOUT_S)
        await page.goto(opened.discord.page_url)
        yield PageDriver(page, opened.discord)
