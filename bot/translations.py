"""Knows the languages that the service can speak: one file of translations each, in `locale`.

A file is read and proven at the start: no sentence of it can fail when somebody is answered.
"""

import re
from collections.abc import Iterator, Sequence
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import Final, cast

import discord
from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Place

from cogs.ui.i18n import _, current_locale

LOCALE_FOLDER: Final = Path(__file__).parent / "locale"

_ENGLISH: Final = "en"
_CODE: Final = re.compile(r"[a-z]{2,3}(_[A-Za-z0-9]+)*", re.ASCII)
_COUNTED: Final = 1000
"""Plural forms repeat with the last two or three digits of a number."""

_Place = tuple[str, str, str | None]
"""A name in braces, how its value is formatted and converted."""

_COUNT: Final[_Place] = ("count", "", None)


def load_translations(code: str, folder: Path = LOCALE_FOLDER) -> NullTranslations:
    """Read the translations of a language, such as `de` or `pt_BR`; English needs no file.

    Raises:
        ValueError: there is no such language, or its file is wrong, naming the sentence.
    """
    if code == _ENGLISH:
        return NullTranslations()
    if code not in available_languages(folder):
        raise ValueError(f"must be one of {', '.join(available_languages(folder))}")
    try:
        return _checked(_catalog(code, folder))
    except (OSError, LookupError, PoFileError, UnknownLocaleError) as error:
        raise ValueError(f"{code}.po can not be read: {error}") from None
    except ValueError as error:
        raise ValueError(f"{code}.po can not be used: {error}") from None


def available_languages(folder: Path = LOCALE_FOLDER) -> list[str]:
    """List the languages that can be spoken."""
    found = (path.stem for path in folder.glob("*.po") if _CODE.fullmatch(path.stem))
    return [_ENGLISH, *sorted(set(found) - {_ENGLISH})]


def _catalog(code: str, folder: Path) -> Catalog:
    with (folder / f"{code}.po").open("rb") as file:
        catalog = read_po(file, abort_invalid=True)
    catalog.locale = Locale.parse(code)
    return catalog


def _checked(catalog: Catalog) -> NullTranslations:
    """Make translations of a catalogue that are sure to work.

    What is fuzzy or not translated stays English.

    Raises:
        ValueError: for the first sentence that would fail.
    """
    for message in catalog:
        if message.id and not message.fuzzy:
            _check_sentence(message)
    file = BytesIO()
    write_mo(file, catalog)
    file.seek(0)
    translations = GNUTranslations(file)
    _check_plurals(translations)
    return translations


def _check_sentence(message: Message) -> None:
    sources, translations = _forms(message.id), _forms(message.string)
    one, many = set(_places(sources[0])), set(_places(sources[-1]))
    required, allowed = one & many, one | many
    if len(sources) > 1:
        required, allowed = required - {_COUNT}, allowed | {_COUNT}
    for translation in filter(None, translations):
        try:
            found = set(_places(translation))
        except ValueError as error:
            raise ValueError(f"{translation!r}: {error}") from None
        if not required <= found <= allowed:
            raise ValueError(f"{translation!r} has not the names in braces of {sources[-1]!r}")


def _forms(text: object) -> Sequence[str]:
    return (text,) if isinstance(text, str) else tuple(cast("Sequence[str]", text))


def _places(sentence: str) -> Iterator[_Place]:
    for _literal, name, spec, conversion in Formatter().parse(sentence):
        if name is not None:
            yield name, spec or "", conversion


def _check_plurals(translations: NullTranslations) -> None:
    """See that the rule for plural forms, which is a file's own, can be followed."""
    for count in range(_COUNTED):
        try:
            translations.ngettext("", "", count)
        except ArithmeticError:
            raise ValueError(f"Plural-Forms has no form for {count}") from None


_LONGEST: Final = 100
"""Characters that Discord takes for a description, or for the name of a choice."""

_TRANSLATED: Final = frozenset(
    {
        Place.command_description,
        Place.group_description,
        Place.parameter_description,
        Place.choice_name,
    }
)


class CommandTranslator(app_commands.Translator):
    """Translates what commands and options do for members whose Discord has the same language."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Give the translation of a description; None leaves it English, as does one too long."""
        if context.location not in _TRANSLATED or not _is_spoken(locale):
            return None
        said = _(string.message)
        return said if said != string.message and len(said) <= _LONGEST else None


def _is_spoken(locale: discord.Locale) -> bool:
    code, _, territory = locale.value.partition("-")
    spoken = current_locale()
    is_near = not territory or spoken.territory in (None, territory)
    return code == spoken.language and is_near
