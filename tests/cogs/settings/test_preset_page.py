"""The managers' side of presets: added, edited, renamed and deleted on the panel."""

import pytest

from domain.models import AspectRatio, ModelId, Resolution
from domain.presets import Preset
from sandbox.discord import FakeDiscord, MemberClient
from tests.harness.bot import BotHarness
from tests.harness.panel_driver import PanelDriver, modal_values
from workflow.billing.quotas import Actor
from workflow.guilds import presets

NOIR = {"name": "Film noir", "suffix": "black and white, hard light", "seconds": ["8"]}


@pytest.fixture
def maxim(fake_discord: FakeDiscord) -> MemberClient:
    """Give a member with Manage Server."""
    return fake_discord.member("Max")


@pytest.fixture
async def panel(harness: BotHarness, maxim: MemberClient) -> PanelDriver:
    return await (await PanelDriver.open_panel(harness, maxim)).go_to_page("presets")


async def kept(harness: BotHarness, person: MemberClient) -> list[Preset]:
    return await presets.list_presets(harness.context, person.guild.id)


async def test_a_preset_is_added_edited_and_deleted(
    harness: BotHarness, panel: PanelDriver, maxim: MemberClient
) -> None:
    """After it is added, its page offers what the form has no room for."""
    await panel.fill_modal("add", **NOIR, model=["seedance-2-0"], aspect_ratio=["21:9"])
    await panel.select("resolution", "1080p")
    await panel.select("sound", "on")
    first = Preset(
        name="Film noir",
        suffix="black and white, hard light",
        model=ModelId.SEEDANCE_2_0,
        seconds=8,
        resolution=Resolution.P1080,
        aspect_ratio=AspectRatio.CINEMA,
        sound=True,
    )
    assert await kept(harness, maxim) == [first]
    assert (
        "**Film noir**: Seedance 2.0 · 8 s · 1080p · 21:9 · with sound · adds words" in panel.text
    )
    assert f"Last change: preset Film noir changed by <@{maxim.id}>" in panel.text
    form = await panel.open_modal("edit")
    assert modal_values(form) == {
        "name": "Film noir",
        "suffix": "black and white, hard light",
        "model": "seedance-2-0",
        "seconds": "8",
        "aspect_ratio": "21:9",
    }
    await panel.submit_modal(form, name="Noir", seconds=["-"])
    changed = first.model_copy(update={"name": "Noir", "seconds": None})
    assert await kept(harness, maxim) == [changed]
    await panel.click("remove")
    assert await kept(harness, maxim) == []
    assert "None yet." in panel.text


async def test_presets_are_listed_and_chosen(
    harness: BotHarness, panel: PanelDriver, maxim: MemberClient
) -> None:
    """On their page and, by name, on the first one; the panel goes on after a restart."""
    await panel.fill_modal("add", **NOIR)
    await panel.fill_modal("add", name="Anime", suffix="cel shading")
    await harness.restart()
    await panel.select("choose", "Film noir")
    assert "> black and white, hard light" in panel.text
    assert panel.selected_values("choose") == ["Film noir"]
    await panel.go_to_page("presets")
    assert "- **Anime**: adds words\n- **Film noir**: 8 s · adds words" in panel.text
    assert "**Anime**, **Film noir**" in (await panel.go_to_page("home")).text


async def test_a_preset_that_breaks_rules_comes_back_as_it_was_typed(
    harness: BotHarness, panel: PanelDriver, maxim: MemberClient
) -> None:
    """All rules are named at once, and the corrected form is accepted."""
    typed = {"name": " ", "seconds": ["15"], "model": ["seedance-1-5-pro"]}
    await panel.fill_modal("add", **typed)
    assert "Give the preset a name." in panel.text
    assert "Seedance 1.5 Pro can't make this length" in panel.text
    form = await panel.open_modal("Edit again")
    assert modal_values(form) == {
        "name": " ",
        "suffix": "",
        "model": "seedance-1-5-pro",
        "seconds": "15",
        "aspect_ratio": "-",
    }
    await panel.submit_modal(form, name="Quick", seconds=["4"])
    assert [one.seconds for one in await kept(harness, maxim)] == [4]


async def test_a_name_is_given_once(
    harness: BotHarness, panel: PanelDriver, maxim: MemberClient
) -> None:
    """Neither a new preset nor a renamed one comes over another; its own name may be respelled."""
    await panel.fill_modal("add", **NOIR)
    await panel.fill_modal("add", name="FILM  NOIR", suffix="x")
    assert "This name is taken" in panel.text
    await panel.go_to_page("presets")
    await panel.fill_modal("add", name="Anime", suffix="cel shading")
    await panel.fill_modal("edit", name="film noir")
    assert "This name is taken" in panel.text
    await panel.go_to_page("presets")
    await (await panel.select("choose", "Anime")).fill_modal("edit", name="ANIME")
    assert [one.name for one in await kept(harness, maxim)] == ["ANIME", "Film noir"]


async def test_a_preset_that_is_deleted_meanwhile_is_not_made_again(
    harness: BotHarness, panel: PanelDriver, maxim: MemberClient, fake_discord: FakeDiscord
) -> None:
    """The older panel is told so; its button to delete does nothing more."""
    await panel.fill_modal("add", **NOIR)
    other = await PanelDriver.open_panel(harness, fake_discord.member("Olga"))
    await (await other.go_to_page("presets")).select("choose", "Film noir")
    form = await other.open_modal("edit")
    await panel.click("remove")
    await other.select("sound", "on")
    assert "This preset was deleted." in other.text
    await other.submit_modal(form, suffix="again")
    assert "This preset was deleted." in other.text
    assert await kept(harness, maxim) == []


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
    harness: BotHarness, panel: PanelDriver, maxim: MemberClient
) -> None:
    """Whatever is in it, its page opens, and what is changed there is kept."""
    for name in HOSTILE:
        await (await panel.go_to_page("home")).go_to_page("presets")
        await panel.fill_modal("add", name=name, suffix="**y** [z](https://x.example)")
        await (await panel.go_to_page("home")).go_to_page("presets")
        await (await panel.select("choose", name)).select("sound", "off")
        (preset,) = await kept(harness, maxim)
        assert (preset.name, preset.sound) == (name, False)
        for live in ("**x**", "<@1>", "**y**", "[z](", "\u202e", "**`", "@everyone"):
            assert live not in panel.text
        await panel.click("remove")


async def test_the_fullest_page_of_presets_is_within_discords_limits(
    harness: BotHarness, panel: PanelDriver, maxim: MemberClient
) -> None:
    """Twenty-five with long names; one more is refused."""
    for number in range(25):
        ratio = AspectRatio.WIDE
        preset = Preset(name=f"{number:02}" + "*" * 30, suffix="*" * 500, aspect_ratio=ratio)
        await presets.save(harness.context, maxim.guild.id, Actor(maxim.id, number), preset)
    await panel.go_to_page("home")
    assert len((await panel.go_to_page("presets")).text) <= 4_000
    await panel.fill_modal("add", name="one more", suffix="x")
    assert "up to 25 presets" in panel.text
    assert len((await panel.go_to_page("home")).text) <= 4_000
    assert len(await kept(harness, maxim)) == 25
