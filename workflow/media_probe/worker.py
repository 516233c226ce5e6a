"""Looks into one file, given on standard input, and says on standard output what it is.

It runs in a process of its own, whose limits end it when a file asks too much of it.
"""

import importlib
import json
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Final

from workflow.media_probe.types import Fault, Finding, Kind, Refused, Unusable

CPU_SECONDS: Final = 10
MEMORY_BYTES: Final = 768 << 20

_ROOMS: Final = {
    Kind.PICTURE: "workflow.media_probe.images",
    Kind.VIDEO: "workflow.media_probe.video",
    Kind.AUDIO: "workflow.media_probe.audio",
}


def main(kind: str) -> None:
    """Answer with one line of JSON: a finding, or that the file is refused."""
    # Pillow is slow to load, so it comes only where it is needed.
    look = importlib.import_module(_ROOMS[Kind(kind)]).look
    _confine()
    json.dump(asdict(_answer(look)), sys.stdout)


def _confine() -> None:
    """Take no more time and memory than any honest file needs, and write to no file."""
    limits = {
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for limit, most in limits.items():
        resource.setrlimit(limit, (most, most))


def _answer(look: Callable[[bytes], Finding]) -> Finding | Refused:
    try:
        return look(sys.stdin.buffer.read())
    except Unusable as error:
        return Refused(fault=error.fault)
    except MemoryError:
        return Refused(fault=Fault.TOO_COSTLY)
    except Exception:  # noqa: BLE001 - whatever a decoder stumbles over, the file is at fault
        return Refused(fault=Fault.DAMAGED)
