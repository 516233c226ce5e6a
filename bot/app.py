"""The composition root: builds every object of the service, hands them down, runs and ends it."""

import asyncio
import os
import random
import secrets
import signal
import socket
from contextlib import AsyncExitStack, suppress
from typing import cast

import aiohttp
import discord
import structlog
from discord.ext import commands
from yarl import URL

from apixo.client import ApixoClient
from apixo.errors import ApixoError, Unauthorized
from apixo.results import ResultFetcher
from bot import endpoints, languages
from bot.client import DailiesBot
from bot.errors import CannotStart
from bot.keeping import open_media
from bot.meters import Meters
from bot.readiness import Readiness
from bot.settings import Settings
from bot.web.doors import Addresses, every_route
from bot.web.server import serve
from cogs.animating import Animating
from cogs.chores import Chores
from cogs.clicks import Clicks
from cogs.desk import Desk
from cogs.forms.composing import Composing
from cogs.forms.mending import Mending
from cogs.generation import Generation
from cogs.guide.help import Help
from cogs.guide.prices import Prices
from cogs.intake import Intake
from cogs.listing.commands import Listing
from cogs.operator.commands import Operating
from cogs.operator.owners import Operators
from cogs.private_answers import PrivateAnswers
from cogs.publishing.publisher import DiscordPublisher
from cogs.quotas.commands import Managing
from cogs.references import References
from cogs.reports.spending import Spending
from cogs.reports.summaries import Summaries
from cogs.settings.panel import SettingsPanel
from cogs.suggestions import Suggestions
from cogs.telling import Telling
from cogs.turning import Turning
from domain.catalogue import speak
from domain.money import plain_usd
from domain.quotas import Limits
from storage.clock import DatabaseClock
from storage.database import Database
from workflow.belt import Belt
from workflow.context import Context, Policy
from workflow.lab.lab import open_lab
from workflow.notes import Notes

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
    endpoints.point(settings.discord_api_url, settings.discord_gateway_url)
    speak(languages.read(settings.bot_language))
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
