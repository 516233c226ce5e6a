"""Knows what a person can have done on the page, and does it with the member's own client."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sandbox.demo.page_content import Stage
from sandbox.demo.page_form import Order
from sandbox.discord.app_state import Rooms
from sandbox.discord.errors import ClientRefused, NotSeen
from sandbox.discord.interactions import Interaction
from sandbox.discord.json_values import Json, as_id
from sandbox.discord.member_client import Person
from sandbox.discord.models import Channel, Message, User


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an order: the interaction that it began, or the choices that the bot offers."""

    interaction: Interaction | None = None
    choices: list[Json] | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    """An order with the member and the channel that it names."""

    person: Person
    channel: Channel
    order: Order


class Orders:
    """Carries orders out."""

    def __init__(self, rooms: Rooms, stage: Stage) -> None:
        self._rooms = rooms
        self._stage = stage
        self._doings: dict[str, Callable[[_Case], Awaitable[Done]]] = {
            "type": self._type,
            "suggest": self._suggest,
            "say": self._say,
            "reply": self._say,
            "click": self._click,
            "choose": self._choose,
            "menu": self._menu,
            "submit": self._submit,
            "close": self._close,
            "dismiss": self._dismiss,
        }

    def file_bytes(self, order: Order) -> int:
        """Tell how large a file may be that the member puts into the channel.

        Raises:
            ClientRefused: there is no such member or channel.
        """
        user, channel = self._place(order)
        return max(user.upload_bytes, channel.upload_bytes)

    async def carry_out(self, order: Order) -> Done:
        """Do what is asked for.

        Raises:
            ClientRefused: Discord's own client would not do it, or could not.
        """
        name = order.text("do")
        if name == "backstage":
            return await self._act(order)
        if name not in self._doings:
            raise ClientRefused("nothing that a member could do")
        user, channel = self._place(order)
        person = Person(self._rooms, user, channel.guild)
        return await self._doings[name](_Case(person, channel, order))

    async def _act(self, order: Order) -> Done:
        backstage = self._stage.backstage
        if backstage is None:
            raise ClientRefused("there is nothing backstage")
        await backstage.act(order.text("panel"), order.text("control"), order.body.get("value"))
        return Done()

    async def _type(self, case: _Case) -> Done:
        person, channel, order = case.person, case.channel, case.order
        files = {name: paths[0] for name, paths in order.files.items()}
        values = {**order.mapping("values"), **self._things(case), **files}
        return Done(await person.type(channel, order.text("command"), values))

    async def _suggest(self, case: _Case) -> Done:
        order = case.order
        focused = order.text("option"), order.text("text")
        values = {**order.mapping("values"), **self._things(case)}
        command = order.text("command")
        try:
            choices = await case.person.autocomplete(case.channel, command, values, focused)
        except NotSeen:
            raise ClientRefused("Loading options failed") from None
        return Done(choices=choices)

    async def _say(self, case: _Case) -> Done:
        order = case.order
        answered = self._message(case) if order.text("do") == "reply" else None
        files = order.all_files()
        await case.person.say(case.channel, order.text("text"), files, answered)
        return Done()

    async def _click(self, case: _Case) -> Done:
        custom_id = case.order.text("custom_id")
        return Done(await case.person.click(self._message(case), custom_id))

    async def _choose(self, case: _Case) -> Done:
        order, message = case.order, self._message(case)
        return Done(
            await case.person.choose(message, order.text("custom_id"), order.items("chosen"))
        )

    async def _menu(self, case: _Case) -> Done:
        order = case.order
        target = self._message(case) if "message" in order.body else self._user(case)
        name = order.text("command")
        return Done(await case.person.invoke_menu(target, name, case.channel))

    async def _submit(self, case: _Case) -> Done:
        form = self._form(case)
        sent = form.submission
        if sent is not None and not sent.failed:
            raise ClientRefused("the form is on its way already")
        values = {**case.order.mapping("values"), **case.order.files}
        return Done(await case.person.submit_modal(form, values))

    async def _close(self, case: _Case) -> Done:
        case.person.close_modal(self._form(case))
        return Done()

    async def _dismiss(self, case: _Case) -> Done:
        number = case.order.number("message")
        for failed in self._rooms.interactions.of(case.person.user, case.channel):
            if failed.failed and failed.id == number:
                case.person.dismiss(failed)
                return Done()
        case.person.dismiss(self._message(case))
        return Done()

    def _place(self, order: Order) -> tuple[User, Channel]:
        world = self._rooms.world
        user = world.users.get(order.number("member"))
        channel = world.channels.get(order.number("channel"))
        if user is None or user.bot or channel is None:
            raise ClientRefused("no such member or channel")
        if channel.recipient not in (None, user):
            raise ClientRefused(f"{channel.name} is not {user.name}'s")
        if channel.guild is not None and user.id not in channel.guild.members:
            raise ClientRefused(f"{user.name} is no member of {channel.guild.name}")
        return user, channel

    def _things(self, case: _Case) -> Json:
        """Put users, channels and roles in place of their ids, for options that take them."""
        return {
            name: case.person.thing(case.channel, value)
            for name, value in case.order.mapping("things").items()
        }

    def _message(self, case: _Case) -> Message:
        number, channel = case.order.number("message"), case.channel
        found = channel.message(number) or channel.private_message(number)
        if found is None:
            raise ClientRefused("the message is gone")
        return found

    def _user(self, case: _Case) -> User:
        found = case.person.thing(case.channel, case.order.number("user"))
        if not isinstance(found, User):
            raise ClientRefused("there is no such member")
        return found

    def _form(self, case: _Case) -> Interaction:
        number = as_id(case.order.body.get("interaction"))
        for interaction in self._rooms.interactions.of(case.person.user, case.channel):
            if interaction.id == number and interaction.form_is_open:
                return interaction
        raise ClientRefused("no form is open")
