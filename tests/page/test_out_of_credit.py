"""Running out of money at APIXO and coming back, in a real browser."""

from playwright.async_api import expect

from tests.harness.page_driver import TIMEOUT_MS, PageDriver


async def test_a_video_waits_for_money_says_so_and_comes_when_it_is_back(page_driver: PageDriver):
    """Emptied: its card and the private answer say why it waits; filled: the video plays."""
    drawer = await page_driver.open_backstage()
    await drawer.get_by_role("button", name="Empty APIXO's balance").click()
    await expect(drawer.get_by_text("$0.00").first).to_be_visible(timeout=TIMEOUT_MS)
    await _ask(page_driver, "A lantern over a harbour")
    card = await page_driver.wait_for_message("paused for a moment")
    await expect(card).to_contain_text("You keep your spot")

    await _ask(page_driver, "A second lantern")
    answer = await page_driver.wait_for_message("on its way")
    await expect(answer).to_contain_text("We're paused for a moment")

    await drawer.get_by_role("button", name="Fill APIXO's balance").click()
    await page_driver.play_video(1)
    await page_driver.play_video(2)
    await expect(page_driver.messages.filter(has_text="paused for a moment")).to_have_count(0)


async def _ask(visitor: PageDriver, prompt: str) -> None:
    await visitor.start_command("video")
    await visitor.page.locator("#option-prompt").fill(prompt)
    await visitor.send()
