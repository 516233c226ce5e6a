"""Members hear of their released jobs once, one member after the other."""

from itertools import pairwise

from domain.obstacles import Obstacle, ObstacleKind
from tests.harness.workflow import ADA, BEN, BOTH_ENGINES, CHANNEL, GUILD, WorkflowHarness
from workflow.errors import ChannelUnavailable, TemporaryPublishError
from workflow.publisher import ReleaseNotice
from workflow.servers.notices import INTERVAL_MS, ReleaseNotices
from workflow.servers.release import release_waiting

LEFT = Obstacle(ObstacleKind.SERVER_LEFT)
EVE = 33


async def release(harness: WorkflowHarness, *users: int) -> list[str]:
    """Have a job of each of these members released; return the jobs."""
    jobs = [(await harness.accept_job(user=user)).job.id for user in users]
    await release_waiting(harness.context, GUILD, LEFT)
    return jobs


async def let_pass(harness: WorkflowHarness, notices: ReleaseNotices, seconds: int) -> list[float]:
    """Turn the task every two seconds, and return when something was sent."""
    times: list[float] = []
    end = harness.clock.now() + seconds
    while harness.clock.now() < end:
        before = len(harness.publisher.notices)
        await notices.send_next()
        if len(harness.publisher.notices) > before:
            times.append(harness.clock.now())
        harness.clock.advance(2)
    return times


@BOTH_ENGINES
async def test_each_member_gets_one_message_and_they_take_turns(harness: WorkflowHarness) -> None:
    """However many jobs each had, and however many processes send."""
    first = await release(harness, ADA, ADA, BEN, ADA, EVE, BEN)
    both = ReleaseNotices(harness.context), ReleaseNotices(harness.context)
    times = await let_pass(harness, both[0], 4)
    assert times == [], "more of their jobs may be released yet"
    for _ in range(40):
        times += await let_pass(harness, both[0], 2)
        times += await let_pass(harness, both[1], 2)
    assert {n.user_id: n.count for n in harness.publisher.notices} == {ADA: 3, BEN: 2, EVE: 1}
    assert harness.publisher.notices[0] == ReleaseNotice(
        ADA, CHANNEL, first[0], ObstacleKind.SERVER_LEFT, 3
    )
    gaps = [b - a for a, b in pairwise(times)]
    assert min(gaps) * 1000 >= INTERVAL_MS
    await release(harness, BEN)
    await let_pass(harness, both[0], 30)
    assert len(harness.publisher.notices) == 4, "a later release is told too"


async def test_nobody_is_told_of_a_part(harness: WorkflowHarness) -> None:
    """A process may die between two releases, and come back long after the first."""
    harness.change_policy(max_tasks=1)
    for _ in range(2):
        await harness.accept_job()
    harness.publisher.left_guilds.add(GUILD)
    await harness.run_once()  # looks at the first before it is submitted
    notices = ReleaseNotices(harness.context)
    assert await let_pass(harness, notices, 60) == []
    await release_waiting(harness.context, GUILD, LEFT)
    await let_pass(harness, notices, 60)
    assert [notice.count for notice in harness.publisher.notices] == [2]


async def test_a_closed_channel_is_told_while_others_wait(harness: WorkflowHarness) -> None:
    """What waits in another channel goes on waiting."""
    harness.change_policy(max_tasks=1)
    for _ in range(2):
        await harness.accept_job()
    harness.publisher.obstacles[CHANNEL] = Obstacle(ObstacleKind.CHANNEL_GONE)
    await harness.run_once()
    await let_pass(harness, ReleaseNotices(harness.context), 20)
    assert [notice.count for notice in harness.publisher.notices] == [1]


async def test_a_member_who_takes_no_messages_is_left_alone(harness: WorkflowHarness) -> None:
    """One try; then it is the next one's turn."""
    await release(harness, ADA, BEN)
    harness.publisher.errors["notify_released"].append(ChannelUnavailable("closed"))
    await let_pass(harness, ReleaseNotices(harness.context), 600)
    assert [n.user_id for n in harness.publisher.notices] == [BEN]


async def test_silence_is_met_with_growing_pauses_and_an_end(harness: WorkflowHarness) -> None:
    """A day of Discord's silence takes few requests, and no notice comes after it."""
    await release(harness, ADA)
    notices = ReleaseNotices(harness.context)
    silence = harness.publisher.errors["notify_released"]
    silence += [TemporaryPublishError("nothing")] * 10_000
    await let_pass(harness, notices, 3_600)
    assert 10_000 - len(silence) < 60
    harness.clock.advance(86_400)
    await let_pass(harness, notices, 600)
    silence.clear()
    await let_pass(harness, notices, 600)
    assert harness.publisher.notices == []
