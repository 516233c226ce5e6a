"""When to ask for a task."""

from collections.abc import Callable
from itertools import pairwise, takewhile

import pytest

from domain.models import ModelId
from domain.polling import (
    backoff_ms,
    next_poll_age_ms,
    poll_ages_ms,
    safety_poll_age_ms,
    typical_duration_ms,
)

PRO, TWO = ModelId.SEEDANCE_1_5_PRO, ModelId.SEEDANCE_2_0
HOUR = 3_600_000


@pytest.mark.parametrize(
    ("model", "seconds", "span"),
    [
        (PRO, 4, (40_000, 60_000)),
        (PRO, 6, (50_000, 75_000)),
        (PRO, 8, (60_000, 90_000)),
        (PRO, 10, (75_000, 105_000)),
        (PRO, 12, (90_000, 120_000)),
        (TWO, 4, (240_000, 480_000)),
        (TWO, 15, (240_000, 480_000)),
    ],
)
def test_the_typical_time_is_the_documented_one(
    model: ModelId, seconds: int, span: tuple[int, int]
) -> None:
    """Lengths between two documented ones lie between their times."""
    assert typical_duration_ms(model, seconds) == span


@pytest.mark.parametrize(("model", "seconds"), [(PRO, 4), (PRO, 8), (PRO, 12), (TWO, 5), (TWO, 15)])
def test_there_is_one_early_look_and_none_before_the_fastest_task_ends(
    model: ModelId, seconds: int
) -> None:
    """Failures come at about nine seconds; between that and the documented time there are none."""
    earliest, latest = typical_duration_ms(model, seconds)
    looks = list(takewhile(lambda age: age <= latest, poll_ages_ms(model, seconds)))
    assert looks[0] == 12_000
    assert looks[1] >= earliest
    gaps = [b - a for a, b in pairwise(looks[1:])]
    assert all(5_000 <= gap <= 20_000 for gap in gaps)


def test_seedance_2_is_asked_from_240_seconds() -> None:
    """The documented 300 s would be late for a task that ends at 240 s."""
    assert next_poll_age_ms(TWO, 5, 12_000) == 240_000


def test_patience_grows_and_never_ends() -> None:
    """A task that is late is asked for ever more seldom, but always again."""
    looks = list(takewhile(lambda age: age < 2 * HOUR, poll_ages_ms(PRO, 4)))
    gaps = [b - a for a, b in pairwise(looks)]
    assert gaps[-1] == 300_000
    assert next_poll_age_ms(PRO, 4, 2 * HOUR) > 2 * HOUR


def test_the_next_look_is_always_ahead() -> None:
    """A process that slept does not ask for the past."""
    for age in (0, 11_999, 12_000, 12_001, 66_500, 10 * HOUR):
        assert next_poll_age_ms(PRO, 8, age) > age


@pytest.mark.parametrize("look", [next_poll_age_ms, safety_poll_age_ms])
def test_a_look_that_came_late_moves_the_next(look: Callable[[ModelId, int, int], int]) -> None:
    """APIXO asks for no more than one question in five seconds; a late one counts as well."""
    on_time = look(TWO, 5, 12_000)
    assert look(TWO, 5, on_time - 1) == on_time - 1 + 5_000
    assert look(TWO, 5, on_time - 5_000) == on_time


def test_backing_off_grows_to_a_cap_and_is_spread() -> None:
    """Many failures neither hammer APIXO nor wait for ever."""
    assert backoff_ms(1, 1.0) == 4_000
    assert backoff_ms(1, 0.0) == 2_000
    assert [backoff_ms(n, 1.0) for n in (7, 8, 100)] == [256_000, 300_000, 300_000]


@pytest.mark.parametrize(("model", "seconds"), [(PRO, 4), (PRO, 12), (TWO, 5), (TWO, 15)])
def test_a_task_that_calls_back_is_asked_for_when_it_should_have_called_and_then_seldom(
    model: ModelId, seconds: int
) -> None:
    """A minute after its time; then after APIXO's last try to call, and each five minutes."""
    _, latest = typical_duration_ms(model, seconds)
    looks, age = list[int](), 0
    while age < 2 * HOUR:
        age = safety_poll_age_ms(model, seconds, age)
        looks.append(age)
    assert looks[0] == latest + 60_000
    assert looks[1] >= max(15 * 60_000, 2 * looks[0])
    assert {later - sooner for sooner, later in pairwise(looks[1:])} == {300_000}
