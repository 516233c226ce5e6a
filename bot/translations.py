"""Translations: one file per language in `locale`, and the command translator.

A file is checked when it is loaded, so that no sentence can fail to format later.
"""

import re
from collections.abc import Iterator, Sequence
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from string import Formatter, digits
from typing import Final, cast

import discord
from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from discord import app_commands
from discord.app_commands import TranslationContextLocation as TranslationContext

from cogs.ui.i18n import _, find_language, install_languages, pgettext, speaking

LOCALE_FOLDER: Final = Path(__file__).parent / "locale"

_ENGLISH: Final = "en"
_CODE: Final = re.compile(r"[a-z]{2,3}(_[A-Za-z0-9]+)*", re.ASCII)
_PLURAL_CHECK_LIMIT: Final = 1000
"""Plural rules depend on the last two or three digits of a number."""

_Placeholder = tuple[str, str, str | None]
"""A placeholder: its name, format spec and conversion."""

_COUNT: Final[_Placeholder] = ("count", "", None)


def load_translations(code: str, folder: Path = LOCALE_FOLDER) -> NullTranslations:
    """Load the translations of a language, such as `de` or `pt_BR`; English needs no file.

    Raises:
        ValueError: there is no such language, or its file is wrong, naming the sentence.
    """
    if code == _ENGLISH:
        return NullTranslations()
    if code not in available_languages(folder):
        raise ValueError(f"must be one of {', '.join(available_languages(folder))}")
    try:
        return _compile_checked(_catalog(code, folder))
    except (OSError, LookupError, PoFileError, UnknownLocaleError) as error:
        raise ValueError(f"{code}.po cannot be read: {error}") from None
    except ValueError as error:
        raise ValueError(f"{code}.po cannot be used: {error}") from None


def available_languages(folder: Path = LOCALE_FOLDER) -> list[str]:
    """Return the codes of the available languages, English first."""
    found = (path.stem for path in folder.glob("*.po") if _CODE.fullmatch(path.stem))
    return [_ENGLISH, *sorted(set(found) - {_ENGLISH})]


def _catalog(code: str, folder: Path) -> Catalog:
    with (folder / f"{code}.po").open("rb") as file:
        catalog = read_po(file, abort_invalid=True)
    catalog.locale = Locale.parse(code)
    return catalog


def _compile_checked(catalog: Catalog) -> NullTranslations:
    """Compile a catalog after checking every sentence.

    Fuzzy and missing translations stay English.

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
    one, many = set(_placeholders(sources[0])), set(_placeholders(sources[-1]))
    required, allowed = one & many, one | many
    if len(sources) > 1:
        required, allowed = required - {_COUNT}, allowed | {_COUNT}
    for translation in filter(None, translations):
        try:
            found = set(_placeholders(translation))
        except ValueError as error:
            raise ValueError(f"{translation!r}: {error}") from None
        if not required <= found <= allowed:
            raise ValueError(f"{translation!r} has not the names in braces of {sources[-1]!r}")


def _forms(text: object) -> Sequence[str]:
    return (text,) if isinstance(text, str) else tuple(cast("Sequence[str]", text))


def _placeholders(sentence: str) -> Iterator[_Placeholder]:
    for _literal, name, spec, conversion in Formatter().parse(sentence):
        if name is not None:
            yield name, spec or "", conversion


def _check_plurals(translations: NullTranslations) -> None:
    """Check that the plural rule, which comes from the file, works for every number."""
    for count in range(_PLURAL_CHECK_LIMIT):
        try:
            translations.ngettext("", "", count)
        except ArithmeticError:
            raise ValueError(f"Plural-Forms has no form for {count}") from None


_MAX_CHARS: Final = 100
"""Characters that Discord accepts in a description, or in the name of a choice."""

_NAME: Final = re.compile(r"[-_\w]{1,32}")
_MAX_MENU_CHARS: Final = 32

_SENTENCES: Final = frozenset(
    {
        TranslationContext.command_description,
        TranslationContext.group_description,
        TranslationContext.parameter_description,
        TranslationContext.choice_name,
    }
)
_NAMES: Final = {
    TranslationContext.command_name: "command",
    TranslationContext.group_name: "command",
    TranslationContext.parameter_name: "option",
}
"""The context of a name in the catalogue: the same word is elsewhere part of a sentence."""


_Translatable = tuple[str, str, TranslationContext, bool]
"""A language, an English text, where it is used, and whether that is a context menu."""


class CommandTranslator(app_commands.Translator):
    """Translates names and descriptions of commands and options, for members of each locale.

    Commands share most of their options and choices: each is translated once.
    """

    def __init__(self) -> None:
        self._found: dict[_Translatable, str | None] = {}

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Return the translation, None to keep English, also where Discord would refuse it."""
        code = find_language(locale.value)
        if code is None or code == _ENGLISH:
            return None
        is_menu = isinstance(context.data, app_commands.ContextMenu)
        asked = (code, string.message, context.location, is_menu)
        if asked not in self._found:
            with speaking(code):
                found = _translate(string.message, context)
            self._found[asked] = found if found != string.message else None
        return self._found[asked]


def _translate(text: str, context: app_commands.TranslationContextTypes) -> str | None:
    if context.location in _SENTENCES:
        translation = _(text)
        return translation if len(translation) <= _MAX_CHARS else None
    if context.location in _NAMES and not isinstance(context.data, app_commands.ContextMenu):
        word = text.rstrip(digits)
        name = pgettext(_NAMES[context.location], word) + text.removeprefix(word)
        is_accepted = _NAME.fullmatch(name) is not None and name == name.lower()
        return name if is_accepted else None
    translation = _(text)
    return translation if len(translation) <= _MAX_MENU_CHARS else None


def install(default: str) -> None:
    """Speak every available language, and one of them where no other is known.

    Raises:
        ValueError: there is no such language, or its file is wrong, naming the sentence.
    """
    install_languages(available_languages(), load_translations, default)
