"""Knows whether what would be bought now could also be kept."""

from dataclasses import dataclass
from typing import Final

from storage.media import MediaFolder

LARGEST_BYTES: Final = 128 * 1024 * 1024
"""What the longest video, 15 seconds of 1080p, has at 60 Mbit/s and more."""

RESERVE_BYTES: Final = 1024 * 1024 * 1024
"""For what the disk has to take besides: members' files, smaller copies, the database, logs."""


@dataclass(frozen=True, slots=True)
class Room:
    """The free bytes where videos are kept, and the floor under which nothing is submitted."""

    free: int
    floor: int

    @property
    def is_short(self) -> bool:
        """Tell whether a video that is bought now might not be kept."""
        return self.free < self.floor


def room_of(media: MediaFolder, max_tasks: int) -> Room:
    """Measure the room for the results of so many tasks at once.

    A folder that does not answer has none.
    """
    try:
        free = media.free_bytes()
    except OSError:
        free = 0
    return Room(free, RESERVE_BYTES + max_tasks * LARGEST_BYTES)
