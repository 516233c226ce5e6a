"""Members who ask and change their minds, and the operator who decides what is parked."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Protocol, TypeVar

from domain.errors import DailiesError
from domain.jobs import JobState
from domain.models import MODELS, ModelId
from domain.requests import Draft, GenerationCommand, Picture, VideoRequest, build_request
from qa.simulation.event_log import EventLog
from qa.simulation.plan import DAY_S, SimulationPlan
from qa.simulation.process import ProcessDied
from sandbox.apixo import Task
from storage import parked_jobs
from storage.jobs import Job
from tests.harness.workflow import make_request
from workflow.billing.quotas import Actor
from workflow.context import Context
from workflow.operator.actions import DecisionRequest, apply_decision
from workflow.operator.control import resume_submissions
from workflow.operator.parked_jobs import Decision, ParkedJob, get_parked_job
from workflow.results.delete import delete_video
from workflow.results.repost import RepostOutcome, repost
from workflow.results.rerun import IdempotencyKeys, click_keys, draft_from_job
from workflow.stages.accept import Accepted, Order, accept, cancel
from workflow.submission_gate import find_submission_block

T = TypeVar("T")

_OPERATOR = 7
_ROUND_S = 7_200
_GRACE_S = 2_400
"""How long the operator leaves a lost submission to itself: longer than its grace time."""

_LOST_ANSWERS_SHARE = 0.02
_MANY_FILES = 9
_TOP_UP = 60_000_000
_LOW = 8_000_000
_FIRST_TRIES = frozenset({Decision.RETRY, Decision.POST})


class Environment(Protocol):
    """What people know of the world around them."""

    async def call(self, work: Callable[[Context], Coroutine[Any, Any, T]]) -> T:
        """Have the service do something, if it lives (else Died)."""
        ...

    def task_for(self, prompt: str) -> Task | None:
        """Find the task at APIXO that was made for a prompt."""
        ...

    def expect_poll(self, task_id: str, *, ended: bool) -> None:
        """Expect a question for a task at once; whether it has to have ended by now."""
        ...

    def has_left(self, guild_id: int) -> bool:
        """Return whether the bot is out of a server."""
        ...

    async def keep_picture(self) -> str:
        """Keep a picture of 3 MiB as a member's upload, and return its name."""
        ...

    def now_ms(self) -> int:
        """Return the time, Unix milliseconds."""
        ...

    def top_up(self, least_micro: int, micro: int) -> None:
        """Bring money to APIXO, if there is less than so much."""
        ...


class MemberActors:
    """Everyone who asks; `accepted` has the number that each job's prompt bears."""

    def __init__(
        self, around: Environment, plan: SimulationPlan, dice: Random, journal: EventLog
    ) -> None:
        self.accepted: dict[str, int] = {}
        self.demand_counts: Counter[str] = Counter()
        """How often each job was asked to be posted once more."""

        self.erased: set[str] = set()
        self.guilds: dict[str, int] = {}
        """The server of each prompt."""

        self._pictures: list[str] = []
        self._around = around
        self._plan = plan
        self._dice = dice
        self._journal = journal
        self._takes = 0
        self._clicks = 0
        self._later: set[asyncio.Task[None]] = set()

    async def submit_orders(self) -> None:
        """Ask at random moments until all is asked for, now and then for several at once."""
        plan, dice = self._plan, self._dice
        moments = sorted(dice.uniform(0, plan.days * DAY_S) for _ in range(plan.job_count))
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number, moment in enumerate(moments):
            in_one_go = number % 50 < 5 and not plan.is_cheap
            if not in_one_go:
                await asyncio.sleep(max(0.0, began + moment - loop.time()))
            self._do(self._ask())

    @property
    def have_pending_actions(self) -> bool:
        """Return whether anyone still has something in mind."""
        return bool(self._later)

    def forget(self, lost: Collection[str]) -> None:
        """Give up jobs that were lost with the database."""
        for job_id in lost:
            self.accepted.pop(job_id, None)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        doing = asyncio.create_task(work)
        self._later.add(doing)
        doing.add_done_callback(self._ended)

    def _ended(self, doing: asyncio.Task[None]) -> None:
        self._later.discard(doing)
        if not doing.cancelled() and (error := doing.exception()) is not None:
            self._journal.report_violation(f"a member met {error!r}")

    async def _ask(self) -> None:
        server = self._dice.randrange(self._plan.guild_count)
        request = self._request()
        if self._dice.random() < self._plan.carrier_share:
            request = await self._request_with_many_files()
        self.guilds[request.prompt] = 1 + server
        order = Order(
            interaction_id=self._click(),
            guild_id=1 + server,
            channel_id=100 + server,
            user_id=1000 + self._dice.randrange(self._plan.member_count),
            request=request,
            private=self._dice.random() < 0.05,
        )
        job = await self._order(order)
        while job is None and self._plan.is_cheap:  # nobody goes without
            order = replace(order, interaction_id=self._click())
            job = await self._order(order)
        if job is not None and not self._plan.is_cheap:
            await self._change_mind(job)

    async def _order(self, order: Order) -> Job | None:
        """Send an order, some of them twice, and see that it comes to one job."""
        times = 2 if self._dice.random() < 0.05 else 1
        told = await asyncio.gather(*(self._send(order) for _ in range(times)))
        answers = [one for one in told if one is not None]
        if len({one.job.id for one in answers}) > 1:
            self._journal.report_violation(
                f"two jobs for one order: {[one.job.id for one in answers]}"
            )
        for one in answers:
            self.accepted[one.job.id] = int(one.job.request.prompt.split()[-1])
            if any(
                room.remaining is not None and room.remaining < 0 for room in one.remaining.usages
            ):
                self._journal.report_violation(f"{one.job.id} went over a limit")
        return answers[0].job if answers else None

    async def _send(self, order: Order) -> Accepted | None:
        await asyncio.sleep(self._dice.random())
        if self._around.has_left(order.guild_id):
            self._journal.record("orders not possible")
            return None
        try:
            accepted = await self._around.call(lambda context: accept(context, order))
        except ProcessDied:
            self._journal.record("orders without an answer")
        except DailiesError as error:
            self._journal.record(f"orders refused: {type(error).__name__}", order.interaction_id)
        else:
            self._journal.record("orders taken", accepted.job.id)
            if self._plan.is_cheap or self._dice.random() >= _LOST_ANSWERS_SHARE:
                return accepted
            self._journal.record("acknowledgements lost")
        return None

    async def _change_mind(self, job: Job) -> None:
        """Do, now and then, what a member may do after they asked."""
        wishes = (self._cancel, self._ask_again, self._post_again, self._erase)
        wish = self._dice.choices((None, *wishes), (70, 6, 14, 5, 5))[0]
        if wish is None:
            return
        quickly = wish is self._cancel
        await asyncio.sleep(self._dice.expovariate(1 / (20 if quickly else 7_200)))
        try:
            await wish(job)
        except (ProcessDied, DailiesError) as error:
            self._journal.record("wishes refused", type(error).__name__)

    async def _cancel(self, job: Job) -> None:
        await self._around.call(lambda context: cancel(context, job.id, job.user_id))
        self._journal.record("cancelled", job.id)

    async def _ask_again(self, job: Job) -> None:
        """Click *Again*, with other words; a double click is one order."""
        draft = replace(draft_from_job(job, self._around.now_ms()), prompt=self._prompt())
        self.guilds[draft.prompt] = job.guild_id
        keys: list[IdempotencyKeys] = [
            click_keys(self._click(), job.user_id, "again", job.id)
            for _ in range(self._dice.choice((1, 1, 2)))
        ]
        orders = [
            Order(
                interaction_id=each.own,
                duplicate_keys=each.duplicates,
                guild_id=job.guild_id,
                channel_id=job.channel_id,
                user_id=job.user_id,
                request=build_request(draft),
                private=job.private,
            )
            for each in keys
        ]
        made = await asyncio.gather(*(self._order(order) for order in orders))
        if len({one.id for one in made if one is not None}) > 1:
            self._journal.report_violation(f"a double click made two jobs after {job.id}")

    async def _post_again(self, job: Job) -> None:
        self.demand_counts[job.id] += 1
        told = await self._around.call(
            lambda context: repost(context, job.id, job.guild_id, job.user_id)
        )
        self._journal.record(
            "posted again" if told.outcome is RepostOutcome.POSTED else "asked to post"
        )

    async def _erase(self, job: Job) -> None:
        self.erased.add(job.id)
        await self._around.call(lambda context: delete_video(context, job.id, job.user_id))
        self._journal.record("erased", job.id)

    def _request(self) -> VideoRequest:
        dice = self._dice
        model = ModelId.SEEDANCE_1_5_PRO
        if not self._plan.is_cheap:
            model = dice.choices(list(ModelId), (70, 30))[0]
        rules = MODELS[model]
        return make_request(
            self._prompt(),
            model=model,
            seconds=dice.randint(rules.min_seconds, rules.max_seconds),
            resolution=dice.choice(rules.resolutions[:2]),
            sound=dice.choice((None, False)) if self._plan.is_cheap else None,
            pictures=("https://cdn.example/a.png",) if dice.random() < 0.2 else (),
        )

    async def _request_with_many_files(self) -> VideoRequest:
        """Ask for a video from nine pictures of 3 MiB, more than one message of Discord's takes."""
        while len(self._pictures) < _MANY_FILES:
            self._pictures.append(await self._around.keep_picture())
        pictures = tuple(
            Picture(url="", name="p.png", format="PNG", width=640, height=480, size=9, kept=name)
            for name in self._pictures
        )
        command = GenerationCommand.REFERENCE
        return build_request(Draft(command=command, prompt=self._prompt(), pictures=pictures))

    def _prompt(self) -> str:
        self._takes += 1
        return f"a lake at dusk, take {self._takes}"

    def _click(self) -> int:
        self._clicks += 1
        return (self._around.now_ms() - 1_420_070_400_000 << 22) | (self._clicks & 0x3FFFFF)


@dataclass(slots=True)
class OperatorActor:
    """Looks around every few hours: pays, goes on after a stop, decides what is parked."""

    environment: Environment
    members: MemberActors
    dice: Random
    journal: EventLog

    async def run(self) -> None:
        """Go on for ever."""
        while True:
            await asyncio.sleep(self.dice.uniform(0.5, 1.5) * _ROUND_S)
            if self.dice.random() < 0.2:
                self.environment.top_up(_LOW, _TOP_UP)
            try:
                await self._go_round()
            except (ProcessDied, DailiesError) as error:
                self.journal.record("the operator had to stop", type(error).__name__)

    async def _go_round(self) -> None:
        block = await self.environment.call(
            lambda context: context.database.read(lambda tx: find_submission_block(tx, context))
        )
        if block is not None and block.is_total and self.dice.random() < 0.5:
            await self.environment.call(lambda context: resume_submissions(context, self._click()))
            self.journal.record("went on after a stop")
        waiting = await self.environment.call(
            lambda context: context.database.read(lambda tx: parked_jobs.list_ids(tx, 0, 50))
        )
        for job_id in waiting:
            found = await self.environment.call(
                lambda context, one=job_id: get_parked_job(context, one)
            )
            if found is not None:
                await self._decide(found)

    async def _decide(self, found: ParkedJob) -> None:
        chosen = self._choice(found)
        if chosen is None:
            return
        decision, task = chosen
        if decision in _FIRST_TRIES:
            self.members.demand_counts[found.job.id] += 1
        verdict = DecisionRequest(
            decision=decision,
            job_id=found.job.id,
            fence=found.job.fence,
            operator=self._click(),
            task_id=None if task is None else task.id,
        )
        if found.job.task_id is not None:
            self.environment.expect_poll(
                found.job.task_id, ended=decision is Decision.CHARGE_MEMBER
            )
        await self.environment.call(lambda context: apply_decision(context, verdict))
        self.journal.record(f"decided: {decision}", found.job.id)

    def _choice(self, found: ParkedJob) -> tuple[Decision, Task | None] | None:
        """Choose as somebody would who can look into APIXO's own list of tasks."""
        job, dice = found.job, self.dice
        if job.state is JobState.SUBMIT_UNKNOWN:
            if self.environment.now_ms() - found.since_ms < _GRACE_S * 1000 * dice.random():
                return None
            task = self.environment.task_for(job.request.prompt)
            if task is not None and dice.random() < 0.7:
                return Decision.BIND_TASK, task
            return Decision.RELEASE, None
        tried = [each for each in found.allowed_decisions if each in _FIRST_TRIES]
        if tried and dice.random() < 0.7:
            return tried[0], None
        ends = [each for each in found.allowed_decisions if each not in _FIRST_TRIES]
        return (dice.choice(ends), None) if ends else None

    def _click(self) -> Actor:
        return Actor(_OPERATOR, -self.dice.getrandbits(60))
