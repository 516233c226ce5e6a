"""Weekly summaries and the operator's direct messages, on a stand-in of Discord."""

import time
from dataclasses import replace
from datetime import date

import pytest

from cogs.operator.owners import Operators
from cogs.publishing.languages import MessageLanguages
from cogs.publishing.places import Places
from cogs.reports.weekly_summary import WeeklySummaryPublisher
from domain.failures import FailReason
from domain.money import MicroUSD
from domain.quotas import LimitUsage, Period, Scope
from domain.reports import DayRange, ReportLine, Sums
from sandbox.discord import Channel, FakeDiscord, Fault
from storage.reports import OpenHolds
from tests.harness.stock_client import StockClient
from workflow.reports.spending import SpendingReport
from workflow.reports.weekly_summary import WeeklySummary

MONDAY = date(2026, 11, 16)
_NO_LIMIT = LimitUsage(
    scope=Scope.SERVER, period=Period.DAY, limit=None, used=MicroUSD(0), resets_at_ms=0
)


@pytest.fixture
def summaries(client: StockClient) -> WeeklySummaryPublisher:
    return WeeklySummaryPublisher(client, MessageLanguages(Places(client)))


def a_week(channel: Channel, **changes: object) -> WeeklySummary:
    """Make the summary of a week in which three dollars were spent."""
    assert channel.guild is not None
    sums = Sums(charged=MicroUSD(3_000_000), charges=7, delivered=7, waited_ms=700_000)
    figures = SpendingReport(
        days=DayRange(MONDAY, date(2026, 11, 23)),
        total=sums,
        held=OpenHolds(MicroUSD(0), 0),
        today=_NO_LIMIT,
        daily=(ReportLine(day=MONDAY, model="seedance-1-5-pro", sums=sums),),
        failures={FailReason.CONTENT: 2},
    )
    return WeeklySummary(
        guild_id=channel.guild.id,
        channel_id=changes.pop("channel_id", channel.id),  # type: ignore[arg-type]
        week="2026-W47",
        figures=figures,
        posted_since_ms=changes.pop("posted_since_ms", None),  # type: ignore[arg-type]
    )


async def test_a_week_is_a_picture_and_three_lines(
    summaries: WeeklySummaryPublisher, videos: Channel
):
    """What was paid, what failed, how long it took; nobody is pinged."""
    assert await summaries.publish(a_week(videos))
    (message,) = videos.messages
    assert message.attachments[0].filename == "week.png"
    lines = message.text.splitlines()
    assert lines[-4:] == [
        "**16–22 Nov 2026: $3.00** for 7 videos.",
        "Failed: 2 (2 content filter).",
        "Average wait: 1 min 40 s",
        "-# 2026-W47",
    ]


async def test_an_empty_week_is_not_told(summaries: WeeklySummaryPublisher, videos: Channel):
    """It counts as done; a week of nothing but failures is told."""
    week = a_week(videos)
    nothing = replace(week.figures, total=Sums(), daily=(), failures={})
    assert await summaries.publish(replace(week, figures=nothing))
    assert videos.messages == []
    failed = replace(nothing, failures={FailReason.CONTENT: 1})
    assert await summaries.publish(replace(week, figures=failed))
    assert len(videos.messages) == 1


async def test_a_lost_answer_makes_no_second_post(
    summaries: WeeklySummaryPublisher, videos: Channel, fake_discord: FakeDiscord
):
    """At once the nonce keeps it single; after a crash a look into the channel does."""
    began_ms = time.time_ns() // 1_000_000
    fake_discord.faults.add("POST", "/channels/*/messages", Fault(status=500, takes_effect=True))
    assert await summaries.publish(a_week(videos))
    assert len(videos.messages) == 1
    for message in videos.messages:
        message.nonce = None
    assert await summaries.publish(a_week(videos, posted_since_ms=began_ms))
    assert len(videos.messages) == 1


async def test_a_channel_that_is_gone_or_forbidden_is_left_alone(
    summaries: WeeklySummaryPublisher, fake_discord: FakeDiscord, videos: Channel
):
    """It counts as done: no storm of tries."""
    assert await summaries.publish(a_week(fake_discord.channel("quiet")))
    assert await summaries.publish(a_week(videos, channel_id=1))


async def test_a_summary_that_is_refused_is_not_tried_again(
    summaries: WeeklySummaryPublisher, videos: Channel, fake_discord: FakeDiscord
):
    """Neither one with a fault of its own, nor one that somebody deleted at once."""
    for code in (50035, 10008):
        fake_discord.faults.add("POST", "/channels/*/messages", Fault(status=400, code=code))
        assert await summaries.publish(a_week(videos))
    assert videos.messages == []


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_answer_that_is_not_discords_is_asked_for_again(
    summaries: WeeklySummaryPublisher,
    videos: Channel,
    fake_discord: FakeDiscord,
    method: str,
    status: int,
):
    """Neither a channel nor an earlier summary is known from a page of HTML."""
    fault = Fault(status=status, raw=b"<html>")
    fake_discord.faults.add(method, "/channels/*/messages", fault)
    assert not await summaries.publish(a_week(videos, posted_since_ms=1))
    assert await summaries.publish(a_week(videos, posted_since_ms=1))
    assert len(videos.messages) == 1


async def test_a_discord_that_fails_is_asked_again(
    summaries: WeeklySummaryPublisher, videos: Channel, fake_discord: FakeDiscord
):
    """Not done yet, says the first; the second posts it."""
    fake_discord.faults.add("POST", "/channels/*/messages", Fault(status=503), times=1)
    assert not await summaries.publish(a_week(videos))
    assert await summaries.publish(a_week(videos))
    assert len(videos.messages) == 1


async def test_the_operator_is_the_owner_of_the_application(
    client: StockClient, fake_discord: FakeDiscord
):
    """The text is in their direct messages; when these are closed, the caller hears of it."""
    operators, olga = Operators(client), fake_discord.member("Olga")
    assert await operators.user_ids() == {olga.id}
    assert await operators.notify("APIXO balance: {balance}")
    assert [message.text for message in olga.direct_channel.messages] == [
        ("APIXO balance: {balance}")
    ]
    fake_discord.world.close_dms(fake_discord.world.user("Olga"))
    assert not await operators.notify("Again.")
