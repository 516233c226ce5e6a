"""A job as the user interface sees it: without leases, retries and other worker details."""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.jobs import SENT_BY_DM, JobState
from domain.money import ZERO, MicroUSD
from domain.requests import VideoRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """The request, state and result of a job.

    A `private` job is visible to its member alone. `shared_message_id` is its post in the showcase
    channel of that time, `shared_channel_id`. `result_channel_id` is the channel of the result if
    that is not the channel of the request. `reason` explains to the member why the job ended or is
    parked. `posting_since_ms` is an intent: a message with the result may exist since then. The
    next work is due at `due_at_ms`. `restored_at_ms` is when the job was found open in a database
    restored from a copy: it may have gone further than its row says. `language` is the locale in
    which its member used Discord, such as `pt-BR`. `erased_at_ms` is when its member had everything
    deleted: the request is blank since, and no video is posted. `order_index` is the place, from 1,
    of a job in an order of several, `order_post` the number, from 1, of the order's post that has
    its video, or says that there is none. `remix_of` is the job of another member whose request it
    was made from, as long as that member is credited. Times are Unix milliseconds.
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
    restored_at_ms: int | None = None
    language: str | None = None
    erased_at_ms: int | None = None
    order_id: str | None = None
    order_index: int | None = None
    remix_of: str | None = None
    order_post: int | None = None

    @property
    def prompt(self) -> str:
        """Return the words of the request."""
        return self.request.prompt

    @property
    def destination_channel_id(self) -> int:
        """Return the channel of the result."""
        return self.result_channel_id or self.channel_id

    @property
    def has_result_in_its_channel(self) -> bool:
        """Return whether the result's message is where its status is: in the request's channel."""
        is_known = self.result_message_id is not None and self.result_channel_id is None
        return is_known and self.reason != SENT_BY_DM


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAmounts:
    """The amounts of a job that are held, charged, released and (after the charge) adjusted.

    `adjusted` is negative for a refund.
    """

    held: MicroUSD = ZERO
    charged: MicroUSD = ZERO
    released: MicroUSD = ZERO
    adjusted: MicroUSD = ZERO

    @property
    def paid(self) -> MicroUSD:
        """Return what the job cost its member in the end."""
        return MicroUSD(self.charged + self.adjusted)


def sum_amounts(amounts: Iterable[JobAmounts]) -> JobAmounts:
    """Return what several jobs cost together."""
    given = list(amounts)
    return JobAmounts(
        held=MicroUSD(sum(one.held for one in given)),
        charged=MicroUSD(sum(one.charged for one in given)),
        released=MicroUSD(sum(one.released for one in given)),
        adjusted=MicroUSD(sum(one.adjusted for one in given)),
    )
