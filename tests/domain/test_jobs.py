"""States, moves and names of jobs."""

from hypothesis import given
from hypothesis import strategies as st

from domain.failures import FailReason, classify
from domain.jobs import (
    AT_APIXO,
    ENDED_WITHOUT_VIDEO,
    MOVES,
    ON_THE_BELT,
    PARKED,
    JobState,
    job_id,
    may_move,
)


def test_every_state_has_its_moves_and_belongs_somewhere() -> None:
    """No state was forgotten in the tables."""
    assert set(MOVES) == set(JobState)
    known = ON_THE_BELT | AT_APIXO | PARKED | ENDED_WITHOUT_VIDEO | {JobState.DELIVERED}
    assert known == set(JobState)


def test_every_state_can_be_reached_from_the_queue() -> None:
    """A state that nothing leads to would be dead words."""
    reached, open_ = {JobState.QUEUED}, [JobState.QUEUED]
    while open_:
        for target in MOVES[open_.pop()] - reached:
            reached.add(target)
            open_.append(target)
    assert reached == set(JobState)


def test_an_unknown_submission_never_goes_back_to_the_queue() -> None:
    """The rule that a paid request is never sent a second time by itself."""
    assert not may_move(JobState.SUBMIT_UNKNOWN, JobState.QUEUED)
    assert not may_move(JobState.SUBMIT_UNKNOWN, JobState.SUBMITTING)
    assert not may_move(JobState.GENERATING, JobState.QUEUED)


def test_what_has_ended_stays_ended() -> None:
    """No move leads out of an end."""
    for state in (*ENDED_WITHOUT_VIDEO, JobState.DELIVERED):
        assert not MOVES[state]


@given(st.integers(0, 2**48), st.integers(0, 2**48), st.integers(0, 2**60))
def test_a_jobs_name_sorts_by_time_and_fits_a_nonce(early: int, late: int, bits: int) -> None:
    """Names fit Discord's nonce with a letter before them, and sort as they were made."""
    first, second = job_id(min(early, late), bits), job_id(max(early, late) + 1, bits)
    assert len(first) == len(second) == 20
    assert first < second
    assert first.isalnum()
    assert first == first.lower()


def test_failure_codes_are_known_in_every_spelling() -> None:
    """APIXO mixes CamelCase, UPPER_SNAKE and a code with a space in it."""
    assert classify("SensitiveContent") is FailReason.CONTENT
    assert classify(" sensitive_content ") is FailReason.CONTENT
    assert classify("STREAM-ERROR") is FailReason.UPSTREAM
    assert classify("UPSTREAM_ERROR") is FailReason.UPSTREAM
    assert classify("InsufficientBalance") is FailReason.FUNDS
    assert classify("Unknown error") is FailReason.UNKNOWN
    assert classify("SomethingNew") is FailReason.UNKNOWN
    assert classify(None) is FailReason.UNKNOWN
