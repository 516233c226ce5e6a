"""Presets as managers save and remove them, with an audit log of who did what."""

import asyncio

import pytest

from domain.errors import RulesViolated
from domain.presets import Preset
from storage import audit_log
from tests.harness.workflow import BOTH_ENGINES, GUILD, WorkflowHarness
from workflow.billing.quotas import Actor, read_server_limits
from workflow.guilds import presets

NOIR = Preset(name="Noir", suffix="film grain")


def manager(interaction_id: int) -> Actor:
    return Actor(user_id=7, interaction_id=interaction_id)


async def changes(world: WorkflowHarness) -> list[tuple[str, str | None, str | None]]:
    """List the changes, oldest first."""
    found = await world.database.read(lambda tx: audit_log.list_latest(tx, GUILD, 99))
    return [(one.subject, one.before, one.after) for one in reversed(found)]


@BOTH_ENGINES
async def test_saving_changing_and_removing_are_in_the_audit_log(harness: WorkflowHarness):
    """From what to what; the same again, or removing nothing, leaves none."""
    changed = NOIR.model_copy(update={"suffix": "rain"})
    assert await presets.save(harness.context, GUILD, manager(1), NOIR) is None
    assert await presets.save(harness.context, GUILD, manager(2), NOIR) == NOIR
    assert await presets.save(harness.context, GUILD, manager(3), changed, replaces="noir") == NOIR
    assert await presets.remove(harness.context, GUILD, manager(4), "  nOIR ") == changed
    assert await presets.remove(harness.context, GUILD, manager(5), "Noir") is None
    assert await presets.list_presets(harness.context, GUILD) == []
    grain, rain = '{"name":"Noir","suffix":"film grain"}', '{"name":"Noir","suffix":"rain"}'
    assert await changes(harness) == [
        ("preset:Noir", None, grain),
        ("preset:Noir", grain, rain),
        ("preset:Noir", rain, None),
    ]


async def test_one_click_may_give_a_preset_a_new_name(harness: WorkflowHarness):
    """All at once, and twice is once; the audit log says from what to what."""
    film = NOIR.model_copy(update={"name": "Film"})
    await presets.save(harness.context, GUILD, manager(1), NOIR)
    for _ in range(2):
        await presets.save(harness.context, GUILD, manager(2), film, replaces="Noir")
    assert await presets.list_presets(harness.context, GUILD) == [film]
    assert [what for what, *_ in await changes(harness)] == ["preset:Noir", "preset:Film"]


async def test_a_preset_comes_over_no_other_than_the_one_meant(harness: WorkflowHarness):
    """Not a new one, not a renamed one, nor one whose own was deleted; nothing changes."""
    film = Preset(name="Film", sound=True)
    await presets.save(harness.context, GUILD, manager(1), NOIR)
    await presets.save(harness.context, GUILD, manager(2), film)
    renamed = NOIR.model_copy(update={"name": "FILM"})
    for number, (preset, over) in enumerate([(renamed, "Noir"), (renamed, ""), (NOIR, "Gone")]):
        changed = preset.model_copy(update={"suffix": "rain"})
        with pytest.raises(RulesViolated):
            await presets.save(harness.context, GUILD, manager(3 + number), changed, replaces=over)
    assert await presets.list_presets(harness.context, GUILD) == [film, NOIR]
    assert len(await changes(harness)) == 2


@BOTH_ENGINES
async def test_a_server_has_25_presets_at_most_also_when_many_save_at_once(
    harness: WorkflowHarness,
):
    """One more is refused, one of a known name is not; another server has its own."""
    saves = [
        presets.save(harness.context, GUILD, manager(n), Preset(name=f"p{n}", sound=True))
        for n in range(1, 31)
    ]
    outcomes = await asyncio.gather(*saves, return_exceptions=True)
    assert sum(isinstance(outcome, RulesViolated) for outcome in outcomes) == 5
    known = await presets.list_presets(harness.context, GUILD)
    assert len(known) == presets.MAX_PRESETS
    again = Preset(name=known[0].name.upper(), sound=False)
    await presets.save(harness.context, GUILD, manager(99), again, replaces=again.name)
    await presets.save(harness.context, GUILD + 1, manager(100), NOIR)
    assert len(await presets.list_presets(harness.context, GUILD)) == presets.MAX_PRESETS


async def test_a_preset_that_breaks_rules_is_not_saved(harness: WorkflowHarness):
    """Nothing is written, not even in the audit log."""
    with pytest.raises(RulesViolated):
        await presets.save(harness.context, GUILD, manager(1), Preset(name=""))
    assert await presets.list_presets(harness.context, GUILD) == []
    assert await changes(harness) == []


async def test_the_money_s_last_changes_are_not_pushed_out_by_presets(harness: WorkflowHarness):
    """What is shown with quotas is about money alone."""
    await presets.save(harness.context, GUILD, manager(1), NOIR)
    assert (await read_server_limits(harness.context, GUILD)).changes == ()
