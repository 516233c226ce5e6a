"""Routes from persistent buttons and menus to their handlers."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, runtime_checkable

import discord
from discord import ui
from discord.ext import commands

Interaction: TypeAlias = discord.Interaction[Any]
"""An interaction that any client of ours received."""

ItemT = TypeVar("ItemT", bound=ui.DynamicItem[Any])


ErrorHandler = Callable[[Interaction, BaseException], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ComponentRoute(Generic[ItemT]):
    """A class of persistent components, and the handler of their use."""

    item_type: type[ItemT]
    handler: Callable[[Interaction, ItemT], Awaitable[None]]


class ComponentCog(commands.Cog):
    """A cog that handles persistent components; a test holds that each class of them has a cog."""

    @property
    def component_routes(self) -> tuple[ComponentRoute[Any], ...]:
        """Return the routes of the components that this cog handles."""
        return ()


class ComponentRouter:
    """Finds the handler of a component by its class.

    A component is rebuilt from its custom id whenever it is used, perhaps by a later process than
    the one that sent it, so it cannot carry its handler. `handle_error` answers to what a handler
    raises.
    """

    def __init__(self, cogs: Iterable[commands.Cog], handle_error: ErrorHandler) -> None:
        self._handle_error = handle_error
        self._routes: dict[type[ui.DynamicItem[Any]], ComponentRoute[Any]] = {
            route.item_type: route
            for cog in cogs
            if isinstance(cog, ComponentCog)
            for route in cog.component_routes
        }

    @property
    def item_types(self) -> tuple[type[ui.DynamicItem[Any]], ...]:
        """Return the classes that the client has to recognize by their custom ids."""
        return tuple(self._routes)

    async def dispatch(self, interaction: Interaction, item: ui.DynamicItem[Any]) -> None:
        """Hand the use of a component to its handler."""
        try:
            await self._routes[type(item)].handler(interaction, item)
        except Exception as error:  # noqa: BLE001 - the library would only log it
            await self._handle_error(interaction, error)


@runtime_checkable
class RoutingClient(Protocol):
    """A client that owns the routes of its components."""

    @property
    def component_router(self) -> ComponentRouter:
        """Return the routes."""
        ...


async def dispatch_component(interaction: Interaction, item: ui.DynamicItem[Any]) -> None:
    """Hand the use of a component to its handler, by the routes of the client that received it."""
    client: discord.Client = interaction.client
    assert isinstance(client, RoutingClient), "persistent components belong to our own client"
    await client.component_router.dispatch(interaction, item)
