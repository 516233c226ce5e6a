"""Errors of the storage layer.

DailiesError
└── StorageError                anything that storage raises on purpose
    ├── DatabaseUnavailable     the database does not work at present; an Outage too
    ├── DatabaseInUse           another process writes to this SQLite file
    ├── SchemaTooNew            a newer version has migrated this database
    ├── SchemaTooOld            this database lacks migrations of this version
    ├── TransferRefused         a database cannot be moved into another
    ├── StaleJobError           the job changed since it was read: its state or its fence
    ├── FilmInProgress          another film of the member's is being joined
    ├── TaskAlreadyAssigned     the task belongs to another job
    ├── QuotaExceeded           a hold does not fit; names every exceeded limit
    ├── LedgerError             an entry that the ledger rejects
    ├── MediaUnavailable        the media store does not work at present; an Outage too
    └── MediaError              a file that is not stored
        ├── BucketFailed        the bucket refuses a request, or does not answer; an Outage too
        ├── MediaTooLarge       it exceeds its size limit
        └── NotAVideo           it is not an MP4
"""

from pathlib import Path

from domain.errors import DailiesError, Outage
from domain.quotas import Shortfall


class StorageError(DailiesError):
    """Anything that storage raises on purpose."""


class DatabaseUnavailable(StorageError, Outage):
    """The database does not work at present; the last transaction may have committed."""

    def __init__(self, reason: str, *, ends_by_itself: bool = True) -> None:
        self.ends_by_itself = ends_by_itself
        super().__init__(reason)


class DatabaseInUse(StorageError):
    """Another process writes to this SQLite file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"{path} is in use by another process. One process at a time may write to a SQLite "
            "file; several processes need PostgreSQL."
        )


class FilmInProgress(StorageError):
    """Another film of the member's is being joined."""


class SchemaTooNew(StorageError):
    """A newer version of the service has migrated this database."""

    def __init__(self, revision: str) -> None:
        self.revision = revision
        super().__init__(
            f"The database is at schema {revision}, which this version does not know: "
            "start the newer version, or restore a backup."
        )


class SchemaTooOld(StorageError):
    """This database lacks migrations of this version."""

    def __init__(self, revision: str, newest: str) -> None:
        self.revision, self.newest = revision, newest
        super().__init__(
            f"The database is at schema {revision}, and this version needs {newest}: "
            "`python -m bot migrate`, or start the service."
        )


class TransferRefused(StorageError):
    """A database cannot be moved into another; nothing of it was."""


class StaleJobError(StorageError):
    """The job changed since it was read: its state or its fence. The new holder carries on."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(f"Job {job_id} was changed by another holder.")


class TaskAlreadyAssigned(StorageError):
    """The task belongs to another job."""

    def __init__(self, job_id: str, task_id: str) -> None:
        self.job_id, self.task_id = job_id, task_id
        super().__init__(f"The task of job {job_id} belongs to another job.")


class QuotaExceeded(StorageError):
    """A hold does not fit; `shortfalls` names every exceeded limit."""

    def __init__(self, shortfalls: tuple[Shortfall, ...]) -> None:
        self.shortfalls = shortfalls
        limits = ", ".join(f"{shortfall.scope} per {shortfall.period}" for shortfall in shortfalls)
        super().__init__(f"The amount does not fit under: {limits}.")


class LedgerError(StorageError):
    """An entry that the ledger rejects."""


class MediaUnavailable(StorageError, Outage):
    """The media store does not work at present: a full disk, a bucket that does not answer."""


class MediaError(StorageError):
    """A file that is not stored."""


class BucketFailed(MediaError, Outage, OSError):
    """The bucket refuses a request, or does not answer; an Outage too."""


class MediaTooLarge(MediaError):
    """A file that exceeds its size limit."""


class NotAVideo(MediaError):
    """A file without the signature of an MP4."""
