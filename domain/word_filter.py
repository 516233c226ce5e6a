"""Knows the lists of words and patterns that managers write, and what of a text is on one.

A word is found as a whole word, a `/pattern/` anywhere. Both are looked for in the text as it
reads, not as it is encoded: wide, small and capital letters are one, and what shows nothing is
taken out first.
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

_MOST_NAMED: Final = 5
_MAX_PROGRAM: Final = 150_000
"""Instructions of a whole list of words, which are literal: 200 of 100 characters are fewer."""

_NAMED: Final = 40
"""Characters of what was found that are shown."""

_ENTRY: Final = re.compile(r"\s*(/(?:\\.|[^/\\\n])+/)[^\S\n]*(?=[,\n]|\Z)|([^,\n]+)")
_LETTER: Final = r"\pL\pN\pM"
_UNSPACED: Final = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""Scripts that put no space between words: there every place may be the edge of one."""

_BEFORE: Final = rf"(?:^|[^{_LETTER}]|[{_UNSPACED}])"
_AFTER: Final = rf"(?:$|[^{_LETTER}]|[{_UNSPACED}])"
_BLANK_LETTERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Letters and marks of Unicode's that are shown as nothing."""


def parse_word_list(text: str) -> tuple[str, ...]:
    """Read a list as a manager types it: one a line or between commas, each once.

    A comma between the slashes of a `/pattern/` belongs to it.
    """
    found = (entry.group(1) or entry.group(2) for entry in _ENTRY.finditer(text))
    return tuple(dict.fromkeys(word for entry in found if (word := entry.strip())))


def word_list_violations(words: Sequence[str]) -> list[Violation]:
    """Name what is wrong with a list."""
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
    """List what of a text is on a list, the first few of it, as it reads there."""
    if not words:
        return ()
    hits = _hits(normalize_text(text), words)
    return tuple(hit[:_NAMED] for hit in islice(dict.fromkeys(hits), _MOST_NAMED))


def normalize_text(text: str) -> str:
    """Write a text in the one way for all that read the same: NFKC, casefolded, single spaces."""
    folded = unicodedata.normalize("NFKC", _visible(text)).casefold()
    return " ".join(_visible(unicodedata.normalize("NFKC", folded)).split())


def _is_pattern(word: str) -> bool:
    return len(word) > 2 and word[0] == word[-1] == "/"


def _fault(word: str) -> Violation | None:
    if len(word) > MAX_WORD_CHARS:
        return _broken(ViolationCode.WORD_TOO_LONG, word=word[:_NAMED], most=MAX_WORD_CHARS)
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
        at = 0
        # The edge of a word may be that of the next one, so it is looked at twice.
        while (hit := expression.search(text, at)) is not None:
            yield hit.group(1)
            at = hit.end(1)
    for pattern in patterns:
        if hit := pattern.search(text):
            yield hit.group()


@lru_cache(maxsize=256)
def _searches(words: tuple[str, ...]) -> tuple[tuple[Pattern, ...], tuple[Pattern, ...]]:
    """Compile a list: its words, those with the same edges in one expression, and its patterns."""
    plain: dict[tuple[str, str], list[str]] = {}
    for word in sorted({normalize_text(word) for word in words if not _is_pattern(word)} - {""}):
        edges = _BEFORE if _is_letter(word[0]) else "", _AFTER if _is_letter(word[-1]) else ""
        plain.setdefault(edges, []).append(word)
    patterns = (compile_pattern(word[1:-1]) for word in words if _is_pattern(word))
    return tuple(_any_of(found, *edges) for edges, found in plain.items()), tuple(patterns)


def _any_of(words: Sequence[str], before: str, after: str) -> Pattern:
    """Compile the search for one of some words; of two that begin alike the longer one is tried."""
    tried = "|".join(escape(word) for word in sorted(words, key=len, reverse=True))
    return compile_pattern(f"{before}({tried}){after}", max_program_size=_MAX_PROGRAM)


def _is_letter(char: str) -> bool:
    """Tell whether a character is part of the words of a script that puts spaces between them."""
    return compile_pattern(f"[{_LETTER}]").search(char) is not None and not _is_unspaced(char)


def _is_unspaced(char: str) -> bool:
    return compile_pattern(f"[{_UNSPACED}]").search(char) is not None


def _visible(text: str) -> str:
    """Leave out what shows nothing, and halves of characters, which can not be searched."""
    return "".join(char for char in text if _shows(char))


def _shows(char: str) -> bool:
    if char.isspace():
        return True
    hidden = char in _BLANK_LETTERS or "\ufe00" <= char <= "\ufe0f" or char >= "\U000e0000"
    return not hidden and unicodedata.category(char) not in ("Cc", "Cf", "Cs")
