"""Knows what the lab can be asked for."""

from enum import StrEnum


class Task(StrEnum):
    """What is to be made of a video."""

    LAST_PICTURE = "last picture"
    COPY = "copy"
