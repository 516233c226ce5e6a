"""What commands do is told in the language that is spoken, to those who read it."""

from collections.abc import Iterator
from gettext import GNUTranslations, NullTranslations
from io import BytesIO

import discord
import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from discord import app_commands
from discord.app_commands import TranslationContext, TranslationContextLocation

from bot.translations import CommandTranslator
from cogs.ui.i18n import N_, activate_translations


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """What one test speaks is not heard by the next."""
    yield
    activate_translations(NullTranslations())


def speak_german(sentence: str, translation: str) -> None:
    """Speak a German of one sentence."""
    catalog = Catalog("de")
    catalog.add(sentence, translation)
    file = BytesIO()
    write_mo(file, catalog)
    file.seek(0)
    activate_translations(GNUTranslations(file))


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        (discord.Locale.german, "Mach ein Video"),
        (discord.Locale.french, None),
        (discord.Locale.american_english, None),
    ],
)
async def test_descriptions_of_commands_are_translated(locale: discord.Locale, said: str | None):
    """For members whose Discord has the language that is spoken; a name stays as it is."""
    sentence = N_("Make a video")
    speak_german(sentence, "Mach ein Video")
    for location, expected in (
        (TranslationContextLocation.command_description, said),
        (TranslationContextLocation.command_name, None),
    ):
        context = TranslationContext(location, _command)
        string = app_commands.locale_str(sentence)
        assert await CommandTranslator().translate(string, locale, context) == expected


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
