"""A media store that does not answer for days: it is waited for, and blamed on no job."""

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from domain.jobs import JobState
from domain.polling import MAX_FAILURES
from domain.requests import Draft, GenerationCommand, Picture, build_request
from sandbox.apixo import Fault
from storage.errors import BucketFailed
from storage.media import MediaFolder
from tests.harness.inputs import keep_input
from tests.harness.workflow import WorkflowHarness
from workflow.stages.accept import accept

S = JobState
DAY_S = 86_400
LAKE = Path("sandbox/demo/pictures/lake.jpg")


class Bucket(MediaFolder):
    """A media store that may be out of order."""

    is_out = False

    async def has_input(self, name: str) -> bool:
        self._answer()
        return await super().has_input(name)

    @asynccontextmanager
    async def use_video(self, name: str) -> AsyncGenerator[Path]:
        self._answer()
        async with super().use_video(name) as path:
            yield path

    def _answer(self) -> None:
        if self.is_out:
            raise BucketFailed("the bucket does not answer")


class Links:
    """Links into the bucket."""

    def url_for_input(self, name: str, until_ms: int) -> str:
        del until_ms
        return f"https://cdn.example/{name}"

    url_for_result = url_for_input


@pytest.fixture
def bucket(harness: WorkflowHarness, tmp_path: Path) -> Bucket:
    media = Bucket(tmp_path / "media")
    harness.use(replace(harness.context, media=media, media_urls=Links()))
    return media


async def test_a_job_waits_for_its_inputs(harness: WorkflowHarness, bucket: Bucket):
    """It is queued again, however often, and then sent once; it was never sent, or refused."""
    kept = await keep_input(bucket, LAKE.read_bytes(), "jpg")
    picture = Picture(url="", name="p", format="JPEG", width=640, height=480, size=9_000, kept=kept)
    draft = Draft(command=GenerationCommand.ANIMATE, prompt="it drifts", pictures=(picture,))
    order = replace(harness.make_order("a lake"), request=build_request(draft))
    job = (await accept(harness.context, order)).job.id
    bucket.is_out = True
    await harness.set_failures(job, MAX_FAILURES)
    await harness.run_for(2 * DAY_S, step_s=3600)
    assert (await harness.job(job)).state is S.QUEUED
    bucket.is_out = False
    await harness.run_until(S.GENERATING, job=job)
    assert harness.submission_count() == 1
    await harness.audit()


async def test_a_video_waits_to_be_posted(harness: WorkflowHarness, bucket: Bucket):
    """After growing pauses, without a failure of its own, and it is posted once."""
    job = (await harness.accept_job()).job.id
    await harness.run_until(S.GENERATING, job=job)
    bucket.is_out = True
    before = harness.worker.runs
    await harness.run_for(DAY_S, step_s=60)
    waiting = await harness.job(job)
    assert (waiting.state, waiting.failures, waiting.turns) == (S.SUCCEEDED, 0, 0)
    assert harness.worker.runs - before > 1_000
    assert waiting.fence < 600
    bucket.is_out = False
    await harness.run_until(S.DELIVERED, job=job)
    assert len(harness.publisher.messages_of(job, "result")) == 1
    await harness.audit()


async def test_a_disk_that_was_full_for_a_day_is_no_reason_to_give_a_download_up(
    harness: WorkflowHarness, tmp_path: Path
):
    """The first failure of its own is the first, whatever the disk did before."""
    job = (await harness.accept_job()).job.id
    await harness.run_until(S.GENERATING, job=job)
    folder = tmp_path / "media"
    shutil.rmtree(folder)
    folder.write_text("in the way")
    await harness.run_for(DAY_S, step_s=300)
    assert ((await harness.job(job)).state, (await harness.job(job)).failures) == (S.SUCCEEDED, 0)
    folder.unlink()
    harness.apixo.faults.add_download(Fault(status=500), 1)
    await harness.run_until(S.DELIVERED, job=job)
