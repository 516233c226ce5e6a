"""Looks into one file, given on standard input, and says on standard output what it is.

It runs in a confined process, whose limits end it when a file asks too much of it.
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
    """Answer with one line of JSON: a finding, or that the file is refused."""
    # Pillow is slow to load, so it comes only where it is needed.
    probe = importlib.import_module(_FORMATS[MediaKind(kind)]).probe
    json.dump(asdict(_answer(probe)), sys.stdout)


def _answer(probe: Callable[[bytes], MediaInfo]) -> MediaInfo | RejectedMedia:
    try:
        return probe(sys.stdin.buffer.read())
    except UnusableMedia as error:
        return RejectedMedia(fault=error.fault)
    except MemoryError:
        return RejectedMedia(fault=MediaFault.RESOURCE_LIMIT)
    except Exception:  # noqa: BLE001 - whatever a decoder stumbles over, the file is at fault
        return RejectedMedia(fault=MediaFault.DAMAGED)
