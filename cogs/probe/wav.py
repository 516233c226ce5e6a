"""Knows how long a WAV is, by the samples in it.

Source: Microsoft's and IBM's Multimedia Programming Interface and Data Specifications 1.0.
"""

import struct
from fractions import Fraction

from cogs.probe.findings import Fault, Unusable

_PCM, _FLOAT, _EXTENSIBLE = 0x0001, 0x0003, 0xFFFE


def is_wav(data: bytes) -> bool:
    """Tell whether a file begins like a WAV."""
    return data[:4] == b"RIFF" and data[8:12] == b"WAVE"


def seconds(data: bytes) -> Fraction:
    """Tell how long a WAV is.

    Raises:
        Unusable: it is cut off, contradicts itself, or is compressed.
    """
    chunks = _chunks(data)
    if not chunks.keys() >= {b"fmt ", b"data"}:
        raise Unusable(Fault.DAMAGED)
    layout = chunks[b"fmt "]
    coding, channels, rate, _, block, bits = struct.unpack_from("<HHIIHH", layout)
    if coding == _EXTENSIBLE:
        (coding,) = struct.unpack_from("<H", layout, 24)
    if coding not in {_PCM, _FLOAT}:
        raise Unusable(Fault.COMPRESSED_WAV)
    if not rate or not block or block != channels * ((bits + 7) // 8):
        raise Unusable(Fault.DAMAGED)
    return Fraction(len(chunks[b"data"]), block * rate)


def _chunks(data: bytes) -> dict[bytes, memoryview]:
    """Read the chunks that lie side by side; each must be there to its last byte, and but once."""
    chunks = dict[bytes, memoryview]()
    at = 12
    while len(data) - at >= 8:
        kind, size = struct.unpack_from("<4sI", data, at)
        at += 8
        if size > len(data) - at or (kind in chunks and kind in {b"fmt ", b"data"}):
            raise Unusable(Fault.DAMAGED)
        chunks[kind] = memoryview(data)[at : at + size]
        at += size + size % 2
    return chunks
