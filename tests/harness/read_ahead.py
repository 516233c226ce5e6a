"""Read by the fork server alone: its forks find read what each life of the service reads once.

Every language, how money is written, the kinds of what waits for a click, and the source of the
libraries that log: it is half of what a start takes.
"""

from functools import cache
from typing import Any

import discord.client
import discord.gateway

import bot.translations
from bot.log_sanitizer import _literals
from cogs.generation.clip_cuts import PendingCut
from cogs.generation.confirmations import PendingConfirmation
from cogs.generation.context_menu import _ShownPictures
from cogs.generation.reference_menu import _ShownMedia
from cogs.generation.retry import RetryDraft
from cogs.publishing.ephemeral_replies import PrivateReply
from cogs.settings.modals import RejectedForm
from cogs.ui.i18n import format_price
from domain.money import MicroUSD
from workflow.pending_interactions import _adapter
from workflow.private_answers import KeptAnswer

_translations: Any = bot.translations
_translations.load_translations = cache(bot.translations.load_translations)
for _code in bot.translations.available_languages():
    bot.translations.load_translations(_code)
format_price(MicroUSD(1))
for _kind in (
    *(PendingCut, _ShownPictures, PendingConfirmation, _ShownMedia, RetryDraft),
    *(PrivateReply, KeptAnswer, RejectedForm),
):
    _adapter(_kind)
for _module in (discord.client, discord.gateway):
    _literals(_module.__file__)
