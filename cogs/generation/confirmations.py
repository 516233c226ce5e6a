"""Requests whose members are asked to confirm the price, or are offered another one."""

from dataclasses import dataclass

from discord import ui

from cogs.generation.retry import RetryDraft
from cogs.ui import text, views
from cogs.ui.buttons import ActionButton, ButtonAction
from cogs.ui.i18n import _, format_price
from cogs.ui.interactions import guild_id_of, role_ids
from cogs.ui.quota_text import format_remaining_quota
from cogs.ui.routing import Interaction
from domain.money import MicroUSD
from domain.requests import Draft
from workflow.billing.quotas import Member, read_quota_status
from workflow.context import Context
from workflow.input_files import touch_inputs
from workflow.pending_interactions import PendingStore
from workflow.results.rerun import IdempotencyKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingConfirmation:
    """A request as given, and the price that its member is asked to confirm."""

    user_id: int
    draft: Draft
    keys: IdempotencyKeys
    retry: RetryDraft | None
    price: MicroUSD


def needs_confirmation(
    price: MicroUSD, agreed_price: MicroUSD | None, confirm_above: MicroUSD | None
) -> bool:
    """Return whether to ask: above the server's threshold, or not the agreed price."""
    if agreed_price is not None:
        return price != agreed_price
    return confirm_above is not None and price > confirm_above


class PriceConfirmations:
    """Requests whose members are asked to confirm the price."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._pending = PendingStore(
            context.database, context.now_ms, "price question", PendingConfirmation
        )

    async def ask(self, interaction: Interaction, pending: PendingConfirmation) -> ui.LayoutView:
        """Keep a request and lay out the question; nothing is held yet."""
        member = Member(guild_id_of(interaction), pending.user_id, role_ids(interaction.user))
        remaining = (await read_quota_status(self._context, member)).remaining
        question = _("This costs {price}. Make it?", price=format_price(pending.price))
        button = await self.keep(interaction.id, pending, text.format_spend_label(pending.price))
        return views.render_question(f"{question}\n{format_remaining_quota(remaining)}", button)

    async def keep(
        self, interaction_id: int, pending: PendingConfirmation, label: str
    ) -> ActionButton:
        """Keep a request, and return the button whose click confirms its price."""
        key = str(interaction_id)
        await touch_inputs(self._context, pending.draft)
        await self._pending.put(key, pending.user_id, pending)
        return ActionButton(ButtonAction.CONFIRM_PRICE, key, label)

    async def find(self, key: str, user_id: int) -> PendingConfirmation | None:
        """Return what a member was asked to confirm, if it is still kept."""
        return await self._pending.get(key, user_id)
