"""The child's side of a confined process: apply the limits, then run a module's `main`."""

import importlib
import json
import os
import resource
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceLimits:
    """Limits of a process that the kernel enforces; None sets no limit.

    `file_bytes` is the largest size of any file it writes; pipes have no limit.
    """

    cpu_seconds: int | None = None
    memory_bytes: int | None = None
    file_bytes: int | None = None
    niceness: int = 0


def main(limits: str, module: str, *args: str) -> None:
    """Apply `limits` (JSON), and only then load and run a module."""
    confine(ResourceLimits(**json.loads(limits)))
    importlib.import_module(module).main(*args)


def confine(limits: ResourceLimits) -> None:
    """Lower this process's limits irrevocably; core dumps are always off."""
    chosen = {
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_CORE: 0,
    }
    for resource_id, limit in chosen.items():
        if limit is not None:
            resource.setrlimit(resource_id, (limit, limit))
    os.nice(limits.niceness)
