"""Regular expressions whose time is linear in the text, whatever is written in them: RE2's.

The library has no types of its own, so this is the one place that knows it.
"""

from typing import Any, Final, Protocol, cast

import re2

_MAX_MEMORY: Final = 4 * 1024 * 1024
"""Bytes that one expression may take, its states met while matching included."""

_MAX_PROGRAM: Final = 3_000
"""Instructions: where the states do not fit the memory, time is their number times the text's."""


class Match(Protocol):
    """A place in a text where an expression matches."""

    def group(self, number: int = 0, /) -> str:
        """Give what was found, or a group of it."""
        ...

    def end(self, number: int = 0, /) -> int:
        """Tell where it, or a group of it, ends."""
        ...


class Pattern(Protocol):
    """A compiled expression."""

    @property
    def programsize(self) -> int:
        """Count its instructions."""
        ...

    def search(self, text: str, pos: int = 0, /) -> Match | None:
        """Find the first match from a position on."""
        ...


class PatternTooLarge(ValueError):
    """An expression of too many instructions."""


def compile_pattern(pattern: str, *, max_program_size: int = _MAX_PROGRAM) -> Pattern:
    """Compile an expression that does not tell capitals from small letters.

    Raises:
        PatternTooLarge: it has more instructions than it may.
        ValueError: RE2 does not take it, for it knows no look-around and no backreferences; says
            why in RE2's words.
    """
    options = _RE2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    try:
        expression = _RE2.compile(pattern, options)
    except _RE2.error as error:
        raise ValueError(_reason(error)) from None
    if expression.programsize > max_program_size:
        raise PatternTooLarge(f"{expression.programsize} instructions")
    return expression


def escape(text: str) -> str:
    """Write the expression that matches nothing but a text."""
    return _RE2.escape(text)


class _Library(Protocol):
    error: type[Exception]
    Options: type[Any]

    def compile(self, pattern: str, options: object, /) -> Pattern: ...
    def escape(self, text: str, /) -> str: ...


_RE2: Final = cast("_Library", re2)


def _reason(error: Exception) -> str:
    said: object = error.args[0]
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
