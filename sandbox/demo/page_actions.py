"""Actions of a person on the page, done with the member's own client."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sandbox.demo.page_content import PageContent
from sandbox.demo.page_form import ActionForm
from sandbox.discord.app_state import AppState
from sandbox.discord.errors import ClientActionRefused, WaitTimeoutError
from sandbox.discord.interactions import Interaction
from sandbox.discord.json_values import Json, as_id
from sandbox.discord.localizations import LOCALES
from sandbox.discord.member_client import MemberClient
from sandbox.discord.models import Channel, Message, User


@dataclass(frozen=True, slots=True)
class ActionResult:
    """What came of an order: the interaction that it began, or the choices that the bot offers."""

    interaction: Interaction | None = None
    choices: list[Json] | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    """An order with the member and the channel that it names."""

    person: MemberClient
    channel: Channel
    order: ActionForm


class PageActions:
    """Carries orders out."""

    def __init__(self, rooms: AppState, stage: PageContent) -> None:
        self._state = rooms
        self._stage = stage
        self._doings: dict[str, Callable[[_Case], Awaitable[ActionResult]]] = {
            "type": self._type,
            "suggest": self._suggest,
            "say": self._send_message,
            "reply": self._send_message,
            "click": self._click,
            "choose": self._choose,
            "menu": self._menu,
            "submit": self._submit,
            "close": self._close,
            "dismiss": self._dismiss,
            "speak": self._speak,
        }

    def max_file_bytes(self, order: ActionForm) -> int:
        """Return how large a file may be that the member puts into the channel.

        Raises:
            ClientActionRefused: there is no such member or channel.
        """
        user, channel = self._location(order)
        return max(user.upload_bytes, channel.upload_bytes)

    async def run(self, order: ActionForm) -> ActionResult:
        """Do what is asked for.

        Raises:
            ClientActionRefused: Discord's own client would not do it, or could not.
        """
        name = order.text("do")
        if name == "backstage":
            return await self._use_control(order)
        if name not in self._doings:
            raise ClientActionRefused("nothing that a member could do")
        user, channel = self._location(order)
        person = MemberClient(self._state, user, channel.guild)
        return await self._doings[name](_Case(person, channel, order))

    async def _use_control(self, order: ActionForm) -> ActionResult:
        backstage = self._stage.backstage
        if backstage is None:
            raise ClientActionRefused("there is nothing backstage")
        await backstage.use_control(
            order.text("panel"), order.text("control"), order.body.get("value")
        )
        return ActionResult()

    async def _type(self, case: _Case) -> ActionResult:
        person, channel, order = case.person, case.channel, case.order
        files = {name: paths[0] for name, paths in order.files.items()}
        values = {**order.mapping("values"), **self._things(case), **files}
        return ActionResult(await person.run_command(channel, order.text("command"), values))

    async def _suggest(self, case: _Case) -> ActionResult:
        order = case.order
        focused = order.text("option"), order.text("text")
        values = {**order.mapping("values"), **self._things(case)}
        command = order.text("command")
        try:
            choices = await case.person.autocomplete(case.channel, command, values, focused)
        except WaitTimeoutError:
            raise ClientActionRefused("Loading options failed") from None
        return ActionResult(choices=choices)

    async def _send_message(self, case: _Case) -> ActionResult:
        order = case.order
        answered = self._message(case) if order.text("do") == "reply" else None
        files = order.all_files()
        await case.person.send_message(case.channel, order.text("text"), files, answered)
        return ActionResult()

    async def _click(self, case: _Case) -> ActionResult:
        custom_id = case.order.text("custom_id")
        return ActionResult(await case.person.click(self._message(case), custom_id))

    async def _choose(self, case: _Case) -> ActionResult:
        order, message = case.order, self._message(case)
        return ActionResult(
            await case.person.select(message, order.text("custom_id"), order.items("chosen"))
        )

    async def _menu(self, case: _Case) -> ActionResult:
        order = case.order
        target = self._message(case) if "message" in order.body else self._user(case)
        name = order.text("command")
        return ActionResult(await case.person.use_context_menu(target, name, case.channel))

    async def _submit(self, case: _Case) -> ActionResult:
        form = self._form(case)
        sent = form.modal_submission
        if sent is not None and not sent.failed:
            raise ClientActionRefused("the form is on its way already")
        values = {**case.order.mapping("values"), **case.order.files}
        return ActionResult(await case.person.submit_modal(form, values))

    async def _close(self, case: _Case) -> ActionResult:
        case.person.close_modal(self._form(case))
        return ActionResult()

    async def _dismiss(self, case: _Case) -> ActionResult:
        number = case.order.number("message")
        for failed in self._state.interactions.for_user(case.person.user, case.channel):
            if failed.failed and failed.id == number:
                case.person.dismiss(failed)
                return ActionResult()
        case.person.dismiss(self._message(case))
        return ActionResult()

    async def _speak(self, case: _Case) -> ActionResult:
        """Set the language of the member's client."""
        locale = case.order.text("locale")
        if locale not in LOCALES:
            raise ClientActionRefused("Discord's clients do not speak this language")
        case.person.user.locale = locale
        self._state.world.changes.notify()
        return ActionResult()

    def _location(self, order: ActionForm) -> tuple[User, Channel]:
        world = self._state.world
        user = world.users.get(order.number("member"))
        channel = world.channels.get(order.number("channel"))
        if user is None or user.bot or channel is None:
            raise ClientActionRefused("no such member or channel")
        if channel.recipient not in (None, user):
            raise ClientActionRefused(f"{channel.name} is not {user.name}'s")
        if channel.guild is not None and user.id not in channel.guild.members:
            raise ClientActionRefused(f"{user.name} is no member of {channel.guild.name}")
        return user, channel

    def _things(self, case: _Case) -> Json:
        """Put users, channels and roles in place of their ids, for options that take them."""
        return {
            name: case.person.find_entity(case.channel, value)
            for name, value in case.order.mapping("things").items()
        }

    def _message(self, case: _Case) -> Message:
        number, channel = case.order.number("message"), case.channel
        found = channel.message(number) or channel.ephemeral_message(number)
        if found is None:
            raise ClientActionRefused("the message is gone")
        return found

    def _user(self, case: _Case) -> User:
        found = case.person.find_entity(case.channel, case.order.number("user"))
        if not isinstance(found, User):
            raise ClientActionRefused("there is no such member")
        return found

    def _form(self, case: _Case) -> Interaction:
        number = as_id(case.order.body.get("interaction"))
        for interaction in self._state.interactions.for_user(case.person.user, case.channel):
            if interaction.id == number and interaction.modal_is_open:
                return interaction
        raise ClientActionRefused("no form is open")
