"""What a play is made of, and what it leaves behind."""

from dataclasses import dataclass, field
from typing import Final

from qa.crash_matrix.faults import Trouble
from storage.audit import Audit
from storage.jobs import Job

SECRET_WORDS: Final = "a very private lake"
"""Stands in each prompt, and must stand in no log."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One play: a trouble, and where each life in turn is to die (`POINT#N`; the next one lives).

    `blind` takes a guard out of the service, as `qa.crash_matrix.process` has it.
    """

    trouble: Trouble
    dooms: tuple[str, ...] = ()
    blind: str = ""


@dataclass(slots=True)
class Traces:
    """What a play left behind, for the judge."""

    cell: Cell
    marker: str
    jobs: list[Job] = field(default_factory=list[Job])
    audit: Audit | None = None
    log: str = ""
    passed: list[str] = field(default_factory=list[str])
    leftovers: list[str] = field(default_factory=list[str])
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    kills: int = 0
    restarts_s: list[float] = field(default_factory=list[float])
    complaints: list[str] = field(default_factory=list[str])
