"""The child process of films: several videos on standard input, what is made of them on output.

Both are regular files; `workflow.video_tools.parts` says how the videos lie in theirs. It runs in a
confined process, whose limits end it when the videos need too many resources.
"""

import json
import sys
from functools import partial

from workflow.video_tools import FilmTask
from workflow.video_tools.contact_sheet import draw_contact_sheet
from workflow.video_tools.join import join
from workflow.video_tools.parts import open_parts, write_progress


def main(task: str, sizes: str, option: str) -> None:
    """Run a task on videos with these sizes in bytes (JSON).

    `option` is whether to dissolve ("1"), or the first number of a contact sheet.
    """
    descriptor, out = sys.stdin.fileno(), sys.stdout.buffer
    parts = open_parts(descriptor, json.loads(sizes))
    match FilmTask(task):
        case FilmTask.JOIN:
            report = partial(write_progress, descriptor)
            join(parts, out, dissolve=option == "1", report=report)
        case FilmTask.CONTACT_SHEET:
            draw_contact_sheet(parts, out, first_number=int(option))
    out.flush()
