"""What an embedding program adds to the page: a welcome, and a look backstage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sandbox.discord.json_values import Json


class Backstage(Protocol):
    """What happens behind the bot, shown on panels with a few controls.

    A panel has `id`, `title` and `kind` (figures, table, switches, slider or buttons), and what
    belongs to its kind, all of it as JSON.
    """

    async def panels(self) -> list[Json]:
        """Write the panels as they are now; asked about twice a second while somebody looks."""
        ...

    async def use_control(self, panel: str, control: str, value: object) -> None:
        """Do what a control of a panel is for.

        Raises:
            ClientActionRefused: there is no such control, or it does not take this value.
        """
        ...


@dataclass(frozen=True, slots=True)
class Example:
    """A command to try: with its options filled in, its files, and a picture of what it gives."""

    title: str
    text: str
    command: str
    options: Mapping[str, object] = field(default_factory=dict[str, object])
    files: Mapping[str, Path] = field(default_factory=dict[str, Path])
    picture: Path | None = None


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the page says to those who see it for the first time."""

    headline: str
    examples: Sequence[Example] = ()


@dataclass(slots=True)
class PageContent:
    """Holds both; either may be missing."""

    backstage: Backstage | None = None
    welcome: Welcome | None = None
