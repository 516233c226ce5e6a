"""The panel of a server's settings: every page, every control, managers, strangers, restarts."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cogs.settings.fields import KNOBS, TITLES
from domain.guild_settings import Rules, ServerSettings, TooLarge, Which
from domain.models import AspectRatio, ModelId, Resolution
from domain.quotas import Kind, Target
from sandbox.discord import ClientRefused, DiscordStandIn, Permission, Person
from tests.harness.bot import House
from tests.harness.panel_driver import Sitting, fields
from workflow.billing import quotas
from workflow.billing.quotas import Manager
from workflow.guilds import settings

_NO_MANAGER = "Only members with *Manage Server*"


@pytest.fixture
def maxim(stand_in: DiscordStandIn) -> Person:
    """Give a member with Manage Server."""
    return stand_in.member("Max")


@pytest.fixture
def olga(stand_in: DiscordStandIn) -> Person:
    """Give the owner."""
    return stand_in.member("Olga")


async def kept(home: House, person: Person) -> ServerSettings:
    return await settings.read(home.context, person.guild.id)


async def test_the_first_page_tells_what_is_set_and_what_is_as_it_comes(
    home: House, maxim: Person
) -> None:
    """Only what managers set is bold; every page is named in the menu."""
    panel = await Sitting.begin(home, maxim)
    assert panel.shown.ephemeral
    assert "Spoilers: no video" in panel.text
    assert len(panel.control("turn")["options"]) == 9
    await (await panel.turn("words")).choose("spoilers", "sensitive")
    await panel.turn("home")
    assert "Spoilers: **videos with a sensitive word**" in panel.text
    assert "Age-restricted channels: no video" in panel.text


CHOICES: list[tuple[str, str, list[str], dict[str, Any]]] = [
    ("models", "models", ["seedance-2-0"], {"models": (ModelId.SEEDANCE_2_0,)}),
    ("models", "resolutions", ["480p", "720p"], {"resolutions": tuple(Resolution)[:2]}),
    ("models", "max_seconds", ["10"], {"max_seconds": 10}),
    ("models", "default_model", ["seedance-2-0"], {"default_model": ModelId.SEEDANCE_2_0}),
    ("models", "default_seconds", ["6"], {"default_seconds": 6}),
    ("models", "default_resolution", ["480p"], {"default_resolution": Resolution.P480}),
    ("models", "default_aspect_ratio", ["9:16"], {"default_aspect_ratio": AspectRatio.TALL}),
    ("models", "default_sound", ["off"], {"default_sound": False}),
    ("words", "spoilers", ["all"], {"spoilers": Which.ALL}),
    ("words", "age_gate", ["sensitive"], {"age_gate": Which.SENSITIVE}),
    ("keeping", "private_allowed", ["yes"], {"private_allowed": True}),
    ("keeping", "too_large", ["copy"], {"too_large": (TooLarge.COPY,)}),
]


async def test_every_menu_of_choices_sets_what_it_says(home: House, maxim: Person) -> None:
    """Each applies at once, shows the new state in place, and leaves all else as it is."""
    panel = await Sitting.begin(home, maxim)
    expected = ServerSettings()
    for page, knob, values, update in CHOICES:
        await (await panel.turn(page)).choose(knob, *values)
        assert panel.chosen(knob) == values
        assert f"by <@{maxim.id}>" in panel.text
        if page == "models":
            rules = expected.rules.model_copy(update=update)
            expected = expected.model_copy(update={"rules": rules})
        else:
            expected = expected.model_copy(update=update)
        assert await kept(home, maxim) == expected


async def test_what_is_left_open_again_is_as_it_comes(home: House, maxim: Person) -> None:
    """By the first entry of a menu, or by choosing nothing of one that takes many."""
    panel = await (await Sitting.begin(home, maxim)).turn("models")
    await panel.choose("models", "seedance-2-0")
    await panel.choose("max_seconds", "8")
    await panel.choose("models")
    await panel.choose("max_seconds", "-")
    assert await kept(home, maxim) == ServerSettings()


TEXTS: list[tuple[str, str, str, Any, str]] = [
    ("money", "confirm_above", "$1.5", 1_500_000, "$1.50"),
    ("money", "confirm_above", "", None, ""),
    ("words", "banned", "gore\n/bl[o0]+d/, gore", ("gore", "/bl[o0]+d/"), "gore\n/bl[o0]+d/"),
    ("words", "sensitive", "beach", ("beach",), "beach"),
    ("words", "sensitive", "", (), ""),
    ("keeping", "keep_inputs_days", "30", 30, "30"),
    ("keeping", "keep_results_days", "365", 365, "365"),
]


async def test_every_form_sets_what_is_typed(home: House, maxim: Person) -> None:
    """And shows it when it is opened again."""
    panel = await Sitting.begin(home, maxim)
    for page, knob, typed, value, shown in TEXTS:
        await (await panel.turn(page)).fill(knob, text=typed)
        assert "Nothing was changed" not in panel.text
        assert getattr(await kept(home, maxim), knob) == value
        assert fields(await panel.open(knob)) == {"text": shown}


PACES: list[tuple[str, str, int | None]] = [
    ("cooldown", "90", 90),
    ("cooldown", "86400", 86_400),
    ("in_flight", "0", 0),
    ("in_flight", "100", 100),
    ("in_flight", "none", None),
]


async def test_the_pace_of_members_is_set_and_cleared(home: House, maxim: Person) -> None:
    """They are limits of each member, like those of /quota."""
    panel = await (await Sitting.begin(home, maxim)).turn("money")
    for knob, typed, amount in PACES:
        await panel.fill(knob, text=typed)
        (limit,) = (await quotas.house(home.context, maxim.guild.id)).limits
        assert (limit.target, limit.kind, limit.amount) == (Target.MEMBERS, Kind(knob), amount)
        assert fields(await panel.open(knob)) == {"text": typed}
        assert f"by <@{maxim.id}>" in panel.text
        await panel.fill(knob, text="")
        assert (await quotas.house(home.context, maxim.guild.id)).limits == ()


BROKEN: list[tuple[str, str, str, str]] = [
    ("money", "confirm_above", "5,00", "plain dollars"),
    ("money", "confirm_above", "-1", "plain dollars"),
    ("money", "cooldown", "86401", "0 to 86,400"),
    ("money", "cooldown", "soon", "0 to 86,400"),
    ("money", "in_flight", "101", "0 to 100"),
    ("money", "in_flight", "\u0665", "0 to 100"),
    ("keeping", "keep_inputs_days", "", "whole number of days"),
    ("keeping", "keep_results_days", "366", "365"),
    ("keeping", "keep_results_days", "0", "365"),
    ("words", "banned", "/(/", "/("),
]


async def test_what_breaks_a_rule_comes_back_as_it_was_typed(home: House, maxim: Person) -> None:
    """The page names the rule, nothing is changed, and the mended form is taken."""
    panel = await Sitting.begin(home, maxim)
    for page, knob, typed, reason in BROKEN:
        before = await kept(home, maxim)
        await (await panel.turn(page)).fill(knob, text=typed)
        assert "Nothing was changed" in panel.text
        assert reason in panel.text.replace("\\", "")
        assert await kept(home, maxim) == before
        form = await panel.open("Edit again")
        assert fields(form) == {"text": typed}
        await panel.send(form, text="3")
        assert "Nothing was changed" not in panel.text


async def test_every_broken_rule_is_named_at_once(home: House, maxim: Person) -> None:
    """Of a menu too: the page shows the state that stays."""
    panel = await (await Sitting.begin(home, maxim)).turn("words")
    await panel.fill("banned", text="/(/\n/[/")
    assert panel.text.count("\n- ") >= 2
    await (await panel.turn("models")).choose("default_model", "seedance-2-0")
    await panel.choose("models", "seedance-1-5-pro")
    assert "Nothing was changed" in panel.text
    assert panel.chosen("models") == []
    assert panel.chosen("default_model") == ["seedance-2-0"]


async def test_a_panel_goes_on_after_a_restart(home: House, maxim: Person) -> None:
    """Its menus, its buttons, and a form that was open; only what was mistyped is gone."""
    panel = await (await Sitting.begin(home, maxim)).turn("words")
    form = await panel.open("banned")
    await home.restart()
    await panel.send(form, text="gore")
    await home.restart()
    await panel.choose("spoilers", "all")
    await (await panel.turn("keeping")).fill("keep_inputs_days", text="x")
    await home.restart()
    found = [one["custom_id"] for one in panel.parts if one.get("label") == "Edit again"]
    gone = await (await maxim.click(panel.shown, found[0])).until_answered()
    assert "it is gone" in gone.text
    now = await kept(home, maxim)
    assert (now.banned, now.spoilers, now.keep_inputs_days) == (("gore",), Which.ALL, 40)


async def test_a_member_without_the_permission_is_not_offered_it(home: House, ada: Person) -> None:
    """Discord itself keeps the command from them."""
    with pytest.raises(ClientRefused):
        await ada.type(home.channel, "settings", {})


async def test_who_lost_the_permission_changes_nothing_any_more(
    home: House, stand_in: DiscordStandIn, maxim: Person
) -> None:
    """Neither by a menu, nor a button, nor a form that was open; each gets a private answer."""
    panel = await (await Sitting.begin(home, maxim)).turn("words")
    form = await panel.open("banned")
    await panel.fill("banned", text="/(/")
    stand_in.world.set_roles(maxim.guild, maxim.user)
    again = next(one["custom_id"] for one in panel.parts if one.get("label") == "Edit again")
    for used in (
        await maxim.choose(panel.shown, panel.control("spoilers")["custom_id"], ["all"]),
        await maxim.choose(panel.shown, panel.control("turn")["custom_id"], ["money"]),
        await maxim.click(panel.shown, panel.control("banned")["custom_id"]),
        await maxim.click(panel.shown, again),
        await maxim.submit_modal(form, {"text": "gore"}),
    ):
        answered = await used.until_answered()
        assert _NO_MANAGER in answered.text
        assert answered.ephemeral
    assert await kept(home, maxim) == ServerSettings()


async def test_of_two_managers_each_changes_only_what_they_chose(
    home: House, maxim: Person, olga: Person
) -> None:
    """At once, and from a panel that shows an older state; the page tells who was last."""
    first = await (await Sitting.begin(home, maxim)).turn("words")
    second = await (await Sitting.begin(home, olga)).turn("words")
    await asyncio.gather(
        first.choose("spoilers", "all"),
        second.choose("age_gate", "sensitive"),
    )
    await first.fill("banned", text="gore")
    await second.choose("spoilers", "sensitive")
    now = await kept(home, maxim)
    assert (now.spoilers, now.age_gate, now.banned) == (Which.SENSITIVE, Which.SENSITIVE, ("gore",))
    assert f"Spoilers, all → sensitive, by <@{olga.id}>" in second.text


async def test_channels_and_roles_are_picked_of_the_server(
    home: House, stand_in: DiscordStandIn, maxim: Person
) -> None:
    """Several where several may be; what is picked is shown as picked."""
    role = stand_in.world.add_role(maxim.guild, "Filmmakers", Permission(0))
    videos, night = stand_in.channel("videos"), stand_in.channel("night")
    panel = await (await Sitting.begin(home, maxim)).turn("who")
    await panel.choose("channels", videos, night)
    await panel.choose("roles", role)
    assert panel.chosen("channels") == [str(videos.id), str(night.id)]
    assert panel.chosen("roles") == [str(role.id)]
    assert f"Roles, not set → <@&{role.id}>" in panel.text
    await panel.turn("channels")
    for knob in ("result_channel", "showcase_channel", "summary_channel"):
        await panel.choose(knob, night)
        assert panel.chosen(knob) == [str(night.id)]
    now = await kept(home, maxim)
    assert (now.channels, now.roles) == ((videos.id, night.id), (role.id,))
    assert {now.result_channel, now.showcase_channel, now.summary_channel} == {night.id}
    await panel.choose("result_channel")
    assert (await kept(home, maxim)).result_channel is None
    await panel.turn("home")
    assert f"Showcase: **<#{night.id}>**" in panel.text
    assert "⚠️" not in panel.text


async def test_forums_are_offered_where_what_is_chosen_holds_for_their_posts(
    home: House, maxim: Person
) -> None:
    """Nothing can be posted to a forum itself, so it is no place for results."""
    panel = await Sitting.begin(home, maxim)
    for page, knob, forums in (
        ("who", "channels", True),
        ("channel", "choose", True),
        ("channels", "showcase_channel", False),
    ):
        await panel.turn(page)
        assert ({15, 16} <= {*panel.control(knob)["channel_types"]}) is forums


async def test_a_channel_that_is_closed_to_the_bot_is_warned_of(
    home: House, stand_in: DiscordStandIn, maxim: Person
) -> None:
    """On its page and on the first one, with the permission that is missing."""
    quiet = stand_in.channel("quiet")
    panel = await (await Sitting.begin(home, maxim)).turn("channels")
    await panel.choose("showcase_channel", quiet)
    warning = f"⚠️ I can not post in <#{quiet.id}>: I lack *Send Messages* there."
    assert warning in panel.text
    assert warning in (await panel.turn("home")).text


async def test_a_deleted_channel_or_role_is_warned_of_and_goes_with_the_next_choice(
    home: House, stand_in: DiscordStandIn, maxim: Person
) -> None:
    """Discord would refuse a menu that shows it as chosen."""
    lost, night = (
        stand_in.world.add_channel(maxim.guild, "lost"),
        stand_in.channel("night"),
    )
    panel = await (await Sitting.begin(home, maxim)).turn("who")
    await panel.choose("channels", lost, night)
    await settings.change(
        home.context,
        maxim.guild.id,
        Manager(maxim.id, 1),
        lambda before: before.model_copy(update={"roles": (9, 10)}),
    )
    stand_in.world.delete_channel(lost)
    await panel.turn("who")
    assert "⚠️ A channel that was chosen is deleted" in panel.text
    assert "⚠️ 2 roles that were chosen are deleted" in panel.text
    assert panel.chosen("channels") == [str(night.id)]
    await panel.choose("channels", *panel.chosen("channels"))
    await panel.choose("roles")
    assert "⚠️" not in panel.text
    assert (await kept(home, maxim)).channels == (night.id,)


async def test_a_channel_has_rules_of_its_own_until_they_are_cleared(
    home: House, stand_in: DiscordStandIn, maxim: Person
) -> None:
    """The page begins with the channel that one is in; the first page lists those that differ."""
    night = stand_in.channel("night")
    panel = await (await Sitting.begin(home, maxim)).turn("channel")
    assert panel.chosen("choose") == [str(home.channel.id)]
    await panel.choose("max_seconds", "8")
    await panel.choose("choose", night)
    for _, knob, values, _ in [one for one in CHOICES if one[0] == "models"]:
        await panel.choose(knob, *values)
        assert panel.chosen(knob) == values
    now = await kept(home, maxim)
    assert now.rules == Rules()
    assert now.rules_in(home.channel.id) == Rules(max_seconds=8)
    assert now.rules_in(night.id).default_seconds == 6
    assert f"Default sound in <#{night.id}>, not set → no" in panel.text
    await panel.press("clear")
    assert "as on the rest of the server" in panel.text
    assert [one.channel_id for one in (await kept(home, maxim)).overrides] == [home.channel.id]
    assert f"<#{home.channel.id}>: Longest video: **8 s**" in (await panel.turn("home")).text


async def test_rules_of_deleted_channels_are_swept_away(
    home: House, stand_in: DiscordStandIn, maxim: Person
) -> None:
    """They can not be chosen any more, so there is a button for all of them."""
    lost = stand_in.world.add_channel(maxim.guild, "lost")
    panel = await (await Sitting.begin(home, maxim)).turn("channel")
    await panel.choose("max_seconds", "8")
    await panel.choose("choose", lost)
    await panel.choose("max_seconds", "5")
    stand_in.world.delete_channel(lost)
    await panel.turn("channel")
    assert panel.control("sweep")["label"] == "Clear 1 deleted channel"
    await panel.press("sweep")
    assert [one.channel_id for one in (await kept(home, maxim)).overrides] == [home.channel.id]


async def test_the_fullest_page_is_within_discords_limits(
    home: House, stand_in: DiscordStandIn, maxim: Person
) -> None:
    """A channel's page with every rule set, both its buttons, and a broken rule above it."""
    lost = stand_in.world.add_channel(maxim.guild, "lost")
    panel = await (await Sitting.begin(home, maxim)).turn("channel")
    await panel.choose("choose", lost)
    await panel.choose("max_seconds", "5")
    stand_in.world.delete_channel(lost)
    await panel.turn("channel")
    for _, knob, values, _ in [one for one in CHOICES if one[0] == "models"]:
        await panel.choose(knob, *values)
    await panel.choose("models", "seedance-1-5-pro")
    assert "Nothing was changed" in panel.text
    assert {"clear", "sweep", "turn"} <= {
        one["custom_id"].split(":")[2] for one in panel.parts if "custom_id" in one
    }
    assert len(panel.parts) <= 40


async def test_the_fullest_overview_is_within_discords_limits(
    home: House, stand_in: DiscordStandIn, maxim: Person
) -> None:
    """Twenty-five channels closed to the bot, long lists of words, fifty channels that differ."""
    rows = [stand_in.world.add_channel(maxim.guild, f"c{number}") for number in range(50)]
    for channel in rows:
        stand_in.world.deny(channel, Permission.SEND_MESSAGES)
    panel = await (await Sitting.begin(home, maxim)).turn("who")
    await panel.choose("channels", *rows[:25])
    await panel.turn("words")
    for knob in ("banned", "sensitive"):
        await panel.fill(knob, text="\n".join(f"*word* {number}" for number in range(200)))
    spelled: dict[str, Any] = {"max_seconds": 8, "default_seconds": 6, "default_sound": True}

    def everywhere(before: ServerSettings) -> ServerSettings:
        one = {"rules": spelled}
        rules = [{"channel_id": channel.id, **one} for channel in rows]
        return ServerSettings.model_validate({**before.model_dump(), "overrides": tuple(rules)})

    manager = Manager(maxim.id, 1)
    await settings.change(home.context, maxim.guild.id, manager, everywhere)
    for page in ("home", "who", "words", "channel"):
        assert len((await panel.turn(page)).text) <= 4_000


HOSTILE = (
    "**bold** ||x|| <@1> @everyone",
    "[a](https://x.example)",
    "\u202eevil\u202c",
    "`" * 60,
)


async def test_hostile_words_are_shown_as_they_are(home: House, maxim: Person) -> None:
    """No markup of a manager's list comes alive, on its page, the first one or the record."""
    panel = await Sitting.begin(home, maxim)
    for text in HOSTILE:
        await (await panel.turn("words")).fill("banned", text=text)
        assert "Nothing was changed" not in panel.text
        for page in ("words", "home"):
            shown = (await panel.turn(page)).text
            for live in ("**bold**", "||x||", "<@1>", "@everyone", "[a](", "https://", "\u202e"):
                assert live not in shown
            assert "``" not in shown


def test_everything_on_the_panel_is_in_the_docs() -> None:
    """Each page and each control under the name that it bears."""
    docs = Path("docs/commands.md").read_text()
    named = [*TITLES.values(), *(knob.label for knobs in KNOBS.values() for knob in knobs)]
    assert [name for name in named if name not in docs] == []
