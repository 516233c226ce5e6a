"""Video tools: frames and smaller copies, made by PyAV in confined processes."""

from enum import StrEnum


class VideoTask(StrEnum):
    """What is to be made from a video."""

    LAST_FRAME = "last picture"
    TRANSCODE = "copy"


class FilmTask(StrEnum):
    """What is to be made from several videos."""

    JOIN = "film"
    CONTACT_SHEET = "contact sheet"
