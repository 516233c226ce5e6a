"""A playback check that decodes each file once in a test run: most results are the same few."""

import asyncio
import hashlib
from pathlib import Path

from workflow.errors import NotPlayable
from workflow.media_probe.probe import ConfinedPlaybackCheck

_known: dict[str, int | str] = {}
"""By the hash of a file: for how many milliseconds it plays, or why it does not."""


class MemoizedPlaybackCheck(ConfinedPlaybackCheck):
    """Asks the confined reader about files that it has not seen."""

    async def check(self, video: Path) -> int:
        """Return for how many milliseconds a video plays, or raise what the reader does."""
        key = hashlib.sha256(await asyncio.to_thread(video.read_bytes)).hexdigest()
        if key not in _known:
            try:
                _known[key] = await super().check(video)
            except NotPlayable as error:
                _known[key] = str(error)
        known = _known[key]
        if isinstance(known, str):
            raise NotPlayable(known)
        return known
