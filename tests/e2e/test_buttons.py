"""The buttons under a finished video in the real process, before and after it is killed."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from sandbox.apixo import ApixoOptions, ApixoStandIn
from sandbox.discord import DiscordOptions, DiscordStandIn, Interaction, Message, Person
from sandbox.service import Running
from tests.e2e.theatre import LAKE, PATIENCE_S, Theatre

VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
LINK_SECONDS = 8


async def click(person: Person, where: Message | Interaction, button: str) -> Interaction:
    """Click, and wait for the answer."""
    clicked = await person.click(where, button)
    return await clicked.until_answered(within=PATIENCE_S)


async def finished(theatre: Theatre, name: str, options: dict[str, Any]) -> Message:
    """Order a video and wait for its last message."""
    job = await theatre.order(name, options)
    await theatre.status(job, "Done")
    return await theatre.result(job)


def job_in(answer: Interaction) -> str:
    return answer.text.split("`")[1]


async def press_all(theatre: Theatre, result: Message) -> list[str]:
    """Press every button that asks for a video, and give the jobs."""
    ada = theatre.discord.member("Ada")
    assert "Cost: $0.04." in (await click(ada, result, "Details")).text
    again = await click(ada, result, "Again")
    form = await click(ada, result, "Edit prompt")
    sent = await ada.submit_modal(form, {"prompt": "a sea at dawn"})
    edited = await sent.until_answered(within=PATIENCE_S)
    question = await click(ada, result, "Make final")
    await ada.click(question, "Spend $0.08")
    await question.until_text(lambda text: "On its way" in text, within=PATIENCE_S)
    return [job_in(answer) for answer in (again, edited, question)]


async def kill(running: Running) -> None:
    running.process.send_signal(signal.SIGKILL)
    await running.process.wait()


async def test_every_button_works_before_and_after_the_process_is_killed(theatre: Theatre):
    """Six videos from one card, in two processes; then it is deleted. The ledger is proven."""
    ada = theatre.discord.member("Ada")
    async with theatre.service.run() as running:
        await theatre.ready()
        result = await finished(theatre, "video", VIDEO)
        jobs = await press_all(theatre, result)
        for job in jobs:
            await theatre.result(job)
        form = await click(ada, result, "Edit prompt")
        question = await click(ada, result, "Delete")
        await kill(running)
    async with theatre.service.run():
        await theatre.ready()
        jobs += await press_all(theatre, result)
        sent = await ada.submit_modal(form, {"prompt": "typed before the end"})
        jobs.append(job_in(await sent.until_answered(within=PATIENCE_S)))
        for job in jobs:
            await theatre.result(job)
        await ada.click(question, "Delete it")
        await question.until_text(lambda text: text == "Deleted.", within=PATIENCE_S)
        await theatre.status(result.attachments[0].filename[:20], "deleted")
    assert result not in theatre.discord.channel("videos").messages
    assert len(set(jobs)) == 7
    assert len(theatre.apixo.tasks) == 8
    assert (await theatre.audit())["jobs"]["delivered"] == 8


async def test_again_sends_a_fresh_address_when_the_link_has_run_out(tmp_path: Path):
    """The documented body, with the kept picture on our own message; APIXO fetches it."""
    async with (
        ApixoStandIn(ApixoOptions(clips="tiny", time_scale=60)) as apixo,
        DiscordStandIn(DiscordOptions(link_seconds=LINK_SECONDS)) as discord,
    ):
        theatre = Theatre.of(apixo, discord, tmp_path / "service")
        async with theatre.service.run() as running:
            await theatre.ready()
            options = {"prompt": "it drifts", "image": LAKE, "duration": 4}
            result = await finished(theatre, "animate", options)
            await kill(running)
        first = submitted(theatre)[0]
        await until_gone(first["image_urls"][0])
        async with theatre.service.run():
            await theatre.ready()
            job = job_in(await click(discord.member("Ada"), result, "Again"))
            await theatre.result(job)
        second = submitted(theatre)[1]
        assert second["image_urls"] != first["image_urls"]
        assert second == {**first, "image_urls": second["image_urls"]}
        assert first["mode"] == "image-to-video"
        assert "/attachments/" in second["image_urls"][0]
        assert (await theatre.audit())["jobs"]["delivered"] == 2


def submitted(theatre: Theatre) -> list[dict[str, Any]]:
    """List the inputs of the submissions."""
    return [entry.body["input"] for entry in theatre.apixo.journal.to("/generateTask/")]


async def until_gone(address: str) -> None:
    """Wait until a link has run out."""
    async with asyncio.timeout(PATIENCE_S), aiohttp.ClientSession() as session:
        while (await session.get(URL(address, encoded=True))).status == 200:
            await asyncio.sleep(0.2)
