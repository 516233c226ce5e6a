"""Removes the files that no server wants kept any longer: what members gave, and their videos.

Inputs that are the same on several servers lie there once: they stay as long as any of them wants.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from domain.durations import DAY_MS, DAY_S
from domain.guild_settings import GuildSettings
from storage import media_usage
from storage.media_usage import InputUse, VideoJob
from workflow.context import Context
from workflow.guilds import settings
from workflow.urls.input_urls import input_media

_log = structlog.get_logger(__name__)

_DEFAULTS: Final = GuildSettings()


@dataclass(frozen=True, slots=True)
class Swept:
    """How many files were removed."""

    inputs: int
    videos: int


async def sweep(context: Context) -> Swept:
    """Remove the inputs and the videos whose time is over, and videos of which no job knows.

    A video that may yet be posted stays, and so does what a job on its way was given. To be
    called now and then; several processes may do so.
    """
    chosen = await settings.read_all(context)
    swept = Swept(await _sweep_inputs(context, chosen), await _sweep_videos(context, chosen))
    if swept.inputs or swept.videos:
        _log.info("old files removed", inputs=swept.inputs, videos=swept.videos)
    return swept


async def _sweep_inputs(context: Context, chosen: Mapping[int, GuildSettings]) -> int:
    days = {guild_id: one.keep_inputs_days for guild_id, one in chosen.items()}
    every = (_DEFAULTS.keep_inputs_days, *days.values())
    shortest_s = min(every) * DAY_S
    if not await asyncio.to_thread(context.media.list_old_inputs, shortest_s):
        return 0
    now_ms = context.now_ms()
    since_ms = now_ms - max(every) * DAY_MS
    uses = await context.database.read(lambda tx: media_usage.list_input_uses(tx, since_ms))
    wanted = _wanted(uses, days, now_ms)
    return await asyncio.to_thread(context.media.remove_old_inputs, shortest_s, wanted)


def _wanted(uses: Iterable[InputUse], days: Mapping[int, int], now_ms: int) -> frozenset[str]:
    """Name the inputs that some server wants kept, or some job may need."""
    return frozenset(
        medium.kept
        for use in uses
        if not use.ended
        or now_ms - use.created_at_ms < days.get(use.guild_id, _DEFAULTS.keep_inputs_days) * DAY_MS
        for medium in input_media(use.request)
        if medium.kept is not None
    )


async def _sweep_videos(context: Context, chosen: Mapping[int, GuildSettings]) -> int:
    days = {guild_id: one.keep_results_days for guild_id, one in chosen.items()}
    shortest_s = min((_DEFAULTS.keep_results_days, *days.values())) * DAY_S
    names = await asyncio.to_thread(context.media.list_old_videos, shortest_s)
    job_ids = [name.removesuffix(".mp4") for name in names]
    known = await context.database.read(lambda tx: media_usage.get_video_jobs(tx, job_ids))
    now_ms = context.now_ms()
    over = [job_id for job_id in job_ids if _is_over(known.get(job_id), days, now_ms)]
    for job_id in over:
        await asyncio.to_thread(context.media.remove_video, f"{job_id}.mp4")
    return len(over)


def _is_over(job: VideoJob | None, days: Mapping[int, int], now_ms: int) -> bool:
    """Tell whether a video's time is over; that of one that no job knows is."""
    if job is None:
        return True
    kept_ms = days.get(job.guild_id, _DEFAULTS.keep_results_days) * DAY_MS
    return job.ended_at_ms is not None and now_ms - job.ended_at_ms >= kept_ms
