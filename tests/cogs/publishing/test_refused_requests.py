"""Whatever Discord refuses: nobody asks it often, and what is refused for good is not asked again.

Discord bans an address after 10,000 refused requests in ten minutes. The real publisher and the
real worker work on a stand-in that refuses everything, on a clock that is moved by hand.
"""

from collections import Counter
from collections.abc import AsyncIterator
from functools import partial
from itertools import count
from pathlib import Path
from random import Random

import aiohttp
import pytest
from pydantic import SecretStr

from apixo.client import ApixoClient
from apixo.downloads import ResultDownloader
from cogs.operator.alerts import OperatorAlerts
from cogs.operator.owners import Operators
from cogs.publishing.languages import MessageLanguages
from cogs.publishing.places import Places
from cogs.publishing.publisher import DiscordPublisher
from cogs.publishing.refused_requests import MAX_REFUSED, RefusedRequests
from cogs.reports.weekly_summary import WeeklySummaryPublisher
from domain.guild_settings import GuildSettings
from domain.jobs import JobState
from domain.money import MicroUSD
from domain.requests import VideoRequest
from sandbox.apixo import ApixoConfig, FakeApixo, ManualClock
from sandbox.apixo import Fault as ApixoFault
from sandbox.discord import FakeDiscord, Fault
from storage import guild_settings
from storage.database import Database
from storage.media import MediaFolder
from tests.harness.playback import MemoizedPlaybackCheck
from tests.harness.private_replies import private_replies
from tests.harness.stock_client import StockClient
from tests.harness.workflow import NO_LIMITS, WorkflowHarness, make_request
from workflow.context import Context, Policy
from workflow.reports.weekly_summary import post_due_summaries
from workflow.stages.accept import Order, accept

S = JobState
HTML = b"<html>no</html>"

REFUSALS = {
    "400, final": Fault(status=400, code=50035),
    "401": Fault(status=401),
    "403, final": Fault(status=403, code=50013),
    "403 of a proxy": Fault(status=403, raw=HTML),
    "404, final": Fault(status=404, code=10003),
    "404 of a proxy": Fault(status=404, raw=HTML),
    "429 of Cloudflare": Fault(status=429, raw=b"error code: 1015"),
    "429 for an hour": Fault(status=429, retry_after=3_600),
    "503": Fault(status=503),
}

ROUTES = {
    ("GET", "/oauth2/applications/@me"): "who the operator is",
    ("POST", "/users/@me/channels"): "a direct channel, to the operator or a member",
    ("GET", "/users/{user}"): "a member, for a direct channel",
    ("POST", "/channels/{channel}/messages"): "status, result, failure, notice, summary",
    ("PATCH", "/channels/{channel}/messages/{message}"): "a status message, also with files",
    ("GET", "/channels/{channel}/messages"): "a look for what may be posted already",
}
"""Every request that is made again without a person."""

MAX_FIRST_HOUR, MAX_LATER_HOUR = 60, 40
"""At one door; the service has a result, a status message, two notices and a summary to send."""


class RefusedService:
    """A service with something to send by every route."""

    def __init__(self, world: WorkflowHarness, discord: FakeDiscord, client: StockClient) -> None:
        self.world = world
        self.discord = discord
        self._numbers = count(1)
        self._alerts = OperatorAlerts(world.context, Operators(client)).periodic_tasks
        self._summaries = WeeklySummaryPublisher(client, MessageLanguages(Places(client)))

    def refuse(self, refusal: Fault, *methods: str) -> None:
        """Have every route refused from now on, or those of some methods."""
        for method, route in ROUTES:
            if not methods or method in methods:
                self.discord.faults.add(method, route, refusal, times=None)

    async def order(self, request: VideoRequest | None = None) -> str:
        channel = self.discord.channel("videos")
        assert channel.guild is not None
        order = Order(
            interaction_id=next(self._numbers),
            guild_id=channel.guild.id,
            channel_id=channel.id,
            user_id=self.discord.member("Ada").user.id,
            request=request or make_request("a lake"),
        )
        return (await accept(self.world.context, order)).job.id

    async def run(self, seconds: float, step_s: float) -> Counter[tuple[str, str]]:
        """Let time pass, and count the requests by route."""
        before, end = len(self.discord.journal), self.world.clock.now() + seconds
        while self.world.clock.now() < end:
            await self.world.run_once()
            for check in self._alerts.values():
                await check()
            await post_due_summaries(self.world.context, self._summaries.publish)
            self.world.clock.advance(step_s)
        made = list(self.discord.journal)[before:]
        return Counter((entry.method, _route(entry.path)) for entry in made)


@pytest.fixture
async def service(
    database: Database, fake_discord: FakeDiscord, client: StockClient, tmp_path: Path
) -> AsyncIterator[RefusedService]:
    clock = ManualClock()
    client.http.max_ratelimit_timeout = 60
    async with (
        FakeApixo(ApixoConfig(clips="tiny"), clock) as apixo,
        ApixoClient(apixo.base_url, SecretStr(apixo.key)) as api,
        ResultDownloader(("apixo.ai",), "127.0.0.1") as results,
    ):
        context = Context(
            database=database,
            apixo=api,
            results=results,
            media=MediaFolder(tmp_path / "media"),
            playback=MemoizedPlaybackCheck(),
            publisher=DiscordPublisher(client, private_replies(client, database)),
            policy=Policy(limits=NO_LIMITS, max_tasks=5, exposure_limit=MicroUSD(80_000)),
            now_ms=lambda: round(clock.now() * 1000),
            random=Random(7),  # noqa: S311 - jitter
        )
        world = WorkflowHarness(database, apixo, clock, lambda **_: context)
        yield RefusedService(world, fake_discord, client)
        await world.worker.drain(5)


@pytest.mark.parametrize(
    ("name", "methods"),
    [
        *((name, ()) for name in REFUSALS),
        ("403 of a proxy", ("POST", "PATCH")),
        ("429 for an hour", ("POST", "PATCH")),
    ],
)
async def test_whatever_is_refused_is_not_asked_often(
    service: RefusedService, name: str, methods: tuple[str, ...]
):
    """In the first hour, in a later one, and after two days; each route is one of the table."""
    refusal = REFUSALS[name]
    await _have_something_for_every_route(service)
    service.refuse(refusal, *methods)
    first = await service.run(600, step_s=12) + await service.run(3_000, step_s=150)
    later = await service.run(3_600, step_s=180)
    assert first.keys() | later.keys() <= ROUTES.keys()
    assert max(first.values()) <= MAX_FIRST_HOUR, first
    assert max(later.values(), default=0) <= MAX_LATER_HOUR, later


@pytest.mark.parametrize("name", ["403, final", "429 of Cloudflare"])
async def test_what_is_refused_for_days_is_given_up(service: RefusedService, name: str):
    """Notices after a day, a paid video after a week; what is refused for good at once."""
    job = await _have_something_for_every_route(service)
    service.refuse(REFUSALS[name])
    await service.run(600, step_s=20)
    await service.run(36 * 3_600, step_s=3_600)
    last = await service.run(3_600, step_s=120)
    assert last["GET", "/oauth2/applications/@me"] == 0, last
    is_final = REFUSALS[name].code is not None
    assert (last.total() == 0) is is_final, last
    state = (await service.world.job(job)).state
    assert state is (S.UNDELIVERABLE if is_final else S.POSTING)


async def test_everything_is_posted_when_the_refusals_end(service: RefusedService):
    """What was refused by something in front of Discord was not given up within hours."""
    job = await _have_something_for_every_route(service)
    service.refuse(REFUSALS["403 of a proxy"])
    await service.run(3 * 3_600, step_s=300)
    service.discord.faults.clear()
    await service.run(3_600, step_s=60)
    assert (await service.world.job(job)).state is S.DELIVERED
    olga, general = service.discord.member("Olga"), service.discord.channel("general")
    assert any("I paused new videos" in m.text for m in olga.direct_channel.messages)
    assert [message.attachments[0].filename for message in general.messages] == ["week.png"]


def test_many_refusals_at_once_have_posting_rest():
    """Far below Discord's limit, until the oldest of them are ten minutes ago."""
    clock_s = 0.0
    refused = RefusedRequests(lambda: clock_s)
    for status in (200, 204, 400, 404, 500, 502):
        for _ in range(MAX_REFUSED):
            refused.count(status)
    for number in range(MAX_REFUSED):
        assert not refused.are_too_many
        clock_s = number * 0.1
        refused.count((401, 403, 429)[number % 3])
    assert refused.are_too_many
    clock_s = 600.1
    assert not refused.are_too_many


def test_what_waits_for_a_limit_leaves_no_room_for_a_while():
    """Ten seconds after a 429, or a wait for the budget, nothing is sent that could be left out."""
    clock_s = 100.0
    refused = RefusedRequests(lambda: clock_s)
    for note in (partial(refused.count, 429), refused.note_wait):
        refused.count(403)
        assert refused.has_room
        note()
        assert not refused.has_room
        clock_s += 10
        assert refused.has_room


async def test_refusals_are_counted_as_they_come_in(
    fake_discord: FakeDiscord, client: StockClient, database: Database
) -> None:
    """By a trace of the session; the publisher rests."""
    refused = RefusedRequests()
    publisher = DiscordPublisher(client, private_replies(client, database), refused)
    fake_discord.faults.add("GET", "/users/@me", Fault(status=403), times=None)
    trace = refused.watch(aiohttp.TraceConfig())
    async with aiohttp.ClientSession(trace_configs=[trace]) as session:
        headers = {"Authorization": f"Bot {fake_discord.token}"}
        assert publisher.is_ready
        for _ in range(MAX_REFUSED - 1):
            refused.count(429)
        assert publisher.is_ready
        async with session.get(f"{fake_discord.api_url}/users/@me", headers=headers) as answer:
            assert answer.status == 403
    assert not publisher.is_ready
    assert not publisher.is_connected


async def _have_something_for_every_route(service: RefusedService) -> str:
    """Have a video to deliver, files to carry, a parked job, an exposure and a summary due."""
    world, discord = service.world, service.discord
    await world.run_until(S.DELIVERED, job=await service.order())
    world.clock.advance(7 * 86_400)
    general = discord.channel("general")
    assert general.guild is not None
    guild_id, chosen = general.guild.id, GuildSettings(summary_channel=general.id)
    await world.database.transact(
        lambda tx: guild_settings.save_settings(tx, guild_id, chosen.model_dump_json(), 0)
    )
    delivered = await service.order()
    await world.run_until(S.GENERATING, job=delivered)
    world.apixo.faults.add_submit(ApixoFault(ending="reset", takes_effect=True), 1)
    parked = await service.order()
    while (await world.job(parked)).state is not S.SUBMIT_UNKNOWN:
        await world.run_once()
        world.clock.advance(1)
    return delivered


def _route(path: str) -> str:
    """Name a request's route, its ids left out."""
    parts = path.removeprefix("/api/v10").split("/")
    names = {"channels": "{channel}", "messages": "{message}", "users": "{user}"}
    return "/".join(
        names.get(before, part) if part.isdecimal() else part
        for before, part in zip(["", *parts], parts, strict=False)
    )
