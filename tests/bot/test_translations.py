"""A language is one file: read at the start, spoken from then on, refused if it could fail."""

from collections.abc import Iterator
from gettext import NullTranslations
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from bot import translations
from bot.translations import LOCALE_FOLDER
from cogs.ui.i18n import (
    _,
    find_language,
    format_number,
    format_or_list,
    format_usd,
    install_languages,
    ngettext,
)
from domain.money import MicroUSD, format_usd_en
from tests.harness.languages import speak_english, speak_only

HEADER = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: {plural}\\n"
"""
GERMAN = """
msgid "The price is {price}."
msgstr "Es kostet {price}."

msgid "{count} video"
msgid_plural "{count} videos"
msgstr[0] "ein Video"
msgstr[1] "{count} Videos"

msgid "Not translated."
msgstr ""

#, fuzzy
msgid "Not sure of {it}."
msgstr "Nicht sicher."
"""


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """What one test speaks is not heard by the next."""
    yield
    speak_english()


def write(folder: Path, text: str, plural: str = "nplurals=2; plural=(n != 1);") -> None:
    (folder / "de.po").write_text(HEADER.format(plural=plural) + text, encoding="utf-8")


def test_what_is_installed_now_counts_whatever_was_asked_before():
    """A language is found once it has come, and missed once it is gone."""
    for codes, found in ((["en"], None), (["en", "es"], "es"), (["en"], None)):
        install_languages(codes, lambda _code: NullTranslations(), "en")
        assert find_language("es-419") == found


def test_a_file_is_a_language(tmp_path: Path):
    """Sentences, plurals, numbers, money, dates and lists; what is not translated stays English."""
    write(tmp_path, GERMAN)
    speak_only(translations.load_translations("de", tmp_path))
    assert _("The price is {price}.", price=format_usd(MicroUSD(1_234_500_000))) == (
        "Es kostet 1.234,50\N{NO-BREAK SPACE}$."
    )
    assert ngettext("{count} video", "{count} videos", 1) == "ein Video"
    assert ngettext("{count} video", "{count} videos", 12_345) == "12.345 Videos"
    assert _("Not translated.") == "Not translated."
    assert _("Not sure of {it}.", it="this") == "Not sure of this."
    assert _("") == ""
    assert format_number(12345.67, decimals=1) == "12.345,7"
    assert format_or_list(["a", "b", "c"]) == "a, b oder c"
    assert format_usd_en(MicroUSD(-1_234_500_000)) == "-$1,234.50"


def test_english_needs_no_file(tmp_path: Path):
    """It is the language in which sentences are written, with its own ways of writing figures."""
    speak_only(translations.load_translations("en", tmp_path), "en")
    assert ngettext("{count} video", "{count} videos", 12_345) == "12,345 videos"
    assert format_usd(MicroUSD(364_000)) == "$0.364"
    assert format_usd(MicroUSD(-5_000_000)) == "-$5.00"
    assert format_usd(MicroUSD(458_535)) == "$0.458535"
    assert format_usd(MicroUSD(1_234_500_000)) == "$1,234.50"
    assert format_or_list(["480p", "720p"]) == "480p or 720p"


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("The price is {price}.", "Es kostet etwas."),
        ("The price is {price}.", "Es kostet {preis}."),
        ("The price is {price}.", "Es kostet {price} {mehr}."),
        ("The price is {price}.", "Es kostet {price:,}."),
        ("The price is {price}.", "Es kostet {price.__class__}."),
        ("The price is {price}.", "Es kostet {price} {}."),
        ("The price is {price}.", "Es kostet {price."),
        ("The price is {price}.", "Es kostet {price}}."),
        ("You weren't charged.", "Nichts {0}."),
    ],
)
def test_a_translation_that_would_fail_is_refused(tmp_path: Path, source: str, translation: str):
    """Every name in braces is there, as in English, and nothing else."""
    write(tmp_path, f'\nmsgid "{source}"\nmsgstr "{translation}"\n')
    with pytest.raises(ValueError, match=r"de\.po cannot be used") as caught:
        translations.load_translations("de", tmp_path)
    assert translation in str(caught.value)


@pytest.mark.parametrize(
    "second", ["{count} Videos in {ort}", "{count} Videos", "{count} {place:d}"]
)
def test_each_plural_form_is_looked_at(tmp_path: Path, second: str):
    """Only the number itself may be left out of one."""
    text = f"""
msgid "{{count}} video in {{place}}"
msgid_plural "{{count}} videos in {{place}}"
msgstr[0] "ein Video in {{place}}"
msgstr[1] "{second}"
"""
    write(tmp_path, text)
    with pytest.raises(ValueError, match=r"de\.po cannot be used"):
        translations.load_translations("de", tmp_path)


@pytest.mark.parametrize(
    ("text", "plural"),
    [
        ("\nmsgid no quotes\n", "nplurals=2; plural=(n != 1);"),
        (GERMAN, "nplurals=2; plural=(n % 0);"),
        (GERMAN, "nplurals=2; plural=(import os);"),
    ],
)
def test_a_file_that_is_not_one_is_refused(tmp_path: Path, text: str, plural: str):
    """An unknown syntax, and a rule for plurals that cannot be followed."""
    write(tmp_path, text, plural)
    with pytest.raises(ValueError, match=r"de\.po cannot be"):
        translations.load_translations("de", tmp_path)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path):
    """Whatever encoding the file claims."""
    (tmp_path / "de.po").write_bytes(HEADER.encode() + b'\nmsgid "a"\nmsgstr "\xff\xfe"\n')
    with pytest.raises(ValueError, match=r"de\.po cannot be"):
        translations.load_translations("de", tmp_path)


@pytest.mark.parametrize("code", ["xx", "../de", "", "fr"])
def test_a_language_without_a_file_is_not_known(tmp_path: Path, code: str):
    """What there is to choose from is named."""
    write(tmp_path, GERMAN)
    with pytest.raises(ValueError, match="must be one of en, de"):
        translations.load_translations(code, tmp_path)


def test_every_language_that_comes_with_the_service_can_be_spoken():
    """And the template makes one that can."""
    for code in translations.available_languages():
        translations.load_translations(code)
    with (LOCALE_FOLDER / "dailies.pot").open("rb") as file:
        assert len(read_po(file, abort_invalid=True)) > 100


def test_the_template_is_a_language_once_it_is_filled(tmp_path: Path):
    """As scripts/catalogue says how to begin one; every sentence keeps its braces."""
    with (LOCALE_FOLDER / "dailies.pot").open("rb") as file:
        template = read_po(file, abort_invalid=True)
    catalog = Catalog("de")
    for message in template:
        if message.id:
            catalog.add(message.id, message.id)
    with (tmp_path / "de.po").open("wb") as file:
        write_po(file, catalog)
    speak_only(translations.load_translations("de", tmp_path))
    assert _("Costs {price}", price="$1") == "Costs $1"
