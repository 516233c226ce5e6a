"""Picture, text and table say the same: their parts sum up to each total that any of them shows."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import count

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from cogs.reports import views
from cogs.ui.i18n import format_price
from domain.durations import DAY_MS
from domain.job_view import JobAmounts
from domain.jobs import JobState
from domain.models import ModelId
from domain.money import MicroUSD
from domain.reports import Grouping, ReportPeriod, period_days, utc_day
from domain.servers import SeenServer
from storage import billing, jobs
from storage.jobs import Job, NewJob
from tests.harness.workflow import (
    ADA,
    BEN,
    BOTH_ENGINES,
    CHANNEL,
    GUILD,
    NO_LIMITS,
    WorkflowHarness,
    make_request,
)
from workflow.billing.settlement import Payer, refund, resolve_payment
from workflow.operator.parked_jobs import read_parked_page
from workflow.reports import csv_export, spending
from workflow.reports.metrics import collect_metrics
from workflow.reports.spending import SpendingReport
from workflow.results.job_list import read_job_page
from workflow.results.lookup import read_job_amounts
from workflow.servers import admission

S = JobState
MADE = (S.SUBMITTING, S.GENERATING, S.SUCCEEDED)
POSTED = (*MADE, S.STORED, S.POSTING, S.DELIVERED)
CLEO = 33
_numbers = count(1)


class Books:
    """A ledger to be filled; times are milliseconds before the last midnight, or after it."""

    def __init__(self, harness: WorkflowHarness) -> None:
        self._database = harness.database
        self.midnight_ms = harness.context.now_ms() // DAY_MS * DAY_MS

    async def order(self, at_ms: int, price: int, user: int, model: ModelId, channel: int) -> Job:
        """Order a video, and hold its price."""
        at_ms += self.midnight_ms
        number = next(_numbers)
        new = NewJob(
            id=f"job{number:017d}",
            interaction_id=number,
            guild_id=GUILD,
            channel_id=channel,
            user_id=user,
            request=make_request(model=model),
            price=MicroUSD(price),
            price_version="v",
            created_at_ms=at_ms,
        )

        async def work(tx: AsyncConnection) -> Job:
            job, _ = await jobs.enqueue(tx, new)
            await billing.hold(
                tx,
                job_id=job.id,
                attempt=1,
                guild_id=GUILD,
                user_id=user,
                amount=job.price,
                price_version="v",
                limits=NO_LIMITS,
                now_ms=at_ms,
            )
            return job

        return await self._database.transact(work)

    async def move(self, job: Job, at_ms: int, *states: JobState, payer: Payer | None) -> Job:
        """Move a job on, and settle its price."""
        at_ms += self.midnight_ms

        async def work(tx: AsyncConnection) -> Job:
            moved = job
            for state in states:
                moved = await jobs.transition(tx, moved, state, now_ms=at_ms)
            if payer is not None:
                await resolve_payment(tx, moved, payer, now_ms=at_ms)
            return moved

        return await self._database.transact(work)

    async def give_back(self, job: Job, at_ms: int, *states: JobState) -> None:
        """Move a job on, and give its member the price back."""
        at_ms += self.midnight_ms

        async def work(tx: AsyncConnection) -> None:
            moved = job
            for state in states:
                moved = await jobs.transition(tx, moved, state, now_ms=at_ms)
            await refund(tx, moved, now_ms=at_ms, note="lost")

        await self._database.transact(work)


async def fill(books: Books) -> None:
    """Let everything happen once that moves money, around midnight and at odd prices."""
    pro, two, other = ModelId.SEEDANCE_1_5_PRO, ModelId.SEEDANCE_2_0, CHANNEL + 1
    member, operator, nobody = Payer.MEMBER, Payer.OPERATOR, Payer.NOBODY
    for user, model, channel, price in (
        (ADA, pro, CHANNEL, 80_001),
        (ADA, two, other, 1_234_567),
        (BEN, pro, other, 150_000_005),
        (BEN, two, CHANNEL, 499_999),
    ):
        late = await books.order(-1, price, user, model, channel)
        await books.move(late, 0, *POSTED, payer=member)
        early = await books.order(-2 * DAY_MS, price + 1, user, model, channel)
        await books.move(early, -1, *POSTED, payer=member)
    lost = await books.order(-2 * DAY_MS, 320_003, CLEO, pro, CHANNEL)
    lost = await books.move(lost, -1, *MADE, payer=member)
    await books.give_back(lost, 0, S.RESULT_LOST)
    unanswered = await books.order(-1, 160_000, BEN, pro, CHANNEL)
    await books.move(unanswered, 0, S.SUBMITTING, S.SUBMIT_UNKNOWN, payer=operator)
    found = await books.order(-6, 170_000, BEN, two, CHANNEL)
    found = await books.move(found, -5, S.SUBMITTING, S.SUBMIT_UNKNOWN, payer=operator)
    found = await books.move(found, -4, *MADE[1:], payer=operator)
    await books.give_back(found, 4, S.RESULT_LOST)
    charged = await books.order(-9, 70_000, ADA, two, CHANNEL)
    await books.move(charged, -8, S.SUBMITTING, S.GENERATING, S.FAILED, payer=member)
    released = await books.order(-7, 60_000, BEN, two, other)
    await books.move(released, 1, S.SUBMITTING, S.GENERATING, S.FAILED, payer=nobody)
    cancelled = await books.order(1, 50_000, ADA, pro, other)
    await books.move(cancelled, 2, S.CANCELLED, payer=nobody)
    fetched = await books.order(2, 40_000, BEN, pro, other)
    await books.move(fetched, 3, *MADE, payer=member)
    await books.order(3, 30_000, ADA, pro, other)


@BOTH_ENGINES
async def test_each_part_sums_up_to_each_total(harness: WorkflowHarness):
    """For each period and grouping, of the server, of all servers and of a member."""
    books = Books(harness)
    await fill(books)
    assert utc_day(books.midnight_ms) == utc_day(harness.context.now_ms())
    for period in ReportPeriod:
        for grouping in Grouping:
            figures = await spending.read_server_report(harness.context, GUILD, period, grouping)
            _agrees(figures, grouping)
            await _command_line_agrees(harness, figures, period, grouping)
        for user in (ADA, BEN, CLEO):
            own = await spending.read_member_report(harness.context, GUILD, user, (), period)
            _picture_agrees(own, Grouping.DAY)
            _, rows = await spending.read_member_statement(harness.context, GUILD, user, period)
            assert _sum(csv_export.format_statement_csv(rows), "cost_usd") == own.total.net


async def test_what_was_lost_is_counted_and_no_video(harness: WorkflowHarness):
    """Answers and files, on the day on which the money was given back; 8 videos are 8."""
    await fill(Books(harness))
    figures = await spending.read_server_report(
        harness.context, GUILD, ReportPeriod.WEEK, Grouping.USER
    )
    total = figures.total
    assert (total.delivered, total.charges, total.lost) == (8, 11, 3)
    assert (total.failed, total.cancelled, figures.held.videos) == (2, 1, 1)
    text = "\n".join(views.format_summary(figures, own=False))
    assert "on 8 videos" in text
    assert ", 3 lost)" in text
    week = "\n".join(views.format_weekly_summary(figures))
    assert "for 8 videos" in week
    assert "3 videos were lost" in week
    today = await spending.read_server_report(
        harness.context, GUILD, ReportPeriod.TODAY, Grouping.USER
    )
    assert today.total.lost == 2


@BOTH_ENGINES
async def test_every_other_page_says_what_the_report_says(harness: WorkflowHarness):
    """Jobs and their details, parked jobs, the operator's servers, metrics and the audit."""
    await fill(Books(harness))
    context, database = harness.context, harness.database
    everything = await spending.read_server_report(context, GUILD, ReportPeriod.ALL, Grouping.MODEL)
    today = await spending.read_server_report(context, GUILD, ReportPeriod.TODAY, Grouping.MODEL)
    listed = [money for user in (ADA, BEN, CLEO) for money in await _list_amounts(harness, user)]
    assert sum(money.paid for money in listed) == everything.total.net
    assert sum(money.charged for money in listed) == everything.total.charged
    assert sum(money.released for money in listed) == everything.total.released
    assert sum(money.held for money in listed) == everything.held.amount
    seen = SeenServer(guild_id=GUILD, name="x", owner_id=ADA, joined_at_ms=context.now_ms())
    await admission.register(context, seen, owner_operates=True, wanted=False)
    (server,) = (await admission.read_server_page(context, 0)).rows
    assert (server.use.spent_today, server.use.spent) == (today.total.net, everything.total.net)
    assert (await collect_metrics(context, 0)).held == everything.held.amount
    ledger = await database.read(billing.get_totals)
    assert ledger.held == everything.held.amount
    assert ledger.charged == everything.total.charged
    for row in (await read_parked_page(context, 0)).rows:
        amounts = await read_job_amounts(context, row.job.id)
        assert (row.held, row.member_paid) == (amounts.held, amounts.paid) == (0, 0)


async def _list_amounts(harness: WorkflowHarness, user: int) -> list[JobAmounts]:
    """List the amounts of all of a member's jobs, page by page."""
    found, start = list[JobAmounts](), None
    while True:
        page = await read_job_page(harness.context, GUILD, user, start)
        for entry in page.rows:
            assert entry.money == await read_job_amounts(harness.context, entry.status.job.id)
            found.append(entry.money)
        if page.older is None:
            return found
        start = page.older


async def _command_line_agrees(
    harness: WorkflowHarness, figures: SpendingReport, period: ReportPeriod, grouping: Grouping
) -> None:
    """Compare the table of all servers, of which there is one, with its report."""
    asked = period_days(period, harness.context.now_ms())
    days, lines = await harness.database.read(
        lambda tx: spending.read_spending_by_server(tx, asked, grouping)
    )
    assert days == figures.days
    assert sorted(map(repr, (replace(line, guild_id=None) for line in lines))) == sorted(
        map(repr, figures.groups)
    )
    table = csv_export.format_all_servers_csv(lines, days, grouping)
    assert _sum(table, "net_usd") == figures.total.net


def _agrees(figures: SpendingReport, grouping: Grouping) -> None:
    """Compare the picture, the text and the table of one report."""
    table = csv_export.format_server_csv(figures.groups, figures.days, grouping, {})
    assert _sum(table, "net_usd") == figures.total.net
    assert _sum(table, "charged_usd") + _sum(table, "adjusted_usd") == figures.total.net
    for name in ("charges", "delivered", "failed", "cancelled", "lost"):
        assert sum(_cells(table, name)) == getattr(figures.total, name), name
    assert sum(figures.failures.values()) == figures.total.failed
    first = views.format_summary(figures, own=False)[0]
    assert f"{format_price(figures.total.net)}**" in first
    assert f"on {sum(_cells(table, 'delivered'))} video" in first
    _picture_agrees(figures, grouping)
    if grouping in (Grouping.USER, Grouping.CHANNEL):
        _shares_agree(figures, grouping)


def _picture_agrees(figures: SpendingReport, grouping: Grouping) -> None:
    """Sum up what is in the picture: the bars of a ranking, and the models below."""
    svg = views.render_chart(figures, "Spending", grouping, {})
    shown = _amounts(svg)
    assert shown[0] == _in_cents(figures.total.net)
    by_model = Counter[str | None]()
    for line in figures.daily:
        by_model[line.model] += line.sums.net
    models = [_in_cents(net) for net in by_model.values() if net]
    if models:
        assert sorted(shown[-len(models) :]) == sorted(models)
    if grouping in (Grouping.USER, Grouping.CHANNEL):
        bars = shown[1 : 1 + len(figures.groups)]
        assert bars == [_in_cents(line.sums.net) for line in figures.groups]
    assert f"{figures.total.delivered} video" in svg
    assert f"for {figures.total.delivered} video" in views.format_alt_text(figures, "Spending")


def _in_cents(amount: int) -> int:
    """Round an exact amount up, as prices and their sums are shown."""
    return -(-amount // 10_000) * 10_000


def _shares_agree(figures: SpendingReport, grouping: Grouping) -> None:
    """Compare the share of each group in the text with that in the picture."""
    svg = views.render_chart(figures, "Spending", grouping, {})
    drawn = re.findall(r">((?:&lt; )?\d+ %)<", svg)
    for line in views.format_breakdown(figures, grouping, {}):
        if ranked := re.match(r"(\d)\. .*\((.*)\)$", line):
            assert drawn[int(ranked[1]) - 1].replace("&lt;", "<") == ranked[2]


def _amounts(svg: str) -> list[int]:
    """Read each amount that is alone, in micro-dollars."""
    found: Sequence[str] = re.findall(r">(-?\$[\d,]+\.\d+)<", svg)
    plain = (text.replace("$", "").replace(",", "") for text in found)
    return [int(Decimal(text).scaleb(6)) for text in plain]


def _sum(table: str, column: str) -> int:
    return int(sum(_cells(table, column), Decimal(0)).scaleb(6))


def _cells(table: str, column: str) -> list[Decimal]:
    return [Decimal(row[column]) for row in csv.DictReader(io.StringIO(table))]


@pytest.fixture(autouse=True)
def noon(harness: WorkflowHarness) -> None:
    """Let it be noon, so that no day ends meanwhile."""
    ms = round(harness.clock.now() * 1000)
    harness.clock.advance((DAY_MS - ms % DAY_MS + DAY_MS // 2) / 1000)
