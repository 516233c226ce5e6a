"""Prices of tasks, in whole micro-dollars.

Source: the billing tables of the two model pages. Every rate is a whole number of mills
(thousandths of a dollar) per second, and mills × milliseconds are micro-dollars.
"""

from typing import Final

from sandbox.apixo.rules import SEEDANCE_1_5_PRO, Submission

_WITHOUT_SOUND: Final = {"480p": 10, "720p": 20}
_WITH_SOUND: Final = {"480p": 20, "720p": 40}
_WITHOUT_VIDEO: Final = {"480p": 91, "720p": 192, "1080p": 490}
_WITH_VIDEO: Final = {"480p": 55, "720p": 115, "1080p": 290}


def price_micro_usd(order: Submission, video_ms: int | None) -> int:
    """Price an order in micro-dollars.

    `video_ms` is how long its reference videos are together, None without any.
    """
    output_ms = order.duration * 1000
    if order.model is SEEDANCE_1_5_PRO:
        return (_WITH_SOUND if order.sound else _WITHOUT_SOUND)[order.resolution] * output_ms
    if video_ms is None:
        return _WITHOUT_VIDEO[order.resolution] * output_ms
    return _WITH_VIDEO[order.resolution] * (output_ms + video_ms)


def format_usd(micro: int) -> str:
    """Write micro-dollars as a JSON number in dollars, exact, with at least four decimals."""
    sign = "-" if micro < 0 else ""
    whole, part = divmod(abs(micro), 1_000_000)
    digits = f"{part:06d}"
    return f"{sign}{whole}.{digits[:4]}{digits[4:].rstrip('0')}"
