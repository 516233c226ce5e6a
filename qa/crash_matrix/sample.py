"""A sample of the matrix that the tests have time for: what is played, and what was found."""

import random
from dataclasses import dataclass, field

from qa.crash_matrix.faults import find_fault
from qa.crash_matrix.known_crash_points import CRASH_POINTS
from qa.crash_matrix.matrix import MatrixResult, PointsByFault, RunnerPool, plan_cells
from qa.crash_matrix.run_record import Cell

SEED = 20261121
CELL_COUNT = 8
RUNNER_COUNT = 3

CRASH_AFTER_RESULT = "before:transact.deliver._record_delivery#1"
COPY_OF_QUEUE = "after:transact.accept.accept#1"
COPY_OF_RESULT = "after:transact.store._stored#1"
UNGUARDED_CELLS = {
    Cell(find_fault("nonce forgotten"), (CRASH_AFTER_RESULT,), "history"): "double posted",
    Cell(find_fault("submission: 504, task made"), disabled_guard="unknown"): "double charged",
    Cell(find_fault("restored: nothing else"), (COPY_OF_QUEUE,), "restore"): "double charged",
    Cell(find_fault("restored: nothing else"), (COPY_OF_RESULT,), "restore"): "double posted",
    Cell(find_fault("thrown out: three wait"), disabled_guard="removal"): "bought",
}
"""What each guard is for, with the harm without it: to look before a second post, never to submit
twice, to suspect the jobs of a restored copy, and to buy nothing where the bot was thrown out."""


@dataclass(slots=True)
class SampleResult:
    """What was found: undisturbed, killed, and killed without a guard."""

    points_by_fault: PointsByFault = field(default_factory=dict)
    undisturbed: MatrixResult = field(default_factory=MatrixResult)
    killed: MatrixResult = field(default_factory=MatrixResult)
    unguarded: MatrixResult = field(default_factory=MatrixResult)


async def run_sample() -> SampleResult:
    """Play it all on a few stages at a time."""
    played = SampleResult()
    async with RunnerPool.open(RUNNER_COUNT) as company:
        lives = [find_fault(name) for name in dict.fromkeys(CRASH_POINTS.values())]
        played.points_by_fault = await company.record_points(lives, played.undisturbed.add)
        await company.run(_sample(played.points_by_fault), played.killed.add)
        await company.run(UNGUARDED_CELLS, played.unguarded.add)
    return played


def _sample(census: PointsByFault) -> list[Cell]:
    """Draw cells evenly from all crash points, in the order of their names."""
    cells = sorted(plan_cells(census, SEED), key=lambda cell: cell.kill_points[0].partition(":")[2])
    dice = random.Random(SEED)  # noqa: S311 - to be replayed
    width = len(cells) / CELL_COUNT
    return [
        cells[dice.randrange(round(n * width), round((n + 1) * width))] for n in range(CELL_COUNT)
    ]
