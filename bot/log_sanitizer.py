"""Sanitizer of log records: no words of members, of Discord, of APIXO or of a row are logged.

The service's own events are literals, and their fields hold ids, numbers and codes; a test reads
every call. What is left are errors and libraries: of an error a line has the class, its codes and
its frames; of a library's line the literal of its source, with numbers filled in.
"""

import ast
import os
import re
import traceback
from collections.abc import Iterator, Mapping
from copy import copy
from functools import lru_cache
from logging import LogRecord
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TextIO, cast

import structlog

from domain.errors import DailiesError

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

_CODE: Final = re.compile(r"[A-Za-z0-9_]{1,40}", re.ASCII)
_CODES: Final = ("status", "code", "errno")
_DRIVER_CODES: Final = ("sqlstate", "sqlite_errorname")
_HTTP_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_WITHHELD: Final = "line of a library withheld"
_LONGEST_CHAIN: Final = 10


def describe_error(error: BaseException) -> str:
    """Return an error's own words if it is one of ours, else its class and codes."""
    if isinstance(error, DailiesError) and error.is_loggable:
        return str(error) or type(error).__name__
    driver = getattr(error, "orig", None)
    codes = {name: getattr(error, name, None) for name in _CODES}
    codes |= {name: getattr(driver, name, None) for name in _DRIVER_CODES}
    known = [f"{name} {code}" for name, code in codes.items() if _is_code(code)]
    if isinstance(error, OSError) and error.errno is not None:
        known.append(os.strerror(error.errno))
    name = type(error).__name__
    return f"{name} ({', '.join(known)})" if known else name


def describe_values(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Describe every error among the fields of an event."""
    return {
        key: describe_error(value)
        if isinstance(value, BaseException) and key != "exc_info"
        else value
        for key, value in event.items()
    }


def format_traceback(exc_info: ExcInfo) -> str:
    """Format an error and its causes: each with its frames, its class and its codes."""
    return "\n".join(_format_chain(exc_info[1], _LONGEST_CHAIN))


def print_traceback(out: TextIO, exc_info: ExcInfo) -> None:
    """Write an error and its causes, for a terminal."""
    out.write(format_traceback(exc_info))


def sanitize_record(record: LogRecord) -> LogRecord:
    """Return a library's record without words that were not in its source; ours as it is."""
    if not isinstance(record.msg, str):
        return record
    clean = copy(record)
    clean.args = _sanitize_args(record.args)
    if record.msg not in _literals(record.pathname) or not _can_be_formatted(clean):
        where = f"{Path(record.pathname).name}, {record.funcName}, line {record.lineno}"
        clean.msg, clean.args = f"{_WITHHELD} ({where})", None
    return clean


def _can_be_formatted(record: LogRecord) -> bool:
    """Return whether a number is where the literal has room for one."""
    try:
        record.getMessage()
    except (TypeError, ValueError, KeyError):
        return False
    return True


def _is_code(value: object) -> bool:
    if isinstance(value, str):
        return _CODE.fullmatch(value) is not None
    return isinstance(value, int) and bool(value)


def _format_chain(error: BaseException, left: int) -> Iterator[str]:
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier is not None and left > 0:
        yield from _format_chain(earlier, left - 1)
        yield "Then:" if error.__cause__ is None else "Which led to:"
    if error.__traceback__ is not None:
        yield "Traceback (most recent call last):"
        yield "".join(traceback.format_tb(error.__traceback__)).rstrip("\n")
    yield _describe_traced(error)
    if isinstance(error, BaseExceptionGroup) and left > 0:
        parts = cast("BaseExceptionGroup[BaseException]", error).exceptions
        for number, part in enumerate(parts, 1):
            yield f"Part {number} of {len(parts)}:"
            yield from _format_chain(part, left - 1)


def _describe_traced(error: BaseException) -> str:
    """Return the last line of a traceback: the class, and what may be told of the error."""
    name, told = type(error).__name__, describe_error(error)
    return told if told.startswith(name) else f"{name}: {told}"


def _sanitize_args(args: Any) -> Any:
    if isinstance(args, Mapping):
        named = cast("Mapping[str, object]", args)
        return {name: _sanitize_arg(arg) for name, arg in named.items()}
    return tuple(_sanitize_arg(arg) for arg in args or ())


def _sanitize_arg(arg: object) -> object:
    """Return a number as it is; of anything else what kind of thing it was."""
    if arg is None or isinstance(arg, bool | int | float):
        return arg
    if isinstance(arg, str) and arg in _HTTP_METHODS:
        return arg
    if isinstance(arg, BaseException):
        return describe_error(arg)
    return f"<{type(arg).__name__}>"


@lru_cache(maxsize=256)
def _literals(path: str) -> frozenset[str]:
    """Return the strings of a source file; none if it cannot be read."""
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, ValueError, SyntaxError):
        return frozenset()
    values = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return frozenset(value for value in values if isinstance(value, str))
