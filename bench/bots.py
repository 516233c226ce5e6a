"""The service and the plain bot: each a process of its own, against stand-ins in this one."""

import sys
import tempfile
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path
from typing import Any, Final

from bench.counted_bot import Counts
from bench.process_watch import cpu_seconds
from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.demo.process import ServiceProcess, service_for
from sandbox.discord import DiscordConfig, FakeDiscord, Message

OURS: Final = "bench.counted_bot"
PLAIN: Final = "bench.plain_bot"

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder is made in it
_MANY = 1_000
_UNLIMITED = DiscordConfig(
    sends_per_window=_MANY,
    token_sends_per_window=_MANY,
    requests_per_second=_MANY,
    identify_seconds=0,
)
_PATIENCE_S = 120
_OPTIONS = {"model": "seedance-1-5-pro", "duration": 8}
_TASKS_S = (62, 83, 69, 76)
"""How long the tasks take in turn, in documented time."""


@dataclass(frozen=True, slots=True)
class MeasuredBot:
    """A bot that takes commands, and what it has cost so far."""

    pid: int
    apixo: FakeApixo
    discord: FakeDiscord
    counts: Counts
    tasks_s: Iterator[int] = field(default_factory=lambda: cycle(_TASKS_S))

    @property
    def cpu_s(self) -> float:
        """Return the CPU seconds of its process, without those of its children."""
        return cpu_seconds(self.pid)

    @property
    def polls(self) -> int:
        """Return how often it has asked APIXO for a task."""
        return len(self.apixo.journal.requests_to("/statusTask/"))

    @property
    def other_requests(self) -> int:
        """Return how many other requests it has sent for videos, to APIXO and to Discord.

        Edits are left out: how many there are depends on what is quicker.
        """
        to_apixo = ("/generateTask/", "/files/")
        sent = sum(len(self.apixo.journal.requests_to(path)) for path in to_apixo)
        of_answers = self.discord.journal.count_requests("PATCH", "/webhooks/*/*/messages/*")
        return sent + len(self.discord.journal) - of_answers - self.edits

    @property
    def edits(self) -> int:
        """Return how often it has edited a status message."""
        return self.discord.journal.count_requests("PATCH", "/channels/*/messages/*")

    async def make_video(self) -> None:
        """Type a command, and wait until its video is posted and its status message has ended."""
        channel = self.discord.channel("videos")
        options = {**_OPTIONS, "prompt": f"a lake at dusk [[slow:{next(self.tasks_s)}]]"}
        typed = await self.discord.member("Ada").run_command(channel, "video", options)
        await typed.until_answered(within=_PATIENCE_S)

        def carries(message: Message) -> bool:
            return message.id > typed.id and bool(message.attachments)

        def is_at_rest(message: Message) -> bool:
            """Of a message that stays: the plain bot's status message says so in the end."""
            return carries(message) or message.id < typed.id or "Done" in message.text

        await channel.wait_for(carries, within=_PATIENCE_S)
        await channel.changes.wait_until(
            lambda: all(map(is_at_rest, channel.messages)) or None,
            *(_PATIENCE_S, "an end of the status message", str),
        )


@asynccontextmanager
async def run_bot(
    module: str,
    time_scale: float,
    *,
    polls: int = 1,
    edits: int = 0,
    member_daily_usd: str = "1000",
) -> AsyncGenerator[MeasuredBot]:
    """Run a bot from nothing, on stand-ins of its own.

    `time_scale` divides what takes time; a plain bot makes so many `polls` for a task, and so
    many `edits` of its status message. A member may spend `member_daily_usd`.
    """
    async with open_stand_ins(time_scale) as (folder, apixo, discord):
        counts = Counts.create(folder / "counts")
        command = [sys.executable, "-m", module]
        settings = {
            "POLLS": str(polls),
            "EDITS": str(edits),
            "USER_DAILY_LIMIT_USD": member_daily_usd,
        }
        async with service(command, folder, apixo, discord, **settings).run() as running:
            ready = discord.wait_for_commands({"video"}, within=_PATIENCE_S)
            await running.while_running(ready)
            yield MeasuredBot(running.process.pid, apixo, discord, counts)


@asynccontextmanager
async def open_stand_ins(
    time_scale: float, **options: Any
) -> AsyncGenerator[tuple[Path, FakeApixo, FakeDiscord]]:
    """Open stand-ins, and a folder in memory; Discord has no limits, but other `options`."""
    async with AsyncExitStack() as stack:
        memory = _IN_MEMORY if _IN_MEMORY.is_dir() else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=memory)))
        apixo = FakeApixo(ApixoConfig(clips="tiny", time_scale=time_scale))
        discord = FakeDiscord(replace(_UNLIMITED, **options))
        yield (
            folder,
            await stack.enter_async_context(apixo),
            await stack.enter_async_context(discord),
        )


def service(
    command: Sequence[str], folder: Path, apixo: FakeApixo, discord: FakeDiscord, **settings: str
) -> ServiceProcess:
    """Set a bot up between stand-ins, with `settings` besides those that lift its limits."""
    limits = ("USER_DAILY_LIMIT_USD", "SERVER_DAILY_LIMIT_USD", "GLOBAL_DAILY_LIMIT_USD")
    given = {
        "COUNTS": str(folder / "counts"),
        "POLLS": "1",
        "EDITS": "0",
        "ALLOWED_SERVERS": "all",
        **dict.fromkeys(limits, "1000"),
        **settings,
    }
    return service_for(apixo, discord, command=command, folder=folder, settings=given)
