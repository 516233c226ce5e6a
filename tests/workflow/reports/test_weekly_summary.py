"""The week's summary: when it is due, for whom, and that it is posted once."""

from datetime import UTC, date, datetime

import pytest

from domain.guild_settings import GuildSettings
from storage import guild_settings
from tests.harness.workflow import BOTH_ENGINES, GUILD, WorkflowHarness
from workflow.reports.weekly_summary import (
    WeeklySummary,
    last_due_week,
    post_due_summaries,
    skip_due_week,
)
from workflow.restore import declare_restored

CHANNEL = 77
WEEK_S = 7 * 86_400


class Board:
    """Where summaries are posted; `is_open` says whether that works."""

    def __init__(self) -> None:
        self.posted: list[WeeklySummary] = []
        self.is_open = True
        self.breaks = False

    async def post(self, summary: WeeklySummary) -> bool:
        if self.breaks:
            raise RuntimeError("killed")
        if self.is_open:
            self.posted.append(summary)
        return self.is_open


@pytest.fixture
async def board(harness: WorkflowHarness) -> Board:
    """Have one server want summaries, and another not."""
    for guild, channel in ((GUILD, CHANNEL), (GUILD + 1, None)):
        text = GuildSettings(summary_channel=channel).model_dump_json()
        await harness.database.transact(
            lambda tx, guild=guild, text=text: guild_settings.save_settings(tx, guild, text, 0)
        )
    return Board()


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        ("2026-11-23 08:59:59", date(2026, 11, 9)),
        ("2026-11-23 09:00:00", date(2026, 11, 16)),
        ("2026-11-29 23:59:59", date(2026, 11, 16)),
        ("2026-11-30 09:00:00", date(2026, 11, 23)),
        ("2027-01-04 09:00:00", date(2026, 12, 28)),
    ],
)
def test_a_week_is_told_from_monday_nine_oclock_on(now: str, monday: date):
    """UTC; before that, the one before it is the last."""
    days = last_due_week(at(now))
    assert (days.first, len(days)) == (monday, 7)


@BOTH_ENGINES
async def test_each_week_is_posted_once(harness: WorkflowHarness, board: Board):
    """However often it is looked, also by a new process; the next week has its own."""
    for _ in range(3):
        await post_due_summaries(harness.context, board.post)
    assert len(board.posted) == 1
    await harness.replace_worker()
    await post_due_summaries(harness.context, board.post)
    harness.clock.advance(WEEK_S)
    await post_due_summaries(harness.context, board.post)
    first, second = board.posted
    assert (first.guild_id, first.channel_id) == (GUILD, CHANNEL)
    assert first.week < second.week
    assert second.figures.days.first > first.figures.days.last


async def test_who_has_just_chosen_a_channel_hears_of_the_week_that_goes_on(
    harness: WorkflowHarness, board: Board
):
    """On a server that has a channel already, nothing is left out."""
    newcomer = GUILD + 1
    for guild in (GUILD, newcomer):
        await skip_due_week(harness.context, guild)
    text = GuildSettings(summary_channel=CHANNEL).model_dump_json()
    await harness.database.transact(lambda tx: guild_settings.save_settings(tx, newcomer, text, 0))
    await post_due_summaries(harness.context, board.post)
    assert [summary.guild_id for summary in board.posted] == [GUILD]
    harness.clock.advance(WEEK_S)
    await post_due_summaries(harness.context, board.post)
    assert {summary.guild_id for summary in board.posted[1:]} == {GUILD, newcomer}


async def test_after_a_restore_a_summary_is_looked_for_before_it_is_posted(
    harness: WorkflowHarness, board: Board
):
    """It may have been posted since it was due, by a process that the copy does not know of."""
    now_ms = harness.context.now_ms()
    await declare_restored(harness.database, now_ms)
    await post_due_summaries(harness.context, board.post)
    (summary,) = board.posted
    assert summary.posted_since_ms is not None
    assert last_due_week(summary.posted_since_ms) == last_due_week(now_ms)
    await declare_restored(harness.database, now_ms)
    await post_due_summaries(harness.context, board.post)
    assert len(board.posted) == 1


async def test_after_a_long_time_away_only_the_last_week_is_told(
    harness: WorkflowHarness, board: Board
):
    """The weeks in between stay untold."""
    await post_due_summaries(harness.context, board.post)
    harness.clock.advance(5 * WEEK_S)
    await post_due_summaries(harness.context, board.post)
    await post_due_summaries(harness.context, board.post)
    assert len(board.posted) == 2


async def test_what_could_not_be_posted_is_tried_again(harness: WorkflowHarness, board: Board):
    """A minute later, and looked for first: a lost answer is a failure, too."""
    began_ms = harness.context.now_ms()
    board.is_open = False
    await post_due_summaries(harness.context, board.post)
    board.is_open = True
    await post_due_summaries(harness.context, board.post)
    assert board.posted == []
    harness.clock.advance(60)
    await post_due_summaries(harness.context, board.post)
    (posted,) = board.posted
    assert posted.posted_since_ms == began_ms


async def test_who_was_killed_meanwhile_may_have_posted_it(harness: WorkflowHarness, board: Board):
    """After a minute another tries, and is told since when it may be out."""
    began_ms = harness.context.now_ms()
    board.breaks = True
    await post_due_summaries(harness.context, board.post)
    board.breaks = False
    await post_due_summaries(harness.context, board.post)
    assert board.posted == []
    harness.clock.advance(61)
    await post_due_summaries(harness.context, board.post)
    assert [summary.posted_since_ms for summary in board.posted] == [began_ms]
