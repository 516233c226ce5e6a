"""*Share* under a film: shown to the whole server once, and gone with the film."""

import asyncio
from typing import Any

import pytest

from sandbox.discord import FakeDiscord, MemberClient, Message
from tests.cogs.jobs.test_share import choose, share
from tests.harness.bot import BotHarness, button_labels

pytestmark = pytest.mark.time_scale(600)

SHOTS: dict[str, Any] = {"prompt": "1. a fox 2. it jumps", "duration": 4, "resolution": "480p"}


async def film_of(harness: BotHarness, person: MemberClient) -> Message:
    """Have a film made of a storyboard."""
    typed = await person.run_command(harness.channel, "storyboard", SHOTS)
    card = await typed.until_answered()
    await person.click(card, next(one for one in button_labels(card) if one.startswith("Make")))
    return await harness.channel.wait_for(
        lambda message: "your film is ready" in message.text, within=120, awaited="the film"
    )


async def test_a_film_is_shared_once_and_goes_from_there_with_delete(
    harness: BotHarness, ada: MemberClient, ben: MemberClient, fake_discord: FakeDiscord
) -> None:
    """Its post pings nobody, and has *Details*; a double click is one post; a stranger may not."""
    showcase = fake_discord.world.add_channel(fake_discord.world.guild(), "showcase")
    await choose(harness, showcase)
    film = await film_of(harness, ada)
    assert button_labels(film) == ["Share", "Details", "Delete"]
    assert "Only the person who made this" in await share(ben, film)
    told = await asyncio.gather(share(ada, film), share(ada, film))
    (post,) = showcase.messages
    assert all(f"/{showcase.id}/{post.id}" in one for one in told)
    assert (post.notified_user_ids, button_labels(post)) == (set(), ["Details"])
    assert "2 videos · 0:08" in post.text
    file = harness.context.media.video_path(film.attachments[0].filename)
    assert post.attachments[0].path.read_bytes() == file.read_bytes()
    details = await (await ben.click(post, "Details")).until_answered()
    assert "a fox" in details.text
    await harness.restart()
    assert "Already shared!" in await share(ada, film)
    question = await (await ada.click(film, "Delete")).until_answered()
    await ada.click(question, "Delete it")
    async with asyncio.timeout(120):
        while showcase.messages or film in harness.channel.messages:
            await asyncio.sleep(0.02)
