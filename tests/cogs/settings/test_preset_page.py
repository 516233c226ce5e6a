"""The managers' side of presets: added, edited, renamed and deleted on the panel."""

import pytest

from domain.models import AspectRatio, ModelId, Resolution
from domain.presets import Preset
from sandbox.discord import DiscordStandIn, Person
from tests.harness.bot import House
from tests.harness.panel_driver import Sitting, fields
from workflow.billing.quotas import Manager
from workflow.guilds import presets

NOIR = {"name": "Film noir", "suffix": "black and white, hard light", "seconds": ["8"]}


@pytest.fixture
def maxim(stand_in: DiscordStandIn) -> Person:
    """Give a member with Manage Server."""
    return stand_in.member("Max")


@pytest.fixture
async def panel(home: House, maxim: Person) -> Sitting:
    return await (await Sitting.begin(home, maxim)).turn("presets")


async def kept(home: House, person: Person) -> list[Preset]:
    return await presets.listed(home.context, person.guild.id)


async def test_a_preset_is_added_edited_and_deleted(
    home: House, panel: Sitting, maxim: Person
) -> None:
    """After it is added, its page offers what the form has no room for."""
    await panel.fill("add", **NOIR, model=["seedance-2-0"], aspect_ratio=["21:9"])
    await panel.choose("resolution", "1080p")
    await panel.choose("sound", "on")
    first = Preset(
        name="Film noir",
        suffix="black and white, hard light",
        model=ModelId.SEEDANCE_2_0,
        seconds=8,
        resolution=Resolution.P1080,
        aspect_ratio=AspectRatio.CINEMA,
        sound=True,
    )
    assert await kept(home, maxim) == [first]
    assert (
        "**Film noir**: Seedance 2.0 · 8 s · 1080p · 21:9 · with sound · adds words" in panel.text
    )
    assert f"Last change: preset film noir changed by <@{maxim.id}>" in panel.text
    form = await panel.open("edit")
    assert fields(form) == {
        "name": "Film noir",
        "suffix": "black and white, hard light",
        "model": "seedance-2-0",
        "seconds": "8",
        "aspect_ratio": "21:9",
    }
    await panel.send(form, name="Noir", seconds=["-"])
    changed = first.model_copy(update={"name": "Noir", "seconds": None})
    assert await kept(home, maxim) == [changed]
    await panel.press("remove")
    assert await kept(home, maxim) == []
    assert "There are none." in panel.text


async def test_presets_are_listed_and_chosen(home: House, panel: Sitting, maxim: Person) -> None:
    """On their page and, by name, on the first one; the panel goes on after a restart."""
    await panel.fill("add", **NOIR)
    await panel.fill("add", name="Anime", suffix="cel shading")
    await home.restart()
    await panel.choose("choose", "Film noir")
    assert "> black and white, hard light" in panel.text
    assert panel.chosen("choose") == ["Film noir"]
    await panel.turn("presets")
    assert "- **Anime**: adds words\n- **Film noir**: 8 s · adds words" in panel.text
    assert "**Anime**, **Film noir**" in (await panel.turn("home")).text


async def test_a_preset_that_breaks_rules_comes_back_as_it_was_typed(
    home: House, panel: Sitting, maxim: Person
) -> None:
    """All rules are named at once, and the mended form is taken."""
    typed = {"name": "", "seconds": ["15"], "model": ["seedance-1-5-pro"]}
    await panel.fill("add", **typed)
    assert "A preset needs a name." in panel.text
    assert "Seedance 1.5 Pro does not make this length" in panel.text
    form = await panel.open("Edit again")
    assert fields(form) == {
        "name": "",
        "suffix": "",
        "model": "seedance-1-5-pro",
        "seconds": "15",
        "aspect_ratio": "-",
    }
    await panel.send(form, name="Quick", seconds=["4"])
    assert [one.seconds for one in await kept(home, maxim)] == [4]


async def test_a_name_is_given_once(home: House, panel: Sitting, maxim: Person) -> None:
    """Neither a new preset nor a renamed one comes over another; its own name may be respelled."""
    await panel.fill("add", **NOIR)
    await panel.fill("add", name="FILM  NOIR", suffix="x")
    assert "of this name already" in panel.text
    await panel.turn("presets")
    await panel.fill("add", name="Anime", suffix="cel shading")
    await panel.fill("edit", name="film noir")
    assert "of this name already" in panel.text
    await panel.turn("presets")
    await (await panel.choose("choose", "Anime")).fill("edit", name="ANIME")
    assert [one.name for one in await kept(home, maxim)] == ["ANIME", "Film noir"]


async def test_a_preset_that_is_deleted_meanwhile_is_not_made_again(
    home: House, panel: Sitting, maxim: Person, stand_in: DiscordStandIn
) -> None:
    """The older panel is told so; its button to delete does nothing more."""
    await panel.fill("add", **NOIR)
    other = await Sitting.begin(home, stand_in.member("Olga"))
    await (await other.turn("presets")).choose("choose", "Film noir")
    form = await other.open("edit")
    await panel.press("remove")
    await other.choose("sound", "on")
    assert "This preset is deleted." in other.text
    await other.send(form, suffix="again")
    assert "This preset is deleted." in other.text
    assert await kept(home, maxim) == []


HOSTILE = (
    "**x** <@1>",
    "a:b:c",
    "\u202eevil",
    "`code`",
    "@everyone",
    "x" * 32,
    "\u0390" * 32,
)


async def test_a_hostile_name_is_shown_as_it_is_and_still_chosen(
    home: House, panel: Sitting, maxim: Person
) -> None:
    """Whatever stands in it, its page opens, and what is changed there is kept."""
    for name in HOSTILE:
        await (await panel.turn("home")).turn("presets")
        await panel.fill("add", name=name, suffix="**y** [z](https://x.example)")
        await (await panel.turn("home")).turn("presets")
        await (await panel.choose("choose", name)).choose("sound", "off")
        (preset,) = await kept(home, maxim)
        assert (preset.name, preset.sound) == (name, False)
        for live in ("**x**", "<@1>", "**y**", "[z](", "\u202e", "**`", "@everyone"):
            assert live not in panel.text
        await panel.press("remove")


async def test_the_fullest_page_of_presets_is_within_discords_limits(
    home: House, panel: Sitting, maxim: Person
) -> None:
    """Twenty-five with long names; one more is refused."""
    for number in range(25):
        ratio = AspectRatio.WIDE
        preset = Preset(name=f"{number:02}" + "*" * 30, suffix="*" * 500, aspect_ratio=ratio)
        await presets.save(home.context, maxim.guild.id, Manager(maxim.id, number), preset)
    await panel.turn("home")
    assert len((await panel.turn("presets")).text) <= 4_000
    await panel.fill("add", name="one more", suffix="x")
    assert "25 presets at most" in panel.text
    assert len((await panel.turn("home")).text) <= 4_000
    assert len(await kept(home, maxim)) == 25
