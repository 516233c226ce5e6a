"""Composition root: builds every object of the service, runs it, and shuts it down."""

import asyncio
import os
import random
import secrets
import signal
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from typing import Self

import aiohttp
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
from bot.limits import describe_limits
from bot.login import stay_connected
from bot.logs import log_loop_error
from bot.media_store import open_media
from bot.pauses import growing_pause_s
from bot.rest_budget import RestBudget
from bot.settings import Settings
from bot.sharding.leases import ShardLeases
from bot.sharding.roles import open_sharding, runs_worker, uses_discord
from bot.version import VERSION
from bot.web import health, media
from bot.web.callbacks import CallbackEndpoint
from bot.web.connections import ConnectionLimits, ConnectionPool, raise_descriptor_limit
from bot.web.health import ReadinessProbe
from bot.web.metrics import MetricsEndpoint, ProcessMetrics
from bot.web.server import serve
from cogs.background import PeriodicTasks, WorkerLoop
from cogs.films.cog import FilmsCog
from cogs.films.loop import FilmLoop
from cogs.films.publisher import DiscordFilmPublisher
from cogs.generation.attachments import AttachmentLoader
from cogs.generation.autocomplete import Autocomplete
from cogs.generation.clip_cuts import ClipCuts
from cogs.generation.cog import ComposeCog, GenerationCog, ReferenceCog
from cogs.generation.context_menu import ContextMenuCog
from cogs.generation.reference_menu import ReferenceMenuCog
from cogs.generation.retry import RetryModals
from cogs.generation.service import GenerationService
from cogs.help.cog import HelpCog
from cogs.help.member_data import MemberDataCog
from cogs.help.price_cog import PriceCog
from cogs.jobs.cog import JobButtonsCog, NotificationsCog
from cogs.jobs.list_cog import JobListCog
from cogs.operator.cog import OperatorCog
from cogs.operator.owners import Operators
from cogs.publishing.ephemeral_replies import TOKEN_MINUTES, EphemeralReplies, PrivateReply
from cogs.publishing.languages import MessageLanguages
from cogs.publishing.places import Places
from cogs.publishing.publisher import DiscordPublisher
from cogs.publishing.refused_requests import RefusedRequests
from cogs.quotas.cog import QuotaCog
from cogs.quotas.notices import LimitNotices, PrivateNoticesCog, periodic_tasks
from cogs.reports.cog import ReportCog
from cogs.reports.weekly_summary import WeeklySummaryPublisher
from cogs.servers.cog import ServersCog
from cogs.servers.gate import ServerGate
from cogs.servers.registrar import ServerRegistrar
from cogs.settings.cog import SettingsCog
from cogs.storyboards.cog import StoryboardCog
from cogs.storyboards.service import StoryboardService
from cogs.ui.acknowledgements import SharedInteractions
from cogs.ui.interactions import InteractionTracker
from domain.errors import Outage
from domain.loopback import LOOPBACK_HOSTS
from domain.money import format_usd_en
from domain.quotas import Limits
from storage.clock import DatabaseClock
from storage.database import Database
from storage.key_value import KeyValueStore
from workflow.context import Context, Policy
from workflow.films.worker import FilmWorker
from workflow.guilds.settings import read_language
from workflow.media_probe.probe import ConfinedPlaybackCheck
from workflow.pending_interactions import InteractionClaims, PendingStore
from workflow.private_answers import KeptAnswer, PrivateAnswers
from workflow.signals import Signal, Signals
from workflow.storyboards.progress import StoryboardWorker
from workflow.token_cipher import TokenCipher
from workflow.urls.callback_urls import SignedCallbackUrls
from workflow.urls.signed_urls import SignedUrls
from workflow.urls.signing import Signer, load_signing_secrets
from workflow.video_tools.film_tools import FilmTools
from workflow.video_tools.tools import ConfinedVideoTools
from workflow.worker import Worker


@dataclass(frozen=True, slots=True)
class ServiceUrls:
    """Builds and verifies the URLs of this service; `are_public` if they are reachable."""

    media_urls: SignedUrls
    callback_urls: SignedCallbackUrls
    are_public: bool

    @classmethod
    async def create(
        cls, public_url: str | None, key_values: KeyValueStore, now_ms: Callable[[], int]
    ) -> Self:
        """Build URLs below `public_url`; without it, only those issued earlier are verified."""
        signing = await load_signing_secrets(key_values)
        root = public_url or ""
        return cls(
            media_urls=SignedUrls(root, Signer.of(signing, "links", now_ms)),
            callback_urls=SignedCallbackUrls(root, Signer.of(signing, "callbacks", now_ms)),
            are_public=public_url is not None,
        )


async def build_routes(
    context: Context,
    worker: Worker,
    urls: ServiceUrls,
    readiness: ReadinessProbe,
    process_metrics: ProcessMetrics,
) -> Sequence[web.RouteDef]:
    """Return the HTTP routes of the service, and start counting transitions."""
    metrics = MetricsEndpoint(context, worker, process_metrics)
    await metrics.start()
    callbacks = CallbackEndpoint(
        context, urls.callback_urls, worker.wake, process_metrics.count_callback
    )
    return [
        *health.routes(readiness.check, readiness.is_standby),
        *metrics.routes(),
        *callbacks.routes(),
        *media.routes(urls.media_urls, context.media, context.now_ms),
    ]


_log = structlog.get_logger(__name__)

_LONGEST_START_PAUSE_S = 30.0


async def run(settings: Settings) -> None:
    """Run the service until SIGTERM or Ctrl-C.

    Raises:
        CannotStart: the message is for the operator.
    """
    asyncio.get_running_loop().set_exception_handler(log_loop_error)
    _log.info("starting", version=VERSION)
    _log.info("limits in force", a_day=describe_limits(settings))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    serving = asyncio.create_task(_serve(settings))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not serving.done():
        _log.info("shutting down")
        serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving


async def _serve(settings: Settings) -> None:
    """Build the service and keep it connected; tear it down in order, however it ends."""
    client.set_discord_urls(settings.discord_api_url, settings.discord_gateway_url)
    translations.install(settings.bot_language)
    async with AsyncExitStack() as stack:
        bot = await _build_after_outages(settings, stack)
        try:
            if uses_discord(settings.role):
                await bot.load_cogs()
                await stay_connected(bot, settings.discord_token.get_secret_value())
            else:
                await bot.connect()
        finally:
            await bot.close()


def build_cogs(
    bot: commands.Bot,
    context: Context,
    worker: Worker,
    ephemeral_replies: EphemeralReplies,
    languages: MessageLanguages,
    attachments: AttachmentLoader,
) -> list[commands.Cog]:
    """Return the cogs: commands and buttons, the worker loop, and the periodic tasks."""
    interactions = InteractionTracker()
    retry_modals = RetryModals(context)
    operators = Operators(bot)
    registrar = ServerRegistrar(bot, context, operators)
    gate = ServerGate(context, registrar)
    servers = ServersCog(context, interactions, registrar, operators)
    cuts = ClipCuts(context, attachments)
    service = GenerationService(context, worker, ephemeral_replies, retry_modals, gate, cuts)
    storyboards = StoryboardService(context, worker, service, attachments, retry_modals)
    autocomplete = Autocomplete(context)
    return [
        GenerationCog(interactions, service, attachments, autocomplete),
        ReferenceCog(interactions, service, attachments, autocomplete),
        ComposeCog(interactions, service, attachments, retry_modals, autocomplete),
        ContextMenuCog(bot.tree, context, interactions, service, attachments),
        ReferenceMenuCog(bot.tree, context, interactions, service, attachments),
        JobButtonsCog(context, worker, interactions, service, retry_modals),
        PriceCog(context, interactions),
        JobListCog(context, worker, interactions, ephemeral_replies),
        QuotaCog(context, interactions),
        SettingsCog(context, interactions),
        OperatorCog(context, worker, interactions, servers),
        ReportCog(context, interactions),
        HelpCog(context, interactions),
        MemberDataCog(context, interactions),
        NotificationsCog(context, interactions, service),
        StoryboardCog(context, interactions, storyboards, autocomplete),
        *_film_cogs(bot, context, worker, languages, (interactions, gate)),
        PrivateNoticesCog(context),
        servers,
        WorkerLoop(worker, interactions),
        PeriodicTasks(
            context,
            operators,
            WeeklySummaryPublisher(bot, languages),
            {
                **servers.periodic_tasks,
                **periodic_tasks(LimitNotices(bot, context, operators, languages)),
            },
        ),
    ]


def _film_cogs(
    bot: commands.Bot,
    context: Context,
    worker: Worker,
    languages: MessageLanguages,
    shared: tuple[InteractionTracker, ServerGate],
) -> Iterator[commands.Cog]:
    """Yield the cogs of films, whose worker runs where that of jobs does."""
    tools, publisher = FilmTools(), DiscordFilmPublisher(bot, context.publisher, languages)
    films = FilmWorker(context, tools, publisher, secrets.token_hex(8))
    yield FilmsCog(context, films, tools, publisher, *shared)
    yield FilmLoop(films, StoryboardWorker(context), takes_jobs=worker.takes_jobs)


async def _build_after_outages(settings: Settings, stack: AsyncExitStack) -> DailiesBot:
    """Build the service; an outage of the database or the media store is waited out."""
    failures = 0
    while True:
        async with AsyncExitStack() as attempt:
            try:
                bot = await _build(settings, attempt)
            except Outage as error:
                if not error.ends_by_itself:
                    raise
                reason = str(error)
            else:
                stack.push_async_callback(attempt.pop_all().aclose)
                return bot
        failures += 1
        await _wait_out(settings, reason, growing_pause_s(failures, _LONGEST_START_PAUSE_S))


async def _wait_out(settings: Settings, reason: str, pause_s: float) -> None:
    """Wait before the next attempt to start, while health is served."""

    async def check() -> Mapping[str, str | None]:
        await asyncio.sleep(0)
        return {"start": reason}

    _log.warning("start delayed by outage", reason=reason, retry_in_s=round(pause_s, 1))
    async with serve(settings.http_host, settings.http_port, health.routes(check)):
        await asyncio.sleep(pause_s)


async def _build(settings: Settings, stack: AsyncExitStack) -> DailiesBot:
    process_metrics = ProcessMetrics()
    database = await stack.enter_async_context(await Database.open(settings.database_url))
    await database.migrate()
    clock = await stack.enter_async_context(DatabaseClock(database.now_ms))
    apixo, downloader = await _open_apixo(settings, stack, process_metrics)
    session = await stack.enter_async_context(_open_session())
    media, presigned_urls = await asyncio.to_thread(
        open_media, settings.media_store, clock.now_ms, cache_gb=settings.media_cache_gb
    )
    key_values = KeyValueStore(database)
    urls = await ServiceUrls.create(settings.public_url, key_values, clock.now_ms)
    refused = RefusedRequests()
    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    signals = Signals(database, owner)
    sharding = await open_sharding(settings, database, owner, clock.now_ms, signals)
    bot = DailiesBot(
        key_values,
        sharding,
        _trace_discord(settings, database, refused, process_metrics),
        process_metrics.count_dropped_interaction,
        _share_interactions(database, clock.now_ms, owner, sharding.leases),
    )
    ephemeral_replies = _open_replies(settings, bot, database, clock)
    languages = MessageLanguages(Places(bot), partial(read_language, database))
    context = Context(
        database=database,
        apixo=apixo,
        results=downloader,
        media=media,
        playback=ConfinedPlaybackCheck(),
        publisher=DiscordPublisher(bot, ephemeral_replies, refused, languages),
        policy=_policy(settings),
        now_ms=clock.now_ms,
        random=random.SystemRandom(),
        video_tools=ConfinedVideoTools(),
        media_urls=urls.media_urls if urls.are_public else presigned_urls,
        callback_urls=urls.callback_urls if urls.are_public else None,
        signals=signals,
        private_answers=_open_answers(settings, database, clock),
    )
    await stack.enter_async_context(_listening(context, languages))
    worker = Worker(context, owner, takes_jobs=runs_worker(settings.role))
    attachments = AttachmentLoader(session, settings.discord_api_url)
    cogs = build_cogs(bot, context, worker, ephemeral_replies, languages, attachments)
    _attach(bot, worker, cogs)
    readiness = ReadinessProbe(bot, worker, context, settings.role)
    routes = await build_routes(context, worker, urls, readiness, process_metrics)
    await stack.enter_async_context(_serve_http(settings, routes))
    return bot


def _open_session() -> aiohttp.ClientSession:
    """Return a session for members' files, without cookies and the environment's proxies."""
    return aiohttp.ClientSession(trust_env=False, cookie_jar=aiohttp.DummyCookieJar())


def _attach(bot: DailiesBot, worker: Worker, cogs: Sequence[commands.Cog]) -> None:
    """Give a client its cogs, and a look at when its worker last ran."""
    bot.last_turn_ms = lambda: worker.last_run_ms
    bot.attach_cogs(cogs)


def _share_interactions(
    database: Database, now_ms: Callable[[], int], owner: str, leases: ShardLeases
) -> SharedInteractions:
    """Claim interactions among all processes of a database; with a SQLite file there is one."""
    claims = InteractionClaims(database, now_ms, owner)
    is_sole = database.path is not None
    return SharedInteractions(claims.claim, lambda: leases.is_alone, is_sole=is_sole)


def _trace_discord(
    settings: Settings, database: Database, refused: RefusedRequests, metrics: ProcessMetrics
) -> aiohttp.TraceConfig:
    """Count the requests to Discord; keep them within its limit, unless a proxy does."""
    trace = refused.watch(metrics.trace_config("discord"))
    return (
        trace if settings.discord_api_url else RestBudget(database, refused.note_wait).watch(trace)
    )


def _listening(context: Context, languages: MessageLanguages) -> AbstractAsyncContextManager[None]:
    """React to the signals of other processes while the context is open."""
    context.signals.on(Signal.SETTINGS, languages.forget)
    return context.signals.listening()


async def _open_apixo(
    settings: Settings, stack: AsyncExitStack, process_metrics: ProcessMetrics
) -> tuple[ApixoClient, ResultDownloader]:
    """Open what speaks to APIXO, and what fetches results, for as long as the stack is open."""
    client = ApixoClient(
        settings.apixo_base_url, settings.apixo_api_key, trace=process_metrics.trace_config("apixo")
    )
    apixo = await stack.enter_async_context(client)
    await _check_key(apixo)
    loopback_host = _loopback_host(settings.apixo_base_url)
    downloader = ResultDownloader(settings.apixo_result_hosts, loopback_host)
    return apixo, await stack.enter_async_context(downloader)


def _open_replies(
    settings: Settings, bot: DailiesBot, database: Database, clock: DatabaseClock
) -> EphemeralReplies:
    """Return the private replies, whose tokens the database keeps encrypted."""
    replies = PendingStore(database, clock.now_ms, "private reply", PrivateReply, TOKEN_MINUTES)
    return EphemeralReplies(bot, replies, _token_cipher(settings))


def _open_answers(settings: Settings, database: Database, clock: DatabaseClock) -> PrivateAnswers:
    """Return the private answers, kept as long and as encrypted."""
    kept = PendingStore(database, clock.now_ms, "private answer", KeptAnswer, TOKEN_MINUTES)
    return PrivateAnswers(kept, _token_cipher(settings))


def _token_cipher(settings: Settings) -> TokenCipher:
    return TokenCipher(settings.discord_token.get_secret_value())


def _serve_http(
    settings: Settings, routes: Sequence[web.RouteDef]
) -> AbstractAsyncContextManager[int]:
    """Serve with as many connections as the system's limit of descriptors leaves room for."""
    limits = ConnectionLimits.for_descriptors(raise_descriptor_limit())
    pool = ConnectionPool(limits, settings.trusted_proxies)
    return serve(settings.http_host, settings.http_port, routes, pool)


async def _check_key(apixo: ApixoClient) -> None:
    """Fail at once on a wrong API key; an unreachable APIXO does not prevent the start."""
    try:
        balance = await apixo.fetch_balance()
    except ApixoError as error:
        if isinstance(error, Unauthorized) and error.is_apixos:
            raise CannotStart("APIXO_API_KEY: APIXO does not accept this key") from None
        _log.warning("balance check failed", error=error)
    else:
        _log.info("balance checked", balance_usd=format_usd_en(balance))


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
        leaver_data_days=settings.leaver_data_days,
        allowed_servers=settings.allowed_servers,
        time_scale=settings.time_scale,
    )


def _loopback_host(base_url: str) -> str | None:
    url = URL(base_url)
    return url.host if url.host in LOOPBACK_HOSTS else None
