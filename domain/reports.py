"""Knows how spending is reported: over which UTC days, by what, and what is counted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.money import ZERO, MicroUSD

EPOCH: Final = date(1970, 1, 1)
"""Where `ALL` begins; day 0."""

_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


class ReportPeriod(StrEnum):
    """The periods that a member may choose from; each ends with today."""

    TODAY = "today"
    WEEK = "7d"
    THIRTY_DAYS = "30d"
    MONTH = "month"
    ALL = "all"


class Grouping(StrEnum):
    """What spending is summed by; one line for each."""

    USER = "user"
    MODEL = "model"
    DAY = "day"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What ledger rows and ended jobs come to, each counted on the day of its row or its end.

    `adjusted` is signed: what was given back is negative. `released` was on hold, never charged.
    `charges` are those of more than nothing; `failed` is what APIXO refused or could not make.
    """

    charged: MicroUSD = ZERO
    adjusted: MicroUSD = ZERO
    released: MicroUSD = ZERO
    charges: int = 0
    delivered: int = 0
    failed: int = 0
    cancelled: int = 0
    waited_ms: int = 0

    @property
    def net(self) -> MicroUSD:
        """Tell what was paid in the end."""
        return MicroUSD(self.charged + self.adjusted)

    @property
    def mean_wait_s(self) -> int | None:
        """Tell how long a delivered video took from its order on, in mean; None without one."""
        return round(self.waited_ms / self.delivered / 1000) if self.delivered else None

    def __add__(self, other: "Sums") -> "Sums":
        """Count both together."""
        names = self.__dataclass_fields__
        return Sums(**{name: getattr(self, name) + getattr(other, name) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """What was spent in one place; None where the sums are over all of that kind."""

    guild_id: int | None = None
    day: date | None = None
    user_id: int | None = None
    channel_id: int | None = None
    model: str | None = None
    sums: Sums


@dataclass(frozen=True, slots=True)
class DayRange:
    """The UTC days from `first` on, `end` not among them; none where `end` is not later."""

    first: date
    end: date

    def __len__(self) -> int:
        """Count the days."""
        return max(0, (self.end - self.first).days)

    def __iter__(self) -> Iterator[date]:
        """Go through the days in order."""
        return (self.first + timedelta(days=number) for number in range(len(self)))

    @property
    def day_numbers(self) -> range:
        """Give the days as days since 1970."""
        return range(day_number(self.first), day_number(self.end))

    @property
    def last(self) -> date:
        """Name the last of the days."""
        return self.end - timedelta(days=1)


def utc_day(now_ms: int) -> date:
    """Name the UTC day of a moment in Unix milliseconds."""
    return datetime.fromtimestamp(now_ms // 1000, UTC).date()


def day_number(day: date) -> int:
    """Count the days since 1970."""
    return (day - EPOCH).days


def day_from_number(number: int) -> date:
    """Name the day so many days after the first of 1970."""
    return EPOCH + timedelta(days=number)


def period_days(period: ReportPeriod, now_ms: int) -> DayRange:
    """Tell which days a period has at a moment."""
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
    """Read a period by its name, or a calendar month such as `2026-11`, past or to come.

    Raises:
        ValueError: it is neither, in words for the person who wrote it.
    """
    if text in list(ReportPeriod):
        return period_days(ReportPeriod(text), now_ms)
    match = _MONTH.fullmatch(text)
    if match is None or match[1] < "1970" or text == "9999-12":
        raise ValueError(f"write {', '.join(ReportPeriod)}, or a month such as 2026-11")
    first = date(int(match[1]), int(match[2]), 1)
    return DayRange(first, (first + timedelta(days=32)).replace(day=1))
