"""Keeps the demo open for a visitor: the stand-ins, the service, the page and its backstage."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.demo.backstage import DemoBackstage
from sandbox.demo.controls import DemoControls
from sandbox.demo.discord import DemoDiscord
from sandbox.demo.examples import WELCOME
from sandbox.demo.process import ServiceProcess, Supervisor, new_data_folder, service_for
from sandbox.demo.snapshot_types import SnapshotReader
from sandbox.discord import DiscordConfig, FakeDiscord, WaitTimeoutError

_START_S = 30
LIMITS: Final = {
    "USER_DAILY_LIMIT_USD": "25",
    "SERVER_DAILY_LIMIT_USD": "250",
    "GLOBAL_DAILY_LIMIT_USD": "1000",
}
"""Of the service behind the page: enough to play for an hour, and little enough to be met."""

Print = Callable[[str], None]

BuildService = Callable[[FakeApixo, FakeDiscord], ServiceProcess]
"""Sets the service up against two open stand-ins."""


@dataclass(frozen=True, slots=True)
class DemoSession:
    """Both stand-ins with their backstage, and the service between them."""

    apixo: FakeApixo
    discord: DemoDiscord
    supervisor: Supervisor


@asynccontextmanager
async def open_demo(
    build_service: BuildService,
    *,
    apixo_config: ApixoConfig,
    discord_config: DiscordConfig,
    open_reader: Callable[[], SnapshotReader],
    echo: Print,
) -> AsyncGenerator[DemoSession]:
    """Open everything; the service is on its way up when the context is entered.

    It is built once the ports are open.

    Raises:
        OSError: a port cannot be opened, or there is no place for the data.
    """
    async with AsyncExitStack() as stack:
        # The page first: whoever has its address may open it while the rest starts.
        discord = await stack.enter_async_context(DemoDiscord(discord_config))
        apixo = await stack.enter_async_context(FakeApixo(apixo_config))
        service = build_service(apixo, discord)
        supervisor = Supervisor(service, lambda code: _tell_death(supervisor, code, echo))
        levers = DemoControls(apixo, discord, supervisor, echo)
        backstage = DemoBackstage(apixo, discord, supervisor, levers, open_reader)
        discord.backstage, discord.welcome = backstage, WELCOME
        stack.push_async_callback(backstage.close)
        await stack.enter_async_context(supervisor)
        yield DemoSession(apixo, discord, supervisor)


async def serve_demo(
    command: Sequence[str],
    *,
    config: DiscordConfig,
    speed: float,
    open_reader: Callable[[], SnapshotReader],
    echo: Print,
) -> None:
    """Serve the page until this is cancelled.

    Raises:
        OSError: a port cannot be opened, or there is no place for the data.
    """

    def build(apixo: FakeApixo, discord: FakeDiscord) -> ServiceProcess:
        folder = new_data_folder()
        return service_for(apixo, discord, command=command, folder=folder, settings=LIMITS)

    async with open_demo(
        build,
        apixo_config=ApixoConfig(time_scale=speed),
        discord_config=config,
        open_reader=open_reader,
        echo=echo,
    ) as opened:
        _announce(opened.discord, speed, opened.supervisor.service.folder, echo)
        await _tell_connection(opened.discord, opened.supervisor, echo)
        await asyncio.Event().wait()


def _announce(discord: DemoDiscord, speed: float, folder: Path, say: Print) -> None:
    click.echo(f"\n  Open {discord.page_url} in a browser. Ctrl-C ends it.\n")
    if discord.config.host != DiscordConfig().host:
        click.echo("  Whoever can reach this machine can use the page, and what is behind it.\n")
    say(f"the bot starts, APIXO's stand-in is {speed:g} times as fast as APIXO")
    say(f"data and log (may be deleted afterwards): {folder}")


async def _tell_connection(discord: DemoDiscord, supervisor: Supervisor, say: Print) -> None:
    try:
        await discord.wait_for_commands({"video", "animate"}, within=_START_S)
    except WaitTimeoutError:
        say(f"the bot has not connected yet; its log: {supervisor.service.log}")
    else:
        say("the bot is connected and has registered its commands")


def _tell_death(supervisor: Supervisor, code: int, say: Print) -> None:
    say(f"the bot has ended with exit code {code}; it can be started again backstage. It said:")
    click.echo(supervisor.service.log_tail(), err=True)
