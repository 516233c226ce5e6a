"""A manager in front of the panel: turns its pages, uses its controls, fills in its forms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from sandbox.discord import Interaction, MemberClient
from sandbox.discord.models import walk_components
from tests.harness.bot import BotHarness

Json = dict[str, Any]


@dataclass
class PanelDriver:
    """What a manager has before them, and who that is."""

    member: MemberClient
    panel: Interaction

    @classmethod
    async def open_panel(cls, harness: BotHarness, person: MemberClient) -> Self:
        """Type the command, and wait for the first page."""
        typed = await person.run_command(harness.channel, "settings", {})
        return cls(person, await typed.until_answered())

    @property
    def text(self) -> str:
        """Give all text of the page."""
        return self.panel.text

    @property
    def components(self) -> list[Json]:
        """List all components of the page."""
        assert self.panel.message is not None
        return walk_components(self.panel.message.components)

    def find_control(self, control: str) -> Json:
        """Find a menu or a button by its name."""
        found = [
            one for one in self.components if one.get("custom_id", "").split(":")[2:3] == [control]
        ]
        assert found, f"no {control} on {self.text}"
        return found[0]

    def selected_values(self, control: str) -> list[str]:
        """List what a menu shows as chosen."""
        menu = self.find_control(control)
        named = [one["value"] for one in menu.get("options", ()) if one.get("default")]
        return named + [str(one["id"]) for one in menu.get("default_values", ())]

    async def go_to_page(self, page: str) -> Self:
        """Turn to a page."""
        return await self.select("turn", page)

    async def select(self, control: str, *values: Any) -> Self:
        """Choose from a menu, and wait for the page as it is then."""
        return await self._after(await self._choosing(control, values))

    async def click(self, control: str) -> Self:
        """Click a button that opens no form, and wait for the page as it is then."""
        custom_id = self.find_control(control)["custom_id"]
        return await self._after(await self.member.click(self.panel, custom_id))

    async def open_modal(self, button: str) -> Interaction:
        """Click a button, by its name or label, that opens a form."""
        found = [one for one in self.components if one.get("label") == button]
        custom_id = (found[0] if found else self.find_control(button))["custom_id"]
        form = await (await self.member.click(self.panel, custom_id)).until_answered()
        assert form.modal is not None, form.text
        return form

    async def submit_modal(self, form: Interaction, **typed: Any) -> Self:
        """Send a form off, and wait for the page as it is then."""
        return await self._after(await self.member.submit_modal(form, typed))

    async def fill_modal(self, control: str, **typed: Any) -> Self:
        """Open a form, fill it in, and send it off."""
        return await self.submit_modal(await self.open_modal(control), **typed)

    async def _choosing(self, control: str, values: Sequence[Any]) -> Interaction:
        return await self.member.select(
            self.panel, self.find_control(control)["custom_id"], [*values]
        )

    async def _after(self, used: Interaction) -> Self:
        answered = await used.until_answered()
        assert answered.ephemeral
        self.panel = answered
        return self


def modal_values(form: Interaction) -> dict[str, str]:
    """Read what a form shows before anything is typed into it."""
    assert form.modal is not None
    found: dict[str, str] = {}
    for field in walk_components(form.modal["components"]):
        if "custom_id" in field:
            chosen = [one["value"] for one in field.get("options", ()) if one.get("default")]
            found[field["custom_id"]] = chosen[0] if chosen else field.get("value", "")
    return found
