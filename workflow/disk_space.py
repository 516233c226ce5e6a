"""Knows whether what would be bought now could also be kept."""

from dataclasses import dataclass
from typing import Final

from storage.media import MediaFolder

LARGEST_VIDEO_BYTES: Final = 128 * 1024 * 1024
"""What the longest video, 15 seconds of 1080p, has at 60 Mbit/s and more."""

RESERVE_BYTES: Final = 1024 * 1024 * 1024
"""For what the disk has to take besides: members' files, smaller copies, the database, logs."""


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """The free bytes where videos are kept, and the floor under which nothing is submitted."""

    free_bytes: int
    min_free_bytes: int

    @property
    def is_low(self) -> bool:
        """Tell whether a video that is bought now might not be kept."""
        return self.free_bytes < self.min_free_bytes


def measure_disk_space(media: MediaFolder, max_tasks: int) -> DiskSpace:
    """Measure the room for the results of so many tasks at once.

    A folder that does not answer has none.
    """
    try:
        free = media.free_bytes()
    except OSError:
        free = 0
    return DiskSpace(free, RESERVE_BYTES + max_tasks * LARGEST_VIDEO_BYTES)
