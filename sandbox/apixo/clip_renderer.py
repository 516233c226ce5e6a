"""Renders the clips of tasks without holding up the server."""

import asyncio
import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from PIL import Image

from sandbox.apixo.clips import (
    minimal_clip,
    pad_to_size,
    picture_file,
    render_clip,
    sound_file,
)
from sandbox.apixo.clock import ScaledClock
from sandbox.apixo.tasks import Task

_log = logging.getLogger(__name__)


class ClipRenderer:
    """Draws clips in threads of its own, into a folder that goes when it closes."""

    def __init__(self, kind: Literal["drawn", "tiny"], pace: ScaledClock) -> None:
        self._is_tiny = kind == "tiny"
        self._scaled_clock = pace
        self._folder = TemporaryDirectory(prefix="apixo-standin-")
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="apixo-clips")
        self._stop = threading.Event()
        self._running: set[asyncio.Task[None]] = set()

    def render(self, task: Task, pictures: Sequence[Image.Image]) -> asyncio.Future[None]:
        """Have a task's clip drawn; the task is ready when the future is done."""
        drawing = asyncio.ensure_future(self._make(task, pictures))
        self._running.add(drawing)
        drawing.add_done_callback(self._running.discard)
        return drawing

    def clip_path(self, task: Task) -> Path:
        """Return where a task's clip lies once it is ready."""
        return Path(self._folder.name, task.file_name)

    async def close(self) -> None:
        """Stop drawing and remove every clip."""
        self._stop.set()
        for drawing in self._running:
            drawing.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        self._folder.cleanup()

    async def _make(self, task: Task, pictures: Sequence[Image.Image]) -> None:
        try:
            await self._write(task, pictures)
            pad_to_size(self.clip_path(task), task.directives.min_result_megabytes)
            task.ready_at = self._scaled_clock.now()
        except Exception:  # noqa: BLE001 - whatever it was, the task must end as upstream's would
            _log.exception("The clip of task %s could not be drawn", task.id)
            task.fail_code = "Unknown error"

    async def _write(self, task: Task, pictures: Sequence[Image.Image]) -> None:
        path, wanted = self.clip_path(task), task.directives
        seconds = wanted.clip_seconds or task.submission.duration
        if wanted.file_kind != "video":
            path.write_bytes(picture_file() if wanted.file_kind == "picture" else sound_file())
        elif self._is_tiny:
            path.write_bytes(minimal_clip(seconds))
        else:
            order = replace(task.submission, duration=seconds)
            arguments = (path, order, pictures, self._stop)
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._threads, render_clip, *arguments)
