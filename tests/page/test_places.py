"""Where one is on the page, and who: per window, with Back, marks for what is new, a language."""

import pytest
from playwright.async_api import Locator, Page, expect

from sandbox.demo.discord import DemoDiscord
from sandbox.discord import Message
from tests.harness.page_driver import PageDriver
from tests.page.conftest import page_fixture


@page_fixture
async def visitor(page: Page, discord: DemoDiscord) -> PageDriver:
    """Somebody at the page for the first time."""
    await page.goto(discord.page_url)
    driver = PageDriver(page, discord)
    await expect(who_am_i(page, "Ada")).to_be_visible()
    return driver


def who_am_i(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=f"You are {name}")


def place(page: Page, name: str) -> Locator:
    return page.locator("#places").get_by_role("button", name=name).first


async def test_each_window_is_a_member_of_its_own(visitor: PageDriver) -> None:
    """Also when it is loaded again."""
    async with visitor.page.context.expect_page() as opened:
        await visitor.page.evaluate("window.open(location.href, '_blank', 'noopener')")
    other = await opened.value
    await expect(who_am_i(other, "Ada")).to_be_visible()
    await visitor.switch_member("Ben")
    for _ in range(2):
        await other.reload()
        await expect(who_am_i(other, "Ada")).to_be_visible()
    await visitor.page.reload()
    await expect(who_am_i(visitor.page, "Ben")).to_be_visible()


async def test_who_is_not_on_a_server_is_told_whom_they_are_there(visitor: PageDriver) -> None:
    """And is themselves again on the server before."""
    page = visitor.page
    await visitor.switch_member("Max")
    screen = page.get_by_role("region", name="Big Screen")
    await screen.get_by_role("button", name="Channel general").click()
    await expect(page.get_by_role("alert")).to_contain_text("Max is not on Big Screen. You are")
    await visitor.open_channel("general")
    await expect(who_am_i(page, "Max")).to_be_visible()


async def test_back_leads_to_the_channel_before(visitor: PageDriver) -> None:
    """And does not leave the page."""
    page = visitor.page
    await visitor.open_channel("general")
    await visitor.switch_member("Ben")
    await page.go_back()
    await expect(who_am_i(page, "Ada")).to_be_visible()
    await page.go_back()
    await expect(place(page, "Channel videos")).to_have_attribute("aria-current", "page")
    assert page.url == visitor.discord.page_url


async def test_on_a_phone_a_tap_on_the_current_channel_closes_the_menu(
    visitor: PageDriver,
) -> None:
    """As it does on Discord."""
    page = visitor.page
    await page.set_viewport_size({"width": 390, "height": 844})
    menu = page.get_by_role("button", name="Servers and channels")
    await menu.click()
    await expect(menu).to_have_attribute("aria-expanded", "true")
    await place(page, "Channel videos").click()
    await expect(menu).to_have_attribute("aria-expanded", "false")


@pytest.mark.parametrize("where", ["general", "DM"])
async def test_what_calls_the_member_elsewhere_leaves_a_mark(
    visitor: PageDriver, where: str
) -> None:
    """A mention, or a direct message; until they have been there, also over a reload."""
    page, world, ada = visitor.page, visitor.discord.world, visitor.discord.member("Ada")
    channel = ada.direct_channel if where == "DM" else visitor.discord.channel("general")
    name = "Direct messages with" if where == "DM" else "Channel general"
    message = Message(world.ids.next(), channel, world.bot_user, f"<@{ada.id}> it is ready")
    message.notified_user_ids = {ada.id}
    world.post(message)
    for _ in range(2):
        await expect(place(page, name)).to_have_attribute("data-unread", "")
        await page.reload()
    await place(page, name).click()
    await expect(place(page, name)).not_to_have_attribute("data-unread", "")
    await place(page, "Channel videos").click()
    await expect(place(page, name)).not_to_have_attribute("data-unread", "")


async def test_a_members_discord_speaks_the_language_that_is_chosen(visitor: PageDriver) -> None:
    """The switch shows which; other members keep theirs."""
    page, world = visitor.page, visitor.discord.world
    await page.get_by_role("button", name="Ada's Discord is in English").click()
    await page.get_by_role("menuitemradio", name="Deutsch").click()
    await expect(page.get_by_role("button", name="Ada's Discord is in Deutsch")).to_be_visible()
    assert visitor.discord.member("Ada").user.locale == "de"
    assert {user.locale for user in world.users.values() if user.name == "Ben"} == {"en-US"}
    await visitor.switch_member("Ben")
    await expect(page.get_by_role("button", name="Ben's Discord is in English")).to_be_visible()
