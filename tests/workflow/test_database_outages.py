"""An outage of the database is waited out, and no job suffers for it."""

from dataclasses import replace
from typing import Any

import pytest

from domain.jobs import JobState
from storage import key_value
from storage.database import Database
from storage.errors import DatabaseUnavailable
from tests.harness.workflow import WorkflowHarness
from workflow import reliability
from workflow.context import Context
from workflow.reliability import commit_with_retry

S = JobState
MANY = 50


class Breaking:
    """A database that does `lasts` transactions and then breaks for `fails` of them."""

    def __init__(self, database: Database, error: type[Exception] = DatabaseUnavailable) -> None:
        self.lasts = self.fails = 0
        self._database = database
        self._error = error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def transact(self, work: Any) -> Any:
        if self.lasts > 0:
            self.lasts -= 1
        elif self.fails > 0:
            self.fails -= 1
            raise self._error("out of order")
        return await self._database.transact(work)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once, three times and on."""
    monkeypatch.setattr(reliability, "_WRITE_AGAIN_S", (0.0, 0.0, 0.0))


async def test_what_must_not_be_lost_is_written_after_however_long_an_outage(
    harness: WorkflowHarness,
):
    """It outlasts any number of tries."""
    broken = Breaking(harness.database)
    broken.fails = MANY
    await commit_with_retry(_with(harness, broken), lambda tx: key_value.put(tx, "colour", "red"))
    assert broken.fails == 0
    assert await harness.database.read(lambda tx: key_value.get(tx, "colour")) == "red"


async def test_another_fault_of_the_database_comes_out_in_the_end(harness: WorkflowHarness):
    """It is tried as often as there are waits, and once more."""
    broken = Breaking(harness.database, OSError)
    broken.fails = MANY
    with pytest.raises(OSError, match="out of order"):
        await commit_with_retry(
            _with(harness, broken), lambda tx: key_value.put(tx, "colour", "red")
        )
    assert MANY - broken.fails == 4


async def test_outages_never_put_a_job_into_quarantine(harness: WorkflowHarness):
    """A stage that is cut off by one is done again at once, and has not been tried in vain."""
    job = (await harness.accept_job()).job.id
    await harness.run_once()
    broken = Breaking(harness.database)
    await harness.replace_worker(database=broken)
    for number in range(8):
        await harness.advance_to_next_due()
        harness.clock.advance(60)
        # A worker's first turn looks for lost submissions, and each claims what is due.
        broken.lasts, broken.fails = 1 if number else 2, 3
        await harness.run_once()
        assert broken.fails == 0
        found = await harness.job(job)
        assert (found.state, found.turns, found.lease_owner) == (S.GENERATING, 0, None)
    broken.lasts = broken.fails = 0
    await harness.run_until(S.DELIVERED, job=job)
    await harness.run_for(600)  # its status message, cut off as often, waits longer
    assert harness.publisher.status_of(job) in harness.publisher.deleted
    assert harness.submission_count() == 1
    await harness.audit()


def _with(world: WorkflowHarness, database: Any) -> Context:
    return replace(world.context, database=database)
