"""Crash points: the calls through which everything leaves the process, wrapped from outside.

Each call passes named points: `before:CALL`, `after:CALL`, and, inside a
transaction, `within:CALL`, when all is said and nothing is committed. One beat of a process may
take several steps with shards in one transaction: each of them has points before and after. Nothing
of it is in the service: methods are replaced on their classes before it starts.
"""

import functools
import inspect
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

with warnings.catch_warnings():
    # It imports a module that Python 3.13 no longer has, and is told so.
    warnings.simplefilter("ignore")
    from discord.gateway import DiscordWebSocket
    from discord.http import HTTPClient, Route
    from discord.webhook import async_ as webhooks

from apixo.client import ApixoClient
from apixo.downloads import ResultDownloader
from bot.web import callbacks
from cogs.publishing.publisher import DiscordPublisher
from storage import shards
from storage.database import Database
from storage.media import MediaFolder
from storage.partial_files import PartialFile
from workflow.media_probe.probe import ConfinedPlaybackCheck

OnPoint = Callable[[str], None]
"""Hears the name of each point as it is passed; may not return."""

INSTRUMENTED_CLASSES = {
    "apixo": ApixoClient,
    "publisher": DiscordPublisher,
    "media": MediaFolder,
    "playback": ConfinedPlaybackCheck,
}
"""Every public coroutine of these has crash points, new ones by themselves."""

GATEWAY_CALLS = ("identify", "resume", "close")
"""Of a shard's connection, at the library."""

SHARD_STEPS = (
    "take",
    "renew",
    "inherit",
    "set_offered",
    "save_session",
    "hand_over",
    "take_identify_slot",
)
"""What a transaction does with the leases on shards, their sessions, and slots to identify in."""

_steps = ContextVar[list[str] | None]("what the transaction has done with shards", default=None)


def instrument_all(pass_: OnPoint) -> None:
    """Let everything that the service does from now on pass its points."""
    for family, owner in INSTRUMENTED_CLASSES.items():
        for name in public_coroutines(owner):
            _around(owner, name, f"{family}.{name}", pass_)
    for name in ("remove_partial_files", "remove_video"):
        _around(MediaFolder, name, f"media.{name}", pass_)
    _around(callbacks, "record_callback", "callback.record", pass_)
    _around(Database, "migrate", "database.migrate", pass_)
    _around(PartialFile, "write", "file.write", pass_)
    for name in GATEWAY_CALLS:
        _around(DiscordWebSocket, name, f"gateway.{name}", pass_)
    for name in SHARD_STEPS:
        _around_step(name, pass_)
    _around_transactions(pass_)
    _around_discord(pass_)
    _around_downloads(pass_)
    _around_renames(pass_)


def public_coroutines(owner: type) -> list[str]:
    """List the public coroutine methods of a class."""
    found = inspect.getmembers(owner, inspect.iscoroutinefunction)
    return [name for name, _ in found if not name.startswith("_")]


def _around(owner: Any, name: str, call: str, pass_: OnPoint) -> None:
    real = getattr(owner, name)
    if inspect.iscoroutinefunction(real):

        @functools.wraps(real)
        async def walk(*given: Any, **named: Any) -> Any:
            pass_(f"before:{call}")
            result = await real(*given, **named)
            pass_(f"after:{call}")
            return result
    else:

        @functools.wraps(real)
        def walk(*given: Any, **named: Any) -> Any:
            pass_(f"before:{call}")
            result = real(*given, **named)
            pass_(f"after:{call}")
            return result

    setattr(owner, name, walk)


def _around_transactions(pass_: OnPoint) -> None:
    real = Database.transact

    async def transact(self: Database, work: Any) -> Any:
        call = f"transact.{_home(work)}"

        async def watched(tx: Any) -> Any:
            done = await work(tx)
            pass_(f"within:{call}")
            return done

        pass_(f"before:{call}")
        steps = list[str]()
        token = _steps.set(steps)
        try:
            result = await real(self, watched)
        finally:
            _steps.reset(token)
        pass_(f"after:{call}")
        for step in steps:
            pass_(f"after:{step}")
        return result

    Database.transact = transact


def _around_step(name: str, pass_: OnPoint) -> None:
    """Stand before a step with shards, and after its transaction."""
    real = getattr(shards, name)

    async def walk(*given: Any, **named: Any) -> Any:
        if [] in given or () in given:  # it concerns no shard
            return await real(*given, **named)
        call = f"shards.{name}"
        pass_(f"before:{call}")
        result = await real(*given, **named)
        if (steps := _steps.get()) is not None:
            steps.append(call)
        return result

    setattr(shards, name, walk)


def _home(work: Any) -> str:
    """Name the function that a transaction's work is written in."""
    inner = work.func if isinstance(work, functools.partial) else work
    place = inner.__qualname__.split(".<locals>")[0]
    return f"{inner.__module__.rpartition('.')[2]}.{place.rpartition('.')[2]}"


def _around_discord(pass_: OnPoint) -> None:
    """Stand before and after each request to Discord, by the library's names of its routes."""
    for owner in (HTTPClient, webhooks.AsyncWebhookAdapter):
        real = owner.request

        def watch(real: Any) -> Any:
            async def request(self: Any, route: Route, *given: Any, **named: Any) -> Any:
                call = f"discord.{route.method} {route.path}"
                pass_(f"before:{call}")
                answer = await real(self, route, *given, **named)
                pass_(f"after:{call}")
                return answer

            return request

        owner.request = watch(real)


def _around_downloads(pass_: OnPoint) -> None:
    real = ResultDownloader.stream

    @asynccontextmanager
    async def open_(self: ResultDownloader, url: str, *, max_bytes: int) -> AsyncIterator[Any]:
        pass_("before:download.open")
        async with real(self, url, max_bytes=max_bytes) as chunks:
            pass_("after:download.open")
            yield _watched(chunks, pass_)
        pass_("after:download.end")

    ResultDownloader.stream = open_


async def _watched(chunks: Any, pass_: OnPoint) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        pass_("before:download.chunk")
        yield chunk
        pass_("after:download.chunk")


def _around_renames(pass_: OnPoint) -> None:
    """Stand before and after each file in the making gets its name."""
    real = Path.replace

    def replace(self: Path, target: Any) -> Path:
        is_part = self.name.endswith(".part")
        if is_part:
            pass_("before:file.rename")
        moved = real(self, target)
        if is_part:
            pass_("after:file.rename")
        return moved

    Path.replace = replace
