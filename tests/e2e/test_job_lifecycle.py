"""From a typed command to a posted video, with the real process over the real wire."""

import asyncio
import json
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sandbox.apixo import Fault as ApixoFault
from sandbox.discord import Fault
from tests.harness.service import LAKE, PATIENCE_S, Theatre, every_mode

VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4}


async def test_killed_while_generating_every_mode_is_posted_and_charged_once(
    theatre: Theatre, tmp_path: Path, database_url: str
):
    """Each mode of both models is under way at SIGKILL; the next process takes the belt on."""
    settings = {"DATABASE_URL": database_url, "APIXO_MAX_TASKS": "8"}
    theatre = Theatre.of(theatre.apixo, theatre.discord, tmp_path / "killed", settings)
    theatre.apixo.pace.change(scale=1)
    async with theatre.service.run() as running:
        await theatre.ready()
        jobs = [await theatre.order(name, options) for name, options in every_mode()]
        for job in jobs:
            await theatre.status(job, "Being made")
        running.process.send_signal(signal.SIGKILL)
        await running.process.wait()
    assert theatre.apixo.tasks.in_flight == 8
    theatre.apixo.pace.change(scale=60)
    async with theatre.service.run():
        for job in jobs:
            await theatre.result(job)
            await theatre.status(job, "Done")
    assert [len(theatre.results(job)) for job in jobs] == [1] * 8
    assert len(theatre.apixo.tasks) == 8
    verdict = await theatre.audit()
    assert {state: count for state, count in verdict["jobs"].items() if count} == {"delivered": 8}
    spent = 100_000_000 - theatre.apixo.balance.micro
    assert verdict["ledger"]["charged"] == spent
    assert verdict["ledger"]["held"] == 0


async def test_the_channel_keeps_two_messages_and_only_the_result_mentions(theatre: Theatre):
    """A status message that pings nobody, a result that pings its member alone; no money shown."""
    async with theatre.service.run():
        await theatre.ready()
        answer = await theatre.type("animate", {"image": LAKE, "prompt": "@everyone look at <@1>"})
        job = answer.text.split("`")[1]
        result = await theatre.result(job)
        status = await theatre.status(job, "Done")
    ada = theatre.discord.member("Ada")
    assert "$" in answer.text
    assert [m for m in theatre.discord.channel("videos").messages if not m.ephemeral] == [
        status,
        result,
    ]
    assert (status.pinged, result.pinged) == (set(), {ada.id})
    assert "$" not in status.text + result.text
    assert 1 <= status.edits <= 3
    assert status.nonce is not None
    assert result.nonce is not None


async def test_sigterm_ends_the_process_cleanly_and_nothing_is_lost(theatre: Theatre):
    """Exit code 0 while a video is being made and another waits; both come after a restart."""
    theatre.apixo.pace.change(scale=1)
    service = Theatre.of(
        theatre.apixo, theatre.discord, theatre.service.folder, {"APIXO_MAX_TASKS": "1"}
    ).service
    async with service.run() as running:
        await theatre.ready()
        jobs = [await theatre.order("video", VIDEO) for _ in range(2)]
        await theatre.status(jobs[0], "Being made")
        running.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(running.process.wait(), 25) == 0
    theatre.apixo.pace.change(scale=60)
    async with service.run():
        for job in jobs:
            await theatre.result(job)
            await theatre.status(job, "Done")
    assert [len(theatre.results(job)) for job in jobs] == [1, 1]
    assert (await theatre.audit())["jobs"]["delivered"] == 2


async def test_a_post_whose_answer_is_lost_is_not_posted_again(theatre: Theatre):
    """Discord takes the video and then answers 502, drops the line, or answers 503."""
    posts = "/channels/*/messages"
    async with theatre.service.run():
        await theatre.ready()
        for fault in (Fault(status=502), Fault(ending="reset"), Fault(status=503)):
            job = await theatre.order("video", VIDEO)
            await theatre.status(job, "Being made")
            lost = Fault(status=fault.status, ending=fault.ending, effect=True)
            theatre.discord.faults.on("POST", posts, lost)
            await theatre.result(job)
            await theatre.status(job, "Done")
            assert len(theatre.results(job)) == 1
    await theatre.audit()


async def test_the_gateway_may_drop_while_videos_are_made(theatre: Theatre):
    """The bot resumes, and the next command and the video of the last one arrive."""
    async with theatre.service.run():
        await theatre.ready()
        first = await theatre.order("video", VIDEO)
        await theatre.discord.gateway.drop()
        await theatre.result(first)
        second = await theatre.order("video", VIDEO)
        await theatre.result(second)
    await theatre.audit()


async def test_a_waiting_video_is_cancelled_by_its_button(theatre: Theatre):
    """One place: the second waits, its button takes it off the belt, nothing is charged."""
    theatre.apixo.pace.change(scale=1)
    settings = {"APIXO_MAX_TASKS": "1"}
    theatre = Theatre.of(theatre.apixo, theatre.discord, theatre.service.folder, settings)
    ada = theatre.discord.member("Ada")
    async with theatre.service.run():
        await theatre.ready()
        first = await theatre.order("video", VIDEO)
        await theatre.status(first, "Being made")
        answer = await theatre.type("video", VIDEO)
        second = answer.text.split("`")[1]
        await ada.click(answer, "Cancel")
        await answer.until_text(lambda text: "Cancelled" in text)
        await theatre.status(second, "Cancelled")
        theatre.apixo.pace.change(scale=60)
        await theatre.result(first)
    verdict = await theatre.audit()
    assert (verdict["jobs"]["delivered"], verdict["jobs"]["cancelled"]) == (1, 1)
    assert len(theatre.apixo.tasks) == 1


async def test_a_lost_submission_is_parked_and_said_so(theatre: Theatre):
    """The task was made, its answer lost: one submission for ever, the hold kept, all visible."""
    theatre.apixo.faults.on_submit(ApixoFault(status=504, effect=True))
    async with theatre.service.run():
        await theatre.ready()
        job = await theatre.order("video", VIDEO)
        await theatre.status(job, "answer got lost")
        after = await theatre.order("video", VIDEO)
        await theatre.result(after)
    assert len(theatre.apixo.journal.to("/generateTask/")) == 2
    verdict = await theatre.audit()
    assert verdict["jobs"]["submit_unknown"] == 1


async def test_a_failed_task_is_told_and_costs_nothing(theatre: Theatre):
    """The status message says why; the hold is released."""
    async with theatre.service.run():
        await theatre.ready()
        job = await theatre.order("video", {**VIDEO, "prompt": "odd [[fail:SensitiveContent]]"})
        status = await theatre.status(job, "Nothing was charged")
        assert "content rules" in status.text
    assert (await theatre.audit())["ledger"]["charged"] == 0


async def test_a_second_process_on_the_same_file_is_refused(theatre: Theatre):
    """It says so and exits 1; the first goes on."""
    async with theatre.service.run():
        await theatre.ready()
        async with theatre.service.run() as second:
            assert await asyncio.wait_for(second.process.wait(), PATIENCE_S) == 1
        assert "in use" in theatre.service.log.read_text()
        await theatre.result(await theatre.order("video", VIDEO))


async def test_no_log_holds_a_secret_or_a_whole_prompt(theatre: Theatre):
    """Also at the chattiest level: neither token, nor key, nor what a member wrote."""
    settings = {"LOG_LEVEL": "DEBUG"}
    theatre = Theatre.of(theatre.apixo, theatre.discord, theatre.service.folder, settings)
    async with theatre.service.run():
        await theatre.ready()
        await theatre.result(await theatre.order("video", {"prompt": "a very private lake"}))
    log = theatre.service.log.read_text()
    assert len(log) > 1000
    for secret in (theatre.apixo.key, theatre.discord.token, "very private lake"):
        assert secret not in log
    for line in log.splitlines():
        json.loads(line)


async def test_commands_are_registered_once_and_again_when_the_database_is_new(theatre: Theatre):
    """A restart sends no command to Discord: their hash is remembered."""
    synced = "/applications/*/commands"
    for _ in range(2):
        async with theatre.service.run():
            await theatre.ready()
            await theatre.result(await theatre.order("video", VIDEO))
    assert theatre.discord.journal.count("PUT", synced) == 1
    database = theatre.service.folder / "dailies.db"
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (2,)
