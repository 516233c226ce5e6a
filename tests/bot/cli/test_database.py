"""The report of the command line, run as an operator runs it."""

import asyncio
import csv
import io
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.__main__ import main
from domain.money import MicroUSD
from storage import billing, jobs
from storage.database import Database
from storage.engines import LockFile
from storage.jobs import NewJob
from tests.conftest import SqliteTemplate
from tests.harness.schema import migrate_to
from tests.harness.workflow import NO_LIMITS, make_request

NOVEMBER_MS = 1_795_287_600_000  # 21 November 2026


@pytest.fixture
async def url(sqlite_template: SqliteTemplate, tmp_path: Path) -> str:
    """Make a database in which two servers have spent something in November 2026."""
    address = await sqlite_template.make(tmp_path, empty=False)
    async with await Database.open(address) as database:
        for number, (guild, user) in enumerate([(10, 3), (10, 4), (20, 3)], start=1):
            await _spend(database, number, guild, user)
    return address


async def _spend(database: Database, number: int, guild: int, user: int) -> None:
    new = NewJob(
        id=f"job{number:017d}",
        interaction_id=number,
        guild_id=guild,
        channel_id=7,
        user_id=user,
        request=make_request(),
        price=MicroUSD(80_000 * number),
        price_version="v",
        created_at_ms=NOVEMBER_MS,
    )

    async def work(tx: AsyncConnection) -> None:
        job, _ = await jobs.enqueue(tx, new)
        await billing.hold(
            tx,
            job_id=job.id,
            attempt=1,
            guild_id=guild,
            user_id=user,
            amount=job.price,
            price_version="v",
            limits=NO_LIMITS,
            now_ms=NOVEMBER_MS,
        )
        await billing.charge(tx, job.id, 1, now_ms=NOVEMBER_MS)

    await database.transact(work)


def run(url: str, *options: str) -> Result:
    return CliRunner().invoke(main, ["report", *options], env={"DATABASE_URL": url})


def rows(found: Result) -> list[dict[str, str]]:
    assert found.exit_code == 0, found.output
    return list(csv.DictReader(io.StringIO(found.stdout, newline="")))


def test_all_servers_are_reported(url: str) -> None:
    """A line for each server and group, exactly, without any name."""
    by_day = rows(run(url, "--period", "2026-11"))
    assert [(row["server_id"], row["first_day"], row["net_usd"]) for row in by_day] == [
        ("10", "2026-11-21", "0.240000"),
        ("20", "2026-11-21", "0.240000"),
    ]
    by_user = rows(run(url, "--period", "all", "--group-by", "user"))
    assert [(row["server_id"], row["user_id"], row["net_usd"]) for row in by_user] == [
        ("10", "3", "0.080000"),
        ("10", "4", "0.160000"),
        ("20", "3", "0.240000"),
    ]
    assert {row["first_day"] for row in by_user} == {"2026-11-21"}
    assert "user_name" not in by_user[0]


@pytest.mark.parametrize(("days", "lasts"), [(7, "work for 7 more days"), (0, "do not work any")])
def test_a_new_signing_secret_is_made(url: str, days: int, lasts: str) -> None:
    """And said how long the links of the old one last."""
    words = ["rotate", "secret", "--keep-days", str(days)]
    found = CliRunner().invoke(main, words, env={"DATABASE_URL": url})
    assert (found.exit_code, lasts in found.output) == (0, True), found.output


def test_a_secret_is_not_rotated_under_a_service_that_runs(url: str) -> None:
    """On SQLite it would sign with the old one until its end; a sentence says so."""
    lock = LockFile(Path(url.removeprefix("sqlite:///")))
    found = CliRunner().invoke(main, ["rotate", "secret"], env={"DATABASE_URL": url})
    lock.release()
    assert (found.exit_code, "is in use by another process" in found.output) == (1, True)


def test_a_month_without_anything_is_a_head_without_lines(url: str) -> None:
    """Past or to come."""
    for month in ("2026-10", "2031-01"):
        found = run(url, "--period", month)
        assert rows(found) == []
        assert found.stdout.startswith("first_day,last_day,server_id,charged_usd,")


@pytest.mark.parametrize("options", [("--period", "tomorrow"), ("--group-by", "guild")])
def test_what_is_no_period_or_group_is_refused(url: str, options: tuple[str, str]) -> None:
    """With the usual exit code of wrong usage, naming what there is."""
    found = run(url, *options)
    assert found.exit_code == 2
    assert "month" in found.output or "channel" in found.output


def test_without_a_database_one_sentence_is_said(tmp_path: Path) -> None:
    """And none is made."""
    found = run(f"sqlite:///{tmp_path / 'none.db'}")
    assert found.exit_code == 1
    assert "There is no database" in found.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("revision", "words"), [("0003", "is at schema 0003"), ("base", "has no tables yet")]
)
@pytest.mark.parametrize("command", ["report", "audit"])
def test_before_the_migration_one_sentence_says_what_to_do(
    tmp_path: Path, command: str, revision: str, words: str
) -> None:
    """Whatever looks at the database, and however old that is."""
    url = f"sqlite:///{tmp_path / 'old.db'}"
    asyncio.run(migrate_to(url, revision))
    found = CliRunner().invoke(main, [command], env={"DATABASE_URL": url})
    assert found.exit_code == 1
    assert words in found.output
    assert "python -m bot migrate" in found.output
