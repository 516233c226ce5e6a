"""Routes from persistent buttons, menus and forms to their handlers."""

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, runtime_checkable

import discord
from discord import ui
from discord.ext import commands

from cogs.ui.i18n import speak

Interaction: TypeAlias = discord.Interaction[Any]
"""An interaction that any client of ours received."""

ItemT = TypeVar("ItemT", bound=ui.DynamicItem[Any])

ErrorHandler = Callable[[Interaction, BaseException], Awaitable[None]]


class UnknownInteraction(Exception):
    """What was used is not known here: it is of another version, or somebody made it up."""


@dataclass(frozen=True, slots=True)
class ComponentRoute(Generic[ItemT]):
    """A class of persistent components, and the handler of their use."""

    item_type: type[ItemT]
    handler: Callable[[Interaction, ItemT], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class FormRoute:
    """A pattern of forms' custom ids, and the handler of a submission: its match and its data."""

    custom_id: re.Pattern[str]
    handler: Callable[[Interaction, re.Match[str], Mapping[str, Any]], Awaitable[None]]


class ComponentCog(commands.Cog):
    """A cog that handles persistent components and forms; each class of components has one."""

    @property
    def component_routes(self) -> tuple[ComponentRoute[Any], ...]:
        """Return the routes of the components that this cog handles."""
        return ()

    @property
    def form_routes(self) -> tuple[FormRoute, ...]:
        """Return the routes of the forms that this cog handles."""
        return ()


class ComponentRouter:
    """Finds the handlers of components and forms.

    Both are known by their custom ids alone: they may be used in a later process than the one that
    sent them, so they cannot carry their handlers. `handle_error` answers to what a handler raises.
    """

    def __init__(self, cogs: Iterable[commands.Cog], handle_error: ErrorHandler) -> None:
        routed = [cog for cog in cogs if isinstance(cog, ComponentCog)]
        self._handle_error = handle_error
        self._routes: dict[type[ui.DynamicItem[Any]], ComponentRoute[Any]] = {
            route.item_type: route for cog in routed for route in cog.component_routes
        }
        self._forms = [route for cog in routed for route in cog.form_routes]

    @property
    def item_types(self) -> tuple[type[ui.DynamicItem[Any]], ...]:
        """Return the classes that the client has to recognize by their custom ids."""
        return tuple(self._routes)

    @property
    def component_ids(self) -> tuple[re.Pattern[str], ...]:
        """Return the patterns of the components' custom ids."""
        return tuple(item_type.__discord_ui_compiled_template__ for item_type in self._routes)

    @property
    def form_ids(self) -> tuple[re.Pattern[str], ...]:
        """Return the patterns of the forms' custom ids."""
        return tuple(route.custom_id for route in self._forms)

    async def dispatch(self, interaction: Interaction, item: ui.DynamicItem[Any]) -> None:
        """Hand the use of a component to its handler, which speaks its member's language."""
        speak(str(interaction.locale))
        await self._answer(interaction, self._routes[type(item)].handler(interaction, item))

    async def dispatch_other(self, interaction: Interaction) -> None:
        """Hand a submitted form to its handler; say so if a form or a component has none."""
        speak(str(interaction.locale))
        data: Mapping[str, Any] = {**(interaction.data or {})}
        custom_id = str(data.get("custom_id"))
        match interaction.type:
            case discord.InteractionType.modal_submit:
                await self._answer(interaction, self._submit(interaction, custom_id, data))
            case discord.InteractionType.component:
                if not self._is_routed(interaction.message, custom_id):
                    await self._handle_error(interaction, UnknownInteraction(custom_id))
            case _:
                return

    async def _submit(
        self, interaction: Interaction, custom_id: str, data: Mapping[str, Any]
    ) -> None:
        for route in self._forms:
            if match := route.custom_id.fullmatch(custom_id):
                await route.handler(interaction, match, data)
                return
        raise UnknownInteraction(custom_id)

    def _is_routed(self, message: discord.Message | None, custom_id: str) -> bool:
        """Return whether the library hands a component to its class: if its message shows it."""
        is_known = any(pattern.fullmatch(custom_id) for pattern in self.component_ids)
        return is_known and message is not None and custom_id in _custom_ids(message.components)

    async def _answer(self, interaction: Interaction, handling: Awaitable[None]) -> None:
        try:
            await handling
        except Exception as error:  # noqa: BLE001 - the library would only log it
            await self._handle_error(interaction, error)


def _custom_ids(components: Sequence[Any]) -> Iterator[str | None]:
    """Yield the custom ids of a message's components, at any depth."""
    for component in components:
        yield getattr(component, "custom_id", None)
        yield from _custom_ids(getattr(component, "children", ()))
        accessory = getattr(component, "accessory", None)
        if accessory is not None:
            yield from _custom_ids((accessory,))


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
