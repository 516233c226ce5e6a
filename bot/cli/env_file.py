"""The file `.env`: some of its settings are changed, and every other line stays as it is."""

import os
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Final

from dotenv.parser import parse_stream

from bot.errors import CannotWrite
from bot.settings_sources import parse_env, read_env_file

_ASSIGNMENT: Final = re.compile(
    r"(\s*(?:export\s+)?[^=#\s]+[^\S\r\n]*=[^\S\r\n]*)"
    r"(|'[^']*'|\"[^\"]*\"|[^'\"\s].*?)"
    r"((?:[^\S\r\n]+#[^\r\n]*)?[^\S\r\n]*(?:\r\n|\n|\r)?)",
    re.DOTALL,
)
"""What stands before a value, the value, and the comment and line break after it."""

_PRIVATE: Final = 0o600


def write_env_file(path: Path, changes: Mapping[str, str]) -> None:
    """Give settings of `.env` other values, all or none; only its owner may read it then.

    A new file begins with the lines of `.env.example`, if that lies beside it.

    Raises:
        SettingsError: the file cannot be read.
        CannotWrite: it cannot be written, or no line can hold a value.
    """
    path = path.resolve()
    before = read_env_file(path)
    if not path.exists():
        before = read_env_file(path.with_name(".env.example"))
    after = change_values(before, changes)
    try:
        _replace(path, after)
    except OSError as error:
        raise CannotWrite(f"{path} cannot be written ({error.strerror})") from None


def change_values(text: str, changes: Mapping[str, str]) -> str:
    """Return the text of an `.env` with other values; comments and other lines stay.

    Raises:
        CannotWrite: a value would be read as another one.
    """
    for name, value in changes.items():
        text = _change_value(text, name, value)
    read = parse_env(text)
    for name, value in changes.items():
        if (read.get(name) or "") != value:
            raise CannotWrite(
                f"{name} has characters that .env cannot hold: write it to a file, and give the "
                f"file's path as {name}_FILE"
            )
    return text


def _change_value(text: str, name: str, value: str) -> str:
    lines = [binding.original.string for binding in parse_stream(StringIO(text))]
    names = [(binding.key or "").upper() for binding in parse_stream(StringIO(text))]
    ending = "\r\n" if "\r\n" in text else "\n"
    if name in names:
        last = len(names) - 1 - names[::-1].index(name)  # the last one is what counts
        lines[last] = _replace_value(lines[last], value)
        return "".join(lines)
    example = re.compile(rf"\s*#\s*{name}=")
    place = next((i + 1 for i, line in enumerate(lines) if example.match(line)), len(lines))
    if place and not lines[place - 1].endswith(("\n", "\r")):
        lines[place - 1] += ending
    return "".join([*lines[:place], f"{name}={value}{ending}", *lines[place:]])


def _replace_value(line: str, value: str) -> str:
    found = _ASSIGNMENT.fullmatch(line)
    if found is None:  # a name without a value
        bare = line.rstrip("\r\n")
        return f"{bare.rstrip()}={value}{line[len(bare) :]}"
    return f"{found[1]}{value}{found[3]}"


def _replace(path: Path, text: str) -> None:
    """Write a file that is whole at every moment, with the owner of the one that it replaces."""
    descriptor, name = tempfile.mkstemp(prefix=".env.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, _PRIVATE)
            with suppress(FileNotFoundError, PermissionError):
                owner = path.stat()
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
            file.write(text.encode())
            file.flush()
            os.fsync(descriptor)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
