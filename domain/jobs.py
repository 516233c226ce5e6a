"""Knows the states of a job and the moves between them, as data."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_BITS = 50


class JobState(StrEnum):
    """Where a job stands on the belt."""

    QUEUED = "queued"
    SUBMITTING = "submitting"
    GENERATING = "generating"
    SUCCEEDED = "succeeded"
    STORED = "stored"
    POSTING = "posting"
    DELIVERED = "delivered"

    CANCELLED = "cancelled"
    REJECTED = "rejected"
    FAILED = "failed"

    SUBMIT_UNKNOWN = "submit_unknown"
    STUCK = "stuck"
    RESULT_LOST = "result_lost"
    UNDELIVERABLE = "undeliverable"
    QUARANTINED = "quarantined"


S = JobState

TRANSITIONS: Mapping[JobState, frozenset[JobState]] = MappingProxyType(
    {
        S.QUEUED: frozenset({S.SUBMITTING, S.CANCELLED, S.REJECTED, S.QUARANTINED}),
        S.SUBMITTING: frozenset({S.GENERATING, S.QUEUED, S.REJECTED, S.SUBMIT_UNKNOWN}),
        S.GENERATING: frozenset({S.SUCCEEDED, S.FAILED, S.STUCK, S.QUARANTINED}),
        S.SUCCEEDED: frozenset({S.STORED, S.RESULT_LOST, S.QUARANTINED}),
        S.STORED: frozenset({S.POSTING, S.SUCCEEDED, S.UNDELIVERABLE, S.QUARANTINED}),
        S.POSTING: frozenset({S.DELIVERED, S.STORED, S.SUCCEEDED, S.UNDELIVERABLE, S.QUARANTINED}),
        S.DELIVERED: frozenset(),
        S.CANCELLED: frozenset(),
        S.REJECTED: frozenset(),
        S.FAILED: frozenset(),
        S.SUBMIT_UNKNOWN: frozenset({S.GENERATING, S.FAILED}),
        S.STUCK: frozenset({S.GENERATING, S.SUCCEEDED, S.FAILED}),
        S.RESULT_LOST: frozenset({S.SUCCEEDED}),
        S.UNDELIVERABLE: frozenset({S.STORED}),
        S.QUARANTINED: frozenset({S.GENERATING, S.SUCCEEDED, S.STORED, S.POSTING, S.FAILED}),
    }
)
"""The legal moves. A parked job leaves its place only by an operator's or a member's decision,
or by news of its task."""

RUNNABLE = frozenset({S.QUEUED, S.GENERATING, S.SUCCEEDED, S.STORED, S.POSTING})
"""States in which a stage takes the job by itself (`submitting` is left only by its own turn,
or by recovery after a crash)."""

AT_APIXO = frozenset({S.SUBMITTING, S.GENERATING})
"""States that take one of the places for tasks in flight."""

PARKED = frozenset({S.SUBMIT_UNKNOWN, S.STUCK, S.RESULT_LOST, S.UNDELIVERABLE, S.QUARANTINED})
"""Visible and alarmed: these wait for a person."""

ENDED_WITHOUT_VIDEO = frozenset({S.CANCELLED, S.REJECTED, S.FAILED})

PAID = frozenset({S.SUCCEEDED, S.STORED, S.POSTING, S.DELIVERED, S.RESULT_LOST, S.UNDELIVERABLE})
"""States that a job enters only with its charge in the ledger."""

HOLDING = frozenset({S.QUEUED, S.SUBMITTING, S.GENERATING, S.STUCK})
"""States that a job never has without a hold waiting in the ledger."""


def can_transition(source: JobState, target: JobState) -> bool:
    """Tell whether the belt knows this move."""
    return target in TRANSITIONS[source]


def new_job_id(now_ms: int, random_bits: int) -> str:
    """Make a job's name: 20 lower-case letters and digits that sort by time.

    Short enough for Discord's nonce (25 characters), safe as a file's name.
    """
    number = (now_ms << _RANDOM_BITS) | (random_bits & ((1 << _RANDOM_BITS) - 1))
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(95, -1, -5))
