"""Works on the video on standard input, and writes what comes of it to standard output: a file.

It runs in a confined process, whose limits end it when a video asks too much of it. It ends with
0 when all was written.
"""

import sys

from workflow.video_tools import VideoTask, frames, transcode


def main(task: str, max_bytes: str) -> None:
    """Do a task; what it writes is to have `max_bytes` at most."""
    film, out = sys.stdin.buffer, sys.stdout.buffer
    match VideoTask(task):
        case VideoTask.LAST_FRAME:
            frames.extract_last_frame(film, out)
        case VideoTask.TRANSCODE:
            transcode.transcode(film, out, int(max_bytes))
    out.flush()
