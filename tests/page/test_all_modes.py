"""Each mode of both models in a real browser: by the command, the menu of a message, the form."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.harness.media_samples import make_video
from tests.harness.page_driver import TIMEOUT_MS, PageDriver
from tests.harness.service import LAKE

PRO, TWO = "Seedance 1.5 Pro", "Seedance 2.0"
SMALL = {"resolution": "480p", "duration": "4"}


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Lay a video ready to be attached."""
    path = tmp_path / "dance.mp4"
    path.write_bytes(make_video(2500))
    return path


async def test_each_mode_runs_from_the_command_the_menu_and_the_form(
    page_driver: PageDriver, clip: Path
):
    """Six videos: each way has each model, and each is told as what it is."""
    await command(page_driver, "video", "words by command", PRO)
    await command(page_driver, "animate", "picture by command", TWO, image=LAKE)
    await command(page_driver, "reference", "references by command", image1=LAKE, video1=clip)
    await menu(page_driver, "picture by menu", TWO)
    await form(page_driver, "words by form", TWO)
    await form(page_driver, "picture by form", PRO, LAKE)
    videos = page_driver.messages.filter(has=page_driver.page.locator("video"))
    await expect(videos).to_have_count(6, timeout=TIMEOUT_MS)
    for model, count in ((PRO, 2), (TWO, 4)):
        await expect(videos.filter(has_text=model)).to_have_count(count, timeout=TIMEOUT_MS)


async def command(
    visitor: PageDriver, name: str, prompt: str, model: str | None = None, **files: Path
) -> None:
    """Type a command with a small and short video's options."""
    page = visitor.page
    await visitor.start_command(name)
    await page.locator("#option-prompt").fill(prompt)
    for option, file in files.items():
        if await page.locator(f"#option-{option}").count() == 0:
            await page.get_by_role("button", name=f"+ {option}", exact=True).click()
        await visitor.attach(option, file)
    chosen = {**SMALL} if model is None else {"model": model, **SMALL}
    for option, value in chosen.items():
        await page.get_by_role("button", name=f"+ {option}", exact=True).click()
        await page.locator(f"#option-{option}").fill(value)
        await page.get_by_role("option", name=value).first.click()
    await visitor.send()
    await visitor.wait_for_message(prompt)


async def menu(visitor: PageDriver, prompt: str, model: str) -> None:
    """Open the form from the menu of a message with a picture."""
    page = visitor.page
    box = page.locator("#composer textarea").first
    await page.locator("#composer input[type=file]").first.set_input_files(str(LAKE))
    await box.fill(f"to be brought to life: {prompt}")
    await box.press("Enter")
    picture = await visitor.wait_for_message(f"to be brought to life: {prompt}")
    await picture.click(button="right")
    await page.get_by_role("menuitem", name="Animate this image").click()
    await fill(visitor, prompt, model)


async def form(visitor: PageDriver, prompt: str, model: str, *pictures: Path) -> None:
    """Open the form by its command."""
    await visitor.start_command("compose")
    await visitor.send()
    await fill(visitor, prompt, model, *pictures)


async def fill(visitor: PageDriver, prompt: str, model: str, *pictures: Path) -> None:
    """Fill the form in, as small and short as it gets, and send it off."""
    shown = visitor.page.get_by_role("dialog")
    await shown.get_by_role("textbox", name="Prompt").fill(prompt)
    if pictures:
        await shown.locator("input[type=file]").set_input_files([*map(str, pictures)])
    for label, value in (("Model", model), ("Length", "4 s"), ("Resolution", "480p")):
        await shown.get_by_label(label).first.click()
        await visitor.page.get_by_role("option", name=value, exact=True).click()
    await shown.get_by_role("button", name="Submit").click()
    await expect(shown).to_be_hidden(timeout=TIMEOUT_MS)
    await expect(visitor.messages.get_by_text(prompt, exact=True).first).to_be_visible()
