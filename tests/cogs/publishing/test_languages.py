"""Who reads what in which language: members their own, servers theirs."""

from collections.abc import Iterator
from dataclasses import replace
from gettext import NullTranslations
from typing import Any

import pytest

from cogs.ui.i18n import find_language, install_languages
from domain.guild_settings import GuildSettings
from domain.jobs import JobState
from sandbox.discord import MemberClient, Message
from sandbox.discord.models import Guild, walk_components
from storage import guild_settings
from tests.harness.bot import BotHarness, job_id_in
from tests.harness.languages import marked_translations, speak_english
from tests.harness.workflow import member_limits

VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
GERMAN, FRENCH, PORTUGUESE = "⟦", "«", "‡"

pytestmark = pytest.mark.time_scale(600)


@pytest.fixture(scope="module", autouse=True)
def languages() -> Iterator[None]:
    """Speak English, and three languages of brackets."""
    spoken = {
        "en": NullTranslations(),
        "de": marked_translations("de", GERMAN, "⟧"),
        "fr": marked_translations("fr", FRENCH, "»"),
        "pt_BR": marked_translations("pt_BR", PORTUGUESE, PORTUGUESE),
    }
    install_languages(spoken, spoken.__getitem__, "en")
    yield
    speak_english()


@pytest.fixture
async def harness(stopped_harness: BotHarness) -> BotHarness:
    stopped_harness.policy = replace(stopped_harness.policy, limits=member_limits(member=5))
    await stopped_harness.start()
    return stopped_harness


@pytest.mark.parametrize(
    ("locale", "code"),
    [
        ("de", "de"),
        ("pt-BR", "pt_BR"),
        ("pt-PT", "pt_BR"),
        ("en-GB", "en"),
        ("es-419", None),
        ("", None),
        (None, None),
    ],
)
def test_a_locale_has_the_language_of_another_territory(locale: str | None, code: str | None):
    """One that is not installed has none, and hears the default."""
    assert find_language(locale) == code


def text_of(message: Message) -> str:
    """Return everything that is written on a message."""
    return "\n".join(str(part.get("content", "")) for part in walk_components(message.components))


async def make_video(harness: BotHarness, member: MemberClient, **options: Any) -> tuple[str, str]:
    """Make a video; return the texts of the private answer and of the message with the video."""
    typed = await member.run_command(harness.channel, "video", {**VIDEO, **options})
    answer = await typed.until_answered(20)
    job = job_id_in(answer)
    await harness.wait_for_state(job, JobState.DELIVERED)
    return answer.text, text_of(await harness.wait_for_result(job))


async def configure(harness: BotHarness, guild: Guild, **changes: Any) -> None:
    """Store a server's settings before the service starts."""
    text = GuildSettings(**changes).model_dump_json()
    await harness.database.transact(lambda tx: guild_settings.save_settings(tx, guild.id, text, 1))


async def test_a_member_is_answered_in_their_own_language(
    harness: BotHarness, ada: MemberClient
) -> None:
    """What everybody sees is in the service's language: this server has none."""
    ada.user.locale, ada.guild.preferred_locale = "fr", "de"
    answer, result = await make_video(harness, ada)
    assert FRENCH in answer
    assert not {FRENCH, GERMAN} & {*result}


async def test_a_community_is_answered_in_its_language(
    stopped_harness: BotHarness, ada: MemberClient
) -> None:
    """The gateway says it."""
    ada.guild.community, ada.guild.preferred_locale = True, "de"
    await stopped_harness.start()
    answer, result = await make_video(stopped_harness, ada)
    assert GERMAN in result
    assert GERMAN not in answer


async def test_what_managers_chose_counts_before_that(
    stopped_harness: BotHarness, ada: MemberClient
) -> None:
    """Each of its public messages is in that language, the private answer is not."""
    ada.guild.community, ada.guild.preferred_locale = True, "de"
    await configure(stopped_harness, ada.guild, language="pt_BR")
    await stopped_harness.start()
    answer, result = await make_video(stopped_harness, ada)
    assert PORTUGUESE in result
    assert not {PORTUGUESE, GERMAN} & {*answer}


async def test_a_direct_message_has_the_language_of_its_member(
    stopped_harness: BotHarness, ada: MemberClient
) -> None:
    """The one in which the video was asked for, whatever the server speaks."""
    ada.user.locale = "fr"
    await configure(stopped_harness, ada.guild, language="de", private_allowed=True)
    await stopped_harness.start()
    job = await stopped_harness.order_video(ada, "video", {**VIDEO, "private": True})
    await stopped_harness.wait_for_state(job, JobState.DELIVERED)
    sent = [text_of(message) for message in ada.direct_channel.messages]
    assert sent
    assert all(FRENCH in text and GERMAN not in text for text in sent)
