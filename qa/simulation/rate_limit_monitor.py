"""The limits on requests to APIXO that the service has to keep, watched from APIXO's side.

APIXO publishes no figures: "If you receive 429, slow down requests and retry with backoff". So the
limits are the operator's and our own:

- never more jobs at APIXO than `APIXO_MAX_TASKS`;
- no submission before the Retry-After of a 429 is over; after the n-th 429 or lost answer in a row
  at least 2^n seconds, thirty at most, between one submission and the next;
- one task is asked for every five seconds, the shortest documented interval, and after the n-th
  failed question in a row (an ended task that shows no video is one) after 2^n seconds, 150 at
  most; a callback or the operator makes a question due at once;
- so all together never more than twelve questions for each place and sixty submissions a minute.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from apixo.errors import ApixoError, OutcomeUnknown, RateLimited
from qa.simulation.event_log import EventLog

_MINUTE_S = 60
_USUAL_GAP_S = 5
_LONGEST_GAP_S = 30
_LONGEST_BACKOFF_S = 150
_TOLERANCE_S = 1.0
"""Between a submission's start, which the worker counts from, and its way out."""


class RateLimitMonitor:
    """Counts requests; `now` returns the simulated seconds, `places` are the tasks at once."""

    def __init__(self, journal: EventLog, now: Callable[[], float], places: int) -> None:
        self._journal = journal
        self._now = now
        self._places = places
        self._recent: deque[float] = deque()
        self._pace = _Pace()
        self._asked: dict[str, _Asked] = {}
        self.max_requests_per_minute = 0
        self.max_in_flight = 0

    def on_restart(self) -> None:
        """Forget what only a process that is dead now could know."""
        self._pace = _Pace()
        self._asked.clear()

    def on_submit(self, in_flight: int) -> None:
        """Watch a submission go out, with so many jobs at APIXO, itself among them."""
        self._count("requests: submit")
        self.max_in_flight = max(self.max_in_flight, in_flight)
        if in_flight > self._places:
            self._journal.report_violation(
                f"{in_flight} jobs at APIXO, where {self._places} may be"
            )
        early_s = self._pace.earliest_s - self._now()
        if early_s > _TOLERANCE_S:
            self._journal.report_violation(f"submitted {early_s:.1f} s too early")
        self._pace.last_s = self._now()

    def on_accepted(self) -> None:
        """Watch a submission be accepted."""
        self._pace.refused = 0

    def on_submit_refused(self, begun_s: float, error: ApixoError) -> None:
        """Watch what came of a submission that was begun then, instead of a task's id."""
        if isinstance(error, RateLimited | OutcomeUnknown):
            self._pace.refuse(begun_s, self._now(), error.retry_after_s or 0)

    def on_poll(self, task: str) -> None:
        """Watch a question for a task go out."""
        self._count("requests: status")
        asked = self._asked.get(task)
        if asked is not None and not asked.hurried:
            gap_s = self._now() - asked.at_s
            least_s = asked.least_gap_s
            if gap_s < least_s - _TOLERANCE_S:
                self._journal.report_violation(
                    f"asked after {gap_s:.1f} s, where {least_s} s are due"
                )
        failures = 0 if asked is None else asked.failures
        self._asked[task] = _Asked(self._now(), failures)

    def on_poll_result(self, task: str, *, well: bool, final: bool) -> None:
        """Watch the answer to a question."""
        if final:
            self._asked.pop(task, None)
        elif (asked := self._asked.get(task)) is not None:
            asked.failures = 0 if well else asked.failures + 1

    def on_callback(self, task: str) -> None:
        """Note that a callback makes a question due at once."""
        if (asked := self._asked.get(task)) is not None:
            asked.hurried = True

    def on_operator_decision(self, task: str) -> None:
        """Begin again: the operator has decided on the job."""
        self._asked.pop(task, None)

    def allow_repeated_polls(self) -> None:
        """Note that any question may be repeated: what came of it may not have been written."""
        for asked in self._asked.values():
            asked.hurried = True

    def _count(self, kind: str) -> None:
        now_s = self._now()
        self._journal.record(kind)
        self._recent.append(now_s)
        while self._recent[0] <= now_s - _MINUTE_S:
            self._recent.popleft()
        self.max_requests_per_minute = max(self.max_requests_per_minute, len(self._recent))
        most = _MINUTE_S // _USUAL_GAP_S * self._places + _MINUTE_S
        if len(self._recent) > most:
            self._journal.report_violation(
                f"{len(self._recent)} requests in a minute, more than {most}"
            )


@dataclass(slots=True)
class _Pace:
    """When the next submission may go out, by what APIXO said."""

    last_s: float = 0.0
    refused: int = 0
    refused_s: float = -1.0
    until_s: float = 0.0

    @property
    def earliest_s(self) -> float:
        gap_s = min(_LONGEST_GAP_S, 2**self.refused) if self.refused else 0
        return max(self.until_s, max(self.last_s, self.refused_s) + gap_s)

    def refuse(self, begun_s: float, now_s: float, patience_s: float) -> None:
        """Count one; those of submissions that had begun by the last one count as the same."""
        if begun_s > self.refused_s:
            self.refused += 1
            self.refused_s = now_s
        self.until_s = max(self.until_s, now_s + patience_s)


@dataclass(slots=True)
class _Asked:
    at_s: float
    failures: int
    hurried: bool = False

    @property
    def least_gap_s(self) -> int:
        return min(_LONGEST_BACKOFF_S, 2**self.failures) if self.failures else _USUAL_GAP_S
