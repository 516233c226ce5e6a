"""A first visit, from the first card to a parked job, in a real browser."""

from playwright.async_api import expect

from tests.harness.page_driver import PATIENCE_MS, Visitor
from tests.harness.service import LAKE


async def test_a_first_visit_ends_with_two_videos_a_report_and_a_parked_job(visitor: Visitor):
    """Card, picture, /animate, status, video; button, form, video; report; lost answer, parked."""
    await _animate_from_the_card(visitor)
    await _edit_the_prompt(visitor, "The boat turns towards the shore")
    await visitor.become("Max")
    await visitor.begin("report")
    await visitor.send()
    report = await visitor.sees("Only you can see this")
    await expect(report.locator("img")).to_be_visible(timeout=PATIENCE_MS)
    await _lose_an_answer(visitor)


async def _animate_from_the_card(visitor: Visitor) -> None:
    await visitor.take_example("Animate this picture")
    await visitor.page.get_by_role("button", name="Remove lake.jpg").click()
    await visitor.attach("image", LAKE)
    await visitor.send()
    await visitor.sees("On its way")
    await visitor.sees("A picture comes to life")
    await visitor.plays(1)


async def _edit_the_prompt(visitor: Visitor, prompt: str) -> None:
    await visitor.press("Edit prompt")
    form = visitor.page.get_by_role("dialog")
    await form.get_by_role("textbox", name="Prompt").fill(prompt)
    await form.get_by_role("button", name="Submit").click()
    await expect(form).to_be_hidden()
    await visitor.plays(2)
    await visitor.sees(prompt)


async def _lose_an_answer(visitor: Visitor) -> None:
    drawer = await visitor.open_backstage()
    await drawer.get_by_role("switch", name="The next submission times out").click()
    await visitor.become("Ada")
    await visitor.begin("video")
    await visitor.page.locator("#option-prompt").fill("A lantern over a harbour")
    await visitor.send()
    await visitor.sees("its answer got lost")
    await expect(drawer.get_by_text("submit unknown")).to_be_visible(timeout=PATIENCE_MS)
