"""The doctor: everything that the service needs, looked at one by one."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import click

from bot.cli import (
    database_checks,
    discord_checks,
    local_checks,
    money_checks,
    server_checks,
)
from bot.cli.findings import Check, Finding, Level, Unreachable
from bot.settings import Settings
from domain.errors import Outage
from storage.errors import SchemaTooOld

_CHECKS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "limits": local_checks.check_limits,
        "token": discord_checks.check_token,
        "permissions": discord_checks.check_permissions,
        "servers": server_checks.check_servers,
        "gateway": discord_checks.check_gateway,
        "clock": discord_checks.check_clock,
        "key and balance": money_checks.check_balance,
        "database": database_checks.check_database,
        "jobs": database_checks.check_jobs,
        "reconciliation": money_checks.check_reconciliation,
        "disk": local_checks.check_disk,
        "port": local_checks.check_port,
        "commands": discord_checks.check_commands,
    }
)
_WAITS: Final = "the service waits until that is over, and makes no video meanwhile"
_MARKS: Final[Mapping[Level, tuple[str, str]]] = MappingProxyType(
    {
        Level.OK: ("ok   ", "green"),
        Level.WARNING: ("WARN ", "yellow"),
        Level.FAILURE: ("FAIL ", "red"),
    }
)


async def run_checks(settings: Settings, *, as_json: bool) -> int:
    """Print one line per check, or all as JSON, and return the exit code: 1 if any failed.

    JSON is `{"ok": bool, "checks": [{"name", "level", "text"}]}`; levels are `ok`, `warning` and
    `failure`.
    """
    checks = dict(_CHECKS)
    if settings.public_url is not None:
        checks["public address"] = local_checks.check_public_address
    findings = {"settings": Finding("every one can be used")}
    if not as_json:
        _print("settings", findings["settings"])
    for name, check in checks.items():
        findings[name] = await _run_check(check, settings)
        if not as_json:
            _print(name, findings[name])
    is_ok = all(finding.level is not Level.FAILURE for finding in findings.values())
    if as_json:
        shown = [
            {"name": name, "level": one.level, "text": one.text} for name, one in findings.items()
        ]
        click.echo(json.dumps({"ok": is_ok, "checks": shown}))
    return 0 if is_ok else 1


async def _run_check(check: Check, settings: Settings) -> Finding:
    try:
        return await check(settings)
    except (Unreachable, Outage) as error:
        if isinstance(error, Outage) and not error.ends_by_itself:
            return Finding(str(error), Level.FAILURE)
        return Finding(f"{str(error).removesuffix('.')}: {_WAITS}", Level.FAILURE)
    except SchemaTooOld:
        return Finding("not looked at before the next start has migrated the database")
    except Exception as error:  # noqa: BLE001 - the other checks go on
        return Finding(str(error) or type(error).__name__, Level.FAILURE)


def _print(name: str, finding: Finding) -> None:
    mark, colour = _MARKS[finding.level]
    click.echo(f"{click.style(mark, fg=colour)} {name}: {finding.text}")
