"""Marks in the media store: names of empty files that have to outlive the database.

A high-water mark is a number, of which the highest counts. The mark of an erasure is
`<user>-<server>-<until>`: the ids, 0 for any, and the time in Unix milliseconds.
"""

import re
from collections.abc import Collection, Iterable
from typing import Final

from domain.erasures import Erasure

HIGH_WATER_MARKS: Final = "high-water"
ERASURE_MARKS: Final = "erased"
"""The folders of the marks, or their prefixes in a bucket."""

_NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_ERASURE: Final = re.compile(r"([0-9]{1,20})-([0-9]{1,20})-([0-9]{1,18})", re.ASCII)


def highest_mark(names: Iterable[str]) -> int:
    """Return the highest of the high-water marks that these names are."""
    return max((int(name) for name in names if _NUMBER.fullmatch(name)), default=0)


def outdated_marks(names: Collection[str]) -> list[str]:
    """Return the names of all high-water marks but the highest."""
    highest = highest_mark(names)
    return [name for name in names if _NUMBER.fullmatch(name) and int(name) < highest]


def name_erasure(erasure: Erasure) -> str:
    """Return the name of an erasure's mark."""
    return f"{erasure.user_id}-{erasure.guild_id}-{erasure.until_ms}"


def parse_erasures(names: Iterable[str]) -> list[Erasure]:
    """Return the erasures that these names mark; other names are ignored."""
    found = filter(None, map(_ERASURE.fullmatch, names))
    return sorted(Erasure(*map(int, match.groups())) for match in found)
