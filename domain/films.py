"""Films: several of a member's videos, joined to one; their states, and the rules for an order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

MIN_PARTS: Final = 2
MAX_PARTS: Final = 10
MAX_FILMS_A_DAY: Final = 20
"""Of one member, on all servers, in a UTC day."""


class FilmState(StrEnum):
    """The state of a film."""

    JOINING = "joining"
    POSTING = "posting"
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"
    CANCELLED = "cancelled"
    FAILED = "failed"
    DELETING = "deleting"
    DELETED = "deleted"


class FilmFault(StrEnum):
    """Why there is no film."""

    PARTS_GONE = "a video of it is gone"
    UNUSABLE = "its videos cannot be joined"


def film_seconds(lengths: Iterable[int], *, dissolve: bool) -> int:
    """Return how long videos of these seconds are together: a dissolve takes half a second."""
    each = [*lengths]
    return sum(each) - (max(0, len(each) - 1) // 2 if dissolve else 0)


S = FilmState

FILM_TRANSITIONS: Mapping[FilmState, frozenset[FilmState]] = MappingProxyType(
    {
        S.JOINING: frozenset({S.POSTING, S.CANCELLED, S.FAILED}),
        S.POSTING: frozenset({S.DELIVERED, S.UNDELIVERABLE, S.JOINING, S.DELETING, S.DELETED}),
        S.DELIVERED: frozenset({S.DELETING, S.DELETED}),
        S.UNDELIVERABLE: frozenset({S.POSTING, S.DELETING, S.DELETED}),
        S.CANCELLED: frozenset(),
        S.FAILED: frozenset(),
        S.DELETING: frozenset({S.DELETED}),
        S.DELETED: frozenset(),
    }
)
"""The legal transitions. A film whose file is missing when it is to be posted is joined again."""

WORKED_ON: Final = frozenset({S.JOINING, S.POSTING, S.DELETING})
"""States in which a worker claims a due film."""

OPEN: Final = frozenset({S.JOINING, S.POSTING})
"""States of a film that is on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmView:
    """A film as its member sees it.

    `parts` are the ids of the jobs whose videos it is made of, in order, `seconds` how long they
    are together. With `dissolve` one appears over the end of the one before. A `private` film is
    visible to its member alone. `percent` is how far the joining is. `message_id` is its message,
    in `result_channel_id` if that is not the channel of the command. A message may exist since
    `posting_since_ms`. `prompt` has the prompts of its videos, one a line. Times are Unix
    milliseconds. `shared_message_id` is its post in the showcase channel of that time,
    `shared_channel_id`.
    """

    id: str
    guild_id: int
    channel_id: int
    user_id: int
    state: FilmState
    parts: tuple[str, ...]
    dissolve: bool
    seconds: int
    private: bool
    percent: int
    file_size: int | None
    message_id: int | None
    result_channel_id: int | None
    posting_since_ms: int | None
    reason: FilmFault | None
    created_at_ms: int
    language: str | None = None
    prompt: str = ""
    shared_message_id: int | None = None
    shared_channel_id: int | None = None

    @property
    def destination_channel_id(self) -> int:
        """Return the channel of its message."""
        return self.result_channel_id or self.channel_id
