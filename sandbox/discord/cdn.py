"""CDN: the uploaded files, and the signed links to them."""

import asyncio
import hashlib
import hmac
import mimetypes
import re
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web
from yarl import URL

from sandbox.discord.media_size import read_dimensions
from sandbox.discord.models import Attachment
from sandbox.discord.snowflakes import SnowflakeGenerator

_UNSAFE: Final = re.compile(r"[^\w.-]+", re.ASCII)
_GONE: Final = "This content is no longer available."


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that came in with a request, before it belongs to anything."""

    filename: str
    size: int
    path: Path


class Cdn:
    """Keeps files in one folder and serves them to everyone with a valid link.

    A link carries its end (`ex`), its start (`is`) and a signature (`hm`), as Discord's do.
    """

    def __init__(
        self, folder: Path, ids: SnowflakeGenerator, now: Callable[[], float], link_seconds: float
    ) -> None:
        self.folder = folder
        self.root = URL()
        self._ids = ids
        self._now = now
        self._link_seconds = int(link_seconds)
        self._secret = secrets.token_bytes()
        self._files: dict[int, Attachment] = {}

    def routes(self) -> list[web.RouteDef]:
        """List what is served."""
        return [
            web.get(
                "/cdn/{kind:attachments|ephemeral-attachments}/{channel}/{id}/{name}", self.serve
            )
        ]

    def new_file_path(self, filename: str) -> Path:
        """Make a place for a new file, of a harmless name."""
        folder = self.folder / secrets.token_hex(8)
        folder.mkdir()
        return folder / sanitize_filename(filename)

    async def attach(
        self,
        upload: UploadedFile,
        channel_id: int,
        *,
        content_type: str | None = None,
        ephemeral: bool = False,
        description: str | None = None,
    ) -> Attachment:
        """Make an attachment of a file; Discord takes its type from its name."""
        name = sanitize_filename(upload.filename)
        guessed = content_type or mimetypes.guess_type(name)[0]
        width, height = await asyncio.to_thread(read_dimensions, upload.path, guessed)
        attachment = Attachment(
            id=self._ids.next(),
            filename=name,
            size=upload.size,
            content_type=guessed,
            path=upload.path,
            channel_id=channel_id,
            sign=self.signed_url,
            ephemeral=ephemeral,
            width=width,
            height=height,
            description=description,
        )
        self._files[attachment.id] = attachment
        return attachment

    async def delete(self, attachment: Attachment) -> None:
        """Remove a file that ended in nothing."""
        del self._files[attachment.id]
        await asyncio.to_thread(shutil.rmtree, attachment.path.parent)

    def signed_url(self, attachment: Attachment) -> str:
        """Make a link to a file, valid from now on."""
        return f"{self.root.origin()}{self.signed_path(attachment, self._link_seconds)}"

    def signed_path(self, attachment: Attachment, seconds: int) -> str:
        """Make the link without this machine's address, for a page that has come from here."""
        kind = "ephemeral-attachments" if attachment.ephemeral else "attachments"
        since = int(self._now())
        until = since + seconds
        place = f"/cdn/{kind}/{attachment.channel_id}/{attachment.id}/{attachment.filename}"
        return f"{place}?ex={until:x}&is={since:x}&hm={self._mark(place, until, since)}&"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve a file, or the part of it that is asked for, if the link is good."""
        attachment = self._files.get(int(request.match_info["id"]))
        if attachment is None or not self._is_valid(request, attachment):
            return web.Response(status=404, text=_GONE)
        kind = attachment.content_type or "application/octet-stream"
        # A page that someone has attached must not act in the name of the stand-in's own page.
        headers = {
            "Content-Type": kind,
            "Content-Security-Policy": "sandbox",
            "X-Content-Type-Options": "nosniff",
        }
        return web.FileResponse(attachment.path, headers=headers)

    def _is_valid(self, request: web.Request, attachment: Attachment) -> bool:
        try:
            until, since = (int(request.query[name], 16) for name in ("ex", "is"))
        except (KeyError, ValueError):
            return False
        mark = self._mark(request.path, until, since)
        signed = hmac.compare_digest(request.query.get("hm", "").encode(), mark.encode())
        named = request.match_info["name"] == attachment.filename
        return signed and named and self._now() < until and attachment.path.exists()

    def _mark(self, place: str, until: int, since: int) -> str:
        signed = f"{place} {until:x} {since:x}".encode()
        return hmac.new(self._secret, signed, hashlib.sha256).hexdigest()


def sanitize_filename(filename: str) -> str:
    """Reduce a file's name to letters, digits, dots, dashes and underscores, as Discord does."""
    return _UNSAFE.sub("_", filename).lstrip(".")[-100:] or "unknown"
