"""Films in the real process, which is killed while it joins one, and before its post is known."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from sandbox.demo.process import RunningService
from sandbox.discord import Interaction, Message
from tests.harness.color_videos import decode_frames
from tests.harness.films import films_posted, make_film, press, wait_for_film
from tests.harness.forked_bot import fork_bot
from tests.harness.service import TIMEOUT_S, ServiceHarness
from tests.harness.stalled_films import stall_after_posting, stall_joining

VIDEO: dict[str, Any] = {"duration": 4, "resolution": "480p", "sound": False}
FRAME_S = 1 / 24


async def test_a_film_survives_kills_in_its_joining_and_before_its_post_is_recorded(
    harness: ServiceHarness,
):
    """It has the chosen videos, lasts as long as they do, is posted once, and costs nothing."""
    async with running(harness, stall_joining) as first:
        jobs = [await finished(harness, prompt) for prompt in ("a red fox", "a lake")]
        before = await harness.audit()
        card = await make_film(harness, [jobs[1], jobs[0], jobs[1]])
        assert "Joining" in card.text
        await kill(first)
    async with running(harness, stall_after_posting) as second:
        film = await wait_for_film(harness)
        await kill(second)
    async with running(harness):
        await listed(harness, "Done")
        assert films_posted(harness) == [film]
        assert "3 videos · 0:12" in film.text
        assert film.notified_user_ids == {harness.discord.member("Ada").id}
        assert (await harness.audit())["ledger"] == before["ledger"]
        lengths = [length(await harness.wait_for_result(job)) for job in jobs]
        expected = lengths[1] * 2 + lengths[0]
        assert length(film) == pytest.approx(expected, abs=3 * FRAME_S)
        await delete(harness, film)
        file = harness.service.media / film.attachments[0].filename
        async with asyncio.timeout(TIMEOUT_S):
            while file.exists():
                await asyncio.sleep(0.02)


async def test_a_film_can_be_cancelled_and_one_is_made_at_a_time(harness: ServiceHarness):
    """A second one is refused meanwhile; after the cancelling nothing is posted, another begins."""
    async with running(harness, stall_joining):
        jobs = [await finished(harness, prompt) for prompt in ("a red fox", "a lake")]
        card = await make_film(harness, jobs)
        refused = await make_film(harness, jobs, shows="still joining")
        assert "cancel it in" in refused.text
        await press(harness, await listed(harness, "Joining"), "Cancel", shows="Cancelled")
        await card.until_text(lambda text: "Cancelled" in text, within=TIMEOUT_S)
        again = await make_film(harness, jobs, style="Use dissolves")
        assert "Joining" in again.text
        assert films_posted(harness) == []


async def listed(harness: ServiceHarness, shows: str) -> Interaction:
    """Type /jobs until it shows some words about the latest film."""
    async with asyncio.timeout(TIMEOUT_S):
        while (
            shows not in (card := await harness.run_command("jobs", {})).text.partition("\n-#")[0]
        ):
            await asyncio.sleep(0.05)
    return card


async def delete(harness: ServiceHarness, film: Message) -> None:
    """Delete a film by its button."""
    ada = harness.discord.member("Ada")
    question = await (await ada.click(film, "Delete")).until_answered(within=TIMEOUT_S)
    await press(harness, question, "Delete it", shows="Deleted")
    async with asyncio.timeout(TIMEOUT_S):
        while films_posted(harness):
            await asyncio.sleep(0.02)


async def finished(harness: ServiceHarness, prompt: str) -> str:
    """Have a video made, and give its job."""
    job = await harness.order_video("video", {**VIDEO, "prompt": prompt})
    await harness.wait_for_result(job)
    return job


def length(message: Message) -> float:
    """Decode the video of a message, and give its length in seconds."""
    return decode_frames(message.attachments[0].path.read_bytes())[1]["seconds"]


@asynccontextmanager
async def running(
    harness: ServiceHarness, prepare: Callable[[], None] | None = None
) -> AsyncGenerator[RunningService]:
    """Run the service, perhaps prepared to stop somewhere."""
    service = replace(harness.service, launch=partial(fork_bot, prepare=prepare))
    async with service.run() as process:
        await harness.wait_until_ready()
        yield process


async def kill(process: RunningService) -> None:
    process.process.send_signal(signal.SIGKILL)
    await process.process.wait()
