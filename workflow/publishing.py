"""Knows what the belt wants shown to members, without knowing Discord."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeAlias

from storage.jobs import Job

JobView: TypeAlias = Job
"""A job, as those who show it see it."""


class Post(StrEnum):
    """The two messages that a job leaves in its channel."""

    STATUS = "status"
    RESULT = "result"


@dataclass(frozen=True, slots=True)
class Sight:
    """A job as its public status message shows it.

    `place` is its place in line while it waits (1 = next); `ready_at_ms` is when it will typically
    be ready, in Unix milliseconds, once it is being made; `charged` tells that a failure costs;
    `given_up` tells that the hold on a lost submission was released; `deleted` that the video was.
    `pictures` are the addresses of what the member gave, `files` what has to hang on the message.
    """

    job: JobView
    place: int | None = None
    ready_at_ms: int | None = None
    charged: bool = False
    given_up: bool = False
    deleted: bool = False
    pictures: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()


class Publisher(Protocol):
    """The hands that post to the place a job came from.

    Every method raises `PublishError`. Posts carry a nonce made from the job's id, so a repeat
    within Discord's window gives the same message.
    """

    @property
    def is_ready(self) -> bool:
        """Tell whether there is a connection to post over; nothing is posted before."""
        ...

    async def post_status(self, sight: Sight) -> int:
        """Post the public status message and return its id."""
        ...

    async def edit_status(self, sight: Sight) -> None:
        """Bring the status message up to date; a deleted one is left alone."""
        ...

    async def offer_files(self, sight: Sight, files: Sequence[Path]) -> dict[str, str]:
        """Give fresh addresses of files, by name; they hang on the job's status message."""
        ...

    async def post_failure(self, sight: Sight) -> int:
        """Tell the member in a reply to the status message that there will be no video."""
        ...

    async def post_result(self, job: JobView, video: Path | None) -> int:
        """Post the result with its file (None: say that it is too large) and return its id."""
        ...

    async def send_result_privately(self, job: JobView, video: Path | None) -> int:
        """Send the result to the member's direct messages and return the message's id."""
        ...

    async def delete_result(self, job: JobView) -> None:
        """Delete the message that carries the result, wherever it is; it may be gone already."""
        ...

    async def find_private_result(self, job: JobView, since_ms: int) -> int | None:
        """Look in the member's direct messages for a result sent since then; its id."""
        ...

    async def find(self, job: JobView, post: Post, since_ms: int) -> int | None:
        """Look in the channel's history for what was posted for a job since then; its id."""
        ...
