"""What waits where no video can be posted is released before it is bought."""

from itertools import pairwise
from typing import Any

from domain.jobs import JobState
from domain.obstacles import Obstacle, ObstacleKind
from storage.jobs import Job
from tests.harness.workflow import ADA, BEN, BOTH_ENGINES, CHANNEL, GUILD, WorkflowHarness
from workflow.billing.quotas import Actor
from workflow.errors import ChannelUnavailable
from workflow.guilds import settings
from workflow.servers.notices import INTERVAL_MS
from workflow.servers.release import release_waiting, release_where_left

S, K = JobState, ObstacleKind
LEFT = Obstacle(K.SERVER_LEFT)
RELEASED = [("hold", 80_000), ("release", 80_000)]
RESULTS = 77
"""A server's channel for results."""


async def accept_jobs(harness: WorkflowHarness, count: int) -> list[str]:
    """Ask for videos, by two members in turn."""
    return [(await harness.accept_job(user=(ADA, BEN)[n % 2])).job.id for n in range(count)]


@BOTH_ENGINES
async def test_all_that_waits_on_a_server_is_released_at_once(harness: WorkflowHarness) -> None:
    """More than fit into one transaction; nothing is sent, the money is back, the audit clean."""
    jobs = await accept_jobs(harness, 27)
    assert await release_waiting(harness.context, GUILD, LEFT) == 27
    assert await release_waiting(harness.context, GUILD, LEFT) == 0
    await harness.run_for(600)
    for job in jobs:
        found = await harness.job(job)
        assert (found.state, found.fail_code) == (S.CANCELLED, K.SERVER_LEFT)
        assert await harness.ledger(job) == RELEASED
    assert harness.submission_count() == 0
    assert harness.publisher.messages == [], "nothing is posted where the bot is not"
    await harness.audit()


async def test_other_servers_wait_on(harness: WorkflowHarness) -> None:
    """A release is one server's."""
    (job,) = await accept_jobs(harness, 1)
    assert await release_waiting(harness.context, GUILD + 1, LEFT) == 0
    await harness.run_until(S.DELIVERED, job=job)


async def test_a_server_that_was_left_meanwhile_is_found(harness: WorkflowHarness) -> None:
    """The gateway may have said so while no process was running, or the database was gone."""
    (job,) = await accept_jobs(harness, 1)
    await release_where_left(harness.context)
    assert (await harness.job(job)).state is S.QUEUED
    harness.publisher.left_guilds.add(GUILD)
    harness.publisher.is_access_known = False
    await release_where_left(harness.context)
    assert (await harness.job(job)).state is S.QUEUED, "Discord did not say it"
    harness.publisher.is_access_known = True
    await release_where_left(harness.context)
    assert await harness.ledger(job) == RELEASED


async def test_a_job_is_looked_at_again_before_it_is_bought(harness: WorkflowHarness) -> None:
    """A channel that is gone, or closed to the bot: released, with a word on the message."""
    for obstacle in (
        Obstacle(K.CHANNEL_GONE),
        Obstacle(K.PERMISSIONS_MISSING, ("attach_files",)),
        LEFT,
    ):
        harness.publisher.obstacles[CHANNEL] = obstacle
        (job,) = await accept_jobs(harness, 1)
        found = await harness.run_until(S.CANCELLED, job=job)
        assert found.fail_code == obstacle.kind
        assert await harness.ledger(job) == RELEASED
    assert harness.submission_count() == 0
    await harness.audit()


async def test_an_open_channel_for_results_is_enough(harness: WorkflowHarness) -> None:
    """The video goes there; were it closed too, nothing would be bought."""
    manager = Actor(user_id=1, interaction_id=1)
    await settings.change(
        harness.context,
        GUILD,
        manager,
        lambda now: now.model_copy(update={"result_channel": RESULTS}),
    )
    harness.publisher.obstacles[CHANNEL] = Obstacle(K.PERMISSIONS_MISSING, ("send_messages",))
    (job,) = await accept_jobs(harness, 1)
    await harness.run_until(S.DELIVERED, job=job)
    harness.publisher.obstacles[RESULTS] = Obstacle(K.CHANNEL_GONE)
    (job,) = await accept_jobs(harness, 1)
    assert (await harness.run_until(S.CANCELLED, job=job)).fail_code == K.PERMISSIONS_MISSING


async def test_what_nobody_knows_waits(harness: WorkflowHarness) -> None:
    """Not ended, not bought, asked again with growing pauses; then it goes on."""
    harness.publisher.is_access_known = harness.publisher.is_access_cached = False
    (job,) = await accept_jobs(harness, 1)
    await harness.run_for(3_600)
    found = await harness.job(job)
    assert found.state is S.QUEUED
    assert 0 < found.failures < 30
    assert found.submissions < 90
    assert harness.submission_count() == 0
    harness.publisher.is_access_known = True
    await harness.run_until(S.DELIVERED, job=job)
    await harness.audit()


async def test_a_process_that_dies_while_it_asks_has_sent_nothing(
    harness: WorkflowHarness, monkeypatch: Any
) -> None:
    """While Discord is asked, the job is on record as not sent: it is queued again."""
    harness.publisher.is_access_cached = False
    (job,) = await accept_jobs(harness, 1)
    seen: list[Job] = []

    async def look(*_: object) -> None:
        seen.append(await harness.job(job))

    monkeypatch.setattr(harness.publisher, "find_obstacle", look)
    await harness.run_until(S.DELIVERED, job=job)
    assert [(one.state, one.submitted_at_ms) for one in seen] == [(S.SUBMITTING, None)]


async def test_what_is_at_apixo_goes_to_its_member(harness: WorkflowHarness) -> None:
    """Direct messages take turns; the server's channel is not tried, nor its messages edited."""
    jobs = await accept_jobs(harness, 3)
    await harness.run_once()
    await harness.run_once()
    shown = {job: list(harness.publisher.messages_of(job, "status")[0].states) for job in jobs}
    harness.publisher.left_guilds.add(GUILD)
    ends = [(await harness.run_until(S.DELIVERED, job=job)).ended_at_ms or 0 for job in jobs]
    for job in jobs:
        (result,) = harness.publisher.messages_of(job, "result")
        assert result.private
        assert harness.publisher.messages_of(job, "status")[0].states == shown[job]
    assert min(b - a for a, b in pairwise(sorted(ends))) >= INTERVAL_MS
    await harness.audit()


async def test_what_its_member_does_not_take_is_the_operators(harness: WorkflowHarness) -> None:
    """Undeliverable after one try: it is in /jobs and among the parked jobs."""
    (job,) = await accept_jobs(harness, 1)
    await harness.run_once()
    harness.publisher.left_guilds.add(GUILD)
    tries = harness.publisher.errors["send_result_by_dm"]
    tries += [ChannelUnavailable("no mutual guilds"), AssertionError("one try is enough")]
    await harness.run_until(S.UNDELIVERABLE, job=job)
    await harness.run_for(3_600)
    assert len(tries) == 1
