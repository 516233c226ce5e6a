"""What the last tasks of a kind say of the next one."""

from collections.abc import Sequence
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.learned_duration import LearnedDuration, learn_duration
from domain.models import ModelId
from domain.polling import poll_ages_ms

PRO = ModelId.SEEDANCE_1_5_PRO
STEADY = [70_000 + 100 * (number * 37 % 50) for number in range(50)]


def test_seven_tasks_say_nothing() -> None:
    """The documented ages count until there are eight."""
    assert learn_duration(STEADY[:7], may_fail=False) is None
    assert learn_duration(STEADY[:8], may_fail=False) is not None


def test_most_tasks_lie_between_what_is_learned() -> None:
    """In milliseconds after their creation."""
    learned = learn_duration(STEADY, may_fail=True)
    assert learned is not None
    assert 70_000 <= learned.earliest_ms < learned.usual_ms < learned.latest_ms <= 74_900
    assert learned.may_fail


@pytest.mark.parametrize("moved", [(50_000, 51_000, 52_000), (95_000, 96_000, 97_000)])
def test_three_tasks_that_differ_from_all_others_count_alone(moved: Sequence[int]) -> None:
    """The kind has changed: what was before no longer counts."""
    learned = learn_duration([*moved, *STEADY], may_fail=False)
    assert learned is not None
    assert learned.earliest_ms <= moved[0]
    assert learned.usual_ms <= moved[-1]


def test_a_kind_without_failures_has_no_early_poll() -> None:
    """It would find nothing; where one failed, it is there again."""
    learned = LearnedDuration(earliest_ms=70_000, usual_ms=75_000, latest_ms=80_000, may_fail=False)
    assert next(poll_ages_ms(PRO, 8, learned)) == 70_000
    failing = LearnedDuration(earliest_ms=70_000, usual_ms=75_000, latest_ms=80_000, may_fail=True)
    assert list(islice(poll_ages_ms(PRO, 8, failing), 2)) == [12_000, 70_000]


@given(st.lists(st.integers(1, 7_000_000), min_size=8, max_size=50), st.booleans())
def test_polls_never_end_and_are_never_close(durations: list[int], may_fail: bool) -> None:
    """Whatever was learned: each at least five seconds after the one before."""
    learned = learn_duration(durations, may_fail=may_fail)
    ages = list(islice(poll_ages_ms(PRO, 8, learned), 300))
    assert len(ages) == 300
    assert all(later - earlier >= 5_000 for earlier, later in pairwise(ages))
