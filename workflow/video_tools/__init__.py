"""The film lab: works on videos in limited processes of their own, with PyAV (extra `media`)."""

from enum import StrEnum


class VideoTask(StrEnum):
    """What is to be made of a video."""

    LAST_FRAME = "last picture"
    TRANSCODE = "copy"
