"""Errors of the workflow.

DailiesError
├── OverLimit           a quota has no room for the price; every exceeded one is named
├── QueueFull           too many jobs wait already
├── TooManyInFlight              the member has as many jobs under way as they may have
├── CooldownActive         the member's last request was too short a time ago
├── NoSuchGrant         there is no such grant on this server
├── JobNotFound            the job is another member's, or there is none
├── NotCancellable             the job can no longer be cancelled
├── NotDelivered             the job has no video yet that could be deleted
├── UnusableVideo       a video is damaged, or too costly to be worked on
├── InputLost           APIXO can not be given a file that the member gave
├── Overtaken           the parked job has moved on, or this can not be decided about it
├── TaskNotBindable          APIXO does not know the task, or another job has it
├── TaskCheckFailed      APIXO does not tell whether there is such a task
├── StatusNotPosted        the message that is to carry a job's files is not out yet
└── PublishError        Discord did not take what was to be shown
    ├── ChannelUnavailable       the place can not be posted to any more: go down the ladder
    ├── TooLargeToPost  the file is above the place's upload limit
    ├── HistoryDenied   whether it was posted before can not be looked up
    └── TemporaryPublishError        nothing is known to be wrong but the moment
"""

from domain.errors import DailiesError
from domain.jobs import JobState
from domain.quotas import Shortfall


class OverLimit(DailiesError):
    """The price does not fit under one or more limits; `shortfalls` names each."""

    def __init__(self, shortfalls: tuple[Shortfall, ...]) -> None:
        self.shortfalls = shortfalls
        super().__init__(f"over {len(shortfalls)} limit(s)")


class QueueFull(DailiesError):
    """Too many jobs wait: `whose` is `member` or `server`, `most` the number that may."""

    def __init__(self, scope: str, limit: int) -> None:
        self.scope = scope
        self.limit = limit
        super().__init__(f"{limit} jobs of this {scope} wait already")


class TooManyInFlight(DailiesError):
    """The member has as many jobs under way as they may have: `most`."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"{limit} jobs of this member are under way already")


class CooldownActive(DailiesError):
    """The member may ask again at `until_ms`, `cooldown_s` seconds after their last request."""

    def __init__(self, cooldown_s: int, until_ms: int) -> None:
        self.cooldown_s = cooldown_s
        self.until_ms = until_ms
        super().__init__(f"less than {cooldown_s} s since the last request")


class NoSuchGrant(DailiesError):
    """There is no such grant, or it is another server's."""


class JobNotFound(DailiesError):
    """There is no such job, or it belongs to somebody else."""


class NotCancellable(DailiesError):
    """The job has left the queue; `state` is where it stands."""

    def __init__(self, state: JobState) -> None:
        self.state = state
        super().__init__(f"the job is {state}")


class NotDelivered(DailiesError):
    """The job is not delivered; `state` is where it stands."""

    def __init__(self, state: JobState) -> None:
        self.state = state
        super().__init__(f"the job is {state}")


class UnusableVideo(DailiesError):
    """A video is damaged, can not be made as small as it has to be, or would cost too much."""


class InputLost(DailiesError):
    """No address can be had for a file that the member gave; `code` says why."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        super().__init__(detail)


class StaleDecision(DailiesError):
    """The parked job has moved on since, or this can not be decided about it."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(f"job {job_id} waits for no such decision")


class TaskNotBindable(DailiesError):
    """The task can not be bound to the job."""


class TaskCheckFailed(DailiesError):
    """APIXO does not tell whether there is such a task."""


class StatusNotPosted(DailiesError):
    """A job's status message, which is to carry its files, is not out yet."""


class PublishError(DailiesError):
    """Discord did not take what was to be shown."""


class ChannelUnavailable(PublishError):
    """The channel, thread or direct message can not be posted to any more."""


class TooLargeToPost(PublishError):
    """The file is above the upload limit of the place."""


class HistoryDenied(PublishError):
    """The place's earlier messages may not be read."""


class TemporaryPublishError(PublishError):
    """A time-out, a lost connection or a fault on Discord's side: the outcome is not known."""
