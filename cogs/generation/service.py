"""The desk that every request for a video passes: checked, priced, put on the belt, answered."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any, Final

import discord
from discord import ui

from cogs.generation import refusals
from cogs.generation.retry import Mend
from cogs.publishing.ephemeral_replies import PrivateAnswers
from cogs.ui import text, views
from cogs.ui.buttons import Act, CardButton
from cogs.ui.interactions import TurnedAway, role_ids
from cogs.ui.notify_button import TellButton
from cogs.ui.ttl_store import Drafts
from domain.catalogue import t
from domain.errors import BrokenRules
from domain.guild_rules import Asker, admitted, privacy_rules
from domain.money import MicroUSD, show_usd
from domain.pricing import quote
from domain.requests import Draft, VideoRequest, check
from workflow.billing.quotas import Member, standing
from workflow.context import Context
from workflow.errors import AtOnce, CoolingDown, OverLimit, QueueFull
from workflow.guilds.notifications import is_told
from workflow.guilds.presets import applied
from workflow.guilds.prompt_history import recalled
from workflow.guilds.settings import read
from workflow.results.rerun import Keys
from workflow.stages.accept import Accepted, Order, accept
from workflow.worker import Belt


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An order as it was given, and the price that its member is asked to agree to."""

    user_id: int
    draft: Draft
    keys: Keys
    mend: Mend | None
    price: MicroUSD


def is_needed(price: MicroUSD, agreed: MicroUSD | None, above: MicroUSD | None) -> bool:
    """Tell whether to ask: a price above the server's mark, or another than was agreed to."""
    if agreed is not None:
        return price != agreed
    return above is not None and price > above


class Consent:
    """Asks with a button that has the price on it; what is asked is forgotten with the process."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._asked = Drafts[Asked](context.now_ms)

    async def question(self, interaction: discord.Interaction[Any], asked: Asked) -> ui.LayoutView:
        """Keep an order and lay out the question; nothing is held yet."""
        assert interaction.guild_id is not None, "videos are asked for in servers only"
        member = Member(interaction.guild_id, asked.user_id, role_ids(interaction.user))
        left = (await standing(self._context, member)).left
        key = str(interaction.id)
        self._asked.keep(key, asked)
        asking = t("This costs **{price}**. Shall it be spent?", price=show_usd(asked.price))
        spend = CardButton(Act.CONFIRM, key, text.spend(asked.price))
        return views.question(f"{asking}\n{text.what_is_left(left)}", spend)

    def find(self, key: str, user_id: int) -> Asked | None:
        """Find what a member was asked, if it is still kept."""
        return self._asked.find(key, user_id)


_ROOMS: Final = (
    discord.TextChannel,
    discord.VoiceChannel,
    discord.StageChannel,
    discord.ForumChannel,
)


def asker_of(interaction: discord.Interaction[Any]) -> Asker:
    """Tell where an interaction comes from, and which roles its member has."""
    assert interaction.channel_id is not None, "an interaction comes from a channel"
    channel = interaction.channel
    return Asker(
        channel_id=interaction.channel_id,
        parent_id=channel.parent_id if isinstance(channel, discord.Thread) else None,
        adults_only=is_adults_only(channel),
        role_ids=role_ids(interaction.user),
    )


def is_adults_only(channel: object) -> bool:
    """Tell whether a channel, or that of a thread, is age-restricted; no if it is not known."""
    room = channel.parent if isinstance(channel, discord.Thread) else channel
    return isinstance(room, _ROOMS) and room.is_nsfw()


_LAST_S: Final = 5
"""For those who stand at the desk when it closes."""

_PLAIN: Final = "a plain prompt"
"""Nothing in it breaks a rule."""

_Interaction = discord.Interaction[Any]


class _Hopeless(BrokenRules):
    """An order that is refused whatever is typed into a form."""


class Desk:
    """Takes drafts from commands, buttons and forms."""

    def __init__(self, context: Context, belt: Belt, answers: PrivateAnswers) -> None:
        self._answers = answers
        self._context = context
        self._belt = belt
        self._consent = Consent(context)
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
        await self.open_to_change(interaction)

    async def open_to_change(self, interaction: _Interaction) -> None:
        """Acknowledge a click on a card that only its member sees, and that is going to change."""
        await interaction.response.defer()
        self._serve_to_the_end()

    async def order(
        self,
        interaction: _Interaction,
        draft: Draft,
        keys: Keys | None = None,
        mend: Mend | None = None,
        *,
        agreed: MicroUSD | None = None,
    ) -> ui.LayoutView:
        """Put a draft on the belt and give the private answer: the price, or every broken rule.

        The same order under one of its `keys` is one job; `mend` makes a button for a refusal
        that a form can mend.
        Instead of a price that is dear on the server, or another than the member has `agreed` to,
        the answer is a question.
        """
        assert interaction.guild_id is not None, "videos are asked for in servers only"
        keys = keys or Keys(interaction.id)
        draft = await recalled(self._context, interaction.guild_id, interaction.user.id, draft)
        try:
            request, ask_above = await self._checked(interaction, draft)
            price = quote(request).amount
            if is_needed(price, agreed, ask_above):
                asked = Asked(
                    user_id=interaction.user.id, draft=draft, keys=keys, mend=mend, price=price
                )
                return await self._consent.question(interaction, asked)
            news = await self._accept(interaction, request, keys, private=draft.private)
        except _Hopeless as error:
            return views.refusal(error.rules)
        except BrokenRules as error:
            return views.refusal(error.rules, mend(draft) if mend else None)
        if news.job.private:
            self._answers.keep(news.job.id, interaction, shows_state=True)
        self._belt.wake()
        cancel = CardButton(Act.CANCEL, news.job.id)
        costs = self._context.policy.charge_failed_tasks
        return views.accepted(news, cancel, *await self._bell(news), failures_cost=costs)

    async def confirm(self, interaction: _Interaction, key: str) -> None:
        """Put on the belt what its member was asked about, and has agreed to with a click."""
        await self.open_in_place(interaction)
        asked = self._consent.find(key, interaction.user.id)
        if asked is None:
            raise TurnedAway(
                t("This question has waited too long, and nothing was spent. Ask for it again.")
            )
        card = await self.order(
            interaction, asked.draft, asked.keys, asked.mend, agreed=asked.price
        )
        await interaction.edit_original_response(view=card)

    def answer_privately(self, interaction: _Interaction, job_id: str) -> None:
        """Let a private result come by this interaction, if it can not come directly."""
        self._answers.keep(job_id, interaction, shows_state=False)

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

    async def _bell(self, news: Accepted) -> list[ui.Item[Any]]:
        """Make the button about messages when done; a private video comes as one anyway."""
        job = news.job
        if job.private:
            return []
        told = await is_told(self._context, job.guild_id, job.user_id)
        return [TellButton(job.guild_id, wanted=not told)]

    async def _checked(
        self, interaction: _Interaction, draft: Draft
    ) -> tuple[VideoRequest, MicroUSD | None]:
        """Make the request of a draft, and tell above which price its member is to be asked."""
        assert interaction.guild_id is not None, "videos are asked for in servers only"
        given = draft
        draft = await applied(self._context, interaction.guild_id, draft)
        not_in_form = draft.problems[len(given.problems) :]
        settings = await read(self._context, interaction.guild_id)
        # Patterns that managers wrote take their time, though never much.
        draft = await asyncio.to_thread(admitted, settings, asker_of(interaction), draft)
        place = (
            *privacy_rules(settings, draft),
            *([] if draft.private else _channel_problems(interaction)),
        )
        try:
            request = check(replace(draft, problems=(*draft.problems, *place)))
        except BrokenRules as error:
            plain = Draft(command=given.command, prompt=_PLAIN)
            never = await asyncio.to_thread(admitted, settings, asker_of(interaction), plain)
            if {*error.rules} <= {*not_in_form, *place, *never.problems}:
                raise _Hopeless(error.rules) from None
            raise
        return request, settings.confirm_above

    async def _accept(
        self, interaction: _Interaction, request: VideoRequest, keys: Keys, *, private: bool
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
            private=private,
        )
        try:
            return await accept(self._context, order)
        except OverLimit as error:
            raise _Hopeless(refusals.over_limit(error, quote(request).amount)) from None
        except QueueFull as error:
            raise _Hopeless([refusals.queue_full(error)]) from None
        except AtOnce as error:
            raise _Hopeless([refusals.at_once(error)]) from None
        except CoolingDown as error:
            raise _Hopeless([refusals.cooling_down(error)]) from None


def _channel_problems(interaction: _Interaction) -> list[str]:
    """Name what the bot lacks in this channel to post a video there later."""
    allowed = interaction.app_permissions
    in_thread = isinstance(interaction.channel, discord.Thread)
    needed = {
        t("View Channel"): allowed.view_channel,
        t("Send Messages in Threads") if in_thread else t("Send Messages"): (
            allowed.send_messages_in_threads if in_thread else allowed.send_messages
        ),
        t("Attach Files"): allowed.attach_files,
    }
    lacking = [name for name, granted in needed.items() if not granted]
    if not lacking:
        return []
    return [
        t(
            "I could not post the video here: I lack {permissions} in this channel.",
            permissions=", ".join(lacking),
        )
    ]
