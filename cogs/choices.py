"""Reads options with fixed values; a client with old commands, or a forged form, sends others."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from cogs import words
from domain.catalogue import t
from domain.models import AspectRatio, ModelId, Resolution

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Choices:
    """What was chosen, None where nothing was; `problems` names every value that is unknown."""

    model: ModelId | None
    resolution: Resolution | None
    aspect_ratio: AspectRatio | None
    problems: tuple[str, ...]


def read_choices(given: Mapping[str, Any]) -> Choices:
    """Read model, resolution and aspect ratio by the names of their options."""
    problems = list[str]()

    def read(kind: type[E], name: str) -> E | None:
        value = given.get(name)
        if value is None or value in list(kind):
            return None if value is None else kind(value)
        problems.append(
            t(
                "{option} can be {values}, not {value}.",
                option=name,
                values=", ".join(kind),
                value=words.harmless(value, 40),
            )
        )
        return None

    model, resolution = read(ModelId, "model"), read(Resolution, "resolution")
    return Choices(model, resolution, read(AspectRatio, "aspect_ratio"), tuple(problems))
