"""The lines of the operator's status about the processes of the service."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from cogs.ui import text
from cogs.ui.i18n import N_, _, ngettext
from workflow.operator.processes import Lag, ProcessStatus

_HOST_SHOWN: Final = 40
_SHOWN: Final = 12
"""Processes in one message, those that are behind first."""

_ROLES: Final = MappingProxyType(
    {
        "all": N_("does everything"),
        "gateway": N_("answers members"),
        "worker": N_("makes and posts videos"),
        "web": N_("serves links and callbacks"),
    }
)


def format_processes(processes: Sequence[ProcessStatus]) -> list[str]:
    """Return a line for each process; none where one process alone is the service."""
    if len(processes) < 2:
        return []
    shown = sorted(processes, key=lambda one: not one.lags)[:_SHOWN]
    lines = [_("**Processes**"), *(_format_process(one) for one in shown)]
    if more := len(processes) - len(shown):
        lines.append(_("and {count} more", count=more))
    return lines


def _format_process(process: ProcessStatus) -> str:
    role = _(_ROLES[process.role]) if process.role in _ROLES else process.role
    parts = [
        f"{text.sanitize(process.host, _HOST_SHOWN)} {process.version}",
        role,
        *_format_shards(process),
        *_format_work(process),
        *filter(None, (_format_lag(process, lag) for lag in process.lags)),
    ]
    return f"{'⚠️' if process.lags else '✅'} {' · '.join(parts)}"


def _format_shards(process: ProcessStatus) -> list[str]:
    if process.shards:
        return [_("shards {ids}", ids=", ".join(map(str, process.shards)))]
    return [_("standing by")] if process.role in ("all", "gateway") else []


def _format_work(process: ProcessStatus) -> list[str]:
    """Format what its worker does, and when it last ran."""
    parts = list[str]()
    if process.jobs:
        parts.append(ngettext("makes {count} video", "makes {count} videos", process.jobs))
    if process.last_turn_ms is not None:
        parts.append(_("its worker last ran <t:{at}:R>", at=process.last_turn_ms // 1000))
    return parts


def _format_lag(process: ProcessStatus, lag: Lag) -> str | None:
    match lag:
        case Lag.OLD_VERSION:
            return _("an older version: restart it")
        case Lag.NOT_SEEN:
            return _("last seen <t:{at}:R>", at=process.seen_at_ms // 1000)
        case Lag.NO_TURN if process.last_turn_ms is None:
            return _("its worker hasn't run yet")
        case Lag.NO_TURN:
            return None  # when it last ran is told of every worker
