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
from dotenv.parser import parse_stream

from bot.errors import SettingsError

_SUFFIX: Final = "_FILE"
_S3: Final = "AWS_"
_S3_SECRETS: Final = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"})
"""Those of the S3 library's variables that may be files too; it has such names of its own."""

_FOREIGN: Final = (_S3, "POSTGRES_", "PG", "COMPOSE_", "DOCKER_", "BUILDKIT_", "PYTHON")
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
    """What was given; `values` are those from files by name, `problems` are for the operator.

    `for_s3` are variables of the S3 library's that the environment itself does not have.
    """

    values: dict[str, str] = field(default_factory=dict[str, str])
    for_s3: dict[str, str] = field(default_factory=dict[str, str])
    problems: list[str] = field(default_factory=list[str])


def read_sources(known: Iterable[str], env_file: Path) -> Sources:
    """Look at the environment and `.env`; `known` are the names of settings, in capitals.

    Raises:
        SettingsError: `.env` cannot be read.
    """
    names = frozenset(known)
    text = read_env_file(env_file)
    in_file = parse_env(text)
    environment = {name.upper(): value for name, value in os.environ.items()}
    given = {**in_file, **environment}
    sources = Sources(problems=[*_find_unreadable(text, env_file)])
    sources.problems += _find_unknown(in_file, names)
    sources.problems += _find_misspelt(environment.keys() - names, names - given.keys())
    for name in sorted(names):
        if (value := _read_named_file(name, given, sources.problems)) is not None:
            sources.values[name.lower()] = value
    for name in sorted(_S3_SECRETS):
        if (value := _read_named_file(name, given, sources.problems)) is not None:
            sources.for_s3[name] = value
    for name, value in in_file.items():
        is_ours = name.removesuffix(_SUFFIX) in _S3_SECRETS and name not in _S3_SECRETS
        if value and name.startswith(_S3) and name not in environment and not is_ours:
            sources.for_s3[name] = value
    return sources


def find_given(known: Iterable[str], env_file: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return the values that go before `.env`, and those of `.env`, by name in capitals.

    Raises:
        SettingsError: something given is no setting, or cannot be read.
    """
    names = frozenset(known)
    sources = read_sources(names, env_file)
    if sources.problems:
        raise SettingsError(sources.problems)
    fixed = {name.upper(): value for name, value in os.environ.items()}
    fixed |= {name.upper(): value for name, value in sources.values.items()}
    kept = {name: value or "" for name, value in parse_env(read_env_file(env_file)).items()}
    return (
        {name: fixed[name] for name in names & fixed.keys() if fixed[name]},
        {name: kept[name] for name in names & kept.keys() if kept[name]},
    )


class _Unreadable(Exception):
    """A file that cannot be read; the message says why, and what helps."""


def read_env_file(path: Path) -> str:
    """Return the text of `.env`, empty if there is none; line breaks are as they are.

    Raises:
        SettingsError: it cannot be read.
    """
    try:
        return _decode(path.read_bytes())
    except FileNotFoundError:
        return ""
    except OSError as error:
        problem = f"cannot be read ({error.strerror}): let the service read it"
    except _Unreadable as error:
        problem = str(error)
    raise SettingsError([f"{path}: {problem}"])


def parse_env(text: str) -> dict[str, str | None]:
    """Return the values of a text as `.env` has it, by name in capitals."""
    values = dotenv_values(stream=StringIO(text))
    return {name.upper(): value for name, value in values.items()}


def _decode(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw:
        raise _Unreadable("is written as UTF-16: save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _Unreadable(f"is not UTF-8 in line {line}: save it as UTF-8") from None


def _find_unreadable(text: str, path: Path) -> Iterator[str]:
    """Yield each line that is no assignment: what it says would be passed over in silence."""
    for binding in parse_stream(StringIO(text)):
        if binding.error:
            yield f"{path}: line {binding.original.line} is not NAME=value; is a quote left open?"


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
            if _is_near(name, meant, min(2, len(meant) // 4)):
                yield f"{name}: is not a setting; did you mean {meant}?"


def _suggest(name: str, names: Iterable[str]) -> str:
    found = get_close_matches(name, [*names], n=1)
    return f"; did you mean {found[0]}?" if found else ""


def _is_near(left: str, right: str, letters: int) -> bool:
    # The environment has many names, each is compared with each setting, and few are alike.
    return (
        abs(len(left) - len(right)) <= letters
        and len(set(left) ^ set(right)) <= 2 * letters
        and _distance(left, right) <= letters
    )


def _distance(left: str, right: str) -> int:
    """Return how many letters have to be put in, left out or changed (Levenshtein)."""
    row = [*range(len(right) + 1)]
    for index, letter in enumerate(left, 1):
        above, row = row, [index]
        for place, other in enumerate(right, 1):
            row.append(min(above[place] + 1, row[-1] + 1, above[place - 1] + (letter != other)))
    return row[-1]


def _read_named_file(name: str, given: Mapping[str, str | None], problems: list[str]) -> str | None:
    """Return what the file has that `NAME_FILE` names, if it is given."""
    path = given.get(f"{name}{_SUFFIX}")
    if not path:
        return None
    if given.get(name):
        problems.append(f"{name}: is given itself and as {name}{_SUFFIX}; leave one out")
        return None
    try:
        return read_value(Path(path))
    except SettingsError as error:
        problems.append(f"{name}{_SUFFIX}: {error}")
        return None


def read_value(path: Path) -> str:
    """Return the value that a file holds, without its last line break.

    Raises:
        SettingsError: the file cannot be read, or is too large.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_LONGEST_FILE_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError([f"{path} is not UTF-8"]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", error)
        raise SettingsError([f"{path} cannot be read ({reason})"]) from None
    if len(raw) > _LONGEST_FILE_BYTES:
        raise SettingsError([f"{path} is too large for a setting"])
    return text.removesuffix("\n").removesuffix("\r")
