"""Status messages: keep each job's public message up to date with its state.

The database stores which state the message shows, so a message missed because of a crash or a
fault of Discord's is updated like any other.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from weakref import WeakValueDictionary

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

import storage.jobs
from domain.errors import Outage
from domain.jobs import JobState
from domain.orders import is_concluded
from domain.polling import MAX_FAILURES, backoff_ms
from storage import status_messages
from storage.jobs import Job
from workflow.answer_updates import update_answer
from workflow.context import Context
from workflow.errors import HistoryDenied, PublishError, TemporaryPublishError
from workflow.failure_replies import (
    NONCE_WINDOW_MS,
    calls_for_reply,
    find_outdated_reply,
    had_reply,
)
from workflow.progress import ProgressEdits
from workflow.publisher import MessageKind, StatusView, SubmissionBlock
from workflow.reliability import commit_with_retry
from workflow.results.credit import remove_outdated_credit
from workflow.results.messages import remove_messages
from workflow.status_views import (
    TRANSIENT_STATES,
    build_status_view,
    is_view_unchanged,
)
from workflow.submission_gate import find_submission_block
from workflow.takes.lookup import list_takes
from workflow.takes.views import build_takes_view
from workflow.urls.carriers import remove_carriers
from workflow.urls.input_urls import input_media

_log = structlog.get_logger(__name__)

_REPOST_AFTER_MS = 10_000


class _PostUnderWay(TemporaryPublishError):
    """Another process is posting the status message, or died at it a moment ago."""


class StatusUpdater:
    """Updates status messages, with a backoff per job after temporary failures."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.progress = ProgressEdits(context)
        self._retries: dict[str, tuple[int, int]] = {}
        """Per message: failures in a row, and the time before which it is not retried."""

        self._takes_locks = WeakValueDictionary[str, asyncio.Lock]()
        """Per order: two updates of one message must not overtake each other."""

    async def due_jobs(self, limit: int) -> list[Job]:
        """Return the jobs whose status message is outdated and may be tried now."""
        if not self._context.publisher.is_ready:
            return []
        now_ms = self._context.now_ms()
        outdated = await self._context.database.read(
            lambda tx: status_messages.list_outdated(
                tx, limit + len(self._retries), exclude=TRANSIENT_STATES
            )
        )
        ready = [job for job in outdated if self._retries.get(_key(job), (0, 0))[1] <= now_ms]
        one_each = {_key(job): job for job in reversed(ready)}
        return [*reversed(one_each.values())][:limit]

    async def update(self, job: Job) -> None:
        """Post or edit the status message of one job, or delete it when the result is posted."""
        try:
            await self._show(job)
        except _PostUnderWay:
            _log.debug("status message left to another process", job=job.id)
            self._retry_later(job)
        except (TemporaryPublishError, Outage) as error:
            await self._retry_or_give_up(job, error)
        except PublishError as error:
            _log.warning("status message refused", job=job.id, error=error)
            await self._give_up(job)
        except Exception:  # noqa: BLE001 - whatever it is, the worker goes on
            _log.exception("status update failed", job=job.id)
            self._retry_later(job)
        else:
            self._retries.pop(_key(job), None)

    async def _retry_or_give_up(self, job: Job, error: Exception) -> None:
        """Retry later, until the message has failed for so long that it is left as it is."""
        if self._retries.get(_key(job), (0, 0))[0] >= MAX_FAILURES:
            _log.error("status message given up", job=job.id, error=error)
            self._retries.pop(_key(job), None)
            await self._give_up(job)
            return
        _log.warning("status message not updated", job=job.id, error=error)
        self._retry_later(job)

    def _retry_later(self, job: Job) -> None:
        failures = self._retries.get(_key(job), (0, 0))[0] + 1
        wait_ms = backoff_ms(failures, self._context.random.random())
        self._retries[_key(job)] = failures, self._context.now_ms() + wait_ms

    async def _show(self, job: Job) -> None:
        if job.order_id is None or job.erased_at_ms is not None:
            await self._show_jobs([job])
            return
        async with self._takes_locks.setdefault(job.order_id, asyncio.Lock()):
            takes = await list_takes(self._context, job)
            if not takes:
                await self._show_jobs([job])
            elif any(_is_outdated(take) for take in takes):
                await self._show_jobs(takes)

    async def _show_jobs(self, jobs: Sequence[Job]) -> None:
        """Show a job, or the takes of a request, in their message."""
        first, publisher = jobs[0], self._context.publisher
        await update_answer(self._context, jobs)
        if publisher.has_left(first.guild_id) and not first.private:
            await self._shown(jobs)
        elif first.erased_at_ms is not None:
            await self._remove(first)
        elif is_concluded(jobs):
            await self._conclude(jobs)
        else:
            await self._report(jobs)

    async def _build_view(self, jobs: Sequence[Job], message_id: int | None) -> StatusView:
        first = replace(jobs[0], status_message_id=message_id)
        if len(jobs) == 1:
            return await build_status_view(self._context, first)
        return await build_takes_view(self._context, [first, *jobs[1:]])

    async def _report(self, jobs: Sequence[Job]) -> None:
        """Post or edit the message of jobs without a result, and ping their member at the end."""
        job = jobs[0]
        known = job.status_message_id or await self._find(job)
        message_id = known or await self._context.publisher.post_status(
            await self._build_view(jobs, None)
        )
        view = await self._build_view(jobs, message_id)
        shows_why = True
        # A repeated post may have returned the earlier message, whose content is outdated.
        if known is not None or job.status_since_ms is not None:
            shows_why = await self._edit(view)
        if not view.is_active and input_media(job.request):
            await remove_carriers(self._context, job)
        if calls_for_reply(view) and not await had_reply(self._context, job):
            await self._context.publisher.post_failure(view, tells_why=not shows_why)
        await self._shown(jobs, message_id, view)
        self.progress.follow(next((one for one in jobs if one.state is JobState.GENERATING), job))

    async def _conclude(self, jobs: Sequence[Job]) -> None:
        """Delete the messages of delivered jobs but their result.

        The status message stays as a line with a link where it cannot be deleted, or the result is
        elsewhere; from now on nothing can need the files on it.
        """
        job = jobs[0]
        for one in jobs:
            await remove_outdated_credit(self._context, one)
        message_id = job.status_message_id
        if message_id is None and job.status_since_ms is not None:
            message_id = await self._find_or_repeat(jobs)
        if input_media(job.request):
            await remove_carriers(self._context, job)
        if (reply_id := await find_outdated_reply(self._context, jobs)) is not None:
            await self._delete(job, reply_id)
        if message_id is None:
            await self._shown(jobs)
            return
        view = await self._build_view(jobs, message_id)
        if view.is_replaced and await self._delete(job, message_id):
            await self._shown(jobs, is_deleted=True)
        else:
            await self._edit(view)
            await self._shown(jobs, message_id, view)

    async def _find_or_repeat(self, jobs: Sequence[Job]) -> int | None:
        """Find a message left unrecorded; where the history is denied, by repeating its post.

        Discord answers a repeat with the earlier message, as long as it keeps the nonce.
        """
        try:
            return await self._search(jobs[0])
        except HistoryDenied:
            age_ms = self._context.now_ms() - (jobs[0].status_since_ms or 0)
            if age_ms > NONCE_WINDOW_MS:
                return None
            view = await self._build_view(jobs, None)
            return await self._context.publisher.post_status(view)

    async def _delete(self, job: Job, message_id: int) -> bool:
        """Delete a message of a job; return False if Discord refuses that for good."""
        try:
            await self._context.publisher.delete_message(job, message_id)
        except TemporaryPublishError:
            raise
        except PublishError as error:
            _log.warning("status message not deleted", job=job.id, error=error)
            return False
        return True

    async def _remove(self, job: Job) -> None:
        """Delete every message of a job whose member had everything deleted."""
        message_id = job.status_message_id
        if message_id is None and job.status_since_ms is not None:
            message_id = await self._find(job)
        await remove_messages(self._context, replace(job, status_message_id=message_id))
        await self._shown([job])

    async def _edit(self, view: StatusView) -> bool:
        """Edit a status message; return whether it is there and shows the view.

        If that is refused, the member still hears of a failure.
        """
        try:
            return await self._context.publisher.edit_status(view)
        except TemporaryPublishError:
            raise
        except PublishError as error:
            _log.warning("status message refused", job=view.job.id, error=error)
            return False

    async def _find(self, job: Job) -> int | None:
        """Find a status message left unrecorded by a dead process or a lost answer."""
        try:
            return await self._search(job)
        except HistoryDenied:
            if job.restored_at_ms is not None:
                raise  # the nonce is forgotten: a second message could not be told from the first
            return None

    async def _search(self, job: Job) -> int | None:
        """Claim the right to post a status message, and search for one that may be posted."""
        now_ms = self._context.now_ms()
        is_claimed = await self._context.database.transact(
            lambda tx: status_messages.claim_post(tx, job, now_ms, _REPOST_AFTER_MS)
        )
        if not is_claimed:
            raise _PostUnderWay("it is being posted")
        await self._context.high_water.keep_if_possible(self._context.database, self._context.media)
        if job.status_since_ms is None:
            return None
        # Not since the last claim: a search that failed has claimed, and posted nothing.
        return await self._context.publisher.find_message(
            job, MessageKind.STATUS, job.created_at_ms
        )

    async def _give_up(self, job: Job) -> None:
        """Leave a message as it is, until its job's next state, or that of another take."""
        takes = [] if job.erased_at_ms is not None else await list_takes(self._context, job)
        await self._shown(takes or [job])

    async def _shown(
        self,
        jobs: Sequence[Job],
        message_id: int | None = None,
        view: StatusView | None = None,
        *,
        is_deleted: bool = False,
    ) -> None:
        blocks = {} if view is None else _blocks(view)

        async def record_shown(tx: AsyncConnection) -> None:
            for job in jobs:
                own_id = message_id if job is jobs[0] else None
                shown = job.state if await self._is_current(tx, job, blocks) else None
                if is_deleted:
                    await status_messages.forget_message(tx, job.id, shown)
                elif own_id or shown:
                    await status_messages.save_message(tx, job.id, message_id=own_id, shown=shown)

        await commit_with_retry(self._context, record_shown)

    async def _is_current(
        self, tx: AsyncConnection, job: Job, blocks: Mapping[str, SubmissionBlock | None]
    ) -> bool:
        """Return whether a job still looks as its message shows it."""
        now = await storage.jobs.lock(tx, job.id)
        if now is None or not is_view_unchanged(job, now):
            return False
        if job.state is not JobState.QUEUED or job.id not in blocks:
            return True
        return await find_submission_block(tx, self._context) == blocks[job.id]


def _key(job: Job) -> str:
    """Return what a job's message is named after: takes of one request have one."""
    return job.order_id or job.id


def _is_outdated(job: Job) -> bool:
    is_brief = job.state in TRANSIENT_STATES - {JobState.STORED}
    return job.status_shown is not job.state and not is_brief


def _blocks(view: StatusView) -> dict[str, SubmissionBlock | None]:
    return {one.job.id: one.submission_block for one in view.takes or (view,)}
