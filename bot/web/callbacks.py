"""Answers APIXO's callbacks: believes the address's mark alone, and records before it says 200."""

import asyncio
import time
from collections.abc import Callable

import structlog
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from apixo.schemas import parse_callback
from domain.errors import DailiesError
from workflow.context import Context
from workflow.urls.callback_urls import CALLBACK_PATH, SignedCallbackUrls
from workflow.urls.callbacks import CallbackOutcome, record_callback

MAX_BODY_BYTES = 64 * 1024

_log = structlog.get_logger(__name__)

_READ_S = 10
_RECORD_S = 15
"""APIXO waits 30 seconds for its answer."""

_FORGED_PER_MINUTE = 1_000
"""No honest sender ever has a wrong address; beyond this many, one does not even hear that."""


class CallbackEndpoint:
    """Takes callbacks in; `heard` is told in a word what came of each."""

    def __init__(
        self,
        context: Context,
        urls: SignedCallbackUrls,
        wake: Callable[[], None],
        on_outcome: Callable[[str], None],
    ) -> None:
        self._context = context
        self._addresses = urls
        self._wake = wake
        self._heard = on_outcome
        self._forged = _Forged()

    def routes(self) -> list[web.RouteDef]:
        """Answer `POST /callbacks/apixo/{token}`.

        200 recorded, 400 it names no task, 401 not our address, 408 and 413 too slow and too long,
        409 another task than the job's, 429 too many wrong addresses, 503 could not be recorded.
        """
        return [web.post(f"{CALLBACK_PATH}{{token}}", self._post)]

    async def _post(self, request: web.Request) -> web.Response:
        status, word = await self._answer(request)
        self._heard(word)
        return web.Response(status=status, text=f"{word}\n")

    async def _answer(self, request: web.Request) -> tuple[int, str]:
        submission = self._addresses.parse(request.match_info["token"])
        if submission is None:
            return (429, "too many") if self._forged.are_too_many() else (401, "forged")
        try:
            async with asyncio.timeout(_READ_S):
                body = await _read(request)
        except TimeoutError:
            return 408, "too slow"
        if body is None:
            return 413, "too long"
        try:
            task_id = parse_callback(body)
        except ValueError:
            return 400, "unreadable"
        try:
            async with asyncio.timeout(_RECORD_S):
                outcome = await record_callback(self._context, submission, task_id)
        except (SQLAlchemyError, OSError, TimeoutError, DailiesError) as error:
            _log.error("callback not recorded", job=submission.job_id, error=type(error).__name__)
            return 503, "not recorded"
        self._wake()
        return (409 if outcome is CallbackOutcome.OTHER_TASK else 200), outcome


class _Forged:
    """Counts the wrong addresses of the minute; the first of each is logged with their number."""

    def __init__(self) -> None:
        self._minute = -1
        self._count = 0

    def are_too_many(self) -> bool:
        """Count one more, and tell whether there were too many this minute."""
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            _log.warning("callbacks with a wrong address", earlier_in_a_minute=self._count)
            self._minute, self._count = minute, 0
        self._count += 1
        return self._count > _FORGED_PER_MINUTE


async def _read(request: web.Request) -> bytes | None:
    """Read a body; None if it is too long, of which no more than that is looked at."""
    if (request.content_length or 0) > MAX_BODY_BYTES:
        return None
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)
