"""Nothing is bought that could not be kept: a full disk stops the belt, room lets it go on."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from domain.jobs import JobState
from storage.media import MediaFolder
from tests.harness.workflow import BEN, World
from workflow.disk_space import LARGEST_BYTES, RESERVE_BYTES, Room, room_of
from workflow.operator import alerts, control
from workflow.publisher import Halt, Why
from workflow.reports.metrics import gather

S = JobState
FLOOR = RESERVE_BYTES + 5 * LARGEST_BYTES
FULL = Halt(Why.NO_ROOM)


class Disk(MediaFolder):
    """A folder on a disk that has as much free as a test says."""

    free = FLOOR

    def free_bytes(self) -> int:
        return self.free


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "media")


@pytest.fixture
async def small(world: World, disk: Disk) -> AsyncIterator[World]:
    """Give a world that keeps its videos on the disk."""
    world.context = replace(world.context, media=disk)
    await world.reborn(owner="first")
    yield world
    await world.belt.settle()


async def test_without_room_nothing_is_bought_and_all_keep_their_place(small: World, disk: Disk):
    """What is in flight is fetched and posted; who waits reads why, and goes on by itself."""
    first = (await small.order()).job.id
    await small.turn()
    disk.free = FLOOR - 1
    waiting = [await small.order(user=BEN) for _ in range(2)]
    assert [(news.halt, news.place) for news in waiting] == [(FULL, 1), (FULL, 2)]
    await small.until(S.DELIVERED, job=first)
    await small.pass_time(3600, step_s=300)
    assert small.submissions() == 1
    for news in waiting:
        (card,) = small.channel.of(news.job.id, "status")
        assert card.halts == [FULL]
        assert await small.ledger(news.job.id) == [("hold", news.job.price)]
    assert (await gather(small.context, 0)).is_paused
    disk.free = FLOOR
    for news in waiting:
        await small.until(S.DELIVERED, job=news.job.id)
    assert small.submissions() == 3
    await small.audit()


async def test_the_operator_hears_of_it_once_for_each_time(small: World, disk: Disk):
    """Not again while it lasts; a message that reached nobody is sent again."""
    heard: list[alerts.News] = []
    is_reached = False

    async def tell(news: alerts.News) -> bool:
        heard.append(news)
        return is_reached

    disk.free = 7
    await alerts.mind(small.context, tell)
    is_reached = True
    for _ in range(3):
        await alerts.mind(small.context, tell)
    assert heard == [Room(7, FLOOR)] * 2
    assert (await control.standing(small.context)).room == Room(7, FLOOR)
    disk.free = FLOOR
    await alerts.mind(small.context, tell)
    disk.free = 8
    await alerts.mind(small.context, tell)
    assert heard[2:] == [Room(8, FLOOR)]


async def test_a_card_that_was_out_before_follows_both_ways(small: World, disk: Disk):
    """It says that there is no room, and no more so when there is."""

    async def tell(_: alerts.News) -> bool:
        return True

    small.change(max_tasks=0)
    job = (await small.order()).job.id
    for disk.free in (FLOOR, 0, FLOOR):
        await alerts.mind(small.context, tell)
        await small.turn()
    (card,) = small.channel.of(job, "status")
    assert card.halts == [None, FULL, None]


def test_a_folder_that_can_not_be_there_has_no_room(tmp_path: Path):
    """Nothing is bought for a place that takes nothing."""
    (tmp_path / "file").write_text("")
    room = room_of(MediaFolder(tmp_path / "file" / "media"), 5)
    assert room == Room(0, FLOOR)
    assert room.is_short
