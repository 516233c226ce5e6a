"""The page works with any bot: another one is used with all that it offers."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from sandbox.demo.discord import DemoDiscord
from tests.harness.other_bot import OtherBot
from tests.harness.page_driver import PageDriver
from tests.harness.service import TIMEOUT_S
from tests.harness.stock_client import run_bot
from tests.page.conftest import page_fixture

COMMANDS = {"travel", "buttons", "things", "layout", "card", "form"}


@page_fixture
async def visitor(page: Page, discord: DemoDiscord) -> AsyncIterator[PageDriver]:
    """Ada in #general, with the other bot behind the page."""
    async with run_bot(discord, OtherBot()):
        await discord.wait_for_commands(COMMANDS, within=TIMEOUT_S)
        await page.goto(discord.page_url)
        visitor = PageDriver(page, discord)
        await visitor.open_channel("general")
        yield visitor


async def test_a_command_takes_every_kind_of_option(visitor: PageDriver, tmp_path: Path):
    """Suggestions, a choice, a number out of range, a user and a file, from fields in order."""
    page, ticket = visitor.page, tmp_path / "ticket.pdf"
    ticket.write_bytes(b"12345")
    await visitor.start_command("travel")
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
    await visitor.wait_for_message("Bremen, 3, boat, Ben, 5 bytes")


async def test_buttons_change_their_message_fail_and_open_forms(
    visitor: PageDriver, tmp_path: Path
):
    """An edit in place, a failure under the message, a form with text, files and one of a few."""
    page, file = visitor.page, tmp_path / "a.txt"
    file.write_bytes(b"abc")
    await visitor.start_command("buttons")
    await visitor.send()
    await visitor.click_button("Count")
    await visitor.click_button("Counted 1")
    await expect(visitor.messages.get_by_role("button", name="Counted 2")).to_be_visible()
    await visitor.click_button("Silent")
    await visitor.wait_for_message("This interaction failed")
    await visitor.click_button("Fill in")
    form = page.get_by_role("dialog")
    await form.get_by_role("button", name="Submit").click()
    await expect(form).to_contain_text(re.compile("required", re.IGNORECASE))
    await form.get_by_role("textbox", name="Name").fill("Ada")
    await form.get_by_role("textbox", name="Story").fill("once\nupon a time")
    await form.locator("input[type=file]").set_input_files(str(file))
    await form.get_by_text("M", exact=True).click()
    await form.get_by_role("button", name="Submit").click()
    await visitor.wait_for_message("upon a time; a.txt 3; m")


async def test_menus_of_colours_users_roles_and_channels_choose(visitor: PageDriver):
    """Each opens as a list, takes what was chosen, and the bot hears of it."""
    await visitor.start_command("buttons")
    await visitor.send()
    await _choose(visitor, await visitor.wait_for_message("/buttons"), 0, "Red", "Blue")
    await visitor.wait_for_message("colours: blue, red")
    await visitor.start_command("things")
    await visitor.send()
    things = await visitor.wait_for_message("/things")
    await _choose(visitor, things, 0, "Ben")
    await visitor.wait_for_message("users: Ben")
    await _choose(visitor, things, 1, "Manager")
    await visitor.wait_for_message("roles: Manager")
    await _choose(visitor, things, 3, "night")
    await visitor.wait_for_message("channels: night")


async def test_components_of_the_second_version_are_shown_and_used(visitor: PageDriver):
    """Title, pictures, a veiled one, a file, a line, and a button beside a text."""
    await visitor.start_command("layout")
    await visitor.send()
    shown = await visitor.wait_for_message("A title")
    await expect(shown.get_by_role("heading", name="A title")).to_be_visible()
    await expect(shown.locator("img").first).to_be_visible()
    await expect(shown.get_by_text("notes.txt")).to_be_visible()
    await shown.get_by_role("button", name="More", exact=True).first.click()
    await visitor.wait_for_message("and more")


async def test_menus_of_messages_and_people_are_opened_by_the_right_button(visitor: PageDriver):
    """What the bot registered for both is in them, and reaches it."""
    page = visitor.page
    box = page.locator("#composer textarea").first
    await box.fill("worth quoting")
    await box.press("Enter")
    mine = await visitor.wait_for_message("worth quoting")
    await mine.click(button="right")
    await page.get_by_role("menuitem", name="Quote").click()
    await expect(visitor.messages.locator("blockquote")).to_have_text("worth quoting")
    await mine.locator("[data-user]").first.click(button="right")
    await page.get_by_role("menuitem", name="Who is this").click()
    await expect(await visitor.wait_for_message("Only you can see this")).to_contain_text("Ada")


async def _choose(visitor: PageDriver, message: Locator, menu: int, *names: str) -> None:
    await message.locator("[aria-haspopup=listbox]").nth(menu).click()
    for name in names:
        await visitor.page.get_by_role("option", name=name).click()
    await visitor.page.keyboard.press("Escape")
