"""Orders of the page: JSON and files in one form, the files put on disk."""

import asyncio
import json
import secrets
import shutil
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn

from aiohttp import BodyPartReader, web

from sandbox.discord.cdn import sanitize_filename
from sandbox.discord.errors import ClientActionRefused
from sandbox.discord.json_values import Json, as_id, as_list, as_object

_ORDER_BYTES: Final = 1024 * 1024
_CHUNK_BYTES: Final = 256 * 1024
_MOST_FILES: Final = 100
_UNREADABLE: Final = "the order has to come as a form, with the JSON of `order` before any file"


class UploadTooLarge(ClientActionRefused):
    """A file, or all of them together, is larger than allowed here."""


@dataclass(frozen=True, slots=True)
class ActionForm:
    """What the page asks for; whatever is read of it is of the kind that it is read as."""

    body: Json
    files: dict[str, list[Path]] = field(default_factory=dict[str, list[Path]])

    def text(self, name: str) -> str:
        """Read a text; a missing one is empty.

        Raises:
            ClientActionRefused: it is something else.
        """
        return self._read(name, _as_text, "")

    def number(self, name: str) -> int:
        """Read an id; 0, which nothing has, if it is none."""
        return as_id(self.body.get(name)) or 0

    def mapping(self, name: str) -> Json:
        """Read an object; a missing one is empty.

        Raises:
            ClientActionRefused: it is something else.
        """
        return self._read(name, as_object, Json())

    def items(self, name: str) -> list[Any]:
        """Read a list; a missing one is empty.

        Raises:
            ClientActionRefused: it is something else.
        """
        return self._read(name, as_list, list[Any]())

    def all_files(self) -> list[Path]:
        """List the files of all fields."""
        return [path for found in self.files.values() for path in found]

    def _read(self, name: str, take: Callable[[object], Any], missing: Any) -> Any:
        value = self.body.get(name)
        taken = missing if value is None else take(value)
        if taken is None:
            raise ClientActionRefused(f"{name} is of the wrong kind")
        return taken


def _as_text(value: object) -> str | None:
    return value if isinstance(value, str) else None


@asynccontextmanager
async def receive_form(
    request: web.Request, folder: Path, most_bytes: int, file_bytes: Callable[[ActionForm], int]
) -> AsyncGenerator[ActionForm]:
    """Receive an order; its files are gone again when the context is left.

    `file_bytes` returns for the order how large each file may be.

    Raises:
        TooLarge: a file is larger than that, or the whole request larger than `most_bytes`.
        ClientActionRefused: the request is no order.
    """
    if (request.content_length or 0) > most_bytes:
        raise UploadTooLarge(f"Your files are too large: {_mib(most_bytes)} at most")
    if not request.content_type.startswith("multipart/"):
        raise ClientActionRefused(_UNREADABLE)
    place = folder / f"page-{secrets.token_hex(8)}"
    try:
        yield await _read(request, place, file_bytes)
    finally:
        await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)


async def _read(
    request: web.Request, place: Path, file_bytes: Callable[[ActionForm], int]
) -> ActionForm:
    order: ActionForm | None = None
    number = 0
    async for part in _parts(request):
        if part.name == "order":
            order = ActionForm(_decoded(await _text(part)))
        elif order is None:
            raise ClientActionRefused(_UNREADABLE)
        elif part.filename and part.name:
            number += 1
            path = place / str(number) / sanitize_filename(part.filename)
            await _save(part, path, file_bytes(order))
            order.files.setdefault(part.name, []).append(path)
        if number > _MOST_FILES:
            raise ClientActionRefused(f"{_MOST_FILES} files at most")
    return order or ActionForm({})


async def _parts(request: web.Request) -> AsyncGenerator[BodyPartReader]:
    try:
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader):
                raise ClientActionRefused(_UNREADABLE)
            yield part
    except ValueError:
        raise ClientActionRefused(_UNREADABLE) from None


async def _text(part: BodyPartReader) -> bytes:
    text = b""
    while chunk := await part.read_chunk(_CHUNK_BYTES):
        text += chunk
        if len(text) > _ORDER_BYTES:
            raise UploadTooLarge("the order is too large")
    return text


def _decoded(text: bytes) -> Json:
    try:
        order = as_object(json.loads(text, parse_constant=_refuse_constant))
        # Half a surrogate pair is valid JSON, but no text that could be sent on.
        json.dumps(order, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise ClientActionRefused("the order is not valid JSON") from None
    if order is None:
        raise ClientActionRefused("the order has to be an object")
    return order


def _refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which are JSON for Python only."""
    raise ValueError(name)


async def _save(part: BodyPartReader, path: Path, most: int) -> None:
    """Write a file to disk as it comes in."""
    file = await asyncio.to_thread(_create, path)
    try:
        size = 0
        while chunk := await part.read_chunk(_CHUNK_BYTES):
            size += len(chunk)
            if size > most:
                raise UploadTooLarge(f"Your files are too large: {path.name} is over {_mib(most)}")
            await asyncio.to_thread(file.write, chunk)
    finally:
        await asyncio.to_thread(file.close)


def _create(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True)
    return path.open("wb")


def _mib(size: int) -> str:
    return f"{size / (1024 * 1024):g} MiB"
