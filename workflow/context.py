"""Holds what every stage works with; built once in `bot.app` and handed down."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Protocol

from apixo.client import ApixoClient
from apixo.results import ResultFetcher
from domain.quotas import Limits
from domain.schedule import backoff_ms
from storage.database import Database
from storage.media import MediaFolder
from workflow.publishing import Publisher


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the operator decided.

    `time_scale` divides every wait that stands for APIXO's or our own patience; it is 1 in service.
    """

    limits: Limits
    max_tasks: int
    charge_failed_tasks: bool = False
    time_scale: float = 1
    max_queued_per_member: int = 50
    max_queued_per_server: int = 500


class Links(Protocol):
    """Makes addresses under which others can fetch what we keep."""

    def address_of_input(self, name: str, until_ms: int) -> str:
        """Give an address of a kept input that is good until then, in Unix milliseconds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The parts a stage may use; `now_ms` is the wall clock in Unix milliseconds.

    `links` is None where nobody outside can reach this service.
    """

    database: Database
    apixo: ApixoClient
    results: ResultFetcher
    media: MediaFolder
    publisher: Publisher
    policy: Policy
    now_ms: Callable[[], int]
    random: Random
    links: Links | None = None

    def later(self, wait_ms: int) -> int:
        """Tell the moment that lies `wait_ms` of documented time ahead."""
        return self.now_ms() + round(wait_ms / self.policy.time_scale)

    def age_ms(self, since_ms: int) -> int:
        """Tell how much documented time has passed since a moment."""
        return round((self.now_ms() - since_ms) * self.policy.time_scale)

    def after_failures(self, failures: int) -> int:
        """Tell when to try again after the n-th failure in a row."""
        return self.later(backoff_ms(failures, self.random.random()))
