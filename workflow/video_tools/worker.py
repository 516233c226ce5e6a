"""Works on the video on standard input, and writes what comes of it to standard output: a file.

It runs in a process of its own, whose limits end it when a video asks too much of it. It ends with
0 when all was written.
"""

import os
import resource
import sys
from typing import Final

from workflow.video_tools import frames, transcode
from workflow.video_tools.tools import VideoTask

CPU_SECONDS: Final = {VideoTask.LAST_FRAME: 20, VideoTask.TRANSCODE: 240}
MEMORY_BYTES: Final = 1536 << 20

_MOST_WRITTEN: Final = 256 << 20
_LEAST_HASTE: Final = 10


def main(task: str, max_bytes: int) -> None:
    """Do a task; what it writes is to have `most_bytes` at most."""
    _confine(CPU_SECONDS[VideoTask(task)])
    film, out = sys.stdin.buffer, sys.stdout.buffer
    match VideoTask(task):
        case VideoTask.LAST_FRAME:
            frames.extract_last_frame(film, out)
        case VideoTask.TRANSCODE:
            transcode.transcode(film, out, max_bytes)
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
