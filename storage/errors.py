"""Errors of the keeping.

DailiesError
└── StorageError            anything that storage raises on purpose
    ├── DatabaseUnavailable        the database does not do its work just now; an Outage too
    ├── DatabaseInUse       another process writes to this SQLite file
    ├── SchemaTooNew        a newer version of the service has upgraded this database
    ├── SchemaTooOld        this version of the service has not upgraded this database yet
    ├── StaleJobError            the job changed meanwhile: its state or its holder is another
    ├── TaskAlreadyAssigned           the task belongs to another job
    ├── QuotaExceeded       a hold does not fit; every limit in its way is named
    ├── LedgerError          an entry that the ledger refuses
    └── MediaError            a file that is not kept
        ├── TooLarge        it is longer than its cap
        └── NotAVideo       it is no MP4
"""

from pathlib import Path

from domain.errors import DailiesError, Outage
from domain.quotas import Shortfall


class StorageError(DailiesError):
    """Anything that storage raises on purpose."""


class DatabaseUnavailable(StorageError, Outage):
    """The database does not do its work just now; whether the last transaction counts is open."""


class DatabaseInUse(StorageError):
    """Another process writes to this SQLite file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"{path} is in use by another process. One process at a time may write to a SQLite "
            "file; several processes need PostgreSQL."
        )


class SchemaTooNew(StorageError):
    """A newer version of the service has upgraded this database."""

    def __init__(self, revision: str) -> None:
        self.revision = revision
        super().__init__(
            f"The database stands at schema {revision}, which this version does not know: "
            "start the newer version, or restore a backup."
        )


class SchemaTooOld(StorageError):
    """This version of the service has not upgraded this database yet."""

    def __init__(self, revision: str, newest: str) -> None:
        self.revision, self.newest = revision, newest
        super().__init__(
            f"The database stands at schema {revision}, and this version needs {newest}: "
            "`python -m bot migrate`, or start the service."
        )


class StaleJobError(StorageError):
    """The job changed meanwhile: its state or its holder is another. Whoever has it goes on."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(f"Job {job_id} was changed by another holder.")


class TaskAlreadyAssigned(StorageError):
    """The task belongs to another job."""

    def __init__(self, job_id: str, task_id: str) -> None:
        self.job_id, self.task_id = job_id, task_id
        super().__init__(f"Task {task_id} belongs to another job than {job_id}.")


class QuotaExceeded(StorageError):
    """A hold does not fit; `shortfalls` names every limit in its way."""

    def __init__(self, shortfalls: tuple[Shortfall, ...]) -> None:
        self.shortfalls = shortfalls
        limits = ", ".join(f"{shortfall.scope} per {shortfall.period}" for shortfall in shortfalls)
        super().__init__(f"The amount does not fit under: {limits}.")


class LedgerError(StorageError):
    """An entry that the ledger refuses."""


class MediaError(StorageError):
    """A file that is not kept."""


class MediaTooLarge(MediaError):
    """A file longer than its cap."""


class NotAVideo(MediaError):
    """A file without the mark of an MP4."""
