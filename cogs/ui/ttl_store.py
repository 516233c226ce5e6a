"""Remembers what members gave and what could not be made as it was, for as long as it helps."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

TTL_MINUTES: Final = 15

_KEPT_MS: Final = TTL_MINUTES * 60_000
_MOST: Final = 500
"""A draft has a few kilobytes."""


class Owned(Protocol):
    """Something that a member gave."""

    @property
    def user_id(self) -> int:
        """Give the member's id."""
        ...


T = TypeVar("T", bound=Owned)


class TTLStore(Generic[T]):
    """Keeps the latest drafts in memory, each under the id of the interaction that brought it."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._kept = OrderedDict[str, tuple[int, T]]()

    def put(self, key: str, value: T) -> None:
        """Keep a draft for a quarter of an hour; the oldest gives way when there are many."""
        self._kept.pop(key, None)
        self._kept[key] = self._now_ms(), value
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)

    def get(self, key: str, user_id: int) -> T | None:
        """Find a member's draft, if it is still kept."""
        found = self._kept.get(key)
        if found is None:
            return None
        since_ms, draft = found
        if self._now_ms() - since_ms > _KEPT_MS:
            del self._kept[key]
            return None
        return draft if draft.user_id == user_id else None
