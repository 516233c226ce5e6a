"""Job states and the legal transitions between them, as data."""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

RESULT_MESSAGE_DELETED = "its message was deleted before it was recorded"
"""The reason of a delivered job whose message has no known id."""

SENT_BY_DM = "sent by direct message, as its channel refused it"
"""The reason of a delivered job whose result is in its member's direct messages."""

POST_UNCONFIRMED = "sent to its member, but Discord did not answer"
"""The reason of an undeliverable job whose member may see the video all the same."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_BITS = 50
_PLAIN_ID = re.compile(r"[A-Za-z0-9_.:-]{1,255}", re.ASCII)


class JobState(StrEnum):
    """The state of a job."""

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
        S.QUEUED: frozenset(
            {S.SUBMITTING, S.CANCELLED, S.REJECTED, S.QUARANTINED, S.SUBMIT_UNKNOWN}
        ),
        S.SUBMITTING: frozenset({S.GENERATING, S.QUEUED, S.REJECTED, S.SUBMIT_UNKNOWN}),
        S.GENERATING: frozenset({S.SUCCEEDED, S.FAILED, S.STUCK, S.QUARANTINED}),
        S.SUCCEEDED: frozenset({S.STORED, S.DELIVERED, S.RESULT_LOST, S.QUARANTINED}),
        S.STORED: frozenset({S.POSTING, S.DELIVERED, S.SUCCEEDED, S.UNDELIVERABLE, S.QUARANTINED}),
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
"""The legal transitions. A queued job becomes `submit_unknown` in a database that was restored from
a copy, for it may have been submitted since. A job whose member had everything deleted is delivered
without a post, from wherever its video is. A parked job leaves its state only by a decision of
the operator or the member, or by a callback about its task."""

RUNNABLE = frozenset({S.QUEUED, S.GENERATING, S.SUCCEEDED, S.STORED, S.POSTING})
"""States in which a worker claims a due job (`submitting` is left only by its own stage, or by
recovery after a crash)."""

AT_APIXO = frozenset({S.SUBMITTING, S.GENERATING})
"""States that count against the limit of tasks in flight."""

NEVER_MS = 1 << 52
"""A due time that never comes: the job waits for a person, or for another job."""

COUNTED_PLACES = 1_000
"""The length of a line up to which places in it are counted one by one, and not estimated."""

LAST_PLACE = 10_000
"""The last place in line that is told; a job may be further back."""

PARKED = frozenset({S.SUBMIT_UNKNOWN, S.STUCK, S.RESULT_LOST, S.UNDELIVERABLE, S.QUARANTINED})
"""States that raise an alert and wait for a person."""

ENDED_WITHOUT_VIDEO = frozenset({S.CANCELLED, S.REJECTED, S.FAILED})

PAID = frozenset({S.SUCCEEDED, S.STORED, S.POSTING, S.DELIVERED, S.RESULT_LOST, S.UNDELIVERABLE})
"""States that a job enters only with its charge in the ledger."""

HOLDING = frozenset({S.QUEUED, S.SUBMITTING, S.GENERATING, S.STUCK})
"""States that a job never has without an open hold in the ledger."""

MAY_HOLD = HOLDING | {S.SUBMIT_UNKNOWN, S.QUARANTINED}
"""States that a job may have with an open hold; the audit checks that no others have one."""

LOST = frozenset({S.SUBMIT_UNKNOWN, S.RESULT_LOST})
"""States of jobs whose answer or file did not come; a hold may be open still."""


def can_transition(source: JobState, target: JobState) -> bool:
    """Return whether a job may move from one state to another."""
    return target in TRANSITIONS[source]


def loggable_id(task_id: str | None) -> str | None:
    """Return a task's id for a log; one that is no plain id may be any text."""
    is_plain = task_id is None or _PLAIN_ID.fullmatch(task_id) is not None
    return task_id if is_plain else "no plain id"


def new_job_id(now_ms: int, random_bits: int) -> str:
    """Return a job id: 20 lower-case letters and digits that sort by time.

    It is short enough for a nonce of Discord's (25 characters) and safe as a file name.
    """
    number = (now_ms << _RANDOM_BITS) | (random_bits & ((1 << _RANDOM_BITS) - 1))
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(95, -1, -5))
