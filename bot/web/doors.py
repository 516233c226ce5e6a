"""Assembles what is answered over HTTP, and the addresses under which others reach it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from aiohttp import web

from bot.meters import Meters
from bot.readiness import Readiness
from bot.web import health, media
from bot.web.callbacks import CallbackDoor
from bot.web.metrics import Metrics
from workflow.belt import Belt
from workflow.context import Context
from workflow.hosting.callback_addresses import CallbackAddresses
from workflow.hosting.links import SignedLinks
from workflow.hosting.signing import Seal, signing_secret
from workflow.notes import Notes


@dataclass(frozen=True, slots=True)
class Addresses:
    """What makes our addresses, and knows them again; they can be reached if `are_public`."""

    links: SignedLinks
    callbacks: CallbackAddresses
    are_public: bool

    @classmethod
    async def below(cls, public_url: str | None, notes: Notes) -> Self:
        """Make the addresses below a public one; without it, those given out earlier still hold."""
        secret = await signing_secret(notes)
        root = public_url or ""
        return cls(
            links=SignedLinks(root, Seal(secret, "links")),
            callbacks=CallbackAddresses(root, Seal(secret, "callbacks")),
            are_public=public_url is not None,
        )


async def every_route(
    context: Context, belt: Belt, addresses: Addresses, readiness: Readiness, meters: Meters
) -> Sequence[web.RouteDef]:
    """Make the routes of the service, and begin to count."""
    metrics = Metrics(context, belt, meters)
    await metrics.start()
    callbacks = CallbackDoor(context, addresses.callbacks, belt.wake, meters.callback)
    return [
        *health.routes(readiness.checks),
        *metrics.routes(),
        *callbacks.routes(),
        *media.routes(addresses.links, context.media, context.now_ms),
    ]
