"""A job as those who show it see it: without leases, retries and other matters of the worker."""

from dataclasses import dataclass

from domain.jobs import JobState
from domain.money import MicroUSD
from domain.requests import VideoRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """What was asked for, where it stands, and what came of it.

    A `private` job is seen by its member alone; `shared_message_id` is its post in the showcase,
    which was `shared_channel_id` then; `result_channel_id` is where its result is, if not where it
    was asked for. `reason` says in words for the member why it ended or is parked;
    `posting_since_ms` is an intent: a message with the result may be out since then. It is
    worked on next at `due_at_ms`.
    """

    id: str
    guild_id: int
    channel_id: int
    user_id: int
    state: JobState
    request: VideoRequest
    price: MicroUSD
    task_id: str | None
    file_name: str | None
    file_size: int | None
    status_message_id: int | None
    result_message_id: int | None
    posting_since_ms: int | None
    reason: str | None
    fail_code: str | None
    created_at_ms: int
    due_at_ms: int
    private: bool = False
    shared_message_id: int | None = None
    shared_channel_id: int | None = None
    result_channel_id: int | None = None

    @property
    def destination_channel_id(self) -> int:
        """Return the channel of its result."""
        return self.result_channel_id or self.channel_id


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAmounts:
    """What a job's member has on hold, was charged, and got back of a hold or (`adjusted`) later.

    `adjusted` is below zero for what was given back.
    """

    held: MicroUSD
    charged: MicroUSD
    released: MicroUSD
    adjusted: MicroUSD
