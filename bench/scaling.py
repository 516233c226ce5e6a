"""A service larger than any machine here, by simulation with the costs measured on one.

Members type commands at random moments, two thirds of them orders. Each goes through what it needs:
the CPU of one of the processes, the database's, and Discord's budget of requests, each of which
serves one after the other. Nothing is simulated of what only waits, such as APIXO's tasks.
"""

import heapq
import math
import random
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from bench.figures import Figure, report, scaled

_SERVERS, _COMMANDS_A_SECOND, _TASKS = 25_000, 200, 10_000
_TASK_S = 75.0
"""How long a task takes at APIXO, as most of eight seconds do."""

_SERVERS_A_SHARD = 1_000
_SIMULATED_S = 120
_FULL: Final = 0.7
"""The share of a process that is planned for: a queue before it stays short up to there."""


@dataclass(frozen=True, slots=True)
class Costs:
    """CPU in seconds, counts and bytes of one video or command; docs/scaling.md has sources."""

    command_cpu_s: float = 0.006
    order_cpu_s: float = 0.015
    stage_cpu_s: float = 0.009
    stages: int = 5
    """Submission, two looks, storing, posting: what a video passes after its order."""

    statement_cpu_s: float = 0.00012
    """Of PostgreSQL's own, a share of the commit included."""

    command_statements: int = 6
    order_statements: int = 32
    stage_statements: int = 13
    idle_statements: float = 7.0
    """A second, of each process."""

    discord_requests: int = 3
    """A video's that count against Discord's limit: its card, the post, the card again."""

    discord_a_second: float = 48.0
    connections: int = 18
    row_bytes: int = 3_000
    video_bytes: int = 5_000_000


class _Part(Enum):
    PROCESSES = "the processes' CPU"
    DATABASE = "the database's CPU"
    DISCORD = "requests to Discord"


_Step = tuple[_Part | None, float]
_ANSWERED: Final[_Step] = (None, 0.0)
"""The step after which the member has the answer."""


@dataclass(slots=True)
class _Work:
    """A command on its way: when it came, what is left of it, and how long it has waited for us."""

    began_s: float
    steps: Iterator[_Step]
    waited_s: float = 0.0


@dataclass(slots=True)
class _Servers:
    """Several that serve one after the other; `free_s` has when each is free."""

    count: int
    free_s: list[float] = field(default_factory=list[float])
    busy_s: float = 0.0

    def __post_init__(self) -> None:
        self.free_s = [0.0] * self.count

    def serve(self, at_s: float, taking_s: float) -> float:
        """Return when something that comes at a moment is done."""
        ended_s = max(at_s, heapq.heappop(self.free_s)) + taking_s
        heapq.heappush(self.free_s, ended_s)
        self.busy_s += taking_s
        return ended_s


@dataclass(frozen=True, slots=True)
class Outcome:
    """The 95th percentile of the seconds to an answer and to a post, and how busy each part is."""

    answer_s: float
    extra_s: float
    busy: dict[_Part, float]


def measure(share: float = 1) -> bool:
    """Print the plan, what gives first, and how it goes once that is larger."""
    costs, orders = Costs(), _TASKS / _TASK_S
    processes = plan_processes(costs, orders)
    cores = math.ceil(_statements_a_second(costs, orders, processes) * costs.statement_cpu_s / 0.5)
    _print_plan(costs, orders, processes, cores)
    seconds = scaled(_SIMULATED_S, share, least=2)
    now = simulate(costs, processes, cores, costs.discord_a_second, seconds)
    first = max(now.busy, key=lambda part: now.busy[part])
    print(f"  what gives first: {first.value}, at {now.busy[first]:.1f} of what it can do")
    enough = orders * costs.discord_requests / _FULL
    then = simulate(costs, processes, cores, enough, seconds)
    return report(
        f"With {enough:.0f} requests to Discord a second",
        [
            Figure("seconds to an answer, p95", then.answer_s, 1, " s"),
            Figure("seconds that a video waits for us, p95", then.extra_s, 5, " s"),
        ],
    )


def plan_processes(costs: Costs, orders: float) -> int:
    """Return how many processes so many orders a second need, and the other commands."""
    video_s = costs.order_cpu_s + costs.stages * costs.stage_cpu_s
    others = _COMMANDS_A_SECOND - orders
    return math.ceil((orders * video_s + others * costs.command_cpu_s) / _FULL)


def simulate(
    costs: Costs, processes: int, cores: int, discord_a_second: float, seconds: int
) -> Outcome:
    """Let members type for so many seconds."""
    parts = {
        _Part.PROCESSES: _Servers(processes),
        _Part.DATABASE: _Servers(cores),
        _Part.DISCORD: _Servers(1),
    }
    events = [
        (at_s, number, _Work(at_s, _steps(costs, discord_a_second, is_video=is_video)))
        for number, (at_s, is_video) in enumerate(_commands(seconds))
    ]
    answers, extras = list[float](), list[float]()
    while events:
        at_s, number, work = heapq.heappop(events)
        step = next(work.steps, None)
        if step is None:
            extras.append(work.waited_s)
        elif step is _ANSWERED:
            answers.append(at_s - work.began_s)
            heapq.heappush(events, (at_s, number, work))
        else:
            part, taking_s = step
            until_s = at_s + taking_s if part is None else parts[part].serve(at_s, taking_s)
            work.waited_s += 0 if part is None else until_s - at_s
            heapq.heappush(events, (until_s, number, work))
    busy = {part: one.busy_s / one.count / seconds for part, one in parts.items()}
    return Outcome(_p95(answers), _p95(extras), busy)


def _steps(costs: Costs, discord_a_second: float, *, is_video: bool) -> Iterator[_Step]:
    """Yield what a command needs: a part and for how long; None for a part that only waits."""
    statement_s = costs.statement_cpu_s
    yield _Part.PROCESSES, costs.order_cpu_s if is_video else costs.command_cpu_s
    statements = costs.order_statements if is_video else costs.command_statements
    yield _Part.DATABASE, statements * statement_s
    yield _ANSWERED
    for number in range(costs.stages if is_video else 0):
        yield _Part.PROCESSES, costs.stage_cpu_s
        yield _Part.DATABASE, costs.stage_statements * statement_s
        if number in (0, costs.stages - 1):
            requests = 1 if number == 0 else costs.discord_requests - 1
            yield _Part.DISCORD, requests / discord_a_second
        if number < costs.stages - 1:
            yield None, _TASK_S / (costs.stages - 1)


def _commands(seconds: int) -> Iterator[tuple[float, bool]]:
    """Yield when each command comes, and whether it orders a video."""
    dice = random.Random(1)
    at_s, videos = 0.0, _TASKS / _TASK_S / _COMMANDS_A_SECOND
    while (at_s := at_s + dice.expovariate(_COMMANDS_A_SECOND)) < seconds:
        yield at_s, dice.random() < videos


def _p95(values: list[float]) -> float:
    return statistics.quantiles([*values, *values], n=20)[-1]


def _statements_a_second(costs: Costs, orders: float, processes: int) -> float:
    video = costs.order_statements + costs.stages * costs.stage_statements
    others = (_COMMANDS_A_SECOND - orders) * costs.command_statements
    return orders * video + others + processes * costs.idle_statements


def _print_plan(costs: Costs, orders: float, processes: int, cores: int) -> None:
    statements = _statements_a_second(costs, orders, processes)
    print(
        f"{_SERVERS:,} servers, {_COMMANDS_A_SECOND} commands a second, {_TASKS:,} tasks in flight "
        f"({orders:.0f} videos a second)\n"
        f"  shards: {math.ceil(_SERVERS / _SERVERS_A_SHARD)}\n"
        f"  processes, a core each: {processes}\n"
        f"  cores of the database: {cores}\n"
        f"  connections to it: {processes * costs.connections}\n"
        f"  statements a second: {statements:,.0f}\n"
        f"  gigabytes of rows a day: {orders * 86_400 * costs.row_bytes / 1e9:,.0f}\n"
        f"  terabytes of videos a day: {orders * 86_400 * costs.video_bytes / 1e12:,.0f}\n"
        f"  requests to Discord a second: {orders * costs.discord_requests:,.0f}"
    )
