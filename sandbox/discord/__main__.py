"""Runs the stand-in alone: `python -m sandbox.discord --help`."""

import asyncio
import signal

import click

from sandbox.discord.config import DiscordConfig
from sandbox.discord.listen_addresses import exposure
from sandbox.discord.server import FakeDiscord


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=9000, show_default=True, help="Port to listen on; 0 takes any.")
@click.option("--token", default=DiscordConfig().token, show_default=True, help="Bot token.")
def main(host: str, port: int, token: str) -> None:
    """Serve a stand-in of Discord on this machine."""
    if (warning := exposure(host)) is not None:
        click.echo(warning, err=True)
    asyncio.run(_serve(DiscordConfig(host=host, port=port, token=token)))


async def _serve(options: DiscordConfig) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with FakeDiscord(options) as discord:
        click.echo(f"DISCORD_API_URL={discord.api_url}")
        click.echo(f"DISCORD_GATEWAY_URL={discord.gateway_url}")
        click.echo(f"DISCORD_TOKEN={discord.token}")
        await stop.wait()


if __name__ == "__main__":
    main()
