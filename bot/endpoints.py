"""Points discord.py at another address than Discord's own: a proxy, or a local stand-in."""

from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL


def point(api_url: str | None, gateway_url: str | None) -> None:
    """Set the REST address (with its version) and the gateway's; None leaves Discord's own."""
    if api_url is not None:
        Route.BASE = api_url
    if gateway_url is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)
