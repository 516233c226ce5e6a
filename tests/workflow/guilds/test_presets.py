"""Presets as managers save and remove them, with a trail of who did what."""

import asyncio

import pytest

from domain.errors import BrokenRules
from domain.presets import Preset
from storage import audit_log
from tests.harness.workflow import BOTH_ENGINES, GUILD, World
from workflow.billing.quotas import Manager, house
from workflow.guilds import presets

NOIR = Preset(name="Noir", suffix="film grain")


def manager(interaction_id: int) -> Manager:
    return Manager(user_id=7, interaction_id=interaction_id)


async def trail(world: World) -> list[tuple[str, str | None, str | None]]:
    """List the changes, oldest first."""
    found = await world.database.read(lambda tx: audit_log.latest(tx, GUILD, 99))
    return [(one.subject, one.before, one.after) for one in reversed(found)]


@BOTH_ENGINES
async def test_saving_changing_and_removing_leave_a_trail(world: World):
    """From what to what; the same again, or removing nothing, leaves none."""
    changed = NOIR.model_copy(update={"suffix": "rain"})
    assert await presets.save(world.context, GUILD, manager(1), NOIR) is None
    assert await presets.save(world.context, GUILD, manager(2), NOIR) == NOIR
    assert await presets.save(world.context, GUILD, manager(3), changed, over="noir") == NOIR
    assert await presets.remove(world.context, GUILD, manager(4), "  nOIR ") == changed
    assert await presets.remove(world.context, GUILD, manager(5), "Noir") is None
    assert await presets.listed(world.context, GUILD) == []
    grain, rain = '{"name":"Noir","suffix":"film grain"}', '{"name":"Noir","suffix":"rain"}'
    assert await trail(world) == [
        ("preset:noir", None, grain),
        ("preset:noir", grain, rain),
        ("preset:noir", rain, None),
    ]


@BOTH_ENGINES
async def test_one_click_may_give_a_preset_a_new_name(world: World):
    """All at once, and twice is once; the trail says from what to what."""
    film = NOIR.model_copy(update={"name": "Film"})
    await presets.save(world.context, GUILD, manager(1), NOIR)
    for _ in range(2):
        await presets.save(world.context, GUILD, manager(2), film, over="Noir")
    assert await presets.listed(world.context, GUILD) == [film]
    assert [what for what, *_ in await trail(world)] == ["preset:noir", "preset:film"]


@BOTH_ENGINES
async def test_a_preset_comes_over_no_other_than_the_one_meant(world: World):
    """Not a new one, not a renamed one, nor one whose own was deleted; nothing changes."""
    film = Preset(name="Film", sound=True)
    await presets.save(world.context, GUILD, manager(1), NOIR)
    await presets.save(world.context, GUILD, manager(2), film)
    renamed = NOIR.model_copy(update={"name": "FILM"})
    for number, (preset, over) in enumerate([(renamed, "Noir"), (renamed, ""), (NOIR, "Gone")]):
        changed = preset.model_copy(update={"suffix": "rain"})
        with pytest.raises(BrokenRules):
            await presets.save(world.context, GUILD, manager(3 + number), changed, over=over)
    assert await presets.listed(world.context, GUILD) == [film, NOIR]
    assert len(await trail(world)) == 2


@BOTH_ENGINES
async def test_a_server_has_25_presets_at_most_also_when_many_save_at_once(world: World):
    """One more is refused, one of a known name is not; another server has its own."""
    saves = [
        presets.save(world.context, GUILD, manager(n), Preset(name=f"p{n}", sound=True))
        for n in range(1, 31)
    ]
    outcomes = await asyncio.gather(*saves, return_exceptions=True)
    assert sum(isinstance(outcome, BrokenRules) for outcome in outcomes) == 5
    known = await presets.listed(world.context, GUILD)
    assert len(known) == presets.MOST
    again = Preset(name=known[0].name.upper(), sound=False)
    await presets.save(world.context, GUILD, manager(99), again, over=again.name)
    await presets.save(world.context, GUILD + 1, manager(100), NOIR)
    assert len(await presets.listed(world.context, GUILD)) == presets.MOST


@BOTH_ENGINES
async def test_a_preset_that_breaks_rules_is_not_saved(world: World):
    """Nothing is written, no trail left."""
    with pytest.raises(BrokenRules):
        await presets.save(world.context, GUILD, manager(1), Preset(name=""))
    assert await presets.listed(world.context, GUILD) == []
    assert await trail(world) == []


@BOTH_ENGINES
async def test_the_money_s_last_changes_are_not_pushed_out_by_presets(world: World):
    """What is shown with quotas is about money alone."""
    await presets.save(world.context, GUILD, manager(1), NOIR)
    assert (await house(world.context, GUILD)).changes == ()
