"""A bot that is not made for the stand-in is used on the page, with all that it offers."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from sandbox.demo.discord import DemoDiscord
from sandbox.discord import DiscordConfig
from tests.harness.other_bot import PICTURE, OtherBot
from tests.harness.page_client import Json, PageClient, open_page
from tests.harness.service import PATIENT
from tests.harness.stock_client import run_bot

COMMANDS = {"travel", "buttons", "things", "layout", "card", "secret", "silent", "here", "form"}
PREMIUM = 6


WITH_SILENCE = pytest.mark.parametrize("fake_discord", [DiscordConfig().ack_seconds], indirect=True)


@pytest.fixture
async def fake_discord(request: pytest.FixtureRequest) -> AsyncIterator[DemoDiscord]:
    """Open a stand-in that takes no slow bot for silent, unless that is the matter."""
    ack_seconds = getattr(request, "param", PATIENT.ack_seconds)
    options = DiscordConfig(sends_per_window=50, token_sends_per_window=50, ack_seconds=ack_seconds)
    async with DemoDiscord(options) as found:
        yield found


@pytest.fixture
async def page(fake_discord: DemoDiscord) -> AsyncIterator[PageClient]:
    """Open the page as Ada in #general, with the other bot behind it."""
    async with run_bot(fake_discord, OtherBot()), open_page(fake_discord) as found:
        await fake_discord.wait_for_commands(COMMANDS)
        await found.go_to(fake_discord.member("Ada"), fake_discord.channel("general"))
        yield found


def answers(text: str) -> Callable[[Json], bool]:
    return lambda entry: text in entry.get("content", "")


async def test_commands_take_their_options_and_suggest(
    page: PageClient, fake_discord: DemoDiscord
) -> None:
    """Text, number, choice, user and file arrive; suggestions come while typing."""
    found = await page.act_ok(do="suggest", command="travel", option="city", text="b", values={})
    assert [choice["value"] for choice in found["choices"]] == ["Berlin", "Bremen"]
    await page.act_ok(
        {"ticket": ("ticket.pdf", b"12345")},
        do="type",
        command="travel",
        values={"city": "Bremen", "days": 3, "by": "boat"},
        things={"guest": str(fake_discord.member("Ben").id)},
    )
    entry = await page.wait_for_entry(answers("Bremen, 3, boat, Ben, 5 bytes"))
    assert entry["used"] == {"user": "Ada", "name": "travel", "kind": "command"}


@WITH_SILENCE
async def test_buttons_count_fail_and_open_forms(page: PageClient) -> None:
    """An edit shows in place; silence is a failure under the message, until the next click."""
    await page.act_ok(do="type", command="buttons")
    message = (await page.wait_for_entry(answers("Press one")))["id"]
    styles = [one["style"] for one in page.entries[message]["components"][0]["components"]]
    assert PREMIUM in styles
    await page.act_ok(do="click", message=message, custom_id="silent")
    failed = await page.wait_for_entry(lambda entry: "failure" in entry)
    assert (failed["failure"], failed["about"]) == ("This interaction failed", message)
    await page.act_ok(do="click", message=message, custom_id="count")
    await page.until(lambda: "Counted 1" in json.dumps(page.entries[message]))
    assert failed["id"] not in page.entries
    await page.act_ok(do="choose", message=message, custom_id="colours", chosen=["red", "blue"])
    assert (await page.wait_for_entry(answers("colours: blue, red")))["private"]
    await page.act_ok(do="click", message=message, custom_id="fill")
    assert (await page.wait_for_form())["form"]["title"] == "Writing"


@WITH_SILENCE
async def test_a_silent_command_is_told_and_can_be_dismissed(page: PageClient) -> None:
    """The notice is the member's own, a line of its own, and goes away."""
    begun = await page.act_ok(do="type", command="silent")
    failed = await page.wait_for_entry(lambda entry: "failure" in entry)
    assert failed["id"] == begun["interaction"]
    assert failed["failure"] == "The application did not respond"
    assert (failed["about"], failed["private"]) == (None, True)
    await page.act_ok(do="dismiss", message=failed["id"])
    await page.until(lambda: failed["id"] not in page.entries)


async def test_menus_take_users_roles_and_channels(
    page: PageClient, fake_discord: DemoDiscord
) -> None:
    """Each kind by id; what the menu does not offer is refused."""
    guild = fake_discord.world.guild()
    role = next(found for found in guild.roles.values() if found.name == "Manager")
    ben, videos = fake_discord.member("Ben"), fake_discord.channel("videos")
    thread = fake_discord.channel("videos-talk")
    await page.act_ok(do="type", command="things")
    message = (await page.wait_for_entry(answers("Choose")))["id"]
    for custom_id, chosen, expected in (
        ("users", [ben.id, fake_discord.member("Ada").id], "users: ada, ben"),
        ("roles", [role.id], "roles: Manager"),
        ("roles", [], "roles: nothing"),
        ("mentionables", [role.id, ben.id], "mentionables: Manager, ben"),
        ("channels", [videos.id], "channels: videos"),
    ):
        given = [str(one) for one in chosen]
        await page.act_ok(do="choose", message=message, custom_id=custom_id, chosen=given)
        await page.wait_for_entry(answers(expected))
    for custom_id, wrong in (
        ("users", role.id),
        ("roles", ben.id),
        ("channels", thread.id),
        ("channels", fake_discord.channel("videos", "Big Screen").id),
    ):
        await page.act_refused(
            do="choose", message=message, custom_id=custom_id, chosen=[str(wrong)]
        )


async def test_a_layout_has_its_files_and_changes_in_place(page: PageClient) -> None:
    """It thinks first; then pictures and file are found by their links; a button edits it."""
    await page.act_ok(do="type", command="layout")
    entry = await page.wait_for_entry(lambda entry: "# A title" in json.dumps(entry))
    assert entry["attachments"] == []
    parts = entry["components"][0]["components"]
    media = [item["media"] for item in parts[2]["items"]]
    assert [(one["width"], one["height"]) for one in media] == [(1, 1), (1, 1)]
    assert await page.get(media[0]["url"]) == (200, PICTURE)
    assert await page.get(parts[3]["file"]["url"]) == (200, b"to be read")
    await page.act_ok(do="click", message=entry["id"], custom_id="more")
    await page.until(lambda: "and more" in json.dumps(page.entries[entry["id"]]))


async def test_an_embed_shows_the_picture_that_came_with_it(page: PageClient) -> None:
    """As a link in the embed; it is not listed below the message once more."""
    await page.act_ok(do="type", command="card")
    entry = await page.wait_for_entry(lambda entry: entry.get("embeds"))
    assert entry["attachments"] == []
    assert await page.get(entry["embeds"][0]["image"]["url"]) == (200, PICTURE)


async def test_a_form_of_texts_and_files_comes_back(page: PageClient) -> None:
    """The form stays until the bot has taken it; what it does not take is refused first."""
    await page.act_ok(do="type", command="form writing")
    form = await page.wait_for_form()
    kinds = [part.get("component", part)["type"] for part in form["form"]["components"]]
    assert kinds == [10, 4, 4, 19, 21]
    order: dict[str, Any] = {"do": "submit", "interaction": form["id"]}
    assert "name" in await page.act_refused(**order, values={"name": "B", "size": "m"})
    assert "size" in await page.act_refused(**order, values={"name": "Bo"})
    await page.act_ok(
        {"files": ("a.txt", b"abc"), "files/2": ("b.txt", b"")},
        **order,
        values={"name": "Bo", "size": "m"},
    )
    await page.wait_for_entry(answers("Bo; no story; a.txt 3, b.txt 0; m"))
    await page.until(lambda: page.channel["forms"] == [])
    assert await page.act_refused(**order, values={}) == "no form is open"


async def test_a_form_of_choices_comes_back(page: PageClient, fake_discord: DemoDiscord) -> None:
    """Defaults count where nothing is chosen; ticks are true or false."""
    ids = [str(fake_discord.member(name).id) for name in ("Ada", "Ben")]
    await page.act_ok(do="type", command="form choosing")
    form = await page.wait_for_form()
    order: dict[str, Any] = {"do": "submit", "interaction": form["id"]}
    for wrong in ({"agreed": "yes"}, {"days": ["Sun"]}, {"days": "Mon"}, {"days": ["Mon", "Mon"]}):
        await page.act_refused(**order, values={"users": ids, **wrong})
    values = {"users": ids, "days": ["Mon", "Wed"], "agreed": True}
    await page.act_ok(**order, values=values)
    entry = await page.wait_for_entry(answers("green; ada, ben; nothing; Mon, Wed; True"))
    assert entry["private"]


async def test_a_form_of_roles_comes_back(page: PageClient, fake_discord: DemoDiscord) -> None:
    """Roles, and users beside roles."""
    role = next(r for r in fake_discord.world.guild().roles.values() if r.name == "Manager")
    await page.act_ok(do="type", command="form granting")
    form = await page.wait_for_form()
    values = {"role": [str(role.id)], "whom": [str(role.id), str(fake_discord.member("Ben").id)]}
    await page.act_ok(do="submit", interaction=form["id"], values=values)
    await page.wait_for_entry(answers("Manager; Manager, ben"))


async def test_a_closed_form_is_gone(page: PageClient) -> None:
    """It is not shown again, and cannot be submitted."""
    await page.act_ok(do="type", command="form granting")
    form = await page.wait_for_form()
    await page.act_ok(do="close", interaction=form["id"])
    await page.until(lambda: page.channel["forms"] == [])
    await page.act_refused(do="submit", interaction=form["id"], values={})


@WITH_SILENCE
async def test_a_form_that_the_bot_does_not_take_stays(
    page: PageClient, fake_discord: DemoDiscord
) -> None:
    """With a word about it, so that nothing written is lost; then it can be sent off again."""
    await page.act_ok(do="type", command="form granting")
    form = await page.wait_for_form()
    role = next(r for r in fake_discord.world.guild().roles.values() if r.name == "Manager")
    order: dict[str, Any] = {
        "do": "submit",
        "interaction": form["id"],
        "values": {"role": [str(role.id)], "whom": [str(role.id)]},
    }
    fake_discord.gateway.is_unavailable = True
    await fake_discord.gateway.drop_connections(1001)
    await page.act_ok(**order)
    assert "on its way" in await page.act_refused(**order)
    await page.until(lambda: page.channel["forms"] and page.channel["forms"][0]["error"])
    assert page.channel["forms"][0]["error"] == "Something went wrong. Try again."
    fake_discord.gateway.is_unavailable = False
    await page.until(lambda: page.world["connected"])
    await page.act_ok(**order)
    await page.wait_for_entry(answers("Manager; Manager"))


async def test_menus_of_messages_and_users_come_through(
    page: PageClient, fake_discord: DemoDiscord
) -> None:
    """A message's from the message, a user's from the channel; private answers have none."""
    await page.act_ok(do="say", text="a word")
    spoken = await page.wait_for_entry(answers("a word"))
    await page.act_ok(do="menu", message=spoken["id"], command="Quote")
    entry = await page.wait_for_entry(answers("> a word"))
    assert entry["used"] == {"user": "Ada", "name": "Quote", "kind": "menu"}
    ben = str(fake_discord.member("Ben").id)
    await page.act_ok(do="menu", user=ben, command="Who is this")
    told = await page.wait_for_entry(answers("Ben"))
    assert told["private"]
    await page.act_refused(do="menu", message=told["id"], command="Quote")
    await page.act_refused(do="menu", message=spoken["id"], command="Who is this")
    await page.act_refused(do="menu", user="7", command="Who is this")
    await page.act_ok(do="dismiss", message=told["id"])
    await page.until(lambda: told["id"] not in page.entries)
    await page.act_refused(do="dismiss", message=spoken["id"])


async def test_everything_works_in_the_direct_channel(
    page: PageClient, fake_discord: DemoDiscord
) -> None:
    """Commands, buttons, menus and words, without any server; servers' commands are not there."""
    ada = fake_discord.member("Ada")
    await page.go_to(ada, ada.direct_channel)
    offered = {command["name"] for command in page.world["direct_commands"]}
    assert offered == COMMANDS - {"here", "form"} | {"Quote", "Who is this"}
    assert "direct messages" in await page.act_refused(do="type", command="here")
    await page.act_ok(do="type", command="buttons")
    message = (await page.wait_for_entry(answers("Press one")))["id"]
    await page.act_ok(do="click", message=message, custom_id="count")
    await page.until(lambda: "Counted" in json.dumps(page.entries[message]))
    await page.act_ok(do="choose", message=message, custom_id="colours", chosen=["red"])
    await page.wait_for_entry(answers("colours: red"))
    await page.act_ok(do="click", message=message, custom_id="fill")
    form = await page.wait_for_form()
    values = {"name": "Ada", "size": "s"}
    await page.act_ok(do="submit", interaction=form["id"], values=values)
    await page.wait_for_entry(answers("Ada; no story; nothing; s"))
    sent = list(fake_discord.interactions)[-1]
    assert (sent.channel, sent.user) == (ada.direct_channel, ada.user)
    ben = fake_discord.member("Ben")
    await page.go_to(ben, ada.direct_channel)
    assert page.channel["hidden"]
    await page.act_refused(do="say", text="let me in")


async def test_it_runs_as_a_process_of_its_own(fake_discord: DemoDiscord) -> None:
    """With nothing but three settings."""
    settings = {
        "DISCORD_API_URL": fake_discord.api_url,
        "DISCORD_GATEWAY_URL": fake_discord.gateway_url,
        "DISCORD_TOKEN": fake_discord.token,
    }
    program = ("-m", "tests.harness.other_bot")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *program, env={**os.environ, **settings}
    )
    try:
        await fake_discord.wait_for_commands(COMMANDS)
        answer = await fake_discord.member("Ada").run_command(
            fake_discord.channel("general"), "secret"
        )
        assert (await answer.until_answered()).text == "between us"
    finally:
        process.kill()
        await process.wait()
