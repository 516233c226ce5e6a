"""CSV export of reports: amounts unrounded, and no cell that a spreadsheet would evaluate.

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

# The last four are the full-width forms, which East Asian spreadsheets treat alike.
_DANGEROUS: Final = ("=", "+", "-", "@", *"\uff1d\uff0b\uff0d\uff20")
_CONTROLS: Final = dict.fromkeys((*range(32), 127), " ")
_SUMS: Final = (
    *("charged_usd", "adjusted_usd", "net_usd", "released_usd"),
    *("charges", "delivered", "failed", "cancelled", "lost", "mean_wait_s"),
)


def format_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Format rows as CSV; a text that looks like a formula gets an apostrophe in front.

    Control characters, which could split a row, become spaces. Numbers stay numbers, negative ones
    too; None is an empty cell.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_format_cell(cell) for cell in row] for row in rows)
    return buffer.getvalue()


def encode_csv(text: str) -> bytes:
    """Encode CSV as UTF-8 with a byte order mark, without which Excel does not detect UTF-8."""
    return text.encode("utf-8-sig", errors="replace")


def format_server_csv(
    lines: Iterable[ReportLine], days: DayRange, grouping: Grouping, names: Mapping[int, str]
) -> str:
    """Format one line per group; `names` are the names of members and channels by id.

    The columns `first_day` and `last_day` hold the days of a line.
    """
    return _format_lines(lines, days, _COLUMNS[grouping], names)


def format_all_servers_csv(lines: Iterable[ReportLine], days: DayRange, grouping: Grouping) -> str:
    """Format one line per server and group, without names."""
    columns = [name for name in _COLUMNS[grouping] if not name.endswith("_name")]
    return _format_lines(lines, days, ["server_id", *columns], {})


def format_statement_csv(postings: Iterable[StatementEntry]) -> str:
    """Format one line per ledger entry; the column `cost_usd` adds up to what was paid."""
    header = (
        *("time", "kind", "amount_usd", "cost_usd"),
        *("job", "prompt", "channel_id", "model", "resolution", "seconds", "note"),
    )
    return format_csv(
        header,
        (
            (
                datetime.fromtimestamp(row.at_ms / 1000, UTC),
                row.kind,
                _dollars(row.amount),
                _dollars(row.cost),
                *(row.job_id, row.request and row.request.prompt, row.channel_id),
                *(row.model, row.resolution, row.seconds, row.note),
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


def _format_lines(
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
    ends = (sums.delivered, sums.failed, sums.cancelled, sums.lost)
    return [*map(_dollars, money), sums.charges, *ends, sums.mean_wait_s]


def _dollars(amount: MicroUSD) -> Decimal:
    return Decimal(amount).scaleb(-6)


def _format_cell(cell: Cell) -> str | int | None:
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
