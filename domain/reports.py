"""Spending reports: UTC day ranges, groupings and sums."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.money import ZERO, MicroUSD

EPOCH: Final = date(1970, 1, 1)
"""The first day of `ALL`; day 0."""

_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


class ReportPeriod(StrEnum):
    """The periods to choose from; each ends with today."""

    TODAY = "today"
    WEEK = "7d"
    THIRTY_DAYS = "30d"
    MONTH = "month"
    ALL = "all"


class Grouping(StrEnum):
    """What spending is summed by; a report has one line for each value."""

    USER = "user"
    MODEL = "model"
    DAY = "day"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Sums over ledger rows and ended jobs, each counted on the day of its row or its end.

    `adjusted` is signed: a refund is negative. `released` was held and never charged. `delivered`
    is the number of videos; `charges` counts charges above zero, also for a video that was lost or
    is not posted yet. `failed` counts jobs that APIXO refused or could not make. `lost` counts jobs
    whose member was given the price back because APIXO's answer or the file never came, on the day
    of that, until a task is found or the operator ends them.
    """

    charged: MicroUSD = ZERO
    adjusted: MicroUSD = ZERO
    released: MicroUSD = ZERO
    charges: int = 0
    delivered: int = 0
    failed: int = 0
    cancelled: int = 0
    lost: int = 0
    waited_ms: int = 0

    @property
    def net(self) -> MicroUSD:
        """Return what was paid in the end."""
        return MicroUSD(self.charged + self.adjusted)

    @property
    def mean_wait_s(self) -> int | None:
        """Return the mean seconds from order to delivery; None without a delivered video."""
        return round(self.waited_ms / self.delivered / 1000) if self.delivered else None

    def __add__(self, other: "Sums") -> "Sums":
        """Return the field-wise sum."""
        names = self.__dataclass_fields__
        return Sums(**{name: getattr(self, name) + getattr(other, name) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """Sums of one group; None in a field that the sums are not grouped by."""

    guild_id: int | None = None
    day: date | None = None
    user_id: int | None = None
    channel_id: int | None = None
    model: str | None = None
    sums: Sums


@dataclass(frozen=True, slots=True)
class DayRange:
    """The UTC days from `first` up to but not including `end`; empty if `end` is not later."""

    first: date
    end: date

    def __len__(self) -> int:
        """Return the number of days."""
        return max(0, (self.end - self.first).days)

    def __iter__(self) -> Iterator[date]:
        """Iterate over the days in order."""
        return (self.first + timedelta(days=number) for number in range(len(self)))

    @property
    def day_numbers(self) -> range:
        """Return the days as numbers of days since 1970."""
        return range(day_number(self.first), day_number(self.end))

    @property
    def last(self) -> date:
        """Return the last of the days."""
        return self.end - timedelta(days=1)


def utc_day(now_ms: int) -> date:
    """Return the UTC day of a time in Unix milliseconds."""
    return datetime.fromtimestamp(now_ms // 1000, UTC).date()


def day_number(day: date) -> int:
    """Return the number of days since 1970."""
    return (day - EPOCH).days


def day_from_number(number: int) -> date:
    """Return the day that is `number` days after 1970-01-01."""
    return EPOCH + timedelta(days=number)


def period_days(period: ReportPeriod, now_ms: int) -> DayRange:
    """Return the days of a period as of `now_ms`."""
    today = utc_day(now_ms)
    match period:
        case ReportPeriod.TODAY:
            first = today
        case ReportPeriod.WEEK:
            first = today - timedelta(days=6)
        case ReportPeriod.THIRTY_DAYS:
            first = today - timedelta(days=29)
        case ReportPeriod.MONTH:
            first = today.replace(day=1)
        case ReportPeriod.ALL:
            first = EPOCH
    return DayRange(first, today + timedelta(days=1))


def parse_days(text: str, now_ms: int) -> DayRange:
    """Parse the name of a period, or a calendar month such as `2026-11`, past or future.

    Raises:
        ValueError: it is neither; the message is for the person who typed it.
    """
    if text in list(ReportPeriod):
        return period_days(ReportPeriod(text), now_ms)
    match = _MONTH.fullmatch(text)
    if match is None or match[1] < "1970" or text == "9999-12":
        raise ValueError(f"write {', '.join(ReportPeriod)}, or a month such as 2026-11")
    first = date(int(match[1]), int(match[2]), 1)
    return DayRange(first, (first + timedelta(days=32)).replace(day=1))
