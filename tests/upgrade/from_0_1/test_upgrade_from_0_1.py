"""What 0.1.0 left behind is taken over: its databases, its messages, every button and form on them.

The fixture beside this file was made by the code of 0.1.0 (see its README). The real process is
between both stand-ins, on a copy of that database; the stand-in of Discord has the messages. Each
button is clicked, each menu used and each form sent off by whom it is for: there is always an
answer that is not a fault. On PostgreSQL it is one of each kind, as the engine does not see the
others. Then the jobs that were under way have come to their ends, each result is posted once, and
the audit is clean.
"""

import asyncio
import json
import re
import shutil
import sqlite3
import time
from bisect import insort
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import aiohttp
import asyncpg

from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.apixo import Fault as ApixoFault
from sandbox.discord import (
    Attachment,
    Channel,
    DiscordConfig,
    FakeDiscord,
    Guild,
    Interaction,
    MemberClient,
    Message,
    Permission,
    Role,
    Upload,
    User,
    World,
)
from sandbox.discord.interactions import InteractionType
from sandbox.discord.models import ChannelType, Membership, MessageFlag, Overwrite, walk_components
from storage import jobs
from storage.database import Database

# It imports discord.py without the warning that it brings.
from tests.harness import stock_client  # noqa: F401 # pyright: ignore[reportUnusedImport]
from tests.harness.service import TIMEOUT_S, ServiceHarness, make_picture

Json = dict[str, Any]

FIXTURE: Final = Path(__file__).parent
APIXO_ROOT, DISCORD_ROOT = "http://127.0.0.1:9001", "http://127.0.0.1:9002"
"""What stands in the fixture for the stand-ins' addresses."""

DAY_MS: Final = 86_400_000
OLDER_THAN_MS: Final = 3_600_000
"""By then the leases of the process that died have run out; PostgreSQL leaves them until then."""

SCALE: Final = 960
FAULTS: Final = (
    "Something went wrong on our side. If your video was already accepted",
    "can't reach our records right now",
    "did not respond",
    "This interaction failed",
    "Something went wrong. Try again.",
)
"""What is said in place of an answer: by the service, and by Discord."""

BUTTON, STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE, CHANNEL_SELECT = 2, 3, 5, 6, 7, 8
SELECTS: Final = (STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE, CHANNEL_SELECT)

DECISIONS: Final = (
    ("submit_unknown, given up 2", "release", "Ended. Nobody pays."),
    ("submit_unknown, given up 3", "close", "Taken off the list"),
    ("stuck 2", "ask", "Trying again"),
    ("stuck 3", "release", "Ended. Nobody pays."),
    ("stuck 4", "bear", "The member pays nothing"),
    ("stuck 5", "charge", "I'm downloading the video"),
    ("result_lost 0", "ask", "Trying again"),
    ("result_lost 1", "close", "Taken off the list"),
    ("undeliverable 0", "post", "Posting it again"),
    ("quarantined, paid", "bear", "The member pays nothing"),
    ("quarantined, held", "charge", "I'm downloading the video"),
)
"""A decision about each kind of parked job, and what the operator hears of it."""

TOLD: Final = (
    ("again:", "on its way"),
    ("buy:", "on its way"),
    ("final:", "buy:"),
    ("details:", "Cost: "),
    ("delete:", "Delete"),
    ("share:", "hared! See it here"),
    ("erase:", "Deleted."),
    ("cancel:", "Cancelled. You weren't charged."),
    ("jobs:cancel:", "Cancelled. You weren't charged."),
    ("jobs:post:", "for free"),
    ("jobs:", "Your videos on this server"),
    ("confirm:", "This question expired"),
    ("retype:", "expired after"),
    ("revoke:", "Took back **$"),
    ("settings:", "Server settings"),
    ("settings-retype:", "expired after"),
    ("operator:page:", "need your decision"),
    ("picture:", ""),
    ("form:", "on its way"),
    ("extend:", "on its way"),
    ("compose:", "on its way"),
    ("animate:", "on its way"),
    ("mend:", "I only kept your files"),
    ("operator:task:", "Linked."),
    ("settings-form:", "Words"),
)
"""For each kind of button and form: what at least one of them is answered, by how its id begins."""

MOVING: Final = {"queued", "submitting", "generating", "succeeded", "stored", "posting"}
PARKED: Final = {"submit_unknown", "stuck", "result_lost", "undeliverable", "quarantined"}
STATES: Final = MOVING | PARKED | {"delivered", "cancelled", "rejected", "failed"}
"""Every state of the contract: the fixture has a job in each."""

UNDER_WAY: Final = ("posting", "posting, and posted", "stored", "succeeded", "generating")
"""The jobs whose videos have to come by themselves."""


@dataclass(frozen=True)
class Fixture:
    """What one engine has left, moved by whole days to between one hour and 25 hours ago."""

    sql: str
    left: Json
    shift_days: int
    patterns: Sequence[str]
    """What the custom ids of 0.1.0 match, buttons' and forms'."""

    @classmethod
    def read(cls, engine: str) -> "Fixture":
        every = json.loads((FIXTURE / "messages.json").read_text())
        made_ms = every[engine]["made_ms"]
        days = (time.time_ns() // 1_000_000 - OLDER_THAN_MS - made_ms) // DAY_MS
        sql = _moved((FIXTURE / f"{engine}.sql").read_text(), made_ms, days)
        left = json.loads(_moved(json.dumps(every[engine]), made_ms, days))
        return cls(sql, left, days, [one["pattern"] for one in every["patterns"]])

    @property
    def records(self) -> list[Json]:
        """List what has components: messages that everybody sees, and private answers."""
        return [*self.left["messages"], *self.left["shown"]]


def _moved(text: str, made_ms: int, days: int) -> str:
    """Move every moment in a text: times, days, the buckets' dates, and the ids of Discord's."""
    made, moved = (
        datetime.fromtimestamp(ms / 1000, UTC) for ms in (made_ms, made_ms + days * DAY_MS)
    )
    of_time, of_id = str(made_ms)[:4], str((made_ms - 1_420_070_400_000) << 22)[:4]
    day = made_ms // DAY_MS
    text = re.sub(rf"\b{of_time}\d{{9}}\b", lambda m: str(int(m[0]) + days * DAY_MS), text)
    text = re.sub(rf"\b{of_id}\d{{15}}\b", lambda m: str(int(m[0]) + (days * DAY_MS << 22)), text)
    text = re.sub(rf"\b{day}\b", str(day + days), text)
    text = text.replace(f"day:{made:%Y-%m-%d}", f"day:{moved:%Y-%m-%d}")
    return text.replace(f"month:{made:%Y-%m}", f"month:{moved:%Y-%m}")


class Clock:
    """Waits until the stand-in has its first id, which is the bot's."""

    def __init__(self, start: float) -> None:
        self._start = start
        self.goes = False

    def __call__(self) -> float:
        return time.time() if self.goes else self._start


@dataclass
class Stage:
    """The service between the stand-ins, which know what 0.1.0 left."""

    harness: ServiceHarness
    fixture: Fixture
    files: dict[str, Attachment] = field(default_factory=dict[str, Attachment])
    answers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """The custom id of each use, and all that was answered, forms as JSON."""

    @property
    def world(self) -> World:
        return self.harness.discord.world

    def person(self, record: Json) -> MemberClient:
        """Find whom a message or form is for, with the right server open."""
        guild = self.world.channels[record["channel"]].guild
        return self.harness.discord.member(record["who"], None if guild is None else guild.name)

    def show(self, record: Json) -> Message:
        """Have a message be there, and look as it was when it was recorded."""
        message = self._found(record) or self._made(record)
        message.content = record["content"]
        message.embeds = deepcopy(record["embeds"])
        message.flags = MessageFlag(record["flags"])
        message.attachments = [
            self.files[f"{record['id']}:{one['id']}"] for one in record["attachments"]
        ]
        ids = {
            str(one["id"]): str(self.files[f"{record['id']}:{one['id']}"].id)
            for one in record["attachments"]
        }
        components = json.dumps(record["components"])
        for old, new in ids.items():
            components = components.replace(
                f'"attachment_id": "{old}"', f'"attachment_id": "{new}"'
            )
        message.components = json.loads(components)
        return message

    def _found(self, record: Json) -> Message | None:
        channel = self.world.channels[record["channel"]]
        find = channel.ephemeral_message if record["visible_to"] else channel.message
        return find(record["id"])

    def _made(self, record: Json) -> Message:
        channel = self.world.channels[record["channel"]]
        message = Message(
            record["id"],
            channel,
            self.world.users[record["author"]],
            nonce=record["nonce"],
            reference=record["reference"],
            interaction=record["interaction"],
            visible_to=record["visible_to"],
        )
        message.mentions = [self.world.users[one] for one in record["mentions"]]
        listed = channel.ephemeral_messages if message.ephemeral else channel.messages
        insort(listed, message, key=lambda one: one.id)
        return message

    async def use(self, record: Json, custom_id: str) -> str:
        """Click a button, or choose from a menu; give all that is answered."""
        message = self.show(record)
        part = next(
            one for one in walk_components(message.components) if one.get("custom_id") == custom_id
        )
        person = self.person(record)
        if part["type"] == BUTTON:
            used = await person.click(message, custom_id)
        else:
            used = await person.select(message, custom_id, self._choice(part, message.channel))
        return await self._answered(custom_id, used, record["what"])

    async def send(self, form: Json) -> str:
        """Send a form off that was opened by 0.1.0; give all that is answered."""
        channel = self.world.channels[form["channel"]]
        person = self.person(form)
        source = None if form["source"] is None else self.show(form["source"])
        modal = deepcopy(form["modal"])
        opened = Interaction(
            self.world.ids.next(),
            InteractionType.COMPONENT,
            person.user,
            channel,
            {},
            self.world.changes,
            source,
        )
        opened.modal = modal
        used = await person.submit_modal(opened, self._typed(form["typed"]))
        return await self._answered(modal["custom_id"], used, form["what"])

    def _typed(self, typed: Json) -> Json:
        *_, task = self.harness.apixo.tasks
        known = {"{picture}": [make_picture("typed.png")], "{task}": task.id}
        return {name: known.get(str(value), value) for name, value in typed.items()}

    def _choice(self, part: Json, channel: Channel) -> Sequence[Any]:
        """Choose what is not chosen yet, if there is anything."""
        assert channel.guild is not None
        match part["type"]:
            case 3:
                options = part["options"]
                free = [one["value"] for one in options if not one.get("default")]
                return [*free, *(one["value"] for one in options)][:1]
            case 6:
                return [next(one for one in channel.guild.roles.values() if one.name == "Manager")]
            case 8:
                return [channel]
            case other:
                raise AssertionError(f"no kind of menu that 0.1.0 had: {other}")

    async def _answered(self, custom_id: str, used: Interaction, what: str) -> str:
        await used.until_answered(within=TIMEOUT_S)
        told = used.text
        if used.modal is not None:
            told += json.dumps(used.modal)
        if used.message is not None:
            told += json.dumps(used.message.components) + str(used.message.attachments)
        assert not used.failed, f"{custom_id} ({what}): {used}"
        assert not any(fault in told for fault in FAULTS), f"{custom_id} ({what}): {told}"
        assert told, f"{custom_id} ({what})"
        self.answers.append((custom_id, told))
        return told


async def test_everything_of_0_1_is_taken_over(empty_database_url: str, tmp_path: Path):
    """Every job, every button, every menu and every form; the audit before and after."""
    engine = empty_database_url.partition(":")[0]
    async with opened(engine, empty_database_url, tmp_path / "service") as stage:
        harness = stage.harness
        code, said = await harness.run_command_line("migrate")
        assert code == 0, said
        before = (await harness.audit())["jobs"]
        assert {state for state, count in before.items() if count} == STATES, before
        await use_everything(stage, one_of_each=engine == "postgresql")
        after = (await harness.audit())["jobs"]
        assert not any(after.get(state) for state in MOVING), after
        for name in UNDER_WAY:
            found = harness.result_messages(stage.fixture.left["jobs"][name])
            posted = [one for one in found if one.channel.name != "showcase"]
            assert len(posted) == 1, (name, [*map(str, posted)])
        log = harness.service.log.read_text()
    assert "Traceback" not in log, log
    assert "interaction failed" not in log, log
    assert lacking(stage) == []


async def use_everything(stage: Stage, *, one_of_each: bool) -> None:
    """Run the service, use what 0.1.0 laid out, and wait until nothing is under way."""
    harness, jobs = stage.harness, stage.fixture.left["jobs"]
    holding = True
    harness.apixo.faults.add_while("submit", ApixoFault(status=429), lambda: holding)
    async with harness.service.run() as running:
        await running.while_running(until_connected(harness))
        await cancel(stage, jobs["queued 0"], "cancel:")
        await cancel(stage, jobs["queued 1"], "jobs:cancel:")
        holding = False
        await decide(stage)
        for form in stage.fixture.left["forms"]:
            if not (one_of_each and is_answered(stage, form["modal"]["custom_id"])):
                await stage.send(form)
        for record, custom_id in in_order(stage.fixture):
            if not (one_of_each and is_answered(stage, custom_id)):
                await stage.use(record, custom_id)
        for name in (*UNDER_WAY, "queued 2", "queued, with a picture", "stuck 2", "stuck 5"):
            await harness.wait_for_result(jobs[name], where=place_of(stage, jobs[name]))
        await at_rest(harness)


def test_the_fixture_has_every_kind_of_button_and_form():
    """Each pattern of custom ids that 0.1.0 made has an example on each engine; all ids fit."""
    every = json.loads((FIXTURE / "messages.json").read_text())
    patterns = {
        kind: [p["pattern"] for p in every["patterns"] if p["kind"] == kind]
        for kind in ("component", "form")
    }
    for engine in ("sqlite", "postgresql"):
        fixture = Fixture.read(engine)
        ids = {
            "component": {
                part["custom_id"]
                for record in fixture.records
                for part in walk_components(record["components"])
                if "custom_id" in part
            },
            "form": {form["modal"]["custom_id"] for form in fixture.left["forms"]},
        }
        for kind, wanted in patterns.items():
            for pattern in wanted:
                assert any(re.fullmatch(pattern, one, re.DOTALL) for one in ids[kind]), pattern
            for one in ids[kind]:
                assert any(re.fullmatch(pattern, one, re.DOTALL) for pattern in wanted), one


async def until_connected(harness: ServiceHarness) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not harness.discord.gateway.has_client:
            await asyncio.sleep(0.05)


async def cancel(stage: Stage, job: str, start: str) -> None:
    """Cancel a job that waits, by a button of 0.1.0."""
    record, custom_id = next(
        (record, one)
        for record in stage.fixture.left["shown"]
        for one in live_ids(record)
        if one.startswith(f"{start}{job}")
    )
    assert "Cancelled. You weren't charged." in await stage.use(record, custom_id)


async def decide(stage: Stage) -> None:
    """Decide about one parked job of each kind, by the operator's buttons of 0.1.0."""
    jobs, shown = stage.fixture.left["jobs"], stage.fixture.left["shown"]
    bound = jobs["submit_unknown, given up 1"]
    form = next(
        one
        for one in stage.fixture.left["forms"]
        if one["modal"]["custom_id"].startswith(f"operator:task:{bound}:")
    )
    assert "Linked." in await stage.send(form)
    for name, decision, told in DECISIONS:
        end = f":{decision}:{jobs[name]}:"
        sure = [(r, one) for r in shown for one in live_ids(r) if f"operator:sure{end}" in one]
        first = [(r, one) for r in shown for one in live_ids(r) if f"operator:first{end}" in one]
        assert first, (name, decision)
        said = await stage.use(*first[0])
        if sure:
            assert f"operator:sure{end}" in said
            said = await stage.use(*sure[0])
        assert told in said, (name, decision, said)


def live_ids(record: Json) -> list[str]:
    """List the custom ids of what can be used on a message."""
    return [
        part["custom_id"]
        for part in walk_components(record["components"])
        if "custom_id" in part and part["type"] in (BUTTON, *SELECTS) and not part.get("disabled")
    ]


LATE: Final = ("settings:", "settings-retype:", "cancel:", "jobs:cancel:", "jobs:post:", "erase:")
"""What changes what the others say: it comes last, in this order."""


def in_order(fixture: Fixture) -> list[tuple[Json, str]]:
    """List everything that can be used, each once, what is harmless first."""

    def rank(use: tuple[Json, str]) -> int:
        found = [number for number, start in enumerate(LATE, 1) if use[1].startswith(start)]
        return found[0] if found else 0

    uses = {one: (record, one) for record in fixture.records for one in live_ids(record)}
    return sorted(uses.values(), key=rank)


def is_answered(stage: Stage, custom_id: str) -> bool:
    """Return whether one of the same kind has been answered as it has to be."""
    pattern = next(one for one in stage.fixture.patterns if re.fullmatch(one, custom_id, re.DOTALL))
    words = max((told for told in TOLD if custom_id.startswith(told[0])), default=("", ""))[1]
    return any(
        re.fullmatch(pattern, one, re.DOTALL) and words in told for one, told in stage.answers
    )


def lacking(stage: Stage) -> list[str]:
    """Name the kinds of buttons of which none was answered as it has to be."""
    return [
        start
        for start, words in TOLD
        if not any(one.startswith(start) and words in told for one, told in stage.answers)
    ]


def place_of(stage: Stage, job: str) -> str:
    """Name the channel in which a job has its status message."""
    record = next(one for one in stage.fixture.left["messages"] if one["job"] == job)
    return stage.world.channels[record["channel"]].name


async def at_rest(harness: ServiceHarness) -> None:
    """Wait until nothing is under way any longer."""
    url = harness.service.environment["DATABASE_URL"]
    async with asyncio.timeout(TIMEOUT_S), await Database.open(url, read_only=True) as database:
        while MOVING & {str(s) for s, n in (await database.read(jobs.count_by_state)).items() if n}:
            await asyncio.sleep(0.1)


@asynccontextmanager
async def opened(engine: str, url: str, folder: Path) -> AsyncGenerator[Stage]:
    """Set up what 0.1.0 left: the world, the tasks at APIXO, the messages, files and database."""
    fixture = Fixture.read(engine)
    clock = Clock(fixture.left["epoch"] + fixture.shift_days * DAY_MS / 1000)
    limits = {"sends_per_window": 500, "token_sends_per_window": 500, "requests_per_second": 500}
    async with (
        FakeApixo(ApixoConfig(clips="tiny", time_scale=SCALE)) as apixo,
        FakeDiscord(DiscordConfig(**limits, identify_seconds=0), clock) as discord,
    ):
        clock.goes = True
        build(discord.world, fixture.left)
        settings = {
            "DATABASE_URL": url,
            "LOG_FORMAT": "json",
            "APIXO_MAX_TASKS": "20",
            "TIME_SCALE": str(SCALE),
        }
        stage = Stage(ServiceHarness.create(apixo, discord, folder, settings), fixture)
        await upload(stage)
        for record in fixture.left["messages"]:
            stage.show(record)
        picture_url = await fresh_picture(stage)
        replaced = await tasks_again(stage, picture_url)
        lay_out_media(fixture, folder / "media")
        # Links of Discord's live for a day: those in the database are still good.
        sql = re.sub(_LINK, lambda _: picture_url, fixture.sql)
        await load(engine, url, _replaced(sql, replaced))
        yield stage


def build(world: World, left: Json) -> None:
    """Put the recorded users, servers and channels in the place of the usual ones."""
    assert world.bot_user.id == left["bot"]
    for known in (world.users, world.guilds, world.channels):
        known.clear()
    for one in left["users"]:
        is_bot = one["id"] == world.bot_user.id
        world.users[one["id"]] = (
            world.bot_user if is_bot else User(one["id"], one["name"], one["bot"])
        )
    for one in left["guilds"]:
        guild = world.guilds[one["id"]] = Guild(one["id"], one["name"], one["owner"], one["tier"])
        for role in one["roles"]:
            granted = Permission(role["permissions"])
            guild.roles[role["id"]] = Role(
                role["id"], role["name"], granted, managed=role["managed"]
            )
        for member in one["members"]:
            user = world.users[member["user"]]
            guild.members[user.id] = Membership(user, {*member["roles"]}, member["joined_at"])
    for one in left["channels"]:
        world.channels[one["id"]] = _channel(world, one)


def _channel(world: World, one: Json) -> Channel:
    channel = Channel(
        one["id"],
        ChannelType(one["type"]),
        one["name"],
        world.changes,
        guild=world.guilds.get(one["guild"]),
        parent=world.channels.get(one["parent"]),
        recipient=world.users.get(one["recipient"]),
        bot_id=world.bot_user.id if one["recipient"] else None,
        nsfw=one["nsfw"],
    )
    for target, (kind, allow, deny) in one["overwrites"].items():
        channel.overwrites[int(target)] = Overwrite(kind, Permission(allow), Permission(deny))
    return channel


async def upload(stage: Stage) -> None:
    """Bring the files on the messages to where Discord keeps files, as members' files are."""
    world = stage.world
    olga = stage.harness.discord.member("Olga")
    scratch = world.add_channel(olga.guild, "scratch")
    for record in stage.fixture.records:
        for one in record["attachments"]:
            name = one["filename"]
            kept = (FIXTURE / "files" / one["file"]).read_bytes() if one["file"] else None
            file = make_picture(name) if kept is None else Upload(name, kept, one["content_type"])
            said = await olga.send_message(scratch, "", [file])
            stage.files[f"{record['id']}:{one['id']}"] = said.attachments[0]
    world.delete_channel(scratch)


async def fresh_picture(stage: Stage) -> str:
    """Give a link to a picture that can be fetched."""
    olga, general = stage.harness.discord.member("Olga"), stage.harness.discord.channel("general")
    said = await olga.send_message(general, "", [make_picture("given.png")])
    stage.world.delete_message(said)
    return said.attachments[0].url


_LINK: Final = re.compile(rf"{re.escape(DISCORD_ROOT)}/cdn/[^\"']*")


async def tasks_again(stage: Stage, picture_url: str) -> Mapping[str, str]:
    """Have APIXO know the tasks; give what is to be put for what in the database."""
    apixo, discord = stage.harness.apixo, stage.harness.discord
    replaced = {
        APIXO_ROOT: apixo.base_url.removesuffix("/api/v1"),
        DISCORD_ROOT: discord.root_url.removesuffix("/"),
    }
    headers = {"Authorization": f"Bearer {apixo.key}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for task in stage.fixture.left["tasks"]:
            body = re.sub(_LINK, lambda _: picture_url, json.dumps(task["body"]))
            address = f"{apixo.base_url.removesuffix('/api/v1')}{task['path']}"
            async with session.post(address, json=json.loads(body)) as answer:
                told = await answer.json()
                assert told["code"] == 200, told
            *_, made = apixo.tasks
            replaced |= {task["id"]: made.id, task["file"]: made.file_name}
    apixo.journal.clear()
    return replaced


def lay_out_media(fixture: Fixture, folder: Path) -> None:
    for name, file in fixture.left["media"].items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(FIXTURE / "files" / file, place)


def _replaced(text: str, replaced: Mapping[str, str]) -> str:
    for old, new in replaced.items():
        text = text.replace(old, new)
    return text


async def load(engine: str, url: str, sql: str) -> None:
    """Run a dump in an empty database."""
    if engine == "sqlite":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            file.executescript(sql)
        return
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
