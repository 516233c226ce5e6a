"""Files on this host's disk: pinned while they are in use, removed when there are too many.

A pin is a shared lock of the kernel's on the file: it holds against every process of the host, and
ends with its own. What is not pinned goes by its last use, oldest first.
"""

import fcntl
import os
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def folder_lock(folder: Path) -> Generator[None]:
    """Hold the lock of the folder, across processes, against touching and sweeping inputs."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@asynccontextmanager
async def pinned(path: Path) -> AsyncGenerator[Path]:
    """Keep a file from being evicted meanwhile.

    Raises:
        FileNotFoundError: there is none.
    """
    file = _pin(path)  # the lock is free, but for the moment in which a file gets its name
    try:
        yield path
    finally:
        file.close()


def record_use(path: Path) -> None:
    """Note that a file is used now; its version, the time of its change, stays."""
    with suppress(FileNotFoundError), folder_lock(path.parent):
        os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))


def evict(files: Iterable[Path], max_bytes: int, can_go: Callable[[Path], bool]) -> int:
    """Remove files by their last use, oldest first, until the others have at most `max_bytes`.

    What is pinned, or what `can_go` wants to keep, stays. Returns how many were removed.
    """
    uses = list[tuple[int, int, Path]]()
    for path in files:
        with suppress(FileNotFoundError):
            status = path.stat()
            uses.append((status.st_atime_ns, status.st_size, path))
    excess = sum(size for _, size, _ in uses) - max_bytes
    removed = 0
    for _, size, path in sorted(uses):
        if excess <= 0:
            break
        if can_go(path) and _remove_unpinned(path):
            excess, removed = excess - size, removed + 1
    return removed


def _pin(path: Path) -> BinaryIO:
    while True:
        file = path.open("rb")
        try:
            fcntl.flock(file, fcntl.LOCK_SH)
            # It may have been evicted, or replaced, before the lock was there.
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        except BaseException:
            file.close()
            raise
        file.close()


def _remove_unpinned(path: Path) -> bool:
    with suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
        return True
    return False
