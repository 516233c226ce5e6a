"""Discord within the process: a channel that refuses, loses answers and forgets nonces in time."""

from collections import defaultdict
from collections.abc import Callable

from qa.simulation.event_log import Journal
from qa.simulation.fault_schedule import Weather
from storage.jobs import Job
from tests.harness.workflow import Channel, Shown
from workflow.errors import HistoryDenied, TryLater
from workflow.publisher import Post

_KNOWS_NONCE_S = 180
"""Discord says "a few minutes"."""


class SimulatedDiscord(Channel):
    """A channel under a weather; `now` tells the simulated seconds."""

    def __init__(self, weather: Weather, journal: Journal, now: Callable[[], float]) -> None:
        super().__init__()
        self.denied: set[str] = set()
        """Jobs whose posts could not be looked for."""

        self._journal = journal
        self._now = now
        self._posts: defaultdict[tuple[str, str], list[Shown]] = defaultdict(list)
        self._kept_s: dict[int, float] = {}
        self.trouble = _Drawn(lambda method: self._refusal(weather, method))
        self.lost = _Drawn(lambda method: self._loss(weather, method))

    def of(self, job: str, post: str) -> list[Shown]:
        """List a job's messages of one kind."""
        return list(self._posts.get((job, post), ()))

    def keep(self, message: Shown) -> None:
        """Have a message in the channel from now on."""
        self._posts[message.job, message.post].append(message)
        self._kept_s[message.id] = self._now()
        self._journal.note(f"posted: {message.post}", message.job, message.id)

    def knows_nonce(self, message: Shown) -> bool:
        """Tell whether a message is young enough for its nonce to be known."""
        return self._now() - self._kept_s[message.id] < _KNOWS_NONCE_S

    async def find(self, job: Job, post: Post, since_ms: int) -> int | None:
        """Look in the history, where it may be read."""
        try:
            return await super().find(job, post, since_ms)
        except HistoryDenied:
            self.denied.add(job.id)
            raise

    async def delete_result(self, job: Job) -> None:
        """Take the message with a job's result away."""
        self._raise(self.trouble["delete_result"])
        posts = self._posts[job.id, "result"]
        posts[:] = [message for message in posts if message.id != job.result_message_id]

    def _refusal(self, weather: Weather, method: str) -> list[Exception]:
        error = weather.post(method, self._now())
        if error is None:
            return []
        self._journal.note("faults: Discord", method, type(error).__name__)
        return [error]

    def _loss(self, weather: Weather, method: str) -> list[Exception]:
        if not weather.loses_post():
            return []
        self._journal.note("faults: Discord", method, "answer lost")
        return [TryLater("the answer was lost")]


class _Drawn(defaultdict[str, list[Exception]]):
    """Gives the errors of a call as they are drawn for it, new ones for each."""

    def __init__(self, draw: Callable[[str], list[Exception]]) -> None:
        super().__init__(list)
        self._draw = draw

    def __getitem__(self, method: str) -> list[Exception]:
        return self._draw(method)
