"""The life of an interaction, seen on the wire."""

import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox.discord import (
    Channel,
    ClientActionRefused,
    DiscordConfig,
    FakeDiscord,
    Interaction,
    MemberClient,
    Upload,
    WaitTimeoutError,
)
from sandbox.discord.models import MIB
from tests.harness.stock_client import RestClient

EPHEMERAL = 1 << 6
LOADING = 1 << 7
V2 = 1 << 15


class HandClock:
    """A clock that a test sets forward."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


COMMANDS: list[dict[str, Any]] = [
    {
        "name": "video",
        "description": "Make a video",
        "options": [
            {"type": 3, "name": "prompt", "description": "p", "required": True, "max_length": 20},
            {"type": 4, "name": "duration", "description": "d", "min_value": 4, "max_value": 12},
            {"type": 4, "name": "guess", "description": "g", "autocomplete": True},
            {"type": 5, "name": "sound", "description": "s"},
            {"type": 11, "name": "image", "description": "i"},
            {
                "type": 3,
                "name": "model",
                "description": "m",
                "choices": [{"name": "The quick one", "value": "quick"}],
            },
        ],
    },
    {
        "name": "quota",
        "description": "Quotas",
        "default_member_permissions": str(1 << 5),
        "options": [{"type": 1, "name": "show", "description": "Show them"}],
    },
    {"name": "late", "description": "For adults", "nsfw": True},
    {"type": 3, "name": "Animate this image"},
]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def fake_discord(clock: HandClock) -> AsyncIterator[FakeDiscord]:
    """Open a stand-in whose clock is stopped, with commands registered."""
    options = DiscordConfig(ack_seconds=3, sends_per_window=50, token_sends_per_window=50)
    async with FakeDiscord(options, now=clock) as opened:
        opened.commands.overwrite(None, COMMANDS)
        yield opened


@pytest.fixture
def ada(fake_discord: FakeDiscord) -> MemberClient:
    return fake_discord.member("Ada")


@pytest.fixture
def videos(fake_discord: FakeDiscord) -> Channel:
    return fake_discord.channel("videos")


@pytest.fixture
async def typed(ada: MemberClient, videos: Channel) -> Interaction:
    return await ada.run_command(videos, "video", {"prompt": "a lake"})


def callback(interaction: Interaction) -> str:
    return f"/interactions/{interaction.id}/{interaction.token}/callback"


def webhook(fake_discord: FakeDiscord, interaction: Interaction, message: str = "") -> str:
    return f"/webhooks/{fake_discord.world.bot_user.id}/{interaction.token}{message}"


ORIGINAL = "/messages/@original"


async def test_a_deferred_answer_is_the_edit_of_it(
    fake_discord: FakeDiscord, rest: RestClient, typed: Interaction, videos: Channel
) -> None:
    """A private deferral shows nothing to anyone, and its edit stays private."""
    body = {"type": 5, "data": {"flags": EPHEMERAL}}
    status, answer = await rest("POST", callback(typed) + "?with_response=1", body)
    assert status == 200
    assert answer["interaction"]["response_message_loading"]
    _, original = await rest("GET", webhook(fake_discord, typed, ORIGINAL))
    assert original["flags"] & (EPHEMERAL | LOADING) == EPHEMERAL | LOADING
    assert not typed.is_answered
    status, edited = await rest(
        "PATCH", webhook(fake_discord, typed, ORIGINAL), {"content": "done"}
    )
    assert edited["flags"] == EPHEMERAL
    answered = await typed.until_answered()
    assert (answered.text, answered.ephemeral) == ("done", True)
    assert videos.messages == []


async def test_the_first_followup_after_a_deferral_is_the_deferred_message(
    fake_discord: FakeDiscord, rest: RestClient, typed: Interaction
) -> None:
    """It keeps the deferral's privacy, and the second one is a message of its own."""
    await rest("POST", callback(typed), {"type": 5, "data": {"flags": EPHEMERAL}})
    _, first = await rest("POST", webhook(fake_discord, typed), {"content": "one"})
    _, second = await rest("POST", webhook(fake_discord, typed), {"content": "two"})
    assert typed.original is not None
    assert first["id"] == str(typed.original.id) != second["id"]
    assert typed.ephemeral
    assert [message.text for message in typed.followups] == ["two"]


async def test_a_second_acknowledgement_is_refused(rest: RestClient, typed: Interaction) -> None:
    """Only one first answer is taken."""
    body = {"type": 4, "data": {"content": "hello"}}
    assert (await rest("POST", callback(typed), body))[0] == 204
    assert await rest.request_refused("POST", callback(typed), body) == (400, 40060)
    assert typed.text == "hello"


async def test_a_late_acknowledgement_is_refused(
    rest: RestClient, typed: Interaction, clock: HandClock
) -> None:
    """After three seconds the interaction is unknown."""
    clock.time += 3.1
    body = {"type": 4, "data": {"content": "hello"}}
    assert await rest.request_refused("POST", callback(typed), body) == (404, 10062)


async def test_an_interaction_without_an_answer_has_failed() -> None:
    """The member reads that the application did not respond."""
    async with FakeDiscord(DiscordConfig(ack_seconds=0.05)) as fake_discord:
        fake_discord.commands.overwrite(None, COMMANDS)
        typed = await fake_discord.member("Ada").run_command(
            fake_discord.channel("videos"), "video", {"prompt": "a lake"}
        )
        await typed.until_answered(within=120)
        assert typed.failed
        assert typed.text == "The application did not respond"


async def test_a_token_dies_after_a_quarter_of_an_hour(
    fake_discord: FakeDiscord, rest: RestClient, typed: Interaction, clock: HandClock
) -> None:
    """Up to then it works, without any bot token; afterwards it is 401 with code 50027."""
    await rest("POST", callback(typed), {"type": 5})
    place = webhook(fake_discord, typed, ORIGINAL)
    clock.time += 899
    nobody = {"Authorization": ""}
    assert (await rest("PATCH", place, {"content": "late"}, headers=nobody))[0] == 200
    clock.time += 2
    assert await rest.request_refused("PATCH", place, {"content": "dead"}) == (401, 50027)
    assert await rest.request_refused("POST", webhook(fake_discord, typed), {"content": "x"}) == (
        401,
        50027,
    )


async def test_a_token_is_worth_nothing_before_the_first_answer(
    fake_discord: FakeDiscord, rest: RestClient, typed: Interaction
) -> None:
    """Nor is one that was never given out."""
    place = webhook(fake_discord, typed)
    assert await rest.request_refused("POST", place, {"content": "x"}) == (404, 10015)
    made_up = f"/webhooks/{fake_discord.world.bot_user.id}/made-up"
    assert await rest.request_refused("POST", made_up, {"content": "x"}) == (401, 50027)


async def test_nitro_counts_for_answers_only(
    fake_discord: FakeDiscord, rest: RestClient, ada: MemberClient, videos: Channel
) -> None:
    """A member's larger limit holds for what goes by the token, not for the bot's own posts."""
    fake_discord.world.give_nitro(ada.user)
    typed = await ada.run_command(videos, "video", {"prompt": "a lake"})
    await rest("POST", callback(typed), {"type": 5})
    places = {webhook(fake_discord, typed): 200, f"/channels/{videos.id}/messages": 413}
    for place, expected in places.items():
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("payload_json", "{}")
        form.add_field("files[0]", io.BytesIO(bytes(11 * MIB)), filename="clip.mp4")
        assert (await rest("POST", place, data=form))[0] == expected


async def test_a_deleted_channel_ends_what_was_begun_in_it(
    fake_discord: FakeDiscord, rest: RestClient, typed: Interaction, videos: Channel
) -> None:
    """The token no longer works."""
    await rest("POST", callback(typed), {"type": 5})
    fake_discord.world.delete_channel(videos)
    place = webhook(fake_discord, typed, ORIGINAL)
    assert await rest.request_refused("PATCH", place, {"content": "x"}) == (404, 10003)


@pytest.mark.parametrize("reply", [1, 6, 7, 8, 12])
async def test_an_answer_that_does_not_fit_is_refused(
    rest: RestClient, typed: Interaction, reply: int
) -> None:
    """A command cannot be answered with an update or with suggestions, and may try again."""
    assert await rest.request_refused("POST", callback(typed), {"type": reply}) == (400, 50035)
    assert (await rest("POST", callback(typed), {"type": 5}))[0] == 204


async def test_a_refused_first_answer_leaves_the_interaction_open(
    rest: RestClient, typed: Interaction
) -> None:
    """Content that breaks a rule does not use the one first answer up."""
    too_long = {"type": 4, "data": {"content": "c" * 2001}}
    status, answer = await rest("POST", callback(typed), too_long)
    assert (status, answer["code"]) == (400, 50035)
    assert "content" in answer["errors"]["data"]
    assert (await rest("POST", callback(typed), {"type": 5}))[0] == 204


async def test_suggestions_are_few_and_of_the_options_type(
    ada: MemberClient, videos: Channel, rest: RestClient, fake_discord: FakeDiscord
) -> None:
    """At most 25, and whole numbers for a whole number."""
    with pytest.raises(WaitTimeoutError):
        await ada.autocomplete(videos, "video", {}, ("guess", "1"), within=0.01)
    asked = list(fake_discord.interactions)[-1]
    for choices in (
        [{"name": f"{n}", "value": n} for n in range(26)],
        [{"name": "one", "value": "one"}],
    ):
        body = {"type": 8, "data": {"choices": choices}}
        assert await rest.request_refused("POST", callback(asked), body) == (400, 50035)
    body = {"type": 8, "data": {"choices": [{"name": "one", "value": 1}]}}
    assert (await rest("POST", callback(asked), body))[0] == 204
    assert asked.choices == [{"name": "one", "value": 1}]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "prompt"),
        ({"prompt": ""}, "1 to 20"),
        ({"prompt": "p" * 21}, "1 to 20"),
        ({"prompt": "p", "duration": 3}, "duration is 4 to 12"),
        ({"prompt": "p", "duration": 13}, "duration is 4 to 12"),
        ({"prompt": "p", "duration": "5"}, "number"),
        ({"prompt": "p", "duration": True}, "number"),
        ({"prompt": "p", "sound": "yes"}, "True or False"),
        ({"prompt": "p", "model": "slow"}, "quick"),
        ({"prompt": "p", "image": "lake.jpg"}, "file"),
        ({"prompt": "p", "image": Upload("large.jpg", bytes(10 * 1024 * 1024 + 1))}, "too large"),
        ({"prompt": "p", "length": 5}, "length"),
    ],
)
async def test_the_client_does_not_send_what_the_command_does_not_take(
    ada: MemberClient,
    videos: Channel,
    fake_discord: FakeDiscord,
    options: dict[str, Any],
    said: str,
) -> None:
    """Such a command never reaches the bot, as with Discord's own client."""
    with pytest.raises(ClientActionRefused, match=said):
        await ada.run_command(videos, "video", options)
    assert list(fake_discord.interactions) == []


async def test_the_client_offers_commands_only_where_they_may_be_used(
    fake_discord: FakeDiscord, videos: Channel
) -> None:
    """Permissions, age gates, subcommands and hidden channels count."""
    ada, maxim, nil = (fake_discord.member(name) for name in ("Ada", "Max", "Nil"))
    for person, channel, command in (
        (ada, videos, "quota show"),
        (maxim, videos, "quota"),
        (maxim, videos, "quota set"),
        (ada, videos, "late"),
        (ada, videos, "missing"),
        (nil, videos, "late"),
        (ada, fake_discord.channel("videos", "Big Screen"), "late"),
    ):
        with pytest.raises(ClientActionRefused):
            await person.run_command(channel, command)
    shown = await maxim.run_command(videos, "quota show")
    assert shown.data["options"] == [{"name": "show", "type": 1, "options": []}]
    await ada.run_command(fake_discord.channel("night"), "late")


async def test_buttons_answer_to_those_who_see_them(
    fake_discord: FakeDiscord, rest: RestClient, typed: Interaction, ada: MemberClient
) -> None:
    """A private button is its member's own; a disabled or missing one cannot be clicked."""
    rows = [
        {
            "type": 1,
            "components": [
                {"type": 2, "style": 1, "label": "Go", "custom_id": "go"},
                {"type": 2, "style": 1, "label": "Off", "custom_id": "off", "disabled": True},
                {"type": 2, "style": 5, "label": "Out", "url": "https://example.com"},
            ],
        }
    ]
    data = {"content": "hello", "components": rows, "flags": EPHEMERAL}
    await rest("POST", callback(typed), {"type": 4, "data": data})
    for person, button in (
        (ada, "Off"),
        (ada, "Out"),
        (ada, "missing"),
        (fake_discord.member("Ben"), "Go"),
    ):
        with pytest.raises(ClientActionRefused):
            await person.click(typed, button)
    clicked = await ada.click(typed, "Go")
    await rest(
        "POST", callback(clicked), {"type": 7, "data": {"content": "gone", "components": []}}
    )
    assert (clicked.text, typed.text) == ("gone", "gone")


@pytest.mark.parametrize(
    "modal",
    [
        {"custom_id": "m", "title": "t" * 46, "components": [{"type": 10, "content": "t"}]},
        {"custom_id": "m", "title": "t", "components": []},
        {"custom_id": "m", "title": "t", "components": [{"type": 10, "content": "t"}] * 6},
        {
            "custom_id": "m",
            "title": "t",
            "components": [
                {"type": 18, "label": "l", "component": {"type": 4, "style": 1, "custom_id": c}}
                for c in "aa"
            ],
        },
    ],
)
async def test_a_form_that_breaks_a_rule_is_refused(
    rest: RestClient, typed: Interaction, modal: dict[str, Any]
) -> None:
    """Titles have 45 characters, forms one to five parts, fields ids of their own."""
    assert await rest.request_refused("POST", callback(typed), {"type": 9, "data": modal}) == (
        400,
        50035,
    )
    assert typed.modal is None


async def test_an_edit_can_not_leave_components_v2(
    fake_discord: FakeDiscord, rest: RestClient, typed: Interaction
) -> None:
    """A message that is made of components stays so, and takes no content."""
    data = {"flags": V2, "components": [{"type": 10, "content": "shown"}]}
    await rest("POST", callback(typed), {"type": 4, "data": data})
    place = webhook(fake_discord, typed, ORIGINAL)
    assert await rest.request_refused("PATCH", place, {"content": "x"}) == (400, 50035)
    status, edited = await rest(
        "PATCH", place, {"flags": 0, "components": [{"type": 10, "content": "more"}]}
    )
    assert status == 200
    assert edited["flags"] & V2
    assert typed.text == "more"
