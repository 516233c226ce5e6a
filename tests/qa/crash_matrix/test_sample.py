"""A sample of `scripts/matrix`: the real process is killed at points of a job's life, without harm.

The whole of it takes hours; what it found last is in docs/reliability.md.
"""

import asyncio
from collections.abc import Iterable

import pytest

from qa.crash_matrix.crash_points import INSTRUMENTED_CLASSES, public_coroutines
from qa.crash_matrix.fault import fault_title
from qa.crash_matrix.faults import FAULTS
from qa.crash_matrix.known_crash_points import CRASH_POINTS, OCCASIONAL, OTHER_FLOWS
from qa.crash_matrix.matrix import MatrixResult, replay_command
from qa.crash_matrix.sample import CELL_COUNT, UNGUARDED_CELLS, SampleResult, run_sample


def test_a_sample_of_the_matrix(subtests: pytest.Subtests):
    """All of it is one test, for it is played but once."""
    played = asyncio.run(run_sample())
    for check in (
        _every_life_comes_to_a_good_end_whatever_goes_wrong,
        _killed_anywhere_it_loses_nothing_and_does_nothing_twice,
        _without_its_guards_the_same_kills_do_harm,
        _the_listed_points_are_those_that_there_are,
    ):
        with subtests.test(check.__name__):
            check(played)


def _every_life_comes_to_a_good_end_whatever_goes_wrong(played: SampleResult):
    """Undisturbed under each listed fault: delivered, or ended or parked as it should be."""
    assert not played.undisturbed.broken_runs, _told(played.undisturbed)


def _killed_anywhere_it_loses_nothing_and_does_nothing_twice(played: SampleResult):
    """A sample of points and faults, some killed once more while they recover."""
    assert played.killed.total("kills") >= CELL_COUNT - 2
    assert not played.killed.broken_runs, _told(played.killed)


def _without_its_guards_the_same_kills_do_harm(played: SampleResult):
    """So the matrix would see it: a second post or a second task, as it is listed."""
    found = {
        (run.cell, each.partition(":")[0])
        for run in played.unguarded.broken_runs
        for each in run.violations
    }
    assert {*UNGUARDED_CELLS.items()} <= found, _told(played.unguarded)


def _the_listed_points_are_those_that_there_are(played: SampleResult):
    """Each is passed in the life that is named with it, and none is passed that is not listed."""
    passed = {
        fault_title(trouble): _names(points) for trouble, points in played.points_by_fault.items()
    }
    assert {name for name, life in CRASH_POINTS.items() if name not in passed[life]} == set()
    assert set.union(*passed.values()) <= {*CRASH_POINTS, *OCCASIONAL}
    assert len(CRASH_POINTS) >= 40


def test_no_way_out_of_the_service_is_without_a_crash_point():
    """Each public coroutine of APIXO's client, the publisher and the media folder is listed."""
    ways = {
        f"{name}.{way}"
        for name, owner in INSTRUMENTED_CLASSES.items()
        for way in public_coroutines(owner)
    }
    assert ways <= {*CRASH_POINTS, *OCCASIONAL, *OTHER_FLOWS}


def test_every_fault_has_a_name_of_its_own():
    """By which a cell can be played again."""
    assert len({fault_title(trouble) for trouble in FAULTS}) == len(FAULTS)


def _names(points: Iterable[str]) -> set[str]:
    return {point.partition(":")[2] for point in points}


def _told(findings: MatrixResult) -> str:
    return "\n".join(
        f"{replay_command(traces.cell)}\n  {'; '.join(traces.violations)}\n{traces.log[-3000:]}"
        for traces in findings.broken_runs
    )
