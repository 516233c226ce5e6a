"""A place for files in memory, where none has to wait for a disk."""

import shutil
from pathlib import Path

_ROOM_BYTES = 1 << 30
"""Room for the databases of all workers, which exist for one test each."""


def find_memory() -> Path | None:
    """Return the folder whose files lie in memory; None where there is no such, or too little room.

    There a copy of a PostgreSQL database, which is 300 files, costs a fifth of one on a disk.
    """
    folder = Path("/dev/shm")  # noqa: S108 - folders of our own are made in it
    has_room = folder.is_dir() and shutil.disk_usage(folder).free >= _ROOM_BYTES
    return folder if has_room else None
