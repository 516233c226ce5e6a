"""Retention of files: removal of members' inputs and of videos after their servers' limits.

Identical inputs of several servers are stored once and kept for the longest of their limits.
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

_log = structlog.get_logger(__name__)

_DEFAULTS: Final = GuildSettings()
_ORPHAN_S: Final = 3_600
"""Seconds after which a kept input without a job is an orphan: a crash, or a late refusal."""


@dataclass(frozen=True, slots=True)
class Swept:
    """The number of files removed."""

    inputs: int
    videos: int


async def sweep(context: Context) -> Swept:
    """Remove the inputs and videos whose retention has ended, and videos without a job.

    Videos that may still be posted and inputs of active jobs stay. Call it periodically; several
    processes may do so.
    """
    settings_by_guild = await settings.read_all(context)
    swept = Swept(
        await _sweep_inputs(context, settings_by_guild),
        await _sweep_videos(context, settings_by_guild),
    )
    if swept.inputs or swept.videos:
        _log.info("old files removed", inputs=swept.inputs, videos=swept.videos)
    return swept


async def sweep_pending_inputs(context: Context, older_than_s: float) -> None:
    """Remove members' files of which no job was made, that long after they were last touched."""
    removed = await asyncio.to_thread(context.media.remove_pending_inputs, older_than_s)
    if removed:
        _log.info("unused files removed", inputs=removed)


async def _sweep_inputs(context: Context, settings_by_guild: Mapping[int, GuildSettings]) -> int:
    days = {
        guild_id: guild_settings.keep_inputs_days
        for guild_id, guild_settings in settings_by_guild.items()
    }
    if not await asyncio.to_thread(context.media.list_old_inputs, _ORPHAN_S):
        return 0
    now_ms = context.now_ms()
    since_ms = now_ms - max(_DEFAULTS.keep_inputs_days, *days.values(), 0) * DAY_MS
    uses = await context.database.read(lambda tx: media_usage.list_input_uses(tx, since_ms))
    keep = _inputs_to_keep(uses, days, now_ms)
    return await asyncio.to_thread(context.media.remove_old_inputs, _ORPHAN_S, keep)


def _inputs_to_keep(
    uses: Iterable[InputUse], days: Mapping[int, int], now_ms: int
) -> frozenset[str]:
    """Return the names of inputs within their retention, or of active jobs."""
    return frozenset(
        name
        for use in uses
        if not use.ended
        or now_ms - use.created_at_ms < days.get(use.guild_id, _DEFAULTS.keep_inputs_days) * DAY_MS
        for name in use.names
    )


async def _sweep_videos(context: Context, settings_by_guild: Mapping[int, GuildSettings]) -> int:
    days = {
        guild_id: guild_settings.keep_results_days
        for guild_id, guild_settings in settings_by_guild.items()
    }
    shortest_s = min((_DEFAULTS.keep_results_days, *days.values())) * DAY_S
    now_ms = context.now_ms()
    old = await _jobs_of(
        context, await asyncio.to_thread(context.media.list_old_videos, shortest_s)
    )
    expired = [job_id for job_id, job in old.items() if _is_expired(job, days, now_ms)]
    dropped = await _jobs_of(
        context, await asyncio.to_thread(context.media.list_dropped_videos, _ORPHAN_S)
    )
    # Removed by another host. What a job still has to upload is no such video.
    done = [job_id for job_id, job in dropped.items() if job is None or job.ended_at_ms is not None]
    for job_id in dict.fromkeys((*expired, *done)):
        await asyncio.to_thread(context.media.remove_video, f"{job_id}.mp4")
    return len(expired)


async def _jobs_of(context: Context, names: Iterable[str]) -> dict[str, VideoJob | None]:
    """Return the jobs of videos by id, None for a video without one."""
    job_ids = [name.removesuffix(".mp4") for name in names]
    found = await context.database.read(lambda tx: media_usage.get_video_jobs(tx, job_ids))
    return {job_id: found.get(job_id) for job_id in job_ids}


def _is_expired(job: VideoJob | None, days: Mapping[int, int], now_ms: int) -> bool:
    """Return whether a video's retention has ended; that of a video without a job has."""
    if job is None:
        return True
    kept_ms = days.get(job.guild_id, _DEFAULTS.keep_results_days) * DAY_MS
    return job.ended_at_ms is not None and now_ms - job.ended_at_ms >= kept_ms
