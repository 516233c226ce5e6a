"""A store in memory of what members gave, for a quarter of an hour."""

from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

from cachetools import TTLCache

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
        self._entries = TTLCache[str, T](_MAX_ENTRIES, ttl=_TTL_MS, timer=now_ms)

    def put(self, key: str, value: T) -> None:
        """Keep a value for a quarter of an hour; beyond the maximum, the least used is dropped."""
        self._entries[key] = value

    def get(self, key: str, user_id: int) -> T | None:
        """Return a member's value, if it is still kept."""
        value = self._entries.get(key)
        return value if value is not None and value.user_id == user_id else None
