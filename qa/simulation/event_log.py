"""What happened in a simulation: counted, and summed up in a hash by which two can be compared."""

import hashlib
from collections import Counter
from collections.abc import Callable

_MOST_COMPLAINTS = 20


class EventLog:
    """Notes what happens when, and whatever breaks an invariant.

    `now` returns the simulated seconds. Nothing is kept but counts, the hash and the complaints.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._hash = hashlib.sha256()
        self.counts: Counter[str] = Counter()
        self.violations: list[str] = []

    def record(self, kind: str, *facts: object) -> None:
        """Note that something happened; its facts count in the hash only."""
        self.counts[kind] += 1
        self._hash.update(f"{self._now():.3f} {kind} {facts}\n".encode())

    def report_violation(self, of: str) -> None:
        """Note that an invariant is broken; the first few are told in words."""
        self.record("complaints", of)
        if len(self.violations) < _MOST_COMPLAINTS:
            days, seconds = divmod(round(self._now()), 86_400)
            self.violations.append(f"day {days + 1}, {seconds / 3600:.2f} h: {of}")

    @property
    def digest(self) -> str:
        """Give the hash of all that was noted, in its order."""
        return self._hash.hexdigest()
