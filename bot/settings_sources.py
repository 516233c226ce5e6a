"""Where settings come from: the environment, `.env`, and files that `NAME_FILE` names.

A name that no setting has is refused with the nearest one that there is: a limit that is
misspelt would be no limit.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

from bot.errors import SettingsError

_SUFFIX: Final = "_FILE"
_FOREIGN: Final = ("AWS_", "POSTGRES_", "PG", "COMPOSE_", "DOCKER_", "BUILDKIT_", "PYTHON")
_FOREIGN_NAMES: Final = frozenset(
    {
        "ALL_PROXY",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "FTP_PROXY",
        "NO_PROXY",
        "PATH",
        "HOME",
        "USER",
        "LANG",
        "TZ",
    }
)
"""Names in `.env` that other programs read from it."""

_LONGEST_FILE_BYTES: Final = 64 * 1024


@dataclass(slots=True)
class Sources:
    """What was given; `values` are those from files by name, `problems` are for the operator."""

    values: dict[str, str] = field(default_factory=dict[str, str])
    problems: list[str] = field(default_factory=list[str])


def read_sources(known: Iterable[str], env_file: Path) -> Sources:
    """Look at the environment and `.env`; `known` are the names of settings, in capitals.

    Raises:
        SettingsError: `.env` cannot be read.
    """
    names = frozenset(known)
    try:
        in_file = _read_env_file(env_file)
    except _Unreadable as error:
        raise SettingsError([f"{env_file}: {error}"]) from None
    environment = {name.upper(): value for name, value in os.environ.items()}
    given = {**in_file, **environment}
    sources = Sources(problems=[*_find_unknown(in_file, names)])
    sources.problems += _find_misspelt(environment.keys() - names, names - given.keys())
    for name in sorted(names):
        _read_named_file(name, given, sources)
    return sources


class _Unreadable(Exception):
    """A file that cannot be read; the message says why, and what helps."""


def _read_env_file(path: Path) -> dict[str, str | None]:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _Unreadable(f"cannot be read ({error.strerror}): let the service read it") from None
    return {name.upper(): value for name, value in _parse_env(raw).items()}


def _parse_env(raw: bytes) -> dict[str, str | None]:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw:
        raise _Unreadable("is written as UTF-16: save it as UTF-8")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _Unreadable(f"is not UTF-8 in line {line}: save it as UTF-8") from None
    return dict(dotenv_values(stream=StringIO(text)))


def _find_unknown(in_file: Iterable[str], names: frozenset[str]) -> Iterator[str]:
    """Yield each name of `.env` that nobody reads."""
    known = names | {f"{name}{_SUFFIX}" for name in names}
    for name in in_file:
        if name not in known | _FOREIGN_NAMES and not name.startswith(_FOREIGN):
            yield f"{name}: is not a setting{_suggest(name, names)}"


def _find_misspelt(names: Iterable[str], missing: Iterable[str]) -> Iterator[str]:
    """Yield each variable that is within two letters of a setting that nobody has given."""
    for meant in sorted(missing):
        for name in sorted(names):
            if _distance(name, meant) <= min(2, len(meant) // 4):
                yield f"{name}: is not a setting; did you mean {meant}?"


def _suggest(name: str, names: Iterable[str]) -> str:
    found = get_close_matches(name, [*names], n=1)
    return f"; did you mean {found[0]}?" if found else ""


def _distance(left: str, right: str) -> int:
    """Return how many letters have to be put in, left out or changed (Levenshtein)."""
    row = [*range(len(right) + 1)]
    for index, letter in enumerate(left, 1):
        above, row = row, [index]
        for place, other in enumerate(right, 1):
            row.append(min(above[place] + 1, row[-1] + 1, above[place - 1] + (letter != other)))
    return row[-1]


def _read_named_file(name: str, given: Mapping[str, str | None], sources: Sources) -> None:
    path = given.get(f"{name}{_SUFFIX}")
    if not path:
        return
    if given.get(name):
        sources.problems.append(f"{name}: is given itself and as {name}{_SUFFIX}; leave one out")
        return
    try:
        sources.values[name.lower()] = _read_value(Path(path))
    except _Unreadable as error:
        sources.problems.append(f"{name}{_SUFFIX}: {path} {error}")


def _read_value(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(_LONGEST_FILE_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _Unreadable("is not UTF-8") from None
    except (OSError, ValueError) as error:
        raise _Unreadable(f"cannot be read ({getattr(error, 'strerror', error)})") from None
    if len(raw) > _LONGEST_FILE_BYTES:
        raise _Unreadable("is too large for a setting")
    return text.removesuffix("\n").removesuffix("\r")
