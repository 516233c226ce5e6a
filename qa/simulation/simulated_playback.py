"""The reader of results within the process: a simulated video plays if its end is there."""

import asyncio
from pathlib import Path

from qa.simulation.fault_schedule import FaultSchedule
from qa.simulation.simulated_apixo import VIDEO_SECONDS, VIDEO_TAIL
from workflow.errors import NotPlayable, PlaybackUnknown


class SimulatedPlaybackCheck:
    """Has the method of `ConfinedPlaybackCheck`; now and then its process cannot run."""

    def __init__(self, fault_schedule: FaultSchedule) -> None:
        self._fault_schedule = fault_schedule

    async def check(self, video: Path) -> int:
        """Return for how many milliseconds a video plays, or raise what the reader does."""
        await asyncio.sleep(0.2)
        if self._fault_schedule.draw_reader_failure():
            raise PlaybackUnknown("drawn by lot")
        if not video.read_bytes().endswith(VIDEO_TAIL):
            raise NotPlayable("its end is missing")
        return VIDEO_SECONDS * 1000
