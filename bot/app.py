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
from apixo.downloads import ResultDownloader
from apixo.errors import ApixoError, Unauthorized
from bot import client, translations
from bot.client import DailiesBot
from bot.errors import CannotStart
from bot.media_store import open_media
from bot.settings import Settings
from bot.web import health, media
from bot.web.callbacks import CallbackEndpoint
from bot.web.health import ReadinessProbe
from bot.web.metrics import MetricsEndpoint, ProcessMetrics
from bot.web.server import serve
from cogs.background import PeriodicTasks, WorkerLoop
from cogs.generation.attachments import AttachmentLoader
from cogs.generation.autocomplete import AutocompleteCog
from cogs.generation.cog import ComposeCog, GenerationCog, ReferenceCog
from cogs.generation.context_menu import ContextMenuCog
from cogs.generation.retry import RetryModals
from cogs.generation.service import GenerationService
from cogs.help.cog import HelpCog
from cogs.help.price_cog import PriceCog
from cogs.jobs.cog import JobButtonsCog, NotificationsCog
from cogs.jobs.list_cog import JobListCog
from cogs.operator.cog import OperatorCog
from cogs.operator.owners import Operators
from cogs.publishing.ephemeral_replies import EphemeralReplies
from cogs.publishing.publisher import DiscordPublisher
from cogs.quotas.cog import QuotaCog
from cogs.reports.cog import ReportCog
from cogs.reports.weekly_summary import WeeklySummaryPublisher
from cogs.settings.cog import SettingsCog
from domain.catalogue import activate_translations
from domain.loopback import LOOPBACK_HOSTS
from domain.money import format_usd_en
from domain.quotas import Limits
from storage.clock import DatabaseClock
from storage.database import Database
from storage.key_value import KeyValueStore
from workflow.context import Context, Policy
from workflow.urls.callback_urls import SignedCallbackUrls
from workflow.urls.signed_urls import SignedUrls
from workflow.urls.signing import Signer, load_signing_secret
from workflow.video_tools.tools import open_video_tools
from workflow.worker import Worker


@dataclass(frozen=True, slots=True)
class ServiceUrls:
    """What makes our addresses, and knows them again; they can be reached if `are_public`."""

    media_urls: SignedUrls
    callback_urls: SignedCallbackUrls
    are_public: bool

    @classmethod
    async def create(cls, public_url: str | None, notes: KeyValueStore) -> Self:
        """Make the addresses below a public one; without it, those given out earlier still hold."""
        secret = await load_signing_secret(notes)
        root = public_url or ""
        return cls(
            media_urls=SignedUrls(root, Signer(secret, "links")),
            callback_urls=SignedCallbackUrls(root, Signer(secret, "callbacks")),
            are_public=public_url is not None,
        )


async def build_routes(
    context: Context,
    worker: Worker,
    urls: ServiceUrls,
    readiness: ReadinessProbe,
    process_metrics: ProcessMetrics,
) -> Sequence[web.RouteDef]:
    """Make the routes of the service, and begin to count."""
    metrics = MetricsEndpoint(context, worker, process_metrics)
    await metrics.start()
    callbacks = CallbackEndpoint(
        context, urls.callback_urls, worker.wake, process_metrics.count_callback
    )
    return [
        *health.routes(readiness.check),
        *metrics.routes(),
        *callbacks.routes(),
        *media.routes(urls.media_urls, context.media, context.now_ms),
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
    client.set_discord_urls(settings.discord_api_url, settings.discord_gateway_url)
    activate_translations(translations.load_translations(settings.bot_language))
    async with AsyncExitStack() as stack:
        bot = await _build(settings, stack)
        try:
            await _connect(bot, settings.discord_token.get_secret_value())
        finally:
            await bot.close()


def build_cogs(
    client: discord.Client,
    context: Context,
    worker: Worker,
    desk: GenerationService,
    intake: AttachmentLoader,
) -> list[commands.Cog]:
    """Make what members touch, the loop that turns the belt, and the one for everything else."""
    operators = Operators(client)
    mending = RetryModals(context.now_ms)
    return [
        GenerationCog(desk, intake, mending),
        ReferenceCog(desk, intake, mending),
        ComposeCog(desk, intake, mending),
        ContextMenuCog(context, desk, intake, mending),
        JobButtonsCog(context, desk, mending),
        PriceCog(context, desk),
        JobListCog(context, desk),
        QuotaCog(context, desk),
        SettingsCog(context, desk),
        OperatorCog(context, desk),
        ReportCog(context, desk),
        HelpCog(context, desk),
        AutocompleteCog(context),
        NotificationsCog(context, desk),
        WorkerLoop(worker, desk),
        PeriodicTasks(context, operators, WeeklySummaryPublisher(client)),
    ]


async def _build(settings: Settings, stack: AsyncExitStack) -> DailiesBot:
    meters = ProcessMetrics()
    database = await stack.enter_async_context(await Database.open(settings.database_url))
    await database.migrate()
    clock = await stack.enter_async_context(DatabaseClock(database.now_ms))
    apixo = await stack.enter_async_context(
        ApixoClient(
            settings.apixo_base_url, settings.apixo_api_key, trace=meters.trace_config("apixo")
        )
    )
    await _check_key(apixo)
    results = await stack.enter_async_context(
        ResultDownloader(settings.apixo_result_hosts, _loopback_host(settings.apixo_base_url))
    )
    session = await stack.enter_async_context(
        aiohttp.ClientSession(trust_env=False, cookie_jar=aiohttp.DummyCookieJar())
    )
    media, bucket_links = await asyncio.to_thread(open_media, settings.media_store, clock.now_ms)
    intake = AttachmentLoader(session, settings.discord_api_url, media.save_input)
    notes = KeyValueStore(database)
    addresses = await ServiceUrls.create(settings.public_url, notes)
    bot = DailiesBot(
        lambda: build_cogs(bot, context, belt, desk, intake), notes, meters.trace_config("discord")
    )
    answers = EphemeralReplies(clock.now_ms)
    context = Context(
        database=database,
        apixo=apixo,
        results=results,
        media=media,
        publisher=DiscordPublisher(bot, answers),
        policy=_policy(settings),
        now_ms=clock.now_ms,
        random=random.SystemRandom(),
        video_tools=open_video_tools(),
        media_urls=addresses.media_urls if addresses.are_public else bucket_links,
        callback_urls=addresses.callback_urls if addresses.are_public else None,
    )
    belt = Worker(context, owner=f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}")
    desk = GenerationService(context, belt, answers)
    readiness = ReadinessProbe(bot, belt, context)
    routes = await build_routes(context, belt, addresses, readiness, meters)
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
        balance = await apixo.fetch_balance()
    except Unauthorized:
        raise CannotStart("APIXO_API_KEY: APIXO does not accept this key") from None
    except ApixoError as error:
        _log.warning("APIXO's balance is not known", error=str(error))
    else:
        _log.info("APIXO's balance", usd=format_usd_en(balance))


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
    return url.host if url.host in LOOPBACK_HOSTS else None
