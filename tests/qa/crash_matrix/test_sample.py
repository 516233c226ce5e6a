"""A sample of `scripts/matrix`: the real process dies along the belt, and nothing comes of it.

The whole of it takes hours; what it found last stands in docs/reliability.md.
"""

import asyncio
from collections.abc import Iterable

import pytest

from qa.crash_matrix.crash_points import WHOLE_CLASSES, coroutines_of
from qa.crash_matrix.faults import TROUBLES, title
from qa.crash_matrix.known_crash_points import BY_CHANCE, DOORS, ELSEWHERE
from qa.crash_matrix.matrix import Findings, replay
from qa.crash_matrix.sample import CELLS, Played, play_sample


def test_a_sample_of_the_matrix(subtests: pytest.Subtests):
    """All of it is one test, for it is played but once."""
    played = asyncio.run(play_sample())
    for check in (
        _every_life_comes_to_a_good_end_whatever_goes_wrong,
        _killed_along_the_belt_it_loses_nothing_and_does_nothing_twice,
        _without_its_guards_the_same_kills_do_harm,
        _the_listed_doors_are_those_that_there_are,
    ):
        with subtests.test(check.__name__):
            check(played)


def _every_life_comes_to_a_good_end_whatever_goes_wrong(played: Played):
    """Undisturbed under each listed fault: delivered, or ended or parked as it should be."""
    assert not played.lives.broken, _told(played.lives)


def _killed_along_the_belt_it_loses_nothing_and_does_nothing_twice(played: Played):
    """A sample of points and faults, some killed once more while they recover."""
    assert played.sample.total("kills") >= CELLS - 2
    assert not played.sample.broken, _told(played.sample)


def _without_its_guards_the_same_kills_do_harm(played: Played):
    """So the matrix would see it: blind to history a second post, unafraid a second task."""
    assert played.unguarded.total("double posted") == 1, _told(played.unguarded)
    assert played.unguarded.total("double charged") == 1, _told(played.unguarded)


def _the_listed_doors_are_those_that_there_are(played: Played):
    """Each is passed in the life that is named with it, and none is passed that is not listed."""
    passed = {title(trouble): _doors(points) for trouble, points in played.census.items()}
    assert {door for door, life in DOORS.items() if door not in passed[life]} == set()
    assert set.union(*passed.values()) <= {*DOORS, *BY_CHANCE}
    assert len(DOORS) >= 40


def test_no_way_out_of_the_service_is_without_a_door():
    """Each public coroutine of APIXO's client, the publisher and the media folder is listed."""
    ways = {
        f"{name}.{way}" for name, owner in WHOLE_CLASSES.items() for way in coroutines_of(owner)
    }
    assert ways <= {*DOORS, *BY_CHANCE, *ELSEWHERE}


def test_every_fault_has_a_name_of_its_own():
    """By which a cell can be played again."""
    assert len({title(trouble) for trouble in TROUBLES}) == len(TROUBLES)


def _doors(points: Iterable[str]) -> set[str]:
    return {point.partition(":")[2] for point in points}


def _told(findings: Findings) -> str:
    return "\n".join(
        f"{replay(traces.cell)}\n  {'; '.join(traces.complaints)}\n{traces.log[-3000:]}"
        for traces in findings.broken
    )
