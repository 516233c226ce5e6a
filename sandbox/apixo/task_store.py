"""All tasks, and what they cost the key."""

import random
import uuid
from collections.abc import Iterator

from sandbox.apixo.clock import Clock, ScaledClock
from sandbox.apixo.config import ApixoConfig
from sandbox.apixo.prompt_directives import Directives
from sandbox.apixo.rules import SEEDANCE_2_0, Submission
from sandbox.apixo.tasks import FAILS_AFTER_SECONDS, State, Task, pick_generation_seconds

_NO_COST_TIME_SHARE = 0.2
"""How many successes lack costTime; the failures of Seedance 2.0 always do, as in its example."""


class Balance:
    """The money on the key, in micro-dollars."""

    def __init__(self, micro: int) -> None:
        self.micro = micro

    def charge(self, task: Task) -> None:
        """Take the price of a task."""
        self.micro -= task.price_micro - task.charged_micro
        task.charged_micro = task.price_micro

    def refund(self, task: Task) -> None:
        """Give back what a task has cost."""
        self.micro += task.charged_micro
        task.charged_micro = 0


class TaskStore:
    """Holds all tasks, oldest first, and settles those that have ended."""

    def __init__(self, options: ApixoConfig, clock: Clock, pace: ScaledClock) -> None:
        self._options = options
        self._clock = clock
        self._scaled_clock = pace
        self._random = random.Random(options.seed)
        self._tasks: dict[str, Task] = {}
        self._by_file: dict[str, Task] = {}
        self._open: list[Task] = []
        self._balance = Balance(options.balance_micro)

    def __iter__(self) -> Iterator[Task]:
        return iter(self._tasks.values())

    def __len__(self) -> int:
        return len(self._tasks)

    @property
    def balance(self) -> Balance:
        """The key's money, with every ended task settled."""
        self._settle()
        return self._balance

    def clear(self) -> None:
        """Forget every task and what it has cost."""
        for held in (self._tasks, self._by_file, self._open):
            held.clear()
        self._balance.micro = self._options.balance_micro

    @property
    def in_flight_count(self) -> int:
        """How many tasks have not ended."""
        self._settle()
        return len(self._open)

    def can_afford(self, price_micro: int) -> bool:
        """Return whether the balance covers a price beside what unpaid tasks will cost."""
        left = self.balance.micro
        owed = sum(task.price_micro - task.charged_micro for task in self._open)
        return left - owed >= price_micro

    def create(
        self, order: Submission, script: Directives, price_micro: int, fail_code: str | None
    ) -> Task:
        """Accept an order; with a `fail_code` the task is to fail."""
        prefix = "task_" if self._options.task_ids == "prefixed" else ""
        cost_time = self._random.random() >= _NO_COST_TIME_SHARE
        task = Task(
            id=prefix + uuid.uuid4().hex,
            submission=order,
            directives=script,
            created_at=self._clock.now(),
            started_at=self._scaled_clock.now(),
            seconds=self._plan(order, script, fail_code),
            price_micro=price_micro,
            fail_code=fail_code,
            has_cost_time=fail_code is None and cost_time,
            file_name=f"{uuid.uuid4().hex}.mp4",
        )
        if fail_code is not None:
            task.has_cost_time = order.model is not SEEDANCE_2_0
        self._keep(task)
        return task

    def get(self, task_id: str, model_id: str) -> Task | None:
        """Find a task of a model."""
        task = self._tasks.get(task_id)
        return task if task is not None and task.submission.model.id == model_id else None

    def find_by_file_name(self, name: str) -> Task | None:
        """Find the task whose result has this name."""
        return self._by_file.get(name)

    def _plan(self, order: Submission, script: Directives, fail_code: str | None) -> float | None:
        usual = pick_generation_seconds(order, self._random)
        if script.never_ends:
            return None
        if script.generation_s is not None:
            return script.generation_s
        return usual if fail_code is None else FAILS_AFTER_SECONDS

    def _keep(self, task: Task) -> None:
        self._tasks[task.id] = task
        self._by_file[task.file_name] = task
        self._open.append(task)
        if self._options.charge_at == "submit":
            self._balance.charge(task)

    def _settle(self) -> None:
        now = self._scaled_clock.now()
        for task in self._open:
            state = task.state_at(now)
            if state is State.SUCCESS:
                self._balance.charge(task)
            elif state is State.FAILED and self._options.refund_failed:
                self._balance.refund(task)
        final = (State.SUCCESS, State.FAILED)
        self._open = [task for task in self._open if task.state_at(now) not in final]
