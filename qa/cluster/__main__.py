"""Order from three processes on one PostgreSQL and one S3 server, and kill them at random.

    scripts/cluster                             300 orders of every kind, a kill every 6 s
    scripts/cluster --orders 26 --quick         a few, leases passing ten times faster
    scripts/cluster --seed 7 --ack-seconds 10   another order of things, on a busy machine
Exit code 1 if anything is lost, charged or posted twice, unbalanced, silent or leaked.
"""

import argparse
import asyncio
import logging
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from domain.guild_settings import GuildSettings
from domain.money import MicroUSD
from domain.shards import shard_of
from qa.cluster.haste import hasten
from qa.cluster.orders import GaveUp, Order, Shop, plan_orders
from qa.cluster.processes import Cluster
from qa.cluster.verdict import Scene, judge
from qa.crash_matrix.cell_run import is_at_rest, list_jobs
from qa.crash_matrix.databases import PostgresqlDatabasePool, postgresql_server
from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.demo.process import ServiceProcess, service_for
from sandbox.discord import (
    Channel,
    ClientActionRefused,
    DiscordConfig,
    FakeDiscord,
    MemberClient,
    WaitTimeoutError,
)
from storage import guild_settings
from storage.database import Database
from tests.harness.forked_bot import BOT_COMMAND, fork_bot
from tests.harness.s3 import S3Server, moto_server

SHARD_COUNT = 4
PROCESS_COUNT = 3
TIME_SCALE = 240
BUCKET = "videos"
UNCOUNTED = 1_000_000
START_S = 180
REST_S = 180


def main() -> None:
    """Run what the command line asks for, and exit 1 if anything is broken."""
    given = read_command_line()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # of clients that were killed
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    with postgresql_server() as address, moto_server() as s3:
        complaints = asyncio.run(run(given, address, s3))
    for complaint in complaints:
        print(f"BROKEN  {complaint}")
    if complaints:
        print(f"once more: {replay_command(given)}")
    sys.exit(1 if complaints else 0)


def read_command_line() -> argparse.Namespace:
    """Read the command line."""
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--orders", type=int, default=300, help="how many orders members place")
    words.add_argument("--members", type=int, default=8, help="orders at a time")
    words.add_argument("--kill-every", type=float, default=6, help="seconds, on average")
    words.add_argument("--kills", type=int, default=UNCOUNTED, help="at most")
    words.add_argument("--seed", type=int, default=1, help="what is ordered where, who is killed")
    words.add_argument("--ack-seconds", type=float, default=3, help="how long Discord waits")
    words.add_argument("--quick", action="store_true", help="leases pass ten times faster")
    words.add_argument("--keep", type=Path, help="a folder for the logs")
    return words.parse_args()


def replay_command(given: argparse.Namespace) -> str:
    """Write the command that does the same once more."""
    quick = " --quick" if given.quick else ""
    kills = f" --kills {given.kills}" if given.kills < UNCOUNTED else ""
    return (
        f"scripts/cluster --orders {given.orders} --members {given.members} "
        f"--kill-every {given.kill_every:g} --seed {given.seed} "
        f"--ack-seconds {given.ack_seconds:g}{kills}{quick}"
    )


async def run(given: argparse.Namespace, address: Callable[[str], str], s3: S3Server) -> list[str]:
    """Start everything, have it ordered from and killed, and judge what is left."""
    s3.bucket(BUCKET).create()
    url = await PostgresqlDatabasePool(address, "cluster").create()
    async with AsyncExitStack() as stack:
        folder = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        run = await stack.enter_async_context(Run.open(given, url, s3, folder))
        begun_s = time.monotonic()
        orders, complaints = await run.play()
        complaints += [f"silent: a process ended with {one}" for one in await run.end() if one]
        complaints += await judge(run.scene(), orders)
        print(await run.summary(orders, time.monotonic() - begun_s), flush=True)
        return complaints


@dataclass
class Run:
    """The stand-ins, the processes, and the dice."""

    given: argparse.Namespace
    apixo: FakeApixo
    discord: FakeDiscord
    shop: Shop
    cluster: Cluster
    s3: S3Server
    places: list[tuple[MemberClient, Channel]]

    @classmethod
    @asynccontextmanager
    async def open(
        cls, given: argparse.Namespace, url: str, s3: S3Server, folder: Path
    ) -> AsyncIterator["Run"]:
        """Open the stand-ins and the database, with servers in every shard."""
        async with (
            FakeApixo(ApixoConfig(clips="tiny", time_scale=TIME_SCALE)) as apixo,
            FakeDiscord(_config(given)) as discord,
            await Database.open(url) as database,
        ):
            apixo.balance.micro = UNCOUNTED * UNCOUNTED
            places = _furnish(discord)
            await database.migrate()
            await _settle(database, discord)
            services = _services(given, apixo, discord, url, s3, folder)
            cluster = Cluster(services, discord, database, SHARD_COUNT)
            patience_s = given.ack_seconds + (2 if given.quick else 12)
            yield cls(
                given, apixo, discord, Shop(discord, database, patience_s), cluster, s3, places
            )

    async def play(self) -> tuple[list[Order], list[str]]:
        """Have every order placed while processes die; return them, and what went wrong."""
        dice = random.Random(self.given.seed)  # noqa: S311 - to be done once more
        orders = plan_orders(self.shop, self.given.orders, self.places, dice)
        await self.cluster.start(START_S)
        watching = asyncio.create_task(self.cluster.watch())
        given = self.given
        killing = asyncio.create_task(
            self.cluster.kill_at_random(dice, given.kill_every, given.kills)
        )
        try:
            complaints = await self._place_all(orders)
            killing.cancel()
            await self.cluster.until_connected(START_S)
            complaints += await self._come_to_rest()
        finally:
            killing.cancel()
            watching.cancel()
            await asyncio.gather(killing, watching, return_exceptions=True)
        return orders, complaints

    async def end(self) -> Sequence[int]:
        """End the processes, and return their exit codes."""
        return await self.cluster.end()

    def scene(self) -> Scene:
        """Return what is judged."""
        names = [key for key in self.s3.keys(BUCKET) if key.endswith(".mp4")]
        files = {name.rpartition("/")[2]: self.s3.read(BUCKET, name) for name in names}
        return Scene(
            self.apixo, self.discord, self.shop, self.cluster, files, self.given.ack_seconds
        )

    async def summary(self, orders: Sequence[Order], seconds: float) -> str:
        """Say how much was done."""
        jobs = Counter(job.state for job in await self.shop.database.read(list_jobs))
        failed = sum(one.failed for one in self.shop.interactions)
        cut_off = sum(not (one.failed or one.is_answered) for one in self.shop.interactions)
        outages = sorted(one.duration_s for one in self.cluster.outages) or [0.0]
        states = ", ".join(f"{count} {state}" for state, count in sorted(jobs.items()))
        return (
            f"seed {self.given.seed}: {len(orders)} orders in {seconds:.0f} s, {states}; "
            f"{len(self.cluster.kills)} kills, {len(self.cluster.outages)} shards lost by them, "
            f"heard again after {median(outages):.2f} s (half of them), {outages[-1]:.2f} s (the "
            f"slowest); {len(self.shop.interactions):,} interactions, {failed} acknowledged by "
            f"nobody and {cut_off} cut off by a kill"
        )

    async def _place_all(self, orders: Sequence[Order]) -> list[str]:
        waiting, complaints = iter(orders), list[str]()

        async def work() -> None:
            for order in waiting:
                try:
                    await order.place()
                except (GaveUp, TimeoutError, WaitTimeoutError, ClientActionRefused) as error:
                    kind = type(error).__name__
                    complaints.append(f"silent: {order.marker} {order.kind}: {kind} {error}")

        async with asyncio.TaskGroup() as group:
            for _ in range(self.given.members):
                group.create_task(work())
        return complaints

    async def _come_to_rest(self) -> list[str]:
        found: list[Any] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(REST_S):
                while found := [
                    job for job in await self.shop.database.read(list_jobs) if not is_at_rest(job)
                ]:
                    await asyncio.sleep(0.5)
        return [f"silent: {job.id} is {job.state}, shown {job.status_shown}" for job in found]


def _config(given: argparse.Namespace) -> DiscordConfig:
    return DiscordConfig(
        shards=SHARD_COUNT,
        ack_seconds=given.ack_seconds,
        identify_seconds=0 if given.quick else 5,
        sends_per_window=UNCOUNTED,
        token_sends_per_window=UNCOUNTED,
        requests_per_second=UNCOUNTED,
    )


def _furnish(discord: FakeDiscord) -> list[tuple[MemberClient, Channel]]:
    """Have a server in each shard at least; give who may order where."""
    world = discord.world
    owner, members = world.user("Olga"), [world.user("Ada"), world.user("Ben")]
    left = {*range(SHARD_COUNT)}
    places = list[tuple[MemberClient, Channel]]()
    while left:
        guild = world.add_guild(f"Server {len(world.guilds)}", owner)
        for user in members:
            world.add_member(guild, user)
        world.add_channel(guild, "showcase")
        channels = [world.add_channel(guild, name) for name in ("videos", "more-videos")]
        for user in members:
            client = discord.member(user.name, guild.name)
            places += [(client, channel) for channel in channels]
        left.discard(shard_of(guild.id, SHARD_COUNT))
    return places


async def _settle(database: Database, discord: FakeDiscord) -> None:
    """Allow private videos, have dear ones asked about, and choose a showcase."""
    for guild in discord.world.guilds.values():
        rooms = [one for one in discord.world.channels_of(guild) if one.name == "showcase"]
        chosen = GuildSettings(
            private_allowed=True,
            confirm_above=MicroUSD(150_000),
            showcase_channel=rooms[0].id if rooms else None,
        )
        text, guild_id = chosen.model_dump_json(), guild.id
        await database.transact(
            lambda tx, text=text, guild_id=guild_id: guild_settings.save_settings(
                tx, guild_id, text, 1
            )
        )


def _services(
    given: argparse.Namespace,
    apixo: FakeApixo,
    discord: FakeDiscord,
    url: str,
    s3: S3Server,
    folder: Path,
) -> list[ServiceProcess]:
    settings = {
        **s3.environment,
        "ALLOWED_SERVERS": "all",
        "APIXO_MAX_TASKS": "20",
        "DATABASE_URL": url,
        "GLOBAL_DAILY_LIMIT_USD": "none",
        "LOG_FORMAT": "json",
        "MEDIA_STORE": f"s3://{BUCKET}/dailies",
        "SERVER_DAILY_LIMIT_USD": "none",
        "USER_DAILY_LIMIT_USD": "none",
    }
    return [
        service_for(
            apixo,
            discord,
            command=BOT_COMMAND,
            folder=folder / f"process-{number}",
            settings=settings,
            launch=partial(fork_bot, prepare=hasten if given.quick else None),
        )
        for number in range(PROCESS_COUNT)
    ]


if __name__ == "__main__":
    main()
