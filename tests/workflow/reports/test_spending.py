"""What is answered about spending, and how it is written as CSV."""

import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.jobs import JobState
from domain.money import MicroUSD
from domain.quotas import Limit, LimitKind, LimitTarget
from domain.reports import (
    EPOCH,
    DayRange,
    Grouping,
    ReportLine,
    ReportPeriod,
    Sums,
    day_from_number,
    day_number,
    parse_days,
    period_days,
    utc_day,
)
from storage import limits
from storage.reports import StatementEntry
from tests.harness.workflow import ADA, BEN, BOTH_ENGINES, CHANNEL, GUILD, WorkflowHarness
from workflow.reports import csv_export, spending
from workflow.reports.spending import SpendingReport

S = JobState
SEVEN_PM_MS = 1_795_287_600_000  # 21 November 2026
PRICE = MicroUSD(80_000)
DANGEROUS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"

moments = st.integers(0, 4_000_000_000_000)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def of_ada(
    world: WorkflowHarness, period: ReportPeriod = ReportPeriod.TODAY
) -> SpendingReport:
    return await spending.read_member_report(world.context, GUILD, ADA, (), period)


@given(moments)
def test_every_period_ends_with_today(now_ms: int) -> None:
    """And has the days that its name says."""
    today = utc_day(now_ms)
    lengths = {"today": 1, "7d": 7, "30d": 30, "month": today.day, "all": day_number(today) + 1}
    for period, length in lengths.items():
        days = period_days(ReportPeriod(period), now_ms)
        assert days.last == today
        assert len(days) == len(list(days)) == len(days.day_numbers) == length
        assert days == parse_days(period, now_ms)
    assert day_from_number(day_number(today)) == today
    assert parse_days(f"{today:%Y-%m}", 0).first == today.replace(day=1)


@pytest.mark.parametrize(("month", "length"), [("2026-02", 28), ("2024-02", 29), ("9998-12", 31)])
def test_a_month_can_be_named(month: str, length: int) -> None:
    """Past or to come, whatever today is."""
    assert len(parse_days(month, 0)) == length


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "1969-12", "9999-12", "\u0662\u0660\u0662\u0666-01"]
)
def test_what_is_no_period_is_refused_in_words(text: str) -> None:
    """And the words name what there is."""
    with pytest.raises(ValueError, match="today, 7d, 30d, month, all, or a month such as 2026-11"):
        parse_days(text, 0)


@BOTH_ENGINES
async def test_a_member_sees_their_own_spending(harness: WorkflowHarness) -> None:
    """Charged, held, waited for; nobody else's, and of no other server."""
    one = (await harness.accept_job()).job.id
    other = (await harness.accept_job(user=BEN)).job.id
    await harness.run_until(S.DELIVERED, job=one)
    await harness.run_until(S.DELIVERED, job=other)
    await harness.accept_job()
    figures = await of_ada(harness)
    assert (figures.total.net, figures.total.charges, figures.total.delivered) == (PRICE, 1, 1)
    assert figures.total.mean_wait_s is not None
    assert (figures.held.amount, figures.held.videos) == (PRICE, 1)
    assert [(line.day, line.sums) for line in figures.daily] == [
        (utc_day(harness.context.now_ms()), figures.total)
    ]
    strangers = await spending.read_member_report(
        harness.context, GUILD + 1, ADA, (), ReportPeriod.ALL
    )
    assert strangers.total == Sums()
    assert len(strangers.days) == 1


@BOTH_ENGINES
async def test_a_server_is_summed_by_each_group(harness: WorkflowHarness) -> None:
    """The groups add up to the total, and the most expensive is first."""
    for user in (ADA, BEN, BEN):
        await harness.run_until(S.DELIVERED, job=(await harness.accept_job(user=user)).job.id)
    for grouping in Grouping:
        figures = await spending.read_server_report(
            harness.context, GUILD, ReportPeriod.ALL, grouping
        )
        assert sum((line.sums for line in figures.groups), Sums()) == figures.total
        assert figures.total.net == 3 * PRICE
        assert sum(line.sums.net for line in figures.daily) == 3 * PRICE
        with_parts = grouping in (Grouping.USER, Grouping.CHANNEL)
        assert sum(line.sums.net for line in figures.parts) == (3 * PRICE if with_parts else 0)
    by_user = await spending.read_server_report(
        harness.context, GUILD, ReportPeriod.ALL, Grouping.USER
    )
    assert [line.user_id for line in by_user.groups] == [BEN, ADA]
    by_channel = await spending.read_server_report(
        harness.context, GUILD, ReportPeriod.ALL, Grouping.CHANNEL
    )
    assert [line.channel_id for line in by_channel.groups] == [CHANNEL]


async def test_everything_begins_with_the_first_day_that_has_something(
    harness: WorkflowHarness,
) -> None:
    """Not in 1970; and a week later it is a week and a day."""
    await harness.run_until(S.DELIVERED, job=(await harness.accept_job()).job.id)
    first = utc_day(harness.context.now_ms())
    harness.clock.advance(7 * 86_400)
    figures = await of_ada(harness, ReportPeriod.ALL)
    assert (figures.days.first, len(figures.days)) == (first, 8)
    assert (await of_ada(harness)).total == Sums()


async def test_the_budget_is_the_limit_of_all_days(harness: WorkflowHarness) -> None:
    """The limit that counts now; without one there is no budget."""
    assert (await of_ada(harness)).budget is None
    limit = Limit(target=LimitTarget.MEMBERS, kind=LimitKind.DAY, amount=500_000, guild_id=GUILD)
    await harness.database.transact(lambda tx: limits.put(tx, limit))
    await harness.accept_job()
    figures = await of_ada(harness, ReportPeriod.WEEK)
    assert (figures.today.limit, figures.today.used) == (500_000, PRICE)
    assert figures.budget == 3_500_000


@BOTH_ENGINES
async def test_the_rows_of_a_member_add_up(harness: WorkflowHarness) -> None:
    """What each row cost sums to what was paid; an open hold is listed, and costs nothing."""
    await harness.run_until(S.DELIVERED, job=(await harness.accept_job()).job.id)
    await harness.accept_job("a sea")
    days, postings = await spending.read_member_statement(
        harness.context, GUILD, ADA, ReportPeriod.ALL
    )
    assert days.first == utc_day(harness.context.now_ms())
    rows = rows_of(csv_export.format_statement_csv(postings))
    listed = [(row["kind"], row["amount_usd"], row["cost_usd"], row["prompt"]) for row in rows]
    assert listed == [
        ("charge", "0.080000", "0.080000", "a lake at dusk"),
        ("hold", "0.080000", "0.000000", "a sea"),
    ]
    assert rows[0]["time"].endswith("Z")
    assert sum(Decimal(row["cost_usd"]) for row in rows) == Decimal("0.08")


NOTE = StatementEntry(
    at_ms=SEVEN_PM_MS + 7,
    kind="adjust",
    amount=MicroUSD(-1),
    cost=MicroUSD(-1),
    job_id="j",
    channel_id=None,
    model=None,
    resolution=None,
    seconds=None,
    note="",
)


@given(st.text() | st.tuples(st.sampled_from(DANGEROUS), st.text()).map("".join))
def test_no_text_is_a_formula(text: str) -> None:
    """An apostrophe precedes what would run; all else stays, but for control characters."""
    written = csv_export.format_csv(["a", "b"], [(text, Decimal(-1))])
    _, (cell, number) = csv.reader(io.StringIO(written, newline=""))
    assert number == "-1"
    assert not cell.strip().startswith(tuple(DANGEROUS))
    shown = "".join(" " if unicodedata.category(c) == "Cc" and c < "\x80" else c for c in text)
    assert cell.removeprefix("'") == shown.removeprefix("'")
    assert len(cell) <= len(text) + 1


def test_times_and_amounts_are_exact() -> None:
    """To the millisecond and to the micro-dollar; a negative amount stays a number."""
    (row,) = rows_of(csv_export.format_statement_csv([replace(NOTE, note='=HYPERLINK("x")')]))
    assert row["time"] == "2026-11-21T19:00:00.007Z"
    assert row["amount_usd"] == "-0.000001"
    assert row["note"] == '\'=HYPERLINK("x")'
    assert row["channel_id"] == ""


def lines() -> Iterator[tuple[Grouping, ReportLine]]:
    sums = Sums(
        charged=MicroUSD(12_000_000_001), adjusted=MicroUSD(-1), delivered=2, waited_ms=9_000
    )
    yield Grouping.USER, ReportLine(user_id=7, guild_id=1, sums=sums)
    yield Grouping.CHANNEL, ReportLine(channel_id=7, guild_id=1, sums=sums)
    yield Grouping.MODEL, ReportLine(model="m", guild_id=1, sums=sums)
    yield Grouping.DAY, ReportLine(day=date(2026, 11, 21), guild_id=1, sums=sums)


@pytest.mark.parametrize(("grouping", "line"), list(lines()), ids=list(Grouping))
def test_a_line_says_what_it_is_about(grouping: Grouping, line: ReportLine) -> None:
    """Its days, its group with its name if that is known, and its sums."""
    days = DayRange(date(2026, 11, 1), date(2026, 12, 1))
    keys: dict[Grouping, dict[str, str]] = {
        Grouping.USER: {"user_id": "7", "user_name": "'=Ada"},
        Grouping.CHANNEL: {"channel_id": "7", "channel_name": "'=Ada"},
        Grouping.MODEL: {"model": "m"},
        Grouping.DAY: {},
    }
    first, last = ("2026-11-21",) * 2 if line.day else ("2026-11-01", "2026-11-30")
    sums: dict[str, Any] = {
        "charged_usd": "12000.000001",
        "adjusted_usd": "-0.000001",
        "net_usd": "12000.000000",
        "released_usd": "0.000000",
        "charges": "0",
        "delivered": "2",
        "failed": "0",
        "cancelled": "0",
        "lost": "0",
        "mean_wait_s": "4",
    }
    about = {"first_day": first, "last_day": last}
    named = csv_export.format_server_csv([line], days, grouping, {7: "=Ada"})
    assert rows_of(named) == [{**about, **keys[grouping], **sums}]
    everywhere = csv_export.format_all_servers_csv([line], days, grouping)
    unnamed = {name: key for name, key in keys[grouping].items() if not name.endswith("_name")}
    assert rows_of(everywhere) == [{**about, "server_id": "1", **unnamed, **sums}]


def test_an_empty_month_has_its_columns() -> None:
    """And no line."""
    days = DayRange(EPOCH, EPOCH)
    for grouping in Grouping:
        text = csv_export.format_server_csv([], days, grouping, {})
        assert text.count("\n") == 1
        assert text.startswith("first_day,last_day,")


def test_a_file_is_marked_as_utf_8_and_never_fails() -> None:
    """Half a character, which a hostile name may hold, does not stop a report."""
    assert csv_export.encode_csv("Zoë\n") == b"\xef\xbb\xbfZo\xc3\xab\n"
    assert csv_export.encode_csv("\ud800") == b"\xef\xbb\xbf?"
