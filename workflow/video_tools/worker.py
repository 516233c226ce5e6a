"""Works on the video on standard input, and writes what comes of it to standard output: a file.

It runs in a process of its own, whose limits end it when a video asks too much of it. It ends with
0 when all was written.
"""

import os
import resource
import sys
from typing import Final

from workflow.video_tools import frames, transcode
from workflow.video_tools.tools import Task

CPU_SECONDS: Final = {Task.LAST_PICTURE: 20, Task.COPY: 240}
MEMORY_BYTES: Final = 1536 << 20

_MOST_WRITTEN: Final = 256 << 20
_LEAST_HASTE: Final = 10


def main(task: str, most_bytes: int) -> None:
    """Do a task; what it writes is to have `most_bytes` at most."""
    _confine(CPU_SECONDS[Task(task)])
    film, out = sys.stdin.buffer, sys.stdout.buffer
    match Task(task):
        case Task.LAST_PICTURE:
            frames.last_picture(film, out)
        case Task.COPY:
            transcode.copy_under(film, out, most_bytes)
    out.flush()


def _confine(cpu_seconds: int) -> None:
    """Take no more time, memory and disk than any honest video needs, and let others go first."""
    limits = {
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_FSIZE: _MOST_WRITTEN,
        resource.RLIMIT_CORE: 0,
    }
    for limit, most in limits.items():
        resource.setrlimit(limit, (most, most))
    os.nice(_LEAST_HASTE)
