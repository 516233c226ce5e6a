"""What commands do is told in the language that is spoken, to those who read it."""

from collections.abc import Iterator
from gettext import NullTranslations

import discord
import pytest
from babel.messages.catalog import Catalog
from discord import app_commands
from discord.app_commands import TranslationContext, TranslationContextLocation

from bot.translations import CommandTranslator
from cogs.ui.i18n import N_, install_languages
from tests.harness.languages import compile_translations, speak_english


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """What one test speaks is not heard by the next."""
    yield
    speak_english()


def speak_german(sentence: str, translation: str, context: str | None = None) -> None:
    """Speak a German of one sentence, beside English."""
    catalog = Catalog("de")
    catalog.add(sentence, translation, context=context)
    languages = {"en": NullTranslations(), "de": compile_translations(catalog)}
    install_languages(languages, languages.__getitem__, "en")


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        (discord.Locale.german, "Mach ein Video"),
        (discord.Locale.french, None),
        (discord.Locale.american_english, None),
    ],
)
async def test_descriptions_of_commands_are_translated(locale: discord.Locale, said: str | None):
    """For members whose Discord has a language that is there; a name has its own translation."""
    sentence = N_("Make a video")
    speak_german(sentence, "Mach ein Video")
    for location, expected in (
        (TranslationContextLocation.command_description, said),
        (TranslationContextLocation.command_name, None),
    ):
        context = TranslationContext(location, _command)
        string = app_commands.locale_str(sentence)
        assert await CommandTranslator().translate(string, locale, context) == expected


@pytest.mark.parametrize(
    ("name", "registered"),
    [("bild", "bild"), ("Bild", None), ("ein bild", None), ("b" * 33, None)],
)
async def test_a_name_is_translated_where_discord_takes_it(name: str, registered: str | None):
    """In lower case, without blanks, of 32 characters at most; or the English one stays."""
    speak_german("video", name, context="command")
    context = TranslationContext(TranslationContextLocation.command_name, _command)
    string = app_commands.locale_str("video")
    translated = await CommandTranslator().translate(string, discord.Locale.german, context)
    assert translated == registered


async def test_a_description_too_long_for_discord_stays_english():
    """Or Discord would take none of the commands."""
    speak_german("Make a video", "o" * 101)
    context = TranslationContext(TranslationContextLocation.command_description, _command)
    string = app_commands.locale_str("Make a video")
    translator = CommandTranslator()
    assert await translator.translate(string, discord.Locale.german, context) is None


@app_commands.command(name="video", description="Make a video")
async def _command(interaction: discord.Interaction) -> None:
    """Stand for any command."""
