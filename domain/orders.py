"""Orders of several jobs: what they are for, and how many jobs each may have."""

from enum import StrEnum
from typing import Final


class OrderKind(StrEnum):
    """What the jobs of one order are to each other."""

    TAKES = "takes"
    STORYBOARD = "storyboard"


MAX_TAKES: Final = 4
"""Videos of one request that are made side by side."""
