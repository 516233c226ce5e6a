"""Translated names and descriptions of commands: Discord's rules for them."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final

from sandbox.discord.errors import FieldErrors
from sandbox.discord.json_values import Json, as_object, as_objects

LOCALES: Final = frozenset(
    {
        *("id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr"),
        *("hr", "it", "lt", "hu", "nl", "no", "pl", "pt-BR"),
        *("ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg"),
        *("ru", "uk", "hi", "th", "zh-CN", "ja", "zh-TW", "ko"),
    }
)
"""The locales that Discord's clients have."""


def check_localizations(
    form: FieldErrors,
    path: str,
    thing: Json,
    field: str,
    most: int,
    is_valid: Callable[[str], bool] = bool,
) -> None:
    """Check the translations of a field of a command, an option or a choice."""
    given = thing.get(f"{field}_localizations")
    if given is None:
        return
    place = f"{path}.{field}_localizations"
    for locale, text in (as_object(given) or {}).items():
        if locale not in LOCALES:
            form.add(place, "BASE_TYPE_CHOICES", f"{locale} is not one of Discord's locales.")
        form.check_length(f"{place}.{locale}", text, 1, most)
        if isinstance(text, str) and len(text) <= most and not is_valid(text):
            said = "Command name is invalid"
            form.add(f"{place}.{locale}", "APPLICATION_COMMAND_INVALID_NAME", said)


def check_localized_names_differ(form: FieldErrors, path: str, options: list[Json]) -> None:
    """Demand options of one command to have different names in each locale."""
    localized = [as_object(option.get("name_localizations")) or {} for option in options]
    # Elsewhere the names are those without a locale, which differ.
    for locale in LOCALES.intersection(chain.from_iterable(localized)):
        names = [
            str(translated.get(locale, option.get("name")))
            for option, translated in zip(options, localized, strict=True)
        ]
        if len(set(names)) < len(names):
            said = f"Option names must be unique ({locale})"
            form.add(path, "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", said)


def count_characters(command: Json) -> int:
    """Count a command's characters: of each field the longest translation, as Discord does."""
    return sum(_own_characters(thing) for thing in _everything(command))


def _own_characters(thing: Json) -> int:
    fields = (_longest(thing, field) for field in ("name", "description"))
    return sum(fields) + len(str(thing.get("value", "")))


def _longest(thing: Json, field: str) -> int:
    localized = as_object(thing.get(f"{field}_localizations")) or {}
    return max(len(str(text)) for text in (thing.get(field) or "", *localized.values()))


def _everything(thing: Json) -> Iterator[Json]:
    yield thing
    yield from as_objects(thing.get("choices"))
    for option in as_objects(thing.get("options")):
        yield from _everything(option)
