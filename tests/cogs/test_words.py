"""A stranger's text is shown as plain text, whatever it tries to be."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs import words
from tests.cogs.scenes import HOSTILE, live_markup, plain

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
    shown = words.harmless(text, 300)
    assert live_markup(shown) == []
    assert len(plain(shown)) <= 300
    whole, cut = visible(text), plain(shown)
    assert cut == whole or (cut.endswith("…") and whole.startswith(cut[:-1]))


@given(st.lists(_PIECES, max_size=40).map("".join))
def test_no_text_comes_through_as_markup(text: str) -> None:
    """Any mixture of what Discord gives a meaning, and nothing of it is lost."""
    shown = words.harmless(text, 300)
    assert live_markup(shown) == []
    assert plain(shown) == visible(text)


@pytest.mark.parametrize(
    "live",
    ["**a**", "a_b_", "||a||", "<@1>", "</a:1>", "https://a", "@everyone", "[a](b)", "# a", "- a"],
)
def test_the_measure_itself_finds_markup(live: str) -> None:
    """What these tests look for is found where nothing is escaped."""
    assert live_markup(live)
