"""Versions, compared by their numbers."""

import re


def version_key(version: str) -> tuple[int, ...]:
    """Return a version's numbers, for comparison; what is no number ends them."""
    numbers = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(number) for number in numbers[0].split(".")) if numbers else ()
