"""Free disk space for the results of tasks."""

from dataclasses import dataclass
from typing import Final

from storage.media import MediaFolder

LARGEST_VIDEO_BYTES: Final = 128 * 1024 * 1024
"""The size of the longest video, 15 seconds of 1080p, at over 60 Mbit/s."""

RESERVE_BYTES: Final = 1024 * 1024 * 1024
"""For everything else on the disk: members' files, smaller copies, the database, logs."""


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """The free bytes in the media folder, and the floor below which nothing is submitted."""

    free_bytes: int
    min_free_bytes: int

    @property
    def is_low(self) -> bool:
        """Return whether the result of a new task might not fit on the disk."""
        return self.free_bytes < self.min_free_bytes


def measure_disk_space(media: MediaFolder, max_tasks: int) -> DiskSpace:
    """Measure the disk space for the results of `max_tasks` tasks.

    An inaccessible folder counts as full.
    """
    try:
        free = media.free_bytes()
    except OSError:
        free = 0
    return DiskSpace(free, RESERVE_BYTES + max_tasks * LARGEST_VIDEO_BYTES)
