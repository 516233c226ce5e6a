"""Asks a member before an order that is dear on their server, and keeps the order meanwhile."""

from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from cogs import cards, words
from cogs.buttons import Act, CardButton
from cogs.forms.drafts import Drafts
from cogs.forms.mending import Mend
from cogs.members import role_ids
from domain.catalogue import t
from domain.money import MicroUSD, show_usd
from domain.requests import Draft
from workflow.context import Context
from workflow.money.quotas import Member, standing
from workflow.results.again import Keys


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
        text = t("This costs **{price}**. Shall it be spent?", price=show_usd(asked.price))
        spend = CardButton(Act.CONFIRM, key, words.spend(asked.price))
        return cards.question(f"{text}\n{words.what_is_left(left)}", spend)

    def find(self, key: str, user_id: int) -> Asked | None:
        """Find what a member was asked, if it is still kept."""
        return self._asked.find(key, user_id)
