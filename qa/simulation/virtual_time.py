"""An event loop in which no time passes: its clock jumps to whatever is due next.

Nothing in it waits for the machine: SQLite and files are worked on at once, in the loop's own
thread. So the same seed leads to the same steps in the same order.
"""

import asyncio
import selectors
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Jumps from one due moment to the next; `time()` is what is simulated, in seconds."""

    def __init__(self) -> None:
        self._now_s = 0.0
        super().__init__(_Jumps(self._jump))
        # Less would be lost in a float of the seconds of a year, and a timer due now never go off.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Return the simulated seconds since the loop was made."""
        return self._now_s

    def run_in_executor(
        self, _executor: object, work: Callable[..., T], *given: Any
    ) -> asyncio.Future[T]:
        """Do the work at once, here: no thread has to be waited for."""
        future: asyncio.Future[T] = self.create_future()
        try:
            result = work(*given)
        except Exception as error:  # noqa: BLE001 - the task that waits gets it
            future.set_exception(error)
        else:
            future.set_result(result)
        return future

    def _jump(self, seconds: float) -> None:
        self._now_s += seconds


class _Jumps(selectors.SelectSelector):
    """Waits for nothing: there is no socket, and time is made to pass."""

    def __init__(self, jump: Callable[[float], None]) -> None:
        super().__init__()
        self._jump = jump

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("nothing is due any more: whoever waits, waits for ever")
        self._jump(max(0.0, timeout))
        return []
