"""The files that the page is made of, and the pictures of its welcome."""

import asyncio
import hashlib
from pathlib import Path
from typing import Final

from aiohttp import web

from sandbox.demo.page_content import PageContent, Welcome

_FOLDER: Final = Path(__file__).with_name("static")
_TYPES: Final = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
}
_TEXTUAL: Final = ("text/", "image/svg")


class PageFiles:
    """Serves the page's own files, and those that the welcome names; nothing else there is."""

    def __init__(self, stage: PageContent) -> None:
        self._stage = stage

    async def static_file(self, request: web.Request, name: str) -> web.Response:
        """Serve a file that lies in the page's folder, by its plain name."""
        return await _send(request, await asyncio.to_thread(_own_files), name)

    async def picture(self, request: web.Request, name: str) -> web.Response:
        """Serve a file of the welcome, by the name that its address has."""
        welcome = self._stage.welcome
        return await _send(request, {} if welcome is None else _welcome_files(welcome), name)


def file_url(welcome: Welcome, file: Path) -> str:
    """Give the address at which a file of the welcome is served."""
    names = {path: name for name, path in _welcome_files(welcome).items()}
    return f"/_page/pictures/{names[file]}"


def _own_files() -> dict[str, Path]:
    return {path.name: path for path in _FOLDER.iterdir() if path.suffix in _TYPES}


def _welcome_files(welcome: Welcome) -> dict[str, Path]:
    """Name each file by a number, too: two of them may be called the same."""
    found: dict[Path, None] = {}
    for example in welcome.examples:
        found |= dict.fromkeys(example.files.values())
        found |= {} if example.picture is None else {example.picture: None}
    return {f"{number}-{path.name}": path for number, path in enumerate(found)}


async def _send(request: web.Request, files: dict[str, Path], name: str) -> web.Response:
    path = files.get(name)
    content = None if path is None else await asyncio.to_thread(_read, path)
    if path is None or content is None:
        raise web.HTTPNotFound(text="There is no such file.")
    tag = hashlib.sha256(content).hexdigest()[:32]
    headers = {"ETag": f'"{tag}"', "Cache-Control": "no-cache"}
    if any(found.value in (tag, "*") for found in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    kind = _TYPES.get(path.suffix.lower(), "application/octet-stream")
    charset = "utf-8" if kind.startswith(_TEXTUAL) else None
    return web.Response(body=content, content_type=kind, charset=charset, headers=headers)


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
