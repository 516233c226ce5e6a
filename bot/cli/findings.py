"""Findings of the doctor: a level and a sentence for the operator."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.settings import Settings
from domain.errors import DailiesError


class Level(StrEnum):
    """How grave a finding is.

    A failure is what ends the service at its start, or lets it make no video.
    """

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check has found."""

    text: str
    level: Level = Level.OK


class CheckFailed(DailiesError):
    """A check that failed; the message is for the operator."""

    is_loggable = False


class Unreachable(CheckFailed):
    """Somebody else does not answer, which may end by itself."""


Check = Callable[[Settings], Awaitable[Finding]]
"""One look at one thing; any exception is a failure."""


def warn(text: str) -> Finding:
    """Return a finding that needs attention, while videos are made."""
    return Finding(text, Level.WARNING)
