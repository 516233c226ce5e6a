"""Discord within the process: a channel that refuses, loses answers and forgets nonces in time."""

from collections import defaultdict
from collections.abc import Callable

from qa.simulation.event_log import EventLog
from qa.simulation.fault_schedule import FaultSchedule
from storage.jobs import Job
from tests.harness.workflow import FakePublisher, PostedMessage
from workflow.errors import HistoryDenied, TemporaryPublishError
from workflow.publisher import MessageKind

_KNOWS_NONCE_S = 180
"""Discord says "a few minutes"."""


class SimulatedDiscord(FakePublisher):
    """A channel under a fault schedule; `now` returns the simulated seconds."""

    def __init__(
        self, fault_schedule: FaultSchedule, journal: EventLog, now: Callable[[], float]
    ) -> None:
        super().__init__()
        self.denied_channels: set[str] = set()
        """Jobs whose posts could not be looked for."""

        self._journal = journal
        self._now = now
        self._posts: defaultdict[tuple[str, str], list[PostedMessage]] = defaultdict(list)
        self._kept_s: dict[int, float] = {}
        self.errors = _Drawn(lambda method: self._refusal(fault_schedule, method))
        self.errors_after_effect = _Drawn(lambda method: self._loss(fault_schedule, method))

    def messages_of(self, job: str, post: str) -> list[PostedMessage]:
        """List a job's messages of one kind."""
        return list(self._posts.get((job, post), ()))

    def add_message(self, message: PostedMessage) -> None:
        """Have a message in the channel from now on."""
        self._posts[message.job_id, message.kind].append(message)
        self._kept_s[message.id] = self._now()
        self._journal.record(f"posted: {message.kind}", message.job_id, message.id)

    def knows_nonce(self, message: PostedMessage) -> bool:
        """Return whether a message is young enough for its nonce to be known."""
        return self._now() - self._kept_s[message.id] < _KNOWS_NONCE_S

    async def find_message(self, job: Job, kind: MessageKind, since_ms: int) -> int | None:
        """Look in the history, where it may be read."""
        try:
            return await super().find_message(job, kind, since_ms)
        except HistoryDenied:
            self.denied_channels.add(job.id)
            raise

    async def delete_result(self, job: Job) -> None:
        """Take the message with a job's result away."""
        self._raise(self.errors["delete_result"])
        posts = self._posts[job.id, "result"]
        posts[:] = [message for message in posts if message.id != job.result_message_id]

    def _refusal(self, fault_schedule: FaultSchedule, method: str) -> list[Exception]:
        error = fault_schedule.draw_publish_error(method, self._now())
        if error is None:
            return []
        self._journal.record("faults: Discord", method, type(error).__name__)
        return [error]

    def _loss(self, fault_schedule: FaultSchedule, method: str) -> list[Exception]:
        if not fault_schedule.draw_lost_response():
            return []
        self._journal.record("faults: Discord", method, "answer lost")
        return [TemporaryPublishError("the answer was lost")]


class _Drawn(defaultdict[str, list[Exception]]):
    """Gives the errors of a call as they are drawn for it, new ones for each."""

    def __init__(self, draw: Callable[[str], list[Exception]]) -> None:
        super().__init__(list)
        self._draw = draw

    def __getitem__(self, method: str) -> list[Exception]:
        return self._draw(method)
