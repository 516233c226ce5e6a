"""A journal of every request, without any token."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.discord.paths import matches, without_token

_LIMIT = 100_000


@dataclass(slots=True)
class RecordedRequest:
    """One request: `at` in Unix seconds, `took` seconds, `status` None if nothing was answered.

    `path` has no prefix and no token; `digest` is the SHA-256 of the JSON body.
    """

    at: float
    method: str
    path: str
    body_sha256: str | None = None
    status: int | None = None
    took_s: float | None = None


class RequestJournal:
    """Keeps the last hundred thousand requests, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[RecordedRequest] = deque(maxlen=_LIMIT)

    def __iter__(self) -> Iterator[RecordedRequest]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def record(self, at: float, method: str, path: str) -> RecordedRequest:
        """Note a request that has just arrived."""
        entry = RecordedRequest(at, method, without_token(path))
        self._entries.append(entry)
        return entry

    def requests_to(self, method: str, route_pattern: str) -> list[RecordedRequest]:
        """Find the requests of a method to the paths that a pattern names, oldest first."""
        return [
            entry
            for entry in self._entries
            if entry.method == method and matches(route_pattern, entry.path)
        ]

    def count_requests(self, method: str, route_pattern: str) -> int:
        """Count the requests of a method to the paths that a pattern names."""
        return len(self.requests_to(method, route_pattern))
