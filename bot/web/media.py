"""Answers signed links with the file that each leads to, in parts if only parts are wanted."""

import mimetypes
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from cogs.ui.i18n import _
from storage.media import MediaFolder
from workflow.urls.signed_urls import MEDIA_PATH, MediaLink, MediaLinkKind, SignedUrls

NO_SUCH_LINK = "There is no such link."
"""By these words `bot.cli.doctor` knows our answer, so they are the same in every language."""


def routes(links: SignedUrls, media: MediaFolder, now_ms: Callable[[], int]) -> list[web.RouteDef]:
    """Answer `/media/{signed}`: 404 for what we never signed, 410 for what is over or not kept."""

    async def get(request: web.Request) -> web.StreamResponse:
        link = links.parse(request.match_info["signed"])
        if link is None:
            raise web.HTTPNotFound(text=NO_SUCH_LINK)
        left_s = (link.until_ms - now_ms()) // 1000
        if left_s < 0:
            raise web.HTTPGone(text=_("This link has run out."))
        path = _path(media, link)
        if path is None:
            raise web.HTTPGone(text=_("This file is not kept any more."))
        return web.FileResponse(path, headers=_headers(link.name, left_s))

    return [web.get(f"{MEDIA_PATH}{{signed}}", get)]


def _path(media: MediaFolder, link: MediaLink) -> Path | None:
    if link.kind is MediaLinkKind.INPUT:
        return media.input_path(link.name)
    return media.video_path(link.name) if media.has_video(link.name) else None


def _headers(name: str, left_s: int) -> dict[str, str]:
    return {
        "Content-Type": mimetypes.guess_type(name)[0] or "application/octet-stream",
        "Content-Disposition": f'inline; filename="{name}"',
        "Cache-Control": f"private, max-age={left_s}",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
