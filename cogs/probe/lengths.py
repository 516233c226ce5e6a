"""Knows how a length is taken from a header, and how it is written."""

import io
import math
from fractions import Fraction

from tinytag import TinyTag, TinyTagException

from cogs.probe.findings import Fault, Unusable


def claimed(data: bytes) -> Fraction:
    """Tell what length in seconds a file's header claims.

    Raises:
        Unusable: it claims none, or can not be read.
    """
    try:
        seconds = TinyTag.get(file_obj=io.BytesIO(data), tags=False).duration
    except TinyTagException:
        raise Unusable(Fault.DAMAGED) from None
    if not seconds or not math.isfinite(seconds):
        raise Unusable(Fault.LENGTH_UNKNOWN)
    return Fraction(seconds)


def microseconds(seconds: Fraction) -> int:
    """Write a length in microseconds, to the nearest one: headers are read as floats.

    Raises:
        Unusable: there is no length.
    """
    if not seconds:
        raise Unusable(Fault.LENGTH_UNKNOWN)
    return round(seconds * 1_000_000)
