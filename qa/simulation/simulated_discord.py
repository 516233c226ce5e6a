"""Discord within the process: a channel that refuses, loses answers and forgets nonces in time."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from qa.simulation.event_log import EventLog
from qa.simulation.fault_schedule import FaultSchedule
from storage.jobs import Job
from tests.harness.workflow import FakePublisher, PostedMessage
from workflow.errors import (
    ChannelUnavailable,
    PostUnconfirmed,
    PublishError,
    TemporaryPublishError,
)
from workflow.publisher import MessageKind, ReleaseNotice, ResultPayload, StatusView

_KNOWS_NONCE_S = 180
"""Discord says "a few minutes"."""

_FIRST_CHANNEL = 99
"""By how much a channel's number is above its server's."""


class SimulatedDiscord(FakePublisher):
    """A channel under a fault schedule; `now` returns the simulated seconds."""

    def __init__(
        self, fault_schedule: FaultSchedule, journal: EventLog, now: Callable[[], float]
    ) -> None:
        super().__init__()
        self.denied_channels: set[str] = set()
        """Jobs whose posts could not be looked for."""

        self._fault_schedule = fault_schedule
        self._journal = journal
        self._now = now
        self._removed_s: dict[int, float] = {}
        self._removals = Counter[int]()
        self._notices: dict[tuple[int, int, int], tuple[str, float]] = {}
        """Of each removal and member: the first job named in the last news, and its time."""

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
        """Look in the history, where it may be read; who is refused for good looks no more."""
        self._check_access(job)
        try:
            return await super().find_message(job, kind, since_ms)
        except TemporaryPublishError:
            raise
        except PublishError:
            self.denied_channels.add(job.id)
            raise

    def throw_out(self, guild_id: int) -> None:
        """Throw the bot out of a server."""
        self.left_guilds.add(guild_id)
        self._removed_s[guild_id] = self._now()
        self._removals[guild_id] += 1
        self._journal.record("removals", guild_id)

    def was_thrown_out(self, guild_id: int) -> bool:
        """Return whether the bot was ever thrown out of a server."""
        return self._removals[guild_id] > 0

    def invite(self, guild_id: int) -> None:
        """Let the bot into a server again."""
        self.left_guilds.discard(guild_id)

    def removed_for_s(self, guild_id: int | None) -> float | None:
        """Return for how many seconds the bot has been out of a server; None if it is in it."""
        if guild_id is None or guild_id not in self.left_guilds:
            return None
        return self._now() - self._removed_s[guild_id]

    def carriers(self) -> dict[tuple[str, str], int]:
        """Return how many messages with files there are, by job and part."""
        return {
            key: len(posts)
            for key, posts in self._posts.items()
            if key[1].startswith("carrier") and posts
        }

    async def post_status(self, status: StatusView) -> int:
        self._check_access(status.job)
        return await super().post_status(status)

    async def edit_status(self, status: StatusView) -> bool:
        self._check_access(status.job)
        return await super().edit_status(status)

    async def attach_to_carrier(
        self, status: StatusView, part: int, files: Sequence[Path], message_id: int | None
    ) -> tuple[int, dict[str, str]]:
        self._check_access(status.job)
        return await super().attach_to_carrier(status, part, files, message_id)

    async def find_carriers(self, job: Job, since_ms: int) -> dict[int, int]:
        self._raise(self.errors["find_carriers"])
        self._check_access(job)
        found = {kind: posts for (owner, kind), posts in self._posts.items() if owner == job.id}
        return {
            int(kind.removeprefix("carrier ")): posts[0].id
            for kind, posts in found.items()
            if kind.startswith("carrier") and posts
        }

    async def delete_carrier(self, job: Job, message_id: int) -> None:
        self._raise(self.errors["delete_carrier"])
        self._check_access(job)
        for (owner, _), posts in self._posts.items():
            if owner == job.id:
                posts[:] = [post for post in posts if post.id != message_id]

    async def delete_message(self, job: Job, message_id: int) -> None:
        self._raise(self.errors["delete_message"])
        self._check_access(job)
        for kind in ("status", "failure"):
            posts = self._posts[job.id, kind]
            posts[:] = [post for post in posts if post.id != message_id]
        self._raise(self.errors_after_effect["delete_message"])

    async def post_result(self, job: Job, payload: ResultPayload) -> int:
        """Post a result; a private one is a follow-up now and then, which takes no nonce."""
        self._check_access(job)
        posted = await super().post_result(job, payload)
        if job.private and self._fault_schedule.draw_lost_follow_up():
            self._journal.record("faults: Discord", "follow-up", "answer lost")
            raise PostUnconfirmed
        return posted

    async def send_result_by_dm(self, job: Job, payload: ResultPayload) -> int:
        self._check_reachable(job.user_id)
        return await super().send_result_by_dm(job, payload)

    async def notify_released(self, notice: ReleaseNotice) -> None:
        """Notify a member of a removal once; again only when the nonce is forgotten."""
        self._raise(self.errors["notify_released"])
        self._check_reachable(notice.user_id)
        guild_id = notice.channel_id - _FIRST_CHANNEL
        key = (guild_id, self._removals[guild_id], notice.user_id)
        job_id, told_s = self._notices.get(key, ("", 0.0))
        if job_id not in ("", notice.job_id):
            self._journal.report_violation(f"double posted: news of removal {key}")
        if not job_id or self._now() - told_s > _KNOWS_NONCE_S:
            self._journal.record("posted: news of a removal" if not job_id else "news repeated")
            self._notices[key] = notice.job_id, self._now()
        self._raise(self.errors_after_effect["notify_released"])

    def _check_access(self, job: Job) -> None:
        if job.guild_id in self.left_guilds and not job.private:
            raise ChannelUnavailable("50001: Missing Access")

    def _check_reachable(self, user_id: int) -> None:
        """Refuse who shares no other server with the bot: every other member."""
        if self.left_guilds and user_id % 2:
            raise ChannelUnavailable("50278: no mutual guilds")

    async def delete_result(self, job: Job) -> None:
        """Take the message with a job's result away."""
        self._raise(self.errors["delete_result"])
        self._check_access(job)
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
