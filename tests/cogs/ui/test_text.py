"""A stranger's text is shown as plain text, whatever it tries to be."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.ui import text
from domain.jobs import JobState
from sandbox.discord import Channel, Person
from tests.harness.rendering import HOSTILE, a_job, live_markup, plain
from workflow.publisher import Sight
from workflow.urls.input_urls import NO_PLACE, SWEPT

_PIECES = st.sampled_from(
    [*"*_~`|\\<>[]()#-+@:/ \n\t", "://", "https://", "everyone", "<@", "\u200b", "\u202e", "é", "x"]
)


def visible(text: str) -> str:
    """Give what a text shows on one line, written down another way than the service does."""
    kept = [
        " " if char.isspace() else char
        for char in text
        if char.isspace() or unicodedata.category(char) not in ("Cf", "Cc", "Cs")
    ]
    return " ".join("".join(kept).split())


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_is_shown_as_it_was_typed(text: str) -> None:
    """Nothing of it is markup, a link or a mention; it is one line, cut with a mark."""
    shown = text.harmless(text, 300)
    assert live_markup(shown) == []
    assert len(plain(shown)) <= 300
    whole, cut = visible(text), plain(shown)
    assert cut == whole or (cut.endswith("…") and whole.startswith(cut[:-1]))


@given(st.lists(_PIECES, max_size=40).map("".join))
def test_no_text_comes_through_as_markup(text: str) -> None:
    """Any mixture of what Discord gives a meaning, and nothing of it is lost."""
    shown = text.harmless(text, 300)
    assert live_markup(shown) == []
    assert plain(shown) == visible(text)


@pytest.mark.parametrize(
    "live",
    ["**a**", "a_b_", "||a||", "<@1>", "</a:1>", "https://a", "@everyone", "[a](b)", "# a", "- a"],
)
def test_the_measure_itself_finds_markup(live: str) -> None:
    """What these tests look for is found where nothing is escaped."""
    assert live_markup(live)


@pytest.mark.parametrize(
    ("state", "code", "again", "change"),
    [
        (JobState.FAILED, "SensitiveContent", False, True),
        (JobState.FAILED, "INVALID_IMAGE_URL", False, False),
        (JobState.FAILED, "InsufficientBalance", False, False),
        (JobState.FAILED, "Timeout", True, True),
        (JobState.REJECTED, "a new one", True, True),
        (JobState.REJECTED, SWEPT, False, False),
        (JobState.REJECTED, NO_PLACE, False, False),
        (JobState.RESULT_LOST, None, True, False),
        (JobState.SUBMIT_UNKNOWN, None, False, False),
        (JobState.CANCELLED, None, False, False),
        (JobState.STUCK, None, False, False),
        (JobState.QUEUED, None, False, False),
    ],
)
def test_another_try_is_offered_where_it_can_help(
    videos: Channel, ada: Person, state: JobState, code: str | None, again: bool, change: bool
) -> None:
    """Neither for what would fail the same way, nor for what may come still."""
    sight = Sight(a_job(videos, ada, state, fail_code=code))
    assert (text.is_worth_repeating(sight), text.is_worth_changing(sight)) == (again, change)


def test_a_lost_submission_can_be_asked_for_again_when_it_is_given_up(
    videos: Channel, ada: Person
) -> None:
    """Not before: it may be a second video then."""
    sight = Sight(a_job(videos, ada, JobState.SUBMIT_UNKNOWN), given_up=True)
    assert text.is_worth_repeating(sight)


@pytest.mark.parametrize("code", [SWEPT, NO_PLACE])
def test_what_could_not_be_handed_over_is_said_in_our_own_words(
    videos: Channel, ada: Person, code: str
) -> None:
    """It was not the model that refused."""
    said = text.ending(Sight(a_job(videos, ada, JobState.REJECTED, fail_code=code, reason="x")))
    assert "The model refused" not in said
    assert "attach it again" in said
    assert "Nothing was charged" in said
