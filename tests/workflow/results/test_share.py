"""Sharing: a video is in the showcase once, where all who see it may, until it is deleted."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from domain.guild_settings import AppliesTo, GuildSettings
from domain.jobs import JobState
from tests.harness.workflow import ADA, CHANNEL, GUILD, WorkflowHarness
from workflow.billing.quotas import Actor
from workflow.errors import (
    ChannelUnavailable,
    HistoryDenied,
    JobNotFound,
    NotDelivered,
    TemporaryPublishError,
)
from workflow.guilds import settings
from workflow.results.delete import delete_video
from workflow.results.share import ShareOutcome, share
from workflow.stages.accept import accept

S = JobState
SHOWCASE = 99


async def choose(world: WorkflowHarness, interaction_id: int = 1, **chosen: Any) -> None:
    """Have a manager change the server's settings."""

    def change(before: GuildSettings) -> GuildSettings:
        return before.model_copy(update=chosen)

    await settings.change(world.context, GUILD, Actor(ADA, interaction_id), change)


async def made(world: WorkflowHarness, prompt: str = "a lake") -> str:
    """Choose a showcase, and have a video made and posted."""
    await choose(world, showcase_channel=SHOWCASE)
    job = (await world.accept_job(prompt)).job.id
    await world.run_until(S.DELIVERED, job=job)
    return job


async def test_a_shared_video_is_there_once(harness: WorkflowHarness) -> None:
    """The same file; a second time nothing is posted; *Delete* takes it away as well."""
    job = await made(harness)
    sharing = await share(harness.context, job)
    (post,) = harness.publisher.messages_of(job, "shared")
    assert sharing.outcome is ShareOutcome.POSTED
    assert (post.channel, post.video) == (
        SHOWCASE,
        harness.publisher.messages_of(job, "result")[0].video,
    )
    assert (sharing.shared.shared_message_id, sharing.shared.shared_channel_id) == (
        post.id,
        SHOWCASE,
    )
    await choose(harness, 2, showcase_channel=None)
    again = await share(harness.context, job)
    assert (again.outcome, again.shared) == (ShareOutcome.ALREADY_SHARED, await harness.job(job))
    await delete_video(harness.context, job, ADA)
    assert (
        harness.publisher.messages_of(job, "shared")
        == harness.publisher.messages_of(job, "result")
        == []
    )
    assert (await share(harness.context, job)).outcome is ShareOutcome.GONE


async def test_clicks_at_once_are_one_post(harness: WorkflowHarness) -> None:
    """Whichever is first."""
    job = await made(harness)
    shared = await asyncio.gather(*(share(harness.context, job) for _ in range(4)))
    (post,) = harness.publisher.messages_of(job, "shared")
    assert {sharing.shared.shared_message_id for sharing in shared} == {post.id}
    assert {sharing.outcome for sharing in shared} <= {
        ShareOutcome.POSTED,
        ShareOutcome.ALREADY_SHARED,
    }


async def test_a_second_post_that_discord_let_through_is_taken_away(
    harness: WorkflowHarness,
) -> None:
    """It had forgotten the nonce, and its history may not be read."""
    job = await made(harness)
    harness.publisher.forgets_nonces = True
    harness.publisher.errors["find_shared"] = [HistoryDenied("no permission")] * 2
    await asyncio.gather(share(harness.context, job), share(harness.context, job))
    (post,) = harness.publisher.messages_of(job, "shared")
    assert (await harness.job(job)).shared_message_id == post.id


async def test_a_post_whose_answer_was_lost_is_found(harness: WorkflowHarness) -> None:
    """The next click looks before it posts."""
    job = await made(harness)
    harness.publisher.errors_after_effect["share"] = [TemporaryPublishError("503")]
    with pytest.raises(TemporaryPublishError):
        await share(harness.context, job)
    harness.publisher.forgets_nonces = True
    assert (await share(harness.context, job)).outcome is ShareOutcome.POSTED
    (post,) = harness.publisher.messages_of(job, "shared")
    assert (await harness.job(job)).shared_message_id == post.id


async def test_a_video_deleted_meanwhile_is_not_left_in_the_showcase(
    harness: WorkflowHarness,
) -> None:
    """The post came too late, and goes with the rest."""
    job = await made(harness)
    post = harness.publisher.share

    async def slow(*given: Any) -> int:
        message_id = await post(*given)
        await delete_video(harness.context, job, ADA)
        return message_id

    harness.publisher.share = slow  # pyright: ignore[reportAttributeAccessIssue]
    assert (await share(harness.context, job)).outcome is ShareOutcome.GONE
    assert harness.publisher.messages_of(job, "shared") == []


async def test_a_showcase_is_chosen_first(harness: WorkflowHarness) -> None:
    """Nothing is posted anywhere else."""
    job = (await harness.accept_job()).job.id
    await harness.run_until(S.DELIVERED, job=job)
    assert (await share(harness.context, job)).outcome is ShareOutcome.NO_SHOWCASE
    assert harness.publisher.messages_of(job, "shared") == []


@pytest.mark.parametrize(
    ("adults", "rule", "outcome"),
    [
        ({CHANNEL}, AppliesTo.NONE, ShareOutcome.ADULTS_ONLY),
        ({CHANNEL, SHOWCASE}, AppliesTo.ALL, ShareOutcome.POSTED),
        ({SHOWCASE}, AppliesTo.NONE, ShareOutcome.POSTED),
        (set[int](), AppliesTo.NONE, ShareOutcome.POSTED),
        (set[int](), AppliesTo.SENSITIVE, ShareOutcome.ADULTS_ONLY),
    ],
)
async def test_what_is_for_adults_is_not_shown_to_others(
    harness: WorkflowHarness, adults: set[int], rule: AppliesTo, outcome: ShareOutcome
) -> None:
    """By the channel it comes from, and by what the server finds sensitive."""
    job = await made(harness)
    await choose(harness, 2, age_gate=rule, sensitive=("lake",))
    harness.publisher.age_restricted_channels = adults
    assert (await share(harness.context, job)).outcome is outcome


async def test_a_sensitive_video_is_a_spoiler_there_too(harness: WorkflowHarness) -> None:
    """As its result is."""
    job = await made(harness)
    await choose(harness, 2, spoilers=AppliesTo.ALL)
    await share(harness.context, job)
    (post,) = harness.publisher.messages_of(job, "shared")
    assert post.payload is not None
    assert post.payload.is_spoiler


async def test_only_a_video_that_everybody_may_see_is_shared(harness: WorkflowHarness) -> None:
    """Neither one that is not there yet, nor a private one, nor one that is not kept."""
    job = await made(harness)
    waiting = (await harness.accept_job()).job.id
    with pytest.raises(NotDelivered):
        await share(harness.context, waiting)
    with pytest.raises(JobNotFound):
        await share(harness.context, "0" * 20)
    harness.context.media.remove_video(f"{job}.mp4")
    assert (await share(harness.context, job)).outcome is ShareOutcome.GONE
    order = replace(harness.make_order("a secret"), private=True)
    secret = (await accept(harness.context, order)).job.id
    await harness.run_until(S.DELIVERED, job=secret)
    with pytest.raises(NotDelivered):
        await share(harness.context, secret)


async def test_a_showcase_that_takes_nothing_is_told(harness: WorkflowHarness) -> None:
    """The bot may not post there, or the video is too large and nothing smaller can be had."""
    job = await made(harness)
    harness.publisher.errors["share"] = [ChannelUnavailable("Missing Access")]
    with pytest.raises(ChannelUnavailable):
        await share(harness.context, job)
    harness.publisher.file_limit = 9
    assert (await share(harness.context, job)).outcome is ShareOutcome.TOO_LARGE
    assert (await harness.job(job)).shared_message_id is None


async def test_a_delete_that_was_cut_off_is_finished_in_the_showcase(
    harness: WorkflowHarness,
) -> None:
    """Where the post is stays written down."""
    job = await made(harness)
    await share(harness.context, job)
    harness.publisher.errors["delete_shared"] = [TemporaryPublishError("503")]
    with pytest.raises(TemporaryPublishError):
        await delete_video(harness.context, job, ADA)
    await delete_video(harness.context, job, ADA)
    assert harness.publisher.messages_of(job, "shared") == []
