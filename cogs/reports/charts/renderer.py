"""Has pictures drawn beside the service, so that nobody waits for anyone else's."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Final

from domain.errors import DailiesError

_PROGRAM: Final = Path(__file__).with_name("rasterize.py")
_AT_ONCE: Final = 2
_LONGEST_S: Final = 10


class ChartRenderError(DailiesError):
    """A picture could not be drawn."""


class ChartRenderer:
    """Draws at most two pictures at once, each in a process of its own."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def render_png(self, svg: str) -> bytes:
        """Draw an SVG as a PNG of twice its size.

        Raises:
            ChartRenderError: it is no SVG, or took longer than ten seconds, waiting included.
        """
        try:
            async with asyncio.timeout(_LONGEST_S), self._places:
                return await _rasterize(svg)
        except TimeoutError:
            raise ChartRenderError(f"it took more than {_LONGEST_S} seconds") from None
        except OSError as error:
            raise ChartRenderError(f"no process for it: {error}") from error


async def _rasterize(svg: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", str(_PROGRAM)), stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    try:
        png, complaint = await process.communicate(svg.encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise ChartRenderError(complaint.decode(errors="replace").strip().rpartition("\n")[2])
    return png
