"""A worker with a real database and the stand-in of APIXO, on a clock that a test moves."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

from domain.jobs import ENDED_WITHOUT_VIDEO, PARKED, JobState
from domain.models import ModelId
from domain.money import MicroUSD
from domain.obstacles import Obstacle, ObstacleKind
from domain.quotas import Limits
from domain.requests import Draft, GenerationCommand, Picture, VideoRequest, build_request
from sandbox.apixo import FakeApixo, ManualClock
from storage import audit, billing, jobs, work_ahead
from storage.database import Database
from storage.jobs import Job
from workflow.context import Context
from workflow.errors import ChannelUnavailable, TemporaryPublishError
from workflow.publisher import (
    AnswerView,
    MessageKind,
    ReleaseNotice,
    ResultPayload,
    StatusView,
    SubmissionBlock,
    TakesPost,
)
from workflow.stages.accept import Accepted, Order, accept
from workflow.worker import Worker

GUILD, CHANNEL, ADA, BEN = 10, 20, 31, 32
BOTH_ENGINES = pytest.mark.parametrize("template", ["sqlite", "postgresql"], indirect=True)
"""For what the database decides: money, limits, figures, and who of two comes first."""

_STEP_S, _MAX_STEP_S = 0.5, 60.0
_RESTING = PARKED | ENDED_WITHOUT_VIDEO | {JobState.DELIVERED}


@dataclass
class PostedMessage:
    """A message of the channel, or a direct one."""

    id: int
    kind: str
    job_id: str
    nonce: str
    states: list[JobState]
    video: bytes | None = None
    payload: ResultPayload | None = None
    channel: int = CHANNEL
    private: bool = False
    positions: list[int | None] = field(default_factory=list)
    submission_blocks: list[SubmissionBlock | None] = field(default_factory=list)
    ready_at_ms: list[int | None] = field(default_factory=list)
    shares_done: list[float] = field(default_factory=list)
    takes: tuple[str, ...] = ()
    """The jobs that it shows, where they are takes of one request."""

    without_video: tuple[str, ...] = ()
    """The takes of which it says that they have no video."""


class FakePublisher:
    """A publisher whose messages outlive the worker, as Discord's do; drops repeats by nonce.

    `trouble[method]` holds errors that the next calls raise, `lost[method]` errors raised after
    the work was done.
    """

    def __init__(self) -> None:
        self.messages: list[PostedMessage] = []
        self.deleted: list[PostedMessage] = []
        self.errors: dict[str, list[Exception]] = defaultdict(list)
        self.errors_after_effect: dict[str, list[Exception]] = defaultdict(list)
        self.offered_files: list[str] = []
        self.file_base_url = "https://cdn.example"
        self.forgets_nonces = False
        self.file_limit = 10 * 1024 * 1024
        self.age_restricted_channels: set[int] = set()
        self.is_ready = True
        self.has_gateway = True
        self.has_spare_requests = True
        self.left_guilds: set[int] = set()
        self.left_members: set[tuple[int, int]] = set()
        """Who has left a server: ids of server and user."""
        self.obstacles: dict[int, Obstacle] = {}
        """What keeps videos from channels, by their ids."""
        self.is_access_cached = True
        self.is_access_known = True
        self.notices: list[ReleaseNotice] = []
        self.uncredited: list[str] = []
        self._ids = count(1000)

    @property
    def is_connected(self) -> bool:
        return self.is_ready and self.has_gateway

    def has_left(self, guild_id: int) -> bool:
        return guild_id in self.left_guilds

    def is_destination_cached(self, guild_id: int, channel_id: int | None) -> bool:
        return self.is_access_cached

    async def find_obstacle(self, guild_id: int, channel_id: int | None) -> Obstacle | None:
        if not self.is_access_known:
            raise TemporaryPublishError("no answer from Discord")
        if guild_id in self.left_guilds:
            return Obstacle(ObstacleKind.SERVER_LEFT)
        return None if channel_id is None else self.obstacles.get(channel_id)

    async def is_member(self, guild_id: int, user_id: int) -> bool:
        if not self.is_access_known:
            raise TemporaryPublishError("no answer from Discord")
        if guild_id in self.left_guilds:
            raise ChannelUnavailable("the bot is not on the server")
        return (guild_id, user_id) not in self.left_members

    async def notify_released(self, notice: ReleaseNotice) -> None:
        self._raise(self.errors["notify_released"])
        self.notices.append(notice)

    async def post_status(self, status: StatusView) -> int:
        return self._post("post_status", "status", status.job, status=status)

    async def edit_status(self, status: StatusView) -> bool:
        self._raise(self.errors["edit_status"])
        found = [
            message
            for message in self.messages_of(status.job.id, "status")
            if message.id == status.job.status_message_id
        ]
        for message in found:
            self._note(message, status)
        self._raise(self.errors_after_effect["edit_status"])
        return bool(found)

    async def edit_answer(self, view: AnswerView) -> None:
        raise NotImplementedError

    async def attach_files(self, status: StatusView, files: Sequence[Path]) -> dict[str, str]:
        self._raise(self.errors["attach_files"])
        self.offered_files += [file.name for file in files]
        return {file.name: f"{self.file_base_url}/{file.name}" for file in files}

    async def attach_to_carrier(
        self, status: StatusView, part: int, files: Sequence[Path], message_id: int | None
    ) -> tuple[int, dict[str, str]]:
        if message_id is None:
            message_id = self._post("attach_to_carrier", f"carrier {part}", status.job)
        return message_id, {f.name: f"{self.file_base_url}/{part}/{f.name}" for f in files}

    async def find_carriers(self, job: Job, since_ms: int) -> dict[int, int]:
        self._raise(self.errors["find_carriers"])
        return {
            int(m.kind.removeprefix("carrier ")): m.id
            for m in self.messages
            if m.job_id == job.id and m.kind.startswith("carrier ")
        }

    async def delete_message(self, job: Job, message_id: int) -> None:
        self._raise(self.errors["delete_message"])
        self.deleted += [m for m in self.messages if m.id == message_id]
        self.messages = [m for m in self.messages if m.id != message_id]
        self._raise(self.errors_after_effect["delete_message"])

    async def delete_carrier(self, job: Job, message_id: int) -> None:
        self._raise(self.errors["delete_carrier"])
        self.messages = [m for m in self.messages if m.id != message_id]

    async def post_failure(self, status: StatusView, *, tells_why: bool) -> int:
        return self._post("post_failure", "failure", status.job, status=status)

    async def max_file_bytes(self, job: Job, *, private: bool = False) -> int:
        return self.file_limit

    async def post_result(self, job: Job, payload: ResultPayload) -> int:
        return self._post("post_result", "result", job, **_unpacked(payload))

    async def send_result_by_dm(self, job: Job, payload: ResultPayload) -> int:
        sent = _unpacked(payload)
        return self._post("send_result_by_dm", "result", job, **sent, private=True)

    async def post_takes(self, post: TakesPost) -> int:
        return self._post_takes("post_takes", post, private=False)

    async def send_takes_by_dm(self, post: TakesPost) -> int:
        return self._post_takes("send_takes_by_dm", post, private=True)

    def _post_takes(self, method: str, post: TakesPost, *, private: bool) -> int:
        self._raise(self.errors[method])
        nonce = f"{post.order_id}.{post.number}{private}"
        found = next((m for m in self.messages if m.nonce == nonce and self.knows_nonce(m)), None)
        if found is None:
            found = PostedMessage(next(self._ids), "result", post.job.id, nonce, [])
            found.private = private
            found.takes = tuple(job.id for job, _ in post.takes)
            found.without_video = tuple(take.job.id for take in post.without_video)
            self.add_message(found)
        self._raise(self.errors_after_effect[method])
        return found.id

    async def edit_takes(self, post: TakesPost, *, replaces_files: bool = True) -> None:
        self._raise(self.errors["edit_takes"])
        for message in self.messages:
            if message.id == post.job.result_message_id:
                message.takes = tuple(job.id for job, _ in post.takes)

    async def find_message(self, job: Job, kind: MessageKind, since_ms: int) -> int | None:
        self._raise(self.errors["find_message"])
        return next((m.id for m in self.messages_of(job.id, kind) if not m.private), None)

    async def notify_done(self, job: Job) -> int:
        return self._post("notify_done", "told", job, private=True)

    async def delete_notice(self, job: Job, message_id: int) -> None:
        self._raise(self.errors["delete_notice"])
        self.messages = [m for m in self.messages if m.id != message_id]

    async def delete_result(self, job: Job) -> None:
        self._raise(self.errors["delete_result"])
        self.messages = [m for m in self.messages if m.id != job.result_message_id]

    async def is_age_restricted(self, guild_id: int, channel_id: int) -> bool | None:
        return channel_id in self.age_restricted_channels

    async def share(self, job: Job, payload: ResultPayload, channel_id: int) -> int:
        return self._post("share", "shared", job, **_unpacked(payload), channel=channel_id)

    async def find_shared(self, job: Job, channel_id: int) -> int | None:
        self._raise(self.errors["find_shared"])
        return next(
            (m.id for m in self.messages_of(job.id, "shared") if m.channel == channel_id), None
        )

    async def remove_credit(self, job: Job) -> None:
        self._raise(self.errors["remove_credit"])
        self.uncredited.append(job.id)

    async def delete_shared(self, job: Job) -> None:
        self._raise(self.errors["delete_shared"])
        self.messages = [m for m in self.messages if m.id != job.shared_message_id]

    async def find_result_dm(self, job: Job, since_ms: int) -> int | None:
        self._raise(self.errors["find_result_dm"])
        return next((m.id for m in self.messages_of(job.id, "result") if m.private), None)

    def messages_of(self, job: str, post: str) -> list[PostedMessage]:
        """List a job's messages of one kind."""
        return [m for m in self.messages if job in (m.takes or [m.job_id]) and m.kind == post]

    def status_of(self, job: str) -> PostedMessage:
        """Return the only status message that a job has had; it goes when the result is there."""
        (status,) = (
            m for m in (*self.messages, *self.deleted) if (m.job_id, m.kind) == (job, "status")
        )
        return status

    def add_message(self, message: PostedMessage) -> None:
        """Have a message in the channel from now on."""
        self.messages.append(message)

    def knows_nonce(self, message: PostedMessage) -> bool:
        """Return whether a message is young enough for its nonce to be remembered."""
        return not self.forgets_nonces

    def _post(
        self, method: str, post: str, job: Job, status: StatusView | None = None, **more: Any
    ) -> int:
        self._raise(self.errors[method])
        nonce = f"{post}{job.id}{more.get('private', False)}"
        known = [
            m for m in self.messages_of(job.id, post) if m.nonce == nonce and self.knows_nonce(m)
        ]
        if not known:
            known = [PostedMessage(next(self._ids), post, job.id, nonce, [], **more)]
            self.add_message(known[0])
            if status is not None:
                self._note(known[0], status)
        self._raise(self.errors_after_effect[method])
        return known[0].id

    @staticmethod
    def _note(message: PostedMessage, status: StatusView) -> None:
        message.states.append(status.job.state)
        message.positions.append(status.queue_position)
        message.submission_blocks.append(status.submission_block)
        message.ready_at_ms.append(status.ready_at_ms)
        message.shares_done.append(status.share_done)

    @staticmethod
    def _raise(errors: list[Exception]) -> None:
        if errors:
            raise errors.pop(0)


def _unpacked(payload: ResultPayload) -> dict[str, Any]:
    video = None if payload.video is None else payload.video.read_bytes()
    return {"video": video, "payload": payload}


class WorkflowHarness:
    """Everything around a worker; the worker itself may die and be replaced."""

    def __init__(
        self,
        database: Database,
        apixo: FakeApixo,
        clock: ManualClock,
        context: Callable[..., Context],
    ) -> None:
        self.database = database
        self.apixo = apixo
        self.clock = clock
        self._context = context
        self._numbers = count(1)
        self.publisher = FakePublisher()
        self.context = context(database=database, publisher=self.publisher)
        self.worker = Worker(self.context, "first")

    def change_policy(self, **policy: Any) -> None:
        """Go on with another policy, and the same process."""
        self.use(replace(self.context, policy=replace(self.context.policy, **policy)))

    def use(self, context: Context) -> None:
        """Go on with another context, and the same process."""
        self.context = context
        self.worker = Worker(context, "first")

    async def replace_worker(self, database: Any = None, owner: str = "second") -> None:
        """Replace the worker, as a new process would."""
        self.context = replace(self.context, database=database or self.database)
        self.worker = Worker(self.context, owner)
        await self.worker.recover()

    async def accept_job(
        self, prompt: str = "a lake at dusk", *, user: int = ADA, **options: Any
    ) -> Accepted:
        """Ask for a video, a little later than the order before."""
        self.clock.advance(0.001)
        return await accept(self.context, self.make_order(prompt, user=user, **options))

    def make_order(self, prompt: str, *, user: int = ADA, **options: Any) -> Order:
        return Order(
            interaction_id=next(self._numbers),
            guild_id=GUILD,
            channel_id=CHANNEL,
            user_id=user,
            request=make_request(prompt, **options),
        )

    async def run_once(self) -> None:
        """Run one turn of the worker and wait for its stages."""
        await self.worker.run_once()
        await self.worker.wait_until_idle()

    async def run_until(self, *states: JobState, job: str, within_s: float = 4 * 3600) -> Job:
        """Run the worker, moving the clock to what is due, until a job has one of the states."""
        end = self.clock.now() + within_s
        while (found := await self.job(job)).state not in states:
            assert self.clock.now() < end, f"{found} is not {states}"
            assert found.state not in _RESTING, f"{found} rests in {found.state}, not {states}"
            await self.run_once()
            await self.advance_to_next_due()
        await self.run_once()
        return found

    async def advance_to_next_due(self) -> None:
        """Move the clock to the next due job, or a little."""
        wait_s = await self.seconds_until_due()
        self.clock.advance(min(max(5.0 if wait_s is None else wait_s, _STEP_S), _MAX_STEP_S))

    async def seconds_until_due(self) -> float | None:
        """Return the time until a job in progress is due, 0 if one is, None if there is none."""
        now_ms = self.context.now_ms()
        ahead = await self.database.read(lambda tx: work_ahead.look(tx, now_ms, frozenset()))
        if ahead.is_due:
            return 0.0
        return None if ahead.next_due_ms is None else (ahead.next_due_ms - now_ms) / 1000

    async def run_for(self, seconds: float, step_s: float = 30) -> None:
        """Let time pass while the worker runs."""
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            await self.run_once()
            self.clock.advance(step_s)

    async def job(self, job: str) -> Job:
        found = await self.database.read(lambda tx: jobs.get(tx, job))
        assert found is not None
        return found

    async def set_failures(self, job: str, failures: int) -> None:
        """Have a job failed so often in a row, and be due now."""
        found, now_ms = await self.job(job), self.context.now_ms()
        await self.database.transact(
            lambda tx: jobs.reschedule(tx, found, due_at_ms=now_ms, failures=failures)
        )

    async def all_are(self, state: JobState, ordered: list[str]) -> bool:
        return all([(await self.job(job)).state is state for job in ordered])

    async def ledger(self, job: str) -> list[tuple[str, int]]:
        """List a job's ledger rows as kind and amount."""
        rows = await self.database.read(lambda tx: billing.list_entries(tx, job))
        return [(str(row.kind), int(row.amount)) for row in rows]

    async def audit(self) -> audit.AuditReport:
        verdict = await self.database.read(audit.run_audit)
        assert verdict.ok, verdict.violations
        return verdict

    def submission_count(self) -> int:
        """Count the requests for a new task that reached APIXO."""
        return sum("/generateTask" in entry.path for entry in self.apixo.journal)

    def poll_count(self) -> int:
        """Count the status requests that reached APIXO."""
        return sum("/statusTask" in entry.path for entry in self.apixo.journal)


class FlakyDatabase:
    """A database whose transactions fail while it is `broken`, so many times, or by chance."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._dice = Random(3)  # noqa: S311 - chance, repeatable
        self.is_down = False
        self.failures_left = 0
        self.failure_rate = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def transact(self, work: Any) -> Any:
        self.failures_left = max(-1, self.failures_left - 1)
        if self.is_down or self.failures_left >= 0 or self._dice.random() < self.failure_rate:
            raise OSError("disk gone")
        return await self._database.transact(work)


class KilledDatabase:
    """A database under a process that is killed at its n-th transaction, before or after it.

    What runs inside stops there, as after SIGKILL; `dead` shows it to the test.
    """

    def __init__(self, database: Database, last: int, *, commits: bool) -> None:
        self._database = database
        self._left = last
        self._commits = commits
        self.killed = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def transact(self, work: Any) -> Any:
        self._left -= 1
        if self._left > 0:
            return await self._database.transact(work)
        if self._left == 0 and self._commits:
            await self._database.transact(work)
        self.killed.set()
        return await asyncio.Event().wait()


def make_request(
    prompt: str = "a lake at dusk", *, model: ModelId | None = None, **options: Any
) -> VideoRequest:
    """Make a checked request; `pictures` are addresses."""
    pictures = tuple(
        Picture(url=url, name="p.png", format="PNG", width=640, height=480, size=10_000)
        for url in options.pop("pictures", ())
    )
    command = GenerationCommand.ANIMATE if pictures else GenerationCommand.VIDEO
    return build_request(
        Draft(command=command, prompt=prompt, model=model, pictures=pictures, **options)
    )


NO_LIMITS = Limits(member_day=None, server_day=None, everything_day=None)


def member_limits(member: float | None) -> Limits:
    """Limit a member alone, in dollars a day."""
    amount = None if member is None else MicroUSD(round(member * 1_000_000))
    return replace(NO_LIMITS, member_day=amount)
