import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from domain.errors import BrokenRules
from domain.guild_settings import Rules, ServerSettings, Which
from domain.money import MicroUSD
from storage import audit_log, guild_settings
from storage.audit_log import Change
from tests.harness.workflow import BOTH_ENGINES, GUILD, World
from workflow.billing.quotas import Manager
from workflow.guilds import settings

ADA = Manager(user_id=31, interaction_id=901)
BEN = Manager(user_id=32, interaction_id=902)


def with_channel(channel_id: int) -> settings.Changing:
    return lambda now: now.model_copy(update={"channels": (*now.channels, channel_id)})


def unchanged(now: ServerSettings) -> ServerSettings:
    return now


async def trail(world: World) -> list[Change]:
    """Read the audit trail, oldest first."""
    return (await world.database.read(lambda tx: audit_log.latest(tx, GUILD, 50)))[::-1]


async def stored(world: World, text: str) -> None:
    await world.database.transact(lambda tx: guild_settings.save(tx, GUILD, text, 0))


@BOTH_ENGINES
async def test_a_server_without_settings_has_the_defaults(world: World) -> None:
    """Nothing has to be set before a server is used."""
    assert await settings.read(world.context, GUILD) == ServerSettings()


@BOTH_ENGINES
async def test_what_is_changed_is_read_again(world: World) -> None:
    """Every kind of field survives being written down, on this server alone."""

    def everything(now: ServerSettings) -> ServerSettings:
        return now.model_copy(
            update={
                "rules": Rules(max_seconds=8, default_sound=True),
                "channels": (20,),
                "confirm_above": MicroUSD(1_000_000),
                "banned": ("gun", "/a+/"),
                "spoilers": Which.ALL,
            }
        )

    changed = await settings.change(world.context, GUILD, ADA, everything)
    assert await settings.read(world.context, GUILD) == changed == everything(ServerSettings())
    assert await settings.read(world.context, GUILD + 1) == ServerSettings()


@BOTH_ENGINES
async def test_each_fact_that_changed_is_on_record(world: World) -> None:
    """Who, from what to what; what stayed is not mentioned, and one click may change several."""
    await settings.change(world.context, GUILD, ADA, with_channel(20))
    await settings.change(
        world.context,
        GUILD,
        BEN,
        lambda now: now.model_copy(update={"channels": (), "rules": Rules(max_seconds=8)}),
    )
    rows = [(row.actor, row.what, row.subject, row.before, row.after) for row in await trail(world)]
    assert rows == [
        ("31", "setting", "channels", None, "20"),
        ("32", "setting", "channels", "20", None),
        ("32", "setting", "max_seconds", None, "8"),
    ]


@BOTH_ENGINES
async def test_the_same_interaction_twice_is_one_change(world: World) -> None:
    """A repeat leaves everything as it is by then."""
    await settings.change(world.context, GUILD, ADA, with_channel(20))
    await settings.change(world.context, GUILD, BEN, with_channel(21))
    again = await settings.change(world.context, GUILD, ADA, with_channel(20))
    assert again.channels == (20, 21)
    assert len(await trail(world)) == 2


@BOTH_ENGINES
async def test_a_change_of_nothing_leaves_no_trace(world: World) -> None:
    """Nobody is named for what they did not do."""
    await settings.change(world.context, GUILD, ADA, unchanged)
    assert await trail(world) == []


@BOTH_ENGINES
async def test_settings_that_break_rules_are_not_stored(world: World) -> None:
    """Nothing of them is, and nothing is on record."""
    with pytest.raises(BrokenRules):
        await settings.change(
            world.context,
            GUILD,
            ADA,
            lambda now: now.model_copy(update={"channels": (20,), "keep_inputs_days": 0}),
        )
    assert await settings.read(world.context, GUILD) == ServerSettings()
    assert await trail(world) == []


@BOTH_ENGINES
async def test_of_many_managers_at_once_nobody_loses_anything(world: World) -> None:
    """Each changes what the others have left."""
    many = [
        settings.change(world.context, GUILD, replace(ADA, interaction_id=n), with_channel(n))
        for n in range(1, 21)
    ]
    await asyncio.gather(*many)
    assert {*(await settings.read(world.context, GUILD)).channels} == {*range(1, 21)}
    befores = [(row.before or "").count(",") for row in await trail(world)]
    assert befores == [0, *range(19)]


@BOTH_ENGINES
async def test_old_and_unknown_fields_do_no_harm(world: World) -> None:
    """A setting of another version is passed over, and what is not there yet has its default."""
    await stored(world, '{"channels": [20], "horoscope": "daily", "rules": {"mood": "blue"}}')
    assert await settings.read(world.context, GUILD) == ServerSettings(channels=(20,))


@BOTH_ENGINES
@pytest.mark.parametrize("text", ["", "{", "[]", '{"channels": "all"}', '{"spoilers": "maybe"}'])
async def test_settings_that_can_not_be_read_are_an_error_in_the_log(
    world: World, text: str
) -> None:
    """The defaults count then, and a manager can set everything anew."""
    await stored(world, text)
    with capture_logs() as logs:
        assert await settings.read(world.context, GUILD) == ServerSettings()
    assert [(log["log_level"], log["server"]) for log in logs] == [("error", GUILD)]
    changed = await settings.change(world.context, GUILD, ADA, with_channel(20))
    assert await settings.read(world.context, GUILD) == changed
