"""The life of a task: its state is a function of the time, nothing has to push it on."""

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sandbox.apixo.clock import ScaledClock
from sandbox.apixo.prompt_directives import Directives
from sandbox.apixo.responses import encode_result_json
from sandbox.apixo.rules import SEEDANCE_2_0, Submission

PENDING_SECONDS: Final = 2.0
FAILS_AFTER_SECONDS: Final = 9.203

_TIERS_1_5: Final = ((4, 40, 60), (8, 60, 90), (12, 90, 120))
_SPAN_2_0: Final = (240, 480)

FAIL_MESSAGES: Final = {
    "PromptInvalid": "The prompt was rejected or malformed",
    "SensitiveContent": "Content violates upstream policy, please adjust the prompt",
    "ImageFormatIncorrect": "A reference image could not be accepted upstream",
    "RateLimited": "The upstream route rate limited the task",
    "Timeout": "The upstream route timed out",
    "StreamError": "Upstream returned a 500-class generation error",
    "InsufficientBalance": "The route could not continue because of balance or quota",
    "Unknown error": "The upstream error did not match a known mapping",
    "UPSTREAM_ERROR": "Upstream error",
}


class State(StrEnum):
    """The four documented states; the last two are final."""

    PENDING = "pending"
    PROCESSING = "processing"
    SUCCESS = "success"
    FAILED = "failed"


@dataclass(slots=True, kw_only=True)
class Task:
    """One generation.

    Attributes:
        created: Unix seconds.
        started: the same moment in generation seconds, as are `seconds` (how long it takes, None
            for ever) and `ready` (when its clip was there, None before that).
        price_micro: the whole price; `charged_micro` is what the key has paid for it so far.
        fail_code: None for a task that is to succeed.
        has_cost_time: costTime is documented as present "when available".
        file_name: the last part of the result link.
    """

    id: str
    submission: Submission
    directives: Directives
    created_at: float
    started_at: float
    seconds: float | None
    price_micro: int
    fail_code: str | None
    has_cost_time: bool
    file_name: str
    charged_micro: int = 0
    ready_at: float | None = None

    @property
    def ends_at(self) -> float | None:
        """Return when it is final, in generation seconds; None while that is not known."""
        if self.seconds is None:
            return None
        planned = round(self.started_at + self.seconds, 6)
        if self.fail_code is not None:
            return planned
        return None if self.ready_at is None else max(planned, self.ready_at)

    def state_at(self, now: float) -> State:
        """Return its state at `now` (generation seconds)."""
        if self.ends_at is not None and now >= self.ends_at:
            return State.SUCCESS if self.fail_code is None else State.FAILED
        return State.PENDING if now < self.started_at + PENDING_SECONDS else State.PROCESSING


def pick_generation_seconds(order: Submission, rng: random.Random) -> float:
    """Pick how long a generation takes, within the documented range for its model and length."""
    if order.model is SEEDANCE_2_0:
        return rng.uniform(*_SPAN_2_0)
    lower = max(tier for tier in _TIERS_1_5 if tier[0] <= order.duration)
    upper = min(tier for tier in _TIERS_1_5 if tier[0] >= order.duration)
    share = (order.duration - lower[0]) / ((upper[0] - lower[0]) or 1)
    earliest = lower[1] + share * (upper[1] - lower[1])
    latest = lower[2] + share * (upper[2] - lower[2])
    return rng.uniform(earliest, latest)


def status_json(task: Task, pace: ScaledClock, files_url: str) -> dict[str, Any]:
    """Write the `data` of a status answer or callback, with exactly the documented fields."""
    state = task.state_at(pace.now())
    data: dict[str, Any] = {"taskId": task.id, "state": state}
    created = round(task.created_at * 1000)
    if state is State.SUCCESS:
        data["resultJson"] = encode_result_json(f"{files_url}/{task.file_name}")
    if state is State.FAILED and task.fail_code is not None:
        data["failCode"] = task.fail_code
        data["failMsg"] = FAIL_MESSAGES.get(task.fail_code, "The task failed upstream")
        data |= task.directives.fail_message
    data["createTime"] = created
    if task.ends_at is not None and state in (State.SUCCESS, State.FAILED):
        data["completeTime"] = round(pace.wall_time_at(task.ends_at) * 1000)
        if task.has_cost_time:
            data["costTime"] = data["completeTime"] - created
    return data
