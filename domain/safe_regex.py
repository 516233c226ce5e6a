"""Regular expressions in linear time (RE2), safe for patterns that members write.

The library is untyped, so this module alone imports it.
"""

from typing import Any, Final, Protocol, cast

import re2

_MAX_MEMORY: Final = 4 * 1024 * 1024
"""Bytes for one expression, including the states built while matching."""

_MAX_PROGRAM: Final = 3_000
"""Instructions: when its states exceed the memory, RE2 needs time for each one per character."""


class Match(Protocol):
    """A match of an expression in a text."""

    def group(self, number: int = 0, /) -> str:
        """Return the matched text, or that of a group."""
        ...

    def end(self, number: int = 0, /) -> int:
        """Return the position where the match, or a group, ends."""
        ...


class Pattern(Protocol):
    """A compiled expression."""

    @property
    def programsize(self) -> int:
        """Return the number of its instructions."""
        ...

    def search(self, text: str, pos: int = 0, /) -> Match | None:
        """Return the first match at or after a position."""
        ...


class PatternTooLarge(ValueError):
    """An expression with too many instructions."""


def compile_pattern(pattern: str, *, max_program_size: int = _MAX_PROGRAM) -> Pattern:
    """Compile an expression, ignoring case.

    Raises:
        PatternTooLarge: it has more than `max_program_size` instructions.
        ValueError: RE2 refuses it, for example for look-around or a backreference; the message is
            RE2's.
    """
    options = _RE2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    try:
        expression = _RE2.compile(pattern, options)
    except _RE2.error as error:
        raise ValueError(_message(error)) from None
    if expression.programsize > max_program_size:
        raise PatternTooLarge(f"{expression.programsize} instructions")
    return expression


def escape(text: str) -> str:
    """Return the expression that matches a text literally."""
    return _RE2.escape(text)


class _Library(Protocol):
    error: type[Exception]
    Options: type[Any]

    def compile(self, pattern: str, options: object, /) -> Pattern: ...
    def escape(self, text: str, /) -> str: ...


_RE2: Final = cast("_Library", re2)


def _message(error: Exception) -> str:
    message: object = error.args[0]
    return message.decode(errors="replace") if isinstance(message, bytes) else str(message)
