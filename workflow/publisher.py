"""Knows what the belt wants shown to members, without knowing Discord."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from domain.job_view import JobView


class MessageKind(StrEnum):
    """The two messages that a job leaves in its channel, and its post in a server's showcase."""

    STATUS = "status"
    RESULT = "result"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class ResultPayload:
    """What the message with a result carries: the video or a smaller copy of it, a link, or both.

    `video` is None where the video is too large; a spoiler is shown after a click only. The link
    is good until `until_ms`, in Unix milliseconds.
    """

    video: Path | None
    is_copy: bool = False
    is_spoiler: bool = False
    link: str | None = None
    link_expires_at_ms: int = 0


class BlockReason(StrEnum):
    """What may stand in the way of new submissions."""

    OPERATOR = "operator"
    EXPOSURE = "exposure"
    DISK_FULL = "no-room"
    OUT_OF_CREDIT = "no-funds"


@dataclass(frozen=True, slots=True)
class SubmissionBlock:
    """Something stands in the way of new submissions; the operator gives a `reason` in words."""

    reason: BlockReason
    message: str = ""

    @property
    def is_total(self) -> bool:
        """Tell whether nothing at all is submitted: for want of money, one job at a time tries."""
        return self.reason is not BlockReason.OUT_OF_CREDIT


@dataclass(frozen=True, slots=True)
class StatusView:
    """A job as its public status message shows it.

    `place` is its place in line while it waits (1 = next); `ready_at_ms` is when it will typically
    be ready, in Unix milliseconds, once it is being made; `charged` tells that a failure costs;
    `given_up` tells that the hold on a lost submission was released; `deleted` that the video was;
    `halt` why it waits, if for more than its place in line. `pictures` are the addresses of what
    the member gave, `files` what has to hang on the message; as a spoiler (`is_spoiler`) they are
    shown after a click only.
    """

    job: JobView
    queue_position: int | None = None
    ready_at_ms: int | None = None
    charged: bool = False
    hold_released: bool = False
    deleted: bool = False
    submission_block: SubmissionBlock | None = None
    preview_urls: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    is_spoiler: bool = False


class Publisher(Protocol):
    """The hands that post to the place a job came from.

    Every method raises `PublishError`. Posts carry a nonce made from the job's id, so a repeat
    within Discord's window gives the same message.
    """

    @property
    def is_ready(self) -> bool:
        """Tell whether there is a connection to post over; nothing is posted before."""
        ...

    async def post_status(self, status: StatusView) -> int:
        """Post the public status message and return its id."""
        ...

    async def edit_status(self, status: StatusView) -> None:
        """Bring the status message up to date; a deleted one is left alone."""
        ...

    async def attach_files(self, status: StatusView, files: Sequence[Path]) -> dict[str, str]:
        """Give fresh addresses of files, by name; they hang on the job's status message."""
        ...

    async def post_failure(self, status: StatusView) -> int:
        """Tell the member in a reply to the status message that there will be no video."""
        ...

    def max_file_bytes(self, job: JobView, *, private: bool = False) -> int:
        """Tell how many bytes a file may have on the job's server, or in direct messages."""
        ...

    async def post_result(self, job: JobView, payload: ResultPayload) -> int:
        """Post the result and return the message's id."""
        ...

    async def send_result_by_dm(self, job: JobView, payload: ResultPayload) -> int:
        """Send the result to the member's direct messages and return the message's id."""
        ...

    async def notify_done(self, job: JobView) -> None:
        """Write to the member of a delivered job where its result is."""
        ...

    async def delete_result(self, job: JobView) -> None:
        """Delete the message that carries the result, wherever it is; it may be gone already."""
        ...

    async def find_result_dm(self, job: JobView, since_ms: int) -> int | None:
        """Look in the member's direct messages for a result sent since then; its id."""
        ...

    async def find_message(self, job: JobView, kind: MessageKind, since_ms: int) -> int | None:
        """Look in the channel's history for what was posted for a job since then; its id."""
        ...

    async def is_age_restricted(self, channel_id: int) -> bool | None:
        """Tell whether a channel, or that of a thread, is age-restricted; None for a lost one."""
        ...

    async def share(self, job: JobView, payload: ResultPayload, channel_id: int) -> int:
        """Post a video in a showcase channel; it pings nobody. Gives the message's id."""
        ...

    async def find_shared(self, job: JobView, channel_id: int) -> int | None:
        """Look in a showcase channel's history for the post of a job; its id."""
        ...

    async def delete_shared(self, job: JobView) -> None:
        """Delete a job's post in the showcase channel; it may be gone already."""
        ...
