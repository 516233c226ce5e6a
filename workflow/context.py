"""The dependencies of every stage, built once in `bot.app`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import BinaryIO, Protocol

from apixo.client import ApixoClient
from apixo.downloads import ResultDownloader
from domain.money import MicroUSD
from domain.polling import BACKOFF_CAP_MS, backoff_ms
from domain.quotas import Limits
from domain.servers import EVERY_SERVER, AllowedServers
from storage.database import Database
from storage.jobs import Job
from storage.media import MediaFolder
from workflow.disk_space import DiskSpace, measure_disk_space
from workflow.high_water import HighWaterMark
from workflow.learned_durations import LearnedDurations
from workflow.private_answers import PrivateAnswers
from workflow.publisher import Publisher
from workflow.signals import Signals
from workflow.throttle import Throttle


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The operator's settings.

    `time_scale` divides every wait and interval; it is 1 in production. Below a balance of
    `balance_alert` the operator is alerted; None means never. What is kept of who has left a
    server, or on one that the bot has left, goes after `leaver_data_days`; None keeps it.
    """

    limits: Limits
    max_tasks: int
    charge_failed_tasks: bool = False
    exposure_limit: MicroUSD | None = None
    time_scale: float = 1
    max_queued_per_member: int = 50
    max_queued_per_server: int = 500
    balance_alert: MicroUSD | None = None
    leaver_data_days: int | None = None
    allowed_servers: AllowedServers = EVERY_SERVER


class MediaUrls(Protocol):
    """Makes public URLs of stored files."""

    def url_for_input(self, name: str, until_ms: int) -> str:
        """Return the URL of a kept input, valid until `until_ms`, Unix milliseconds."""
        ...

    def url_for_result(self, name: str, until_ms: int) -> str:
        """Return the URL of a finished video, valid until `until_ms`, Unix milliseconds."""
        ...


class CallbackUrls(Protocol):
    """Makes the URLs that APIXO calls back."""

    def url_for(self, job: Job) -> str:
        """Return the callback URL of a job's current submission."""
        ...


class VideoTools(Protocol):
    """Extracts frames and makes smaller copies; both methods raise `UnusableVideo`."""

    async def extract_last_frame(self, video: Path) -> bytes:
        """Return the last frame of a video, as a PNG."""
        ...

    async def transcode(self, video: Path, out: BinaryIO, max_bytes: int) -> None:
        """Write a copy of a video with at most `max_bytes`, as an MP4."""
        ...


class PlaybackCheck(Protocol):
    """Finds out whether a finished video plays."""

    async def check(self, video: Path) -> int:
        """Return for how many milliseconds a video plays.

        Raises:
            NotPlayable: it does not play to its end.
            PlaybackUnknown: the reader could not run, which says nothing of the file.
            OSError: the file cannot be opened.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The parts a stage may use; `now_ms` is the wall clock in Unix milliseconds.

    `media_urls` and `callback_urls` are None where the service has no public URL, `video_tools`
    where PyAV is not installed. A duration of documented time is one before `time_scale` divides
    it.
    """

    database: Database
    apixo: ApixoClient
    results: ResultDownloader
    media: MediaFolder
    playback: PlaybackCheck
    publisher: Publisher
    policy: Policy
    now_ms: Callable[[], int]
    random: Random
    media_urls: MediaUrls | None = None
    callback_urls: CallbackUrls | None = None
    video_tools: VideoTools | None = None
    throttle: Throttle = field(default_factory=Throttle)
    high_water: HighWaterMark = field(default_factory=HighWaterMark)
    signals: Signals = field(default_factory=Signals)
    learned_durations: LearnedDurations = field(default_factory=LearnedDurations)
    private_answers: PrivateAnswers | None = None

    def due_after(self, wait_ms: int) -> int:
        """Return the time that is `wait_ms` of documented time ahead."""
        return self.now_ms() + round(wait_ms / self.policy.time_scale)

    def unscaled_ms(self, at_ms: int) -> int:
        """Return a time on the clock of documented time; only differences are meaningful."""
        return round(at_ms * self.policy.time_scale)

    def age_ms(self, since_ms: int, at_ms: int | None = None) -> int:
        """Return how much documented time has passed from `since_ms` until now or `at_ms`."""
        until_ms = self.now_ms() if at_ms is None else at_ms
        return round((until_ms - since_ms) * self.policy.time_scale)

    def disk_space(self) -> DiskSpace:
        """Measure the disk space for the results of all tasks that may be in flight."""
        return measure_disk_space(self.media, self.policy.max_tasks)

    def backoff_until_ms(self, failures: int, longest_ms: int = BACKOFF_CAP_MS) -> int:
        """Return when to retry after the n-th failure in a row."""
        return self.due_after(backoff_ms(failures, self.random.random(), longest_ms))
