"""A journal of every request, without any key."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

_LIMIT = 100_000


@dataclass(slots=True)
class RecordedRequest:
    """One request: `at` in Unix seconds, `status` None while or if nothing was answered.

    `headers` have lower-case names; `authorization` is reduced to `ok`, `missing` or `wrong`.
    `body` is the decoded JSON, or the text if it was none.
    """

    at: float
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any = None
    status: int | None = None
    task_id: str | None = field(default=None)

    @property
    def authorization(self) -> str:
        """Return how the request identified itself: `ok`, `missing` or `wrong`."""
        return self.headers["authorization"]


class RequestJournal:
    """Keeps the last hundred thousand requests, oldest first."""

    def __init__(self, key: str) -> None:
        self._granted = f"Bearer {key}"
        self._entries: deque[RecordedRequest] = deque(maxlen=_LIMIT)

    def __iter__(self) -> Iterator[RecordedRequest]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def record(
        self,
        at: float,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
    ) -> RecordedRequest:
        """Note a request that has just arrived."""
        kept = {name.lower(): value for name, value in headers.items()}
        kept["authorization"] = self._judge(kept.get("authorization"))
        entry = RecordedRequest(at, method, path, dict(query), kept)
        self._entries.append(entry)
        return entry

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def requests_to(self, path: str) -> list[RecordedRequest]:
        """Find the requests whose path holds `path`, oldest first."""
        return [entry for entry in self._entries if path in entry.path]

    def as_json(self) -> list[dict[str, Any]]:
        """Give all entries as JSON values."""
        return [asdict(entry) for entry in self._entries]

    def _judge(self, credentials: str | None) -> str:
        if credentials is None:
            return "missing"
        return "ok" if credentials == self._granted else "wrong"
