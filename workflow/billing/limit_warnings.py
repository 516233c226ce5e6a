"""Warnings before the limits of a server and of everything: recorded by the order that crosses one.

Each is told once: a threshold of a limit is crossed again only after its period, or a change of the
limit.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.limit_warnings import LimitCrossing, find_crossings
from domain.money import MicroUSD
from domain.quotas import LimitUsage, Period, RemainingQuota, Scope, period_name
from storage import key_value
from workflow.context import Context
from workflow.reliability import run_once_per

_PREFIX: Final = "limit warning "
EVERYTHING_ID: Final = 0
"""Takes the place of a server's id where a limit is that of everything."""


@dataclass(frozen=True, slots=True)
class LimitWarning:
    """A crossing to announce, and the server whose limit it is."""

    guild_id: int
    crossing: LimitCrossing

    @property
    def key(self) -> str:
        """Name what is told once: the period, its limit and the threshold."""
        usage = self.crossing.usage
        start = period_name(usage.period, usage.resets_at_ms - 1)
        return f"{start}/{self.crossing.limit}/{self.crossing.threshold}"


TellWarning = Callable[[LimitWarning], Awaitable[bool]]
"""Announces a crossing once; returns False if it must be tried again."""


class _Recorded(BaseModel):
    """A warning as it is stored; times in Unix milliseconds."""

    threshold: int
    scope: Scope
    period: Period
    limit: MicroUSD
    used: MicroUSD
    resets_at_ms: int


async def record_crossings(
    tx: AsyncConnection, guild_id: int, remaining: RemainingQuota, price: MicroUSD
) -> None:
    """Record which limits of the server, and of everything, a hold of `price` has crossed."""
    for scope, id_ in ((Scope.SERVER, guild_id), (Scope.EVERYTHING, EVERYTHING_ID)):
        for crossing in find_crossings(remaining.usages, scope, price):
            await _record(tx, LimitWarning(id_, crossing))


async def list_warnings(tx: AsyncConnection, now_ms: int) -> list[LimitWarning]:
    """List the last warning of each limit whose period goes on, told or not."""
    found = [_parse(key, value) for key, value in await key_value.list_prefixed(tx, _PREFIX)]
    return [warning for warning in found if warning.crossing.usage.resets_at_ms > now_ms]


async def list_warnings_of(tx: AsyncConnection, guild_id: int, now_ms: int) -> list[LimitWarning]:
    """List the last warnings of one server."""
    found = list[LimitWarning]()
    for period in Period:
        value = await key_value.get(tx, key := _key(guild_id, period))
        if value is not None:
            found.append(_parse(key, value))
    return [warning for warning in found if warning.crossing.usage.resets_at_ms > now_ms]


async def tell_once(context: Context, warning: LimitWarning, tell: TellWarning) -> None:
    """Announce a warning that has not been announced, once over all processes."""
    period = warning.crossing.usage.period

    async def tell_warning(_earlier_ms: int | None) -> bool:
        return await tell(warning)

    name = f"limit told {warning.guild_id} {period}"
    await run_once_per(context, name, warning.key, tell_warning)


async def _record(tx: AsyncConnection, warning: LimitWarning) -> None:
    usage, threshold = warning.crossing.usage, warning.crossing.threshold
    key = _key(warning.guild_id, usage.period)
    value = await key_value.get(tx, key)
    if value is not None:
        before = _parse(key, value).crossing
        is_same = (before.limit, before.usage.resets_at_ms) == (usage.limit, usage.resets_at_ms)
        if is_same and threshold <= before.threshold:
            return
    recorded = _Recorded(
        threshold=threshold,
        scope=usage.scope,
        period=usage.period,
        limit=warning.crossing.limit,
        used=usage.used,
        resets_at_ms=usage.resets_at_ms,
    )
    await key_value.put(tx, key, recorded.model_dump_json())


def _key(guild_id: int, period: Period) -> str:
    return f"{_PREFIX}{guild_id} {period}"


def _parse(key: str, value: str) -> LimitWarning:
    recorded = _Recorded.model_validate_json(value)
    usage = LimitUsage(
        scope=recorded.scope,
        period=recorded.period,
        limit=recorded.limit,
        used=recorded.used,
        resets_at_ms=recorded.resets_at_ms,
    )
    crossing = LimitCrossing(threshold=recorded.threshold, usage=usage)
    return LimitWarning(int(key.removeprefix(_PREFIX).split()[0]), crossing)
