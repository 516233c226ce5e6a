"""The child's side of a confined process: it takes its limits, then runs a module's `main`."""

import importlib
import json
import os
import resource
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceLimits:
    """What a process may take, the system seeing to it; None: whatever there is.

    `file_bytes` is the most that it may write to any one file; pipes have no limit.
    """

    cpu_seconds: int | None = None
    memory_bytes: int | None = None
    file_bytes: int | None = None
    niceness: int = 0


def main(limits: str, module: str, *args: str) -> None:
    """Confine this process as `limits` says in JSON, and only then load what it is to run."""
    confine(ResourceLimits(**json.loads(limits)))
    importlib.import_module(module).main(*args)


def confine(limits: ResourceLimits) -> None:
    """Give up for good what is above the limits; no process of ours leaves a core dump."""
    chosen = {
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_CORE: 0,
    }
    for limit, most in chosen.items():
        if most is not None:
            resource.setrlimit(limit, (most, most))
    os.nice(limits.niceness)
