"""The probe's child process: a file on standard input, its properties and copy on standard output.

The first line of the output is JSON, the properties or the fault; what is sent on follows,
unless that is the file itself. It runs in a confined process, whose limits end it when a file
needs too many resources.
"""

import json
import sys
from dataclasses import asdict

from workflow.media_probe import images, inspection
from workflow.media_probe.types import (
    MediaFault,
    MediaInfo,
    MediaKind,
    RejectedMedia,
    UnusableMedia,
)


def main(kind: str, is_cut: str) -> None:
    """Write the properties of a file, and its copy if one was made; `is_cut` is empty or not."""
    data = sys.stdin.buffer.read()
    answer, copy = _answer(MediaKind(kind), data, is_cut=bool(is_cut))
    sys.stdout.buffer.write(json.dumps(asdict(answer)).encode() + b"\n")
    if copy is not data:
        sys.stdout.buffer.write(copy)
    sys.stdout.buffer.flush()


def _answer(
    kind: MediaKind, data: bytes, *, is_cut: bool
) -> tuple[MediaInfo | RejectedMedia, bytes]:
    try:
        if kind is MediaKind.PICTURE:
            return images.inspect(data)
        return inspection.inspect(kind, data, is_cut=is_cut)
    except UnusableMedia as error:
        return RejectedMedia(fault=error.fault, format_name=error.format_name), b""
    except MemoryError:
        return RejectedMedia(fault=MediaFault.RESOURCE_LIMIT), b""
    except Exception:  # noqa: BLE001 - whatever a decoder fails on, the file is at fault
        return RejectedMedia(fault=MediaFault.DAMAGED), b""
