"""Runs the fake of Discord with its page, for any bot: `python -m sandbox.demo --help`."""

import asyncio
import signal
from dataclasses import replace

import click

from sandbox.demo.discord import DemoDiscord
from sandbox.discord.config import DiscordConfig
from sandbox.local_access import exposure


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=9000, show_default=True, help="Port to listen on; 0 takes any.")
@click.option("--token", help="The bot token to accept; another one each time by default.")
def main(host: str, port: int, token: str | None) -> None:
    """Serve a fake of Discord on this machine, with a page to use it on."""
    if (warning := exposure(host)) is not None:
        click.echo(warning, err=True)
    config = DiscordConfig(host=host, port=port)
    asyncio.run(_serve(replace(config, token=token or config.token)))


async def _serve(options: DiscordConfig) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with DemoDiscord(options) as discord:
        click.echo(f"DISCORD_API_URL={discord.api_url}")
        click.echo(f"DISCORD_GATEWAY_URL={discord.gateway_url}")
        click.echo(f"DISCORD_TOKEN={discord.token}")
        click.echo(f"# the page: {discord.page_url}")
        await stop.wait()


if __name__ == "__main__":
    main()
