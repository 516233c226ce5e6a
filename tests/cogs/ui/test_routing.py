"""Every persistent component has exactly one handler, whichever process has sent it."""

from collections.abc import Iterator
from random import Random
from typing import Any

import discord
import pytest
from discord import ui

from bot.client import DailiesBot
from cogs.ui.buttons import ActionButton
from cogs.ui.interactions import handle_error
from cogs.ui.notify_button import NotifyButton
from cogs.ui.routing import ComponentCog, ComponentRoute, ComponentRouter, dispatch_component
from qa.fuzz.custom_ids import COMPONENT_IDS, FORM_IDS, Subjects, examples
from sandbox.discord import Interaction, MemberClient, Message
from sandbox.discord.interactions import InteractionType
from tests.harness.bot import BotHarness

UNKNOWN = "That doesn't work anymore. Run the command again."


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
        self.locale = discord.Locale.german


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


@pytest.mark.parametrize("shown", ["what is clicked", "something else", "no message"])
async def test_a_component_that_nobody_knows_gets_one_sentence(
    harness: BotHarness, ada: MemberClient, shown: str
) -> None:
    """One of no pattern, one that its message does not have, one without a message."""
    world = harness.discord.world
    custom_id = "unknown:1" if shown == "what is clicked" else "jobs:newest"
    button = {"type": 2, "style": 1, "label": "Click", "id": 2}
    button["custom_id"] = custom_id if shown == "what is clicked" else "details:0"
    row = {"type": 1, "id": 1, "components": [button]}
    message = Message(world.ids.next(), harness.channel, world.bot_user, "old", components=[row])
    world.post(message)
    source = None if shown == "no message" else message
    data = {"custom_id": custom_id, "component_type": 2, "id": 2}
    sent = harness.discord.interactions.dispatch(
        InteractionType.COMPONENT, ada.user, harness.channel, data, source
    )
    assert await only_sentence(sent) == UNKNOWN


@pytest.mark.parametrize("custom_id", ["unknown:1", f"compose:{2**63}", "form:x:" + "9" * 30, ""])
async def test_a_form_that_nobody_knows_gets_one_sentence(
    harness: BotHarness, ada: MemberClient, custom_id: str
) -> None:
    """Also one whose ids no database could keep."""
    data = {"custom_id": custom_id, "components": []}
    sent = harness.discord.interactions.dispatch(
        InteractionType.MODAL, ada.user, harness.channel, data
    )
    assert await only_sentence(sent) == UNKNOWN
    assert await harness.job_count() == 0


async def test_every_component_and_form_is_in_the_fuzz(dailies: DailiesBot) -> None:
    """A pattern that no maker meets would be left out of it."""
    subjects = Subjects(("01k9zzzzzzzzzzzzzzzz",), ("1576979202039611403",))
    router = dailies.component_router
    for makers, patterns in (
        (COMPONENT_IDS, router.component_ids),
        (FORM_IDS, router.form_ids),
    ):
        made = [*examples(makers, subjects, Random(1))]  # noqa: S311 - repeatable
        met = [pattern for pattern in patterns if any(map(pattern.fullmatch, made))]
        assert met == [*patterns]


async def only_sentence(sent: Interaction) -> str:
    """Wait for a private answer of one line."""
    await sent.until_answered()
    assert sent.ephemeral
    return sent.text


async def test_a_component_of_another_client_is_a_mistake() -> None:
    click: Any = Click(object())
    with pytest.raises(AssertionError, match="our own client"):
        await dispatch_component(click, NotifyButton.__new__(NotifyButton))
