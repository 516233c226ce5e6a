"""A copy of the database is put back, under the real process: nothing is bought or posted twice."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sandbox.apixo import Fault as ApixoFault
from sandbox.discord import Interaction
from tests.harness.service import TIMEOUT_S, ServiceHarness

VIDEO = {"prompt": "a lake at dusk", "duration": 4}


async def test_a_copy_put_back_is_recognized_and_its_queue_released_at_one_word(
    harness: ServiceHarness, tmp_path: Path
):
    """The video that it does not know of stays; the operator sees why, and releases all."""
    job = await live_past_a_copy(harness, tmp_path / "copy.db")
    put_back(harness, tmp_path / "copy.db")
    async with harness.service.run():
        await harness.wait_until_ready()
        await until_parked(harness, job)
        code, said = await harness.run_command_line("doctor")
        assert (code, "WARN  jobs: 1 wait(s) for your decision" in said) == (0, True), said
        assert "of 1 the restored database does not say whether they were submitted" in said
        olga = harness.discord.member("Olga")
        listed = await harness.run_command("operator parked", {}, who="Olga")
        assert "the database was restored from a copy" in listed.text
        await olga.click(listed, "End all (1)")
        await changes(harness, listed, "End the **1** video of server")
        await olga.click(listed, "End all")
        await changes(harness, listed, "Ended 1 video. Nobody pays.")
        await harness.wait_for_status(job, "there won't be a video")
    assert "database restored from a copy" in harness.service.log.read_text()
    assert len(harness.apixo.tasks) == len(harness.result_messages(job)) == 1
    assert (await harness.audit())["ledger"]["held"] == 0


async def test_a_copy_put_back_with_its_media_folder_is_declared(
    harness: ServiceHarness, tmp_path: Path
):
    """`restored` says it where nothing else can; an ordinary start afterwards parks no more."""
    media = harness.service.folder / "media"
    job = await live_past_a_copy(harness, tmp_path / "copy.db", media, tmp_path / "media")
    put_back(harness, tmp_path / "copy.db")
    shutil.rmtree(media)
    shutil.copytree(tmp_path / "media", media)
    code, said = await harness.run_command_line("restored")
    assert (code, said.splitlines()[-2]) == (
        0,
        (
            "Open jobs: 1. Of these 1 were queued or being submitted: they wait for your decision "
            "in /operator parked."
        ),
    )
    async with harness.service.run():
        await harness.wait_until_ready()
        await until_parked(harness, job)
        await harness.run_command("operator resume", {}, who="Olga")
        fresh = await harness.order_video("video", VIDEO)
        await harness.wait_for_result(fresh)
    assert len(harness.apixo.tasks) == 2
    assert len(harness.result_messages(job)) == 1


async def test_an_archive_brings_back_a_service_that_is_gone(
    harness: ServiceHarness, tmp_path: Path
):
    """Database and media are lost; `restore` says by itself that the jobs are of the past."""
    archive = tmp_path / "dailies.tar"
    job = await live_past_a_copy(harness, archive)
    for path in harness.service.folder.glob("dailies.db*"):
        path.unlink()
    shutil.rmtree(harness.service.folder / "media")
    code, said = await harness.run_command_line("restore", str(archive))
    assert (code, "Of these 1 were queued or being submitted" in said) == (0, True), said
    async with harness.service.run():
        await harness.wait_until_ready()
        await until_parked(harness, job)
        await harness.run_command("operator resume", {}, who="Olga")
        fresh = await harness.order_video("video", VIDEO)
        await harness.wait_for_result(fresh)
    assert len(harness.apixo.tasks) == 2
    assert len(harness.result_messages(job)) == 1


async def live_past_a_copy(harness: ServiceHarness, copy: Path, *folder: Path) -> str:
    """Copy the database with a job in the queue (and a folder, to a second one); deliver it."""
    async with harness.service.run():
        await harness.wait_until_ready()
        await harness.run_command("operator pause", {"reason": "a backup"}, who="Olga")
        job = await harness.order_video("video", VIDEO)
        await harness.wait_for_status(job, "Paused:")
        code, said = await harness.run_command_line("backup", str(copy))
        assert code == 0, said
        if folder:
            shutil.copytree(*folder)
        await harness.run_command("operator resume", {}, who="Olga")
        await harness.wait_for_result(job)
        await harness.wait_for_end(job)
    harness.discord.world.nonces.clear()
    return job


def put_back(harness: ServiceHarness, copy: Path) -> None:
    """Put a copy in the place of the database, as docs/operating.md has it."""
    path = Path(harness.service.environment["DATABASE_URL"].removeprefix("sqlite:///"))
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    shutil.copy(copy, path)


async def changes(harness: ServiceHarness, listed: Interaction, shows: str) -> None:
    """Wait until a private answer shows some words."""
    message = listed.message
    assert message is not None
    await harness.discord.world.changes.wait_until(
        lambda: shows in message.text or None, 60, shows, lambda: message.text
    )


async def test_an_archive_with_jobs_in_every_state_is_put_back_when_all_have_ended(
    harness: ServiceHarness, tmp_path: Path
):
    """Nothing is bought or posted again; what is uncertain is shown; what was deleted stays so."""
    settings = {"APIXO_MAX_TASKS": "2"}
    folder, archive = harness.service.folder, tmp_path / "dailies.tar"
    harness = ServiceHarness.create(harness.apixo, harness.discord, folder, settings)
    async with harness.service.run():
        await harness.wait_until_ready()
        ended = await have_every_state(harness)
        under_way = await copy_and_end(harness, archive)
        ben = str(harness.discord.member("Ben").id)
        code, said = await harness.run_command_line("member", "delete", ben, "--yes")
        assert (code, "The service is running" in said) == (0, True), said
        await until_gone(harness, ended["deleted"])
    tasks = len(harness.apixo.tasks)
    for path in folder.glob("dailies.db*"):
        path.unlink()
    await is_put_back_without_harm(harness, archive, ended["deleted"])
    await goes_on_without_harm(harness, under_way)
    assert len(harness.apixo.tasks) == tasks
    for job in (ended["delivered"], *under_way):
        assert len(harness.result_messages(job)) == 1, job
    assert harness.result_messages(ended["deleted"]) == []
    await harness.audit()


async def copy_and_end(harness: ServiceHarness, archive: Path) -> list[str]:
    """Write an archive while two videos are made and one waits; let them end, and return them."""
    with harness.halted_apixo():
        jobs = [await harness.order_video("video", VIDEO) for _ in range(3)]
        for job in jobs[:2]:
            await harness.wait_for_status(job, "Making your video")
        code, said = await harness.run_command_line("backup", str(archive))
        assert code == 0, said
    for job in jobs:
        await harness.wait_for_result(job)
        await harness.wait_for_end(job)
    return jobs


async def goes_on_without_harm(harness: ServiceHarness, under_way: list[str]) -> None:
    """Start again: what was made is found as posted, what waited waits for the operator."""
    *made, queued = under_way
    async with harness.service.run():
        await harness.wait_until_ready()
        await until_parked(harness, queued)
        for job in made:
            await harness.wait_for_end(job)
        await until_delivered(harness, 3)
        _, said = await harness.run_command_line("doctor")
        assert "2 wait(s) for your decision in /operator parked; of 2 the restored" in said


async def until_parked(harness: ServiceHarness, job: str) -> None:
    """Wait until the database has parked a job, whose status message went with its result."""
    await until_found(harness, "SELECT state FROM jobs WHERE id = ?", job, wanted="submit_unknown")


async def until_delivered(harness: ServiceHarness, count: int) -> None:
    """Wait until the database has so many delivered jobs that were not deleted."""
    counted = "SELECT count(*) FROM jobs WHERE state = 'delivered' AND erased_at_ms IS NULL"
    await until_found(harness, counted, wanted=count)


async def until_found(harness: ServiceHarness, query: str, *values: str, wanted: object) -> None:
    path = Path(harness.service.environment["DATABASE_URL"].removeprefix("sqlite:///"))
    async with asyncio.timeout(TIMEOUT_S):
        while True:
            with closing(sqlite3.connect(path)) as connection:
                if connection.execute(query, values).fetchone() == (wanted,):
                    return
            await asyncio.sleep(0.1)


async def have_every_state(harness: ServiceHarness) -> dict[str, str]:
    """Have jobs that are delivered, failed, lost, and another member's that they will delete."""
    jobs = {
        "delivered": await harness.order_video("video", VIDEO),
        "deleted": await harness.order_video("video", VIDEO, who="Ben"),
    }
    for job in jobs.values():
        await harness.wait_for_result(job)
    refused = {**VIDEO, "prompt": "a lake [[fail:NSFW]]"}
    jobs["failed"] = await harness.order_video("video", refused)
    await harness.wait_for_status(jobs["failed"], "content filter blocked")
    harness.apixo.faults.add_submit(ApixoFault(status=504, takes_effect=True))
    jobs["lost"] = await harness.order_video("video", VIDEO)
    await harness.wait_for_status(jobs["lost"], "lost contact with the video model")
    return jobs


async def until_gone(harness: ServiceHarness, job: str) -> None:
    """Wait until no message of a job is left."""
    channel = harness.discord.channel("videos")
    await channel.changes.wait_until(
        lambda: not any(job in m.text or job in str(m) for m in channel.messages) or None,
        TIMEOUT_S,
        f"the end of {job}",
        lambda: "; ".join(map(str, channel.messages)),
    )
    assert harness.result_messages(job) == []


async def is_put_back_without_harm(harness: ServiceHarness, archive: Path, deleted: str) -> None:
    """Restore; the deleted member's video comes with the archive, and does not stay."""
    code, said = await harness.run_command_line("restore", str(archive))
    assert (code, "they wait for your decision" in said) == (0, True), said
    assert "--acknowledge-gap" in said
    media = harness.service.folder / "media"
    assert not (media / f"{deleted}.mp4").exists()
    code, said = await harness.run_command_line("doctor")
    assert "WARN  jobs: 2 wait(s) for your decision" in said
