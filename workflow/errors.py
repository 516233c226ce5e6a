"""Errors of the workflow.

DailiesError
├── OverLimit                 a quota does not cover the price; every exceeded one is named
├── QueueFull                 too many jobs are queued already
├── ServerNotAdmitted         the operator has not admitted the server
├── TooManyInFlight           the member has as many active jobs as they may have
├── CooldownActive            the member's last request was too recent
├── FetchBudgetSpent          the day's bytes of a member's files are used up
├── NoSuchGrant               the server has no such grant
├── JobNotFound               there is no such job, or it is another member's
├── NotCancellable            the job can no longer be cancelled
├── FilmNotFound              there is no such film, or it is another member's
├── FilmRefused               a film cannot be made of these videos, or not now
├── ShotDecided               the shot was tried again or skipped, or its storyboard has ended
├── NotDelivered              the job has no video yet that could be deleted
├── UnusableVideo             a video is damaged, or too costly to process
├── NotPlayable               a result does not play to its end, or is no video
├── PlaybackUnknown           the reader of results could not run: nothing is known of the file
├── InputLost                 APIXO cannot be given one of the member's files
├── InputNotKept              a member's file cannot be kept for a job
├── StaleDecision             the parked job has moved on, or does not allow this decision
├── TaskNotBindable           APIXO does not have the task, or another job has it
│   └── TaskTaken             another job has it
├── TaskCheckFailed           APIXO did not answer whether there is such a task
├── DestinationUnknown        Discord did not answer whether a video could be posted
├── MarksNotCompared          the high-water mark cannot be read; an Outage
├── DatabaseReplaced          the database went back to an earlier copy meanwhile; an Outage
├── MarkNotKept               the media store does not take the high-water mark
├── StatusNotPosted           the message that is to carry a job's files is not posted yet
└── PublishError              Discord did not accept a message
    ├── ChannelUnavailable    the channel can no longer be posted to: try the next fallback
    │   └── ChannelDeleted    it is deleted, and every message in it
    ├── MessageDeleted        the message is deleted: for a post, the one that an earlier try made
    ├── PostUnconfirmed       a message without a nonce was sent, and its answer is lost
    ├── TooLargeToPost        the file is above the upload limit
    ├── HistoryDenied         the channel's history cannot be read, so a repeat cannot be detected
    └── TemporaryPublishError a temporary failure: a retry may succeed
"""

from domain.errors import DailiesError, Outage
from domain.jobs import POST_UNCONFIRMED, JobState
from domain.quotas import Shortfall
from domain.violations import Violation


class OverLimit(DailiesError):
    """The price exceeds one or more limits; `shortfalls` names each."""

    def __init__(self, shortfalls: tuple[Shortfall, ...]) -> None:
        self.shortfalls = shortfalls
        super().__init__(f"over {len(shortfalls)} limit(s)")


class QueueFull(DailiesError):
    """Too many jobs are queued: `scope` is `member` or `server`, `limit` the allowed number."""

    def __init__(self, scope: str, limit: int) -> None:
        self.scope = scope
        self.limit = limit
        super().__init__(f"{limit} jobs of this {scope} wait already")


class FilmNotFound(DailiesError):
    """There is no such film, or it is another member's."""


class FilmRefused(DailiesError):
    """A film cannot be made of these videos, or not now; `violations` are the rules it breaks.

    `code` is one of `gone`, `busy`, `day` and `rules`.
    """

    def __init__(self, code: str, violations: tuple[Violation, ...] = ()) -> None:
        self.code = code
        self.violations = violations
        super().__init__(code)


class ShotDecided(DailiesError):
    """The shot of this job was tried again or skipped, or its storyboard has ended."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(f"job {job_id} waits for no decision")


class ServerNotAdmitted(DailiesError):
    """The operator has not admitted the server, or no longer."""


class TooManyInFlight(DailiesError):
    """The member has as many active jobs as they may have: `limit`."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"{limit} jobs of this member are under way already")


class CooldownActive(DailiesError):
    """The next request is allowed at `until_ms`, `cooldown_s` seconds after the last one."""

    def __init__(self, cooldown_s: int, until_ms: int) -> None:
        self.cooldown_s = cooldown_s
        self.until_ms = until_ms
        super().__init__(f"less than {cooldown_s} s since the last request")


class FetchBudgetSpent(DailiesError):
    """The bytes of a member's files that may be fetched in a day, `limit`, do not cover more."""

    def __init__(self, limit: int, resets_at_ms: int) -> None:
        self.limit = limit
        self.resets_at_ms = resets_at_ms
        super().__init__(f"{limit} bytes a day do not cover these files")


class NoSuchGrant(DailiesError):
    """There is no such grant, or it is another server's."""


class JobNotFound(DailiesError):
    """There is no such job, or it belongs to another member."""


class NotCancellable(DailiesError):
    """The job has left the queue; `state` is its current state."""

    def __init__(self, state: JobState) -> None:
        self.state = state
        super().__init__(f"the job is {state}")


class NotDelivered(DailiesError):
    """The job is not delivered; `state` is its current state."""

    def __init__(self, state: JobState) -> None:
        self.state = state
        super().__init__(f"the job is {state}")


class UnusableVideo(DailiesError):
    """A video is damaged, cannot be made small enough, or would cost too much to process."""


class NotPlayable(DailiesError):
    """A result does not play to its end, or is no video."""


class PlaybackUnknown(DailiesError):
    """The reader of results could not run, which says nothing of the file."""


class InputLost(DailiesError):
    """There is no URL for one of the member's files; `code` is the reason.

    `detail` is for the member: it may name the file.
    """

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(code)


class InputNotKept(DailiesError):
    """The media store does not take a member's file: `name`."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__("a file that was given could not be kept")


class StaleDecision(DailiesError):
    """The parked job has moved on, or does not allow this decision."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(f"job {job_id} waits for no such decision")


class TaskNotBindable(DailiesError):
    """The task cannot be bound to the job."""


class TaskTaken(TaskNotBindable):
    """The task belongs to another job."""


class TaskCheckFailed(DailiesError):
    """APIXO did not answer whether there is such a task."""


class DestinationUnknown(DailiesError):
    """Discord did not answer whether a job's video could be posted."""


class MarksNotCompared(Outage):
    """The media store's high-water mark cannot be read, nor a restored database recognized."""


class DatabaseReplaced(Outage):
    """The database was replaced by an earlier copy while the process ran."""


class MarkNotKept(DailiesError):
    """The media store does not take the high-water mark: a later restore would not be noticed."""


class StatusNotPosted(DailiesError):
    """A job's status message, which is to carry its files, is not posted yet."""


class PublishError(DailiesError):
    """Discord did not accept a message."""


class ChannelUnavailable(PublishError):
    """The channel, thread or direct message can no longer be posted to."""


class ChannelDeleted(ChannelUnavailable):
    """The channel is deleted, and every message in it; or the account of a member is."""


class MessageDeleted(PublishError):
    """The message is deleted; for a post, the one that an earlier attempt has made."""


class PostUnconfirmed(PublishError):
    """A message without a nonce was sent, and its answer is lost: only its member can look."""

    def __init__(self) -> None:
        super().__init__(POST_UNCONFIRMED)


class TooLargeToPost(PublishError):
    """The file is above the upload limit of its destination."""


class HistoryDenied(PublishError):
    """The channel's history may not be read."""


class TemporaryPublishError(PublishError):
    """A timeout, a lost connection or a fault on Discord's side: the outcome is unknown."""
