"""A sample of the matrix that the tests have time for: what is played, and what was found."""

import random
from dataclasses import dataclass, field

from qa.crash_matrix.faults import called
from qa.crash_matrix.known_crash_points import DOORS
from qa.crash_matrix.matrix import Census, Company, Findings, plan
from qa.crash_matrix.run_record import Cell

SEED = 20261121
CELLS = 12
STAGES = 3

AFTER_RESULT = "before:transact.deliver._delivered#1"
WITHOUT_GUARDS = (
    Cell(called("nonce forgotten"), (AFTER_RESULT,), blind="history"),
    Cell(called("submission: 504, task made"), blind="unknown"),
)
"""What each of two guards is for: to look before a second post, and never to submit twice."""


@dataclass(slots=True)
class Played:
    """What was found: undisturbed, killed, and killed without a guard."""

    census: Census = field(default_factory=dict)
    lives: Findings = field(default_factory=Findings)
    sample: Findings = field(default_factory=Findings)
    unguarded: Findings = field(default_factory=Findings)


async def play_sample() -> Played:
    """Play it all on a few stages at a time."""
    played = Played()
    async with Company.open(STAGES) as company:
        lives = [called(name) for name in dict.fromkeys(DOORS.values())]
        played.census = await company.take_census(lives, played.lives.add)
        await company.play(_sample(played.census), played.sample.add)
        await company.play(WITHOUT_GUARDS, played.unguarded.add)
    return played


def _sample(census: Census) -> list[Cell]:
    """Draw cells whose points are spread evenly over all doors, in the order of their names."""
    cells = sorted(plan(census, SEED), key=lambda cell: cell.dooms[0].partition(":")[2])
    dice = random.Random(SEED)  # noqa: S311 - to be replayed
    width = len(cells) / CELLS
    return [cells[dice.randrange(round(n * width), round((n + 1) * width))] for n in range(CELLS)]
