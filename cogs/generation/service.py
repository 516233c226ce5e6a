"""The desk that every request for a video passes: checked, priced, put on the belt, answered."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import discord
from discord import ui

from cogs.generation import refusals
from cogs.generation.retry import RetryDraft, RetryModals
from cogs.publishing.ephemeral_replies import EphemeralReplies
from cogs.ui import text, views
from cogs.ui.buttons import ActionButton, ButtonAction
from cogs.ui.i18n import _, format_usd
from cogs.ui.interactions import UserError, role_ids
from cogs.ui.notify_button import NotifyButton
from cogs.ui.ttl_store import TTLStore
from domain.errors import RulesViolated
from domain.guild_rules import RequestOrigin, apply_guild_rules, privacy_violations
from domain.money import MicroUSD
from domain.pricing import quote
from domain.requests import Draft, VideoRequest, build_request
from domain.violations import Source, Violation, ViolationCode
from workflow.billing.quotas import Member, read_quota_status
from workflow.context import Context
from workflow.errors import CooldownActive, OverLimit, QueueFull, TooManyInFlight
from workflow.guilds.notifications import wants_done_notification
from workflow.guilds.presets import apply_preset
from workflow.guilds.prompt_history import resolve_prompt_token
from workflow.guilds.settings import read
from workflow.results.rerun import IdempotencyKeys
from workflow.stages.accept import Accepted, Order, accept
from workflow.worker import Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingConfirmation:
    """An order as it was given, and the price that its member is asked to agree to."""

    user_id: int
    draft: Draft
    keys: IdempotencyKeys
    retry: RetryDraft | None
    price: MicroUSD


def needs_confirmation(
    price: MicroUSD, agreed_price: MicroUSD | None, confirm_above: MicroUSD | None
) -> bool:
    """Tell whether to ask: a price above the server's mark, or another than was agreed to."""
    if agreed_price is not None:
        return price != agreed_price
    return confirm_above is not None and price > confirm_above


class PriceConfirmations:
    """Asks with a button that has the price on it; what is asked is forgotten with the process."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._asked = TTLStore[PendingConfirmation](context.now_ms)

    async def ask(
        self, interaction: discord.Interaction[Any], pending: PendingConfirmation
    ) -> ui.LayoutView:
        """Keep an order and lay out the question; nothing is held yet."""
        assert interaction.guild_id is not None, "videos are asked for in servers only"
        member = Member(interaction.guild_id, pending.user_id, role_ids(interaction.user))
        left = (await read_quota_status(self._context, member)).remaining
        key = str(interaction.id)
        self._asked.put(key, pending)
        asking = _("This costs **{price}**. Shall it be spent?", price=format_usd(pending.price))
        spend = ActionButton(
            ButtonAction.CONFIRM_PRICE, key, text.format_spend_label(pending.price)
        )
        return views.render_question(f"{asking}\n{text.format_remaining_quota(left)}", spend)

    def find(self, key: str, user_id: int) -> PendingConfirmation | None:
        """Find what a member was asked, if it is still kept."""
        return self._asked.get(key, user_id)


_ROOMS: Final = (
    discord.TextChannel,
    discord.VoiceChannel,
    discord.StageChannel,
    discord.ForumChannel,
)


def request_origin(interaction: discord.Interaction[Any]) -> RequestOrigin:
    """Tell where an interaction comes from, and which roles its member has."""
    assert interaction.channel_id is not None, "an interaction comes from a channel"
    channel = interaction.channel
    return RequestOrigin(
        channel_id=interaction.channel_id,
        parent_id=channel.parent_id if isinstance(channel, discord.Thread) else None,
        age_restricted=is_age_restricted(channel),
        role_ids=role_ids(interaction.user),
    )


def is_age_restricted(channel: object) -> bool:
    """Tell whether a channel, or that of a thread, is age-restricted; no if it is not known."""
    room = channel.parent if isinstance(channel, discord.Thread) else channel
    return isinstance(room, _ROOMS) and room.is_nsfw()


_FIXABLE: Final = frozenset({Source.FORM, Source.ATTACHMENT})
"""Where a mistake lies that can be corrected in the form that a refusal opens."""


_Interaction = discord.Interaction[Any]


class GenerationService:
    """Takes drafts from commands, buttons and forms."""

    def __init__(
        self,
        context: Context,
        worker: Worker,
        ephemeral_replies: EphemeralReplies,
        retries: RetryModals,
    ) -> None:
        self._context = context
        self._worker = worker
        self._ephemeral_replies = ephemeral_replies
        self._retries = retries
        self._confirmations = PriceConfirmations(context)

    async def request_video(
        self,
        interaction: _Interaction,
        draft: Draft,
        keys: IdempotencyKeys | None = None,
        retry: RetryDraft | None = None,
        *,
        agreed_price: MicroUSD | None = None,
    ) -> ui.LayoutView:
        """Put a draft on the belt and give the private answer: the price, or every broken rule.

        The same order under one of its `keys` is one job; a refusal that a form can fix keeps
        `retry` with the draft in it, and gets a button that opens the form.
        Instead of a price that is dear on the server, or another than the member has `agreed` to,
        the answer is a question.
        """
        assert interaction.guild_id is not None, "videos are asked for in servers only"
        keys = keys or IdempotencyKeys(interaction.id)
        draft = await resolve_prompt_token(
            self._context, interaction.guild_id, interaction.user.id, draft
        )
        try:
            request, ask_above = await self._checked(interaction, draft)
            price = quote(request).amount
            if needs_confirmation(price, agreed_price, ask_above):
                asked = PendingConfirmation(
                    user_id=interaction.user.id,
                    draft=draft,
                    keys=keys,
                    retry=retry,
                    price=price,
                )
                return await self._confirmations.ask(interaction, asked)
            news = await self._accept(interaction, request, keys, private=draft.private)
        except RulesViolated as error:
            button = None
            if retry is not None and _is_fixable(error.violations):
                button = self._retries.keep(interaction.id, retry, draft)
            return views.render_refusal(error.violations, button)
        if news.job.private:
            self._ephemeral_replies.remember(news.job.id, interaction, shows_status=True)
        self._worker.wake()
        cancel = ActionButton(ButtonAction.CANCEL, news.job.id)
        costs = self._context.policy.charge_failed_tasks
        return views.render_accepted(news, cancel, *await self._bell(news), charge_failures=costs)

    async def confirm(self, interaction: _Interaction, key: str) -> ui.LayoutView:
        """Put on the belt what its member was asked about, and has agreed to with a click.

        Raises:
            UserError: the question was asked too long ago.
        """
        asked = self._confirmations.find(key, interaction.user.id)
        if asked is None:
            raise UserError(
                _("This question has waited too long, and nothing was spent. Ask for it again.")
            )
        return await self.request_video(
            interaction, asked.draft, asked.keys, asked.retry, agreed_price=asked.price
        )

    async def _bell(self, news: Accepted) -> list[ui.Item[Any]]:
        """Make the button about messages when done; a private video comes as one anyway."""
        job = news.job
        if job.private:
            return []
        told = await wants_done_notification(self._context, job.guild_id, job.user_id)
        return [NotifyButton(job.guild_id, enabled=not told)]

    async def _checked(
        self, interaction: _Interaction, draft: Draft
    ) -> tuple[VideoRequest, MicroUSD | None]:
        """Make the request of a draft, and tell above which price its member is to be asked."""
        assert interaction.guild_id is not None, "videos are asked for in servers only"
        draft = await apply_preset(self._context, interaction.guild_id, draft)
        settings = await read(self._context, interaction.guild_id)
        # Patterns that managers wrote take their time, though never much.
        draft = await asyncio.to_thread(
            apply_guild_rules, settings, request_origin(interaction), draft
        )
        place = (
            *privacy_violations(settings, draft),
            *([] if draft.private else _permission_violations(interaction)),
        )
        request = build_request(replace(draft, violations=(*draft.violations, *place)))
        return request, settings.confirm_above

    async def _accept(
        self,
        interaction: _Interaction,
        request: VideoRequest,
        keys: IdempotencyKeys,
        *,
        private: bool,
    ) -> Accepted:
        """Put a request on the belt; what the quota or the queue says no to is a broken rule."""
        assert interaction.guild_id is not None, "videos are asked for in servers only"
        assert interaction.channel_id is not None, "an interaction comes from a channel"
        order = Order(
            interaction_id=keys.own,
            duplicate_keys=keys.duplicates,
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
            broken = refusals.quota_violations(error, quote(request).amount)
        except QueueFull as error:
            broken = [refusals.queue_violation(error)]
        except TooManyInFlight as error:
            broken = [refusals.in_flight_violation(error)]
        except CooldownActive as error:
            broken = [refusals.cooldown_violation(error)]
        raise RulesViolated(broken)


def _is_fixable(violations: Sequence[Violation]) -> bool:
    """Tell whether a form can mend one of the mistakes at least."""
    return any(violation.source in _FIXABLE for violation in violations)


def _permission_violations(interaction: _Interaction) -> list[Violation]:
    """Name what the bot lacks in this channel to post a video there later."""
    in_thread = isinstance(interaction.channel, discord.Thread)
    send = "send_messages_in_threads" if in_thread else "send_messages"
    allowed = interaction.app_permissions
    needed = ("view_channel", send, "attach_files")
    lacking = tuple(name for name in needed if not getattr(allowed, name))
    if not lacking:
        return []
    return [Violation.of(ViolationCode.PERMISSIONS_MISSING, Source.CHANNEL, permissions=lacking)]
