"""What is posted of a video that is too large for its place: a link, a copy, or the truth."""

import asyncio
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from domain.guild_settings import GuildSettings, OversizeFallback
from domain.jobs import JobState
from storage.jobs import Job
from tests.harness.color_videos import color_distance, decode_frames
from tests.harness.workflow import ADA, GUILD, PostedMessage, WorkflowHarness
from workflow.billing.quotas import Actor
from workflow.errors import ChannelUnavailable, TemporaryPublishError, TooLargeToPost
from workflow.guilds import settings
from workflow.publisher import ResultPayload
from workflow.results.delete import delete_video
from workflow.results.payload import send_payload
from workflow.results.repost import repost
from workflow.video_tools.tools import ConfinedVideoTools
from workflow.worker import Worker

S = JobState
MIB = 1024 * 1024
LIMIT = 200_000
LARGE = "a lake [[size:1]]"
"""A megabyte, which is over the limit of the channel in most of these tests."""


@dataclass(frozen=True)
class Links:
    """The links of a service that can be reached from outside."""

    def url_for_input(self, name: str, until_ms: int) -> str:
        return f"https://videos.example/{name}?until={until_ms}"

    def url_for_result(self, name: str, until_ms: int) -> str:
        return f"https://videos.example/{name}?until={until_ms}"


def equip(world: WorkflowHarness, **parts: Any) -> None:
    """Give the service further parts, and the channel a low limit."""
    world.context = replace(world.context, **parts)
    world.worker = Worker(world.context, "first")
    world.publisher.file_limit = LIMIT


async def choose(world: WorkflowHarness, **chosen: Any) -> None:
    """Have a manager change the server's settings."""

    def change(before: GuildSettings) -> GuildSettings:
        return before.model_copy(update=chosen)

    await settings.change(world.context, GUILD, Actor(ADA, 1), change)


async def posted(world: WorkflowHarness, prompt: str = LARGE) -> tuple[Job, PostedMessage]:
    """Have a video made and posted."""
    job = (await world.accept_job(prompt)).job
    done = await world.run_until(S.DELIVERED, job=job.id)
    (result,) = world.publisher.messages_of(job.id, "result")
    return done, result


async def test_a_smaller_copy_is_posted_and_the_original_kept(harness: WorkflowHarness) -> None:
    """The same pictures for as long; both files go with *Delete*."""
    equip(harness, video_tools=ConfinedVideoTools())
    job, result = await posted(harness)
    media = harness.context.media
    original = media.video_path(f"{job.id}.mp4")
    assert result.payload == ResultPayload(media.copy_path(original.name), is_copy=True)
    assert result.video is not None
    assert len(result.video) <= LIMIT < original.stat().st_size == job.file_size
    (shown, about), (before, was) = (
        decode_frames(result.video),
        decode_frames(original.read_bytes()),
    )
    assert about["seconds"] == was["seconds"]
    pairs = zip(shown, before, strict=True)
    assert max(color_distance(one, other) for one, other in pairs) < 10
    await delete_video(harness.context, job.id, ADA)
    assert list(original.parent.glob(f"{job.id}*")) == []


async def test_a_video_that_fits_is_posted_as_it_is(harness: WorkflowHarness) -> None:
    """To the last byte that its place takes."""
    equip(harness, video_tools=ConfinedVideoTools(), media_urls=Links())
    _, small = await posted(harness, "a lake")
    assert small.video is not None
    harness.publisher.file_limit = len(small.video)
    job, result = await posted(harness, "a sea")
    assert result.video == harness.context.media.video_path(f"{job.id}.mp4").read_bytes()
    harness.publisher.file_limit = len(small.video) - 1
    _, linked = await posted(harness, "a sea")
    assert linked.video is None


async def test_a_link_goes_first_where_there_are_links(harness: WorkflowHarness) -> None:
    """It is good for as long as the server keeps results; no copy is made."""
    equip(harness, video_tools=ConfinedVideoTools(), media_urls=Links())
    now_ms = harness.context.now_ms()
    job, result = await posted(harness)
    assert result.payload is not None
    assert (result.video, result.payload.is_copy) == (None, False)
    days = (result.payload.link_expires_at_ms - now_ms) / 86_400_000
    assert days == pytest.approx(7, abs=0.1)
    assert (
        result.payload.link
        == f"https://videos.example/{job.id}.mp4?until={result.payload.link_expires_at_ms}"
    )
    assert not harness.context.media.copy_path(f"{job.id}.mp4").exists()


async def test_a_server_may_want_the_copy_first(harness: WorkflowHarness) -> None:
    """The link to the original is beside it."""
    equip(harness, video_tools=ConfinedVideoTools(), media_urls=Links())
    await choose(
        harness, too_large=(OversizeFallback.COPY, OversizeFallback.LINK), keep_results_days=3
    )
    _, result = await posted(harness)
    assert result.payload is not None
    assert (result.payload.is_copy, result.payload.link is not None) == (True, True)
    assert result.payload.link_expires_at_ms - harness.context.now_ms() < 3 * 86_400_000


@pytest.mark.parametrize(
    ("ways", "is_copy"), [((OversizeFallback.COPY,), True), ((), False)], ids=["copy", "nothing"]
)
async def test_a_server_may_want_no_links(
    harness: WorkflowHarness, ways: tuple[OversizeFallback, ...], is_copy: bool
) -> None:
    """Then there is none, in whatever place."""
    equip(harness, video_tools=ConfinedVideoTools(), media_urls=Links())
    await choose(harness, too_large=ways)
    _, result = await posted(harness)
    assert result.payload is not None
    assert (result.payload.is_copy, result.payload.link) == (is_copy, None)


async def test_without_copies_the_link_is_what_is_left(harness: WorkflowHarness) -> None:
    """Whatever comes first in the server's order."""
    equip(harness, media_urls=Links())
    await choose(harness, too_large=(OversizeFallback.COPY, OversizeFallback.LINK))
    _, result = await posted(harness)
    assert result.payload is not None
    assert (result.video, result.payload.link is None) == (None, False)


async def test_a_limit_that_discord_does_not_keep_to_is_gone_below(
    harness: WorkflowHarness,
) -> None:
    """A server has lost its boosts: what every place takes is tried, and then no file at all."""
    equip(harness, video_tools=ConfinedVideoTools())
    harness.publisher.file_limit = 50 * MIB
    harness.publisher.errors["post_result"] = [TooLargeToPost("413")]
    _, result = await posted(harness, "a lake [[size:11]]")
    assert result.payload is not None
    assert result.payload.is_copy
    harness.publisher.errors["post_result"] = [TooLargeToPost("413")] * 2
    _, result = await posted(harness, "a sea [[size:11]]")
    assert result.payload == ResultPayload(None)


async def test_a_copy_is_made_once(harness: WorkflowHarness) -> None:
    """Later posts use it; so does a new process. One that is too large itself is made again."""
    equip(harness, video_tools=ConfinedVideoTools())
    harness.publisher.errors["post_result"] = [TemporaryPublishError("503")] * 2
    job, result = await posted(harness)
    media = harness.context.media
    made = media.copy_path(f"{job.id}.mp4").stat()
    assert made.st_size == len(result.video or b"")
    harness.publisher.forgets_nonces = True
    await repost(harness.context, job.id, GUILD, ADA)
    assert media.copy_path(f"{job.id}.mp4").stat().st_ino == made.st_ino

    async def send(_: Job, payload: ResultPayload) -> int:
        assert payload.video is not None
        return payload.video.stat().st_size

    less = 100_000
    media.copy_path(f"{job.id}.mp4").write_bytes(bytes(less + 1))
    assert await send_payload(harness.context, job, send, less) <= less


async def test_a_direct_message_may_need_a_smaller_copy(harness: WorkflowHarness) -> None:
    """The channel is gone, and a direct message takes less."""
    equip(harness, video_tools=ConfinedVideoTools())
    harness.publisher.errors["post_result"] = [ChannelUnavailable("gone")]
    _, result = await posted(harness)
    assert result.private
    assert result.payload is not None
    assert result.payload.is_copy


async def test_a_video_that_can_not_be_copied_is_announced_all_the_same(
    harness: WorkflowHarness,
) -> None:
    """Its file is no video behind its first bytes."""
    equip(harness, video_tools=ConfinedVideoTools())
    harness.publisher.is_ready = True
    harness.publisher.errors["post_result"] = [TemporaryPublishError("503")]
    job = (await harness.accept_job(LARGE)).job
    await harness.run_until(S.STORED, S.POSTING, job=job.id)
    original = harness.context.media.video_path(f"{job.id}.mp4")
    harness.context.media.remove_video(original.name)
    original.write_bytes(b"\x00\x00\x00\x18ftypisom" + bytes(LIMIT))
    await harness.run_until(S.DELIVERED, job=job.id)
    (result,) = harness.publisher.messages_of(job.id, "result")
    assert result.payload == ResultPayload(None)
    assert [path.name for path in original.parent.glob(f"{job.id}*")] == [original.name]
    with pytest.raises(TooLargeToPost):
        await repost(harness.context, job.id, GUILD, ADA)


class Interrupted(ConfinedVideoTools):
    """Video tools that get no further than half a copy."""

    def __init__(self) -> None:
        super().__init__()
        self.halfway = asyncio.Event()

    async def transcode(self, video: Path, out: BinaryIO, max_bytes: int) -> None:
        os.write(out.fileno(), video.read_bytes()[: max_bytes // 2])
        self.halfway.set()
        await asyncio.Event().wait()


async def test_a_copy_that_was_cut_off_is_made_anew(harness: WorkflowHarness) -> None:
    """The next process posts a whole one, once; nothing of the first is left."""
    tools = Interrupted()
    equip(harness, video_tools=tools)
    job = (await harness.accept_job(LARGE)).job
    while not tools.halfway.is_set():
        await harness.worker.run_once()
        await asyncio.sleep(0)
        await harness.advance_to_next_due()
    await harness.worker.drain(0)
    assert harness.publisher.messages_of(job.id, "result") == []
    harness.context = replace(harness.context, video_tools=ConfinedVideoTools())
    await harness.replace_worker()
    await harness.run_until(S.DELIVERED, job=job.id)
    (result,) = harness.publisher.messages_of(job.id, "result")
    assert decode_frames(result.video or b"")[1]["bytes"] <= LIMIT
    folder = harness.context.media.video_path(f"{job.id}.mp4").parent
    assert sorted(path.name for path in folder.glob("*.mp4")) == [
        f"{job.id}.fit.mp4",
        f"{job.id}.mp4",
    ]
