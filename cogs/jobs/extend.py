"""What *Extend* does: a form about what comes next, and the video that begins where one ends."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import discord

from cogs.generation.modals import FormKind, extend_form, typed
from cogs.generation.retry import Mending, Typed
from cogs.generation.service import Desk
from cogs.ui.interactions import TurnedAway
from domain.catalogue import mark, t
from workflow.context import Context
from workflow.publisher import JobView
from workflow.results.extend import Hindrance, continuation, hindrance, last_picture
from workflow.results.rerun import form_keys

_FORM_READ_S: Final = 2
"""A form has to be the first answer, and Discord waits three seconds for it."""

_SAID: Final = MappingProxyType(
    {
        Hindrance.NOT_READY: mark("There is no video yet that could be extended."),
        Hindrance.DELETED: mark("This video was deleted, so it can not be extended."),
        Hindrance.NOT_KEPT: mark(
            "The file of this video is not kept any more, so it can not be extended. Save the "
            "video, take its last picture, and use `/animate`."
        ),
        Hindrance.NO_LAB: mark(
            "This service is not set up to take pictures out of videos. Save the video, take its "
            "last picture, and use `/animate`."
        ),
        Hindrance.UNUSABLE: mark(
            "The last picture of this video can not be read, so it can not be extended. Nothing "
            "was charged."
        ),
    }
)

_Interaction = discord.Interaction[Any]


class Extending:
    """Answers clicks on *Extend*, and the form that they open; `own` finds a member's own job."""

    def __init__(
        self,
        context: Context,
        desk: Desk,
        mending: Mending,
        own: Callable[[_Interaction, str], Awaitable[JobView]],
    ) -> None:
        self._context = context
        self._desk = desk
        self._mending = mending
        self._own = own

    async def ask(self, interaction: _Interaction, job_id: str) -> None:
        """Open the form, filled in with what the video was made from."""
        try:
            async with asyncio.timeout(_FORM_READ_S):
                job = await self._own(interaction, job_id)
        except TimeoutError:
            raise TurnedAway(t("The service is slow just now. Click again in a moment.")) from None
        if hindered := hindrance(self._context, job):
            raise TurnedAway(t(_SAID[hindered]))
        draft = continuation(job, self._context.now_ms())
        await interaction.response.send_modal(extend_form(draft, job.id, interaction.id))

    async def order(
        self, interaction: _Interaction, about: re.Match[str], data: Mapping[str, Any]
    ) -> None:
        """Ask for the video of the form that was sent off; sent twice, it is one."""
        await self._desk.open(interaction)
        job = await self._own(interaction, about["job"])
        picture = await last_picture(self._context, job)
        if isinstance(picture, Hindrance):
            raise TurnedAway(t(_SAID[picture]))
        before = replace(continuation(job, self._context.now_ms()), pictures=(picture,))
        draft = typed(before, data)
        keys = form_keys(int(about["opened"]), interaction.user.id, job.id)
        mistake = Typed(interaction.user.id, FormKind.EXTEND, draft, job_id=job.id)
        mend = self._mending.offer(interaction.id, mistake)
        card = await self._desk.order(interaction, draft, keys, mend)
        await interaction.edit_original_response(view=card)
