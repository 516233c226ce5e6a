import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from domain.audit_log import Change
from domain.errors import RulesViolated
from domain.guild_settings import AppliesTo, GenerationRules, GuildSettings
from domain.money import MicroUSD
from storage import audit_log, guild_settings
from tests.harness.workflow import BOTH_ENGINES, GUILD, WorkflowHarness
from workflow.billing.quotas import Actor
from workflow.guilds import settings

ADA = Actor(user_id=31, interaction_id=901)
BEN = Actor(user_id=32, interaction_id=902)


def with_channel(channel_id: int) -> settings.SettingsChange:
    return lambda now: now.model_copy(update={"channels": (*now.channels, channel_id)})


def unchanged(now: GuildSettings) -> GuildSettings:
    return now


async def changes(world: WorkflowHarness) -> list[Change]:
    """Read the audit log, oldest first."""
    return (await world.database.read(lambda tx: audit_log.list_latest(tx, GUILD, 50)))[::-1]


async def stored(world: WorkflowHarness, text: str) -> None:
    await world.database.transact(lambda tx: guild_settings.save_settings(tx, GUILD, text, 0))


async def test_a_server_without_settings_has_the_defaults(harness: WorkflowHarness) -> None:
    """Nothing has to be set before a server is used."""
    assert await settings.read(harness.context, GUILD) == GuildSettings()


@BOTH_ENGINES
async def test_what_is_changed_is_read_again(harness: WorkflowHarness) -> None:
    """Every kind of field survives being written down, on this server alone."""

    def everything(now: GuildSettings) -> GuildSettings:
        return now.model_copy(
            update={
                "rules": GenerationRules(max_seconds=8, default_sound=True),
                "channels": (20,),
                "confirm_above": MicroUSD(1_000_000),
                "banned": ("gun", "/a+/"),
                "spoilers": AppliesTo.ALL,
            }
        )

    changed = await settings.change(harness.context, GUILD, ADA, everything)
    assert await settings.read(harness.context, GUILD) == changed == everything(GuildSettings())
    assert await settings.read(harness.context, GUILD + 1) == GuildSettings()


async def test_each_fact_that_changed_is_on_record(harness: WorkflowHarness) -> None:
    """Who, from what to what; what stayed is not mentioned, and one click may change several."""
    await settings.change(harness.context, GUILD, ADA, with_channel(20))
    await settings.change(
        harness.context,
        GUILD,
        BEN,
        lambda now: now.model_copy(
            update={"channels": (), "rules": GenerationRules(max_seconds=8)}
        ),
    )
    rows = [
        (row.actor, row.what, row.subject, row.before, row.after) for row in await changes(harness)
    ]
    assert rows == [
        ("31", "setting", "channels", None, "20"),
        ("32", "setting", "channels", "20", None),
        ("32", "setting", "max_seconds", None, "8"),
    ]


@BOTH_ENGINES
async def test_the_same_interaction_twice_is_one_change(harness: WorkflowHarness) -> None:
    """A repeat leaves everything as it is by then."""
    await settings.change(harness.context, GUILD, ADA, with_channel(20))
    await settings.change(harness.context, GUILD, BEN, with_channel(21))
    again = await settings.change(harness.context, GUILD, ADA, with_channel(20))
    assert again.channels == (20, 21)
    assert len(await changes(harness)) == 2


async def test_a_change_of_nothing_leaves_no_trace(harness: WorkflowHarness) -> None:
    """Nobody is named for what they did not do."""
    await settings.change(harness.context, GUILD, ADA, unchanged)
    assert await changes(harness) == []


async def test_settings_that_break_rules_are_not_stored(harness: WorkflowHarness) -> None:
    """Nothing of them is, and nothing is on record."""
    with pytest.raises(RulesViolated):
        await settings.change(
            harness.context,
            GUILD,
            ADA,
            lambda now: now.model_copy(update={"channels": (20,), "keep_inputs_days": 0}),
        )
    assert await settings.read(harness.context, GUILD) == GuildSettings()
    assert await changes(harness) == []


@BOTH_ENGINES
async def test_of_many_managers_at_once_nobody_loses_anything(harness: WorkflowHarness) -> None:
    """Each changes what the others have left."""
    many = [
        settings.change(harness.context, GUILD, replace(ADA, interaction_id=n), with_channel(n))
        for n in range(1, 21)
    ]
    await asyncio.gather(*many)
    assert {*(await settings.read(harness.context, GUILD)).channels} == {*range(1, 21)}
    befores = [(row.before or "").count(",") for row in await changes(harness)]
    assert befores == [0, *range(19)]


async def test_old_and_unknown_fields_do_no_harm(harness: WorkflowHarness) -> None:
    """A setting of another version is passed over, and what is not there yet has its default.

    Remixes are off where they are not named: 0.3.0 has stored it.
    """
    await stored(harness, '{"channels": [20], "horoscope": "daily", "rules": {"mood": "blue"}}')
    found = await settings.read(harness.context, GUILD)
    assert found == GuildSettings(channels=(20,), remix_allowed=False)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"channels": "all"}', '{"spoilers": "maybe"}'])
async def test_settings_that_can_not_be_read_are_an_error_in_the_log(
    harness: WorkflowHarness, text: str
) -> None:
    """The defaults count then, but for private videos, which may have been switched off."""
    await stored(harness, text)
    with capture_logs() as logs:
        found = await settings.read(harness.context, GUILD)
    assert found == GuildSettings(private_allowed=False, remix_allowed=False)
    assert [(log["log_level"], log["server"]) for log in logs] == [("error", GUILD)]
    changed = await settings.change(harness.context, GUILD, ADA, with_channel(20))
    assert await settings.read(harness.context, GUILD) == changed
