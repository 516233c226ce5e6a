"""What makes a process stop for good at a step of a film, to be killed there."""

import asyncio
from typing import Any

from workflow.films import posting
from workflow.video_tools.film_tools import FilmTools


async def _never(*_given: Any, **_named: Any) -> None:
    await asyncio.Event().wait()


def stall_joining() -> None:
    """Let a film be joined without end."""
    FilmTools.join = _never


def stall_after_posting() -> None:
    """Let no post of a film be recorded."""
    posting._record = _never
