"""Writes to the operator when jobs were parked, and when the service has stopped by itself."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

from cogs.operator import words
from cogs.operator.owners import Operators
from domain.catalogue import n, t
from domain.jobs import JobState
from domain.money import ZERO, show_usd
from workflow.context import Context
from workflow.operator import fuse, report_parked
from workflow.operator.operate import Exposure
from workflow.room import Room


class OperatorNews:
    """What the operator has to hear of by themselves; each duty is to be done again and again."""

    def __init__(self, context: Context, operators: Operators) -> None:
        self._context = context
        self._operators = operators

    @property
    def duties(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """List the duties by name."""
        return {"parked jobs": self._parked, "fuse": self._fuse}

    async def _parked(self) -> None:
        await report_parked.report(self._context, self._tell_parked)

    async def _fuse(self) -> None:
        await fuse.mind(self._context, self._tell_fuse)

    async def _tell_parked(self, states: Counter[JobState]) -> bool:
        listed = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        said = n(
            "{count} job waits for your decision ({listed}): /operator parked",
            "{count} jobs wait for your decision ({listed}): /operator parked",
            states.total(),
            listed=listed,
        )
        return await self._operators.tell(said)

    async def _tell_fuse(self, news: fuse.News) -> bool:
        said = words.no_room(news) if isinstance(news, Room) else _exposed(news)
        return await self._operators.tell(said)


def _exposed(exposure: Exposure) -> str:
    return t(
        "Nothing more is submitted: {amount} may have been spent today without an answer, and "
        "{limit} is the limit. See /operator parked, then /operator resume.",
        amount=show_usd(exposure.amount),
        limit=show_usd(exposure.limit or ZERO),
    )
