"""Type checks of decoded JSON values."""

from typing import Any, Final, TypeAlias, cast

Json: TypeAlias = dict[str, Any]

_DIGITS: Final = 20


def as_object(value: object) -> Json | None:
    """Take a value for an object, or give None."""
    return cast("Json", value) if isinstance(value, dict) else None


def as_list(value: object) -> list[Any] | None:
    """Take a value for a list, or give None."""
    return cast("list[Any]", value) if isinstance(value, list) else None


def as_id(value: object) -> int | None:
    """Take a string of digits, or a number, for an id, or give None."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value) if isinstance(value, str) or 0 <= value < 1 << 64 else ""
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else None


def as_objects(value: object) -> list[Json]:
    """Take a value for a list of objects, leaving out whatever else is in it."""
    return [found for item in as_list(value) or [] if (found := as_object(item)) is not None]


def as_int(value: object, default: int) -> int:
    """Take a value for a whole number, or give the default, as for null."""
    return value if isinstance(value, int) and not isinstance(value, bool) else default
