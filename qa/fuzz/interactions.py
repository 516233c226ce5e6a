"""Interactions that only a client of somebody's own making sends, to the real bot over the wire."""

import asyncio
import logging
import traceback
from collections import Counter
from collections.abc import AsyncGenerator, Generator, MutableMapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

from structlog.testing import capture_logs

from domain.guild_settings import GuildSettings
from qa.fuzz.custom_ids import COMPONENT_IDS, FORM_IDS, Subjects, odd_custom_id
from qa.fuzz.mutators import mutate_json, random_text
from sandbox.apixo import ApixoConfig, FakeApixo
from sandbox.discord import (
    Channel,
    DiscordConfig,
    FakeDiscord,
    Interaction,
    MemberClient,
    Message,
    WaitTimeoutError,
)
from sandbox.discord.command_validation import ResolvedData
from sandbox.discord.interactions import InteractionType
from sandbox.discord.models import MessageFlag
from storage import guild_settings
from storage.database import Database
from tests.harness.bot import BotHarness
from tests.harness.workflow import NO_LIMITS
from workflow.context import Policy

Json = dict[str, Any]

UNKNOWN: Final = "That doesn't work anymore"
"""How the answer to an unknown button, form or option begins."""

_ERRORS: Final = frozenset({"error", "critical"})
_PATIENCE_S: Final = 20
_AT_ONCE: Final = 20
_COMPONENT_TYPES: Final = (2, 3, 5, 6, 7, 8)
_FIELDS: Final = (
    *("prompt", "model", "seconds", "resolution", "aspect_ratio", "sound", "pictures"),
    *("last_picture", "text", "name", "suffix", "task", "odd"),
)
_ODD_VALUES: Final[tuple[Any, ...]] = (
    *("", "x", "-", "8", "٣", "480p", "seedance-2-0", "all", "none", "9" * 400),
    *(None, True, 0, -1, 2**53, 2**63, 10**30, 1e308, 0.5, [], [[]], ["x"], {}, {"a": 1}),
)


@dataclass
class Stage:
    """The bot, who uses it, and what can be used."""

    harness: BotHarness
    members: Sequence[MemberClient]
    channels: Sequence[Channel]
    subjects: Subjects
    errors: list[str] = field(default_factory=list[str])

    async def send(self, dice: Random) -> str:
        """Send one interaction; return `refused` if it is unknown, else `taken`."""
        made = dice.choice((self._component, self._form, self._command, self._menu, self._typing))
        sent = made(dice)
        with suppress(WaitTimeoutError):
            await sent.until_answered(_PATIENCE_S)
        if sent.failed or not sent.is_answered:
            self.errors.append(f"no answer: {sent.kind.name} {sent.data}")
        return "refused" if UNKNOWN in sent.text else "taken"

    def _component(self, dice: Random) -> Interaction:
        custom_id = odd_custom_id(COMPONENT_IDS, self.subjects, dice)
        kind = dice.choice(_COMPONENT_TYPES) if dice.random() < 0.5 else 2
        member, channel = self._place(dice)
        data: Json = {"custom_id": custom_id, "component_type": kind, "id": 2}
        if kind != 2 or dice.random() < 0.1:
            values = [self._value(dice) for _ in range(dice.randrange(3))]
            data["values"] = [str(value) for value in values]
            data["resolved"] = self._resolved(dice)
        source = self._message(dice, member, channel, custom_id, kind)
        return self._dispatch(InteractionType.COMPONENT, member, channel, data, source)

    def _form(self, dice: Random) -> Interaction:
        custom_id = odd_custom_id(FORM_IDS, self.subjects, dice)
        member, channel = self._place(dice)
        parts = [self._field(dice) for _ in range(dice.randrange(6))]
        data: Json = {"custom_id": custom_id, "components": parts}
        if dice.random() < 0.3:
            data["resolved"] = self._resolved(dice)
        return self._dispatch(InteractionType.MODAL, member, channel, data, None)

    def _command(self, dice: Random) -> Interaction:
        member, channel = self._place(dice)
        data = self._command_data(dice, typing=False)
        return self._dispatch(InteractionType.COMMAND, member, channel, data, None)

    def _typing(self, dice: Random) -> Interaction:
        member, channel = self._place(dice)
        data = self._command_data(dice, typing=True)
        return self._dispatch(InteractionType.AUTOCOMPLETE, member, channel, data, None)

    def _menu(self, dice: Random) -> Interaction:
        member, channel = self._place(dice)
        name = dice.choice(
            ("Animate this image", "Use as reference", "animate this image", "video")
        )
        target = self.subjects.id(dice)
        data: Json = {"id": "1", "name": name, "type": dice.choice((2, 3)), "target_id": target}
        data["resolved"] = self._resolved(dice)
        return self._dispatch(InteractionType.COMMAND, member, channel, data, None)

    def _command_data(self, dice: Random, *, typing: bool) -> Json:
        world = self.harness.discord
        commands = world.commands.registered_in(None)
        command = dice.choice([one for one in commands if one.get("type", 1) == 1])
        name = command["name"] if dice.random() < 0.95 else "unknown"
        options = self._options(dice, command.get("options") or [], typing=typing)
        return {
            "id": command["id"],
            "name": name,
            "type": 1,
            "options": options,
            "resolved": {} if typing else self._resolved(dice),
        }

    def _options(self, dice: Random, defined: list[Json], *, typing: bool) -> list[Json]:
        steps = [one for one in defined if one["type"] in (1, 2)]
        if steps:
            step = dice.choice(steps)
            inner = self._options(dice, step.get("options") or [], typing=typing)
            return [{"name": step["name"], "type": step["type"], "options": inner}]
        given = [
            self._option(dice, one) for one in defined if one.get("required") or dice.random() < 0.4
        ]
        if typing and given:
            dice.choice(given)["focused"] = True
        if dice.random() < 0.05:
            given.append({"name": "unknown", "type": 3, "value": "x"})
        return given if dice.random() < 0.9 else given[1:]

    def _option(self, dice: Random, defined: Json) -> Json:
        kind = (
            defined["type"] if dice.random() < 0.9 else dice.choice((3, 4, 5, 6, 7, 8, 9, 10, 11))
        )
        fitting: dict[int, Any] = {
            3: random_text(dice, 300),
            4: dice.choice((4, 5, 12, 0, -1, 2**53, 2**63)),
            5: dice.random() < 0.5,
            10: dice.choice((2, 2.125, -1, 1e308, 7.5)),
        }
        value = fitting.get(kind, self.subjects.id(dice))
        if dice.random() < 0.2:
            value = dice.choice((*_ODD_VALUES, self.subjects.id(dice)))
        if kind in (6, 7, 8, 9, 11):
            value = str(value)  # Discord itself writes ids
        choices = [one["value"] for one in defined.get("choices") or []]
        if choices and dice.random() < 0.5:
            value = dice.choice(choices)
        return {"name": defined["name"], "type": kind, "value": value}

    def _field(self, dice: Random) -> Json:
        custom_id = dice.choice(_FIELDS)
        values = [self._value(dice) for _ in range(dice.randrange(3))]
        field_: Json = {"type": 4, "id": 3, "custom_id": custom_id}
        field_ |= {"values": values} if dice.random() < 0.4 else {"value": self._value(dice)}
        if dice.random() < 0.1:
            field_ = mutate_json(field_, dice)
        return dice.choice(({"type": 18, "component": field_}, {"type": 1, "components": [field_]}))

    def _value(self, dice: Random) -> Any:
        return dice.choice((*_ODD_VALUES, self.subjects.id(dice), random_text(dice, 200)))

    def _resolved(self, dice: Random) -> Json:
        """Resolve nothing, or channels of this server and of another, as Discord writes them."""
        resolved = ResolvedData(self.channels[0])
        for channel in dice.sample([*self.channels], 2):
            resolved.add_channel(channel, self.members[0].user)
        return dice.choice(({}, resolved.data))

    def _place(self, dice: Random) -> tuple[MemberClient, Channel]:
        member = dice.choice(self.members)
        if dice.random() < 0.15:
            return member, member.direct_channel
        return member, dice.choice(self.channels[:2])

    def _message(
        self, dice: Random, member: MemberClient, channel: Channel, custom_id: str, kind: int
    ) -> Message:
        """Post a message with the component, or without it, for all or for the member alone."""
        world = self.harness.discord.world
        label = {"style": 1, "label": "Click"} if kind == 2 else {}
        options = {"options": [{"label": "1", "value": "1"}]} if kind == 3 else {}
        shown = custom_id if dice.random() < 0.9 else "cancel:0"
        component = {"type": kind, "custom_id": shown, "id": 2, **label, **options}
        row = {"type": 1, "id": 1, "components": [component]}
        message = Message(world.ids.next(), channel, world.bot_user, components=[row])
        message.flags = MessageFlag.COMPONENTS_V2
        message.visible_to = member.id if dice.random() < 0.3 else None
        world.post(message)
        return message

    def _dispatch(
        self,
        kind: InteractionType,
        member: MemberClient,
        channel: Channel,
        data: Json,
        source: Message | None,
    ) -> Interaction:
        registry = self.harness.discord.interactions
        return registry.dispatch(kind, member.user, channel, data, source)


async def send_forged_interactions(seed: int, count: int) -> Counter[str]:
    """Use what nobody was given; all of it is answered, and nothing is logged as an error."""
    outcomes = Counter[str]()
    async with _open_stage() as stage:
        with _watched(stage):
            for start in range(0, count, _AT_ONCE):
                numbers = range(start, min(start + _AT_ONCE, count))
                dices = [Random(f"{seed}/interactions/{number}") for number in numbers]  # noqa: S311 - repeatable
                outcomes.update(await asyncio.gather(*map(stage.send, dices)))
    assert not stage.errors, "\n\n".join(stage.errors)
    return outcomes


@asynccontextmanager
async def _open_stage() -> AsyncGenerator[Stage]:
    """Start the bot between the stand-ins, with a video, private ones allowed, and managers."""
    limits = DiscordConfig(
        sends_per_window=10**6,
        token_sends_per_window=10**6,
        requests_per_second=10**6,
        ack_seconds=_PATIENCE_S,
        identify_seconds=0,
    )
    with TemporaryDirectory() as folder:
        async with (
            FakeApixo(ApixoConfig(clips="tiny", time_scale=600)) as apixo,
            FakeDiscord(limits) as discord,
            await Database.open(f"sqlite:///{folder}/dailies.db") as database,
        ):
            await database.migrate()
            policy = Policy(limits=NO_LIMITS, max_tasks=5, time_scale=600)
            harness = BotHarness(discord, apixo, database, Path(folder), policy)
            await _allow_private(harness)
            await harness.start()
            try:
                yield await _furnish(harness)
            finally:
                await harness.stop()


async def _allow_private(harness: BotHarness) -> None:
    guild = harness.discord.world.guild()
    text = GuildSettings(private_allowed=True).model_dump_json()
    await harness.database.transact(lambda tx: guild_settings.save_settings(tx, guild.id, text, 0))


async def _furnish(harness: BotHarness) -> Stage:
    discord, world = harness.discord, harness.discord.world
    ada = discord.member("Ada")
    result = await harness.make_video(ada, "video", {"prompt": "a lake", "duration": 4})
    job = result.attachments[0].filename.removesuffix(".mp4")
    here = [discord.channel("videos"), discord.channel("general"), discord.channel("videos-talk")]
    there = [discord.channel(name, "Big Screen") for name in ("videos", "general")]
    entities = (
        *here,
        *there,
        *world.guilds.values(),
        *world.guild().roles.values(),
        result,
        ada.user,
    )
    return Stage(
        harness=harness,
        members=[ada, *(discord.member(name) for name in ("Max", "Olga", "Ben"))],
        channels=[*here, *there],
        subjects=Subjects((job,), tuple(str(one.id) for one in entities)),
    )


@contextmanager
def _watched(stage: Stage) -> Generator[None]:
    """Collect what is logged as an error, by the service, the library or the event loop."""
    handler = _Collector(stage.errors)
    logging.getLogger().addHandler(handler)
    with capture_logs() as events:
        yield
    logging.getLogger().removeHandler(handler)
    stage.errors += [_describe(each) for each in events if each["log_level"] in _ERRORS]


class _Collector(logging.Handler):
    def __init__(self, errors: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._errors = errors

    def emit(self, record: logging.LogRecord) -> None:
        self._errors.append(self.format(record))


def _describe(event: MutableMapping[str, Any]) -> str:
    trace = event.pop("exc_info", None)
    lines = traceback.format_exception(trace) if isinstance(trace, BaseException) else []
    return "\n".join([str(event), *lines])
