"""What the demo shows of a service's database, read while the service writes to it."""

from pathlib import Path

import pytest

from bot.snapshot_reader import SnapshotReader
from domain.jobs import JobState
from domain.money import MicroUSD
from domain.quotas import Limits
from domain.requests import Draft, GenerationCommand, build_request
from storage import billing, jobs
from storage.database import Database
from storage.jobs import Job, NewJob

ADA, BEN = 3, 4
_NO_LIMITS = Limits(member_day=None, server_day=None, everything_day=None)
_REQUEST = build_request(Draft(command=GenerationCommand.VIDEO, prompt="a cat in the rain"))


@pytest.fixture
async def books():
    """Open nothing yet, and leave nothing open."""
    made = SnapshotReader()
    yield made
    await made.close()


async def test_jobs_and_rows_come_newest_first_with_the_sums(
    books: SnapshotReader, database: Database, database_url: str
):
    """One job delivered and charged, one failed and given back, one under way, one parked."""
    for number, user_id in enumerate((ADA, BEN, ADA, BEN), start=1):
        await _accept(database, number, user_id)
    await _end(
        database, 1, JobState.SUCCEEDED, JobState.STORED, JobState.POSTING, JobState.DELIVERED
    )
    await _end(database, 2, JobState.FAILED)
    await _move(database, 4, JobState.SUBMIT_UNKNOWN, reason="no answer")
    seen = await books.read(database_url)
    assert seen is not None
    assert [(job["state"], job["phase"], job["user_id"]) for job in seen["jobs"]] == [
        ("submit_unknown", "parked", BEN),
        ("submitting", "moving", ADA),
        ("failed", "ended", BEN),
        ("delivered", "delivered", ADA),
    ]
    assert [job["reason"] for job in seen["jobs"]] == ["no answer", None, None, None]
    assert [job["due_at_ms"] is None for job in seen["jobs"]] == [False, True, True, True]
    assert (seen["held_micro"], seen["charged_micro"], seen["released_micro"]) == (160, 80, 80)
    assert [(row["kind"], row["amount_micro"]) for row in seen["ledger"]] == [
        ("release", 80),
        ("charge", 80),
        *[("hold", 80)] * 4,
    ]


async def test_money_given_back_after_a_charge_is_counted(
    books: SnapshotReader, database: Database, database_url: str
):
    """The operator paid for a lost file: the charge stays, with the refund beside it."""
    await _accept(database, 1, ADA)
    await _end(database, 1, JobState.SUCCEEDED)

    async def work(tx):
        await billing.adjust(
            tx,
            job_id=_name(1),
            guild_id=1,
            user_id=ADA,
            amount=MicroUSD(-80),
            account="member",
            actor="service",
            note="lost",
            now_ms=9,
        )

    await database.transact(work)
    seen = await books.read(database_url)
    assert seen is not None
    assert (seen["charged_micro"], seen["released_micro"]) == (80, 80)
    assert seen["ledger"][0]["amount_micro"] == -80


async def test_what_is_written_between_two_readings_is_seen_at_the_next(
    books: SnapshotReader, database: Database, database_url: str
):
    """The database stays open, and neither hinders the other."""
    before = await books.read(database_url)
    assert before is not None
    assert before["jobs"] == []
    await _accept(database, 1, ADA)
    after = await books.read(database_url)
    assert after is not None
    assert len(after["jobs"]) == 1


async def test_there_is_nothing_to_read_before_the_first_start(
    books: SnapshotReader, empty_database_url: str, tmp_path: Path
):
    """No file, no server, no tables, and no database at all; the file is not made by looking."""
    missing = tmp_path / "missing.db"
    rubbish = tmp_path / "rubbish.db"
    rubbish.write_bytes(b"this is no database" * 100)
    for url in (
        f"sqlite:///{missing}",
        f"sqlite:///{rubbish}",
        "postgresql://nobody@127.0.0.1:9/x",
        empty_database_url,
    ):
        assert await books.read(url) is None
    assert not missing.exists()


@pytest.mark.parametrize("template", ["sqlite"], indirect=True)
async def test_a_service_may_start_on_the_same_file_while_it_is_read(
    books: SnapshotReader, empty_database_url: str
):
    """From before the schema is there until after the second start; then on another file."""
    assert await books.read(empty_database_url) is None
    for _ in range(2):
        async with await Database.open(empty_database_url) as service:
            await service.migrate()
            assert await books.read(empty_database_url) is not None
        assert await books.read(empty_database_url) is not None
    assert await books.read(f"{empty_database_url}.reset") is None


@pytest.mark.parametrize("template", ["sqlite"], indirect=True)
async def test_only_the_newest_rows_are_read(
    books: SnapshotReader, database: Database, database_url: str
):
    """Fifty of each, however many there are; the sums count them all."""
    for number in range(1, 61):
        await _accept(database, number, ADA)
    seen = await books.read(database_url)
    assert seen is not None
    assert (len(seen["jobs"]), len(seen["ledger"]), seen["held_micro"]) == (50, 50, 4_800)
    assert seen["jobs"][0]["id"] == _name(60)


def _name(number: int) -> str:
    return f"job{number:017d}"


async def _accept(database: Database, number: int, user_id: int) -> None:
    """Add a job with its hold, about to be submitted."""
    new = NewJob(
        id=_name(number),
        interaction_id=number,
        guild_id=1,
        channel_id=2,
        user_id=user_id,
        request=_REQUEST,
        price=MicroUSD(80),
        price_version="2026-11",
        created_at_ms=number,
    )

    async def work(tx) -> None:
        await jobs.enqueue(tx, new)
        await billing.hold(
            tx,
            job_id=new.id,
            attempt=1,
            guild_id=1,
            user_id=user_id,
            amount=new.price,
            price_version=new.price_version,
            limits=_NO_LIMITS,
            now_ms=number,
        )
        await jobs.transition(tx, await _job(tx, number), JobState.SUBMITTING, now_ms=number)

    await database.transact(work)


async def _end(database: Database, number: int, *states: JobState) -> None:
    """Carry a job over `generating` to its end, with its money."""
    for state in (JobState.GENERATING, *states):
        await _move(database, number, state)


async def _move(
    database: Database, number: int, state: JobState, reason: str | None = None
) -> None:
    async def work(tx) -> None:
        if state is JobState.SUCCEEDED:
            await billing.charge(tx, _name(number), 1, now_ms=7)
        if state is JobState.FAILED:
            await billing.release(tx, _name(number), 1, now_ms=7, note="failed")
        await jobs.transition(tx, await _job(tx, number), state, now_ms=8, reason=reason)

    await database.transact(work)


async def _job(tx, number: int) -> Job:
    job = await jobs.get(tx, _name(number))
    assert job is not None
    return job
