"""States, moves and names of jobs."""

from hypothesis import given
from hypothesis import strategies as st

from domain.failures import FailReason, classify_fail_code
from domain.jobs import (
    AT_APIXO,
    ENDED_WITHOUT_VIDEO,
    PARKED,
    RUNNABLE,
    TRANSITIONS,
    JobState,
    can_transition,
    new_job_id,
)


def test_every_state_has_its_moves_and_belongs_somewhere() -> None:
    """No state was forgotten in the tables."""
    assert set(TRANSITIONS) == set(JobState)
    known = RUNNABLE | AT_APIXO | PARKED | ENDED_WITHOUT_VIDEO | {JobState.DELIVERED}
    assert known == set(JobState)


def test_every_state_can_be_reached_from_the_queue() -> None:
    """A state that nothing leads to would be dead words."""
    reached, open_ = {JobState.QUEUED}, [JobState.QUEUED]
    while open_:
        for target in TRANSITIONS[open_.pop()] - reached:
            reached.add(target)
            open_.append(target)
    assert reached == set(JobState)


def test_an_unknown_submission_never_goes_back_to_the_queue() -> None:
    """The rule that a paid request is never sent a second time by itself."""
    assert not can_transition(JobState.SUBMIT_UNKNOWN, JobState.QUEUED)
    assert not can_transition(JobState.SUBMIT_UNKNOWN, JobState.SUBMITTING)
    assert not can_transition(JobState.GENERATING, JobState.QUEUED)


def test_what_has_ended_stays_ended() -> None:
    """No move leads out of an end."""
    for state in (*ENDED_WITHOUT_VIDEO, JobState.DELIVERED):
        assert not TRANSITIONS[state]


@given(st.integers(0, 2**48), st.integers(0, 2**48), st.integers(0, 2**60))
def test_a_jobs_name_sorts_by_time_and_fits_a_nonce(early: int, late: int, bits: int) -> None:
    """Names fit Discord's nonce with a letter before them, and sort as they were made."""
    first, second = new_job_id(min(early, late), bits), new_job_id(max(early, late) + 1, bits)
    assert len(first) == len(second) == 20
    assert first < second
    assert first.isalnum()
    assert first == first.lower()


def test_failure_codes_are_known_in_every_spelling() -> None:
    """APIXO mixes CamelCase, UPPER_SNAKE and a code with a space in it."""
    assert classify_fail_code("SensitiveContent") is FailReason.CONTENT
    assert classify_fail_code(" sensitive_content ") is FailReason.CONTENT
    assert classify_fail_code("STREAM-ERROR") is FailReason.UPSTREAM
    assert classify_fail_code("UPSTREAM_ERROR") is FailReason.UPSTREAM
    assert classify_fail_code("InsufficientBalance") is FailReason.OUT_OF_CREDIT
    assert classify_fail_code("Unknown error") is FailReason.UNKNOWN
    assert classify_fail_code("SomethingNew") is FailReason.UNKNOWN
    assert classify_fail_code(None) is FailReason.UNKNOWN
