"""Has pictures drawn beside the service, so that nobody waits for anyone else's."""

import asyncio
from typing import Final

from domain.errors import DailiesError
from workflow.confined_process import ConfinedProcessFailed, ConfinedProgram, ConfinedRunner

_AT_ONCE: Final = 2
_LONGEST_S: Final = 10
_MAX_PNG_BYTES: Final = 64 << 20
_PROGRAM: Final = ConfinedProgram(module="cogs.reports.charts.rasterize", wall_seconds=_LONGEST_S)


class ChartRenderError(DailiesError):
    """A picture could not be drawn."""


class ChartRenderer:
    """Draws at most two pictures at once, each in a process of its own."""

    def __init__(self) -> None:
        self._runner = ConfinedRunner(_AT_ONCE)

    async def render_png(self, svg: str) -> bytes:
        """Draw an SVG as a PNG of twice its size.

        Raises:
            ChartRenderError: it is no SVG, or took longer than ten seconds, waiting included.
        """
        try:
            async with asyncio.timeout(_LONGEST_S):
                return await self._runner.ask(
                    _PROGRAM, question=svg.encode(), max_answer_bytes=_MAX_PNG_BYTES
                )
        except TimeoutError:
            raise ChartRenderError(f"it took more than {_LONGEST_S} seconds") from None
        except ConfinedProcessFailed as error:
            raise ChartRenderError(f"the process {error}") from error
        except OSError as error:
            raise ChartRenderError(f"no process for it: {error}") from error
