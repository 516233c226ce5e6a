"""Whatever happens to money, the reports say exactly what a model that adds it all up says."""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

import storage
from domain.failures import FailReason
from domain.jobs import JobState
from domain.money import MicroUSD
from domain.quotas import Limits
from domain.reports import EPOCH, DayRange, ReportLine, Sums, day_from_number, day_number
from storage import audit, billing, jobs, reports
from storage.database import Database
from storage.jobs import Job, NewJob
from storage.reports import SpendingFilter

S = JobState
DAY_MS = 86_400_000
NOON_MS = 20_000 * DAY_MS + DAY_MS // 2
ALWAYS = DayRange(EPOCH, date(2100, 1, 1))
NO_LIMITS = Limits(member_day=None, server_day=None, everything_day=None)

Accept = Callable[..., Awaitable[Job]]
Key = tuple[int, int, int]


class UndoneError(Exception):
    """Ends a transaction without a trace."""


@dataclass
class Model:
    """What must be reported: for each server, member and day, and what is on hold."""

    made: list[tuple[Job, str]] = field(default_factory=list[tuple[Job, str]])
    sums: defaultdict[Key, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    held: Counter[tuple[int, int]] = field(default_factory=Counter[tuple[int, int]])
    paid: Counter[str] = field(default_factory=Counter[str])

    def add(self, job: Job, at_ms: int, **amounts: int) -> None:
        self.sums[job.guild_id, job.user_id, at_ms // DAY_MS].update(amounts)

    def total(self, which: Callable[[Key], bool]) -> Sums:
        counted = Counter[str]()
        for key, sums in self.sums.items():
            if which(key):
                counted.update(sums)
        fields: dict[str, Any] = dict(counted)
        return Sums(**fields)


steps = st.lists(
    st.tuples(
        st.sampled_from(["accept", "accept", "cancel", "succeed", "fail", "refund", "deliver"]),
        st.integers(0, 9),
        st.integers(0, 80),
        st.sampled_from([1, 2]),
        st.sampled_from([3, 4]),
        # Around a midnight, and whenever else.
        st.sampled_from([0, DAY_MS // 2 - 1, DAY_MS // 2, 3 * DAY_MS, 40 * DAY_MS]),
    ),
    min_size=5,
    max_size=25,
)


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=steps, window=st.tuples(st.integers(-2, 45), st.integers(0, 50)))
async def test_reports_are_what_a_model_adds_up(
    database: Database,
    make_job: Callable[..., NewJob],
    steps: list[tuple[str, int, int, int, int, int]],
    window: tuple[int, int],
) -> None:
    """By every key and over any days, for a member, a server and all; the audit finds the same."""

    async def work(tx: AsyncConnection) -> None:
        model = Model()
        for act, which, amount, guild, user, after_ms in steps:
            at_ms = NOON_MS + after_ms
            if act == "accept":
                new = make_job(user_id=user, guild_id=guild, at_ms=at_ms, price=80)
                await _accept(tx, model, new)
            elif model.made:
                number = which % len(model.made)
                model.made[number] = await ACTS[act](tx, model, *model.made[number], at_ms, amount)
        first = 20_000 + window[0]
        await _compare(
            tx, model, DayRange(day_from_number(first), day_from_number(first + window[1]))
        )
        await _compare(tx, model, ALWAYS)
        assert (await audit.run_audit(tx)).violations == ()
        raise UndoneError

    with pytest.raises(UndoneError):
        await database.transact(work)


async def _accept(tx: AsyncConnection, model: Model, new: NewJob) -> None:
    job, _ = await jobs.enqueue(tx, new)
    await billing.hold(
        tx,
        job_id=job.id,
        attempt=1,
        guild_id=job.guild_id,
        user_id=job.user_id,
        amount=job.price,
        price_version=job.price_version,
        limits=NO_LIMITS,
        now_ms=job.created_at_ms,
    )
    model.made.append((job, "open"))
    model.held[job.guild_id, job.user_id] += job.price


async def _release(
    tx: AsyncConnection, model: Model, job: Job, at_ms: int, end: JobState
) -> tuple[Job, str]:
    await billing.release(tx, job.id, 1, now_ms=at_ms, note="")
    model.add(job, at_ms, released=80)
    model.held[job.guild_id, job.user_id] -= 80
    path = [end] if end is S.CANCELLED else [S.SUBMITTING, S.GENERATING, end]
    for target in path:
        job = await jobs.transition(tx, job, target, now_ms=at_ms)
    return job, "ended"


async def _cancel(
    tx: AsyncConnection, model: Model, job: Job, stage: str, at_ms: int, _: int
) -> tuple[Job, str]:
    if stage != "open":
        return job, stage
    model.add(job, at_ms, cancelled=1)
    return await _release(tx, model, job, at_ms, S.CANCELLED)


async def _fail(
    tx: AsyncConnection, model: Model, job: Job, stage: str, at_ms: int, _: int
) -> tuple[Job, str]:
    if stage != "open":
        return job, stage
    model.add(job, at_ms, failed=1)
    return await _release(tx, model, job, at_ms, S.FAILED)


async def _succeed(
    tx: AsyncConnection, model: Model, job: Job, stage: str, at_ms: int, amount: int
) -> tuple[Job, str]:
    if stage != "open":
        return job, stage
    await billing.charge(tx, job.id, 1, now_ms=at_ms, amount=MicroUSD(amount))
    model.add(job, at_ms, charged=amount, charges=int(amount > 0))
    model.held[job.guild_id, job.user_id] -= 80
    model.paid[job.id] += amount
    for target in (S.SUBMITTING, S.GENERATING, S.SUCCEEDED):
        job = await jobs.transition(tx, job, target, now_ms=at_ms)
    return job, "paid"


async def _deliver(
    tx: AsyncConnection, model: Model, job: Job, stage: str, at_ms: int, _: int
) -> tuple[Job, str]:
    if stage != "paid":
        return job, stage
    for target in (S.STORED, S.POSTING):
        job = await jobs.transition(tx, job, target, now_ms=at_ms)
    job = await jobs.transition(tx, job, S.DELIVERED, now_ms=at_ms, result_message_id=5)
    model.add(job, at_ms, delivered=1, waited_ms=at_ms - job.created_at_ms)
    return job, "delivered"


async def _refund(
    tx: AsyncConnection, model: Model, job: Job, stage: str, at_ms: int, amount: int
) -> tuple[Job, str]:
    if 0 < amount <= model.paid[job.id]:
        await billing.adjust(
            tx,
            job_id=job.id,
            guild_id=job.guild_id,
            user_id=job.user_id,
            amount=MicroUSD(-amount),
            account="member",
            actor="4",
            note="",
            now_ms=at_ms,
        )
        model.add(job, at_ms, adjusted=-amount)
        model.paid[job.id] -= amount
    return job, stage


ACTS = {
    "cancel": _cancel,
    "succeed": _succeed,
    "fail": _fail,
    "refund": _refund,
    "deliver": _deliver,
}


async def _compare(tx: AsyncConnection, model: Model, days: DayRange) -> None:
    for whose in (SpendingFilter(*both) for both in product((None, 1, 2), (None, 3, 4))):
        kept = {key: sums for key, sums in model.sums.items() if _is_of(whose, key)}
        kept = {key: sums for key, sums in kept.items() if key[2] in days.day_numbers}
        assert await _total(tx, whose, days) == model.total(lambda key, k=kept: key in k)
        found = await reports.sum_spending(tx, whose, days, "guild_id", "user_id", "day")
        wanted = {key: _present(sums) for key, sums in kept.items()}
        assert _counted(found) == {key: sums for key, sums in wanted.items() if sums}
        held = sum(amount for place, amount in model.held.items() if _is_of(whose, place))
        assert await reports.get_open_holds(tx, whose) == reports.OpenHolds(
            MicroUSD(held), held // 80
        )
    for guild, user in product((1, 2), (3, 4)):
        rows = await reports.list_statement(tx, guild, user, days, 1_000)
        assert [row.at_ms for row in rows] == sorted(row.at_ms for row in rows)
        total = await _total(tx, SpendingFilter(guild, user), days)
        assert sum(row.cost for row in rows) == total.net


async def _total(tx: AsyncConnection, whose: SpendingFilter, days: DayRange) -> Sums:
    found = await reports.sum_spending(tx, whose, days, "model")
    return sum((line.sums for line in found), Sums())


def _is_of(whose: SpendingFilter, key: tuple[int, ...]) -> bool:
    return whose.guild_id in (None, key[0]) and whose.user_id in (None, key[1])


def _counted(lines: list[ReportLine]) -> dict[Key, dict[str, int]]:
    found = dict[Key, dict[str, int]]()
    for line in lines:
        assert line.guild_id is not None
        assert line.user_id is not None
        assert line.day is not None
        key = (line.guild_id, line.user_id, day_number(line.day))
        if kept := _present(asdict(line.sums)):
            found[key] = kept
    return found


def _present(sums: Mapping[str, int]) -> dict[str, int]:
    return {name: amount for name, amount in sums.items() if amount}


async def _finish(database: Database, job: Job, at_ms: int, code: str | None = None) -> None:
    """Charge and deliver a job, or fail it with a code, all at one moment."""

    async def work(tx: AsyncConnection) -> None:
        moved = job
        if code is None:
            await billing.charge(tx, job.id, 1, now_ms=at_ms)
            ends = (S.SUCCEEDED, S.STORED, S.POSTING, S.DELIVERED)
        else:
            await billing.release(tx, job.id, 1, now_ms=at_ms, note="")
            ends = (S.FAILED,)
        for target in (S.SUBMITTING, S.GENERATING, *ends):
            changes: dict[str, Any] = {"fail_code": code} if target is S.FAILED else {}
            moved = await jobs.transition(tx, moved, target, now_ms=at_ms, **changes)
        if code is None:
            await tx.execute(text("UPDATE jobs SET result_message_id = 5"))

    await database.transact(work)


def test_only_reports_and_audit_read_the_daily_sums() -> None:
    """So each figure has one query, and the audit's own to check it; an export reads rows alone."""
    root = Path(storage.__file__).parents[1]
    rooms = ("bot", "cogs", "workflow", "storage")
    readers = {
        str(file.relative_to(root))
        for room in rooms
        for file in (root / room).rglob("*.py")
        if "migrations" not in file.parts and "daily_sums" in file.read_text(encoding="utf-8")
    }
    exports = {"storage/personal_data.py"}
    assert readers - exports == {"storage/schema.py", "storage/reports.py", "storage/audit.py"}


async def test_a_day_ends_at_midnight_utc(database: Database, accept_job: Accept) -> None:
    """The last millisecond belongs to it, and the next to the next day."""
    midnight_ms = 20_001 * DAY_MS
    for at_ms in (midnight_ms - 1, midnight_ms, midnight_ms + DAY_MS - 1):
        await _finish(database, await accept_job(price=80, at_ms=midnight_ms - 9), at_ms)
    found = await database.read(
        lambda tx: reports.sum_spending(tx, SpendingFilter(1), ALWAYS, "day")
    )
    assert [(line.day, line.sums.charged, line.sums.delivered) for line in found] == [
        (day_from_number(20_000), 80, 1),
        (day_from_number(20_001), 160, 2),
    ]


async def test_nothing_and_days_to_come_are_nothing(database: Database, accept_job: Accept) -> None:
    """No lines, sums of zero, no first day; also where something happened on other days."""
    tomorrow = DayRange(date(2090, 1, 1), date(2090, 2, 1))
    none = DayRange(date(2026, 1, 2), date(2026, 1, 1))

    async def ask(tx: AsyncConnection, days: DayRange) -> None:
        assert await _total(tx, SpendingFilter(1, 3), days) == Sums()
        assert await reports.sum_spending(tx, SpendingFilter(), days, "user_id", "model") == []
        assert await reports.count_failures(tx, 1, days) == {}
        assert await reports.list_statement(tx, 1, 3, days, 9) == []

    for days in (ALWAYS, tomorrow, none):
        await database.read(lambda tx, days=days: ask(tx, days))
    assert await database.read(lambda tx: reports.first_day_number(tx, SpendingFilter(1))) is None
    await _finish(database, await accept_job(), NOON_MS)
    for days in (tomorrow, none):
        await database.read(lambda tx, days=days: ask(tx, days))
    assert await database.read(lambda tx: reports.first_day_number(tx, SpendingFilter(1))) == 20_000
    assert await database.read(lambda tx: reports.first_day_number(tx, SpendingFilter(2))) is None


async def test_failures_are_counted_by_their_cause(database: Database, accept_job: Accept) -> None:
    """Codes are put together by what they mean; other servers and other days do not count."""
    codes = ("SensitiveContent", "NSFW_DETECTED", "Timeout", "no such code", None)
    for code in codes:
        await _finish(database, await accept_job(), NOON_MS, code)
    await _finish(database, await accept_job(guild_id=2), NOON_MS, "Timeout")
    await _finish(database, await accept_job(), NOON_MS + DAY_MS, "Timeout")
    day = DayRange(day_from_number(20_000), day_from_number(20_001))
    assert await database.read(lambda tx: reports.count_failures(tx, 1, day)) == {
        FailReason.CONTENT: 2,
        FailReason.TIMEOUT: 1,
        FailReason.UNKNOWN: 1,
    }


async def test_only_the_newest_rows_are_read(database: Database, accept_job: Accept) -> None:
    """Oldest of them first."""
    for number in range(4):
        await accept_job(at_ms=NOON_MS + number)
    rows = await database.read(lambda tx: reports.list_statement(tx, 1, 3, ALWAYS, 3))
    assert [row.at_ms - NOON_MS for row in rows] == [1, 2, 3]


async def test_the_audit_finds_a_sum_that_is_off(database: Database, accept_job: Accept) -> None:
    """A changed sum, a missing one, and one of nothing that ever was."""
    await _finish(database, await accept_job(), NOON_MS)
    assert (await database.read(audit.run_audit)).violations == ()

    async def told(tx: AsyncConnection, breakage: str) -> tuple[str, ...]:
        await tx.execute(text(breakage))
        found = await audit.run_audit(tx)
        await tx.rollback()
        return found.violations

    for breakage, said in {
        "UPDATE daily_sums SET charged_micro = 81 WHERE scope = 'user'": (
            "for user 3 and seedance-1-5-pro exceed its rows by 1 charged_micro"
        ),
        "UPDATE daily_sums SET waited_ms = waited_ms + 7 WHERE scope = 'channel'": "7 waited_ms",
        "DELETE FROM daily_sums WHERE scope = 'server'": "exceed its rows by -80 charged_micro",
        "INSERT INTO daily_sums (guild_id, day, scope, subject_id, model, failed) "
        "VALUES (1, 5, 'channel', 2, 'm', 1)": "on day 5 for channel 2 and m",
    }.items():
        (violation,) = await database.transact(lambda tx, b=breakage: told(tx, b))
        assert said in violation


async def test_the_sums_of_earlier_days_are_made_up_for(empty_database_url: str) -> None:
    """A database from before the sums has them after its migration, and the audit proves them."""
    async with await Database.open(empty_database_url) as database:
        await database.transact(lambda tx: tx.run_sync(_fill_first_tables))
        await database.migrate()
        found = await database.read(
            lambda tx: reports.sum_spending(tx, SpendingFilter(), ALWAYS, "day", "model")
        )
        assert [(line.day, line.model, line.sums) for line in found] == [
            (
                day_from_number(20_000),
                "m",
                Sums(charged=MicroUSD(80), charges=1, delivered=1, failed=1, waited_ms=7_000),
            ),
            (day_from_number(20_001), "m", Sums(adjusted=MicroUSD(-30), released=MicroUSD(80))),
        ]
        violations = (await database.read(audit.run_audit)).violations
        assert [said for said in violations if "the sums of" in said] == []


def _fill_first_tables(connection: Connection) -> None:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(storage.__file__).parent / "migrations"))
    command.upgrade(config, "0001")
    job = (
        "INSERT INTO jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, "
        "request, model, mode, resolution, seconds, price_micro, price_version, attempt, "
        "submissions, failures, turns, due_at_ms, created_at_ms, ended_at_ms) VALUES "
        "(:id, :number, 1, 2, 3, :state, 0, '{}', 'm', '', '', 4, 80, 'v', 1, 1, 0, 0, 0, :at, "
        ":end)"
    )
    entry = (
        "INSERT INTO billing (kind, job_id, attempt, hold_id, amount_micro, account, guild_id, "
        "user_id, price_version, created_at_ms, actor, note) VALUES "
        "(:kind, :job, :attempt, :hold, :amount, 'member', 1, 3, 'v', :at, '', '')"
    )
    end = NOON_MS + 7_000
    for number, state in ((1, "delivered"), (2, "failed"), (3, "queued")):
        done = None if state == "queued" else end
        row = {"id": f"j{number}", "number": number, "state": state, "at": NOON_MS, "end": done}
        connection.execute(text(job), row)
    for kind, number, attempt, hold, amount, at in (
        ("hold", 1, 1, None, 80, NOON_MS),
        ("hold", 2, 1, None, 80, NOON_MS),
        ("charge", 1, 1, 1, 80, end),
        ("release", 2, 1, 2, 80, end + DAY_MS),
        ("adjust", 1, None, 1, -30, end + DAY_MS),
    ):
        row = {"kind": kind, "job": f"j{number}", "attempt": attempt, "hold": hold}
        connection.execute(text(entry), {**row, "amount": amount, "at": at})
