"""Buttons of the operator's list of parked jobs, and the form that binds a task.

The custom id names the job and its fence at the time of the list: a button works after a restart,
and does nothing to a job that has changed since.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Self

import discord
from discord import ui

from cogs.ui.forms import read_texts
from cogs.ui.i18n import N_, _
from cogs.ui.routing import Interaction, dispatch_component
from workflow.operator.parked_jobs import Decision

_SUBJECT: Final = r"(?P<job>[0-9a-z]{1,20}):(?P<fence>[0-9]{1,18})"
BIND_TASK_CUSTOM_ID: Final = re.compile(rf"operator:task:{_SUBJECT}")
"""The custom id of the form in which a task's id is typed."""

_MAX_TASK_ID_CHARS: Final = 200
_Style: Final = discord.ButtonStyle
DECISION_LABELS: Final = MappingProxyType(
    {
        Decision.BIND_TASK: N_("Link a task"),
        Decision.RETRY: N_("Check again"),
        Decision.POST: N_("Post again"),
        Decision.RELEASE: N_("End for free"),
        Decision.CHARGE_OPERATOR: N_("End, I pay"),
        Decision.CHARGE_MEMBER: N_("Charge member"),
        Decision.CLOSE: N_("Close"),
    }
)
_CONFIRM_LABELS: Final = MappingProxyType(
    {
        Decision.RELEASE: N_("Yes, end for free"),
        Decision.CHARGE_OPERATOR: N_("Yes, I pay"),
        Decision.CHARGE_MEMBER: N_("Yes, charge member"),
    }
)
"""On the button that moves money, which is the only red one."""


class ParkedPageButton(
    ui.DynamicItem[ui.Button[Any]], template=r"operator:page:(?P<at>[0-9]{1,6})"
):
    """A button that opens a page of the list, counted from 0."""

    def __init__(self, number: int, label: str = "", *, disabled: bool = False) -> None:
        custom_id = f"operator:page:{number}"
        super().__init__(ui.Button(label=label, custom_id=custom_id, disabled=disabled))
        self.page_number = number

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button from the interaction that Discord sends."""
        return cls(int(match["at"]))

    async def callback(self, interaction: Interaction) -> None:
        """Dispatch the click to the operator's cog."""
        await dispatch_component(interaction, self)


class DecisionButton(
    ui.DynamicItem[ui.Button[Any]],
    template=rf"operator:(?P<step>first|sure):(?P<decision>{'|'.join(Decision)}):{_SUBJECT}",
):
    """A decision on a parked job; where money moves, the first click asks for confirmation."""

    def __init__(
        self,
        decision: Decision,
        job_id: str,
        fence: int,
        *,
        is_advised: bool = False,
        is_confirmed: bool = False,
    ) -> None:
        custom_id = f"operator:{'sure' if is_confirmed else 'first'}:{decision}:{job_id}:{fence}"
        style = _Style.primary if is_advised else _Style.secondary
        label = _(DECISION_LABELS[decision])
        if is_confirmed and decision in _CONFIRM_LABELS:
            style, label = _Style.danger, _(_CONFIRM_LABELS[decision])
        super().__init__(ui.Button(label=label, style=style, custom_id=custom_id))
        self.decision = decision
        self.job_and_fence = (job_id, fence)
        self.is_confirmed = is_confirmed

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button from the interaction that Discord sends."""
        decision, is_confirmed = Decision(match["decision"]), match["step"] == "sure"
        return cls(decision, match["job"], int(match["fence"]), is_confirmed=is_confirmed)

    async def callback(self, interaction: Interaction) -> None:
        """Dispatch the click to the operator's cog."""
        await dispatch_component(interaction, self)


class ReleaseAllButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"operator:all:(?P<step>first|sure):(?P<server>[0-9]{1,19})",
):
    """A button that releases a server's jobs parked by a restore; the first click asks."""

    def __init__(self, guild_id: int, label: str = "", *, is_confirmed: bool = False) -> None:
        custom_id = f"operator:all:{'sure' if is_confirmed else 'first'}:{guild_id}"
        style = _Style.danger if is_confirmed else _Style.secondary
        super().__init__(ui.Button(label=label, style=style, custom_id=custom_id))
        self.guild_id = guild_id
        self.is_confirmed = is_confirmed

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button from the interaction that Discord sends."""
        return cls(int(match["server"]), is_confirmed=match["step"] == "sure")

    async def callback(self, interaction: Interaction) -> None:
        """Dispatch the click to the operator's cog."""
        await dispatch_component(interaction, self)


def bind_task_modal(job_id: str, fence: int) -> ui.Modal:
    """Build the form that asks for the id of a job's task."""
    modal = ui.Modal(title=_("Link a task"), custom_id=f"operator:task:{job_id}:{fence}")
    field = ui.TextInput[Any](custom_id="task", min_length=1, max_length=_MAX_TASK_ID_CHARS)
    modal.add_item(ui.Label(text=_("Task ID at APIXO"), component=field))
    modal.stop()  # discord.py would keep the modal in memory until it is submitted
    return modal


def read_task_id(data: Mapping[str, Any]) -> str:
    """Return the task id in a submitted form; empty if there is none."""
    return read_texts(data).get("task", "").strip()
