"""Each language that is shipped: whole, accepted by Discord, and without a word of English."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from string import Formatter
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from bot import translations
from bot.translations import LOCALE_FOLDER
from cogs.settings.controls import SettingsPage
from cogs.ui.i18n import LANGUAGE_NAMES
from domain.guild_settings import GuildSettings
from domain.jobs import JobState
from sandbox.discord import FakeDiscord, Interaction, MemberClient, Permission
from sandbox.discord import Message as Posted
from sandbox.discord.models import walk_components
from storage import guild_settings
from tests.harness.bot import BotHarness, job_id_in
from tests.harness.languages import speak_english
from tests.harness.panel_driver import PanelDriver
from tests.harness.workflow import member_limits

TRANSLATED = [code for code in LANGUAGE_NAMES if code != "en"]
VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
SHOWN = ("content", "label", "placeholder", "description", "title")
LEAST_LETTERS = 12
"""Letters that a piece of English has at the least to be looked for."""

pytestmark = pytest.mark.time_scale(600)


def read_catalog(code: str) -> Catalog:
    """Read a language's file, or the template."""
    name = f"{code}.po" if code else "dailies.pot"
    with (LOCALE_FOLDER / name).open("rb") as file:
        return read_po(file, locale=code or None, abort_invalid=True)


def forms(text: Any) -> Sequence[str]:
    """Return the forms of a sentence: one, or those of its numbers."""
    return (text,) if isinstance(text, str) else tuple(text)


def key(message: Message) -> tuple[str | None, str]:
    """Name a sentence."""
    return message.context, forms(message.id)[0]


@pytest.fixture(scope="module", autouse=True)
def languages() -> Iterator[None]:
    """Speak all languages."""
    translations.install("en")
    yield
    speak_english()


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_language_is_whole(code: str) -> None:
    """Every sentence has its translation, in all forms of numbers; none is left over."""
    template = {key(message): message for message in read_catalog("") if message.id}
    catalog = {key(message): message for message in read_catalog(code) if message.id}
    assert sorted(map(str, catalog)) == sorted(map(str, template))
    missing = [one.id for one in catalog.values() if one.fuzzy or not all(forms(one.string))]
    assert missing == []
    translations.load_translations(code)


def literal_pieces(sentence: str) -> list[str]:
    """Return the parts of a sentence between its placeholders that are recognized anywhere."""
    pieces = [text.strip() for text, *_ in Formatter().parse(sentence)]
    return [
        piece
        for piece in pieces
        if len(re.sub(r"[^A-Za-z]", "", piece)) >= LEAST_LETTERS and " " in piece
    ]


def english_pieces(code: str) -> dict[str, str]:
    """Return what of the English sentences must not be seen in a language."""
    spoken = "\n".join(form for one in read_catalog(code) if one.id for form in forms(one.string))
    found = dict[str, str]()
    for message in read_catalog(code):
        if message.id and not message.context:
            for form in forms(message.id):
                found |= {piece: form for piece in literal_pieces(form) if piece not in spoken}
    return found


def texts(message: Posted | None) -> Iterator[str]:
    """Give every text on a message that a person reads."""
    assert message is not None
    for part in walk_components(message.components):
        for shown in (part, *part.get("options", ())):
            yield from (str(shown[name]) for name in SHOWN if name in shown)


def modal_texts(modal: dict[str, Any]) -> Iterator[str]:
    """Give every text of a form."""
    yield str(modal["title"])
    for part in walk_components(modal["components"]):
        yield from (str(part[name]) for name in SHOWN if name in part)


async def ask(
    harness: BotHarness, person: MemberClient, name: str, options: Any = None
) -> Interaction:
    typed = await person.run_command(harness.channel, name, options)
    return await typed.until_answered(60)


@pytest.fixture
def boss(fake_discord: FakeDiscord) -> MemberClient:
    """Give a member who manages the server."""
    boss = fake_discord.member("Ben")
    role = fake_discord.world.add_role(boss.guild, "keepers", Permission.MANAGE_GUILD)
    fake_discord.world.set_roles(boss.guild, boss.user, role)
    return boss


def locale_of(code: str) -> str:
    """Return Discord's locale for a language."""
    return "es-ES" if code == "es" else code.replace("_", "-")


async def speak(harness: BotHarness, code: str, *people: MemberClient) -> None:
    """Start a service whose server and people use a language."""
    harness.policy = replace(harness.policy, limits=member_limits(member=5))
    guild = people[0].guild
    text = GuildSettings(language=code, private_allowed=True).model_dump_json()
    await harness.database.transact(lambda tx: guild_settings.save_settings(tx, guild.id, text, 1))
    for person in people:
        person.user.locale = locale_of(code)
    await harness.start()


async def cards_of_videos(harness: BotHarness, ada: MemberClient) -> list[str]:
    """Make a video, let one fail, and be refused; return all texts."""
    seen = list[str]()
    answer = await ask(harness, ada, "video", VIDEO)
    job = job_id_in(answer)
    await harness.wait_for_state(job, JobState.DELIVERED)
    seen += [*texts(answer.message), *texts(await harness.wait_for_result(job))]
    failing = await ask(harness, ada, "video", {**VIDEO, "prompt": "x [[fail:SensitiveContent]]"})
    await harness.wait_for_state(job_id_in(failing), JobState.FAILED)
    for options in (
        {**VIDEO, "prompt": " ", "duration": 15},
        {**VIDEO, "aspect_ratio": "auto", "web_search": True},
        {"model": "seedance-2-0", "duration": 15, "resolution": "1080p", "prompt": "a lake"},
    ):
        seen += texts((await ask(harness, ada, "video", options)).message)
    for message in harness.channel.messages:
        seen += texts(message) if message.author.bot else ()
    return seen


async def answers_to_commands(
    harness: BotHarness, ada: MemberClient, boss: MemberClient
) -> list[str]:
    """Type every command that answers with a card; return all texts."""
    seen = list[str]()
    for name in ("help", "price", "jobs", "spend", "privacy"):
        seen += texts((await ask(harness, ada, name)).message)
    for name in ("help", "report"):
        seen += texts((await ask(harness, boss, name)).message)
    panel = await PanelDriver.open_panel(harness, boss)
    for page in SettingsPage:
        panel = await panel.go_to_page(page)
        seen += texts(panel.panel.message)
    composing = await ada.run_command(harness.channel, "compose")
    await composing.until_answered(60)
    assert composing.modal is not None
    return [*seen, *modal_texts(composing.modal)]


@pytest.mark.parametrize("code", TRANSLATED)
async def test_no_english_is_left(
    stopped_harness: BotHarness,
    fake_discord: FakeDiscord,
    ada: MemberClient,
    boss: MemberClient,
    code: str,
) -> None:
    """On no card, in no form, in no description of a command; and Discord takes all of them."""
    await speak(stopped_harness, code, ada, boss)
    seen = await cards_of_videos(stopped_harness, ada)
    seen += await answers_to_commands(stopped_harness, ada, boss)
    english = english_pieces(code)
    assert len(english) > 300
    left = {piece: english[piece] for piece in english if any(piece in text for text in seen)}
    assert left == {}
    locale = locale_of(code)
    described = list(all_described(fake_discord))
    assert len(described) > 60
    assert [one["name"] for one in described if locale not in descriptions(one)] == []


def descriptions(thing: dict[str, Any]) -> dict[str, str]:
    """Return the translations of a description."""
    return thing.get("description_localizations") or {}


def all_described(fake_discord: FakeDiscord) -> Iterator[dict[str, Any]]:
    """Go through commands, subcommands and options, whatever has a description."""
    waiting: list[dict[str, Any]] = list(fake_discord.commands.registered_in(None))
    while waiting:
        thing = waiting.pop()
        waiting += thing.get("options") or ()
        if thing.get("description"):
            yield thing
