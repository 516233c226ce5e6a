"""Endpoint for APIXO callbacks: trusts the signed URL alone, and answers 200 after recording."""

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

_log = structlog.get_logger(__name__)

_READ_S = 10
_RECORD_S = 15
"""APIXO waits 30 seconds for its answer."""

_FORGED_PER_MINUTE = 1_000
"""Rate limit: APIXO never uses a wrong URL, so beyond this number the answer is 429."""


class CallbackEndpoint:
    """Receives callbacks; `on_outcome` is called with the outcome of each."""

    def __init__(
        self,
        context: Context,
        urls: SignedCallbackUrls,
        wake: Callable[[], None],
        on_outcome: Callable[[str], None],
    ) -> None:
        self._context = context
        self._urls = urls
        self._wake = wake
        self._on_outcome = on_outcome
        self._forged = _ForgedCounter()

    def routes(self) -> list[web.RouteDef]:
        """Return the route `POST /callbacks/apixo/{token}`.

        200 recorded, 400 no task id, 401 not our URL, 408 too slow, 409 another task than the
        job's, 413 too long, 429 too many wrong URLs, 503 could not be recorded.
        """
        return [web.post(f"{CALLBACK_PATH}{{token}}", self._handle)]

    async def _handle(self, request: web.Request) -> web.Response:
        status, outcome = await self._process(request)
        self._on_outcome(outcome)
        return web.Response(status=status, text=f"{outcome}\n")

    async def _process(self, request: web.Request) -> tuple[int, str]:
        submission = self._urls.parse(request.match_info["token"])
        if submission is None:
            return (429, "too many") if self._forged.count_and_check_limit() else (401, "forged")
        try:
            async with asyncio.timeout(_READ_S):
                body = await request.read()
        except TimeoutError:
            return 408, "too slow"
        except web.HTTPRequestEntityTooLarge:
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


class _ForgedCounter:
    """Counts wrong URLs per minute; the first of a minute is logged with the previous count."""

    def __init__(self) -> None:
        self._minute = -1
        self._count = 0

    def count_and_check_limit(self) -> bool:
        """Count one more, and return whether this minute exceeds the limit."""
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            _log.warning("forged callbacks", previous_count=self._count)
            self._minute, self._count = minute, 0
        self._count += 1
        return self._count > _FORGED_PER_MINUTE
