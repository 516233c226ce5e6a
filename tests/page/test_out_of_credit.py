"""Running out of money at APIXO and coming back, in a real browser."""

from playwright.async_api import expect

from tests.harness.page_driver import PATIENCE_MS, Visitor


async def test_a_video_waits_for_money_says_so_and_comes_when_it_is_back(visitor: Visitor):
    """Emptied: its card and the private answer say why it waits; filled: the video plays."""
    drawer = await visitor.open_backstage()
    await drawer.get_by_role("button", name="Empty APIXO's balance").click()
    await expect(drawer.get_by_text("$0.00").first).to_be_visible(timeout=PATIENCE_MS)
    await _ask(visitor, "A lantern over a harbour")
    card = await visitor.sees("out of credit")
    await expect(card).to_contain_text("Your place in line and your price on hold are kept")

    await _ask(visitor, "A second lantern")
    answer = await visitor.sees("On its way")
    await expect(answer).to_contain_text("out of credit")

    await drawer.get_by_role("button", name="Fill APIXO's balance").click()
    await visitor.plays(1)
    await visitor.plays(2)
    await expect(visitor.messages.filter(has_text="goes on by itself")).to_have_count(1)


async def _ask(visitor: Visitor, prompt: str) -> None:
    await visitor.begin("video")
    await visitor.page.locator("#option-prompt").fill(prompt)
    await visitor.send()
