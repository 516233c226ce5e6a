"""Patterns that name routes: `/channels/*/messages`, or with `{id}` for `*`."""

import re
from functools import cache

API_PREFIX: str = "/api/v10"
_TOKEN = re.compile(r"^(/webhooks/\d+/|/interactions/\d+/)[^/]+")


@cache
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Make a matcher for whole paths; `*` and `{name}` stand for one segment each."""
    pieces = re.split(r"\*|\{[^}]*\}", pattern.removeprefix(API_PREFIX))
    return re.compile("[^/]+".join(map(re.escape, pieces)))


def matches(pattern: str, path: str) -> bool:
    """Return whether a path, with or without the API's prefix, is one that the pattern names."""
    return compile_pattern(pattern).fullmatch(path.removeprefix(API_PREFIX)) is not None


def without_token(path: str) -> str:
    """Return a path without the API's prefix, and with `*` for an interaction's token."""
    return _TOKEN.sub(r"\1*", path.removeprefix(API_PREFIX))
