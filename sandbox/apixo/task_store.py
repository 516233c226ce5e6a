"""Knows all tasks, and what they cost the key."""

import random
import uuid
from collections.abc import Iterator

from sandbox.apixo.clock import Clock, Pace
from sandbox.apixo.config import ApixoOptions
from sandbox.apixo.prompt_directives import Script
from sandbox.apixo.rules import SEEDANCE_2_0, Order
from sandbox.apixo.tasks import FAILS_AFTER_SECONDS, State, Task, generation_seconds

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


class TaskBook:
    """Holds all tasks, oldest first, and settles those that have ended."""

    def __init__(self, options: ApixoOptions, clock: Clock, pace: Pace) -> None:
        self._options = options
        self._clock = clock
        self._pace = pace
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
    def in_flight(self) -> int:
        """How many tasks have not ended."""
        self._settle()
        return len(self._open)

    def affords(self, price_micro: int) -> bool:
        """Tell whether the balance covers a price beside what unpaid tasks will cost."""
        left = self.balance.micro
        owed = sum(task.price_micro - task.charged_micro for task in self._open)
        return left - owed >= price_micro

    def create(self, order: Order, script: Script, price_micro: int, fail_code: str | None) -> Task:
        """Accept an order; with a `fail_code` the task is to fail."""
        prefix = "task_" if self._options.task_ids == "prefixed" else ""
        cost_time = self._random.random() >= _NO_COST_TIME_SHARE
        task = Task(
            id=prefix + uuid.uuid4().hex,
            order=order,
            script=script,
            created=self._clock.now(),
            started=self._pace.now(),
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
        return task if task is not None and task.order.model.id == model_id else None

    def with_file(self, name: str) -> Task | None:
        """Find the task whose result has this name."""
        return self._by_file.get(name)

    def _plan(self, order: Order, script: Script, fail_code: str | None) -> float | None:
        usual = generation_seconds(order, self._random)
        if script.never:
            return None
        if script.seconds is not None:
            return script.seconds
        return usual if fail_code is None else FAILS_AFTER_SECONDS

    def _keep(self, task: Task) -> None:
        self._tasks[task.id] = task
        self._by_file[task.file_name] = task
        self._open.append(task)
        if self._options.charge_at == "submit":
            self._balance.charge(task)

    def _settle(self) -> None:
        now = self._pace.now()
        for task in self._open:
            state = task.state(now)
            if state is State.SUCCESS:
                self._balance.charge(task)
            elif state is State.FAILED and self._options.refund_failed:
                self._balance.refund(task)
        final = (State.SUCCESS, State.FAILED)
        self._open = [task for task in self._open if task.state(now) not in final]
