"""Rate limits: in a route's bucket, or of the bot altogether."""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from sandbox.discord.config import DiscordConfig

_ROUTINE = (50, 1.0)


class TooManyRequests(Exception):
    """The request came too early; `headers` and `body` are what Discord answers."""

    def __init__(self, after: float, scope: str, headers: Mapping[str, str]) -> None:
        super().__init__(after, scope)
        self.body = {
            "message": "You are being rate limited.",
            "retry_after": round(after, 3),
            "global": scope == "global",
        }
        # discord.py takes a 429 without Via for a ban by Cloudflare, and does not retry.
        self.headers = {
            **headers,
            "Retry-After": str(math.ceil(after)),
            "X-RateLimit-Scope": scope,
            "Via": "1.1 google",
            **({"X-RateLimit-Global": "true"} if scope == "global" else {}),
        }


@dataclass(slots=True)
class _Window:
    ends: float
    used: int = 0


class RateLimits:
    """Counts requests in windows of fixed length that begin with their first request."""

    def __init__(self, options: DiscordConfig, now: Callable[[], float]) -> None:
        self._options = options
        self._now = now
        self._windows: dict[str, _Window] = {}

    def check(self, request: web.Request, template: str) -> Mapping[str, str]:
        """Count a request and give the headers that go with its answer.

        Raises:
            Limited: there were too many.
        """
        if template.startswith("/interactions/"):
            return {}
        if not template.startswith("/webhooks/"):
            self._count_global()
        most, seconds = self._allowance(request.method, template)
        bucket = hashlib.md5(f"{request.method} {template}".encode(), usedforsecurity=False)
        window = self._window(bucket.hexdigest() + _major(request), seconds)
        window.used += 1
        after = max(window.ends - self._now(), 0.0)
        headers = {
            "X-RateLimit-Limit": str(most),
            "X-RateLimit-Remaining": str(max(most - window.used, 0)),
            "X-RateLimit-Reset": f"{window.ends:.3f}",
            "X-RateLimit-Reset-After": f"{after:.3f}",
            "X-RateLimit-Bucket": bucket.hexdigest(),
        }
        if window.used > most:
            raise TooManyRequests(after, "user", headers)
        return headers

    def _count_global(self) -> None:
        window = self._window("global", 1.0)
        window.used += 1
        if window.used > self._options.requests_per_second:
            raise TooManyRequests(max(window.ends - self._now(), 0.0), "global", {})

    def _allowance(self, method: str, template: str) -> tuple[int, float]:
        if template.startswith("/webhooks/"):
            return self._options.token_sends_per_window, 2.0
        sends = template.endswith(("/messages", "/messages/{message}"))
        if sends and method in ("POST", "PATCH"):
            return self._options.sends_per_window, 5.0
        return _ROUTINE

    def _window(self, key: str, seconds: float) -> _Window:
        now = self._now()
        window = self._windows.get(key)
        if window is None or window.ends <= now:
            window = self._windows[key] = _Window(now + seconds)
        return window


def _major(request: web.Request) -> str:
    """Name the part of the path that has a bucket of its own."""
    return "".join(request.match_info.get(name, "") for name in ("channel", "guild", "token"))
