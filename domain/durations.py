"""Lengths of time."""

from typing import Final

HOUR_MS: Final = 3_600_000
DAY_S: Final = 86_400
DAY_MS: Final = DAY_S * 1000
