"""Carrier messages: what the status message cannot carry of a job's input files.

Discord takes a limited number of files in a message, and a limited size. The files of a request are
split in a way that depends on nothing else: the first part belongs to the status message, each
other part to a carrier message, which is deleted when the job has ended.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.job_view import JobView
from storage import key_value
from workflow.context import Context
from workflow.errors import HistoryDenied, PublishError, TemporaryPublishError
from workflow.publisher import StatusView

_log = structlog.get_logger(__name__)

_MAX_FILES: Final = 10
_MAX_BYTES: Final = 25 * 1024 * 1024 - 256 * 1024
"""Bytes of files in one message: Discord takes requests of 25 MiB, which hold more than files."""

_POST_TIMEOUT_S: Final = 60


@dataclass(frozen=True, slots=True)
class _Carriers:
    """The carriers of a job: since when there may be some, and the known messages by part."""

    since_ms: int
    ids: Mapping[int, int]


def split_files(files: Iterable[Path]) -> list[tuple[Path, ...]]:
    """Split files into parts for one message each, in their order; a large file may be alone."""
    parts: list[tuple[Path, ...]] = [()]
    size = 0
    for file in files:
        added = file.stat().st_size
        if parts[-1] and (len(parts[-1]) == _MAX_FILES or size + added > _MAX_BYTES):
            parts.append(())
            size = 0
        parts[-1] += (file,)
        size += added
    return parts


async def attach_to_carriers(
    context: Context, status: StatusView, parts: Mapping[int, Sequence[Path]]
) -> dict[str, str]:
    """Return fresh URLs of files by name, posting the carriers of their parts if necessary.

    That there may be carriers is recorded before the first is posted.

    Raises:
        PublishError: as `Publisher.attach_to_carrier` raises it.
        TimeoutError: Discord does not answer in time.
    """
    job, urls = status.job, dict[str, str]()
    carriers = await _begin(context, job)
    for part, files in parts.items():
        async with asyncio.timeout(_POST_TIMEOUT_S):
            message_id, offered = await context.publisher.attach_to_carrier(
                status, part, files, carriers.ids.get(part)
            )
        if part not in carriers.ids:
            carriers = _Carriers(carriers.since_ms, {**carriers.ids, part: message_id})
            await _record(context, job.id, carriers)
        urls |= offered
    return urls


async def remove_carriers(context: Context, job: JobView) -> None:
    """Delete the carriers of a job, if it has some.

    Raises:
        TemporaryPublishError: Discord does not answer; try again.
    """
    carriers = await _read(context, job.id)
    if carriers is None:
        return
    try:
        for message_id in (await _search(context, job, carriers)).ids.values():
            await context.publisher.delete_carrier(job, message_id)
    except TemporaryPublishError:
        raise
    except PublishError as error:
        _log.warning("input files not removed from Discord", job=job.id, error=error)
    await _forget(context, job.id)


async def _begin(context: Context, job: JobView) -> _Carriers:
    carriers = await _read(context, job.id)
    if carriers is not None:
        return await _search(context, job, carriers)
    carriers = _Carriers(context.now_ms(), {})
    await _record(context, job.id, carriers)
    return carriers


async def _search(context: Context, job: JobView, carriers: _Carriers) -> _Carriers:
    """Add the carriers that were posted but not recorded, if the history shows them."""
    try:
        found = await context.publisher.find_carriers(job, carriers.since_ms)
    except HistoryDenied:
        return carriers
    return _Carriers(carriers.since_ms, {**found, **carriers.ids})


def _key(job_id: str) -> str:
    return f"carriers {job_id}"


async def _read(context: Context, job_id: str) -> _Carriers | None:
    text = await context.database.read(lambda tx: key_value.get(tx, _key(job_id)))
    if text is None:
        return None
    saved = json.loads(text)
    return _Carriers(saved["since_ms"], {int(part): id_ for part, id_ in saved["ids"].items()})


async def _record(context: Context, job_id: str, carriers: _Carriers) -> None:
    text = json.dumps({"since_ms": carriers.since_ms, "ids": {**carriers.ids}})

    async def record_carriers(tx: AsyncConnection) -> None:
        await key_value.put(tx, _key(job_id), text)

    await context.database.transact(record_carriers)


async def _forget(context: Context, job_id: str) -> None:
    async def forget_carriers(tx: AsyncConnection) -> None:
        await key_value.remove(tx, _key(job_id))

    await context.database.transact(forget_carriers)
