"""Bounded memory for what a process reads of odd files."""

import resource
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_MEMORY_BYTES = 1 << 30


@contextmanager
def limited_memory() -> Generator[None]:
    """Allow as much more memory as the confined process has: a damaged header may ask for any."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = pages * resource.getpagesize() + _MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
