"""The crash matrix: every point that is passed, under every fault, with a kill at each.

Which pairs there are is found out, not written down: under each fault the service first lives one
life undisturbed, and what it passes is where it is killed afterwards. A point that is passed
several times is killed at one of these passings, by the seed; every fourth cell dies a second time
while it recovers.
"""

import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

from qa.crash_matrix.databases import DatabasePool, PostgresqlDatabasePool, SqliteDatabasePool
from qa.crash_matrix.fault import InjectedFault, fault_title
from qa.crash_matrix.faults import FAULTS
from qa.crash_matrix.hand_over import is_of_hand_over
from qa.crash_matrix.harness import MatrixHarness
from qa.crash_matrix.invariants import VIOLATIONS
from qa.crash_matrix.run_record import Cell, RunRecord
from tests.harness.memory import find_memory

DOUBLE_KILL_SHARE: Final = 0.25
"""The share of cells that die once more."""

_LATEST_SECOND = 120
"""Before which passing of any point the second death comes; a life passes about 180."""

_TRIES = 2

PointsByFault = dict[InjectedFault, Counter[str]]
"""How often each point is passed in a life under each fault."""

Print = Callable[[str], None]


@dataclass(slots=True)
class FaultSummary:
    """What was found under one fault."""

    fault: InjectedFault
    points: set[str] = field(default_factory=set[str])
    counts: Counter[str] = field(default_factory=Counter[str])
    """Of `runs`, `kills`, `double kills` and each kind of violation."""


@dataclass(slots=True)
class MatrixResult:
    """All that was found; `broken` holds the plays that broke something."""

    planned: int = 0
    rows: dict[InjectedFault, FaultSummary] = field(
        default_factory=dict[InjectedFault, FaultSummary]
    )
    broken_runs: list[RunRecord] = field(default_factory=list[RunRecord])
    restarts_s: list[float] = field(default_factory=list[float])

    @property
    def points(self) -> set[str]:
        """Give every point at which a process was killed."""
        return {point for row in self.rows.values() for point in row.points}

    def total(self, what: str) -> int:
        """Sum `runs`, `kills`, `double kills` or a kind of violation."""
        return sum(row.counts[what] for row in self.rows.values())

    def add(self, traces: RunRecord) -> None:
        """Count one run."""
        trouble = traces.cell.fault
        row = self.rows.setdefault(trouble, FaultSummary(trouble))
        row.counts["runs"] += 1
        row.counts["kills"] += traces.kill_count
        row.counts["double kills"] += traces.kill_count + traces.is_restored > 1
        if (traces.kill_count or traces.is_restored) and traces.cell.kill_points:
            row.points.add(traces.cell.kill_points[0].rpartition("#")[0])
        row.counts.update({each.partition(":")[0] for each in traces.violations})
        self.restarts_s += traces.restarts_s[1:]
        if traces.violations:
            self.broken_runs.append(traces)


class RunnerPool:
    """Several stages; each plays one cell at a time."""

    def __init__(self, stages: Sequence[MatrixHarness]) -> None:
        self._stages = stages

    @classmethod
    @asynccontextmanager
    async def open(
        cls, size: int, server: Callable[[str], str] | None = None
    ) -> AsyncIterator["RunnerPool"]:
        """Open `size` stages, on the PostgreSQL whose addresses `server` gives, or on SQLite."""
        # SIGKILL takes nothing that a process has written, whatever it lies on.
        with tempfile.TemporaryDirectory(prefix="dailies-matrix-", dir=find_memory()) as folder:
            async with AsyncExitStack() as stack:
                stages: list[MatrixHarness] = []
                template = ""
                for number in range(size):
                    place = Path(folder, str(number))
                    place.mkdir()
                    databases = _databases(place, number, server, template)
                    opened = MatrixHarness.start(databases, place)
                    stages.append(await stack.enter_async_context(opened))
                    template = databases.template
                yield cls(stages)

    async def run(
        self, cells: Iterable[Cell], heard: Callable[[RunRecord], None], *, watch: bool = False
    ) -> None:
        """Run cells, one after the other on each harness, and report each."""
        waiting = iter(cells)

        async def work(stage: MatrixHarness) -> None:
            for cell in waiting:
                heard(await _play(stage, cell, watch=watch))

        async with asyncio.TaskGroup() as group:
            for stage in self._stages:
                group.create_task(work(stage))

    async def record_points(
        self, troubles: Iterable[InjectedFault], heard: Callable[[RunRecord], None]
    ) -> PointsByFault:
        """Live one life under each fault and count what is passed."""
        passed: PointsByFault = {}

        def note(traces: RunRecord) -> None:
            passed[traces.cell.fault] = Counter(filter(_is_killed_at(traces), traces.points_passed))
            heard(traces)

        await self.run((Cell(trouble) for trouble in troubles), note, watch=True)
        return passed


def plan_cells(census: PointsByFault, seed: int, double: float = DOUBLE_KILL_SHARE) -> list[Cell]:
    """Make a cell of each pair of a point and a fault, in an order that the seed shuffles."""
    cells = [
        _cell(trouble, point, passings, seed, double)
        for trouble, passed in census.items()
        for point, passings in passed.items()
    ]
    cells.sort(key=lambda cell: (fault_title(cell.fault), cell.kill_points))
    random.Random(seed).shuffle(cells)  # noqa: S311 - to be replayed
    return cells


def applicable_faults(engine: str) -> list[InjectedFault]:
    """List the faults that can happen on an engine."""
    return [trouble for trouble in FAULTS if trouble.engine in (None, engine)]


def _cell(trouble: InjectedFault, point: str, passings: int, seed: int, double: float) -> Cell:
    dice = random.Random(f"{seed} {fault_title(trouble)} {point}")  # noqa: S311 - to be replayed
    first = f"{point}#{dice.randint(1, passings)}"
    if dice.random() < double:
        return Cell(trouble, (first, f"*#{dice.randint(1, _LATEST_SECOND)}"))
    return Cell(trouble, (first,))


def _is_killed_at(traces: RunRecord) -> Callable[[str], bool]:
    """Return a filter of the points at which a play's processes are killed."""
    return is_of_hand_over if traces.cell.fault.hands_over else bool


async def _play(stage: MatrixHarness, cell: Cell, *, watch: bool) -> RunRecord:
    try:
        return await stage.run_cell(cell, watch=watch)
    except Exception as error:  # noqa: BLE001 - one bad play must not end a long run
        return RunRecord(cell, "", violations=[f"unjudged: {error!r}"])


def _databases(
    folder: Path, number: int, server: Callable[[str], str] | None, template: str
) -> DatabasePool:
    if server is None:
        return SqliteDatabasePool(folder, template)
    return PostgresqlDatabasePool(server, f"stage_{number}", template)


class ProgressPrinter:
    """Says every few seconds how far it is."""

    def __init__(
        self, planned: int, findings: MatrixResult, tell: Print, every_s: float = 15
    ) -> None:
        self._planned = planned
        self._findings = findings
        self._tell = tell
        self._every_s = every_s
        self._begun_s = self._told_s = time.monotonic()
        self._done = count(1)

    def __call__(self, traces: RunRecord) -> None:
        """Hear of one more play."""
        self._findings.add(traces)
        done, now_s = next(self._done), time.monotonic()
        if traces.violations:
            self._tell(
                f"BROKEN  {replay_command(traces.cell)}\n        {'; '.join(traces.violations)}"
            )
        if now_s - self._told_s >= self._every_s or done == self._planned:
            self._told_s = now_s
            rate = done / (now_s - self._begun_s)
            left_s = (self._planned - done) / rate
            self._tell(
                f"{done:,} of {self._planned:,} cells, {self._findings.total('kills'):,} kills, "
                f"{len(self._findings.broken_runs)} broken, {rate:.1f} a second, "
                f"{left_s / 60:.0f} min left"
            )


def replay_command(cell: Cell) -> str:
    """Write the command that plays one cell again."""
    first, *more = cell.kill_points or ("none",)
    then = "".join(f" --then '{doom}'" for doom in more)
    blind = f" --blind {cell.disabled_guard}" if cell.disabled_guard else ""
    engine = "" if cell.fault.engine is None else f" --engine {cell.fault.engine}"
    return f"scripts/matrix{engine} --only '{first}' '{fault_title(cell.fault)}'{then}{blind}"


def format_table(findings: MatrixResult) -> str:
    """Lay out what was found, a line for each fault and one for all."""
    counted = ("runs", "kills", "double kills", *VIOLATIONS)
    head = ["fault", "points", *counted]
    lines = sorted(
        [fault_title(row.fault), str(len(row.points)), *(str(row.counts[what]) for what in counted)]
        for row in findings.rows.values()
    )
    sums = [str(findings.total(what)) for what in counted]
    lines.append(["all", str(len(findings.points)), *sums])
    widths = [max(map(len, column)) for column in zip(head, *lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in [head, *lines]
    )
