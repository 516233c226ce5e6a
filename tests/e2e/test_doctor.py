"""The doctor: what it finds, how grave it is, and that the service agrees."""

import json
import re
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from yarl import URL

from sandbox.discord import Fault, Permission
from tests.harness.ports import free_port
from tests.harness.schema import migrate_to
from tests.harness.service import ServiceHarness

README = Path(__file__).parents[2] / "README.md"


def with_settings(harness: ServiceHarness, **settings: str) -> ServiceHarness:
    """Give the service other settings."""
    return ServiceHarness.create(harness.apixo, harness.discord, harness.service.folder, settings)


def database_of(harness: ServiceHarness) -> Path:
    """Return the path of the service's database."""
    return Path(harness.service.environment["DATABASE_URL"].removeprefix("sqlite:///"))


async def test_the_doctor_finds_nothing_where_nothing_ails(harness: ServiceHarness):
    """One line each, exit code 0, before the first start and after it."""
    code, said = await harness.run_command_line("doctor")
    assert (code, said.count("\nok ")) == (0, 13), said
    assert "only your own servers may spend, and those that you admit" in said
    assert "Public Bot" in said
    async with harness.service.run():
        await harness.wait_until_ready()
        code, said = await harness.run_command_line("doctor")
    assert code == 0, said


async def test_commands_that_another_deployment_has_overwritten_are_named_and_repaired(
    harness: ServiceHarness,
):
    """The doctor looks at Discord, not at a note; so does the next start."""
    async with harness.service.run():
        await harness.wait_until_ready()
    harness.discord.commands.overwrite(None, [{"name": "play", "description": "Play music"}])
    code, said = await harness.run_command_line("doctor")
    assert code == 0
    assert "WARN  commands: Discord's differ" in said
    assert "unknown: /play" in said
    async with harness.service.run():
        await harness.wait_until_ready()
        code, said = await harness.run_command_line("doctor")
    assert code == 0, said


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"DISCORD_TOKEN": "wrong-token"}, "DISCORD_TOKEN: Discord does not accept this token"),
        ({"APIXO_API_KEY": "wrong-key"}, "APIXO_API_KEY: APIXO does not accept this key"),
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/x"}, "FAIL  database"),
        ({"MEDIA_STORE": "/proc/nope"}, "FAIL  disk"),
    ],
)
async def test_the_doctor_names_what_ails_and_examines_the_rest(
    harness: ServiceHarness, settings: dict[str, str], named: str
):
    """Exit code 1, no traceback, every check has its line."""
    code, said = await with_settings(harness, **settings).run_command_line("doctor")
    assert code == 1
    assert named in said
    assert "Traceback" not in said
    assert len(said.splitlines()) == 14


async def test_the_doctor_does_not_blame_the_token_for_a_proxys_answer(harness: ServiceHarness):
    """A 401 without Discord's JSON is not Discord's."""
    harness.discord.faults.add("GET", "/users/@me", Fault(status=401, raw=b"<html>"), times=None)
    code, said = await harness.run_command_line("doctor")
    assert code == 1
    assert "Discord answered 401" in said


async def test_the_doctor_names_a_lacking_permission_and_an_empty_world(harness: ServiceHarness):
    """The server and the permission; or the address by which to invite the bot."""
    world = harness.discord.world
    guilds = [world.guild("Dailies Studio"), world.guild("Big Screen")]
    for role in guilds[0].roles.values():
        role.permissions &= ~(Permission.ATTACH_FILES | Permission.ADMINISTRATOR)
    code, said = await harness.run_command_line("doctor")
    assert code == 0
    assert "WARN  permissions: lacking in Dailies Studio (Attach Files)" in said
    world.remove_bot(guilds[1])
    code, said = await harness.run_command_line("doctor")
    assert code == 1
    assert "FAIL  permissions: lacking in Dailies Studio (Attach Files)" in said
    world.remove_bot(guilds[0])
    code, said = await harness.run_command_line("doctor")
    assert code == 1
    invitation, documented = (_invitation_in(text) for text in (said, README.read_text()))
    assert documented.update_query(client_id=invitation.query["client_id"]) == invitation


Prepare = Callable[[ServiceHarness], None]


def _balance(micro: int) -> Prepare:
    def prepare(harness: ServiceHarness) -> None:
        harness.apixo.balance.micro = micro

    return prepare


def _no_sessions(harness: ServiceHarness) -> None:
    harness.discord.faults.add("GET", "/gateway/bot", Fault(status=500), times=None)


def _write(content: bytes) -> Prepare:
    def prepare(harness: ServiceHarness) -> None:
        path = database_of(harness)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    return prepare


def _nothing(_harness: ServiceHarness) -> None:
    pass


FINDINGS: dict[str, tuple[dict[str, str], Prepare, str, str, str]] = {
    "a balance below a member's day": (
        {},
        _balance(4_990_000),
        "key and balance",
        "warning",
        "a day",
    ),
    "a balance below any video": ({}, _balance(10_000), "key and balance", "failure", "top up"),
    "no bound": ({"GLOBAL_DAILY_LIMIT_USD": "none"}, _nothing, "limits", "warning", "bounds"),
    "an open door": ({"ALLOWED_SERVERS": "all"}, _nothing, "servers", "warning", "anybody"),
    "no gateway": ({}, _no_sessions, "gateway", "failure", "500"),
    "a damaged database": ({}, _write(b"rubbish" * 999), "database", "failure", "database"),
    "an empty file": ({}, _write(b""), "database", "ok", "will be made"),
    "another folder": ({"MEDIA_STORE": "/proc/x"}, _nothing, "disk", "failure", "/proc/x"),
}


@pytest.mark.parametrize("name", FINDINGS)
async def test_each_finding_has_its_level(harness: ServiceHarness, name: str):
    """As JSON; a failure alone is worth exit code 1."""
    settings, prepare, check, level, words = FINDINGS[name]
    harness = with_settings(harness, **settings)
    prepare(harness)
    code, said = await harness.run_command_line("doctor", "--json")
    verdict = json.loads(said.splitlines()[-1])
    found = {one["name"]: one for one in verdict["checks"]}
    assert (found[check]["level"], words in found[check]["text"]) == (level, True), found[check]
    others = {name: one for name, one in found.items() if name != check}
    if check != "database":
        assert {one["level"] for one in others.values()} <= {"ok"}, others
    assert (code, verdict["ok"]) == ((1, False) if level == "failure" else (0, True))


async def test_an_older_schema_is_a_warning_and_a_newer_one_a_failure(harness: ServiceHarness):
    """The next start migrates the one, and ends with a sentence at the other."""
    await migrate_to(harness.service.environment["DATABASE_URL"], "0003")
    code, said = await harness.run_command_line("doctor")
    assert (code, "WARN  database: answers; its schema 0003 is brought to" in said) == (0, True), (
        said
    )
    with closing(sqlite3.connect(database_of(harness))) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    code, said = await harness.run_command_line("doctor")
    assert (code, "FAIL  database: " in said) == (1, True), said


async def test_a_taken_port_is_a_failure_unless_the_service_has_it(harness: ServiceHarness):
    """Doctor may be asked while the service runs."""
    harness = with_settings(harness, HTTP_PORT=str(free_port()))
    port = int(harness.service.environment["HTTP_PORT"])
    with socket.create_server(("127.0.0.1", port)):
        code, said = await harness.run_command_line("doctor")
    assert (code, f"FAIL  port: HTTP_PORT: 127.0.0.1:{port} cannot be used" in said) == (1, True), (
        said
    )
    async with harness.service.run():
        await harness.wait_until_ready()
        code, said = await harness.run_command_line("doctor")
    assert (code, f"ok    port: the service answers at 127.0.0.1:{port}" in said) == (0, True), said


async def test_every_server_is_looked_at(harness: ServiceHarness):
    """Discord lists two hundred at a time."""
    world = harness.discord.world
    owner = world.user("Ada")
    for number in range(210):
        world.add_guild(f"Server {number}", owner)
    _, said = await harness.run_command_line("doctor")
    assert "permissions: 212 server(s), nothing lacking" in said


def _invitation_in(text: str) -> URL:
    found = re.search(r"https://discord\.com/oauth2/authorize[^\s`]+", text)
    assert found is not None
    return URL(found[0])
