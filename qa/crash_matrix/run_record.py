"""What a play is made of, and what it leaves behind."""

from dataclasses import dataclass, field
from typing import Final

from qa.crash_matrix.fault import InjectedFault
from storage.audit import AuditReport
from storage.films import Film
from storage.jobs import Job

SECRET_PROMPT: Final = "a very private lake"
"""Is in each prompt, and must be in no log."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One play: a trouble, and where each life in turn is to die (`POINT#N`; the next one lives).

    `blind` takes a guard out of the service, as `qa.crash_matrix.process` has it.
    """

    fault: InjectedFault
    kill_points: tuple[str, ...] = ()
    disabled_guard: str = ""


@dataclass(slots=True)
class RunRecord:
    """What a play left behind, for the judge."""

    cell: Cell
    marker: str
    jobs: list[Job] = field(default_factory=list[Job])
    films: list[Film] = field(default_factory=list[Film])
    audit: AuditReport | None = None
    log: str = ""
    points_passed: list[str] = field(default_factory=list[str])
    leftovers: list[str] = field(default_factory=list[str])
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    kill_count: int = 0
    jobs_before: list[Job] = field(default_factory=list[Job])
    """The jobs of the database that was replaced by a copy."""

    heard_of_removal_s: float | None = None
    """When the service must have heard that the bot was thrown out, by APIXO's clock."""

    restarts_s: list[float] = field(default_factory=list[float])
    violations: list[str] = field(default_factory=list[str])

    @property
    def is_restored(self) -> bool:
        """Return whether a copy of the database was put back."""
        return bool(self.jobs_before)
