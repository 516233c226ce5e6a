"""Nothing is bought that could not be kept: a full disk stops submitting, room lets it go on."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from domain.jobs import JobState
from storage.media import MediaFolder
from tests.harness.workflow import BEN, WorkflowHarness
from workflow.disk_space import LARGEST_VIDEO_BYTES, RESERVE_BYTES, DiskSpace, measure_disk_space
from workflow.operator import alerts, control
from workflow.publisher import BlockReason, SubmissionBlock
from workflow.reports.metrics import collect_metrics

S = JobState
FLOOR = RESERVE_BYTES + 5 * LARGEST_VIDEO_BYTES
FULL = SubmissionBlock(BlockReason.DISK_FULL)


class Disk(MediaFolder):
    """A folder on a disk that has as much free as a test says."""

    free = FLOOR

    def free_bytes(self) -> int:
        return self.free


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "media")


@pytest.fixture
async def small(harness: WorkflowHarness, disk: Disk) -> AsyncIterator[WorkflowHarness]:
    """Give a world that keeps its videos on the disk."""
    harness.context = replace(harness.context, media=disk)
    await harness.replace_worker(owner="first")
    yield harness
    await harness.worker.wait_until_idle()


async def test_without_room_nothing_is_bought_and_all_keep_their_place(
    small: WorkflowHarness, disk: Disk
):
    """What is in flight is fetched and posted; who waits reads why, and goes on by itself."""
    first = (await small.accept_job()).job.id
    await small.run_once()
    disk.free = FLOOR - 1
    waiting = [await small.accept_job(user=BEN) for _ in range(2)]
    assert [(accepted.submission_block, accepted.queue_position) for accepted in waiting] == [
        (FULL, 1),
        (FULL, 2),
    ]
    await small.run_until(S.DELIVERED, job=first)
    await small.run_for(3600, step_s=300)
    assert small.submission_count() == 1
    for accepted in waiting:
        (card,) = small.publisher.messages_of(accepted.job.id, "status")
        assert card.submission_blocks == [FULL]
        assert await small.ledger(accepted.job.id) == [("hold", accepted.job.price)]
    assert (await collect_metrics(small.context, 0)).is_paused
    disk.free = FLOOR
    for accepted in waiting:
        await small.run_until(S.DELIVERED, job=accepted.job.id)
    assert small.submission_count() == 3
    await small.audit()


async def test_the_operator_hears_of_it_once_for_each_time(small: WorkflowHarness, disk: Disk):
    """Not again while it lasts; a message that reached nobody is sent again."""
    heard: list[alerts.SubmissionAlert] = []
    is_reached = False

    async def tell(alert: alerts.SubmissionAlert) -> bool:
        heard.append(alert)
        return is_reached

    disk.free = 7
    await alerts.check_submission_block(small.context, tell)
    is_reached = True
    small.clock.advance(120)
    for _ in range(3):
        await alerts.check_submission_block(small.context, tell)
    assert heard == [DiskSpace(7, FLOOR)] * 2
    assert (await control.read_service_status(small.context)).disk_space == DiskSpace(7, FLOOR)
    disk.free = FLOOR
    await alerts.check_submission_block(small.context, tell)
    disk.free = 8
    await alerts.check_submission_block(small.context, tell)
    assert heard[2:] == [DiskSpace(8, FLOOR)]


async def test_a_card_that_was_out_before_follows_both_ways(small: WorkflowHarness, disk: Disk):
    """It says that there is no room, and no more so when there is."""

    async def tell(_: alerts.SubmissionAlert) -> bool:
        return True

    small.change_policy(max_tasks=0)
    job = (await small.accept_job()).job.id
    for disk.free in (FLOOR, 0, FLOOR):
        await alerts.check_submission_block(small.context, tell)
        await small.run_once()
    (card,) = small.publisher.messages_of(job, "status")
    assert card.submission_blocks == [None, FULL, None]


def test_a_folder_that_can_not_be_there_has_no_room(tmp_path: Path):
    """Nothing is bought for a place that takes nothing."""
    (tmp_path / "file").write_text("")
    room = measure_disk_space(MediaFolder(tmp_path / "file" / "media"), 5)
    assert room == DiskSpace(0, FLOOR)
    assert room.is_low
