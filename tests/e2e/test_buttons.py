"""Every button and menu of the bot in the real process, before and after it is killed."""

import re
import signal
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from cogs.ui.buttons import ButtonAction
from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.apixo import Fault as ApixoFault
from sandbox.demo.job_posts import is_post, job_id_in
from sandbox.demo.process import RunningService
from sandbox.discord import FakeDiscord, Interaction, MemberClient, Message, Upload
from sandbox.discord.models import walk_components
from tests.harness.bot import button_labels
from tests.harness.media_samples import make_audio
from tests.harness.panel_driver import PanelDriver
from tests.harness.service import LAKE, PATIENT, TIMEOUT_S, ServiceHarness

VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
DEAR: dict[str, Any] = {**VIDEO, "resolution": "720p", "sound": True}
FAILING: dict[str, Any] = {**VIDEO, "prompt": "a lake [[fail:Timeout]]"}
LOST: dict[str, Any] = {**VIDEO, "prompt": "a lake [[effect:504]]"}
SCALE = 960

LINK_SECONDS = 600
"""Less than the service trusts a link for."""

USED = {
    *(f"{act}:" for act in ButtonAction),
    *(r"jobs:[0-9a-z]{20}$", "jobs:cancel:", "jobs:post:"),
    *("tell:on:", "tell:off:", "revoke:", "period:report:", "grouping:report:", "csv:report:"),
    *("settings:home:turn:", "settings:money:confirm_above:", "settings-retype:"),
    *("operator:first:bind:", "operator:first:release:", "operator:sure:release:"),
}
"""How the custom ids begin that are clicked; the operator's other ones need faults of their own."""


@dataclass
class Stage:
    """What the first process has put on the screens, for members to use at any later time."""

    harness: ServiceHarness
    result: Message
    failed: Message
    panel: PanelDriver
    report: Interaction
    grants: list[Interaction]

    @property
    def ada(self) -> MemberClient:
        return self.harness.discord.member("Ada")


async def test_every_button_works_before_and_after_the_process_is_killed(tmp_path: Path):
    """The very same cards, in two processes; each asks for its video once. The ledger is proven."""
    async with opened(tmp_path) as harness:
        async with harness.service.run() as running:
            await harness.wait_until_ready()
            stage = await set_up(harness)
            jobs = await use_everything(stage)
            half_done = await begin(stage)
            await kill(running)
        assert unused(harness) == set()
        earlier = len(list(harness.discord.interactions))
        async with harness.service.run():
            await harness.wait_until_ready()
            jobs += await use_everything(stage)
            jobs += await end(stage, *half_done)
        assert unused(harness, earlier) == set()
        assert stage.result not in harness.discord.channel("videos").messages
        assert len(set(jobs)) == len(jobs) == 23
        await settled(harness, delivered=len(jobs) + 1)


async def begin(stage: Stage) -> tuple[Interaction, Interaction, Interaction, Interaction]:
    """Open a form and two questions, have a request refused, and leave them."""
    form = await click(stage.ada, stage.result, "Edit prompt")
    question = await click(stage.ada, stage.result, "Delete")
    dear = await stage.harness.run_command("video", DEAR)
    return form, question, dear, await stage.harness.run_command("video", {**VIDEO, "prompt": "x"})


async def end(
    stage: Stage,
    form: Interaction,
    question: Interaction,
    dear: Interaction,
    refused: Interaction,
) -> list[str]:
    """Send the form off, answer the questions and correct the request; give the jobs."""
    corrected = await click(stage.ada, refused, "Edit again")
    jobs = [
        job_id_in(await send(stage.ada, form, "typed before the end")),
        await agree(stage.ada, dear, "Make it for $0.16"),
        job_id_in(await send(stage.ada, corrected, "x after the end")),
    ]
    for job in jobs:
        await stage.harness.wait_for_result(job)
    await use(stage.ada, question, "Delete it", shows="Deleted.")
    return jobs


async def settled(harness: ServiceHarness, delivered: int) -> None:
    """Prove the ledger, and that each job has come to the end that it was to have."""
    verdict = await harness.audit()
    counts = {state: count for state, count in verdict["jobs"].items() if count}
    assert counts.pop("delivered") == delivered
    assert counts == {"failed": 5, "cancelled": 4}


def unused(harness: ServiceHarness, since: int = 0) -> set[str]:
    """List what has not been clicked or chosen since a number of interactions."""
    done = [str(one.data.get("custom_id")) for one in list(harness.discord.interactions)[since:]]
    return {each for each in USED if not any(re.match(each, one) for one in done)}


@asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator[ServiceHarness]:
    """Open a service that makes one video at a time, within a fraction of a second."""
    async with (
        FakeApixo(ApixoConfig(clips="tiny", time_scale=SCALE)) as apixo,
        FakeDiscord(replace(PATIENT, sends_per_window=200)) as discord,
    ):
        settings = {"APIXO_MAX_TASKS": "1", "TIME_SCALE": str(SCALE)}
        yield ServiceHarness.create(apixo, discord, folder / "service", settings)


async def set_up(harness: ServiceHarness) -> Stage:
    """Have a video made and one fail, and everything laid out that has buttons."""
    max_ = harness.discord.member("Max")
    world = harness.discord.world
    showcase = world.add_channel(world.guild(), "showcase")
    panel = PanelDriver(max_, await harness.run_command("settings", {}, who="Max"))
    # A video of a server without a showcase has no *Share*.
    await (await panel.go_to_page("channels")).select("showcase_channel", showcase)
    result = await finished(harness, "video", VIDEO)
    failed = await harness.wait_for_status(
        await harness.order_video("video", FAILING), "You weren't charged"
    )
    gift = {"user": harness.discord.member("Ada").user, "amount": "1"}
    return Stage(
        harness,
        result,
        failed,
        await panel.go_to_page("home"),
        await harness.run_command("report", {}, who="Max"),
        [await harness.run_command("grant", gift, who="Max") for _ in range(2)],
    )


async def use_everything(stage: Stage) -> list[str]:
    """Use all that is laid out, and give the jobs whose videos come of it."""
    await set_rules(stage)
    jobs = [*await press_all(stage), *await correct_and_confirm(stage)]
    for job in jobs:
        await stage.harness.wait_for_result(job)
    await delete(stage.ada, await stage.harness.wait_for_result(jobs[0]))
    await look_after_money(stage)
    return [*jobs, await be_told(stage), await wait_in_line(stage), await decide(stage)]


async def set_rules(stage: Stage) -> None:
    """Choose the showcase, and a price above which is asked, at the second attempt."""
    showcase = stage.harness.discord.channel("showcase")
    panel = await stage.panel.go_to_page("channels")
    await panel.select("showcase_channel", showcase)
    panel = await (await panel.go_to_page("home")).go_to_page("money")
    await panel.fill_modal("confirm_above", text="a lot")
    await panel.submit_modal(await panel.open_modal("Edit again"), text="0.15")
    assert "$0.15" in (await panel.go_to_page("home")).text


async def press_all(stage: Stage) -> list[str]:
    """Press every button of the finished video and of the failure, and give the new jobs."""
    ada, result = stage.ada, stage.result
    assert "Cost: $0.04." in (await click(ada, result, "Details")).text
    again = await click(ada, result, "Again")
    edited = await send(ada, await click(ada, result, "Edit prompt"), "a sea at dawn")
    extended = await send(ada, await click(ada, result, "Extend"), "night falls")
    assert "channels/" in (await click(ada, result, "Share")).text
    final = await agree(ada, await click(ada, result, "Make final"), "Make it for $0.08")
    failing = job_id_in(await click(ada, stage.failed, "Try again"))
    await stage.harness.wait_for_status(failing, "You weren't charged")
    return [*map(job_id_in, (again, edited, extended)), final]


async def delete(person: MemberClient, result: Message) -> None:
    """Press *Delete*, and *Delete it*."""
    question = await click(person, result, "Delete")
    await use(person, question, "Delete it", shows="Deleted.")


async def correct_and_confirm(stage: Stage) -> list[str]:
    """Correct a refused request, cut a long sound, and confirm what is dear; return the jobs."""
    ada, harness = stage.ada, stage.harness
    refused = await harness.run_command("video", {**VIDEO, "prompt": "x"})
    corrected = await send(ada, await click(ada, refused, "Edit again"), "x marks the spot")
    long = {
        "image1": Upload("lake.jpg", LAKE.read_bytes()),
        "audio1": Upload("beat.mp3", make_audio(20_000, "mp3")),
    }
    refused = await harness.run_command("reference", {**VIDEO, "resolution": "480p", **long})
    cut = await click(ada, refused, "Use the first 15 s")
    price = next(label for label in button_labels(cut) if label.startswith("Make it for"))
    return [
        job_id_in(corrected),
        await agree(ada, cut, price),
        await agree(ada, await harness.run_command("video", DEAR), "Make it for $0.16"),
    ]


async def look_after_money(stage: Stage) -> None:
    """Show a report otherwise, take it along, and take a grant back."""
    max_, report = stage.harness.discord.member("Max"), stage.report
    for menu, value in (("period:", "today"), ("grouping:", "model")):
        chosen = await max_.select(report, custom_id(report, menu), [value])
        await chosen.until_answered(within=TIMEOUT_S)
    sheet = (await click(max_, report, "CSV")).message
    assert sheet is not None
    assert sheet.attachments[0].filename.endswith(".csv")
    assert "Took back **$1.00**" in (await click(max_, stage.grants.pop(), "Take back")).text


async def be_told(stage: Stage) -> str:
    """Wish to be told, be told, and wish so no more; give the job that it was about."""
    ada = stage.ada
    answer = await stage.harness.run_command("video", VIDEO)
    await click(ada, answer, "DM me when videos are done")
    job = job_id_in(answer)
    told = await ada.direct_channel.wait_for(
        lambda message: is_post(message, job, "notice"),
        within=TIMEOUT_S,
        awaited=f"the message about {job}",
    )
    await click(ada, told, "Stop DMs")
    return job


async def wait_in_line(stage: Stage) -> str:
    """Turn the list's pages, cancel by both buttons; give the job that the others waited for."""
    ada, harness = stage.ada, stage.harness
    is_full = True
    harness.apixo.faults.add_while("submit", ApixoFault(status=429), lambda: is_full)
    first = await harness.order_video("video", VIDEO)
    answer, *_ = [await harness.run_command("video", VIDEO) for _ in range(2)]
    await ada.click(answer, "Cancel")
    await answer.until_text(lambda text: "Cancelled" in text, within=TIMEOUT_S)
    listed = await harness.run_command("jobs", {})
    await use(ada, listed, "Cancel", shows="Cancelled.")
    is_full = False
    await use(ada, listed, "Next", shows="6–10 of ")
    await use(ada, listed, "Previous", shows="1–5 of ")
    await harness.wait_for_result(first)
    await use(ada, listed, "Post again", shows="just posted")
    return first


async def decide(stage: Stage) -> str:
    """As the operator, bind one lost task and release another; give the job that has a video."""
    harness, olga = stage.harness, stage.harness.discord.member("Olga")
    bound, listed = await lost(harness)
    form = await click(olga, listed, "Link a task")
    *_, task = harness.apixo.tasks
    await olga.submit_modal(form, {"task": task.id})
    await harness.wait_for_result(bound)
    _released, listed = await lost(harness)
    await use(olga, listed, "End for free", shows="off your account?")
    await use(olga, listed, "Yes, end for free", shows="Ended. Nobody pays.")
    return bound


async def lost(harness: ServiceHarness) -> tuple[str, Interaction]:
    """Have a submission's answer get lost for good; give the job and the operator's list."""
    job = await harness.order_video("video", LOST)
    await harness.wait_for_status(job, "never arrived")
    return job, await harness.run_command("operator parked", {}, who="Olga")


async def finished(harness: ServiceHarness, name: str, options: dict[str, Any]) -> Message:
    """Order a video and wait for its last message."""
    job = await harness.order_video(name, options)
    await harness.wait_for_end(job)
    return await harness.wait_for_result(job)


async def click(person: MemberClient, where: Message | Interaction, button: str) -> Interaction:
    """Click, and wait for the answer."""
    clicked = await person.click(where, button)
    return await clicked.until_answered(within=TIMEOUT_S)


async def use(person: MemberClient, shown: Interaction, button: str, *, shows: str) -> None:
    """Click a button of what changes in place then, and wait for that."""
    await person.click(shown, button)
    await shown.until_text(lambda text: shows in text, within=TIMEOUT_S)


async def agree(person: MemberClient, question: Interaction, button: str) -> str:
    """Click the button with the price, and give the job."""
    await use(person, question, button, shows="on its way")
    return job_id_in(question)


async def send(person: MemberClient, form: Interaction, prompt: str) -> Interaction:
    """Send a form off with another prompt, and wait for the answer."""
    sent = await person.submit_modal(form, {"prompt": prompt})
    return await sent.until_answered(within=TIMEOUT_S)


def custom_id(shown: Interaction, start: str) -> str:
    """Find the custom id of a control by how it begins."""
    assert shown.message is not None
    ids = (part.get("custom_id", "") for part in walk_components(shown.message.components))
    return next(one for one in ids if one.startswith(start))


async def kill(running: RunningService) -> None:
    running.process.send_signal(signal.SIGKILL)
    await running.process.wait()


async def test_again_sends_a_fresh_address_when_the_link_has_run_out(tmp_path: Path):
    """The documented body, with the kept picture on our own message; APIXO fetches it."""
    ahead_s = 0
    async with (
        FakeApixo(ApixoConfig(clips="tiny", time_scale=SCALE)) as apixo,
        FakeDiscord(
            replace(PATIENT, link_seconds=LINK_SECONDS), lambda: time.time() + ahead_s
        ) as discord,
    ):
        harness = ServiceHarness.create(apixo, discord, tmp_path / "service")
        async with harness.service.run() as running:
            await harness.wait_until_ready()
            options = {"prompt": "it drifts", "image": LAKE, "duration": 4}
            result = await finished(harness, "animate", options)
            await kill(running)
        first = submitted(harness)[0]
        assert await link_status(first["image_urls"][0]) == 200
        ahead_s = LINK_SECONDS
        assert await link_status(first["image_urls"][0]) == 404
        async with harness.service.run():
            await harness.wait_until_ready()
            job = job_id_in(await click(discord.member("Ada"), result, "Again"))
            await harness.wait_for_result(job)
        second = submitted(harness)[1]
        assert second["image_urls"] != first["image_urls"]
        assert second == {**first, "image_urls": second["image_urls"]}
        assert first["mode"] == "image-to-video"
        assert "/attachments/" in second["image_urls"][0]
        assert (await harness.audit())["jobs"]["delivered"] == 2


def submitted(harness: ServiceHarness) -> list[dict[str, Any]]:
    """List the inputs of the submissions."""
    return [entry.body["input"] for entry in harness.apixo.journal.requests_to("/generateTask/")]


async def link_status(address: str) -> int:
    """Fetch from a link."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(URL(address, encoded=True)) as answer,
    ):
        return answer.status
