"""Request bodies: JSON, or JSON with files, which go to disk at once."""

import asyncio
import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import BinaryIO

from aiohttp import BodyPartReader, web

from sandbox.discord.cdn import Cdn, UploadedFile
from sandbox.discord.errors import ApiError, payload_too_large
from sandbox.discord.journal import RecordedRequest
from sandbox.discord.json_values import Json, as_object
from sandbox.discord.recording import PAYLOAD, RequestPayload

RECORDED_REQUEST: web.RequestKey[RecordedRequest] = web.RequestKey("entry", RecordedRequest)

_JSON_BYTES = 1024 * 1024
_CHUNK_BYTES = 256 * 1024
_DRAINED_BYTES = 512 * 1024 * 1024
_FIELD = re.compile(r"files\[(\d+)\]")


@dataclass(slots=True)
class RequestBody:
    """What a request brought: its JSON, and its files by their number."""

    value: object = None
    files: dict[int, UploadedFile] = field(default_factory=dict[int, UploadedFile])

    @property
    def payload(self) -> Json:
        """Take the JSON for an object; anything else is refused."""
        found = as_object(self.value)
        if found is None:
            raise ApiError(400, 50035, "Invalid Form Body")
        return found


async def read_json(request: web.Request) -> RequestBody:
    """Read a body that is all JSON; nothing is an empty object.

    Raises:
        Refused: it is too large, or no JSON.
    """
    text = await request.content.read(_JSON_BYTES + 1)
    while len(text) <= _JSON_BYTES and (more := await request.content.read(_JSON_BYTES)):
        text += more
    if len(text) > _JSON_BYTES:
        raise payload_too_large()
    return RequestBody(_decoded(request, text))


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """How many bytes one file may have, and a whole request with a message."""

    file_bytes: int
    message_bytes: int

    def fits(self, total: int) -> bool:
        """Return whether a request is small enough: Discord takes any one file that it allows."""
        return total <= max(self.message_bytes, self.file_bytes + _JSON_BYTES)


async def read_body(request: web.Request, cdn: Cdn, limits: UploadLimits) -> RequestBody:
    """Read a body of JSON, or of `payload_json` and `files[n]`.

    Raises:
        Refused: a part or the whole is too large, or no JSON.
    """
    if not request.content_type.startswith("multipart/"):
        return await read_json(request)
    body, fits, total = RequestBody({}), True, 0
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise ApiError(400, 50035, "Invalid Form Body")
        number = _FIELD.fullmatch(part.name or "")
        if number is None:
            text = await _read_text(part)
            total += len(text)
            body.value = _decoded(request, text) if part.name == "payload_json" else body.value
        else:
            upload = await save_upload(part, cdn, limits.file_bytes)
            fits = fits and upload is not None
            if upload is not None:
                total += upload.size
                body.files[int(number[1])] = upload
    request.setdefault(PAYLOAD, RequestPayload()).files = sorted(body.files)
    if not fits or not limits.fits(total):
        raise payload_too_large()
    return body


async def _read_text(part: BodyPartReader) -> bytes:
    text = b""
    while chunk := await part.read_chunk(_CHUNK_BYTES):
        text += chunk
        if len(text) > _JSON_BYTES:
            raise payload_too_large()
    return text


async def save_upload(part: BodyPartReader, cdn: Cdn, file_bytes: int) -> UploadedFile | None:
    """Write a file to disk as it comes in; None if it is larger than allowed.

    A file that is too large is read to its end and thrown away: a client that is still writing
    would see a torn connection instead of the refusal.
    """
    path = await asyncio.to_thread(cdn.new_file_path, part.filename or "unknown")
    file = await asyncio.to_thread(path.open, "wb")
    try:
        size = await _write(part, file, file_bytes)
    finally:
        await asyncio.to_thread(file.close)
    if size > file_bytes:
        await asyncio.to_thread(path.unlink)
        return None
    return UploadedFile(part.filename or "unknown", size, path)


async def _write(part: BodyPartReader, file: BinaryIO, file_bytes: int) -> int:
    size = 0
    while chunk := await part.read_chunk(_CHUNK_BYTES):
        size += len(chunk)
        if size > file_bytes + _DRAINED_BYTES:
            raise payload_too_large()
        if size <= file_bytes:
            await asyncio.to_thread(file.write, chunk)
    return size


def _decoded(request: web.Request, text: bytes) -> object:
    request.setdefault(PAYLOAD, RequestPayload()).text = text
    if RECORDED_REQUEST in request:
        request[RECORDED_REQUEST].body_sha256 = hashlib.sha256(text).hexdigest()
    if not text:
        return {}
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        said = "The request body contains invalid JSON."
        raise ApiError(400, 50109, said) from None
