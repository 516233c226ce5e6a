"""Remembers what members typed and what could not be made as it was, for as long as it helps."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from domain.requests import Draft

_KEPT_MS: Final = 15 * 60_000
_MOST: Final = 500
"""A draft has a few kilobytes."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A draft of a member's that broke a rule, and the job that it changes."""

    user_id: int
    job_id: str
    draft: Draft


class Drafts:
    """Keeps the latest drafts in memory, each under the id of the interaction that brought it."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._kept = OrderedDict[str, tuple[int, Typed]]()

    def keep(self, key: str, typed: Typed) -> None:
        """Keep a draft for a quarter of an hour; the oldest gives way when there are many."""
        self._kept[key] = self._now_ms(), typed
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)

    def find(self, key: str, user_id: int) -> Typed | None:
        """Find a member's draft, if it is still kept."""
        since_ms, typed = self._kept.get(key, (0, None))
        if typed is None or self._now_ms() - since_ms > _KEPT_MS:
            self._kept.pop(key, None)
            return None
        return typed if typed.user_id == user_id else None
