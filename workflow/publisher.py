"""The publisher interface: what the worker shows to members, independent of Discord."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from domain.job_view import JobAmounts, JobView
from domain.jobs import AT_APIXO, JobState
from domain.obstacles import Obstacle, ObstacleKind
from domain.orders import is_told
from domain.quotas import RemainingQuota
from domain.storyboard_steps import ShotPlace
from workflow.private_answers import EditableAnswer


class MessageKind(StrEnum):
    """A job's messages: its status, the reply that it failed, its result, its showcase post."""

    STATUS = "status"
    FAILURE = "failure"
    RESULT = "result"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class ResultPayload:
    """The content of a result message: the video or a smaller copy of it, a link, or both.

    `video` is None where the video is too large; a spoiler is visible only after a click. The link
    is valid until `link_expires_at_ms`, Unix milliseconds. `can_share` says whether the server has
    a showcase. `origin` is the job that it is a remix of, whose member is credited. A `shot` is one
    of a storyboard, and pings nobody.
    """

    video: Path | None
    is_copy: bool = False
    is_spoiler: bool = False
    link: str | None = None
    link_expires_at_ms: int = 0
    can_share: bool = False
    origin: JobView | None = None
    shot: ShotPlace | None = None


class BlockReason(StrEnum):
    """Why new submissions are blocked."""

    OPERATOR = "operator"
    EXPOSURE = "exposure"
    DISK_FULL = "no-room"
    OUT_OF_CREDIT = "no-funds"


@dataclass(frozen=True, slots=True)
class SubmissionBlock:
    """A block of new submissions; `message` is the operator's own explanation."""

    reason: BlockReason
    message: str = ""

    @property
    def is_total(self) -> bool:
        """Return whether nothing is submitted; without credit, single jobs are still tried."""
        return self.reason is not BlockReason.OUT_OF_CREDIT


@dataclass(frozen=True, slots=True)
class StatusView:
    """A job as its public status message shows it.

    `queue_position` is set while it is queued (1 = next), `ready_at_ms` while it is generating:
    when it will typically be ready, in Unix milliseconds. `share_done` is how much of the expected
    time is over, 1 where it is late. `charged` is true if a failed job was
    charged, `hold_released` if the hold on a lost submission was released, `deleted` if the video
    was deleted. `submission_block` is why it waits beyond its queue position. `preview_urls` are
    the URLs of the member's files, `files` what the message must carry as attachments; as a spoiler
    they are visible only after a click. A `shot` is one of a storyboard.
    """

    job: JobView
    queue_position: int | None = None
    ready_at_ms: int | None = None
    share_done: float = 0.0
    charged: bool = False
    hold_released: bool = False
    deleted: bool = False
    submission_block: SubmissionBlock | None = None
    preview_urls: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    is_spoiler: bool = False
    shot: ShotPlace | None = None
    takes: tuple["StatusView", ...] = ()

    @property
    def is_late(self) -> bool:
        """Return whether making it takes longer than expected."""
        return self.ready_at_ms is not None and self.share_done >= 1

    @property
    def is_replaced(self) -> bool:
        """Return whether the result is in the status message's place, or was there."""
        if self.takes:
            return all(take.is_replaced for take in self.takes if take.has_result)
        return self.deleted or self.job.has_result_in_its_channel

    @property
    def subject(self) -> str:
        """Return what buttons about all that it shows name: the order of takes, or the job."""
        return (self.job.order_id or self.job.id) if self.takes else self.job.id

    @property
    def is_concluded(self) -> bool:
        """Return whether there is a video, and nothing more to come or to say."""
        if not self.takes:
            return self.has_result
        is_any = any(take.has_result for take in self.takes)
        return is_any and all(take.has_result or is_told(take.job) for take in self.takes)

    @property
    def is_active(self) -> bool:
        """Return whether APIXO may still ask for the files on the message."""
        return any(job.state in AT_APIXO or job.state is JobState.QUEUED for job in self.jobs)

    @property
    def has_result(self) -> bool:
        """Return whether the video was posted."""
        return self.job.state is JobState.DELIVERED

    @property
    def jobs(self) -> tuple[JobView, ...]:
        """Return the jobs that it shows."""
        return tuple(take.job for take in self.takes) or (self.job,)


@dataclass(frozen=True, slots=True)
class TakesPost:
    """A message with takes of one request: each with what is posted of it, in their order.

    `number` counts the posts of the order, from 1; `without_video` are the takes of which it says
    that they have none, and why.
    """

    order_id: str
    number: int
    takes: tuple[tuple[JobView, ResultPayload], ...]
    without_video: tuple[StatusView, ...] = ()

    @property
    def job(self) -> JobView:
        """Return the first of the takes."""
        return self.takes[0][0]


@dataclass(frozen=True, slots=True)
class AnswerView:
    """A job as the private answer to its request shows it.

    `wants_notification` says whether its member has done-notifications; None for a private job.
    """

    status: StatusView
    answer: EditableAnswer
    cost: JobAmounts
    remaining: RemainingQuota
    wants_notification: bool | None


@dataclass(frozen=True, slots=True)
class ReleaseNotice:
    """What a member is told of their jobs that were released; `job_id` is the first of them.

    `language` is the locale in which they use Discord.
    """

    user_id: int
    channel_id: int
    job_id: str
    kind: ObstacleKind
    count: int
    language: str | None = None


class Publisher(Protocol):
    """Posts the messages of jobs.

    Every method raises `PublishError`. Posts carry a nonce made from the job's id, so a repeat
    within Discord's window returns the same message.
    """

    @property
    def is_ready(self) -> bool:
        """Return whether Discord has been reached; nothing is posted before."""
        ...

    @property
    def is_connected(self) -> bool:
        """Return whether it is known at present which servers and channels there are."""
        ...

    @property
    def has_spare_requests(self) -> bool:
        """Return whether Discord's limits are far enough for what could be left out."""
        ...

    def has_left(self, guild_id: int) -> bool:
        """Return whether the bot is known to be no member of a server."""
        ...

    def is_destination_cached(self, guild_id: int, channel_id: int | None) -> bool:
        """Return whether `find_obstacle` answers without a request to Discord."""
        ...

    async def find_obstacle(self, guild_id: int, channel_id: int | None) -> Obstacle | None:
        """Return what keeps a video from a channel, or from the server; None if nothing does.

        Without a channel only the membership in the server counts. `TemporaryPublishError` means
        that Discord does not answer.
        """
        ...

    async def is_member(self, guild_id: int, user_id: int) -> bool:
        """Return whether a user is on a server, as Discord answers now.

        `ChannelUnavailable` means that the bot is not there, `TemporaryPublishError` no answer.
        """
        ...

    async def notify_released(self, notice: ReleaseNotice) -> None:
        """Send a member a direct message about their jobs that were released."""
        ...

    async def post_status(self, status: StatusView) -> int:
        """Post the public status message and return its id."""
        ...

    async def edit_status(self, status: StatusView) -> bool:
        """Update the status message; return whether it is there: a deleted one is left alone."""
        ...

    async def edit_answer(self, view: AnswerView) -> None:
        """Update the private answer to a job's request."""
        ...

    async def attach_files(self, status: StatusView, files: Sequence[Path]) -> dict[str, str]:
        """Attach files to the job's status message and return their fresh URLs by name."""
        ...

    async def attach_to_carrier(
        self, status: StatusView, part: int, files: Sequence[Path], message_id: int | None
    ) -> tuple[int, dict[str, str]]:
        """Attach files to a carrier of the job, posted if its id is None; return its id and URLs.

        The URLs are fresh, by the files' names. Each part of the files has one carrier.
        """
        ...

    async def find_carriers(self, job: JobView, since_ms: int) -> dict[int, int]:
        """Find the job's carriers posted since `since_ms`; return their ids by part."""
        ...

    async def delete_message(self, job: JobView, message_id: int) -> None:
        """Delete a message in the channel of the job's status; it may be gone already."""
        ...

    async def delete_carrier(self, job: JobView, message_id: int) -> None:
        """Delete a carrier of the job; it may be gone already."""
        ...

    async def post_failure(self, status: StatusView, *, tells_why: bool) -> int:
        """Reply to the status message, pinging the member; return the reply's id.

        It says the reason if asked to, where the status message does not.
        """
        ...

    async def max_file_bytes(self, job: JobView, *, private: bool = False) -> int:
        """Return the upload limit in bytes on the job's server, or in direct messages."""
        ...

    async def post_result(self, job: JobView, payload: ResultPayload) -> int:
        """Post the result and return the message's id."""
        ...

    async def send_result_by_dm(self, job: JobView, payload: ResultPayload) -> int:
        """Send the result to the member's direct messages and return the message's id."""
        ...

    async def post_takes(self, post: TakesPost) -> int:
        """Post takes of one request and return the message's id."""
        ...

    async def send_takes_by_dm(self, post: TakesPost) -> int:
        """Send takes of one request to the member's direct messages; return the message's id."""
        ...

    async def edit_takes(self, post: TakesPost, *, replaces_files: bool = True) -> None:
        """Leave only these takes in a posted message; it may be gone already.

        Without their files at hand, the message keeps all of its own, though some unseen.
        """
        ...

    async def notify_done(self, job: JobView) -> int:
        """Send the member of a delivered job a direct message that links to it; return its id."""
        ...

    async def delete_notice(self, job: JobView, message_id: int) -> None:
        """Delete a done-notification; it may be gone already, or out of reach."""
        ...

    async def delete_result(self, job: JobView) -> None:
        """Delete the result message, wherever it is; it may be gone already."""
        ...

    async def find_result_dm(self, job: JobView, since_ms: int) -> int | None:
        """Find a result sent since `since_ms` in the member's direct messages; return its id."""
        ...

    async def find_message(self, job: JobView, kind: MessageKind, since_ms: int) -> int | None:
        """Find a job's message posted since `since_ms` in the channel's history; return its id."""
        ...

    async def is_age_restricted(self, guild_id: int, channel_id: int) -> bool | None:
        """Return whether a channel, or that of a thread, is age-restricted; None if it is gone."""
        ...

    async def share(self, job: JobView, payload: ResultPayload, channel_id: int) -> int:
        """Post a video in a showcase channel without pings; return the message's id."""
        ...

    async def remove_credit(self, job: JobView) -> None:
        """Take the credit out of a remix's messages; they may be gone already."""
        ...

    async def find_shared(self, job: JobView, channel_id: int) -> int | None:
        """Find a job's post in a showcase channel's history; return its id."""
        ...

    async def delete_shared(self, job: JobView) -> None:
        """Delete a job's post in the showcase channel; it may be gone already."""
        ...
