"""The probe's child process: a file on standard input, its properties as JSON on standard output.

It runs in a confined process, whose limits end it when a file needs too many resources.
"""

import importlib
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Final

from workflow.media_probe.types import (
    MediaFault,
    MediaInfo,
    MediaKind,
    RejectedMedia,
    UnusableMedia,
)

_FORMATS: Final = {
    MediaKind.PICTURE: "workflow.media_probe.images",
    MediaKind.VIDEO: "workflow.media_probe.video",
    MediaKind.AUDIO: "workflow.media_probe.audio",
}


def main(kind: str) -> None:
    """Write one line of JSON: the properties of the file, or its fault."""
    # Pillow is slow to load, so only the format's own module is imported.
    probe = importlib.import_module(_FORMATS[MediaKind(kind)]).probe
    json.dump(asdict(_answer(probe)), sys.stdout)


def _answer(probe: Callable[[bytes], MediaInfo]) -> MediaInfo | RejectedMedia:
    try:
        return probe(sys.stdin.buffer.read())
    except UnusableMedia as error:
        return RejectedMedia(fault=error.fault)
    except MemoryError:
        return RejectedMedia(fault=MediaFault.RESOURCE_LIMIT)
    except Exception:  # noqa: BLE001 - whatever a decoder fails on, the file is at fault
        return RejectedMedia(fault=MediaFault.DAMAGED)
