"""The page knows no bot: another one, in a process of its own, is used with all that it offers."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from sandbox.demo.discord import DemoDiscord
from sandbox.demo.process import end
from tests.harness.page_driver import Visitor

COMMANDS = {"travel", "buttons", "things", "layout", "card", "form"}


@pytest.fixture
async def visitor(page: Page, discord: DemoDiscord) -> AsyncIterator[Visitor]:
    """Ada in #general, with the other bot behind the page."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.harness.other_bot",
        env={
            **os.environ,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "DISCORD_TOKEN": discord.token,
        },
    )
    try:
        await discord.until_commands(COMMANDS, within=60)
        await page.goto(discord.page_url)
        visitor = Visitor(page, discord)
        await visitor.go_to("general")
        yield visitor
    finally:
        await end(process)


async def test_a_command_takes_every_kind_of_option(visitor: Visitor, tmp_path: Path):
    """Suggestions, a choice, a number out of range, a user and a file, from fields in order."""
    page, ticket = visitor.page, tmp_path / "ticket.pdf"
    ticket.write_bytes(b"12345")
    await visitor.begin("travel")
    await visitor.send()
    await expect(page.locator("#option-city-fault")).to_have_text(
        "This option is required. Specify a value."
    )
    city = page.locator("#option-city")
    await city.press_sequentially("b")
    await expect(page.get_by_role("option")).to_have_text(["Berlin", "Bremen"])
    await page.get_by_role("option", name="Bremen").click()
    for option in ("days", "by", "guest", "ticket"):
        await page.get_by_role("button", name=f"+ {option}").click()
    await page.locator("#option-days").fill("31")
    await page.locator("#option-by").click()
    await page.get_by_role("option", name="boat").click()
    await page.locator("#option-guest").click()
    await page.get_by_role("option", name="Ben").click()
    await visitor.attach("ticket", ticket)
    await visitor.send()
    await expect(page.locator("#option-days-fault")).to_contain_text("30")
    await page.locator("#option-days").fill("3")
    await visitor.send()
    await visitor.sees("Bremen, 3, boat, Ben, 5 bytes")


async def test_buttons_change_their_message_fail_and_open_forms(visitor: Visitor, tmp_path: Path):
    """An edit in place, a failure under the message, a form with text, files and one of a few."""
    page, file = visitor.page, tmp_path / "a.txt"
    file.write_bytes(b"abc")
    await visitor.begin("buttons")
    await visitor.send()
    await visitor.press("Count")
    await visitor.press("Counted 1")
    await expect(visitor.messages.get_by_role("button", name="Counted 2")).to_be_visible()
    await visitor.press("Silent")
    await visitor.sees("This interaction failed")
    await visitor.press("Fill in")
    form = page.get_by_role("dialog")
    await form.get_by_role("button", name="Submit").click()
    await expect(form).to_contain_text(re.compile("required", re.IGNORECASE))
    await form.get_by_role("textbox", name="Name").fill("Ada")
    await form.get_by_role("textbox", name="Story").fill("once\nupon a time")
    await form.locator("input[type=file]").set_input_files(str(file))
    await form.get_by_text("M", exact=True).click()
    await form.get_by_role("button", name="Submit").click()
    await visitor.sees("upon a time; a.txt 3; m")


async def test_menus_of_colours_users_roles_and_channels_choose(visitor: Visitor):
    """Each opens as a list, takes what was chosen, and the bot hears of it."""
    await visitor.begin("buttons")
    await visitor.send()
    await _choose(visitor, await visitor.sees("/buttons"), 0, "Red", "Blue")
    await visitor.sees("colours: blue, red")
    await visitor.begin("things")
    await visitor.send()
    things = await visitor.sees("/things")
    await _choose(visitor, things, 0, "Ben")
    await visitor.sees("users: Ben")
    await _choose(visitor, things, 1, "Manager")
    await visitor.sees("roles: Manager")
    await _choose(visitor, things, 3, "night")
    await visitor.sees("channels: night")


async def test_components_of_the_second_version_are_shown_and_used(visitor: Visitor):
    """Title, pictures, a veiled one, a file, a line, and a button beside a text."""
    await visitor.begin("layout")
    await visitor.send()
    shown = await visitor.sees("A title")
    await expect(shown.get_by_role("heading", name="A title")).to_be_visible()
    await expect(shown.locator("img").first).to_be_visible()
    await expect(shown.get_by_text("notes.txt")).to_be_visible()
    await shown.get_by_role("button", name="More", exact=True).first.click()
    await visitor.sees("and more")


async def test_menus_of_messages_and_people_are_opened_by_the_right_button(visitor: Visitor):
    """What the bot registered for both is in them, and reaches it."""
    page = visitor.page
    box = page.locator("#composer textarea").first
    await box.fill("worth quoting")
    await box.press("Enter")
    mine = await visitor.sees("worth quoting")
    await mine.click(button="right")
    await page.get_by_role("menuitem", name="Quote").click()
    await expect(visitor.messages.locator("blockquote")).to_have_text("worth quoting")
    await mine.locator("[data-user]").first.click(button="right")
    await page.get_by_role("menuitem", name="Who is this").click()
    await expect(await visitor.sees("Only you can see this")).to_contain_text("Ada")


async def _choose(visitor: Visitor, message: Locator, menu: int, *names: str) -> None:
    await message.locator("[aria-haspopup=listbox]").nth(menu).click()
    for name in names:
        await visitor.page.get_by_role("option", name=name).click()
    await visitor.page.keyboard.press("Escape")
