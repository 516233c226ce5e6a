"""A start of the service, against a plain bot's: until it is ready, and at rest after it.

Both find their data and their commands in place, as after a restart. Both are processes of their
own; a start of one alternates with a start of the other. Ready is what each says of itself: the
service by `/readyz`, the plain bot by the library's event, which comes after all servers have.
"""

import asyncio
import socket
import statistics
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp

from bench.bots import PLAIN, open_stand_ins, service
from bench.figures import Figure, report, scaled
from bench.plain_bot import IS_READY
from bench.process_watch import cpu_seconds, resident_bytes
from sandbox.demo.process import ServiceProcess

_STARTS = 5
_LOOK_S = 0.05
_REST_S = 4.0
"""Seconds until a bot rests: what is left to do at the start is done by then."""

_PATIENCE_S = 120


@dataclass(frozen=True, slots=True)
class _Start:
    """Seconds until it is ready, CPU seconds until it rests, and the memory that it has then."""

    ready_s: float
    cpu_s: float
    memory: float


def measure(share: float = 1) -> bool:
    """Print the ratios."""
    ours, plain = asyncio.run(_both(share))
    return report(
        f"A start (plain bot: {_show(plain)}; ours: {_show(ours)})",
        [
            Figure("to ready, ours / plain bot", ours.ready_s / plain.ready_s, 1.2),
            Figure("CPU of a start, ours / plain bot", ours.cpu_s / plain.cpu_s, 2),
            Figure("memory at rest, ours / plain bot", ours.memory / plain.memory, 2),
        ],
    )


def _show(start: _Start) -> str:
    return f"{start.ready_s:.2f} s, {start.cpu_s:.2f} s of CPU, {start.memory / 1e6:.0f} MB"


async def _both(share: float) -> tuple[_Start, _Start]:
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(_prepared("bot", share))
        plain = await stack.enter_async_context(_prepared(PLAIN, share))
        pairs = [
            (await _start(ours, _REST_S * share), await _start(plain, _REST_S * share))
            for _ in range(scaled(_STARTS, share))
        ]
    return _middle([a for a, _ in pairs]), _middle([b for _, b in pairs])


@asynccontextmanager
async def _prepared(module: str, share: float) -> AsyncGenerator[ServiceProcess]:
    """Start a bot for the first time, which makes its data, and end it; not for a small share."""
    async with open_stand_ins(time_scale=1) as (folder, apixo, discord):
        command = [sys.executable, "-m", module]
        settings = {"HTTP_PORT": str(_free_port())}
        if share >= 1:
            # Modules are compiled once, as in an installation, wherever this runs.
            settings["PYTHONDONTWRITEBYTECODE"] = ""
            settings["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
        bot = service(command, folder, apixo, discord, **settings)
        if share >= 1:
            async with bot.run() as running:
                commands = discord.wait_for_commands({"video"}, within=_PATIENCE_S)
                await running.while_running(commands)
                await running.while_running(_ready(bot, 0))
        else:
            bot.log.touch()
        yield bot


async def _start(bot: ServiceProcess, rest_s: float) -> _Start:
    logged = bot.log.stat().st_size
    began_s = time.monotonic()
    async with bot.run() as running:
        pid = running.process.pid
        await running.while_running(_ready(bot, logged))
        ready_s = time.monotonic() - began_s
        await asyncio.sleep(rest_s)
        return _Start(ready_s, cpu_seconds(pid), resident_bytes(pid))


async def _ready(bot: ServiceProcess, logged: int) -> None:
    """Wait until a bot says that it is ready, in what it logs after so many bytes or by HTTP."""
    url = f"http://127.0.0.1:{bot.environment['HTTP_PORT']}/readyz"
    async with aiohttp.ClientSession() as session, asyncio.timeout(_PATIENCE_S):
        while IS_READY.encode() not in bot.log.read_bytes()[logged:]:
            with suppress(aiohttp.ClientConnectorError):
                async with session.get(url) as answer:
                    if answer.status == HTTPStatus.OK:
                        return
            await asyncio.sleep(_LOOK_S)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


def _middle(starts: list[_Start]) -> _Start:
    return _Start(
        statistics.median(one.ready_s for one in starts),
        statistics.median(one.cpu_s for one in starts),
        statistics.median(one.memory for one in starts),
    )
