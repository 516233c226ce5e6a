"""A copy of the database is put back, under the real process: nothing is bought or posted twice."""

import shutil
from pathlib import Path

from sandbox.discord import Interaction
from tests.harness.service import ServiceHarness

VIDEO = {"prompt": "a lake at dusk", "duration": 4}


async def test_a_copy_put_back_is_recognized_and_its_queue_released_at_one_word(
    harness: ServiceHarness, tmp_path: Path
):
    """The video that it does not know of stays; the operator sees why, and releases all."""
    job = await live_past_a_copy(harness, tmp_path / "copy.db")
    put_back(harness, tmp_path / "copy.db")
    async with harness.service.run():
        await harness.wait_until_ready()
        await harness.wait_for_status(job, "restored from a backup")
        code, said = await harness.run_command_line("doctor")
        assert (code, "WARN  jobs: 1 wait(s) for your decision" in said) == (0, True), said
        assert "of 1 the restored database does not say whether they were submitted" in said
        olga = harness.discord.member("Olga")
        listed = await harness.run_command("operator parked", {}, who="Olga")
        assert "the database was restored from a copy" in listed.text
        await olga.click(listed, "End all (1)")
        await changes(harness, listed, "Release the **1** job of server")
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
    assert (code, said.splitlines()[-1]) == (
        0,
        (
            "Open jobs: 1. Of these 1 were queued or being submitted: they wait for your decision "
            "in /operator parked."
        ),
    )
    async with harness.service.run():
        await harness.wait_until_ready()
        await harness.wait_for_status(job, "restored from a backup")
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
        await harness.wait_for_status(job, "restored from a backup")
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
        await harness.wait_for_status(job, "Done")
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
