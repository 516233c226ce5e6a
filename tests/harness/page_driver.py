"""What a person does on the page, in words."""

from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from sandbox.demo.discord import DemoDiscord

TIMEOUT_MS = 60_000


@dataclass
class PageDriver:
    """Somebody with the page open."""

    page: Page
    discord: DemoDiscord

    @property
    def messages(self) -> Locator:
        return self.page.locator("#messages article")

    async def take_example(self, title: str) -> None:
        await self.page.get_by_role("button", name=title).click()

    async def attach(self, option: str, *files: Path) -> None:
        field = self.page.locator(f"#option-{option}")
        await field.set_input_files(list(files))

    async def start_command(self, command: str) -> None:
        """Type a command's name and choose it with the keyboard."""
        box = self.page.locator("#composer textarea").first
        await box.fill("")
        await box.press_sequentially(f"/{command}")
        await expect(self.page.get_by_role("option").first).to_be_visible()
        await box.press("Enter")
        await expect(self.page.get_by_role("form", name=f"/{command}")).to_be_visible()

    async def send(self) -> None:
        await self.page.locator("#composer").get_by_role("button", name="Send").click()

    async def click_button(self, button: str) -> None:
        """Press the newest button of this name in the channel."""
        await self.messages.get_by_role("button", name=button, exact=True).last.click()

    async def switch_member(self, name: str) -> None:
        await self.page.get_by_role("button", name="You are").click()
        await self.page.get_by_role("menuitemradio", name=name).click()
        await expect(self.page.get_by_role("button", name=f"You are {name}")).to_be_visible()

    async def open_channel(self, channel: str) -> None:
        await self.page.locator("#places").get_by_role("button", name=channel).first.click()
        box = self.page.locator(f'#composer textarea[placeholder$="{channel}"]')
        await expect(box.or_(self.page.locator("#composer .refusal"))).to_be_visible()

    async def wait_for_message(self, text: str, within_ms: int = TIMEOUT_MS) -> Locator:
        """Wait for a message that says something."""
        found = self.messages.filter(has_text=text).last
        await expect(found).to_be_visible(timeout=within_ms)
        return found

    async def play_video(self, number: int) -> None:
        """Wait for the n-th video of the channel, play it, and see its time move."""
        video = self.messages.locator("video").nth(number - 1)
        await expect(video).to_be_visible(timeout=TIMEOUT_MS)
        await video.evaluate("video => { video.muted = true; return video.play(); }")
        await self.page.wait_for_function(
            "video => video.currentTime > 0.2", arg=await video.element_handle()
        )

    async def open_backstage(self) -> Locator:
        button = self.page.get_by_role("button", name="Backstage", exact=True)
        if await button.get_attribute("aria-expanded") != "true":
            await button.click()
        return self.page.locator("#drawer")
