"""Memory and stalls while twenty videos of 50 MiB are fetched and posted at once.

The service is built by its own composition root, in this process; the stand-ins run in another.
"""

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

from bench.figures import Figure, report, scaled
from bench.process_watch import PeakMemory, longest_stall, own_bytes
from bench.stand_ins import run_stand_ins
from bot import app, client
from bot.settings import Settings
from cogs.jobs.cog import JobButtonsCog
from domain.jobs import JobState
from domain.requests import Draft, GenerationCommand, build_request
from storage import jobs
from workflow.context import Context
from workflow.stages.accept import Order, accept

_VIDEOS = 20
_MEGABYTES = 52
"""The most whole megabytes that fit into 50 MiB, the limit of a server of tier 2."""

_MIB = 1024 * 1024


def measure(share: float = 1) -> bool:
    """Print peak memory above idle, and the longest time that the event loop stood still."""
    videos, megabytes = scaled(_VIDEOS, share), scaled(_MEGABYTES, share)
    peak_bytes, stall_s = asyncio.run(_deliver(videos, megabytes))
    return report(
        f"{videos} videos of {megabytes} MB at once, fetched and posted",
        [
            Figure("peak memory above idle", peak_bytes / _MIB, 3 * videos + 10, " MiB"),
            Figure("worst stall of the event loop", stall_s, 0.3, " s"),
        ],
    )


async def _deliver(videos: int, megabytes: int) -> tuple[int, float]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        beside = await stack.enter_async_context(run_stand_ins())
        settings = Settings.model_validate(
            {
                **beside["settings"],
                "database_url": f"sqlite:///{folder / 'dailies.db'}",
                "media_store": str(folder / "media"),
                "http_port": 0,
                "apixo_max_tasks": videos,
                "user_daily_limit_usd": None,
                "allowed_servers": "all",
            }
        )
        client.set_discord_urls(settings.discord_api_url, settings.discord_gateway_url)
        bot = await cast("Any", app)._build(settings, stack)
        await bot.login(settings.discord_token.get_secret_value())
        running = asyncio.create_task(bot.connect())
        await bot.wait_until_ready()
        context = bot.get_cog(JobButtonsCog.__name__)._context
        # What is loaded once is no cost of a delivery.
        await _deliver_videos(context, beside["place"], 1, megabytes)
        with PeakMemory(own_bytes) as memory:
            stall_s = await longest_stall(
                _deliver_videos(context, beside["place"], videos, megabytes)
            )
        await bot.close()
        await running
        return memory.peak - memory.idle, stall_s


async def _deliver_videos(
    context: Context, place: dict[str, Any], count: int, megabytes: int
) -> None:
    """Order videos and wait until all are posted."""
    prompt = f"a long lake [[size:{megabytes}]]"
    request = build_request(Draft(command=GenerationCommand.VIDEO, prompt=prompt))
    began = time.time_ns()
    for number in range(count):
        await accept(context, Order(interaction_id=began + number, request=request, **place))
    wanted = (await context.database.read(jobs.count_by_state)).get(JobState.DELIVERED, 0) + count
    while (await context.database.read(jobs.count_by_state)).get(JobState.DELIVERED, 0) < wanted:
        await asyncio.sleep(0.2)
