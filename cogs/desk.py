"""The desk that every request for a video passes: checked, priced, put on the belt, answered."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import discord
from discord import ui

from cogs import cards, words
from cogs.buttons import Act, CardButton
from cogs.members import role_ids
from domain.errors import BrokenRules
from domain.pricing import quote
from domain.requests import Draft, VideoRequest, check
from workflow.accept import Accepted, Order, accept
from workflow.again import Keys
from workflow.belt import Belt
from workflow.context import Context
from workflow.errors import AtOnce, CoolingDown, OverLimit, QueueFull

_LAST_S: Final = 5
"""For those who stand at the desk when it closes."""

_Interaction = discord.Interaction[Any]


class Desk:
    """Takes drafts from commands, buttons and forms."""

    def __init__(self, context: Context, belt: Belt) -> None:
        self._context = context
        self._belt = belt
        self._serving = set[asyncio.Task[Any]]()

    async def open(self, interaction: _Interaction) -> None:
        """Acknowledge an interaction with a private answer to come."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        self._serve_to_the_end()

    async def open_in_place(self, interaction: _Interaction) -> None:
        """Acknowledge a click on a private card, which its answer is going to replace."""
        if interaction.message is None or not interaction.message.flags.ephemeral:
            await self.open(interaction)
            return
        await interaction.response.defer()
        self._serve_to_the_end()

    async def order(
        self,
        interaction: _Interaction,
        draft: Draft,
        keys: Keys | None = None,
        mend: Callable[[], ui.Item[Any]] | None = None,
    ) -> ui.LayoutView:
        """Put a draft on the belt and give the private answer: the price, or every broken rule.

        The same order under one of its `keys` is one job; `mend` makes a button for a refusal.
        """
        problems = (*draft.problems, *_channel_problems(interaction))
        try:
            request = check(replace(draft, problems=problems))
            news = await self._accept(interaction, request, keys or Keys(interaction.id))
        except BrokenRules as error:
            return cards.refusal(error.rules, mend() if mend else None)
        self._belt.wake()
        cancel = CardButton(Act.CANCEL, news.job.id)
        costs = self._context.policy.charge_failed_tasks
        return cards.accepted(news, cancel, failures_cost=costs)

    def wake(self) -> None:
        """Have the belt look at once: something has changed for it."""
        self._belt.wake()

    async def close(self) -> None:
        """Wait a little for those who are being served."""
        if self._serving:
            await asyncio.wait(self._serving, timeout=_LAST_S)

    def _serve_to_the_end(self) -> None:
        """Let the end of the process wait a little for the interaction that this task answers."""
        serving = asyncio.current_task()
        assert serving is not None, "an interaction is answered in a task"
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)

    async def _accept(
        self, interaction: _Interaction, request: VideoRequest, keys: Keys
    ) -> Accepted:
        """Put a request on the belt; what the quota or the queue says no to is a broken rule."""
        assert interaction.guild_id is not None, "videos are asked for in servers only"
        assert interaction.channel_id is not None, "an interaction comes from a channel"
        order = Order(
            interaction_id=keys.own,
            repeats=keys.repeats,
            guild_id=interaction.guild_id,
            channel_id=interaction.channel_id,
            user_id=interaction.user.id,
            request=request,
            role_ids=role_ids(interaction.user),
        )
        try:
            return await accept(self._context, order)
        except OverLimit as error:
            raise BrokenRules(words.over_limit(error, quote(request).amount)) from None
        except QueueFull as error:
            raise BrokenRules([words.queue_full(error)]) from None
        except AtOnce as error:
            raise BrokenRules([words.at_once(error)]) from None
        except CoolingDown as error:
            raise BrokenRules([words.cooling_down(error)]) from None


def _channel_problems(interaction: _Interaction) -> list[str]:
    """Name what the bot lacks in this channel to post a video there later."""
    allowed = interaction.app_permissions
    in_thread = isinstance(interaction.channel, discord.Thread)
    needed = {
        "View Channel": allowed.view_channel,
        "Send Messages in Threads" if in_thread else "Send Messages": (
            allowed.send_messages_in_threads if in_thread else allowed.send_messages
        ),
        "Attach Files": allowed.attach_files,
    }
    lacking = [name for name, granted in needed.items() if not granted]
    if not lacking:
        return []
    return [f"I could not post the video here: I lack {', '.join(lacking)} in this channel."]
