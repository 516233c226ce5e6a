"""Rendering of charts in child processes, so that the service stays responsive."""

import asyncio
from typing import Final

from domain.errors import DailiesError
from workflow.confined_process import ConfinedProcessFailed, ConfinedProgram, ConfinedRunner

_MAX_PROCESSES: Final = 2
_TIMEOUT_S: Final = 10
_MAX_PNG_BYTES: Final = 64 << 20
_PROGRAM: Final = ConfinedProgram(module="cogs.reports.charts.rasterize", wall_seconds=_TIMEOUT_S)


class ChartRenderError(DailiesError):
    """A chart could not be rendered."""


class ChartRenderer:
    """Renderer of at most two charts at once, each in a process of its own."""

    def __init__(self) -> None:
        self._runner = ConfinedRunner(_MAX_PROCESSES)

    async def render_png(self, svg: str) -> bytes:
        """Return an SVG as a PNG of three times its size.

        Raises:
            ChartRenderError: the input is no SVG, or it took over ten seconds, waiting included.
        """
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                return await self._runner.ask(
                    _PROGRAM, question=svg.encode(), max_answer_bytes=_MAX_PNG_BYTES
                )
        except TimeoutError:
            raise ChartRenderError(f"it took more than {_TIMEOUT_S} seconds") from None
        except ConfinedProcessFailed as error:
            raise ChartRenderError(f"the process {error}") from error
        except OSError as error:
            raise ChartRenderError(f"no process for it ({type(error).__name__})") from error
