"""Knows how figures are written as CSV: nothing rounded, and nothing that a spreadsheet would run.

Times are ISO 8601 in UTC, amounts plain decimal dollars to the millionth.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from domain.money import MicroUSD
from domain.reports import DayRange, Grouping, ReportLine, Sums
from storage.reports import StatementEntry

Cell = str | int | Decimal | date | datetime | None

# The last four are the wide forms, which a spreadsheet in East Asia takes for the same.
_DANGEROUS: Final = ("=", "+", "-", "@", *"\uff1d\uff0b\uff0d\uff20")
_CONTROLS: Final = dict.fromkeys((*range(32), 127), " ")
_SUMS: Final = (
    *("charged_usd", "adjusted_usd", "net_usd", "released_usd"),
    *("charges", "delivered", "failed", "cancelled", "mean_wait_s"),
)


def format_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Write CSV; a text that a spreadsheet would take for a formula gets an apostrophe before it.

    Texts are one line: control characters, by which a row could be broken in two, become spaces.
    Numbers are numbers, also negative ones; None is an empty cell.
    """
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return sheet.getvalue()


def encode_csv(text: str) -> bytes:
    """Encode CSV for a person's spreadsheet: only by its mark does Excel know UTF-8."""
    return text.encode("utf-8-sig", errors="replace")


def format_server_csv(
    lines: Iterable[ReportLine], days: DayRange, grouping: Grouping, names: Mapping[int, str]
) -> str:
    """Write a line for each group; `names` are those of members and channels, by their ids.

    `first_day` and `last_day` say which days a line is about.
    """
    return _of_lines(lines, days, _COLUMNS[grouping], names)


def format_all_servers_csv(lines: Iterable[ReportLine], days: DayRange, grouping: Grouping) -> str:
    """Write a line for each server and group, without names."""
    columns = [name for name in _COLUMNS[grouping] if not name.endswith("_name")]
    return _of_lines(lines, days, ["server_id", *columns], {})


def format_statement_csv(postings: Iterable[StatementEntry]) -> str:
    """Write a line for each row of the ledger; `cost_usd` adds up to what was paid."""
    header = (
        *("time", "kind", "amount_usd", "cost_usd"),
        *("job", "channel_id", "model", "resolution", "seconds", "note"),
    )
    return format_csv(
        header,
        (
            (
                datetime.fromtimestamp(row.at_ms / 1000, UTC),
                row.kind,
                _dollars(row.amount),
                _dollars(row.cost),
                *(row.job_id, row.channel_id, row.model, row.resolution, row.seconds, row.note),
            )
            for row in postings
        ),
    )


_COLUMNS: Final[Mapping[Grouping, Sequence[str]]] = {
    Grouping.USER: ("user_id", "user_name"),
    Grouping.CHANNEL: ("channel_id", "channel_name"),
    Grouping.MODEL: ("model",),
    Grouping.DAY: (),
}


def _of_lines(
    lines: Iterable[ReportLine], days: DayRange, columns: Sequence[str], names: Mapping[int, str]
) -> str:
    rows = (
        [*_day_cells(line, days), *_key_cells(line, columns, names), *_sum_cells(line.sums)]
        for line in lines
    )
    return format_csv(["first_day", "last_day", *columns, *_SUMS], rows)


def _day_cells(line: ReportLine, days: DayRange) -> tuple[date, date]:
    return (line.day, line.day) if line.day else (days.first, days.last)


def _key_cells(line: ReportLine, columns: Sequence[str], names: Mapping[int, str]) -> list[Cell]:
    values: dict[str, Cell] = {
        "server_id": line.guild_id,
        "user_id": line.user_id,
        "user_name": names.get(line.user_id or 0),
        "channel_id": line.channel_id,
        "channel_name": names.get(line.channel_id or 0),
        "model": line.model,
    }
    return [values[column] for column in columns]


def _sum_cells(sums: Sums) -> list[Cell]:
    money = (sums.charged, sums.adjusted, sums.net, sums.released)
    counts = (sums.charges, sums.delivered, sums.failed, sums.cancelled, sums.mean_wait_s)
    return [*map(_dollars, money), *counts]


def _dollars(amount: MicroUSD) -> Decimal:
    return Decimal(amount).scaleb(-6)


def _written(cell: Cell) -> str | int | None:
    match cell:
        case str():
            text = cell.translate(_CONTROLS)
            return f"'{text}" if text.lstrip().startswith(_DANGEROUS) else text
        case Decimal():
            return f"{cell:f}"
        case datetime():
            return f"{cell:%Y-%m-%dT%H:%M:%S}.{cell.microsecond // 1000:03}Z"
        case date():
            return cell.isoformat()
        case _:
            return cell
