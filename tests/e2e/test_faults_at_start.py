"""What the doctor calls a failure is what ends the service, or keeps it from making any video.

Both are run on every fault of a table. What ends the service has the doctor's exit code; what the
service waits for is a failure that says so; everything else is at most a warning.
"""

import asyncio
import os
import shutil
import sqlite3
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.apixo.faults import Fault as ApixoFault
from sandbox.demo.process import terminate
from sandbox.discord import FakeDiscord, Fault, Permission
from storage import shards
from storage.database import Database
from storage.engines import LockFile
from tests.conftest import Address, PostgresqlTemplate, SqliteTemplate
from tests.harness.forked_bot import BOT_COMMAND, fork_bot
from tests.harness.ports import free_port
from tests.harness.schema import migrate_to
from tests.harness.service import PATIENT, SPEED, TIMEOUT_S, ServiceHarness


class Outcome(Enum):
    """What becomes of the service."""

    REFUSED = "its settings are refused, exit code 2"
    ENDS = "it ends by itself, exit code 1"
    WAITS = "it waits until something is over"
    NO_VIDEO = "it runs, and makes no video"
    RUNS = "it makes videos"


@dataclass
class Machine:
    """A service that was not started yet, what is around it, and what a fault changes of that."""

    harness: ServiceHarness
    stack: AsyncExitStack
    sqlite: SqliteTemplate
    settings: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def folder(self) -> Path:
        """The folder in which doctor and service start."""
        return self.harness.service.folder

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return Path(self.harness.service.environment["DATABASE_URL"].removeprefix("sqlite:///"))


Break = Callable[[Machine], Any]
"""Breaks something; what it returns is awaited if it can be."""


@dataclass(frozen=True)
class Case:
    """A fault, what becomes of the service, and words of the doctor's."""

    outcome: Outcome
    words: str
    settings: dict[str, str] = field(default_factory=dict[str, str])
    cause: Break | None = None


def env_file(content: bytes) -> Break:
    return lambda machine: (machine.folder / ".env").write_bytes(content)


def discord_fault(path: str, **what: Any) -> Break:
    return lambda machine: machine.harness.discord.faults.add("GET", path, Fault(**what), None)


def close_code(code: int) -> Break:
    def prepare(machine: Machine) -> None:
        machine.harness.discord.gateway.identify_close_code = code

    return prepare


def no_gateway(machine: Machine) -> None:
    machine.harness.discord.gateway.is_unavailable = True


def no_sessions(machine: Machine) -> None:
    limits = machine.harness.discord.gateway.session_limits
    for _ in range(1000):
        limits.start(0)


def no_servers(machine: Machine) -> None:
    world = machine.harness.discord.world
    for guild in [*world.guilds.values()]:
        world.remove_bot(guild)


def owned_by_others(machine: Machine) -> None:
    world = machine.harness.discord.world
    world.application_owner = world.user("Ben")


def owned_by_a_team(machine: Machine) -> None:
    world = machine.harness.discord.world
    world.team = [(world.user("Ben"), "admin"), (world.user("Olga"), "developer")]


def lacks(permission: Permission, servers: int) -> Break:
    def prepare(machine: Machine) -> None:
        for guild in [*machine.harness.discord.world.guilds.values()][:servers]:
            for role in guild.roles.values():
                role.permissions &= ~(permission | Permission.ADMINISTRATOR)

    return prepare


def drifted_commands(machine: Machine) -> None:
    machine.harness.discord.commands.overwrite(None, [{"name": "x", "description": "x"}])


def apixo_fault(**what: Any) -> Break:
    return lambda machine: machine.harness.apixo.faults.add_balance(ApixoFault(**what), 99)


def balance(micro: int) -> Break:
    def prepare(machine: Machine) -> None:
        machine.harness.apixo.balance.micro = micro

    return prepare


def database_file(content: bytes) -> Break:
    return lambda machine: machine.database.write_bytes(content)


async def older_schema(machine: Machine) -> None:
    await migrate_to(machine.harness.service.environment["DATABASE_URL"], "0003")


async def sharded(machine: Machine) -> None:
    """Have a database of a service with two shards."""
    url = await machine.sqlite.make(machine.folder, empty=False)
    shutil.copy(url.removeprefix("sqlite:///"), machine.database)
    async with await Database.open(machine.harness.service.environment["DATABASE_URL"]) as database:
        await database.transact(lambda tx: shards.create(tx, 2))


async def newer_schema(machine: Machine) -> None:
    url = await machine.sqlite.make(machine.folder, empty=False)
    shutil.copy(url.removeprefix("sqlite:///"), machine.database)
    with closing(sqlite3.connect(machine.database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()


def blocked(name: str) -> Break:
    """Put a file where a folder is to be: not even root makes one below it."""
    return lambda machine: (machine.folder / name).write_text("no folder")


async def taken_port(machine: Machine) -> None:
    """Have another program listen there, which speaks no HTTP."""

    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    machine.stack.callback(server.close)
    machine.settings["HTTP_PORT"] = str(server.sockets[0].getsockname()[1])


def locked_database(machine: Machine) -> None:
    """Have another process write to the file, and no service answer."""
    machine.stack.callback(LockFile(machine.database).release)
    machine.settings["HTTP_PORT"] = str(free_port())


def postgresql_says(state: str, text: str) -> Break:
    """Answer every login with an error of PostgreSQL's, as its protocol has it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            (length,) = struct.unpack("!I", await reader.readexactly(4))
            body = await reader.readexactly(length - 4)
            if body[:4] != struct.pack("!I", 80877103):  # a wish for TLS
                break
            writer.write(b"N")
        fields = f"SFATAL\0VFATAL\0C{state}\0M{text}\0\0".encode()
        writer.write(b"E" + struct.pack("!I", len(fields) + 4) + fields)
        await writer.drain()
        writer.close()

    async def prepare(machine: Machine) -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        machine.stack.callback(server.close)
        port = server.sockets[0].getsockname()[1]
        machine.settings["DATABASE_URL"] = f"postgresql://u:pw@127.0.0.1:{port}/dailies"

    return prepare


def s3_answers(status: int, code: str) -> Break:
    """Answer every request for the bucket with an error of S3's."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
        head = f"HTTP/1.1 {status} No\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    async def prepare(machine: Machine) -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        machine.stack.callback(server.close)
        port = server.sockets[0].getsockname()[1]
        machine.settings |= {
            "MEDIA_STORE": "s3://videos/dailies",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "id",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
        }

    return prepare


R, E, W, N, OK = Outcome.REFUSED, Outcome.ENDS, Outcome.WAITS, Outcome.NO_VIDEO, Outcome.RUNS
NOWHERE = "127.0.0.1:9"

CASES: dict[str, Case] = {
    "nothing": Case(OK, "ok    settings"),
    # Settings
    "a misspelt name in .env": Case(R, "did you mean LOG_LEVEL?", {}, env_file(b"LOG_LEVL=x")),
    "UTF-16": Case(R, "UTF-16", {}, env_file("LOG_LEVEL=INFO".encode("utf-16"))),
    "Latin-1": Case(R, "not UTF-8 in line 1", {}, env_file("# Grüße".encode("latin-1"))),
    "an open quote": Case(R, "is a quote left open?", {}, env_file(b"LOG_LEVEL='INFO\n")),
    "a folder for .env": Case(R, "Is a directory", {}, lambda m: (m.folder / ".env").mkdir()),
    "a misspelt variable": Case(R, "did you mean ALLOWED_SERVERS?", {"ALLOWED_SERVER": "1"}),
    "no token": Case(R, "DISCORD_TOKEN: is required", {"DISCORD_TOKEN": ""}),
    "Bot before the token": Case(R, "leave out `Bot `", {"DISCORD_TOKEN": "Bot x"}),
    "a token in quotes": Case(R, "quotes around it", {"DISCORD_TOKEN": "'x'"}),
    "a key of two words": Case(R, "one word of ASCII", {"APIXO_API_KEY": "a b"}),
    "a secret that cannot be read": Case(
        R, "cannot be read", {"DISCORD_TOKEN": "", "DISCORD_TOKEN_FILE": "/nowhere"}
    ),
    "a secret given twice": Case(R, "leave one out", {"APIXO_API_KEY_FILE": "/etc/hostname"}),
    "a limit with a comma": Case(R, "Write it like 1000", {"USER_DAILY_LIMIT_USD": "5,00"}),
    "no tasks": Case(R, "at least 1", {"APIXO_MAX_TASKS": "0"}),
    "a public address without TLS": Case(R, "https://", {"PUBLIC_URL": "http://bot.example"}),
    "servers by name": Case(R, "ALLOWED_SERVERS", {"ALLOWED_SERVERS": "Studio"}),
    "another engine": Case(R, "sqlite:/// or", {"DATABASE_URL": "mysql://x"}),
    "a bare password": Case(R, "percent-encoded", {"DATABASE_URL": "postgresql://u:p@q@h/x"}),
    "an odd parameter": Case(R, "libpq", {"DATABASE_URL": "postgresql://u@h/x?sslmod=x"}),
    "an unknown language": Case(R, "BOT_LANGUAGE", {"BOT_LANGUAGE": "tlh"}),
    "a proxy by name": Case(R, "TRUSTED_PROXIES", {"TRUSTED_PROXIES": "proxy"}),
    "a role beside others on SQLite": Case(R, "Set ROLE=all, or a", {"ROLE": "worker"}),
    "a bad bucket": Case(R, "s3://bucket/prefix", {"MEDIA_STORE": "s3://UPPER"}),
    # Discord
    "a wrong token": Case(E, "Discord does not accept this token", {"DISCORD_TOKEN": "wrong"}),
    "a token that was reset": Case(E, "close code 4004", {}, close_code(4004)),
    "an intent that is not granted": Case(E, "close code 4014", {}, close_code(4014)),
    "an intent that is unknown": Case(E, "close code 4013", {}, close_code(4013)),
    "too many servers": Case(E, "close code 4011", {}, close_code(4011)),
    "a gateway that is down": Case(W, "gateway answered 503", {}, no_gateway),
    "a gateway that closes": Case(W, "close code 4000", {}, close_code(4000)),
    "no session left": Case(W, "lets no session begin", {}, no_sessions),
    "Discord is down": Case(W, "Discord answered 503", {}, discord_fault("/users/@me", status=503)),
    "a proxy before Discord": Case(
        W, "Discord answered 401", {}, discord_fault("/users/@me", status=401, raw=b"<html>")
    ),
    "an odd Discord": Case(
        W, "something else than Discord", {}, discord_fault("/users/@me", status=200, raw=b"<p>")
    ),
    "no Discord": Case(
        W, "Discord cannot be reached", {"DISCORD_API_URL": f"http://{NOWHERE}/api/v10"}
    ),
    "no gateway": Case(
        W, "gateway cannot be reached", {"DISCORD_GATEWAY_URL": f"ws://{NOWHERE}/gateway"}
    ),
    "no server": Case(N, "it is in no server yet", {}, no_servers),
    "no permission anywhere": Case(
        N, "FAIL  permissions", {}, lacks(Permission.SEND_MESSAGES, servers=2)
    ),
    "no permission in one server": Case(
        OK, "WARN  permissions", {}, lacks(Permission.ATTACH_FILES, servers=1)
    ),
    "servers of others alone": Case(
        N, "in none of them", {"ALLOWED_SERVERS": "123456789012345678"}
    ),
    "no server of the operator's": Case(N, "admit one with /operator", {}, owned_by_others),
    "a server of the team's": Case(OK, "ok    servers", {}, owned_by_a_team),
    "an open door": Case(OK, "anybody can invite it and spend", {"ALLOWED_SERVERS": "all"}),
    "commands of another": Case(OK, "ok    commands", {}, drifted_commands),
    # APIXO
    "a wrong key": Case(E, "APIXO does not accept this key", {"APIXO_API_KEY": "wrong"}),
    "APIXO is down": Case(W, "APIXO cannot be asked", {}, apixo_fault(status=503)),
    "no APIXO": Case(W, "APIXO cannot be asked", {"APIXO_BASE_URL": f"http://{NOWHERE}/api/v1"}),
    "no money": Case(N, "top up", {}, balance(30_000)),
    "little money": Case(OK, "WARN  key and balance", {}, balance(4_000_000)),
    "no bound": Case(OK, "WARN  limits", {"GLOBAL_DAILY_LIMIT_USD": "none"}),
    # The machine
    "a taken port": Case(E, "cannot be used", {}, taken_port),
    "an address of another": Case(
        E, "cannot be used", {"HTTP_HOST": "203.0.113.9", "HTTP_PORT": "8080"}
    ),
    "a public address of nobody": Case(
        OK, "WARN  public address", {"PUBLIC_URL": f"http://{NOWHERE}"}
    ),
    "no folder for the database": Case(
        E, "no folder", {"DATABASE_URL": "sqlite:///blocked/x.db"}, blocked("blocked")
    ),
    "a damaged database": Case(E, "FAIL  database", {}, database_file(b"rubbish" * 999)),
    "an empty database": Case(OK, "ok    database: answers; its tables", {}, database_file(b"")),
    "an older schema": Case(OK, "WARN  database: answers; its schema", {}, older_schema),
    "a newer schema": Case(E, "which this version does not know", {}, newer_schema),
    "another number of shards": Case(E, "reshard 3", {"SHARDS": "3"}, sharded),
    "the number of shards": Case(OK, "ok    database: answers", {"SHARDS": "2"}, sharded),
    "a database in use": Case(E, "is in use by another process", {}, locked_database),
    "no folder for media": Case(E, "FAIL  disk", {"MEDIA_STORE": "blocked"}, blocked("blocked")),
    "no folder like that": Case(E, "FAIL  disk", {"MEDIA_STORE": "/proc/nope"}),
    "too little room": Case(N, "nothing is submitted", {"APIXO_MAX_TASKS": "1000"}),
    "a bucket of others": Case(E, "FAIL  disk", {}, s3_answers(403, "AccessDenied")),
    "a bucket that is not there": Case(E, "FAIL  disk", {}, s3_answers(404, "NoSuchBucket")),
    # PostgreSQL
    "no PostgreSQL": Case(W, "FAIL  database", {"DATABASE_URL": f"postgresql://u@{NOWHERE}/x"}),
    "PostgreSQL is starting": Case(
        W, "FAIL  database", {}, postgresql_says("57P03", "the database system is starting up")
    ),
    "PostgreSQL is full": Case(
        W, "FAIL  database", {}, postgresql_says("53300", "sorry, too many clients already")
    ),
    "a wrong password": Case(
        E, "FAIL  database", {}, postgresql_says("28P01", "password authentication failed")
    ),
    "TLS is needed": Case(
        E, "FAIL  database", {}, postgresql_says("28000", "no pg_hba.conf entry, no encryption")
    ),
    "no such database": Case(
        E, "FAIL  database", {}, postgresql_says("3D000", 'database "dailies" does not exist')
    ),
}


@pytest.fixture
async def machine(tmp_path: Path, sqlite_template: SqliteTemplate) -> AsyncIterator[Machine]:
    async with (
        AsyncExitStack() as stack,
        FakeApixo(ApixoConfig(clips="tiny", time_scale=SPEED)) as apixo,
        FakeDiscord(PATIENT) as discord,
    ):
        folder = tmp_path / "service"
        folder.mkdir()
        yield Machine(ServiceHarness.create(apixo, discord, folder), stack, sqlite_template)


@pytest.mark.parametrize("name", CASES)
async def test_doctor_and_service_agree(machine: Machine, name: str):
    """The doctor first, then the service, on the same machine."""
    case = CASES[name]
    if name == "too little room" and shutil.disk_usage(machine.folder).free > 135e9:
        pytest.skip("this disk has room for a thousand videos")
    if case.cause is not None and hasattr(broken := case.cause(machine), "__await__"):
        await broken
    environment = {
        **os.environ,
        **machine.harness.service.environment,
        **case.settings,
        **machine.settings,
    }
    code, said = await doctor(machine, environment)
    assert "Traceback" not in said
    assert case.words in said, said
    assert code == {R: 2, OK: 0}.get(case.outcome, 1), said
    assert ("the service waits" in said) == (case.outcome is W), said
    ended, log = await start(machine, environment, case.outcome)
    assert ended == {R: 2, E: 1}.get(case.outcome, 0), log
    assert ("Dailies cannot go on" in log) == (case.outcome is E)
    assert "Traceback" not in log


async def test_postgresql_that_lets_nobody_write(machine: Machine, postgresql: Address):
    """A user without the right to make tables, as in PostgreSQL 15 by default; a standby."""
    name = "dailies_of_others"
    server = PostgresqlTemplate(postgresql)
    for statement in (f"CREATE DATABASE {name}", "CREATE ROLE guest LOGIN"):
        await server.execute(statement)
    await server.execute(f"REVOKE CREATE ON DATABASE {name} FROM PUBLIC")
    own = postgresql(name)
    guest = own.replace("postgres:", "guest:", 1)
    read_only = f"{own}&options=-c%20default_transaction_read_only%3Don"
    for url, outcome, words in (
        (guest, E, "GRANT CREATE ON SCHEMA public TO guest"),
        (read_only, E, "The database is read-only."),
        (own, OK, "ok    database: answers; its tables will be made"),
    ):
        environment = {**os.environ, **machine.harness.service.environment, "DATABASE_URL": url}
        code, said = await doctor(machine, environment)
        assert (code, words in said) == (0 if outcome is OK else 1, True), said
        ended, log = await start(machine, environment, outcome)
        assert ended == (0 if outcome is OK else 1), log
    await server.drop(own)
    await server.execute("DROP ROLE guest")


async def doctor(machine: Machine, environment: dict[str, str]) -> tuple[int, str]:
    """Run the doctor; its exit code, and what it said."""
    said = machine.folder / "doctor.txt"
    process = await fork_bot([*BOT_COMMAND, "doctor"], environment, said, said)
    return await process.wait(), said.read_text()


async def start(machine: Machine, environment: dict[str, str], outcome: Outcome) -> tuple[int, str]:
    """Start the service, and end it once it shows what becomes of it; exit code and log."""
    log = machine.folder / "service.log"
    sessions = len(machine.harness.discord.gateway.started)
    process = await fork_bot([*BOT_COMMAND], environment, log, log)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            while process.returncode is None and not shows(outcome, machine, log, sessions):
                await asyncio.sleep(0.02)
    finally:
        ended = await terminate(process)
    assert shows(outcome, machine, log, sessions) or outcome in (R, E), log.read_text()
    return ended, log.read_text()


def shows(outcome: Outcome, machine: Machine, log: Path, sessions: int) -> bool:
    """Return whether a service has come as far as it can."""
    match outcome:
        case Outcome.WAITS:
            waits = (
                "start delayed by",
                "Discord not reached",
                "gateway unreachable",
                "check failed",
                "no session may begin today",
            )
            return any(words in log.read_text() for words in waits)
        case Outcome.NO_VIDEO | Outcome.RUNS:
            return len(machine.harness.discord.gateway.started) > sessions
        case _:
            return False


async def test_a_wrong_clock_is_a_failure(tmp_path: Path):
    """Discord's interactions would come too late, or from the future."""
    for ahead_s, code in ((0, 0), (20, 0), (100, 1), (-100, 1)):
        async with (
            FakeApixo(ApixoConfig(clips="tiny", time_scale=SPEED)) as apixo,
            FakeDiscord(PATIENT, now=lambda ahead_s=ahead_s: time.time() + ahead_s) as discord,
        ):
            harness = ServiceHarness.create(apixo, discord, tmp_path / "service")
            found, said = await harness.run_command_line("doctor")
            assert found == code, said
            assert ("differs from Discord's by" in said) == (code == 1)
