"""Erasing a member: nothing of theirs is found afterwards, and the money balances."""

import hashlib
import io
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.audit_log import NewChange
from domain.erasures import Erasure
from domain.jobs import AT_APIXO, RUNNABLE, JobState
from domain.requests import Draft, GenerationCommand, Picture, VideoRequest, build_request
from storage import (
    audit_log,
    erasures,
    guild_settings,
    jobs,
    key_value,
    pending_interactions,
    status_messages,
)
from storage.database import Database
from storage.pending_interactions import PendingRow
from storage.personal_data import DONE_NOTICE_NOTE
from storage.schema import job_events, metadata
from storage.schema import jobs as job_table
from tests.harness.workflow import ADA, BEN, BOTH_ENGINES, CHANNEL, GUILD, WorkflowHarness
from workflow.errors import TemporaryPublishError
from workflow.guilds.notifications import set_done_notification
from workflow.high_water import HighWaterMark
from workflow.members.erasure import adopt_marks, erase_pending, request_erasure
from workflow.restore import check_high_water, declare_restored, erase_again
from workflow.stages.accept import Order, accept

S = JobState
MARK = "zanzibarium"
"""A word of the prompt, of a file's bytes, its name, and of what APIXO says."""


def drawn_picture() -> bytes:
    """Draw a picture with the marker in its bytes."""
    words, out = PngInfo(), io.BytesIO()
    words.add_text("Comment", MARK)
    Image.new("RGB", (640, 480), "teal").save(out, "PNG", pnginfo=words)
    return out.getvalue()


FILE = drawn_picture()
NAME = f"{hashlib.sha256(FILE).hexdigest()}.png"
_MOST_TRANSACTIONS = 40


class ErasedMidway:
    """A database at whose n-th change of a job its member has everything deleted."""

    def __init__(self, database: Database, number: int, harness: WorkflowHarness, job: str) -> None:
        self._database = database
        self._number = number
        self._harness = harness
        self._job = job
        self._seen = set[tuple[object, ...]]()
        self.state: S | None = None
        """The job's state at that moment."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def transact(self, work: Any) -> Any:
        result = await self._database.transact(work)
        job = await self._harness.job(self._job)
        is_held = job.lease_owner is not None
        self._seen.add((job.state, is_held, job.status_since_ms, job.status_message_id))
        if len(self._seen) == self._number and self.state is None:
            self.state = job.state
            context = replace(self._harness.context, database=self._database)
            await request_erasure(context, ADA)
            await erase_pending(context)
        return result


@pytest.fixture(autouse=True)
async def picture_address(harness: WorkflowHarness) -> AsyncIterator[None]:
    """Serve the picture where Discord would, for APIXO to fetch."""
    app = web.Application()
    app.router.add_get("/{name}", _answer)
    async with TestServer(app, host="127.0.0.1") as server:
        harness.publisher.file_base_url = str(server.make_url("")).rstrip("/")
        yield


async def _answer(_: web.Request) -> web.Response:
    return web.Response(body=FILE, content_type="image/png")


async def request_with_file(harness: WorkflowHarness, prompt: str = MARK) -> VideoRequest:
    """Make a request with a kept picture whose address is known."""
    await harness.context.media.save_input(FILE, "png")
    picture = Picture(
        url="",
        name=f"{MARK}.png",
        format="PNG",
        width=640,
        height=480,
        size=len(FILE),
        kept=NAME,
    )
    return build_request(
        Draft(command=GenerationCommand.ANIMATE, prompt=prompt, pictures=(picture,))
    )


async def order(harness: WorkflowHarness, *, user: int = ADA, prompt: str = MARK) -> str:
    """Ask for a video with a picture."""
    harness.clock.advance(0.001)
    request = await request_with_file(harness, prompt)
    plain = harness.make_order("a lake", user=user)
    return (await accept(harness.context, replace(plain, request=request))).job.id


async def settle(harness: WorkflowHarness, *jobs_of_member: str) -> None:
    """Let the service go on until the erasures are done, and jobs at their end."""
    for _ in range(100):
        await erase_pending(harness.context)
        await harness.run_once()
        if not await harness.database.read(_unsettled):
            return
        await harness.advance_to_next_due()
    pytest.fail("it does not end")


async def _unsettled(tx: AsyncConnection) -> bool:
    """Return whether an erasure is not finished, or a job not at its end or not shown so."""
    shown = await status_messages.list_outdated(tx, 1, exclude=[S.GENERATING])
    states = await jobs.count_by_state(tx)
    moving = {state for state in states if state in RUNNABLE | AT_APIXO}
    return bool(await erasures.list_pending(tx) or shown or moving)


async def traces(harness: WorkflowHarness) -> list[str]:
    """Look for the marker in every table and every file."""
    found = list[str]()
    for table in metadata.sorted_tables:
        rows = await harness.database.read(
            lambda tx, name=table.name: tx.exec_driver_sql(f"SELECT * FROM {name}")  # noqa: S608
        )
        found += [f"{table.name}: {row}" for row in rows if MARK in repr(row)]
    folder = harness.context.media._path  # pyright: ignore[reportPrivateUsage]
    for path in folder.rglob("*"):
        is_trace = path.is_file() and (MARK.encode() in path.read_bytes() or path.suffix == ".mp4")
        found += [str(path)] if is_trace else []
    return found


async def test_a_member_erased_at_any_moment_leaves_nothing(harness: WorkflowHarness) -> None:
    """At each change in a video's whole life: no trace, one price or none, no message."""
    original, met, ends = harness.database, set[S](), set[S]()
    for number in range(1, _MOST_TRANSACTIONS):
        await set_done_notification(harness.context, GUILD, ADA, wanted=True)
        job = await order(harness)
        midway = ErasedMidway(original, number, harness, job)
        harness.use(replace(harness.context, database=midway))  # pyright: ignore[reportArgumentType]
        while midway.state is None:
            await harness.run_once()
            await harness.advance_to_next_due()
        harness.use(replace(harness.context, database=original))
        await settle(harness)
        met.add(midway.state)
        ends.add(await ends_without_trace(harness, job))
        if midway.state is S.DELIVERED:
            break
    assert {S.QUEUED, S.SUBMITTING, S.GENERATING, S.SUCCEEDED, S.STORED, S.POSTING} < met
    assert ends == {S.CANCELLED, S.DELIVERED}


async def ends_without_trace(harness: WorkflowHarness, job: str) -> S:
    """Check that nothing of a job is left but its money, and return its state."""
    ended = await harness.job(job)
    assert ended.erased_at_ms is not None
    assert await traces(harness) == []
    assert [m for m in harness.publisher.messages if m.job_id == job] == []
    kinds = [kind for kind, _ in await harness.ledger(job)]
    assert kinds == ["hold", "charge" if ended.state is S.DELIVERED else "release"]
    await harness.audit()
    return ended.state


@BOTH_ENGINES
async def test_a_member_erased_in_any_state_leaves_nothing(harness: WorkflowHarness) -> None:
    """A parked job stays with its money for the operator, and has no words and no files."""
    await order(harness)
    job = (await harness.accept_job(MARK)).job.id
    await harness.run_until(S.DELIVERED, job=job)
    await harness.database.transact(
        lambda tx: tx.execute(update(job_table).values(reason=MARK, result_url=MARK))
    )
    await harness.database.transact(lambda tx: tx.execute(update(job_events).values(detail=MARK)))
    assert len(await traces(harness)) > 8
    await request_erasure(harness.context, ADA)
    await settle(harness)
    assert await traces(harness) == []
    assert harness.publisher.messages == []
    await harness.audit()


async def test_a_task_that_fails_after_the_erasure_leaves_no_words(
    harness: WorkflowHarness,
) -> None:
    """What APIXO says of it may quote the prompt."""
    job = await order(harness)
    await harness.run_until(S.GENERATING, job=job)
    await request_erasure(harness.context, ADA)
    await erase_pending(harness.context)
    found = await harness.job(job)
    failed = await harness.database.transact(
        lambda tx: jobs.transition(
            tx, found, S.STUCK, now_ms=harness.context.now_ms(), reason=f"no {MARK}"
        )
    )
    assert failed.reason is None
    assert await traces(harness) == []


async def test_what_others_use_stays(harness: WorkflowHarness) -> None:
    """The same file given by somebody else; their words, their video and its message."""
    mine, theirs = await order(harness), await order(harness, user=BEN, prompt="a lake")
    for job in (mine, theirs):
        await harness.run_until(S.DELIVERED, job=job)
    await request_erasure(harness.context, ADA)
    await settle(harness)
    assert harness.context.media.input_path(NAME) is not None
    assert await harness.context.media.has_video(f"{theirs}.mp4")
    assert not await harness.context.media.has_video(f"{mine}.mp4")
    assert len(harness.publisher.messages_of(theirs, "result")) == 1
    await request_erasure(harness.context, BEN)
    await settle(harness)
    assert harness.context.media.input_path(NAME) is None


async def test_choices_drafts_and_authorship_go(harness: WorkflowHarness) -> None:
    """The preset stays, and its maker is forgotten."""
    await request_with_file(harness)
    pending = PendingRow(
        kind="k",
        key="1",
        user_id=ADA,
        payload=json.dumps({"prompt": MARK, "kept": NAME}),
        until_ms=1 << 41,
    )
    await harness.database.transact(lambda tx: pending_interactions.put(tx, pending))
    await harness.database.transact(
        lambda tx: guild_settings.set_done_notification(tx, GUILD, ADA, enabled=True)
    )
    change = NewChange(
        at_ms=1,
        guild_id=GUILD,
        actor=str(ADA),
        what="preset",
        subject="preset:noir",
        before=None,
        after="{}",
    )
    await harness.database.transact(lambda tx: audit_log.record(tx, change))
    await request_erasure(harness.context, ADA)
    await settle(harness)
    assert await traces(harness) == []
    read = harness.database.read
    assert not await read(lambda tx: guild_settings.wants_done_notification(tx, GUILD, ADA))
    (kept,) = await read(lambda tx: audit_log.list_latest(tx, GUILD, 9))
    assert (kept.actor, kept.subject) == ("deleted", "preset:noir")


async def test_discord_out_of_order_delays_the_deletion_of_messages(
    harness: WorkflowHarness,
) -> None:
    """They are deleted as soon as it answers; so is what was said of them in direct messages."""
    await set_done_notification(harness.context, GUILD, ADA, wanted=True)
    job = await order(harness)
    await harness.run_until(S.DELIVERED, job=job)
    assert len(harness.publisher.messages_of(job, "told")) == 1
    for method in ("delete_result", "delete_notice"):
        harness.publisher.errors[method] = [TemporaryPublishError("no answer")] * 3
    await request_erasure(harness.context, ADA)
    await settle(harness)
    assert harness.publisher.messages == []
    kept = await harness.database.read(lambda tx: key_value.list_prefixed(tx, DONE_NOTICE_NOTE))
    assert kept == []


async def test_what_comes_later_is_not_erased(harness: WorkflowHarness) -> None:
    """An erasure is of what there was."""
    await request_erasure(harness.context, ADA)
    await settle(harness)
    job = (await harness.accept_job()).job.id
    await adopt_marks(harness.context)
    await harness.run_until(S.DELIVERED, job=job)
    await settle(harness)
    assert (await harness.job(job)).erased_at_ms is None


async def test_one_server_alone(harness: WorkflowHarness) -> None:
    """What a member has elsewhere stays; what they posted stays, too: nobody asked for that."""
    here = await order(harness)
    harness.clock.advance(1)
    request = await request_with_file(harness)
    there = (
        await accept(
            harness.context,
            Order(
                interaction_id=999,
                guild_id=GUILD + 1,
                channel_id=CHANNEL,
                user_id=ADA,
                request=request,
            ),
        )
    ).job.id
    for job in (here, there):
        await harness.run_until(S.DELIVERED, job=job)
    await request_erasure(harness.context, ADA, GUILD)
    await settle(harness)
    assert (await harness.job(here)).request.prompt == ""
    assert (await harness.job(there)).request.prompt == MARK
    assert harness.context.media.input_path(NAME) is not None
    assert len(harness.publisher.messages_of(here, "result")) == 1


async def test_a_restored_database_is_erased_again(
    harness: WorkflowHarness, tmp_path: Path
) -> None:
    """The media store remembers; before anything of the copy is posted."""
    job = await order(harness)
    await harness.run_until(S.STORED, job=job)
    copy, original = tmp_path / "copy.db", harness.database
    await original.backup(copy)
    media = tmp_path / "media-copy"
    shutil.copytree(tmp_path / "media", media)
    await harness.run_until(S.DELIVERED, job=job)
    await request_erasure(harness.context, ADA)
    await settle(harness)
    shutil.copytree(media, tmp_path / "media", dirs_exist_ok=True)
    async with await Database.open(f"sqlite:///{copy}") as restored:
        harness.database = restored
        harness.use(replace(harness.context, database=restored))
        await _is_erased_again(harness)
        assert await ends_without_trace(harness, job) is S.DELIVERED
        harness.database = original
        harness.use(replace(harness.context, database=original))


async def test_a_start_looks_at_the_marks_before_anything_is_sent(
    harness: WorkflowHarness,
) -> None:
    """A database put back by other means, such as `pg_restore`, is erased again by the service."""
    job = await order(harness)
    await harness.run_until(S.DELIVERED, job=job)
    await harness.context.media.mark_erasure(Erasure(ADA, 0, harness.context.now_ms()))
    await check_high_water(replace(harness.context, high_water=HighWaterMark()))
    assert await traces(harness) == []


async def _is_erased_again(harness: WorkflowHarness) -> None:
    await declare_restored(harness.database, harness.context.now_ms())
    assert len(await traces(harness)) > 2
    assert await erase_again(harness.context) == 1
    assert await traces(harness) == []
    assert await erase_again(harness.context) == 0
    harness.publisher.forgets_nonces = True
    await settle(harness)
