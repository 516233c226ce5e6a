"""Knows the lock that lets one process at a time write to a SQLite file.

The operating system holds it and takes it back with the process, however that ends.
"""

import fcntl
from pathlib import Path

from storage.errors import DatabaseInUse


class LockFile:
    """An exclusive lock on `<database>.lock`, held from making until `release`.

    Raises:
        DatabaseInUse: another holder has it.
    """

    def __init__(self, database: Path) -> None:
        path = database.with_name(f"{database.name}.lock")
        self._file = path.open("ab")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise DatabaseInUse(database) from error

    def release(self) -> None:
        """Let the next process in. The file stays: removing it would let two processes in."""
        self._file.close()
