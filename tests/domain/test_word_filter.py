import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.violations import Param, Source, Violation
from domain.violations import ViolationCode as Code
from domain.word_filter import (
    MAX_PATTERNS,
    MAX_WORD_CHARS,
    MAX_WORDS,
    find_listed_words,
    parse_word_list,
    word_list_violations,
)


def named(code: Code, **params: Param) -> Violation:
    return Violation.of(code, Source.SETTINGS, **params)


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("a gun on a table", ("gun",)),
        ("A GUN", ("gun",)),
        ("\uff47\uff55\uff4e in wide letters", ("gun",)),
        ("\U0001d420\U0001d42e\U0001d427 in bold letters", ("gun",)),
        ("g\u200bu\u00adn with nothing between", ("gun",)),
        ("g\ufe0fun", ("gun",)),
        ("\u202egun\u202c", ("gun",)),
        ("gun_smoke", ("gun",)),
        ("用gun玩", ("gun",)),
        ("begun, gunner, shotgun", ()),
        ("a sea  \n monster", ("sea monster",)),
        ("gun gun sea monster", ("gun", "sea monster")),
        ("sea", ()),
        ("STRASSE", ("strasse",)),
        ("c++x", ("c++",)),
        ("流血", ("血",)),
        ("go\ud800", ()),
        ("", ()),
    ],
)
def test_a_word_is_found_as_it_reads(prompt: str, found: tuple[str, ...]) -> None:
    """Width, case, what shows nothing and white space do not hide a word; a longer word is none."""
    assert find_listed_words(prompt, ("Gun", "sea monster", "Straße", "c++", "血")) == found


def test_two_words_may_share_an_edge() -> None:
    """What is between two words ends the one and begins the other."""
    assert find_listed_words("gun knife", ("gun", "knife")) == ("gun", "knife")


def test_of_two_words_that_begin_alike_the_longer_is_named() -> None:
    """A shorter word does not hide what else was said."""
    assert find_listed_words("a sea monster", ("sea", "sea monster")) == ("sea monster",)


@pytest.mark.parametrize(
    ("pattern", "prompt", "is_found"),
    [
        ("/g[u4]n/", "a G4Ns", True),
        ("/g[u4]n/", "a gin", False),
        ("/(?:^| )war(?:$| )/", "war", True),
        ("/(?:^| )war(?:$| )/", "warm", False),
        ("/X+Y/", "xxy", True),
    ],
)
def test_a_pattern_is_found_anywhere(pattern: str, prompt: str, *, is_found: bool) -> None:
    """Between slashes is a pattern, which ignores case."""
    assert bool(find_listed_words(prompt, (pattern,))) is is_found


@pytest.mark.parametrize(
    "pattern", ["/(a+)+$/", "/(a|aa)+$/", "/(.*)*x/", "/(a?){100}a{100}$/", "/([a-z]+)*!/"]
)
def test_a_catastrophic_pattern_ends(pattern: str) -> None:
    """What takes a backtracking engine longer than the sun will shine ends at once."""
    assert word_list_violations((pattern,)) == []
    assert find_listed_words("a" * 5_999 + "?", (pattern,)) == ()


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"/(a)\1/", r"invalid escape sequence: \1"),
        ("/(?=a)b/", "invalid perl operator: (?="),
        ("/(/", "missing ): ("),
        ("/a{1001}/", "invalid repetition size: {1001}"),
        ("/((a{30}){30}){30}/", "invalid repetition size: {30}"),
    ],
)
def test_a_pattern_that_can_not_be_used_is_refused(pattern: str, reason: str) -> None:
    """It is named, and why, in RE2's words."""
    assert word_list_violations((pattern,)) == [
        named(Code.PATTERN_INVALID, pattern=pattern, reason=reason)
    ]


def test_a_pattern_that_is_too_large_is_refused() -> None:
    """RE2 would take it, but searching for it would take too long."""
    pattern = r"/(\pL|\pN){30}/"
    assert word_list_violations((pattern,)) == [named(Code.PATTERN_TOO_LARGE, pattern=pattern)]


def test_a_pattern_that_finds_nothing_in_particular_is_refused() -> None:
    """It would be found in every prompt."""
    assert word_list_violations(("/x*/",)) == [named(Code.PATTERN_MATCHES_ALL, pattern="/x*/")]


def test_a_list_may_be_full_but_no_fuller() -> None:
    """Each bound holds on both sides, and everything that is wrong is named."""
    full = tuple(f"word {number}" for number in range(MAX_WORDS))
    patterns = tuple(f"/word{number}/" for number in range(MAX_PATTERNS + 1))
    assert word_list_violations((*full[1:], "x" * MAX_WORD_CHARS)) == []
    assert word_list_violations((*full, "one more")) == [
        named(Code.TOO_MANY_WORDS, most=200, count=201)
    ]
    assert word_list_violations(patterns[1:]) == []
    assert word_list_violations((*patterns, "x" * (MAX_WORD_CHARS + 1), "\u200b")) == [
        named(Code.TOO_MANY_PATTERNS, most=50, count=51),
        named(Code.WORD_TOO_LONG, word="x" * 40, most=100),
        named(Code.WORD_BLANK),
    ]


def test_the_largest_list_of_words_can_be_searched() -> None:
    """As many words as may be, as long as they may be, in letters that take the most bytes."""
    words = tuple(
        "\U00020000" * (MAX_WORD_CHARS - 3) + f"{number:03}" for number in range(MAX_WORDS)
    )
    assert word_list_violations(words) == []
    assert find_listed_words(f"say {words[7]}!", words) == (words[7][:40],)


def test_a_list_is_read_as_it_is_typed() -> None:
    """One a line or between commas, each once; a comma in a pattern belongs to it."""
    typed = " gun, sea monster\n/x{1,3}/ , /a,b\\/c/\n\n,,gun\r\n/ no pattern\nend"
    assert parse_word_list(typed) == (
        *("gun", "sea monster", "/x{1,3}/", "/a,b\\/c/", "/ no pattern", "end"),
    )


@given(st.text(max_size=200), st.text(max_size=30))
def test_whatever_is_listed_and_asked_is_answered(prompt: str, word: str) -> None:
    """A list that is taken can be searched in every text, and a word alone is found in itself."""
    if word_list_violations((word,)):
        return
    find_listed_words(prompt, (word,))
    if not (len(word) > 2 and word[0] == word[-1] == "/"):
        assert find_listed_words(word, (word,))


@given(st.lists(st.text(alphabet=st.characters(exclude_characters=",/\n"), max_size=20)))
def test_what_is_read_can_be_written_and_read_again(words: list[str]) -> None:
    """A list that is shown line by line and sent back stays as it was."""
    once = parse_word_list("\n".join(words))
    assert parse_word_list("\n".join(once)) == once
