import asyncio
import os
import time
from itertools import count

from domain.guild_settings import ServerSettings
from domain.jobs import JobState
from domain.requests import Command, Draft, Picture, check
from storage import guild_settings
from tests.harness.workflow import ADA, BOTH_ENGINES, CHANNEL, GUILD, World
from workflow.errors import PlaceGone
from workflow.results import retention
from workflow.results.retention import Swept
from workflow.stages.accept import Order, accept, cancel

OTHER = GUILD + 1
_DAY_S = 86_400
_numbers = count(1_000_000)


async def keeps(world: World, guild_id: int, **days: int) -> None:
    """Set how long a server keeps files."""
    text = ServerSettings(**days).model_dump_json()  # type: ignore[arg-type]
    await world.database.transact(lambda tx: guild_settings.save(tx, guild_id, text, 0))


async def an_input(world: World, data: bytes = b"picture") -> str:
    """Keep a member's file, as if it had been touched a year ago."""
    name = await world.context.media.keep_input(data, "png")
    path = world.context.media.input_path(name)
    assert path is not None
    long_ago = time.time() - 365 * _DAY_S
    os.utime(path, (long_ago, long_ago))
    return name


async def asked_with(world: World, name: str, guild_id: int = GUILD) -> str:
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
    draft = Draft(command=Command.ANIMATE, prompt="a lake", pictures=(picture,))
    order = Order(
        interaction_id=next(_numbers),
        guild_id=guild_id,
        channel_id=CHANNEL,
        user_id=ADA,
        request=check(draft),
    )
    return (await accept(world.context, order)).job.id


async def ended_with(world: World, name: str, guild_id: int = GUILD) -> None:
    """Ask for a video of a kept picture, and change one's mind."""
    world.clock.advance(0.001)
    await cancel(world.context, await asked_with(world, name, guild_id), ADA)


def age(world: World, name: str) -> None:
    """Make a video's file look a year old."""
    long_ago = time.time() - 365 * _DAY_S
    os.utime(world.context.media.path(name), (long_ago, long_ago))


def is_kept(world: World, name: str) -> bool:
    return world.context.media.input_path(name) is not None


@BOTH_ENGINES
async def test_an_input_goes_when_its_days_are_over(world: World) -> None:
    """Not a moment before, and by the days that its server has set."""
    await keeps(world, GUILD, keep_inputs_days=3)
    name = await an_input(world)
    await ended_with(world, name)
    world.clock.advance(3 * _DAY_S - 3600)
    await retention.sweep(world.context)
    assert is_kept(world, name)
    world.clock.advance(3600)
    assert (await retention.sweep(world.context)).inputs == 1
    assert not is_kept(world, name)


@BOTH_ENGINES
async def test_an_input_of_two_servers_stays_as_long_as_one_wants(world: World) -> None:
    """Which of them asked first plays no part."""
    await keeps(world, GUILD, keep_inputs_days=2)
    await keeps(world, OTHER, keep_inputs_days=9)
    shared, own = await an_input(world, b"shared"), await an_input(world, b"own")
    await ended_with(world, shared, OTHER)
    await ended_with(world, shared, GUILD)
    await ended_with(world, own, GUILD)
    world.clock.advance(8 * _DAY_S)
    await retention.sweep(world.context)
    assert (is_kept(world, shared), is_kept(world, own)) == (True, False)
    world.clock.advance(_DAY_S)
    await retention.sweep(world.context)
    assert not is_kept(world, shared)


@BOTH_ENGINES
async def test_an_input_that_was_just_used_stays(world: World) -> None:
    """A member who has asked again, and was refused, has used it."""
    name = await an_input(world)
    world.context.media.touch_input(name)
    await retention.sweep(world.context)
    assert is_kept(world, name)


@BOTH_ENGINES
async def test_without_settings_inputs_are_kept_forty_days(world: World) -> None:
    """What no job of the last forty days was given goes."""
    used, unused = await an_input(world, b"used"), await an_input(world, b"unused")
    await ended_with(world, used)
    world.clock.advance(39 * _DAY_S)
    await retention.sweep(world.context)
    assert (is_kept(world, used), is_kept(world, unused)) == (True, False)


@BOTH_ENGINES
async def test_what_a_job_on_its_way_was_given_stays(world: World) -> None:
    """However long it waits."""
    await keeps(world, GUILD, keep_inputs_days=1)
    name = await an_input(world)
    await asked_with(world, name)
    world.clock.advance(300 * _DAY_S)
    assert await retention.sweep(world.context) == Swept(0, 0)
    assert is_kept(world, name)


@BOTH_ENGINES
async def test_a_video_goes_when_its_days_are_over(world: World) -> None:
    """They count from its delivery; its smaller copy goes with it."""
    await keeps(world, GUILD, keep_results_days=2)
    job = (await world.order()).job.id
    await world.until(JobState.DELIVERED, job=job)
    media = world.context.media
    media.copy_path(f"{job}.mp4").write_bytes(b"copy")
    age(world, f"{job}.mp4")
    world.clock.advance(2 * _DAY_S - 3600)
    assert (await retention.sweep(world.context)).videos == 0
    world.clock.advance(3600)
    assert (await retention.sweep(world.context)).videos == 1
    assert not media.exists(f"{job}.mp4")
    assert not media.copy_path(f"{job}.mp4").exists()
    assert (await world.job(job)).file_name is not None


@BOTH_ENGINES
async def test_a_video_that_is_not_delivered_stays(world: World) -> None:
    """It may be posted as long as anybody wants it."""
    await keeps(world, GUILD, keep_results_days=1)
    for way in ("post_result", "send_result_privately"):
        world.channel.trouble[way] = [PlaceGone("gone")]
    job = (await world.order()).job.id
    await world.until(JobState.UNDELIVERABLE, job=job)
    age(world, f"{job}.mp4")
    world.clock.advance(300 * _DAY_S)
    assert (await retention.sweep(world.context)).videos == 0
    assert world.context.media.exists(f"{job}.mp4")


@BOTH_ENGINES
async def test_a_video_whose_job_ended_without_it_goes(world: World) -> None:
    """The operator ended it after it was fetched: nobody will ever see it."""
    await keeps(world, GUILD, keep_results_days=1)
    job = (await world.order()).job
    await cancel(world.context, job.id, job.user_id)
    await asyncio.to_thread(world.context.media.prove)
    world.context.media.path(f"{job.id}.mp4").write_bytes(b"video")
    age(world, f"{job.id}.mp4")
    world.clock.advance(_DAY_S)
    assert await retention.sweep(world.context) == Swept(0, 1)


@BOTH_ENGINES
async def test_a_video_that_no_job_knows_goes(world: World) -> None:
    """Nobody can ask for it; a new one may be known in a moment."""
    media = world.context.media
    for name in ("lost.mp4", "new.mp4"):
        await asyncio.to_thread(media.prove)
        media.path(name).write_bytes(b"video")
    age(world, "lost.mp4")
    assert await retention.sweep(world.context) == Swept(0, 1)
    assert (media.exists("lost.mp4"), media.exists("new.mp4")) == (False, True)


@BOTH_ENGINES
async def test_a_sweep_of_nothing_does_nothing(world: World) -> None:
    """There may not even be a folder."""
    assert await retention.sweep(world.context) == Swept(0, 0)
