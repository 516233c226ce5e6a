"""What a member does to have a film made, and the films that were posted."""

import asyncio

from sandbox.discord import Interaction, Message
from sandbox.discord.models import walk_components
from tests.harness.service import TIMEOUT_S, ServiceHarness


async def make_film(
    harness: ServiceHarness,
    jobs: list[str],
    *,
    style: str | None = None,
    shows: str = "Joining",
) -> Interaction:
    """Type the command, pick videos, and have them joined."""
    ada, card = harness.discord.member("Ada"), await choose(harness, {*jobs})
    assert card.message is not None
    assert [file.filename for file in card.message.attachments] == ["videos.jpg"]
    menu = next(one for one in card.message.custom_ids if one.startswith("film:pick:"))
    for number, job in enumerate(jobs, 1):
        await ada.select(card, menu, [job])
        await card.until_text(lambda text, n=number: f"\n{n}. " in text, within=TIMEOUT_S)
    if style is not None:
        await ada.click(card, style)
        while not any(one.startswith("film:cuts:") for one in card.message.custom_ids):
            await asyncio.sleep(0.02)
    await press(harness, card, "Make film", shows=shows)
    return card


async def choose(harness: ServiceHarness, jobs: set[str]) -> Interaction:
    """Type the command until it offers some jobs' videos: a post is seen before it is recorded."""
    async with asyncio.timeout(TIMEOUT_S):
        while True:
            card = await harness.run_command("film", {})
            assert card.message is not None
            menus = [part.get("options", ()) for part in walk_components(card.message.components)]
            if jobs <= {option["value"] for options in menus for option in options}:
                return card


async def press(harness: ServiceHarness, card: Interaction, button: str, *, shows: str) -> None:
    """Click a button of a private card, and wait for what it shows then."""
    await harness.discord.member("Ada").click(card, button)
    await card.until_text(lambda text: shows in text, within=TIMEOUT_S)


async def wait_for_film(harness: ServiceHarness) -> Message:
    async with asyncio.timeout(TIMEOUT_S):
        while not (found := films_posted(harness)):
            await asyncio.sleep(0.02)
    return found[0]


def films_posted(harness: ServiceHarness) -> list[Message]:
    """List the messages with films, in any channel."""
    return [one for one in harness.discord.world.messages() if "your film is ready" in one.text]
