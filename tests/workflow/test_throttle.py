"""Who waits how long: for a place at APIXO, and for APIXO to take more again."""

from collections.abc import AsyncIterator
from math import ceil

import pytest

from domain.jobs import JobState
from sandbox.apixo import ApixoConfig, FakeApixo, Fault, ManualClock
from storage import jobs
from tests.harness.workflow import ADA, WorkflowHarness
from workflow.throttle import MAX_PER_MINUTE, MIN_PER_MINUTE, Throttle

S = JobState
OTHERS = range(100, 110)
PLACES = 5


@pytest.fixture
def limits() -> dict[str, int]:
    """Give APIXO's own limits: none, if a test does not say so."""
    return {}


@pytest.fixture
async def apixo(clock: ManualClock, limits: dict[str, int]) -> AsyncIterator[FakeApixo]:
    async with FakeApixo(ApixoConfig(clips="tiny", **limits), clock) as fake_apixo:  # type: ignore[arg-type]
        yield fake_apixo


async def moments(world: WorkflowHarness, job: str) -> dict[JobState, int]:
    """Return when a job came into each of its states."""
    events = await world.database.read(lambda tx: jobs.list_events(tx, job))
    return {event.target: event.at_ms for event in events}


async def test_ten_members_with_one_job_each_do_not_wait_behind_one_with_fifty(
    harness: WorkflowHarness,
):
    """While one of the ten waits, the one with fifty starts a job only with none in flight.

    So of five places four at least work for the ten, and the k-th of them waits for k fourths,
    rounded up, of the longest time that anyone keeps a place.
    """
    fifty = [(await harness.accept_job(user=ADA)).job.id for _ in range(50)]
    await harness.run_once()
    ten = [(await harness.accept_job(user=user)).job.id for user in OTHERS]
    while not await harness.all_are(S.DELIVERED, ten):
        await harness.run_once()
        await harness.advance_to_next_due()
    hers = [life for job in fifty if S.SUCCEEDED in (life := await moments(harness, job))]
    theirs = [await moments(harness, job) for job in ten]
    last_ms = max(life[S.SUBMITTING] for life in theirs)
    for later in (life for life in hers[PLACES:] if life[S.SUBMITTING] < last_ms):
        now_ms = later[S.SUBMITTING]
        assert not [life for life in hers if life[S.SUBMITTING] < now_ms < life[S.SUCCEEDED]]

    longest_ms = max(life[S.SUCCEEDED] - life[S.SUBMITTING] for life in [*hers, *theirs])
    for number, life in enumerate(theirs, start=1):
        assert life[S.SUBMITTING] - life[S.QUEUED] <= ceil(number / (PLACES - 1)) * longest_ms
    await harness.audit()


async def test_a_429_slows_submitting_down_and_it_speeds_up_again_slowly(harness: WorkflowHarness):
    """One at a time after the first 429, each a gap after the other; later any number again."""
    harness.change_policy(max_tasks=40)
    harness.apixo.faults.add_submit(Fault(status=429), 1)
    for _ in range(40):
        await harness.accept_job("a lake [[slow:1]]")
    at_once = list[int]()
    for _ in range(400):
        before = harness.submission_count()
        await harness.run_once()
        at_once.append(harness.submission_count() - before)
        harness.clock.advance(0.5)
        if len(harness.apixo.tasks) == 40 and harness.context.throttle.gap_ms == 0:
            break
    assert at_once[0] > 1
    assert all(count <= 1 for count in at_once[1:10])
    assert len(harness.apixo.tasks) == 40
    assert harness.context.throttle.gap_ms == 0
    assert harness.submission_count() <= 40 + at_once[0]


@pytest.mark.parametrize("limits", [{"max_tasks": 3}, {"requests_per_second": 2}])
async def test_what_apixo_limits_is_found_out_and_kept_to(harness: WorkflowHarness):
    """Three tasks at once where five are allowed, or two requests a second: all are made.

    Tries in vain stay few: at most one for each that is made.
    """
    made = [(await harness.accept_job()).job.id for _ in range(12)]
    for job in made:
        await harness.run_until(S.DELIVERED, job=job)
    assert len(harness.apixo.tasks) == 12
    assert harness.submission_count() <= 24
    await harness.audit()


def test_the_pace_is_halved_and_grows_by_steps():
    """Sixty a minute and more are no limit; many 429 of one moment count once."""
    pace = Throttle()
    assert pace.allowance(0) is None
    for _ in range(5):
        pace.slow_down(begun_ms=1_000, now_ms=1_100)
    assert pace.gap_ms == 2_000
    assert (pace.allowance(1_100), pace.allowance(3_099), pace.allowance(3_100)) == (0, 0, 1)
    for round_ms in range(10_000, 100_000, 10_000):
        pace.slow_down(round_ms, round_ms + 100)
    assert pace.gap_ms == 60_000 / MIN_PER_MINUTE
    gaps = list[int]()
    while pace.gap_ms:
        pace.speed_up()
        gaps.append(pace.gap_ms)
    assert gaps == sorted(gaps, reverse=True)
    assert len(gaps) == ceil((MAX_PER_MINUTE - MIN_PER_MINUTE) / 3)
