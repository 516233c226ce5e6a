"""Errors of the workflow.

DailiesError
├── OverLimit           a quota has no room for the price; every exceeded one is named
├── QueueFull           too many jobs wait already
├── NotYours            the job is another member's, or there is none
├── TooLate             the job can no longer be cancelled
└── PublishError        Discord did not take what was to be shown
    ├── PlaceGone       the place can not be posted to any more: go down the ladder
    ├── TooLargeToPost  the file is above the place's upload limit
    ├── HistoryDenied   whether it was posted before can not be looked up
    └── TryLater        nothing is known to be wrong but the moment
"""

from domain.errors import DailiesError
from domain.jobs import JobState
from storage.quotas import Shortfall


class OverLimit(DailiesError):
    """The price does not fit under one or more limits; `shortfalls` names each."""

    def __init__(self, shortfalls: tuple[Shortfall, ...]) -> None:
        self.shortfalls = shortfalls
        super().__init__(f"over {len(shortfalls)} limit(s)")


class QueueFull(DailiesError):
    """Too many jobs wait: `whose` is `member` or `server`, `most` the number that may."""

    def __init__(self, whose: str, most: int) -> None:
        self.whose = whose
        self.most = most
        super().__init__(f"{most} jobs of this {whose} wait already")


class NotYours(DailiesError):
    """There is no such job, or it belongs to somebody else."""


class TooLate(DailiesError):
    """The job has left the queue; `state` is where it stands."""

    def __init__(self, state: JobState) -> None:
        self.state = state
        super().__init__(f"the job is {state}")


class PublishError(DailiesError):
    """Discord did not take what was to be shown."""


class PlaceGone(PublishError):
    """The channel, thread or direct message can not be posted to any more."""


class TooLargeToPost(PublishError):
    """The file is above the upload limit of the place."""


class HistoryDenied(PublishError):
    """The place's earlier messages may not be read."""


class TryLater(PublishError):
    """A time-out, a lost connection or a fault on Discord's side: the outcome is not known."""
