"""A belt with a real database and the stand-in of APIXO, on a clock that a test moves."""

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
from domain.quotas import Limits
from domain.requests import Command, Draft, Picture, VideoRequest, check
from sandbox.apixo import ApixoStandIn, HandClock
from storage import audit, billing, jobs, leases
from storage.database import Database
from storage.jobs import Job
from workflow.context import Context
from workflow.publisher import Halt, Parcel, Post, Sight
from workflow.stages.accept import Accepted, Order, accept
from workflow.worker import Belt

GUILD, CHANNEL, ADA, BEN = 10, 20, 31, 32
BOTH_ENGINES = pytest.mark.parametrize("template", ["sqlite", "postgresql"], indirect=True)
"""For what the database decides: money, limits, figures, and who of two comes first."""

_STEP_S = 0.5
_RESTING = PARKED | ENDED_WITHOUT_VIDEO | {JobState.DELIVERED}


@dataclass
class Shown:
    """A message of the channel, or a direct one."""

    id: int
    post: str
    job: str
    nonce: str
    states: list[JobState]
    video: bytes | None = None
    parcel: Parcel | None = None
    channel: int = CHANNEL
    private: bool = False
    places: list[int | None] = field(default_factory=list)
    halts: list[Halt | None] = field(default_factory=list)
    ready_at_ms: list[int | None] = field(default_factory=list)


class Channel:
    """A publisher whose messages outlive the belt, as Discord's do; drops repeats by nonce.

    `trouble[method]` holds errors that the next calls raise, `lost[method]` errors raised after
    the work was done.
    """

    def __init__(self) -> None:
        self.messages: list[Shown] = []
        self.trouble: dict[str, list[Exception]] = defaultdict(list)
        self.lost: dict[str, list[Exception]] = defaultdict(list)
        self.offered: list[str] = []
        self.files_at = "https://cdn.example"
        self.forgets_nonces = False
        self.most_bytes = 10 * 1024 * 1024
        self.for_adults: set[int] = set()
        self.is_ready = True
        self._ids = count(1000)

    async def post_status(self, sight: Sight) -> int:
        return self._post("post_status", "status", sight.job, sight=sight)

    async def edit_status(self, sight: Sight) -> None:
        self._raise(self.trouble["edit_status"])
        for message in self.of(sight.job.id, "status"):
            if message.id == sight.job.status_message_id:
                self._note(message, sight)
        self._raise(self.lost["edit_status"])

    async def offer_files(self, sight: Sight, files: Sequence[Path]) -> dict[str, str]:
        self._raise(self.trouble["offer_files"])
        self.offered += [file.name for file in files]
        return {file.name: f"{self.files_at}/{file.name}" for file in files}

    async def post_failure(self, sight: Sight) -> int:
        return self._post("post_failure", "failure", sight.job, sight=sight)

    def largest_file(self, job: Job, *, private: bool = False) -> int:
        return self.most_bytes

    async def post_result(self, job: Job, parcel: Parcel) -> int:
        return self._post("post_result", "result", job, **_unpacked(parcel))

    async def send_result_privately(self, job: Job, parcel: Parcel) -> int:
        sent = _unpacked(parcel)
        return self._post("send_result_privately", "result", job, **sent, private=True)

    async def find(self, job: Job, post: Post, since_ms: int) -> int | None:
        self._raise(self.trouble["find"])
        return next((m.id for m in self.of(job.id, post) if not m.private), None)

    async def tell_done(self, job: Job) -> None:
        self._post("tell_done", "told", job, private=True)

    async def delete_result(self, job: Job) -> None:
        self._raise(self.trouble["delete_result"])
        self.messages = [m for m in self.messages if m.id != job.result_message_id]

    async def is_for_adults(self, channel_id: int) -> bool | None:
        return channel_id in self.for_adults

    async def share(self, job: Job, parcel: Parcel, channel_id: int) -> int:
        return self._post("share", "shared", job, **_unpacked(parcel), channel=channel_id)

    async def find_shared(self, job: Job, channel_id: int) -> int | None:
        self._raise(self.trouble["find_shared"])
        return next((m.id for m in self.of(job.id, "shared") if m.channel == channel_id), None)

    async def delete_shared(self, job: Job) -> None:
        self._raise(self.trouble["delete_shared"])
        self.messages = [m for m in self.messages if m.id != job.shared_message_id]

    async def find_private_result(self, job: Job, since_ms: int) -> int | None:
        self._raise(self.trouble["find_private_result"])
        return next((m.id for m in self.of(job.id, "result") if m.private), None)

    def of(self, job: str, post: str) -> list[Shown]:
        """List a job's messages of one kind."""
        return [m for m in self.messages if (m.job, m.post) == (job, post)]

    def keep(self, message: Shown) -> None:
        """Have a message in the channel from now on."""
        self.messages.append(message)

    def knows_nonce(self, message: Shown) -> bool:
        """Tell whether a message is young enough for its nonce to be known."""
        return not self.forgets_nonces

    def _post(
        self, method: str, post: str, job: Job, sight: Sight | None = None, **more: Any
    ) -> int:
        self._raise(self.trouble[method])
        nonce = f"{post}{job.id}{more.get('private', False)}"
        known = [m for m in self.of(job.id, post) if m.nonce == nonce and self.knows_nonce(m)]
        if not known:
            known = [Shown(next(self._ids), post, job.id, nonce, [], **more)]
            self.keep(known[0])
            if sight is not None:
                self._note(known[0], sight)
        self._raise(self.lost[method])
        return known[0].id

    @staticmethod
    def _note(message: Shown, sight: Sight) -> None:
        message.states.append(sight.job.state)
        message.places.append(sight.place)
        message.halts.append(sight.halt)
        message.ready_at_ms.append(sight.ready_at_ms)

    @staticmethod
    def _raise(errors: list[Exception]) -> None:
        if errors:
            raise errors.pop(0)


def _unpacked(parcel: Parcel) -> dict[str, Any]:
    video = None if parcel.video is None else parcel.video.read_bytes()
    return {"video": video, "parcel": parcel}


class World:
    """Everything around a belt; the belt itself may die and be replaced."""

    def __init__(
        self,
        database: Database,
        apixo: ApixoStandIn,
        clock: HandClock,
        context: Callable[..., Context],
    ) -> None:
        self.database = database
        self.apixo = apixo
        self.clock = clock
        self._context = context
        self._numbers = count(1)
        self.channel = Channel()
        self.context = context(database=database, publisher=self.channel)
        self.belt = Belt(self.context, "first")

    def change(self, **policy: Any) -> None:
        """Go on with another policy, and the same process."""
        self.context = replace(self.context, policy=replace(self.context.policy, **policy))
        self.belt = Belt(self.context, "first")

    async def reborn(self, database: Any = None, owner: str = "second") -> None:
        """Put a new belt, as of a new process, in the place of the old one."""
        self.context = replace(self.context, database=database or self.database)
        self.belt = Belt(self.context, owner)
        await self.belt.start()

    async def order(
        self, prompt: str = "a lake at dusk", *, user: int = ADA, **options: Any
    ) -> Accepted:
        """Ask for a video, a little later than whoever asked before."""
        self.clock.advance(0.001)
        return await accept(self.context, self.an_order(prompt, user=user, **options))

    def an_order(self, prompt: str, *, user: int = ADA, **options: Any) -> Order:
        return Order(
            interaction_id=next(self._numbers),
            guild_id=GUILD,
            channel_id=CHANNEL,
            user_id=user,
            request=a_request(prompt, **options),
        )

    async def turn(self) -> None:
        """Turn the belt once and wait for its stages."""
        await self.belt.turn()
        await self.belt.settle()

    async def until(self, *states: JobState, job: str, within_s: float = 4 * 3600) -> Job:
        """Turn the belt, moving the clock to whatever is due, until a job has one of the states."""
        end = self.clock.now() + within_s
        while (found := await self.job(job)).state not in states:
            assert self.clock.now() < end, f"{found} is not {states}"
            assert found.state not in _RESTING, f"{found} rests in {found.state}, not {states}"
            await self.turn()
            await self.forward()
        await self.turn()
        return found

    async def forward(self) -> None:
        """Move the clock to the next due job, or a little."""
        next_ms = await self.database.read(leases.next_due_ms)
        wait_s = 5.0 if next_ms is None else next_ms / 1000 - self.clock.now()
        self.clock.advance(min(max(wait_s, _STEP_S), 60.0))

    async def pass_time(self, seconds: float, step_s: float = 30) -> None:
        """Let time pass with the belt turning."""
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            await self.turn()
            self.clock.advance(step_s)

    async def job(self, job: str) -> Job:
        found = await self.database.read(lambda tx: jobs.get(tx, job))
        assert found is not None
        return found

    async def all_are(self, state: JobState, ordered: list[str]) -> bool:
        return all([(await self.job(job)).state is state for job in ordered])

    async def ledger(self, job: str) -> list[tuple[str, int]]:
        """List a job's ledger rows as kind and amount."""
        rows = await self.database.read(lambda tx: billing.entries(tx, job))
        return [(str(row.kind), int(row.amount)) for row in rows]

    async def audit(self) -> audit.Audit:
        verdict = await self.database.read(audit.check)
        assert verdict.ok, verdict.violations
        return verdict

    def submissions(self) -> int:
        """Count the requests for a new task that reached APIXO."""
        return sum("/generateTask" in entry.path for entry in self.apixo.journal)

    def polls(self) -> int:
        """Count the status requests that reached APIXO."""
        return sum("/statusTask" in entry.path for entry in self.apixo.journal)


class FlakyDatabase:
    """A database whose transactions fail while it is `broken`, so many times, or by chance."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._dice = Random(3)  # noqa: S311 - chance, repeatable
        self.broken = False
        self.failing = 0
        self.share_failing = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def transact(self, work: Any) -> Any:
        self.failing = max(-1, self.failing - 1)
        if self.broken or self.failing >= 0 or self._dice.random() < self.share_failing:
            raise OSError("disk gone")
        return await self._database.transact(work)


class DoomedDatabase:
    """A database under a process that is killed at its n-th transaction, before or after it.

    Whoever is inside hears nothing any more, as after SIGKILL; `dead` tells the test.
    """

    def __init__(self, database: Database, last: int, *, commits: bool) -> None:
        self._database = database
        self._left = last
        self._commits = commits
        self.dead = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def transact(self, work: Any) -> Any:
        self._left -= 1
        if self._left > 0:
            return await self._database.transact(work)
        if self._left == 0 and self._commits:
            await self._database.transact(work)
        self.dead.set()
        return await asyncio.Event().wait()


def a_request(
    prompt: str = "a lake at dusk", *, model: ModelId | None = None, **options: Any
) -> VideoRequest:
    """Make a checked request; `pictures` are addresses."""
    pictures = tuple(
        Picture(url=url, name="p.png", format="PNG", width=640, height=480, size=10_000)
        for url in options.pop("pictures", ())
    )
    command = Command.ANIMATE if pictures else Command.VIDEO
    return check(Draft(command=command, prompt=prompt, model=model, pictures=pictures, **options))


NO_LIMITS = Limits(member_day=None, server_day=None, everything_day=None)


def limits(member: float | None) -> Limits:
    """Limit a member alone, in dollars a day."""
    amount = None if member is None else MicroUSD(round(member * 1_000_000))
    return replace(NO_LIMITS, member_day=amount)
