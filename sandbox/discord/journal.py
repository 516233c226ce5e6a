"""Knows every request that came in, and never a token."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.discord.paths import API, matches

_LIMIT = 100_000
_TOKEN = re.compile(r"^(/webhooks/\d+/|/interactions/\d+/)[^/]+")


@dataclass(slots=True)
class Entry:
    """One request: `at` in Unix seconds, `took` seconds, `status` None if nothing was answered.

    `path` has no prefix and no token; `digest` is the SHA-256 of the JSON body.
    """

    at: float
    method: str
    path: str
    digest: str | None = None
    status: int | None = None
    took: float | None = None


class Journal:
    """Keeps the last hundred thousand requests, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_LIMIT)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def open(self, at: float, method: str, path: str) -> Entry:
        """Note a request that has just arrived."""
        entry = Entry(at, method, _TOKEN.sub(r"\1*", path.removeprefix(API)))
        self._entries.append(entry)
        return entry

    def to(self, method: str, route_pattern: str) -> list[Entry]:
        """Find the requests of a method to the paths that a pattern names, oldest first."""
        return [
            entry
            for entry in self._entries
            if entry.method == method and matches(route_pattern, entry.path)
        ]

    def count(self, method: str, route_pattern: str) -> int:
        """Count the requests of a method to the paths that a pattern names."""
        return len(self.to(method, route_pattern))
