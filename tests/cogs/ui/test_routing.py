"""Every persistent component has exactly one handler, whichever process has sent it."""

from collections.abc import Iterator
from typing import Any

import pytest
from discord import ui

from bot.client import DailiesBot
from cogs.ui.buttons import ActionButton
from cogs.ui.interactions import handle_error
from cogs.ui.notify_button import NotifyButton
from cogs.ui.routing import ComponentCog, ComponentRoute, ComponentRouter, dispatch_component


def component_classes(base: type[Any]) -> Iterator[type[Any]]:
    """Walk through the classes of components that the service defines."""
    for kind in base.__subclasses__():
        if kind.__module__.startswith("cogs."):
            yield kind
        yield from component_classes(kind)


class Recorder(ComponentCog):
    """Handles one class, and notes what it is handed."""

    def __init__(self) -> None:
        self.handed: list[tuple[Any, ActionButton]] = []

    @property
    def component_routes(self) -> tuple[ComponentRoute[Any], ...]:
        return (ComponentRoute(ActionButton, self.note),)

    async def note(self, interaction: Any, button: ActionButton) -> None:
        self.handed.append((interaction, button))


class Client:
    """As much of a client as the dispatch asks for."""

    def __init__(self, router: ComponentRouter) -> None:
        self.component_router = router


class Click:
    """As much of an interaction as the dispatch asks for."""

    def __init__(self, client: object) -> None:
        self.client = client


async def test_every_component_of_the_service_has_one_handler(dailies: DailiesBot) -> None:
    """A button without one would stay silent under old messages."""
    cogs = [cog for cog in dailies.cogs.values() if isinstance(cog, ComponentCog)]
    routed = [route.item_type for cog in cogs for route in cog.component_routes]
    assert len(routed) == len(set(routed))
    assert set(routed) == set(component_classes(ui.DynamicItem))
    assert set(dailies.component_router.item_types) == set(routed)


async def test_a_component_goes_to_the_handler_of_its_class() -> None:
    cog = Recorder()
    click: Any = Click(Client(ComponentRouter([cog], handle_error)))
    button = ActionButton.__new__(ActionButton)
    await dispatch_component(click, button)
    assert cog.handed == [(click, button)]


async def test_a_component_of_another_client_is_a_mistake() -> None:
    click: Any = Click(object())
    with pytest.raises(AssertionError, match="our own client"):
        await dispatch_component(click, NotifyButton.__new__(NotifyButton))
