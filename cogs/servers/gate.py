"""The gate of every request: whether videos are made for its server at all."""

import asyncio
from contextlib import suppress
from typing import Final

from cogs.operator.owners import DISCORD_ERRORS
from cogs.servers.registrar import ServerRegistrar
from cogs.ui.i18n import N_, _
from cogs.ui.interactions import UserError, guild_id_of
from cogs.ui.routing import Interaction
from domain.errors import RulesViolated
from domain.violations import Source, Violation, ViolationCode
from workflow.context import Context
from workflow.errors import TemporaryPublishError
from workflow.servers.admission import Admission, look_up, want_admission

_FORM_CHECK_S: Final = 2
"""Seconds for checks before a form: Discord waits three for the first answer."""

_NOT_KNOWN: Final = N_(
    "Discord isn't answering, so I can't check this server. Try again in a moment."
)
_REFUSALS: Final = {
    Admission.PENDING: ViolationCode.SERVER_NOT_ADMITTED,
    Admission.REFUSED: ViolationCode.SERVER_REFUSED,
}


class ServerGate:
    """Refuses requests from servers before any of their files is fetched."""

    def __init__(self, context: Context, registrar: ServerRegistrar) -> None:
        self._context = context
        self._registrar = registrar

    async def check(self, interaction: Interaction) -> None:
        """Refuse a server that the bot is no member of, or that the operator has not admitted.

        Raises:
            RulesViolated: saying which.
            UserError: Discord does not answer whose server it is.
        """
        guild_id = guild_id_of(interaction)
        if not await self._is_member(guild_id):
            raise _refusal(ViolationCode.BOT_NOT_IN_SERVER)
        admission = await self._admission(guild_id)
        if admission is Admission.PENDING:
            await want_admission(self._context, guild_id)
        if (code := _REFUSALS.get(admission)) is not None:
            raise _refusal(code)

    async def check_before_form(self, interaction: Interaction) -> None:
        """Do the same before a form is opened, which has to be the first answer.

        Raises:
            RulesViolated, UserError: as above.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(_FORM_CHECK_S):
                await self.check(interaction)

    async def _is_member(self, guild_id: int) -> bool:
        """Return whether the bot is on a server, as far as is known.

        If it does not answer, nothing is refused: a job is looked at again before it is bought.
        """
        try:
            return await self._context.publisher.find_obstacle(guild_id, None) is None
        except TemporaryPublishError:
            return True

    async def _admission(self, guild_id: int) -> Admission:
        admission = await look_up(self._context, guild_id)
        if admission is not Admission.UNKNOWN:
            return admission
        try:
            await self._registrar.register_id(guild_id)
        except DISCORD_ERRORS:
            raise UserError(_(_NOT_KNOWN)) from None
        return await look_up(self._context, guild_id)


def _refusal(code: ViolationCode) -> RulesViolated:
    return RulesViolated([Violation.of(code, Source.CHANNEL)])
