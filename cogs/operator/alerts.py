"""Writes to the operator when jobs were parked, and when the service has stopped by itself."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

from cogs.operator.owners import Operators
from cogs.ui.i18n import _, format_number, format_usd, ngettext
from domain.jobs import JobState
from domain.money import ZERO
from workflow.billing.balance_monitor import BalanceAlert, CreditExhausted, LowBalance
from workflow.context import Context
from workflow.disk_space import DiskSpace
from workflow.operator import alerts
from workflow.operator.control import Exposure


def format_balance_alert(news: BalanceAlert) -> str:
    """Say what has happened and what to do."""
    match news:
        case LowBalance():
            return "\n".join([_low(news), _lasts(news.days_left)])
        case CreditExhausted():
            return "\n".join(_out(news))


def format_low_disk_space(room: DiskSpace) -> str:
    """Say how much room there is for videos, how much is wanted, and what to do."""
    return _(
        "{free} GB are free where videos are kept, and below {floor} GB nothing is submitted. Free "
        "some, and it goes on by itself.",
        free=_gigabytes(room.free_bytes),
        floor=_gigabytes(room.min_free_bytes),
    )


def _gigabytes(size: int) -> str:
    return format_number(size / 1e9, decimals=1)


def _low(news: LowBalance) -> str:
    return _(
        "**APIXO's balance is low:** {balance} left, below {floor}.",
        balance=format_usd(news.balance),
        floor=format_usd(news.floor),
    )


def _lasts(days: float | None) -> str:
    if days is None:
        return _("Nothing was spent in the last 7 days.")
    if days < 1:
        return _("At the pace of the last 7 days it lasts less than a day.")
    whole = int(days)
    return ngettext(
        "At the pace of the last 7 days it lasts about a day.",
        "At the pace of the last 7 days it lasts about {count} days.",
        whole,
    )


def _out(news: CreditExhausted) -> list[str]:
    left = [] if news.balance is None else [_("The balance is {b}.", b=format_usd(news.balance))]
    return [
        _("**APIXO wants money first:** nothing is submitted any more. Top up the key."),
        *left,
        _(
            "What waits keeps its place and goes on by itself within minutes; what has waited for "
            "a day is given up, and its price goes back to its member."
        ),
    ]


class OperatorAlerts:
    """What the operator has to hear of by themselves; each duty is to be done again and again."""

    def __init__(self, context: Context, operators: Operators) -> None:
        self._context = context
        self._operators = operators

    @property
    def periodic_tasks(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """List the duties by name."""
        return {"parked jobs": self._parked, "fuse": self._fuse}

    async def _parked(self) -> None:
        await alerts.alert_parked_jobs(self._context, self._tell_parked)

    async def _fuse(self) -> None:
        await alerts.check_submission_block(self._context, self._tell_fuse)

    async def _tell_parked(self, states: Counter[JobState]) -> bool:
        listed = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        said = ngettext(
            "{count} job waits for your decision ({listed}): /operator parked",
            "{count} jobs wait for your decision ({listed}): /operator parked",
            states.total(),
            listed=listed,
        )
        return await self._operators.notify(said)

    async def _tell_fuse(self, news: alerts.SubmissionAlert) -> bool:
        said = format_low_disk_space(news) if isinstance(news, DiskSpace) else _exposed(news)
        return await self._operators.notify(said)


def _exposed(exposure: Exposure) -> str:
    return _(
        "Nothing more is submitted: {amount} may have been spent today without an answer, and "
        "{limit} is the limit. See /operator parked, then /operator resume.",
        amount=format_usd(exposure.amount),
        limit=format_usd(exposure.limit or ZERO),
    )
