"""Made-up languages: every sentence of the catalogue in marks of its language."""

from gettext import GNUTranslations, NullTranslations
from io import BytesIO

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bot.translations import LOCALE_FOLDER
from cogs.ui.i18n import install_languages


def speak_only(translations: NullTranslations, code: str = "de") -> None:
    """Speak one language to everybody."""
    install_languages([code], lambda _code: translations, code)


def speak_english() -> None:
    """Speak English to everybody, as before any test."""
    speak_only(NullTranslations(), "en")


def compile_translations(catalog: Catalog) -> NullTranslations:
    """Compile a catalogue."""
    file = BytesIO()
    write_mo(file, catalog)
    file.seek(0)
    return GNUTranslations(file)


def marked_translations(code: str, opens: str, closes: str) -> NullTranslations:
    """Translate every sentence into itself, between two marks."""
    with (LOCALE_FOLDER / "dailies.pot").open("rb") as file:
        template = read_po(file, abort_invalid=True)
    catalog = Catalog(code)
    for message in template:
        if message.id and not message.context:
            is_plural = not isinstance(message.id, str)
            forms = message.id if is_plural else (message.id,)
            marked = [f"{opens}{form}{closes}" for form in forms]
            catalog.add(message.id, marked if is_plural else marked[0])
    return compile_translations(catalog)
