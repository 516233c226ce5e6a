"""The panel of a server's settings: every page, every control, managers, strangers, restarts."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cogs.settings.fields import FIELDS_BY_PAGE, PAGE_TITLES
from domain.guild_settings import AppliesTo, GenerationRules, GuildSettings, OversizeFallback
from domain.models import AspectRatio, ModelId, Resolution
from domain.quotas import LimitKind, LimitTarget
from sandbox.discord import ClientActionRefused, FakeDiscord, MemberClient, Permission
from storage import key_value
from tests.harness.bot import BotHarness
from tests.harness.panel_driver import PanelDriver, modal_values
from workflow.billing import quotas
from workflow.billing.quotas import Actor
from workflow.guilds import settings
from workflow.reports.weekly_summary import iso_week_name, last_due_week

_NO_MANAGER = "You need *Manage Server*"


@pytest.fixture
def maxim(fake_discord: FakeDiscord) -> MemberClient:
    """Give a member with Manage Server."""
    return fake_discord.member("Max")


@pytest.fixture
def olga(fake_discord: FakeDiscord) -> MemberClient:
    """Give the owner."""
    return fake_discord.member("Olga")


async def kept(harness: BotHarness, person: MemberClient) -> GuildSettings:
    return await settings.read(harness.context, person.guild.id)


async def test_the_first_page_tells_what_is_set_and_what_is_as_it_comes(
    harness: BotHarness, maxim: MemberClient
) -> None:
    """Only what managers set is bold; every page is named in the menu."""
    panel = await PanelDriver.open_panel(harness, maxim)
    assert panel.panel.ephemeral
    assert "Spoilers: no video" in panel.text
    assert len(panel.find_control("turn")["options"]) == 9
    await (await panel.go_to_page("words")).select("spoilers", "sensitive")
    await panel.go_to_page("home")
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
    ("words", "spoilers", ["all"], {"spoilers": AppliesTo.ALL}),
    ("words", "age_gate", ["sensitive"], {"age_gate": AppliesTo.SENSITIVE}),
    ("keeping", "private_allowed", ["no"], {"private_allowed": False}),
    ("keeping", "too_large", ["copy"], {"too_large": (OversizeFallback.COPY,)}),
]


async def test_every_menu_of_choices_sets_what_it_says(
    harness: BotHarness, maxim: MemberClient
) -> None:
    """Each applies at once, shows the new state in place, and leaves all else as it is."""
    panel = await PanelDriver.open_panel(harness, maxim)
    expected = GuildSettings()
    for page, field, values, update in CHOICES:
        await (await panel.go_to_page(page)).select(field, *values)
        assert panel.selected_values(field) == values
        assert f"by <@{maxim.id}>" in panel.text
        if page == "models":
            rules = expected.rules.model_copy(update=update)
            expected = expected.model_copy(update={"rules": rules})
        else:
            expected = expected.model_copy(update=update)
        assert await kept(harness, maxim) == expected


async def test_what_is_left_open_again_is_as_it_comes(
    harness: BotHarness, maxim: MemberClient
) -> None:
    """By the first entry of a menu, or by choosing nothing of one that takes many."""
    panel = await (await PanelDriver.open_panel(harness, maxim)).go_to_page("models")
    await panel.select("models", "seedance-2-0")
    await panel.select("max_seconds", "8")
    await panel.select("models")
    await panel.select("max_seconds", "-")
    assert await kept(harness, maxim) == GuildSettings()


TEXTS: list[tuple[str, str, str, Any, str]] = [
    ("money", "confirm_above", "$1.5", 1_500_000, "$1.50"),
    ("money", "confirm_above", "", None, ""),
    ("words", "banned", "gore\n/bl[o0]+d/, gore", ("gore", "/bl[o0]+d/"), "gore\n/bl[o0]+d/"),
    ("words", "sensitive", "beach", ("beach",), "beach"),
    ("words", "sensitive", "", (), ""),
    ("keeping", "keep_inputs_days", "30", 30, "30"),
    ("keeping", "keep_results_days", "365", 365, "365"),
]


async def test_every_form_sets_what_is_typed(harness: BotHarness, maxim: MemberClient) -> None:
    """And shows it when it is opened again."""
    panel = await PanelDriver.open_panel(harness, maxim)
    for page, field, typed, value, shown in TEXTS:
        await (await panel.go_to_page(page)).fill_modal(field, text=typed)
        assert "I can't save this yet" not in panel.text
        assert getattr(await kept(harness, maxim), field) == value
        assert modal_values(await panel.open_modal(field)) == {"text": shown}


PACES: list[tuple[str, str, int | None]] = [
    ("cooldown", "90", 90),
    ("cooldown", "86400", 86_400),
    ("in_flight", "0", 0),
    ("in_flight", "100", 100),
    ("in_flight", "none", None),
]


async def test_the_pace_of_members_is_set_and_cleared(
    harness: BotHarness, maxim: MemberClient
) -> None:
    """They are limits of each member, like those of /quota."""
    panel = await (await PanelDriver.open_panel(harness, maxim)).go_to_page("money")
    for field, typed, amount in PACES:
        await panel.fill_modal(field, text=typed)
        (limit,) = (await quotas.read_server_limits(harness.context, maxim.guild.id)).limits
        assert (limit.target, limit.kind, limit.amount) == (
            LimitTarget.MEMBERS,
            LimitKind(field),
            amount,
        )
        assert modal_values(await panel.open_modal(field)) == {"text": typed}
        assert f"by <@{maxim.id}>" in panel.text
        await panel.fill_modal(field, text="")
        assert (await quotas.read_server_limits(harness.context, maxim.guild.id)).limits == ()


BROKEN: list[tuple[str, str, str, str]] = [
    ("money", "confirm_above", "5,00", "Write it like 1000"),
    ("money", "confirm_above", "-1", "Write it like 1000"),
    ("money", "cooldown", "86401", "0 to 86,400"),
    ("money", "cooldown", "soon", "0 to 86,400"),
    ("money", "in_flight", "101", "0 to 100"),
    ("money", "in_flight", "\u0665", "0 to 100"),
    ("keeping", "keep_inputs_days", "", "whole number of days"),
    ("keeping", "keep_results_days", "366", "365"),
    ("keeping", "keep_results_days", "0", "365"),
    ("words", "banned", "/(/", "/("),
]


async def test_what_breaks_a_rule_comes_back_as_it_was_typed(
    harness: BotHarness, maxim: MemberClient
) -> None:
    """The page names the rule, nothing is changed, and the corrected form is accepted."""
    panel = await PanelDriver.open_panel(harness, maxim)
    for page, field, typed, reason in BROKEN:
        before = await kept(harness, maxim)
        await (await panel.go_to_page(page)).fill_modal(field, text=typed)
        assert "I can't save this yet" in panel.text
        assert reason in panel.text.replace("\\", "")
        assert await kept(harness, maxim) == before
        form = await panel.open_modal("Edit again")
        assert modal_values(form) == {"text": typed}
        await panel.submit_modal(form, text="3")
        assert "I can't save this yet" not in panel.text


async def test_every_broken_rule_is_named_at_once(harness: BotHarness, maxim: MemberClient) -> None:
    """Of a menu too: the page shows the state that stays."""
    panel = await (await PanelDriver.open_panel(harness, maxim)).go_to_page("words")
    await panel.fill_modal("banned", text="/(/\n/[/")
    assert panel.text.count("\n- ") >= 2
    await (await panel.go_to_page("models")).select("default_model", "seedance-2-0")
    await panel.select("models", "seedance-1-5-pro")
    assert "I can't save this yet" in panel.text
    assert panel.selected_values("models") == []
    assert panel.selected_values("default_model") == ["seedance-2-0"]


async def test_a_panel_goes_on_after_a_restart(harness: BotHarness, maxim: MemberClient) -> None:
    """Its menus, its buttons, a form that was open, and what was mistyped, for a while."""
    panel = await (await PanelDriver.open_panel(harness, maxim)).go_to_page("words")
    form = await panel.open_modal("banned")
    await harness.restart()
    await panel.submit_modal(form, text="gore")
    await harness.restart()
    await panel.select("spoilers", "all")
    await (await panel.go_to_page("keeping")).fill_modal("keep_inputs_days", text="x")
    await harness.restart()
    assert modal_values(await panel.open_modal("Edit again")) == {"text": "x"}
    harness.clock_offset_ms = 16 * 60_000
    found = [one["custom_id"] for one in panel.components if one.get("label") == "Edit again"]
    gone = await (await maxim.click(panel.panel, found[0])).until_answered()
    assert "expired after" in gone.text
    now = await kept(harness, maxim)
    assert (now.banned, now.spoilers, now.keep_inputs_days) == (("gore",), AppliesTo.ALL, 40)


async def test_a_member_without_the_permission_is_not_offered_it(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Discord itself keeps the command from them."""
    with pytest.raises(ClientActionRefused):
        await ada.run_command(harness.channel, "settings", {})


async def test_who_lost_the_permission_changes_nothing_any_more(
    harness: BotHarness, fake_discord: FakeDiscord, maxim: MemberClient
) -> None:
    """Neither by a menu, nor a button, nor a form that was open; each gets a private answer."""
    panel = await (await PanelDriver.open_panel(harness, maxim)).go_to_page("words")
    form = await panel.open_modal("banned")
    await panel.fill_modal("banned", text="/(/")
    fake_discord.world.set_roles(maxim.guild, maxim.user)
    again = next(one["custom_id"] for one in panel.components if one.get("label") == "Edit again")
    for used in (
        await maxim.select(panel.panel, panel.find_control("spoilers")["custom_id"], ["all"]),
        await maxim.select(panel.panel, panel.find_control("turn")["custom_id"], ["money"]),
        await maxim.click(panel.panel, panel.find_control("banned")["custom_id"]),
        await maxim.click(panel.panel, again),
        await maxim.submit_modal(form, {"text": "gore"}),
    ):
        answered = await used.until_answered()
        assert _NO_MANAGER in answered.text
        assert answered.ephemeral
    assert await kept(harness, maxim) == GuildSettings()


async def test_of_two_managers_each_changes_only_what_they_chose(
    harness: BotHarness, maxim: MemberClient, olga: MemberClient
) -> None:
    """At once, and from a panel that shows an older state; the page says who was last."""
    first = await (await PanelDriver.open_panel(harness, maxim)).go_to_page("words")
    second = await (await PanelDriver.open_panel(harness, olga)).go_to_page("words")
    await asyncio.gather(
        first.select("spoilers", "all"),
        second.select("age_gate", "sensitive"),
    )
    await first.fill_modal("banned", text="gore")
    await second.select("spoilers", "sensitive")
    now = await kept(harness, maxim)
    assert (now.spoilers, now.age_gate, now.banned) == (
        AppliesTo.SENSITIVE,
        AppliesTo.SENSITIVE,
        ("gore",),
    )
    assert f"Spoilers, every video → videos with a sensitive word, by <@{olga.id}>" in second.text


async def test_channels_and_roles_are_picked_of_the_server(
    harness: BotHarness, fake_discord: FakeDiscord, maxim: MemberClient
) -> None:
    """Several where several may be; what is picked is shown as picked."""
    role = fake_discord.world.add_role(maxim.guild, "Filmmakers", Permission(0))
    videos, night = fake_discord.channel("videos"), fake_discord.channel("night")
    panel = await (await PanelDriver.open_panel(harness, maxim)).go_to_page("who")
    await panel.select("channels", videos, night)
    await panel.select("roles", role)
    assert panel.selected_values("channels") == [str(videos.id), str(night.id)]
    assert panel.selected_values("roles") == [str(role.id)]
    assert f"Roles, default → <@&{role.id}>" in panel.text
    await panel.go_to_page("channels")
    for field in ("result_channel", "showcase_channel", "summary_channel"):
        await panel.select(field, night)
        assert panel.selected_values(field) == [str(night.id)]
    now = await kept(harness, maxim)
    assert (now.channels, now.roles) == ((videos.id, night.id), (role.id,))
    assert {now.result_channel, now.showcase_channel, now.summary_channel} == {night.id}
    await panel.select("result_channel")
    assert (await kept(harness, maxim)).result_channel is None
    await panel.go_to_page("home")
    assert f"Showcase: **<#{night.id}>**" in panel.text
    assert "⚠️" not in panel.text


async def test_choosing_a_channel_for_the_weekly_summary_posts_none(
    harness: BotHarness, fake_discord: FakeDiscord, maxim: MemberClient
) -> None:
    """The summary of the week before counts as done, so the first one is about this week."""
    panel = await (await PanelDriver.open_panel(harness, maxim)).go_to_page("channels")
    await panel.select("summary_channel", fake_discord.channel("night"))
    week = iso_week_name(last_due_week(harness.context.now_ms()).first)
    noted = harness.context.database.read(lambda tx: key_value.get(tx, f"summary {maxim.guild.id}"))
    assert await noted == week


async def test_forums_are_offered_where_what_is_chosen_holds_for_their_posts(
    harness: BotHarness, maxim: MemberClient
) -> None:
    """Nothing can be posted to a forum itself, so it is no place for results."""
    panel = await PanelDriver.open_panel(harness, maxim)
    for page, field, forums in (
        ("who", "channels", True),
        ("channel", "choose", True),
        ("channels", "showcase_channel", False),
    ):
        await panel.go_to_page(page)
        assert ({15, 16} <= {*panel.find_control(field)["channel_types"]}) is forums


async def test_a_channel_that_is_closed_to_the_bot_is_warned_of(
    harness: BotHarness, fake_discord: FakeDiscord, maxim: MemberClient
) -> None:
    """On its page and on the first one, with the permission that is missing."""
    quiet = fake_discord.channel("quiet")
    panel = await (await PanelDriver.open_panel(harness, maxim)).go_to_page("channels")
    await panel.select("showcase_channel", quiet)
    warning = f"⚠️ I can't post in <#{quiet.id}>. I need *Send Messages* there."
    assert warning in panel.text
    assert warning in (await panel.go_to_page("home")).text


async def test_a_deleted_channel_or_role_is_warned_of_and_goes_with_the_next_choice(
    harness: BotHarness, fake_discord: FakeDiscord, maxim: MemberClient
) -> None:
    """Discord would refuse a menu that shows it as chosen."""
    lost, night = (
        fake_discord.world.add_channel(maxim.guild, "lost"),
        fake_discord.channel("night"),
    )
    panel = await (await PanelDriver.open_panel(harness, maxim)).go_to_page("who")
    await panel.select("channels", lost, night)
    await settings.change(
        harness.context,
        maxim.guild.id,
        Actor(maxim.id, 1),
        lambda before: before.model_copy(update={"roles": (9, 10)}),
    )
    fake_discord.world.delete_channel(lost)
    await panel.go_to_page("who")
    assert "⚠️ A channel you picked was deleted" in panel.text
    assert "⚠️ 2 roles you picked were deleted" in panel.text
    assert panel.selected_values("channels") == [str(night.id)]
    await panel.select("channels", *panel.selected_values("channels"))
    await panel.select("roles")
    assert "⚠️" not in panel.text
    assert (await kept(harness, maxim)).channels == (night.id,)


async def test_a_channel_has_rules_of_its_own_until_they_are_cleared(
    harness: BotHarness, fake_discord: FakeDiscord, maxim: MemberClient
) -> None:
    """The page begins with the channel that one is in; the first page lists those that differ."""
    night = fake_discord.channel("night")
    panel = await (await PanelDriver.open_panel(harness, maxim)).go_to_page("channel")
    assert panel.selected_values("choose") == [str(harness.channel.id)]
    await panel.select("max_seconds", "8")
    await panel.select("choose", night)
    for _, field, values, _ in [one for one in CHOICES if one[0] == "models"]:
        await panel.select(field, *values)
        assert panel.selected_values(field) == values
    now = await kept(harness, maxim)
    assert now.rules == GenerationRules()
    assert now.rules_for_channel(harness.channel.id) == GenerationRules(max_seconds=8)
    assert now.rules_for_channel(night.id).default_seconds == 6
    assert f"Default sound in <#{night.id}>, default → off" in panel.text
    await panel.click("clear")
    assert "differs from the rest of the server" in panel.text
    assert [one.channel_id for one in (await kept(harness, maxim)).overrides] == [
        harness.channel.id
    ]
    assert (
        f"<#{harness.channel.id}>: Longest video: **8 s**" in (await panel.go_to_page("home")).text
    )


async def test_rules_of_deleted_channels_are_swept_away(
    harness: BotHarness, fake_discord: FakeDiscord, maxim: MemberClient
) -> None:
    """They can no longer be chosen, so there is a button for all of them."""
    lost = fake_discord.world.add_channel(maxim.guild, "lost")
    panel = await (await PanelDriver.open_panel(harness, maxim)).go_to_page("channel")
    await panel.select("max_seconds", "8")
    await panel.select("choose", lost)
    await panel.select("max_seconds", "5")
    fake_discord.world.delete_channel(lost)
    await panel.go_to_page("channel")
    assert panel.find_control("sweep")["label"] == "Remove 1 deleted channel"
    await panel.click("sweep")
    assert [one.channel_id for one in (await kept(harness, maxim)).overrides] == [
        harness.channel.id
    ]


async def test_the_fullest_page_is_within_discords_limits(
    harness: BotHarness, fake_discord: FakeDiscord, maxim: MemberClient
) -> None:
    """A channel's page with every rule set, both its buttons, and a broken rule above it."""
    lost = fake_discord.world.add_channel(maxim.guild, "lost")
    panel = await (await PanelDriver.open_panel(harness, maxim)).go_to_page("channel")
    await panel.select("choose", lost)
    await panel.select("max_seconds", "5")
    fake_discord.world.delete_channel(lost)
    await panel.go_to_page("channel")
    for _, field, values, _ in [one for one in CHOICES if one[0] == "models"]:
        await panel.select(field, *values)
    await panel.select("models", "seedance-1-5-pro")
    assert "I can't save this yet" in panel.text
    assert {"clear", "sweep", "turn"} <= {
        one["custom_id"].split(":")[2] for one in panel.components if "custom_id" in one
    }
    assert len(panel.components) <= 40


async def test_the_fullest_overview_is_within_discords_limits(
    harness: BotHarness, fake_discord: FakeDiscord, maxim: MemberClient
) -> None:
    """Twenty-five channels closed to the bot, long lists of words, fifty channels that differ."""
    rows = [fake_discord.world.add_channel(maxim.guild, f"c{number}") for number in range(50)]
    for channel in rows:
        fake_discord.world.deny(channel, Permission.SEND_MESSAGES)
    panel = await (await PanelDriver.open_panel(harness, maxim)).go_to_page("who")
    await panel.select("channels", *rows[:25])
    await panel.go_to_page("words")
    for field in ("banned", "sensitive"):
        await panel.fill_modal(field, text="\n".join(f"*word* {number}" for number in range(200)))
    spelled: dict[str, Any] = {"max_seconds": 8, "default_seconds": 6, "default_sound": True}

    def everywhere(before: GuildSettings) -> GuildSettings:
        one = {"rules": spelled}
        rules = [{"channel_id": channel.id, **one} for channel in rows]
        return GuildSettings.model_validate({**before.model_dump(), "overrides": tuple(rules)})

    manager = Actor(maxim.id, 1)
    await settings.change(harness.context, maxim.guild.id, manager, everywhere)
    for page in ("home", "who", "words", "channel"):
        assert len((await panel.go_to_page(page)).text) <= 4_000


HOSTILE = (
    "**bold** ||x|| <@1> @everyone",
    "[a](https://x.example)",
    "\u202eevil\u202c",
    "`" * 60,
)


async def test_hostile_words_are_shown_as_they_are(
    harness: BotHarness, maxim: MemberClient
) -> None:
    """No markup of a manager's list comes alive, on its page, the first one or the record."""
    panel = await PanelDriver.open_panel(harness, maxim)
    for text in HOSTILE:
        await (await panel.go_to_page("words")).fill_modal("banned", text=text)
        assert "I can't save this yet" not in panel.text
        for page in ("words", "home"):
            shown = (await panel.go_to_page(page)).text
            for live in ("**bold**", "||x||", "<@1>", "@everyone", "[a](", "https://", "\u202e"):
                assert live not in shown
            assert "``" not in shown


def test_everything_on_the_panel_is_in_the_docs() -> None:
    """Each page and each control under the name that it bears."""
    docs = Path("docs/commands.md").read_text()
    named = [
        *PAGE_TITLES.values(),
        *(field.label for fields in FIELDS_BY_PAGE.values() for field in fields),
    ]
    assert [name for name in named if name not in docs] == []
