"""Word filter: lists of words and patterns that managers write, and their matches in a text.

A word matches as a whole word, a `/pattern/` anywhere. Both are matched against the text as it
reads, not as it is encoded: width and case are ignored, and invisible characters are removed first.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final

from domain.safe_regex import Pattern, PatternTooLarge, compile_pattern, escape
from domain.violations import Param, Source, Violation, ViolationCode

MAX_WORDS: Final = 200
MAX_PATTERNS: Final = 50
MAX_WORD_CHARS: Final = 100
"""Characters of a word or a pattern."""

_MAX_REPORTED: Final = 5
_MAX_PROGRAM: Final = 150_000
"""Instructions of a whole list of literal words: 200 words of 100 characters need fewer."""

_MAX_REPORTED_CHARS: Final = 40
"""Characters of a match that are reported."""

_ENTRY: Final = re.compile(r"\s*(/(?:\\.|[^/\\\n])+/)[^\S\n]*(?=[,\n]|\Z)|([^,\n]+)")
_LETTER: Final = r"\pL\pN\pM"
_UNSPACED: Final = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""Scripts without spaces between words, where any position may be a word boundary."""

_BEFORE: Final = rf"(?:^|[^{_LETTER}]|[{_UNSPACED}])"
_AFTER: Final = rf"(?:$|[^{_LETTER}]|[{_UNSPACED}])"
_BLANK_LETTERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Letters and marks that Unicode renders as nothing."""


def parse_word_list(text: str) -> tuple[str, ...]:
    """Parse a list as a manager types it, one entry per line or between commas, without repeats.

    A comma between the slashes of a `/pattern/` belongs to it.
    """
    entries = (entry.group(1) or entry.group(2) for entry in _ENTRY.finditer(text))
    return tuple(dict.fromkeys(word for entry in entries if (word := entry.strip())))


def word_list_violations(words: Sequence[str]) -> list[Violation]:
    """Return what is wrong with a list."""
    broken: list[Violation] = []
    if len(words) > MAX_WORDS:
        broken.append(_broken(ViolationCode.TOO_MANY_WORDS, most=MAX_WORDS, count=len(words)))
    patterns = [word for word in words if _is_pattern(word)]
    if len(patterns) > MAX_PATTERNS:
        broken.append(
            _broken(ViolationCode.TOO_MANY_PATTERNS, most=MAX_PATTERNS, count=len(patterns))
        )
    return [*broken, *(fault for word in words if (fault := _fault(word)))]


def _broken(code: ViolationCode, **params: Param) -> Violation:
    return Violation.of(code, Source.SETTINGS, **params)


def find_listed_words(text: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the first few matches of a list in a text, as they read there."""
    if not words:
        return ()
    hits = _hits(normalize_text(text), words)
    return tuple(hit[:_MAX_REPORTED_CHARS] for hit in islice(dict.fromkeys(hits), _MAX_REPORTED))


def normalize_text(text: str) -> str:
    """Return a text in one form for all that read the same: NFKC, casefolded, single spaces."""
    folded = unicodedata.normalize("NFKC", _visible(text)).casefold()
    return " ".join(_visible(unicodedata.normalize("NFKC", folded)).split())


def _is_pattern(word: str) -> bool:
    return len(word) > 2 and word[0] == word[-1] == "/"


def _fault(word: str) -> Violation | None:
    if len(word) > MAX_WORD_CHARS:
        return _broken(
            ViolationCode.WORD_TOO_LONG, word=word[:_MAX_REPORTED_CHARS], most=MAX_WORD_CHARS
        )
    if not _is_pattern(word):
        return None if normalize_text(word) else _broken(ViolationCode.WORD_BLANK)
    try:
        expression = compile_pattern(word[1:-1])
    except PatternTooLarge:
        return _broken(ViolationCode.PATTERN_TOO_LARGE, pattern=word)
    except ValueError as error:
        return _broken(ViolationCode.PATTERN_INVALID, pattern=word, reason=str(error))
    if expression.search("") is not None:
        return _broken(ViolationCode.PATTERN_MATCHES_ALL, pattern=word)
    return None


def _hits(text: str, words: tuple[str, ...]) -> Iterator[str]:
    plain, patterns = _searches(words)
    for expression in plain:
        position = 0
        # The boundary after a word may be the one before the next, so it is searched again.
        while (hit := expression.search(text, position)) is not None:
            yield hit.group(1)
            position = hit.end(1)
    for pattern in patterns:
        if hit := pattern.search(text):
            yield hit.group()


@lru_cache(maxsize=256)
def _searches(words: tuple[str, ...]) -> tuple[tuple[Pattern, ...], tuple[Pattern, ...]]:
    """Compile a list: one expression for words with the same boundaries, and one per pattern."""
    plain: dict[tuple[str, str], list[str]] = {}
    for word in sorted({normalize_text(word) for word in words if not _is_pattern(word)} - {""}):
        boundaries = _BEFORE if _is_letter(word[0]) else "", _AFTER if _is_letter(word[-1]) else ""
        plain.setdefault(boundaries, []).append(word)
    patterns = (compile_pattern(word[1:-1]) for word in words if _is_pattern(word))
    words_by_boundary = (_any_of(group, *boundaries) for boundaries, group in plain.items())
    return tuple(words_by_boundary), tuple(patterns)


def _any_of(words: Sequence[str], before: str, after: str) -> Pattern:
    """Compile a search for any of some words; of two with the same start, the longer is tried."""
    alternatives = "|".join(escape(word) for word in sorted(words, key=len, reverse=True))
    return compile_pattern(f"{before}({alternatives}){after}", max_program_size=_MAX_PROGRAM)


def _is_letter(char: str) -> bool:
    """Return whether a character is a letter of a script with spaces between words."""
    return compile_pattern(f"[{_LETTER}]").search(char) is not None and not _is_unspaced(char)


def _is_unspaced(char: str) -> bool:
    return compile_pattern(f"[{_UNSPACED}]").search(char) is not None


def _visible(text: str) -> str:
    """Return a text without invisible characters and lone surrogates, which RE2 cannot search."""
    return "".join(char for char in text if _is_visible(char))


def _is_visible(char: str) -> bool:
    if char.isspace():
        return True
    hidden = char in _BLANK_LETTERS or "\ufe00" <= char <= "\ufe0f" or char >= "\U000e0000"
    return not hidden and unicodedata.category(char) not in ("Cc", "Cf", "Cs")
