"""Keeps the demo open for a visitor: the stand-ins, the service, the page and its backstage."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from sandbox.apixo import ApixoOptions, ApixoStandIn
from sandbox.demo.backstage import DemoBackstage
from sandbox.demo.controls import Levers
from sandbox.demo.discord import DemoDiscord
from sandbox.demo.examples import WELCOME
from sandbox.demo.process import Supervisor, beside, fresh_folder
from sandbox.demo.snapshot_types import Books
from sandbox.discord import DiscordOptions, NotSeen

_START_S = 30

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Demo:
    """Both stand-ins with their backstage, and the service between them."""

    apixo: ApixoStandIn
    discord: DemoDiscord
    supervisor: Supervisor


@asynccontextmanager
async def demo(
    command: Sequence[str],
    *,
    apixo_options: ApixoOptions,
    discord_options: DiscordOptions,
    open_books: Callable[[], Books],
    say: Say,
    folder: Path | None = None,
) -> AsyncGenerator[Demo]:
    """Open everything; the service is on its way up when the context is entered.

    Its data lie in `folder`, or in a fresh one once the ports are open.

    Raises:
        OSError: a port cannot be opened, or there is no place for the data.
    """
    async with AsyncExitStack() as stack:
        # The page first: whoever has its address may open it while the rest starts.
        discord = await stack.enter_async_context(DemoDiscord(discord_options))
        apixo = await stack.enter_async_context(ApixoStandIn(apixo_options))
        service = beside(apixo, discord, command=command, folder=folder or fresh_folder())
        supervisor = Supervisor(service, lambda code: _tell_death(supervisor, code, say))
        levers = Levers(apixo, discord, supervisor, say)
        backstage = DemoBackstage(apixo, discord, supervisor, levers, open_books)
        discord.backstage, discord.welcome = backstage, WELCOME
        stack.push_async_callback(backstage.close)
        await stack.enter_async_context(supervisor)
        yield Demo(apixo, discord, supervisor)


async def visit(
    command: Sequence[str],
    *,
    options: DiscordOptions,
    speed: float,
    open_books: Callable[[], Books],
    say: Say,
) -> None:
    """Serve the page until this is cancelled.

    Raises:
        OSError: a port cannot be opened, or there is no place for the data.
    """
    async with demo(
        command,
        apixo_options=ApixoOptions(time_scale=speed),
        discord_options=options,
        open_books=open_books,
        say=say,
    ) as opened:
        _announce(opened.discord, speed, opened.supervisor.service.folder, say)
        await _tell_connection(opened.discord, opened.supervisor, say)
        await asyncio.Event().wait()


def _announce(discord: DemoDiscord, speed: float, folder: Path, say: Say) -> None:
    click.echo(f"\n  Open {discord.page_url} in a browser. Ctrl-C ends it.\n")
    if discord.options.host != DiscordOptions().host:
        click.echo("  Whoever can reach this machine can use the page, and what is behind it.\n")
    say(f"the bot starts, APIXO's stand-in is {speed:g} times as fast as APIXO")
    say(f"data and log (may be deleted afterwards): {folder}")


async def _tell_connection(discord: DemoDiscord, supervisor: Supervisor, say: Say) -> None:
    try:
        await discord.until_commands({"video", "animate"}, within=_START_S)
    except NotSeen:
        say(f"the bot has not connected yet; its log: {supervisor.service.log}")
    else:
        say("the bot is connected and has registered its commands")


def _tell_death(supervisor: Supervisor, code: int, say: Say) -> None:
    say(f"the bot has ended with exit code {code}; it can be started again backstage. It said:")
    click.echo(supervisor.service.last_words(), err=True)
