"""The tasks of the video tools."""

from enum import StrEnum


class VideoTask(StrEnum):
    """What is to be made from a video."""

    LAST_FRAME = "last picture"
    TRANSCODE = "copy"
