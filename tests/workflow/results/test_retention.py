import asyncio
import os
import time
from itertools import count

from domain.guild_settings import GuildSettings
from domain.jobs import JobState
from domain.requests import Draft, GenerationCommand, Picture, build_request
from storage import guild_settings
from tests.harness.inputs import keep_input
from tests.harness.workflow import ADA, BOTH_ENGINES, CHANNEL, GUILD, WorkflowHarness
from workflow.errors import ChannelUnavailable
from workflow.results import retention
from workflow.results.retention import Swept
from workflow.stages.accept import Order, accept, cancel

OTHER = GUILD + 1
_DAY_S = 86_400
_numbers = count(1_000_000)


async def keeps(world: WorkflowHarness, guild_id: int, **days: int) -> None:
    """Set how long a server keeps files."""
    text = GuildSettings(**days).model_dump_json()  # type: ignore[arg-type]
    await world.database.transact(lambda tx: guild_settings.save_settings(tx, guild_id, text, 0))


async def an_input(world: WorkflowHarness, data: bytes = b"picture") -> str:
    """Keep a member's file, as if it had been touched a year ago."""
    name = await keep_input(world.context.media, data, "png")
    make_old(world, name)
    return name


def make_old(world: WorkflowHarness, name: str, seconds: float = 365 * _DAY_S) -> None:
    """Make a member's file look as if nobody had touched it for so long."""
    path = world.context.media.input_path(name)
    assert path is not None
    os.utime(path, (time.time() - seconds,) * 2)


async def asked_with(world: WorkflowHarness, name: str, guild_id: int = GUILD) -> str:
    """Ask for a video of a kept picture."""
    picture = Picture(
        url="https://cdn.example/p.png",
        name="p.png",
        format="PNG",
        width=640,
        height=480,
        size=7,
        kept=name,
    )
    draft = Draft(command=GenerationCommand.ANIMATE, prompt="a lake", pictures=(picture,))
    order = Order(
        interaction_id=next(_numbers),
        guild_id=guild_id,
        channel_id=CHANNEL,
        user_id=ADA,
        request=build_request(draft),
    )
    job_id = (await accept(world.context, order)).job.id
    make_old(world, name)
    return job_id


async def ended_with(world: WorkflowHarness, name: str, guild_id: int = GUILD) -> None:
    """Ask for a video of a kept picture, and change one's mind."""
    world.clock.advance(0.001)
    await cancel(world.context, await asked_with(world, name, guild_id), ADA)


def age(world: WorkflowHarness, name: str) -> None:
    """Make a video's file look a year old."""
    long_ago = time.time() - 365 * _DAY_S
    os.utime(world.context.media.video_path(name), (long_ago, long_ago))


def is_kept(world: WorkflowHarness, name: str) -> bool:
    return world.context.media.input_path(name) is not None


@BOTH_ENGINES
async def test_an_input_goes_when_its_days_are_over(harness: WorkflowHarness) -> None:
    """Not a moment before, and by the days that its server has set."""
    await keeps(harness, GUILD, keep_inputs_days=3)
    name = await an_input(harness)
    await ended_with(harness, name)
    harness.clock.advance(3 * _DAY_S - 3600)
    await retention.sweep(harness.context)
    assert is_kept(harness, name)
    harness.clock.advance(3600)
    assert (await retention.sweep(harness.context)).inputs == 1
    assert not is_kept(harness, name)


@BOTH_ENGINES
async def test_an_input_of_two_servers_stays_as_long_as_one_wants(harness: WorkflowHarness) -> None:
    """Which of them asked first plays no part."""
    await keeps(harness, GUILD, keep_inputs_days=2)
    await keeps(harness, OTHER, keep_inputs_days=9)
    shared, own = await an_input(harness, b"shared"), await an_input(harness, b"own")
    await ended_with(harness, shared, OTHER)
    await ended_with(harness, shared, GUILD)
    await ended_with(harness, own, GUILD)
    harness.clock.advance(8 * _DAY_S)
    await retention.sweep(harness.context)
    assert (is_kept(harness, shared), is_kept(harness, own)) == (True, False)
    harness.clock.advance(_DAY_S)
    await retention.sweep(harness.context)
    assert not is_kept(harness, shared)


async def test_an_input_that_was_just_used_stays(harness: WorkflowHarness) -> None:
    """A member who has asked again, and was refused, has used it."""
    name = await an_input(harness)
    harness.context.media.touch_input(name)
    await retention.sweep(harness.context)
    assert is_kept(harness, name)


async def test_a_file_of_no_job_goes_within_the_hour(harness: WorkflowHarness) -> None:
    """As a crash leaves it, between the file and the job; a job may still come for a young one."""
    left, young = await an_input(harness, b"left"), await an_input(harness, b"young")
    make_old(harness, left, 3_660)
    make_old(harness, young, 3_540)
    assert (await retention.sweep(harness.context)).inputs == 1
    assert (is_kept(harness, left), is_kept(harness, young)) == (False, True)


async def test_a_file_that_waits_for_a_form_goes_after_its_time(harness: WorkflowHarness) -> None:
    """Without a look at the database, in whichever process it was saved."""
    media = harness.context.media
    waiting, gone = [(await media.save_input(data, "png")).name for data in (b"w", b"g")]
    make_old(harness, waiting, 899)
    make_old(harness, gone, 901)
    await retention.sweep_pending_inputs(harness.context, 900)
    assert (is_kept(harness, waiting), is_kept(harness, gone)) == (True, False)


async def test_without_settings_inputs_are_kept_forty_days(harness: WorkflowHarness) -> None:
    """What no job of the last forty days was given goes."""
    used, unused = await an_input(harness, b"used"), await an_input(harness, b"unused")
    await ended_with(harness, used)
    harness.clock.advance(39 * _DAY_S)
    await retention.sweep(harness.context)
    assert (is_kept(harness, used), is_kept(harness, unused)) == (True, False)


async def test_what_a_job_on_its_way_was_given_stays(harness: WorkflowHarness) -> None:
    """However long it waits."""
    await keeps(harness, GUILD, keep_inputs_days=1)
    name = await an_input(harness)
    await asked_with(harness, name)
    harness.clock.advance(300 * _DAY_S)
    assert await retention.sweep(harness.context) == Swept(0, 0)
    assert is_kept(harness, name)


@BOTH_ENGINES
async def test_a_video_goes_when_its_days_are_over(harness: WorkflowHarness) -> None:
    """They count from its delivery; its smaller copy goes with it."""
    await keeps(harness, GUILD, keep_results_days=2)
    job = (await harness.accept_job()).job.id
    await harness.run_until(JobState.DELIVERED, job=job)
    media = harness.context.media
    media.copy_path(f"{job}.mp4").write_bytes(b"copy")
    age(harness, f"{job}.mp4")
    harness.clock.advance(2 * _DAY_S - 3600)
    assert (await retention.sweep(harness.context)).videos == 0
    harness.clock.advance(3600)
    assert (await retention.sweep(harness.context)).videos == 1
    assert not await media.has_video(f"{job}.mp4")
    assert not media.copy_path(f"{job}.mp4").exists()
    assert (await harness.job(job)).file_name is not None


async def test_a_video_that_is_not_delivered_stays(harness: WorkflowHarness) -> None:
    """It may be posted as long as anybody wants it."""
    await keeps(harness, GUILD, keep_results_days=1)
    for way in ("post_result", "send_result_by_dm"):
        harness.publisher.errors[way] = [ChannelUnavailable("gone")]
    job = (await harness.accept_job()).job.id
    await harness.run_until(JobState.UNDELIVERABLE, job=job)
    age(harness, f"{job}.mp4")
    harness.clock.advance(300 * _DAY_S)
    assert (await retention.sweep(harness.context)).videos == 0
    assert await harness.context.media.has_video(f"{job}.mp4")


async def test_a_video_whose_job_ended_without_it_goes(harness: WorkflowHarness) -> None:
    """The operator ended it after it was fetched: nobody will ever see it."""
    await keeps(harness, GUILD, keep_results_days=1)
    job = (await harness.accept_job()).job
    await cancel(harness.context, job.id, job.user_id)
    await asyncio.to_thread(harness.context.media.check_writable)
    harness.context.media.video_path(f"{job.id}.mp4").write_bytes(b"video")
    age(harness, f"{job.id}.mp4")
    harness.clock.advance(_DAY_S)
    assert await retention.sweep(harness.context) == Swept(0, 1)


@BOTH_ENGINES
async def test_a_video_that_no_job_knows_goes(harness: WorkflowHarness) -> None:
    """Nobody can ask for it; a new one may be known in a moment."""
    media = harness.context.media
    for name in ("lost.mp4", "new.mp4"):
        await asyncio.to_thread(media.check_writable)
        media.video_path(name).write_bytes(b"video")
    age(harness, "lost.mp4")
    assert await retention.sweep(harness.context) == Swept(0, 1)
    assert (await media.has_video("lost.mp4"), await media.has_video("new.mp4")) == (False, True)


async def test_a_sweep_of_nothing_does_nothing(harness: WorkflowHarness) -> None:
    """There may not even be a folder."""
    assert await retention.sweep(harness.context) == Swept(0, 0)
