"""A manager in front of the panel: turns its pages, uses its controls, fills in its forms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from sandbox.discord import Interaction, Person
from sandbox.discord.models import walk
from tests.harness.bot import House

Json = dict[str, Any]


@dataclass
class Sitting:
    """What a manager has before them, and who that is."""

    person: Person
    shown: Interaction

    @classmethod
    async def begin(cls, home: House, person: Person) -> Self:
        """Type the command, and wait for the first page."""
        typed = await person.type(home.channel, "settings", {})
        return cls(person, await typed.until_answered())

    @property
    def text(self) -> str:
        """Give all text of the page."""
        return self.shown.text

    @property
    def parts(self) -> list[Json]:
        """List all components of the page."""
        assert self.shown.message is not None
        return walk(self.shown.message.components)

    def control(self, knob: str) -> Json:
        """Find a menu or a button by its name."""
        found = [one for one in self.parts if one.get("custom_id", "").split(":")[2:3] == [knob]]
        assert found, f"no {knob} on {self.text}"
        return found[0]

    def chosen(self, knob: str) -> list[str]:
        """List what a menu shows as chosen."""
        menu = self.control(knob)
        named = [one["value"] for one in menu.get("options", ()) if one.get("default")]
        return named + [str(one["id"]) for one in menu.get("default_values", ())]

    async def turn(self, page: str) -> Self:
        """Turn to a page."""
        return await self.choose("turn", page)

    async def choose(self, knob: str, *values: Any) -> Self:
        """Choose from a menu, and wait for the page as it is then."""
        return await self._after(await self._choosing(knob, values))

    async def press(self, knob: str) -> Self:
        """Click a button that opens no form, and wait for the page as it is then."""
        custom_id = self.control(knob)["custom_id"]
        return await self._after(await self.person.click(self.shown, custom_id))

    async def open(self, button: str) -> Interaction:
        """Click a button, by its name or label, that opens a form."""
        found = [one for one in self.parts if one.get("label") == button]
        custom_id = (found[0] if found else self.control(button))["custom_id"]
        form = await (await self.person.click(self.shown, custom_id)).until_answered()
        assert form.modal is not None, form.text
        return form

    async def send(self, form: Interaction, **typed: Any) -> Self:
        """Send a form off, and wait for the page as it is then."""
        return await self._after(await self.person.submit_modal(form, typed))

    async def fill(self, knob: str, **typed: Any) -> Self:
        """Open a form, fill it in, and send it off."""
        return await self.send(await self.open(knob), **typed)

    async def _choosing(self, knob: str, values: Sequence[Any]) -> Interaction:
        return await self.person.choose(self.shown, self.control(knob)["custom_id"], [*values])

    async def _after(self, used: Interaction) -> Self:
        answered = await used.until_answered()
        assert answered.ephemeral
        self.shown = answered
        return self


def fields(form: Interaction) -> dict[str, str]:
    """Read what a form shows before anything is typed into it."""
    assert form.modal is not None
    found: dict[str, str] = {}
    for field in walk(form.modal["components"]):
        if "custom_id" in field:
            chosen = [one["value"] for one in field.get("options", ()) if one.get("default")]
            found[field["custom_id"]] = chosen[0] if chosen else field.get("value", "")
    return found
