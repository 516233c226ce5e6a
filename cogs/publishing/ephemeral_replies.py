"""Remembers the private answers to orders of private videos, for as long as they can be changed.

A token of an interaction lives 15 minutes, speaks for its member, and stays in memory alone.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import discord
import structlog
from discord import ui

from domain.job_view import JobView

_log = structlog.get_logger(__name__)

_KEPT_MS: Final = 14 * 60_000
"""A little less than the token lives, for what is sent with it takes its time."""

_MOST: Final = 1_000

_Interaction = discord.Interaction[Any]


@dataclass(slots=True)
class _Answer:
    interaction: _Interaction
    since_ms: int
    shows_state: bool
    is_spent: bool = False


class EphemeralReplies:
    """Keeps, of each user, their latest interaction about a private job: none finds another's."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._kept = OrderedDict[tuple[str, int], _Answer]()

    def remember(self, job_id: str, interaction: _Interaction, *, shows_status: bool) -> None:
        """Keep an interaction; its own answer may show the job's state if it says nothing else."""
        key = job_id, interaction.user.id
        self._kept[key] = _Answer(interaction, self._now_ms(), shows_status)
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)

    async def update_status(self, job: JobView, view: ui.LayoutView) -> None:
        """Show the state of a job in the private answer to its order, if that is still possible."""
        answer = self._find(job)
        if answer is None or not answer.shows_state:
            return
        try:
            await answer.interaction.edit_original_response(view=view)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            _log.warning("private answer not changed", job=job.id, error=str(error))

    def take_interaction(self, job: JobView) -> _Interaction | None:
        """Give the interaction by which the result may be sent, once: such a post has no nonce."""
        answer = self._find(job)
        if answer is None or answer.is_spent:
            return None
        answer.is_spent = True
        return answer.interaction

    def _find(self, job: JobView) -> _Answer | None:
        key = job.id, job.user_id
        answer = self._kept.get(key)
        if answer is not None and self._now_ms() - answer.since_ms > _KEPT_MS:
            del self._kept[key]
            return None
        return answer
