"""What is posted of a video that is too large for its place: a link, a copy, or the truth."""

import asyncio
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from domain.guild_settings import ServerSettings, TooLarge
from domain.jobs import JobState
from storage.jobs import Job
from tests.harness.color_videos import distance, seen
from tests.harness.workflow import ADA, GUILD, Shown, World
from workflow.billing.quotas import Manager
from workflow.errors import PlaceGone, TooLargeToPost, TryLater
from workflow.guilds import settings
from workflow.publisher import Parcel
from workflow.results.delete import erase
from workflow.results.payload import send_fitting
from workflow.results.repost import post_again
from workflow.video_tools.tools import Lab
from workflow.worker import Belt

S = JobState
MIB = 1024 * 1024
LIMIT = 200_000
LARGE = "a lake [[size:1]]"
"""A megabyte, which is over the limit of the channel in most of these tests."""


@dataclass(frozen=True)
class Door:
    """The links of a service that can be reached from outside."""

    def address_of_input(self, name: str, until_ms: int) -> str:
        return f"https://videos.example/{name}?until={until_ms}"

    def address_of_result(self, name: str, until_ms: int) -> str:
        return f"https://videos.example/{name}?until={until_ms}"


def equip(world: World, **parts: Any) -> None:
    """Give the service further parts, and the channel a low limit."""
    world.context = replace(world.context, **parts)
    world.belt = Belt(world.context, "first")
    world.channel.most_bytes = LIMIT


async def choose(world: World, **chosen: Any) -> None:
    """Have a manager change the server's settings."""

    def change(before: ServerSettings) -> ServerSettings:
        return before.model_copy(update=chosen)

    await settings.change(world.context, GUILD, Manager(ADA, 1), change)


async def posted(world: World, prompt: str = LARGE) -> tuple[Job, Shown]:
    """Have a video made and posted."""
    job = (await world.order(prompt)).job
    done = await world.until(S.DELIVERED, job=job.id)
    (result,) = world.channel.of(job.id, "result")
    return done, result


async def test_a_smaller_copy_is_posted_and_the_original_kept(world: World) -> None:
    """The same pictures for as long; both files go with *Delete*."""
    equip(world, lab=Lab())
    job, result = await posted(world)
    media = world.context.media
    original = media.path(f"{job.id}.mp4")
    assert result.parcel == Parcel(media.copy_path(original.name), is_copy=True)
    assert result.video is not None
    assert len(result.video) <= LIMIT < original.stat().st_size == job.file_size
    (shown, about), (before, was) = seen(result.video), seen(original.read_bytes())
    assert about["seconds"] == was["seconds"]
    pairs = zip(shown, before, strict=True)
    assert max(distance(one, other) for one, other in pairs) < 10
    await erase(world.context, job.id, ADA)
    assert list(original.parent.glob(f"{job.id}*")) == []


async def test_a_video_that_fits_is_posted_as_it_is(world: World) -> None:
    """To the last byte that its place takes."""
    equip(world, lab=Lab(), links=Door())
    _, small = await posted(world, "a lake")
    assert small.video is not None
    world.channel.most_bytes = len(small.video)
    job, result = await posted(world, "a sea")
    assert result.video == world.context.media.path(f"{job.id}.mp4").read_bytes()
    world.channel.most_bytes = len(small.video) - 1
    _, linked = await posted(world, "a sea")
    assert linked.video is None


async def test_a_link_goes_first_where_there_are_links(world: World) -> None:
    """It is good for as long as the server keeps results; no copy is made."""
    equip(world, lab=Lab(), links=Door())
    now_ms = world.context.now_ms()
    job, result = await posted(world)
    assert result.parcel is not None
    assert (result.video, result.parcel.is_copy) == (None, False)
    days = (result.parcel.until_ms - now_ms) / 86_400_000
    assert days == pytest.approx(7, abs=0.1)
    assert (
        result.parcel.link == f"https://videos.example/{job.id}.mp4?until={result.parcel.until_ms}"
    )
    assert not world.context.media.copy_path(f"{job.id}.mp4").exists()


async def test_a_server_may_want_the_copy_first(world: World) -> None:
    """The link to the original stands beside it."""
    equip(world, lab=Lab(), links=Door())
    await choose(world, too_large=(TooLarge.COPY, TooLarge.LINK), keep_results_days=3)
    _, result = await posted(world)
    assert result.parcel is not None
    assert (result.parcel.is_copy, result.parcel.link is not None) == (True, True)
    assert result.parcel.until_ms - world.context.now_ms() < 3 * 86_400_000


@pytest.mark.parametrize(
    ("ways", "is_copy"), [((TooLarge.COPY,), True), ((), False)], ids=["copy", "nothing"]
)
async def test_a_server_may_want_no_links(
    world: World, ways: tuple[TooLarge, ...], is_copy: bool
) -> None:
    """Then there is none, in whatever place."""
    equip(world, lab=Lab(), links=Door())
    await choose(world, too_large=ways)
    _, result = await posted(world)
    assert result.parcel is not None
    assert (result.parcel.is_copy, result.parcel.link) == (is_copy, None)


async def test_without_copies_the_link_is_what_is_left(world: World) -> None:
    """Whatever comes first in the server's order."""
    equip(world, links=Door())
    await choose(world, too_large=(TooLarge.COPY, TooLarge.LINK))
    _, result = await posted(world)
    assert result.parcel is not None
    assert (result.video, result.parcel.link is None) == (None, False)


async def test_a_limit_that_discord_does_not_keep_to_is_gone_below(world: World) -> None:
    """A server has lost its boosts: what every place takes is tried, and then no file at all."""
    equip(world, lab=Lab())
    world.channel.most_bytes = 50 * MIB
    world.channel.trouble["post_result"] = [TooLargeToPost("413")]
    _, result = await posted(world, "a lake [[size:11]]")
    assert result.parcel is not None
    assert result.parcel.is_copy
    world.channel.trouble["post_result"] = [TooLargeToPost("413")] * 2
    _, result = await posted(world, "a sea [[size:11]]")
    assert result.parcel == Parcel(None)


async def test_a_copy_is_made_once(world: World) -> None:
    """Later posts use it; so does a new process. One that is too large itself is made anew."""
    equip(world, lab=Lab())
    world.channel.trouble["post_result"] = [TryLater("503")] * 2
    job, result = await posted(world)
    media = world.context.media
    made = media.copy_path(f"{job.id}.mp4").stat()
    assert made.st_size == len(result.video or b"")
    world.channel.forgets_nonces = True
    await post_again(world.context, job.id, GUILD, ADA)
    assert media.copy_path(f"{job.id}.mp4").stat().st_ino == made.st_ino

    async def send(_: Job, parcel: Parcel) -> int:
        assert parcel.video is not None
        return parcel.video.stat().st_size

    less = 100_000
    media.copy_path(f"{job.id}.mp4").write_bytes(bytes(less + 1))
    assert await send_fitting(world.context, job, send, less) <= less


async def test_a_direct_message_may_need_a_smaller_copy(world: World) -> None:
    """The channel is gone, and a direct message takes less."""
    equip(world, lab=Lab())
    world.channel.trouble["post_result"] = [PlaceGone("gone")]
    _, result = await posted(world)
    assert result.private
    assert result.parcel is not None
    assert result.parcel.is_copy


async def test_a_video_that_can_not_be_copied_is_announced_all_the_same(world: World) -> None:
    """Its file is no video behind its first bytes."""
    equip(world, lab=Lab())
    world.channel.is_ready = True
    world.channel.trouble["post_result"] = [TryLater("503")]
    job = (await world.order(LARGE)).job
    await world.until(S.STORED, S.POSTING, job=job.id)
    original = world.context.media.path(f"{job.id}.mp4")
    world.context.media.remove(original.name)
    original.write_bytes(b"\x00\x00\x00\x18ftypisom" + bytes(LIMIT))
    await world.until(S.DELIVERED, job=job.id)
    (result,) = world.channel.of(job.id, "result")
    assert result.parcel == Parcel(None)
    assert [path.name for path in original.parent.glob(f"{job.id}*")] == [original.name]
    with pytest.raises(TooLargeToPost):
        await post_again(world.context, job.id, GUILD, ADA)


class Interrupted(Lab):
    """A lab that gets no further than half a copy."""

    def __init__(self) -> None:
        super().__init__()
        self.halfway = asyncio.Event()

    async def copy(self, video: Path, out: BinaryIO, most_bytes: int) -> None:
        os.write(out.fileno(), video.read_bytes()[: most_bytes // 2])
        self.halfway.set()
        await asyncio.Event().wait()


async def test_a_copy_that_was_cut_off_is_made_anew(world: World) -> None:
    """The next process posts a whole one, once; nothing of the first is left."""
    lab = Interrupted()
    equip(world, lab=lab)
    job = (await world.order(LARGE)).job
    while not lab.halfway.is_set():
        await world.belt.turn()
        await asyncio.sleep(0)
        await world.forward()
    await world.belt.drain(0)
    assert world.channel.of(job.id, "result") == []
    world.context = replace(world.context, lab=Lab())
    await world.reborn()
    await world.until(S.DELIVERED, job=job.id)
    (result,) = world.channel.of(job.id, "result")
    assert seen(result.video or b"")[1]["bytes"] <= LIMIT
    folder = world.context.media.path(f"{job.id}.mp4").parent
    assert sorted(path.name for path in folder.glob("*")) == [f"{job.id}.fit.mp4", f"{job.id}.mp4"]
