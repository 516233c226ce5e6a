"""A bot that knows nothing of the stand-in is used on the page, with all that it offers."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from sandbox.demo.discord import DemoDiscord
from sandbox.discord import DiscordOptions
from tests.harness.other_bot import PICTURE, OtherBot
from tests.harness.page_client import Json, Page, opened
from tests.harness.stock_client import running

COMMANDS = {"travel", "buttons", "things", "layout", "card", "secret", "silent", "here", "form"}
PREMIUM = 6


@pytest.fixture
async def stand_in() -> AsyncIterator[DemoDiscord]:
    """Open a stand-in that takes a bot for silent soon."""
    options = DiscordOptions(sends_per_window=50, token_sends_per_window=50, ack_seconds=1)
    async with DemoDiscord(options) as found:
        yield found


@pytest.fixture
async def page(stand_in: DemoDiscord) -> AsyncIterator[Page]:
    """Open the page as Ada in #general, with the other bot behind it."""
    async with running(stand_in, OtherBot()), opened(stand_in) as found:
        await stand_in.until_commands(COMMANDS)
        await found.go(stand_in.member("Ada"), stand_in.channel("general"))
        yield found


def answers(text: str) -> Callable[[Json], bool]:
    return lambda entry: text in entry.get("content", "")


async def test_commands_take_their_options_and_suggest(page: Page, stand_in: DemoDiscord) -> None:
    """Text, number, choice, user and file arrive; suggestions come while typing."""
    found = await page.done(do="suggest", command="travel", option="city", text="b", values={})
    assert [choice["value"] for choice in found["choices"]] == ["Berlin", "Bremen"]
    await page.done(
        {"ticket": ("ticket.pdf", b"12345")},
        do="type",
        command="travel",
        values={"city": "Bremen", "days": 3, "by": "boat"},
        things={"guest": str(stand_in.member("Ben").id)},
    )
    entry = await page.entry(answers("Bremen, 3, boat, Ben, 5 bytes"))
    assert entry["used"] == {"user": "Ada", "name": "travel", "kind": "command"}


async def test_buttons_count_fail_and_open_forms(page: Page) -> None:
    """An edit shows in place; silence is a failure under the message, until the next click."""
    await page.done(do="type", command="buttons")
    message = (await page.entry(answers("Press one")))["id"]
    styles = [one["style"] for one in page.entries[message]["components"][0]["components"]]
    assert PREMIUM in styles
    await page.done(do="click", message=message, custom_id="silent")
    failed = await page.entry(lambda entry: "failure" in entry)
    assert (failed["failure"], failed["about"]) == ("This interaction failed", message)
    await page.done(do="click", message=message, custom_id="count")
    await page.until(lambda: "Counted 1" in json.dumps(page.entries[message]))
    assert failed["id"] not in page.entries
    await page.done(do="choose", message=message, custom_id="colours", chosen=["red", "blue"])
    assert (await page.entry(answers("colours: blue, red")))["private"]
    await page.done(do="click", message=message, custom_id="fill")
    assert (await page.form())["form"]["title"] == "Writing"


async def test_a_silent_command_is_told_and_can_be_dismissed(page: Page) -> None:
    """The notice is the member's own, a line of its own, and goes away."""
    begun = await page.done(do="type", command="silent")
    failed = await page.entry(lambda entry: "failure" in entry)
    assert failed["id"] == begun["interaction"]
    assert failed["failure"] == "The application did not respond"
    assert (failed["about"], failed["private"]) == (None, True)
    await page.done(do="dismiss", message=failed["id"])
    await page.until(lambda: failed["id"] not in page.entries)


async def test_menus_take_users_roles_and_channels(page: Page, stand_in: DemoDiscord) -> None:
    """Each kind by id; what the menu does not offer is refused."""
    guild = stand_in.world.guild()
    role = next(found for found in guild.roles.values() if found.name == "Manager")
    ben, videos = stand_in.member("Ben"), stand_in.channel("videos")
    thread = stand_in.channel("videos-talk")
    await page.done(do="type", command="things")
    message = (await page.entry(answers("Choose")))["id"]
    for custom_id, chosen, expected in (
        ("users", [ben.id, stand_in.member("Ada").id], "users: ada, ben"),
        ("roles", [role.id], "roles: Manager"),
        ("roles", [], "roles: nothing"),
        ("mentionables", [role.id, ben.id], "mentionables: Manager, ben"),
        ("channels", [videos.id], "channels: videos"),
    ):
        given = [str(one) for one in chosen]
        await page.done(do="choose", message=message, custom_id=custom_id, chosen=given)
        await page.entry(answers(expected))
    for custom_id, wrong in (
        ("users", role.id),
        ("roles", ben.id),
        ("channels", thread.id),
        ("channels", stand_in.channel("videos", "Big Screen").id),
    ):
        await page.refused(do="choose", message=message, custom_id=custom_id, chosen=[str(wrong)])


async def test_a_layout_has_its_files_and_changes_in_place(page: Page) -> None:
    """It thinks first; then pictures and file are found by their links; a button edits it."""
    await page.done(do="type", command="layout")
    entry = await page.entry(lambda entry: "# A title" in json.dumps(entry))
    assert entry["attachments"] == []
    parts = entry["components"][0]["components"]
    media = [item["media"] for item in parts[2]["items"]]
    assert [(one["width"], one["height"]) for one in media] == [(1, 1), (1, 1)]
    assert await page.get(media[0]["url"]) == (200, PICTURE)
    assert await page.get(parts[3]["file"]["url"]) == (200, b"to be read")
    await page.done(do="click", message=entry["id"], custom_id="more")
    await page.until(lambda: "and more" in json.dumps(page.entries[entry["id"]]))


async def test_an_embed_shows_the_picture_that_came_with_it(page: Page) -> None:
    """As a link in the embed; it is not listed below the message once more."""
    await page.done(do="type", command="card")
    entry = await page.entry(lambda entry: entry.get("embeds"))
    assert entry["attachments"] == []
    assert await page.get(entry["embeds"][0]["image"]["url"]) == (200, PICTURE)


async def test_a_form_of_texts_and_files_comes_back(page: Page) -> None:
    """The form stays until the bot has taken it; what it does not take is refused first."""
    await page.done(do="type", command="form writing")
    form = await page.form()
    kinds = [part.get("component", part)["type"] for part in form["form"]["components"]]
    assert kinds == [10, 4, 4, 19, 21]
    order: dict[str, Any] = {"do": "submit", "interaction": form["id"]}
    assert "name" in await page.refused(**order, values={"name": "B", "size": "m"})
    assert "size" in await page.refused(**order, values={"name": "Bo"})
    await page.done(
        {"files": ("a.txt", b"abc"), "files/2": ("b.txt", b"")},
        **order,
        values={"name": "Bo", "size": "m"},
    )
    await page.entry(answers("Bo; no story; a.txt 3, b.txt 0; m"))
    await page.until(lambda: page.room["forms"] == [])
    assert await page.refused(**order, values={}) == "no form is open"


async def test_a_form_of_choices_comes_back(page: Page, stand_in: DemoDiscord) -> None:
    """Defaults count where nothing is chosen; ticks are true or false."""
    ids = [str(stand_in.member(name).id) for name in ("Ada", "Ben")]
    await page.done(do="type", command="form choosing")
    form = await page.form()
    order: dict[str, Any] = {"do": "submit", "interaction": form["id"]}
    for wrong in ({"agreed": "yes"}, {"days": ["Sun"]}, {"days": "Mon"}, {"days": ["Mon", "Mon"]}):
        await page.refused(**order, values={"users": ids, **wrong})
    values = {"users": ids, "days": ["Mon", "Wed"], "agreed": True}
    await page.done(**order, values=values)
    entry = await page.entry(answers("green; ada, ben; nothing; Mon, Wed; True"))
    assert entry["private"]


async def test_a_form_of_roles_comes_back(page: Page, stand_in: DemoDiscord) -> None:
    """Roles, and users beside roles."""
    role = next(r for r in stand_in.world.guild().roles.values() if r.name == "Manager")
    await page.done(do="type", command="form granting")
    form = await page.form()
    values = {"role": [str(role.id)], "whom": [str(role.id), str(stand_in.member("Ben").id)]}
    await page.done(do="submit", interaction=form["id"], values=values)
    await page.entry(answers("Manager; Manager, ben"))


async def test_a_closed_form_is_gone(page: Page) -> None:
    """It is not shown again, and can not be sent off."""
    await page.done(do="type", command="form granting")
    form = await page.form()
    await page.done(do="close", interaction=form["id"])
    await page.until(lambda: page.room["forms"] == [])
    await page.refused(do="submit", interaction=form["id"], values={})


async def test_a_form_that_the_bot_does_not_take_stays(page: Page, stand_in: DemoDiscord) -> None:
    """With a word about it, so that nothing written is lost; then it can be sent off again."""
    await page.done(do="type", command="form granting")
    form = await page.form()
    role = next(r for r in stand_in.world.guild().roles.values() if r.name == "Manager")
    order: dict[str, Any] = {
        "do": "submit",
        "interaction": form["id"],
        "values": {"role": [str(role.id)], "whom": [str(role.id)]},
    }
    stand_in.gateway.is_away = True
    await stand_in.gateway.drop(1001)
    await page.done(**order)
    assert "on its way" in await page.refused(**order)
    await page.until(lambda: page.room["forms"] and page.room["forms"][0]["error"])
    assert page.room["forms"][0]["error"] == "Something went wrong. Try again."
    stand_in.gateway.is_away = False
    await page.until(lambda: page.world["connected"])
    await page.done(**order)
    await page.entry(answers("Manager; Manager"))


async def test_menus_of_messages_and_users_come_through(page: Page, stand_in: DemoDiscord) -> None:
    """A message's from the message, a user's from the channel; private answers have none."""
    await page.done(do="say", text="a word")
    spoken = await page.entry(answers("a word"))
    await page.done(do="menu", message=spoken["id"], command="Quote")
    entry = await page.entry(answers("> a word"))
    assert entry["used"] == {"user": "Ada", "name": "Quote", "kind": "menu"}
    ben = str(stand_in.member("Ben").id)
    await page.done(do="menu", user=ben, command="Who is this")
    told = await page.entry(answers("Ben"))
    assert told["private"]
    await page.refused(do="menu", message=told["id"], command="Quote")
    await page.refused(do="menu", message=spoken["id"], command="Who is this")
    await page.refused(do="menu", user="7", command="Who is this")
    await page.done(do="dismiss", message=told["id"])
    await page.until(lambda: told["id"] not in page.entries)
    await page.refused(do="dismiss", message=spoken["id"])


async def test_everything_works_in_the_direct_channel(page: Page, stand_in: DemoDiscord) -> None:
    """Commands, buttons, menus and words, without any server; servers' commands are not there."""
    ada = stand_in.member("Ada")
    await page.go(ada, ada.direct_channel)
    offered = {command["name"] for command in page.world["direct_commands"]}
    assert offered == COMMANDS - {"here", "form"} | {"Quote", "Who is this"}
    assert "direct messages" in await page.refused(do="type", command="here")
    await page.done(do="type", command="buttons")
    message = (await page.entry(answers("Press one")))["id"]
    await page.done(do="click", message=message, custom_id="count")
    await page.until(lambda: "Counted" in json.dumps(page.entries[message]))
    await page.done(do="choose", message=message, custom_id="colours", chosen=["red"])
    await page.entry(answers("colours: red"))
    await page.done(do="click", message=message, custom_id="fill")
    form = await page.form()
    values = {"name": "Ada", "size": "s"}
    await page.done(do="submit", interaction=form["id"], values=values)
    await page.entry(answers("Ada; no story; nothing; s"))
    sent = list(stand_in.interactions)[-1]
    assert (sent.channel, sent.user) == (ada.direct_channel, ada.user)
    ben = stand_in.member("Ben")
    await page.go(ben, ada.direct_channel)
    assert page.room["hidden"]
    await page.refused(do="say", text="let me in")


async def test_it_runs_as_a_process_of_its_own(stand_in: DemoDiscord) -> None:
    """With nothing but three settings."""
    settings = {
        "DISCORD_API_URL": stand_in.api_url,
        "DISCORD_GATEWAY_URL": stand_in.gateway_url,
        "DISCORD_TOKEN": stand_in.token,
    }
    program = ("-m", "tests.harness.other_bot")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *program, env={**os.environ, **settings}
    )
    try:
        await stand_in.until_commands(COMMANDS)
        answer = await stand_in.member("Ada").type(stand_in.channel("general"), "secret")
        assert (await answer.until_answered()).text == "between us"
    finally:
        process.kill()
        await process.wait()
