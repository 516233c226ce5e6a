"""From a typed command to a posted video, with the real process over the real wire."""

import asyncio
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sandbox.apixo import Fault as ApixoFault
from sandbox.apixo.clips import minimal_clip
from sandbox.demo.job_posts import job_id_in
from sandbox.discord import Fault
from tests.harness.service import LAKE, TIMEOUT_S, ServiceHarness, request_of_every_mode

VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4}


@pytest.mark.parametrize("template", ["postgresql"], indirect=True)
async def test_killed_while_generating_every_mode_is_posted_and_charged_once(
    harness: ServiceHarness, tmp_path: Path, database_url: str
):
    """Each mode of both models is under way at SIGKILL; the next process goes on with them."""
    settings = {"DATABASE_URL": database_url, "APIXO_MAX_TASKS": "8"}
    harness = ServiceHarness.create(harness.apixo, harness.discord, tmp_path / "killed", settings)
    with harness.halted_apixo():
        async with harness.service.run() as running:
            await harness.wait_until_ready()
            jobs = [await harness.order_video(*each) for each in request_of_every_mode()]
            for job in jobs:
                await harness.wait_for_status(job, "Making your video")
            running.process.send_signal(signal.SIGKILL)
            await running.process.wait()
        assert harness.apixo.tasks.in_flight_count == 8
    async with harness.service.run():
        for job in jobs:
            await harness.wait_for_result(job)
            await harness.wait_for_end(job)
    assert [len(harness.result_messages(job)) for job in jobs] == [1] * 8
    assert len(harness.apixo.tasks) == 8
    verdict = await harness.audit()
    assert {state: count for state, count in verdict["jobs"].items() if count} == {"delivered": 8}
    spent = 100_000_000 - harness.apixo.balance.micro
    assert verdict["ledger"]["charged"] == spent
    assert verdict["ledger"]["held"] == 0


async def test_a_request_leaves_one_message_and_only_it_mentions(harness: ServiceHarness):
    """A status message that pings nobody and goes, a result that pings its member; no money."""
    async with harness.service.run():
        await harness.wait_until_ready()
        options = {"image": LAKE, "prompt": "@everyone look at <@1>"}
        with harness.halted_apixo():
            answer = await harness.run_command("animate", options)
            job = job_id_in(answer)
            status = await harness.wait_for_status(job, "Making your video")
        result = await harness.wait_for_result(job)
        await harness.wait_for_end(job)
    ada = harness.discord.member("Ada")
    assert "$" in answer.text
    assert harness.discord.channel("videos").messages == [result]
    assert (status.notified_user_ids, result.notified_user_ids) == (set(), {ada.id})
    assert "$" not in status.text + result.text
    assert status.edit_count <= 2
    assert status.nonce is not None
    assert result.nonce is not None


async def test_sigterm_ends_the_process_cleanly_and_nothing_is_lost(harness: ServiceHarness):
    """Exit code 0 while a video is being made and another waits; both come after a restart."""
    service = ServiceHarness.create(
        harness.apixo, harness.discord, harness.service.folder, {"APIXO_MAX_TASKS": "1"}
    ).service
    with harness.halted_apixo():
        async with service.run() as running:
            await harness.wait_until_ready()
            jobs = [await harness.order_video("video", VIDEO) for _ in range(2)]
            await harness.wait_for_status(jobs[0], "Making your video")
            running.process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(running.process.wait(), TIMEOUT_S) == 0
    async with service.run():
        for job in jobs:
            await harness.wait_for_result(job)
            await harness.wait_for_end(job)
    assert [len(harness.result_messages(job)) for job in jobs] == [1, 1]
    assert (await harness.audit())["jobs"]["delivered"] == 2


async def test_a_post_whose_answer_is_lost_is_not_posted_again(harness: ServiceHarness):
    """Discord takes the video and then answers 502, drops the line, or answers 503."""
    posts = "/channels/*/messages"
    async with harness.service.run():
        await harness.wait_until_ready()
        for fault in (Fault(status=502), Fault(ending="reset"), Fault(status=503)):
            with harness.halted_apixo():
                job = await harness.order_video("video", VIDEO)
                await harness.wait_for_status(job, "Making your video")
                lost = Fault(status=fault.status, ending=fault.ending, takes_effect=True)
                harness.discord.faults.add("POST", posts, lost)
            await harness.wait_for_result(job)
            await harness.wait_for_end(job)
            assert len(harness.result_messages(job)) == 1
    await harness.audit()


async def test_the_gateway_may_drop_while_videos_are_made(harness: ServiceHarness):
    """The bot resumes, and the next command and the video of the last one arrive."""
    async with harness.service.run():
        await harness.wait_until_ready()
        with harness.halted_apixo():
            first = await harness.order_video("video", VIDEO)
            await harness.wait_for_status(first, "Making your video")
            await harness.discord.gateway.drop_connections()
        await harness.wait_for_result(first)
        second = await harness.order_video("video", VIDEO)
        await harness.wait_for_result(second)
    await harness.audit()


async def test_a_waiting_video_is_cancelled_by_its_button(harness: ServiceHarness):
    """One place: the second waits, its button takes it out of the queue, nothing is charged."""
    settings = {"APIXO_MAX_TASKS": "1"}
    harness = ServiceHarness.create(
        harness.apixo, harness.discord, harness.service.folder, settings
    )
    ada = harness.discord.member("Ada")
    async with harness.service.run():
        await harness.wait_until_ready()
        with harness.halted_apixo():
            first = await harness.order_video("video", VIDEO)
            await harness.wait_for_status(first, "Making your video")
            answer = await harness.run_command("video", VIDEO)
            second = job_id_in(answer)
            await ada.click(answer, "Cancel")
            await answer.until_text(lambda text: "Cancelled" in text, within=TIMEOUT_S)
            await harness.wait_for_status(second, "Cancelled")
        await harness.wait_for_result(first)
    verdict = await harness.audit()
    assert (verdict["jobs"]["delivered"], verdict["jobs"]["cancelled"]) == (1, 1)
    assert len(harness.apixo.tasks) == 1


async def test_a_lost_submission_is_parked_and_said_so(harness: ServiceHarness):
    """The task was made, its answer lost: one submission for ever, the hold kept, all visible."""
    harness.apixo.faults.add_submit(ApixoFault(status=504, takes_effect=True))
    async with harness.service.run():
        await harness.wait_until_ready()
        job = await harness.order_video("video", VIDEO)
        await harness.wait_for_status(job, "lost contact with the video model")
        after = await harness.order_video("video", VIDEO)
        await harness.wait_for_result(after)
    assert len(harness.apixo.journal.requests_to("/generateTask/")) == 2
    verdict = await harness.audit()
    assert verdict["jobs"]["submit_unknown"] == 1


async def test_only_what_plays_is_posted(harness: ServiceHarness):
    """Half a file is fetched again, then from the next address; sound alone is paid back."""
    async with harness.service.run():
        await harness.wait_until_ready()
        harness.apixo.faults.add_download(ApixoFault(is_half=True))
        prompts = ("a lake", "a lake [[result:second]]", "a lake [[result:sound]]")
        jobs = [
            await harness.order_video("video", {**VIDEO, "prompt": prompt}) for prompt in prompts
        ]
        whole = len(minimal_clip(VIDEO["duration"]))
        for job in jobs[:2]:
            video = (await harness.wait_for_result(job)).attachments[0]
            assert video.size == whole
        await harness.wait_for_status(jobs[2], "couldn't download your video")
        assert harness.result_messages(jobs[2]) == []
    verdict = await harness.audit()
    assert (verdict["jobs"]["delivered"], verdict["jobs"]["result_lost"]) == (2, 1)
    assert "result not checked" not in harness.service.log.read_text()


async def test_a_failed_task_is_told_and_costs_nothing(harness: ServiceHarness):
    """The status message says why; the hold is released."""
    async with harness.service.run():
        await harness.wait_until_ready()
        job = await harness.order_video(
            "video", {**VIDEO, "prompt": "odd [[fail:SensitiveContent]]"}
        )
        status = await harness.wait_for_status(job, "You weren't charged")
        assert "content filter" in status.text
    assert (await harness.audit())["ledger"]["charged"] == 0


async def test_a_second_process_on_the_same_file_is_refused(harness: ServiceHarness):
    """It says so and exits 1; the first goes on."""
    async with harness.service.run():
        await harness.wait_until_ready()
        async with harness.service.run() as second:
            assert await asyncio.wait_for(second.process.wait(), TIMEOUT_S) == 1
        assert "in use" in harness.service.log.read_text()
        await harness.wait_for_result(await harness.order_video("video", VIDEO))


async def test_commands_are_registered_once_and_again_when_the_database_is_new(
    harness: ServiceHarness,
):
    """A restart sends no command to Discord: their hash is remembered."""
    synced = "/applications/*/commands"
    for _ in range(2):
        async with harness.service.run():
            await harness.wait_until_ready()
            await harness.wait_for_result(await harness.order_video("video", VIDEO))
    assert harness.discord.journal.count_requests("PUT", synced) == 1
    database = harness.service.folder / "dailies.db"
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (2,)
