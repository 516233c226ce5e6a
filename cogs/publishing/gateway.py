"""What a client has heard by its gateway: whether events arrive, and of which servers."""

from typing import Protocol, runtime_checkable

import discord


@runtime_checkable
class GatewayView(Protocol):
    """What is known by the gateway: nothing in a process that holds no shard, which may ask."""

    @property
    def is_connected(self) -> bool:
        """Return whether every shard that this process holds brings events."""
        ...

    def has_servers_of(self, guild_id: int) -> bool:
        """Return whether this process was told of all servers of a server's shard."""
        ...


def gateway_of(client: discord.Client) -> GatewayView:
    """Return a client as what it says of its gateway.

    Raises:
        TypeError: it does not say.
    """
    if isinstance(client, GatewayView):
        return client
    raise TypeError(f"{type(client).__name__} does not say what has come by its gateway")
