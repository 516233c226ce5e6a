"""Alerts to the operator: parked jobs, the submission block, the balance at APIXO, disk space."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

from cogs.operator.owners import Operators
from cogs.ui.i18n import N_, _, format_left, format_number, format_price, format_usd, ngettext
from domain.jobs import JobState
from domain.money import ZERO
from workflow.billing.balance_monitor import BalanceAlert, CreditExhausted, LowBalance
from workflow.context import Context
from workflow.disk_space import DiskSpace
from workflow.operator import alerts
from workflow.operator.control import Exposure

_STATES: Final = MappingProxyType(
    {
        JobState.QUEUED: N_("waiting"),
        JobState.SUBMITTING: N_("being sent"),
        JobState.GENERATING: N_("being made"),
        JobState.SUCCEEDED: N_("being downloaded"),
        JobState.STORED: N_("being posted"),
        JobState.POSTING: N_("being posted"),
        JobState.DELIVERED: N_("done"),
        JobState.CANCELLED: N_("cancelled"),
        JobState.REJECTED: N_("refused"),
        JobState.FAILED: N_("failed"),
        JobState.SUBMIT_UNKNOWN: N_("lost contact"),
        JobState.STUCK: N_("taking too long"),
        JobState.RESULT_LOST: N_("not downloadable"),
        JobState.UNDELIVERABLE: N_("not postable"),
        JobState.QUARANTINED: N_("something went wrong"),
    }
)


def format_state(state: JobState) -> str:
    """Format a job's state in words, for the middle of a sentence."""
    return _(_STATES[state])


def format_counts(states: Mapping[JobState, int]) -> str:
    """Format how many jobs are in each state: `2 waiting, 1 being made`."""
    counts = Counter[str]()
    for state, count in states.items():
        counts[format_state(state)] += count
    return ", ".join(f"{format_number(count)} {words}" for words, count in counts.items())


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
        (
            "Only {free} GB of disk space are left, so new videos wait. Free up {floor} GB, "
            "and they start by themselves."
        ),
        free=_gigabytes(disk_space.free_bytes),
        floor=_gigabytes(disk_space.min_free_bytes),
    )


def _gigabytes(size: int) -> str:
    return format_number(size / 1e9, decimals=1)


def _format_low_balance(alert: LowBalance) -> str:
    return _(
        "**Your APIXO balance is low:** {balance} left, below your alert at {floor}.",
        balance=format_left(alert.balance),
        floor=format_usd(alert.floor),
    )


def _format_days_left(days: float | None) -> str:
    if days is None:
        return _("Nothing was spent in the last 7 days.")
    if days < 1:
        return _("At the pace of the last 7 days, it lasts less than a day.")
    whole = int(days)
    return ngettext(
        "At the pace of the last 7 days, it lasts about a day.",
        "At the pace of the last 7 days, it lasts about {count} days.",
        whole,
    )


def _format_exhausted_credit(alert: CreditExhausted) -> list[str]:
    left = (
        []
        if alert.balance is None
        else [_("APIXO balance: {balance}", balance=format_left(alert.balance))]
    )
    return [
        _("**Out of APIXO credit.** New videos are on hold until you top up."),
        *left,
        _(
            "Waiting videos keep their spot and start within minutes of your top-up. "
            "After a day they end, and nobody pays."
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
        listed = format_counts(states)
        message = ngettext(
            "{count} video needs your decision ({listed}): `/operator parked`",
            "{count} videos need your decision ({listed}): `/operator parked`",
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
        (
            "I paused new videos: {amount} may have been spent today without an answer, and "
            "{limit} is the limit. Check `/operator parked`, then `/operator resume`."
        ),
        amount=format_price(exposure.amount),
        limit=format_usd(exposure.limit or ZERO),
    )
