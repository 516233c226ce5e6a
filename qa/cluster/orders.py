"""Orders of every kind, as members place them while processes die under their hands."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from domain.jobs import ENDED_WITHOUT_VIDEO, PARKED, JobState
from qa.crash_matrix.cell_run import list_jobs
from qa.crash_matrix.run_record import SECRET_PROMPT
from sandbox.demo.job_posts import find_job_id
from sandbox.discord import (
    Channel,
    ClientActionRefused,
    FakeDiscord,
    Interaction,
    MemberClient,
    Message,
    WaitTimeoutError,
)
from storage.database import Database
from storage.jobs import Job
from tests.harness.bot import button_labels
from tests.harness.service import make_picture

_TRIES: Final = 8
_END_S: Final = 240.0
_LOOK_S: Final = 0.3
_ENDED: Final = ENDED_WITHOUT_VIDEO | PARKED | {JobState.DELIVERED}
_CHEAP: Final = {"duration": 4, "resolution": "480p"}
_PICTURE: Final = make_picture("lake.png", size=(320, 320))

Act = Callable[[], Awaitable[Interaction]]


class GaveUp(Exception):
    """A member pressed again and again, and was not answered."""


@dataclass
class Shop:
    """Where members order: the stand-in of Discord, and what is there of their orders.

    `patience_s` is how long a member waits for an answer before they press once more.
    """

    discord: FakeDiscord
    database: Database
    patience_s: float
    interactions: list[Interaction] = field(default_factory=list[Interaction])

    async def list_jobs(self, marker: str) -> list[Job]:
        """List the jobs of an order, by the marker in their prompts."""
        found = await self.database.read(list_jobs)
        return [job for job in found if marker in job.request.prompt]


@dataclass
class Order:
    """One order, by a member of a server; `marker` is in each of its prompts."""

    number: int
    kind: str
    shop: Shop
    member: MemberClient
    channel: Channel

    @property
    def marker(self) -> str:
        """Return what no other order has in its prompts."""
        return f"take {self.number:05d}."

    @property
    def prompt(self) -> str:
        """Return the order's prompt."""
        return f"{SECRET_PROMPT}, {self.marker}"

    async def place(self) -> None:
        """Do what the kind asks for, to its end.

        Raises:
            GaveUp, TimeoutError, WaitTimeoutError: it does not come to an end.
        """
        await KINDS[self.kind](self)

    async def press(self, act: Act) -> Interaction:
        """Do something until it is answered: again where nobody took it, or its process died.

        Where it cannot be done again it has had its effect.

        Raises:
            GaveUp: it never was.
        """
        pressed = await act()
        for _ in range(_TRIES):
            self.shop.interactions.append(pressed)
            with suppress(WaitTimeoutError):
                await pressed.until_answered(within=self.shop.patience_s)
                if not pressed.failed:
                    return pressed
            try:
                pressed = await act()
            except ClientActionRefused:
                return pressed
        raise GaveUp("nobody answers")

    async def run(self, name: str, **options: Any) -> Interaction:
        """Type a command until it is answered, and agree to what it asks."""
        given = {"prompt": self.prompt, **_CHEAP, **options}
        answer = await self.press(lambda: self.member.run_command(self.channel, name, given))
        return await self.agree(answer)

    async def agree(self, answer: Interaction) -> Interaction:
        """Click the price, if it is asked about; return the answer, which changes in place."""
        price = next((one for one in button_labels(answer) if one.startswith("Make it for")), None)
        if price is not None:
            await self.click(answer, price)
            patience_s = self.shop.patience_s
            await answer.until_text(lambda text: "Make it?" not in text, within=patience_s)
        return answer

    async def open_form(self, where: Message | Interaction, button: str) -> Interaction:
        """Click a button until its form is open.

        Raises:
            GaveUp: there is another answer.
        """
        form = await self.click(where, button)
        if form.modal is None:
            raise GaveUp(f"no form, but {form.text!r}")
        return form

    async def click(self, where: Message | Interaction, button: str) -> Interaction:
        """Click a button until that is answered."""
        return await self.press(lambda: self.member.click(where, button))

    async def fill(self, form: Interaction, **values: Any) -> Interaction:
        """Send a form off until that is answered, and agree to what it asks."""
        return await self.agree(await self.press(lambda: self.member.submit_modal(form, values)))

    async def finish(self, answer: Interaction) -> Message | None:
        """Wait for the end of what an answer accepted; return its video's message if it has one.

        Raises:
            GaveUp: nothing was accepted.
            TimeoutError: it does not end.
        """
        job = find_job_id(answer)
        if job is None:
            raise GaveUp(f"no job, but {answer.text!r}")
        return await self.see_end(job)

    async def see_end(self, job: str) -> Message | None:
        """Wait for the end of a job; return its video's message if it has one.

        Raises:
            TimeoutError: it does not end.
        """
        async with asyncio.timeout(_END_S):
            while (found := await self._ended(job)) is None:
                await asyncio.sleep(_LOOK_S)
        return next(
            (
                message
                for message in self.shop.discord.world.messages()
                if message.id == found.result_message_id
            ),
            None,
        )

    async def _ended(self, job_id: str) -> Job | None:
        jobs = await self.shop.list_jobs(self.marker)
        return next((job for job in jobs if job.id == job_id and job.state in _ENDED), None)


async def _video(order: Order) -> None:
    await order.finish(await order.run("video"))


async def _animate(order: Order) -> None:
    await order.finish(await order.run("animate", image=_PICTURE))


async def _reference(order: Order) -> None:
    await order.finish(await order.run("reference", image1=_PICTURE))


async def _private(order: Order) -> None:
    await order.finish(await order.run("video", private=True))


async def _second_model(order: Order) -> None:
    await order.finish(await order.run("video", model="seedance-2-0"))


async def _dear(order: Order) -> None:
    await order.finish(await order.run("video", resolution="720p", sound=True))


async def _refused(order: Order) -> None:
    refused = await order.run("video", prompt="x")
    form = await order.open_form(refused, "Edit again")
    await order.finish(await order.fill(form, prompt=order.prompt))


async def _refused_with_picture(order: Order) -> None:
    refused = await order.run("animate", image=_PICTURE, duration=13)
    form = await order.open_form(refused, "Edit again")
    await order.finish(await order.fill(form, seconds=["4"]))


async def _cancel(order: Order) -> None:
    answer = await order.run("video")
    job = find_job_id(answer)
    with suppress(ClientActionRefused):  # it is under way, and the button is gone
        await order.click(answer, "Cancel")
    if job is None:
        raise GaveUp(f"no job, but {answer.text!r}")
    await order.see_end(job)


async def _extend(order: Order) -> None:
    if (result := await order.finish(await order.run("video"))) is not None:
        form = await order.open_form(result, "Extend")
        await order.finish(await order.fill(form, prompt=order.prompt))


async def _again(order: Order) -> None:
    if (result := await order.finish(await order.run("video"))) is not None:
        await order.finish(await order.click(result, "Again"))


async def _share(order: Order) -> None:
    if (result := await order.finish(await order.run("video"))) is not None:
        for _ in range(_TRIES):
            if "hared! See it here" in (await order.click(result, "Share")).text:
                return
        raise GaveUp("it was not shared")


async def _delete(order: Order) -> None:
    if (result := await order.finish(await order.run("video"))) is None:
        return
    for _ in range(_TRIES):
        try:
            question = await order.click(result, "Delete")
            await order.click(question, "Delete it")
        except ClientActionRefused:
            return  # the message is gone
        if "Deleted" in question.text:
            return
    raise GaveUp("it was not deleted")


KINDS: Final[Mapping[str, Callable[[Order], Awaitable[None]]]] = {
    "video": _video,
    "animate": _animate,
    "reference": _reference,
    "private": _private,
    "2.0": _second_model,
    "extend": _extend,
    "again": _again,
    "share": _share,
    "delete": _delete,
    "cancel": _cancel,
    "refused": _refused,
    "refused with a picture": _refused_with_picture,
    "dear": _dear,
}
"""What members do, by kind."""


def plan_orders(
    shop: Shop, count: int, places: list[tuple[MemberClient, Channel]], dice: random.Random
) -> list[Order]:
    """Make orders of every kind in turn, in an order and at places that the dice say."""
    kinds = [*KINDS]
    chosen = [kinds[number % len(kinds)] for number in range(count)]
    dice.shuffle(chosen)
    return [
        Order(number, kind, shop, *dice.choice(places)) for number, kind in enumerate(chosen, 1)
    ]
