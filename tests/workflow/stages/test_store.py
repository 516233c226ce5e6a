"""Storing: the video is fetched whole, or its price is given back."""

import hashlib
import shutil
from pathlib import Path

import pytest

from domain.jobs import JobState
from sandbox.apixo import Fault
from tests.harness.workflow import WorkflowHarness

S = JobState


async def test_a_stored_video_is_what_apixo_served(harness: WorkflowHarness):
    """Size and hash in the job are those of the file, and of the file served."""
    job = (await harness.accept_job()).job
    done = await harness.run_until(S.DELIVERED, job=job.id)
    data = harness.context.media.video_path(f"{job.id}.mp4").read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (done.file_size, done.file_sha256)
    assert harness.publisher.messages_of(job.id, "result")[0].video == data


@pytest.mark.parametrize(
    "directive",
    [
        *("404", "403", "410", "html", "elsewhere", "private", "metadata", "foreign", "userinfo"),
        *("empty-label", "long-label", "long-name", "no-dns"),
        *(
            "none",
            "null",
            "blank",
            "no-urls",
            "null-urls",
            "text",
            "object",
            "plain",
            "file",
            "number",
        ),
    ],
)
async def test_a_video_that_can_not_be_had_is_lost_and_paid_back(
    harness: WorkflowHarness, directive: str
):
    """Charged, since APIXO made it; then adjusted from the operator's account: both rows stay."""
    job = (await harness.accept_job(f"a lake [[result:{directive}]]")).job
    lost = await harness.run_until(S.RESULT_LOST, job=job.id)
    assert lost.reason
    assert await harness.ledger(job.id) == [
        *(("hold", job.price), ("charge", job.price), ("adjust", -job.price))
    ]
    assert harness.publisher.messages_of(job.id, "result") == []
    assert harness.publisher.messages_of(job.id, "status")[0].states[-1] is S.RESULT_LOST
    assert not harness.context.media.has_video(f"{job.id}.mp4")
    await harness.audit()


@pytest.mark.parametrize("directive", ["last", "down", "objects", "doubly", "padded"])
async def test_a_video_that_is_to_be_had_in_some_way_is_had(
    harness: WorkflowHarness, directive: str
):
    """Of several addresses the last, or one that is wrapped oddly; at the first turn."""
    job = (await harness.accept_job(f"a lake [[result:{directive}]]")).job
    await harness.run_until(S.DELIVERED, job=job.id)
    assert [kind for kind, _ in await harness.ledger(job.id)] == ["hold", "charge"]
    assert len(harness.apixo.journal.requests_to("/files/")) == 1


async def test_a_disk_that_is_full_delays_and_loses_nothing(
    harness: WorkflowHarness, tmp_path: Path
):
    """The video is paid for: it is fetched again until there is room, and never quarantined."""
    folder = tmp_path / "media"
    job = (await harness.accept_job()).job
    await harness.run_until(S.GENERATING, job=job.id)
    shutil.rmtree(folder)
    folder.write_text("in the way")
    await harness.run_for(3600, step_s=60)
    assert (await harness.job(job.id)).state is S.SUCCEEDED
    folder.unlink()
    await harness.run_until(S.DELIVERED, job=job.id)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(ending="cut"),
        Fault(ending="reset"),
        Fault(status=500),
        Fault(status=404),
        Fault(raw=b""),
    ],
)
async def test_a_download_that_breaks_is_tried_again(harness: WorkflowHarness, fault: Fault):
    """Two broken ones, then a whole one: nothing of the broken ones is kept."""
    harness.apixo.faults.add_download(fault, 2)
    job = (await harness.accept_job()).job
    await harness.run_until(S.DELIVERED, job=job.id)
    video = harness.publisher.messages_of(job.id, "result")[0].video
    assert video is not None
    assert len(video) == (await harness.job(job.id)).file_size
    folder = harness.context.media.video_path(f"{job.id}.mp4").parent
    assert [path.name for path in folder.glob("*.*")] == [f"{job.id}.mp4"]
    await harness.audit()
