"""Sharing: a video is in the showcase once, where all who see it may, until it is deleted."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from domain.guild_settings import ServerSettings, Which
from domain.jobs import JobState
from tests.harness.workflow import ADA, CHANNEL, GUILD, World
from workflow.billing.quotas import Manager
from workflow.errors import HistoryDenied, NotYours, PlaceGone, TooSoon, TryLater
from workflow.guilds import settings
from workflow.results.delete import erase
from workflow.results.share import Shared, share
from workflow.stages.accept import accept

S = JobState
SHOWCASE = 99


async def choose(world: World, interaction_id: int = 1, **chosen: Any) -> None:
    """Have a manager change the server's settings."""

    def change(before: ServerSettings) -> ServerSettings:
        return before.model_copy(update=chosen)

    await settings.change(world.context, GUILD, Manager(ADA, interaction_id), change)


async def made(world: World, prompt: str = "a lake") -> str:
    """Choose a showcase, and have a video made and posted."""
    await choose(world, showcase_channel=SHOWCASE)
    job = (await world.order(prompt)).job.id
    await world.until(S.DELIVERED, job=job)
    return job


async def test_a_shared_video_is_there_once(world: World) -> None:
    """The same file; a second time nothing is posted; *Delete* takes it away as well."""
    job = await made(world)
    sharing = await share(world.context, job)
    (post,) = world.channel.of(job, "shared")
    assert sharing.outcome is Shared.POSTED
    assert (post.channel, post.video) == (SHOWCASE, world.channel.of(job, "result")[0].video)
    assert (sharing.job.shared_message_id, sharing.job.shared_channel_id) == (post.id, SHOWCASE)
    await choose(world, 2, showcase_channel=None)
    again = await share(world.context, job)
    assert (again.outcome, again.job) == (Shared.THERE, await world.job(job))
    await erase(world.context, job, ADA)
    assert world.channel.of(job, "shared") == world.channel.of(job, "result") == []
    assert (await share(world.context, job)).outcome is Shared.GONE


async def test_clicks_at_once_are_one_post(world: World) -> None:
    """Whichever is first."""
    job = await made(world)
    shared = await asyncio.gather(*(share(world.context, job) for _ in range(4)))
    (post,) = world.channel.of(job, "shared")
    assert {sharing.job.shared_message_id for sharing in shared} == {post.id}
    assert {sharing.outcome for sharing in shared} <= {Shared.POSTED, Shared.THERE}


async def test_a_second_post_that_discord_let_through_is_taken_away(world: World) -> None:
    """It had forgotten the nonce, and its history may not be read."""
    job = await made(world)
    world.channel.forgets_nonces = True
    world.channel.trouble["find_shared"] = [HistoryDenied("no permission")] * 2
    await asyncio.gather(share(world.context, job), share(world.context, job))
    (post,) = world.channel.of(job, "shared")
    assert (await world.job(job)).shared_message_id == post.id


async def test_a_post_whose_answer_was_lost_is_found(world: World) -> None:
    """The next click looks before it posts."""
    job = await made(world)
    world.channel.lost["share"] = [TryLater("503")]
    with pytest.raises(TryLater):
        await share(world.context, job)
    world.channel.forgets_nonces = True
    assert (await share(world.context, job)).outcome is Shared.POSTED
    (post,) = world.channel.of(job, "shared")
    assert (await world.job(job)).shared_message_id == post.id


async def test_a_video_deleted_meanwhile_is_not_left_in_the_showcase(world: World) -> None:
    """The post came too late, and goes with the rest."""
    job = await made(world)
    post = world.channel.share

    async def slow(*given: Any) -> int:
        message_id = await post(*given)
        await erase(world.context, job, ADA)
        return message_id

    world.channel.share = slow  # pyright: ignore[reportAttributeAccessIssue]
    assert (await share(world.context, job)).outcome is Shared.GONE
    assert world.channel.of(job, "shared") == []


async def test_a_showcase_is_chosen_first(world: World) -> None:
    """Nothing is posted anywhere else."""
    job = (await world.order()).job.id
    await world.until(S.DELIVERED, job=job)
    assert (await share(world.context, job)).outcome is Shared.NO_SHOWCASE
    assert world.channel.of(job, "shared") == []


@pytest.mark.parametrize(
    ("adults", "rule", "outcome"),
    [
        ({CHANNEL}, Which.NONE, Shared.ADULTS_ONLY),
        ({CHANNEL, SHOWCASE}, Which.ALL, Shared.POSTED),
        ({SHOWCASE}, Which.NONE, Shared.POSTED),
        (set[int](), Which.NONE, Shared.POSTED),
        (set[int](), Which.SENSITIVE, Shared.ADULTS_ONLY),
    ],
)
async def test_what_is_for_adults_is_not_shown_to_others(
    world: World, adults: set[int], rule: Which, outcome: Shared
) -> None:
    """By the channel it comes from, and by what the server finds sensitive."""
    job = await made(world)
    await choose(world, 2, age_gate=rule, sensitive=("lake",))
    world.channel.for_adults = adults
    assert (await share(world.context, job)).outcome is outcome


async def test_a_sensitive_video_is_a_spoiler_there_too(world: World) -> None:
    """As its result is."""
    job = await made(world)
    await choose(world, 2, spoilers=Which.ALL)
    await share(world.context, job)
    (post,) = world.channel.of(job, "shared")
    assert post.parcel is not None
    assert post.parcel.is_spoiler


async def test_only_a_video_that_everybody_may_see_is_shared(world: World) -> None:
    """Neither one that is not there yet, nor a private one, nor one that is not kept."""
    job = await made(world)
    waiting = (await world.order()).job.id
    with pytest.raises(TooSoon):
        await share(world.context, waiting)
    with pytest.raises(NotYours):
        await share(world.context, "0" * 20)
    world.context.media.remove(f"{job}.mp4")
    assert (await share(world.context, job)).outcome is Shared.GONE
    order = replace(world.an_order("a secret"), private=True)
    secret = (await accept(world.context, order)).job.id
    await world.until(S.DELIVERED, job=secret)
    with pytest.raises(TooSoon):
        await share(world.context, secret)


async def test_a_showcase_that_takes_nothing_is_told(world: World) -> None:
    """The bot may not post there, or the video is too large and nothing smaller can be had."""
    job = await made(world)
    world.channel.trouble["share"] = [PlaceGone("Missing Access")]
    with pytest.raises(PlaceGone):
        await share(world.context, job)
    world.channel.most_bytes = 9
    assert (await share(world.context, job)).outcome is Shared.TOO_LARGE
    assert (await world.job(job)).shared_message_id is None


async def test_a_delete_that_was_cut_off_is_finished_in_the_showcase(world: World) -> None:
    """Where the post is stays written down."""
    job = await made(world)
    await share(world.context, job)
    world.channel.trouble["delete_shared"] = [TryLater("503")]
    with pytest.raises(TryLater):
        await erase(world.context, job, ADA)
    await erase(world.context, job, ADA)
    assert world.channel.of(job, "shared") == []
