"""Endpoint for signed media links, with range requests."""

import mimetypes
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from aiohttp import web

from bot.web.connections import FileTransfer
from cogs.ui.i18n import _
from domain.errors import Outage
from storage.media import MediaFolder
from workflow.urls.signed_urls import MEDIA_PATH, MediaLink, MediaLinkKind, SignedUrls

NO_SUCH_LINK = "There is no such link."
"""`bot.cli.local_checks` recognizes our answer by this text, so it is not translated."""

_RETRY_AFTER_S: Final = "30"


def routes(links: SignedUrls, media: MediaFolder, now_ms: Callable[[], int]) -> list[web.RouteDef]:
    """Return `/media/{signed}`.

    404 if we never signed it, 410 if expired or the file is gone, 429 and 503 while this client
    or all clients are being sent too many files, 503 too while the media store does not answer.
    """

    async def get(request: web.Request) -> web.StreamResponse:
        link = links.parse(request.match_info["signed"])
        if link is None:
            raise web.HTTPNotFound(text=NO_SUCH_LINK)
        left_s = (link.until_ms - now_ms()) // 1000
        if left_s < 0:
            raise web.HTTPGone(text=_("This link has expired."))
        async with AsyncExitStack() as stack:
            path = await _have_file(stack, media, link)
            transfer = FileTransfer(request, path, _headers(link.name, left_s))
            await transfer.prepare(request)  # sends it, while it cannot be evicted
            return transfer

    return [web.get(f"{MEDIA_PATH}{{signed}}", get)]


async def _have_file(stack: AsyncExitStack, media: MediaFolder, link: MediaLink) -> Path:
    use = media.use_input if link.kind is MediaLinkKind.INPUT else media.use_video
    try:
        return await stack.enter_async_context(use(link.name))
    except FileNotFoundError:
        raise web.HTTPGone(text=_("This file is gone.")) from None
    except Outage:
        raise web.HTTPServiceUnavailable(headers={"Retry-After": _RETRY_AFTER_S}) from None


def _headers(name: str, left_s: int) -> dict[str, str]:
    return {
        "Content-Type": mimetypes.guess_type(name)[0] or "application/octet-stream",
        "Content-Disposition": f'inline; filename="{name}"',
        "Cache-Control": f"private, max-age={left_s}",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
