"""Export of all that is kept of a member: tables in words, and their files."""

import asyncio
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.requests import RequestBase
from storage import personal_data
from storage.media import MediaFolder
from storage.media_cache import pinned
from storage.media_usage import find_inputs
from storage.personal_data import FILMS, NOT_PERSONAL, PERSONAL, PersonalTable, Row
from workflow.members.erasure import ErasureContext
from workflow.reports.csv_export import encode_csv, format_csv

_ZIP_OVERHEAD_BYTES: Final = 512
"""More than a ZIP spends on a file beside its bytes and twice its name."""

_VIDEO: Final = "requests"
_README: Final = "read me.txt"


UseFile = Callable[[], AbstractAsyncContextManager[Path]]


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file of an export: its name in the ZIP, its size in bytes, its bytes or what has its path.

    The path raises FileNotFoundError once the file is gone.
    """

    name: str
    size: int
    content: bytes | UseFile


async def collect_export(context: ErasureContext, user_id: int) -> list[ExportFile]:
    """Return all that is kept of a member, tables first.

    Raises:
        OSError: the media store does not answer.
    """
    rows = await context.database.read(lambda tx: _read_all(tx, user_id))
    tables = [_table_file(table, found) for table, found in rows if found]
    requests = [dict(row) for row in rows[0][1]]
    ids = [*_job_ids(requests), *_film_ids(rows)]
    media = await _find_media(context.media, ids, _texts(rows))
    readme = _readme(user_id, rows, context.now_ms()).encode()
    return [ExportFile(_README, len(readme), readme), *tables, *media]


def split_parts(
    files: Sequence[ExportFile], max_bytes: int
) -> tuple[list[list[ExportFile]], list[ExportFile]]:
    """Return files in parts that fit as ZIPs into `max_bytes` each, and those that fit in none."""
    parts, too_large, room = list[list[ExportFile]](), list[ExportFile](), 0
    for file in files:
        size = file.size + 2 * len(file.name.encode()) + _ZIP_OVERHEAD_BYTES
        if size + _ZIP_OVERHEAD_BYTES > max_bytes:
            too_large.append(file)
            continue
        if size > room:
            parts.append([])
            room = max_bytes - _ZIP_OVERHEAD_BYTES
        parts[-1].append(file)
        room -= size
    return parts, too_large


async def write_zip(
    files: Iterable[ExportFile], path: Path, advance: Callable[[int], None] = lambda _: None
) -> list[str]:
    """Write a ZIP of files to a new path; return the names of those that went meanwhile.

    Nothing is compressed but tables: videos and pictures are already.

    Raises:
        OSError: the path exists or cannot be written.
    """
    gone = list[str]()
    with zipfile.ZipFile(path, "x", zipfile.ZIP_STORED) as archive:
        for file in files:
            try:
                await _add(archive, file)
            except FileNotFoundError:
                gone.append(file.name)
            advance(file.size)
    return gone


async def _add(archive: zipfile.ZipFile, file: ExportFile) -> None:
    if isinstance(file.content, bytes):
        archive.writestr(file.name, file.content, zipfile.ZIP_DEFLATED)
        return
    async with file.content() as path:
        await asyncio.to_thread(archive.write, path, file.name)


async def _read_all(tx: AsyncConnection, user_id: int) -> list[tuple[PersonalTable, list[Row]]]:
    return [(table, await personal_data.read_rows(tx, table, user_id)) for table in PERSONAL]


def _table_file(table: PersonalTable, rows: Sequence[Row]) -> ExportFile:
    names = {heading: column for column, heading in table.columns.items()}
    cells = [[_cell(names[heading], value) for heading, value in row.items()] for row in rows]
    if table.title == _VIDEO:
        objects = [
            dict(zip(row, found, strict=True)) for row, found in zip(rows, cells, strict=True)
        ]
        text = json.dumps(objects, indent=2, ensure_ascii=False, default=str)
        data, name = text.encode("utf-8", errors="replace"), f"{table.title}.json"
    else:
        data = encode_csv(format_csv([*table.columns.values()], cells))
        name = f"{table.title}.csv"
    return ExportFile(name, len(data), data)


def _cell(column: str, value: Any) -> Any:
    """Return a value as a person reads it: money in dollars, times in UTC, ids as text."""
    if value is None:
        return None
    if column.endswith("_micro"):
        return Decimal(value) / 1_000_000
    if column.endswith("at_ms") or column in ("until_ms", "posting_since_ms"):
        return datetime.fromtimestamp(value / 1000, UTC)
    if isinstance(value, RequestBase):
        return value.model_dump(mode="json")
    return str(value) if isinstance(value, str) or column.endswith("_id") else value


def _job_ids(requests: Iterable[Row]) -> list[str]:
    return [row["request"] for row in requests]


def _film_ids(rows: Sequence[tuple[PersonalTable, list[Row]]]) -> list[str]:
    return [row["film"] for table, found in rows if table.title == FILMS for row in found]


def _texts(rows: Sequence[tuple[PersonalTable, list[Row]]]) -> Iterator[str]:
    """Yield what may name files: requests, and drafts."""
    for _, found in rows:
        for row in found:
            for value in row.values():
                if isinstance(value, RequestBase):
                    yield value.model_dump_json()
                elif isinstance(value, str):
                    yield value


async def _find_media(
    media: MediaFolder, job_ids: Iterable[str], texts: Iterable[str]
) -> list[ExportFile]:
    wanted = list[tuple[str, UseFile]]()
    for job_id in job_ids:
        name = f"{job_id}.mp4"
        copy = media.copy_path(name)
        wanted += [(f"videos/{name}", partial(media.use_video, name))]
        wanted += [(f"videos/{copy.name}", partial(pinned, copy))]
    names = dict.fromkeys(name for text in texts for name in find_inputs(text))
    wanted += [(f"files/{name}", partial(media.use_input, name)) for name in names]
    found = list[ExportFile]()
    for name, use in wanted:
        with suppress(FileNotFoundError):
            async with use() as path:
                found.append(ExportFile(name, _size(path), use))
    return found


def _size(path: Path) -> int:
    return path.stat().st_size


def _readme(user_id: int, rows: Sequence[tuple[PersonalTable, list[Row]]], now_ms: int) -> str:
    at = datetime.fromtimestamp(now_ms // 1000, UTC)
    lines = [f"What is kept of the Discord user {user_id}, at {at:%Y-%m-%d %H:%M} UTC.", ""]
    lines += [f"{table.title}: {len(found)} rows" for table, found in rows if found]
    lines += [
        "videos: the finished videos that are kept, named by their requests",
        "files: the pictures, videos and sounds that were given",
        "",
        "Times are in UTC, amounts in US dollars. Left out, because it says nothing of you:",
    ]
    lines += [
        f"- {table.title}: {column}, {reason}"
        for table, _ in rows
        for column, reason in table.left_out.items()
    ]
    lines += [f"- {table}: {reason}" for table, reason in NOT_PERSONAL.items()]
    return "\n".join(lines) + "\n"
