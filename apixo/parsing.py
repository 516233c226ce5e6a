"""Parsing of untrusted input: strict, exact JSON, and text reduced to one plain line."""

import json
from decimal import Decimal
from typing import NoReturn, overload


def parse_json(text: bytes | str) -> object:
    """Parse JSON; fractions become Decimal.

    Raises:
        ValueError: it is not valid JSON. Duplicate names, NaN, out-of-range numbers, excessive
            nesting and bytes that are not UTF-8 count as invalid.
    """
    try:
        return json.loads(
            text.decode("utf-8-sig") if isinstance(text, bytes) else text,
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_reject_duplicates,
        )
    except (ArithmeticError, RecursionError) as error:
        raise ValueError(type(error).__name__) from None


@overload
def plain_text(value: str, max_chars: int) -> str: ...
@overload
def plain_text(value: str | None, max_chars: int) -> str | None: ...
def plain_text(value: str | None, max_chars: int) -> str | None:
    """Return `value` as one printable line of at most `max_chars` characters."""
    if value is None:
        return None
    printable = "".join(char if char.isprintable() else " " for char in value[: max_chars * 8])
    line = " ".join(printable.split())
    return line if len(line) <= max_chars else f"{line[: max_chars - 1]}…"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _reject_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a name comes twice")
    return fields
