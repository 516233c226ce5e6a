"""A first visit, from the first card to a parked job, in a real browser."""

from playwright.async_api import expect

from tests.harness.page_driver import TIMEOUT_MS, PageDriver
from tests.harness.service import LAKE


async def test_a_first_visit_ends_with_two_videos_a_report_and_a_parked_job(
    page_driver: PageDriver,
):
    """Card, picture, /animate, status, video; button, form, video; report; lost answer, parked."""
    await _animate_from_the_card(page_driver)
    await _edit_the_prompt(page_driver, "The boat turns towards the shore")
    await page_driver.switch_member("Max")
    await page_driver.start_command("report")
    await page_driver.send()
    report = await page_driver.wait_for_message("Only you can see this")
    await expect(report.locator("img")).to_be_visible(timeout=TIMEOUT_MS)
    await _lose_an_answer(page_driver)


async def _animate_from_the_card(visitor: PageDriver) -> None:
    await visitor.take_example("Animate this picture")
    await visitor.page.get_by_role("button", name="Remove lake.jpg").click()
    await visitor.attach("image", LAKE)
    await visitor.send()
    await visitor.wait_for_message("on its way")
    await visitor.play_video(1)


async def _edit_the_prompt(visitor: PageDriver, prompt: str) -> None:
    await visitor.click_button("Edit prompt")
    form = visitor.page.get_by_role("dialog")
    await form.get_by_role("textbox", name="Prompt").fill(prompt)
    await form.get_by_role("button", name="Submit").click()
    await expect(form).to_be_hidden()
    await visitor.play_video(2)
    await visitor.wait_for_message(prompt)


async def _lose_an_answer(visitor: PageDriver) -> None:
    drawer = await visitor.open_backstage()
    await drawer.get_by_role("switch", name="The next submission times out").click()
    await visitor.switch_member("Ada")
    await visitor.start_command("video")
    await _write_a_long_prompt(visitor)
    await visitor.send()
    await visitor.wait_for_message("lost contact with the video model")
    await expect(drawer.get_by_text("submit unknown")).to_be_visible(timeout=TIMEOUT_MS)


async def _write_a_long_prompt(visitor: PageDriver) -> None:
    """See all of it: the field is as wide as there is room, and grows."""
    field = visitor.page.locator("#option-prompt")
    await field.fill("A lantern")
    before = await field.bounding_box()
    await field.fill("A lantern over a sleeping harbour. " * 12)
    after = await field.bounding_box()
    assert before is not None
    assert after is not None
    assert before["width"] > 400
    assert after["height"] > 2 * before["height"]
