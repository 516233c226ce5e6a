"""The addresses of a result in a job's row: one to a line."""

from collections.abc import Iterable


def join_urls(urls: Iterable[str]) -> str | None:
    """Return the text to store for addresses, none of which has a line break; None for none."""
    return "\n".join(urls) or None


def split_urls(text: str | None) -> tuple[str, ...]:
    """Return the addresses of a stored text, in the order in which they are to be tried."""
    return tuple(text.split("\n")) if text else ()
