"""Alerts to the operator: parked jobs, the submission block, the balance at APIXO, disk space."""

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


def format_balance_alert(alert: BalanceAlert) -> str:
    """Format an alert about the balance, with what to do."""
    match alert:
        case LowBalance():
            return "\n".join([_format_low_balance(alert), _format_days_left(alert.days_left)])
        case CreditExhausted():
            return "\n".join(_format_exhausted_credit(alert))


def format_low_disk_space(disk_space: DiskSpace) -> str:
    """Format the alert about low disk space: free and required GB, and what to do."""
    return _(
        "{free} GB are free where videos are kept, and below {floor} GB nothing is submitted. Free "
        "some, and it goes on by itself.",
        free=_gigabytes(disk_space.free_bytes),
        floor=_gigabytes(disk_space.min_free_bytes),
    )


def _gigabytes(size: int) -> str:
    return format_number(size / 1e9, decimals=1)


def _format_low_balance(alert: LowBalance) -> str:
    return _(
        "**APIXO's balance is low:** {balance} left, below {floor}.",
        balance=format_usd(alert.balance),
        floor=format_usd(alert.floor),
    )


def _format_days_left(days: float | None) -> str:
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


def _format_exhausted_credit(alert: CreditExhausted) -> list[str]:
    left = [] if alert.balance is None else [_("The balance is {b}.", b=format_usd(alert.balance))]
    return [
        _("**APIXO wants money first:** nothing is submitted any more. Top up the key."),
        *left,
        _(
            "What waits keeps its place and goes on by itself within minutes; what has waited for "
            "a day is given up, and its price goes back to its member."
        ),
    ]


class OperatorAlerts:
    """Periodic checks that alert the operator by direct message."""

    def __init__(self, context: Context, operators: Operators) -> None:
        self._context = context
        self._operators = operators

    @property
    def periodic_tasks(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """Return the periodic checks by name."""
        return {
            "parked jobs": self._alert_parked_jobs,
            "submission block": self._check_submission_block,
        }

    async def _alert_parked_jobs(self) -> None:
        await alerts.alert_parked_jobs(self._context, self._send_parked_alert)

    async def _check_submission_block(self) -> None:
        await alerts.check_submission_block(self._context, self._send_submission_alert)

    async def _send_parked_alert(self, states: Counter[JobState]) -> bool:
        listed = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        message = ngettext(
            "{count} job waits for your decision ({listed}): /operator parked",
            "{count} jobs wait for your decision ({listed}): /operator parked",
            states.total(),
            listed=listed,
        )
        return await self._operators.notify(message)

    async def _send_submission_alert(self, alert: alerts.SubmissionAlert) -> bool:
        message = (
            format_low_disk_space(alert)
            if isinstance(alert, DiskSpace)
            else _format_exposure(alert)
        )
        return await self._operators.notify(message)


def _format_exposure(exposure: Exposure) -> str:
    return _(
        "Nothing more is submitted: {amount} may have been spent today without an answer, and "
        "{limit} is the limit. See /operator parked, then /operator resume.",
        amount=format_usd(exposure.amount),
        limit=format_usd(exposure.limit or ZERO),
    )
