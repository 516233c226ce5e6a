"""The page through a reload, a second window, a lost stand-in, a missing bot and bad files."""

from pathlib import Path

from playwright.async_api import Browser, Page, WebSocketRoute, expect

from sandbox.demo.discord import DemoDiscord
from sandbox.discord import DiscordConfig
from sandbox.discord.models import MIB
from tests.harness.page_driver import PageDriver
from tests.harness.ports import free_port

LOST = "Reconnecting"


async def test_two_windows_and_a_reload_show_the_same(
    page: Page, browser: Browser, discord: DemoDiscord
):
    """What one window says the other sees, and a reload comes back to the same place."""
    await page.goto(discord.page_url)
    other = await browser.new_page()
    await other.goto(discord.page_url)
    here, there = PageDriver(page, discord), PageDriver(other, discord)
    await here.open_channel("general")
    await there.switch_member("Ben")
    await there.open_channel("general")
    await other.locator("#composer textarea").first.fill("hello from the other window")
    await other.keyboard.press("Enter")
    await here.wait_for_message("hello from the other window")
    await page.reload()
    await here.wait_for_message("hello from the other window")
    await expect(page.locator("#top-title")).to_contain_text("general")


async def test_a_lost_stand_in_is_said_and_caught_up_with(page: Page):
    """The page says that it is gone, finds it again, and shows what was said meanwhile."""
    at_a_port = DiscordConfig(port=free_port())
    async with DemoDiscord(at_a_port) as discord:
        await page.goto(discord.page_url)
        await expect(page.locator("#places")).to_contain_text("general")
    await expect(page.locator("body")).to_contain_text(LOST)
    async with DemoDiscord(at_a_port) as discord:
        await discord.member("Ben").send_message(discord.channel("general"), "while you were away")
        visitor = PageDriver(page, discord)
        await expect(page.locator("body")).not_to_contain_text(LOST, timeout=20_000)
        await visitor.open_channel("general")
        await visitor.wait_for_message("while you were away")


async def test_a_page_without_a_bot_says_so(page: Page, discord: DemoDiscord):
    """Nothing is offered that nobody would answer."""
    await page.goto(discord.page_url)
    await expect(page.locator("#places")).to_contain_text("No bot is connected")
    box = page.locator("#composer textarea").first
    await box.press_sequentially("/")
    await expect(page.get_by_role("option")).to_have_count(0)


async def test_files_that_are_too_large_and_texts_that_are_too_long_are_refused_before(
    page: Page, discord: DemoDiscord, tmp_path: Path
):
    """The limit is named, and nothing is posted."""
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(11 * MIB)
    await page.goto(discord.page_url)
    visitor = PageDriver(page, discord)
    await visitor.open_channel("general")
    await page.locator("#composer input[type=file]").first.set_input_files(str(large))
    await expect(page.get_by_role("alert").filter(has_text="10 MB").first).to_be_visible()
    box = page.locator("#composer textarea").first
    await box.fill("x" * 6_000)
    await box.press("Enter")
    await expect(page.locator("#composer")).to_contain_text("2,000")
    assert discord.channel("general").messages == []


async def test_who_sees_nothing_is_told_and_others_keep_their_place(
    page: Page, discord: DemoDiscord
):
    """A member without permissions finds the channel closed; another one finds it open again."""
    await discord.member("Ben").send_message(discord.channel("general"), "for those who may read")
    await page.goto(discord.page_url)
    visitor = PageDriver(page, discord)
    await visitor.open_channel("general")
    await visitor.wait_for_message("for those who may read")
    await visitor.switch_member("Nil")
    await expect(visitor.messages).to_have_count(0)
    await expect(page.locator("#composer")).to_contain_text("You do not see this channel")
    await visitor.switch_member("Olga")
    await visitor.wait_for_message("for those who may read")


async def test_a_thousand_messages_are_all_there_and_the_newest_is_in_view(
    page: Page, discord: DemoDiscord
):
    """Long channels open at their end; the first message is one scroll away."""
    place, ben = discord.channel("general"), discord.member("Ben")
    for number in range(1_000):
        await ben.send_message(place, f"message {number}.")
    await page.goto(discord.page_url)
    visitor = PageDriver(page, discord)
    await visitor.open_channel("general")
    await expect(await visitor.wait_for_message("message 999.")).to_be_in_viewport()
    await expect(visitor.messages).to_have_count(1_000, timeout=30_000)
    await visitor.messages.filter(has_text="message 0.").first.scroll_into_view_if_needed()
    await expect(visitor.messages.filter(has_text="message 0.").first).to_be_in_viewport()


async def test_what_is_typed_before_the_page_knows_the_member_is_not_lost(page_driver: PageDriver):
    """Over a slow line the commands come a moment after they were asked for."""
    line = _SlowLine()
    await page_driver.page.route_web_socket("**/_page/socket", line.connect)
    await page_driver.page.reload()
    await page_driver.open_channel("general")
    line.hold()
    await page_driver.switch_member("Max")
    box = page_driver.page.locator("#composer textarea").first
    await box.press_sequentially("/report")
    await box.press("Enter")
    await expect(box).to_have_value("/report")
    line.let_go()
    await expect(page_driver.page.get_by_role("option").first).to_be_visible()
    await box.press("Enter")
    await expect(page_driver.page.get_by_role("form", name="/report")).to_be_visible()


class _SlowLine:
    """Holds back what the page is told, from one moment to another."""

    def __init__(self) -> None:
        self._page: WebSocketRoute | None = None
        self._held: list[str | bytes] | None = None

    def connect(self, page: WebSocketRoute) -> None:
        self._page = page
        page.connect_to_server().on_message(self._pass)

    def hold(self) -> None:
        self._held = []

    def let_go(self) -> None:
        held, self._held = self._held or [], None
        for message in held:
            self._pass(message)

    def _pass(self, message: str | bytes) -> None:
        assert self._page is not None
        if self._held is None:
            self._page.send(message)
        else:
            self._held.append(message)
