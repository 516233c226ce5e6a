"""A store in memory of what members gave, for a quarter of an hour."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

TTL_MINUTES: Final = 15

_TTL_MS: Final = TTL_MINUTES * 60_000
_MAX_ENTRIES: Final = 500
"""A draft has a few kilobytes."""


class Owned(Protocol):
    """A value that a member gave."""

    @property
    def user_id(self) -> int:
        """Return the member's id."""
        ...


T = TypeVar("T", bound=Owned)


class TTLStore(Generic[T]):
    """The latest values of members, each under a key such as the id of its interaction."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._entries = OrderedDict[str, tuple[int, T]]()

    def put(self, key: str, value: T) -> None:
        """Keep a value for a quarter of an hour; beyond the maximum, the oldest is dropped."""
        self._entries.pop(key, None)
        self._entries[key] = self._now_ms(), value
        while len(self._entries) > _MAX_ENTRIES:
            self._entries.popitem(last=False)

    def get(self, key: str, user_id: int) -> T | None:
        """Return a member's value, if it is still kept."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        since_ms, draft = entry
        if self._now_ms() - since_ms > _TTL_MS:
            del self._entries[key]
            return None
        return draft if draft.user_id == user_id else None
