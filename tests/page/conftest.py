"""A real browser on the demo's page: the stand-ins, the service in its own process, Chromium."""

import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from bot.snapshot_reader import ServiceBooks
from sandbox.apixo import ApixoOptions
from sandbox.demo.discord import DemoDiscord
from sandbox.demo.session import demo
from sandbox.discord import DiscordOptions
from tests.harness.page_driver import Visitor

SPEED = 30
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: `apt install chromium`, or run scripts/test as root")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET])
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A window that fails the test if the page does anything that a console would complain of."""
    page = await browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-US")
    complaints = list[str]()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    yield page
    assert not [said for said in complaints if "ERR_CONNECTION_REFUSED" not in said]


@pytest.fixture
async def discord() -> AsyncIterator[DemoDiscord]:
    """A Discord with nobody behind it."""
    async with DemoDiscord() as discord:
        yield discord


@pytest.fixture
async def visitor(page: Page, tmp_path: Path) -> AsyncIterator[Visitor]:
    """Somebody at the demo's page for the first time, with the bot connected."""
    async with demo(
        [sys.executable, "-m", "bot"],
        apixo_options=ApixoOptions(clips="tiny", time_scale=SPEED),
        discord_options=DiscordOptions(),
        folder=tmp_path / "service",
        open_books=ServiceBooks,
        say=lambda _: None,
    ) as opened:
        await opened.discord.until_commands({"video", "animate"}, within=60)
        await page.goto(opened.discord.page_url)
        yield Visitor(page, opened.discord)
