"""CPU of a video with three processes on one PostgreSQL, against one process there.

Only the processes' CPU counts, less what they take in that time anyway; videos come one after the
other.
"""

import asyncio
import time
from pathlib import Path

from bench.bots import MeasuredBot
from bench.cluster import Cluster, run_cluster
from bench.counted_bot import Counts
from bench.figures import Figure, report, scaled

_VIDEOS, _WARM_UP = 30, 10
_IDLE_S = 15.0
_TIME_SCALE = 40.0
_PATIENCE_S = 120


def measure(share: float = 1) -> bool:
    """Print the ratio."""
    three, one = asyncio.run(_both(share))
    return report(
        f"A video on PostgreSQL (one process: {one * 1e3:.1f} ms, three: {three * 1e3:.1f} ms)",
        [Figure("CPU, three processes / one", three / one, 1.15)],
    )


async def _both(share: float) -> tuple[float, float]:
    async with run_cluster(_TIME_SCALE) as cluster:
        await cluster.start("one")
        await cluster.discord.wait_for_commands({"video"}, within=_PATIENCE_S)
        one = await _measure(cluster, share)
        await cluster.start("two")
        await cluster.start("three")
        return await _measure(cluster, share), one


async def _measure(cluster: Cluster, share: float) -> float:
    """Return the CPU seconds of a video."""
    uncounted = Counts.create(Path(cluster.make_service("counts").folder.parent, "counts"))
    bot = MeasuredBot(0, cluster.apixo, cluster.discord, uncounted)
    for _ in range(scaled(_WARM_UP, share)):
        await bot.make_video()
    await asyncio.sleep(share)
    began_s, before_s = time.monotonic(), cluster.cpu_s
    await asyncio.sleep(_IDLE_S * share)
    idle_s, idle_cpu_s = time.monotonic(), cluster.cpu_s
    videos = scaled(_VIDEOS, share)
    for _ in range(videos):
        await bot.make_video()
    await asyncio.sleep(share / 2)
    lasted = (time.monotonic() - idle_s) / (idle_s - began_s)
    return (cluster.cpu_s - idle_cpu_s - (idle_cpu_s - before_s) * lasted) / videos
