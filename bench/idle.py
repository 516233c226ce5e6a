"""What the service takes while nobody asks for anything, as a share of a core, over two minutes."""

import asyncio
import time

from bench.bots import OURS, run_bot
from bench.figures import Figure, report

_SETTLED_S = 8.0
_WATCHED_S = 120.0


def measure(share: float = 1) -> bool:
    """Print the share in percent, and what is done to the database meanwhile."""
    percent, statements = asyncio.run(_watch(share))
    return report(
        f"The service at rest ({statements:.2f} statements of SQLite a second)",
        [Figure("CPU of a core", percent, 0.5, " %")],
    )


async def _watch(share: float) -> tuple[float, float]:
    async with run_bot(OURS, 1) as bot:
        await asyncio.sleep(_SETTLED_S * share)
        began_s, cpu_s, (_, statements) = time.monotonic(), bot.cpu_s, bot.counts.read()
        await asyncio.sleep(_WATCHED_S * share)
        lasted_s = time.monotonic() - began_s
        return (
            100 * (bot.cpu_s - cpu_s) / lasted_s,
            (bot.counts.read()[1] - statements) / lasted_s,
        )
