"""Storing: the video is fetched whole, or its price is given back."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from domain.jobs import JobState
from sandbox.apixo import Fault
from sandbox.apixo.clips import minimal_clip
from tests.harness.workflow import WorkflowHarness
from workflow.billing.quotas import Actor
from workflow.media_probe.probe import ConfinedPlaybackCheck
from workflow.operator.actions import DecisionRequest, apply_decision
from workflow.operator.parked_jobs import Decision

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
        *("404", "403", "410", "html", "half", "picture", "sound"),
        *("elsewhere", "private", "metadata", "foreign", "userinfo"),
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
    assert not await harness.context.media.has_video(f"{job.id}.mp4")
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


async def test_of_two_addresses_the_one_whose_file_plays_is_had(harness: WorkflowHarness):
    """The first serves half of the file as if it were the whole: no trace of it is kept."""
    job = (await harness.accept_job("a lake [[result:second]]")).job
    done = await harness.run_until(S.DELIVERED, job=job.id)
    video = harness.publisher.messages_of(job.id, "result")[0].video
    assert video is not None
    assert len(video) == done.file_size == len(minimal_clip(job.request.seconds))
    assert len(harness.apixo.journal.requests_to("/files/")) == 2
    await harness.audit()


async def test_a_video_of_another_length_is_posted(
    harness: WorkflowHarness,
):
    """It plays: the operator can read of it."""
    job = (await harness.accept_job("a lake [[length:2]]")).job
    with capture_logs() as logs:
        await harness.run_until(S.DELIVERED, job=job.id)
    told = [log for log in logs if log["event"] == "result of another length"]
    assert [(log["asked_s"], log["played_s"]) for log in told] == [(job.request.seconds, 2.0)]


async def test_half_a_file_that_an_earlier_process_left_is_not_posted(harness: WorkflowHarness):
    """It died before it looked: the next one looks, and fetches the video again."""
    job = (await harness.accept_job()).job
    await harness.run_until(S.GENERATING, job=job.id)
    path = harness.context.media.video_path(f"{job.id}.mp4")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(minimal_clip()[:1000])
    await harness.run_until(S.DELIVERED, job=job.id)
    assert path.read_bytes() == minimal_clip(job.request.seconds)


async def test_a_reader_that_cannot_run_loses_no_video(harness: WorkflowHarness):
    """The file is kept, and looked at when the reader runs again; its address is not needed."""
    able = harness.context
    harness.use(replace(able, playback=ConfinedPlaybackCheck(memory_bytes=1 << 20)))
    job = (await harness.accept_job("a lake")).job
    await harness.run_until(S.SUCCEEDED, job=job.id)
    while (await harness.job(job.id)).failures < 3:
        await harness.run_once()
        await harness.advance_to_next_due()
    harness.use(able)
    harness.apixo.faults.add_download(Fault(status=404), 99)
    await harness.run_until(S.DELIVERED, job=job.id)
    assert len(harness.apixo.journal.requests_to("/files/")) == 1
    await harness.audit()


async def test_a_video_that_nobody_could_look_at_for_a_day_waits_for_the_operator(
    harness: WorkflowHarness,
):
    """It is paid for and kept; once the reader runs, *Ask again* posts it."""
    able = harness.context
    harness.use(replace(able, playback=ConfinedPlaybackCheck(memory_bytes=1 << 20)))
    job = (await harness.accept_job("a lake")).job
    await harness.run_until(S.SUCCEEDED, job=job.id)
    await harness.set_failures(job.id, 298)
    parked = await harness.run_until(S.QUARANTINED, job=job.id)
    assert "could not run" in str(parked.reason)
    assert [kind for kind, _ in await harness.ledger(job.id)] == ["hold", "charge"]
    harness.use(able)
    operator = Actor(user_id=1, interaction_id=99)
    request = DecisionRequest(
        decision=Decision.RETRY, job_id=job.id, fence=parked.fence, operator=operator
    )
    await apply_decision(harness.context, request)
    await harness.run_until(S.DELIVERED, job=job.id)
    assert len(harness.apixo.journal.requests_to("/files/")) == 1
    await harness.audit()


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
        Fault(is_half=True),
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
