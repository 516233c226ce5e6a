"""A stranger's text is shown as plain text, whatever it tries to be."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.ui import text
from domain.jobs import JobState
from domain.quotas import LimitKind
from sandbox.discord import Channel, MemberClient
from tests.harness.rendering import HOSTILE_TEXTS, make_job, rendered_markup, unescape
from workflow.publisher import StatusView
from workflow.urls.input_urls import INPUT_EXPIRED, INPUT_UNREACHABLE

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


@pytest.mark.parametrize("typed", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
def test_a_hostile_text_is_shown_as_it_was_typed(typed: str) -> None:
    """Nothing of it is markup, a link or a mention; it is one line, cut with a mark."""
    shown = text.sanitize(typed, 300)
    assert rendered_markup(shown) == []
    assert len(unescape(shown)) <= 300
    whole, cut = visible(typed), unescape(shown)
    assert cut == whole or (cut.endswith("…") and whole.startswith(cut[:-1]))


@given(st.lists(_PIECES, max_size=40).map("".join))
def test_no_text_comes_through_as_markup(typed: str) -> None:
    """Any mixture of what Discord gives a meaning, and nothing of it is lost."""
    shown = text.sanitize(typed, 300)
    assert rendered_markup(shown) == []
    assert unescape(shown) == visible(typed)


@pytest.mark.parametrize(
    "live",
    ["**a**", "a_b_", "||a||", "<@1>", "</a:1>", "https://a", "@everyone", "[a](b)", "# a", "- a"],
)
def test_the_measure_itself_finds_markup(live: str) -> None:
    """What these tests look for is found where nothing is escaped."""
    assert rendered_markup(live)


@pytest.mark.parametrize(
    ("state", "code", "again", "change"),
    [
        (JobState.FAILED, "SensitiveContent", False, True),
        (JobState.FAILED, "INVALID_IMAGE_URL", False, False),
        (JobState.FAILED, "InsufficientBalance", False, False),
        (JobState.FAILED, "Timeout", True, True),
        (JobState.REJECTED, "a new one", True, True),
        (JobState.REJECTED, INPUT_EXPIRED, False, False),
        (JobState.REJECTED, INPUT_UNREACHABLE, False, False),
        (JobState.RESULT_LOST, None, True, False),
        (JobState.SUBMIT_UNKNOWN, None, False, False),
        (JobState.CANCELLED, None, False, False),
        (JobState.STUCK, None, False, False),
        (JobState.QUEUED, None, False, False),
    ],
)
def test_another_try_is_offered_where_it_can_help(
    videos: Channel, ada: MemberClient, state: JobState, code: str | None, again: bool, change: bool
) -> None:
    """Neither for what would fail the same way, nor for what may come still."""
    status = StatusView(make_job(videos, ada, state, fail_code=code))
    assert (text.is_worth_repeating(status), text.is_worth_editing(status)) == (again, change)


def test_a_lost_submission_can_be_asked_for_again_when_it_is_given_up(
    videos: Channel, ada: MemberClient
) -> None:
    """Not before: it may be a second video then."""
    status = StatusView(make_job(videos, ada, JobState.SUBMIT_UNKNOWN), hold_released=True)
    assert text.is_worth_repeating(status)


@pytest.mark.parametrize("code", [INPUT_EXPIRED, INPUT_UNREACHABLE])
def test_what_could_not_be_handed_over_is_said_in_our_own_words(
    videos: Channel, ada: MemberClient, code: str
) -> None:
    """It was not the model that refused."""
    said = text.format_outcome(
        StatusView(make_job(videos, ada, JobState.REJECTED, fail_code=code, reason="x"))
    )
    assert "The model refused" not in said
    assert "un the command again" in said
    assert "You weren't charged" in said


@pytest.mark.parametrize(
    ("kind", "amount", "shown"),
    [
        (LimitKind.DAY, 5_000_000, "$5.00"),
        (LimitKind.MONTH, None, "none"),
        (LimitKind.COOLDOWN, 60, "60 s"),
        (LimitKind.IN_FLIGHT, 3, "3 at once"),
    ],
)
def test_a_limit_is_shown_in_its_own_unit(kind: LimitKind, amount: int | None, shown: str) -> None:
    """Dollars, seconds or a number."""
    assert text.format_limit(kind, amount) == shown


@pytest.mark.parametrize(
    ("place", "shown"),
    [(2, "2"), (1_000, "1,000"), (1_099, "1,000"), (9_999, "9,900"), (10_000, "10,000+")],
)
def test_a_place_far_back_is_told_as_the_estimate_that_it_is(place: int, shown: str) -> None:
    """In hundreds; and the last one with a plus sign."""
    assert text.format_place(place) == shown


@pytest.mark.parametrize(
    ("prompt", "most", "shown"),
    [
        ("a lake", 300, "> a lake"),
        ("1. a lake\n\n  2. a *sea* \r\n", 300, "> 1. a lake\n> 2. a \\*sea\\*"),
        ("a lake\na sea\na pond", 12, "> a lake\n> a…"),
        ("\n \n", 300, "> "),
    ],
)
def test_a_quoted_prompt_keeps_its_lines(prompt: str, most: int, shown: str) -> None:
    """Each of them in the quotation, without blank ones, as far as there is room."""
    assert text.quote(prompt, most) == shown
