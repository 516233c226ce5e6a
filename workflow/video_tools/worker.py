"""The video tools' child process: a video on standard input, the result on standard output.

Both are regular files. It runs in a confined process, whose limits end it when a video needs too
many resources. It exits with 0 when all was written.
"""

import sys

from workflow.video_tools import VideoTask, frames, transcode


def main(task: str, max_bytes: str) -> None:
    """Run a task; a smaller copy has at most `max_bytes`."""
    source, out = sys.stdin.buffer, sys.stdout.buffer
    match VideoTask(task):
        case VideoTask.LAST_FRAME:
            frames.extract_last_frame(source, out)
        case VideoTask.TRANSCODE:
            transcode.transcode(source, out, int(max_bytes))
    out.flush()
