"""Answers: JSON of exactly Discord's content type."""

import json
from collections.abc import Mapping

from aiohttp import web

from sandbox.discord.json_values import as_id


def json_response(
    value: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Write JSON; discord.py takes the body for text if the content type has a charset."""
    body = json.dumps(value).encode()
    return web.Response(
        body=body, status=status, headers={**(headers or {}), "Content-Type": "application/json"}
    )


def no_content() -> web.Response:
    """Answer that it is done, without a body."""
    return web.Response(status=204)


def path_id(request: web.Request, name: str) -> int:
    """Take an id out of the path; 0, which nothing has, if it is none."""
    return as_id(request.match_info[name]) or 0
