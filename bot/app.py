"""The composition root: builds every object of the service, hands them down, runs and ends it."""

import asyncio
import os
import random
import secrets
import signal
import socket
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Self, cast

import aiohttp
import discord
import structlog
from aiohttp import web
from discord.ext import commands
from yarl import URL

from apixo.client import ApixoClient
from apixo.downloads import ResultFetcher
from apixo.errors import ApixoError, Unauthorized
from bot import client, translations
from bot.client import DailiesBot
from bot.errors import CannotStart
from bot.media_store import open_media
from bot.settings import Settings
from bot.web import health, media
from bot.web.callbacks import CallbackDoor
from bot.web.health import Readiness
from bot.web.metrics import Meters, Metrics
from bot.web.server import serve
from cogs.background import Chores, Turning
from cogs.generation.attachments import Intake
from cogs.generation.autocomplete import Suggestions
from cogs.generation.cog import Composing, Generation, References
from cogs.generation.context_menu import Animating
from cogs.generation.retry import Mending
from cogs.generation.service import Desk
from cogs.help.cog import Help
from cogs.help.price_cog import Prices
from cogs.jobs.cog import Clicks, Telling
from cogs.jobs.list_cog import Listing
from cogs.operator.cog import Operating
from cogs.operator.owners import Operators
from cogs.publishing.ephemeral_replies import PrivateAnswers
from cogs.publishing.publisher import DiscordPublisher
from cogs.quotas.cog import Managing
from cogs.reports.cog import Spending
from cogs.reports.weekly_summary import Summaries
from cogs.settings.cog import SettingsPanel
from domain.catalogue import speak
from domain.money import plain_usd
from domain.quotas import Limits
from storage.clock import DatabaseClock
from storage.database import Database
from storage.key_value import Notes
from workflow.context import Context, Policy
from workflow.urls.callback_urls import CallbackAddresses
from workflow.urls.signed_urls import SignedLinks
from workflow.urls.signing import Seal, signing_secret
from workflow.video_tools.tools import open_lab
from workflow.worker import Belt


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


_log = structlog.get_logger(__name__)

_GATEWAY_AGAIN_S = 5


async def run(settings: Settings) -> None:
    """Run the service until SIGTERM or Ctrl-C.

    Raises:
        CannotStart: in words for the operator.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    serving = asyncio.create_task(_serve(settings))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not serving.done():
        _log.info("stopping")
        serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving


async def _serve(settings: Settings) -> None:
    """Build the service and keep it connected; whatever ends this, it is taken down in order."""
    client.point(settings.discord_api_url, settings.discord_gateway_url)
    speak(translations.read(settings.bot_language))
    async with AsyncExitStack() as stack:
        bot = await _build(settings, stack)
        try:
            await _connect(bot, settings.discord_token.get_secret_value())
        finally:
            await bot.close()


def every_cog(
    client: discord.Client, context: Context, belt: Belt, desk: Desk, intake: Intake
) -> list[commands.Cog]:
    """Make what members touch, the loop that turns the belt, and the one for everything else."""
    operators = Operators(client)
    mending = Mending(context.now_ms)
    return [
        Generation(desk, intake, mending),
        References(desk, intake, mending),
        Composing(desk, intake, mending),
        Animating(context, desk, intake, mending),
        Clicks(context, desk, mending),
        Prices(context, desk),
        Listing(context, desk),
        Managing(context, desk),
        SettingsPanel(context, desk),
        Operating(context, desk),
        Spending(context, desk),
        Help(context, desk),
        Suggestions(context),
        Telling(context, desk),
        Turning(belt, desk),
        Chores(context, operators, Summaries(client)),
    ]


async def _build(settings: Settings, stack: AsyncExitStack) -> DailiesBot:
    meters = Meters()
    database = await stack.enter_async_context(await Database.open(settings.database_url))
    await database.migrate()
    clock = await stack.enter_async_context(DatabaseClock(database.now_ms))
    apixo = await stack.enter_async_context(
        ApixoClient(settings.apixo_base_url, settings.apixo_api_key, trace=meters.traced("apixo"))
    )
    await _check_key(apixo)
    results = await stack.enter_async_context(
        ResultFetcher(settings.apixo_result_hosts, _loopback_host(settings.apixo_base_url))
    )
    session = await stack.enter_async_context(
        aiohttp.ClientSession(trust_env=False, cookie_jar=aiohttp.DummyCookieJar())
    )
    media, bucket_links = await asyncio.to_thread(open_media, settings.media_store, clock.now_ms)
    intake = Intake(session, settings.discord_api_url, media.keep_input)
    notes = Notes(database)
    addresses = await Addresses.below(settings.public_url, notes)
    bot = DailiesBot(
        lambda: every_cog(bot, context, belt, desk, intake), notes, meters.traced("discord")
    )
    answers = PrivateAnswers(clock.now_ms)
    context = Context(
        database=database,
        apixo=apixo,
        results=results,
        media=media,
        publisher=DiscordPublisher(bot, answers),
        policy=_policy(settings),
        now_ms=clock.now_ms,
        random=random.SystemRandom(),
        lab=open_lab(),
        links=addresses.links if addresses.are_public else bucket_links,
        callbacks=addresses.callbacks if addresses.are_public else None,
    )
    belt = Belt(context, owner=f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}")
    desk = Desk(context, belt, answers)
    readiness = Readiness(bot, belt, context)
    routes = await every_route(context, belt, addresses, readiness, meters)
    await stack.enter_async_context(serve(settings.http_host, settings.http_port, routes))
    return bot


async def _connect(bot: DailiesBot, token: str) -> None:
    try:
        await bot.login(token)
        while not bot.is_closed():
            await _stay_connected(bot)
    except discord.LoginFailure:
        raise CannotStart("DISCORD_TOKEN: Discord does not accept this token") from None
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        raise CannotStart(f"Discord can not be reached: {error}") from None


async def _stay_connected(bot: DailiesBot) -> None:
    try:
        await bot.connect()
    except AttributeError:
        # The library stumbles so over a gateway that can not be reached at its very first try.
        if cast("object", bot.ws) is not None:
            raise
        _log.warning("Discord's gateway can not be reached", again_in_s=_GATEWAY_AGAIN_S)
        await asyncio.sleep(_GATEWAY_AGAIN_S)


async def _check_key(apixo: ApixoClient) -> None:
    """Say at once that a key is wrong; an APIXO that is only out of reach does not hinder."""
    try:
        balance = await apixo.balance()
    except Unauthorized:
        raise CannotStart("APIXO_API_KEY: APIXO does not accept this key") from None
    except ApixoError as error:
        _log.warning("APIXO's balance is not known", error=str(error))
    else:
        _log.info("APIXO's balance", usd=plain_usd(balance))


def _policy(settings: Settings) -> Policy:
    return Policy(
        limits=Limits(
            member_day=settings.user_daily_limit_usd,
            server_day=settings.server_daily_limit_usd,
            everything_day=settings.global_daily_limit_usd,
        ),
        max_tasks=settings.apixo_max_tasks,
        charge_failed_tasks=settings.charge_failed_tasks,
        exposure_limit=settings.exposure_limit_usd,
        balance_alert=settings.balance_alert_usd,
        time_scale=settings.time_scale,
    )


def _loopback_host(base_url: str) -> str | None:
    url = URL(base_url)
    return url.host if url.host in ("127.0.0.1", "localhost", "::1") else None
