"""The commands as Discord has them: their limits, the documentation, stale and odd clients."""

import re
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from cogs.generation.attachments import LoadedAttachments
from cogs.generation.options import VideoOptions, build_draft
from cogs.help.data_buttons import DataAction, DataButton
from cogs.ui.buttons import ActionButton, ButtonAction
from cogs.ui.notify_button import NotifyButton
from domain.models import DEFAULT_MODEL, MODELS, AspectRatio, ModelId, Resolution
from domain.requests import Draft, GenerationCommand
from sandbox.discord import Channel, FakeDiscord, Interaction, MemberClient
from sandbox.discord.interactions import InteractionType
from storage import jobs
from storage.database import Database
from tests.harness.rendering import rendered_markup

DOCS = Path(__file__).parents[3] / "docs" / "commands.md"
INTEGER, TEXT, SWITCH, FILE = 4, 3, 5, 11
GUILDS_ONLY = [0]


def registered(fake_discord: FakeDiscord) -> dict[str, dict[str, Any]]:
    """Give the commands that Discord has, in order."""
    return {command["name"]: command for command in fake_discord.commands.registered_in(None)}


def documented(heading: str) -> list[list[str]]:
    """Read the rows of the table whose first column has this heading."""
    head, rule, rows = rf"\| {heading} \|.*\n", r"\|[-| ]+\n", r"((?:\|.*\n)+)"
    table = re.search(head + rule + rows, DOCS.read_text())
    assert table is not None, heading
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table[1].splitlines()]


def choices(option: dict[str, Any]) -> list[str]:
    return [choice["value"] for choice in option.get("choices", [])]


def folded(names: Iterable[str]) -> str:
    """List names, with `image1 … image3` for a run of numbered ones."""
    runs = [list(run) for _, run in groupby(names, lambda name: name.rstrip("0123456789"))]
    return ", ".join(f"{run[0]} … {run[-1]}" if len(run) > 1 else run[0] for run in runs)


async def send_raw(
    fake_discord: FakeDiscord,
    person: MemberClient,
    channel: Channel,
    name: str,
    options: dict[str, Any],
) -> Interaction:
    """Send a command as a client would that still has older options than those registered."""
    found = fake_discord.commands.find(person.guild.id, name)
    assert found is not None
    kinds = {option["name"]: option["type"] for option in found["options"]}
    given = [{"name": key, "type": kinds[key], "value": value} for key, value in options.items()]
    data = {"id": found["id"], "name": name, "type": 1, "options": given}
    return fake_discord.interactions.dispatch(InteractionType.COMMAND, person.user, channel, data)


@pytest.mark.usefixtures("dailies")
async def test_discord_takes_the_commands_at_once(fake_discord: FakeDiscord) -> None:
    """The stand-in refuses what breaks a limit of Discord's; all are registered in one request."""
    assert {"video", "animate"} <= set(registered(fake_discord))
    assert fake_discord.commands.syncs == 1
    for command in registered(fake_discord).values():
        in_menus = command["type"] != 1
        assert in_menus or 10 <= len(command["description"]) <= 100
        for option in command.get("options", ()):
            assert 10 <= len(option["description"]) <= 100
            assert option["description"] != "…"


@pytest.mark.usefixtures("dailies")
async def test_the_commands_are_for_servers_only(fake_discord: FakeDiscord) -> None:
    """Neither in direct messages nor installed by a user: quotas belong to servers."""
    for name, command in registered(fake_discord).items():
        with_dms = name == "privacy"  # for who has left every server
        assert command["contexts"] == ([*GUILDS_ONLY, 1] if with_dms else GUILDS_ONLY)
        assert command["integration_types"] == GUILDS_ONLY


@pytest.mark.usefixtures("dailies")
async def test_the_options_offer_what_the_models_make(fake_discord: FakeDiscord) -> None:
    """Fixed values are choices, seconds a range with suggestions, switches are switches."""
    for name in ("video", "animate"):
        options = {option["name"]: option for option in registered(fake_discord)[name]["options"]}
        assert choices(options["model"]) == [model.id.value for model in MODELS.values()]
        assert choices(options["resolution"]) == list(Resolution)
        assert choices(options["aspect_ratio"]) == list(AspectRatio)
        duration = options["duration"]
        assert (duration["type"], duration["autocomplete"]) == (INTEGER, True)
        assert duration["min_value"] == min(model.min_seconds for model in MODELS.values())
        assert duration["max_value"] == max(model.max_seconds for model in MODELS.values())
        kinds = {name: option["type"] for name, option in options.items()}
        assert {kinds[name] for name in ("sound", "fixed_lens", "web_search")} == {SWITCH}
        assert {kinds[name] for name in kinds if "image" in name} <= {FILE}
        assert kinds["prompt"] == TEXT


@pytest.mark.usefixtures("dailies")
async def test_the_documentation_lists_exactly_these_commands(fake_discord: FakeDiscord) -> None:
    """With their options in order; bold ones are required, numbered ones are folded."""
    written = {name.strip("`/"): options for name, options, _ in documented("command")}
    offered = {
        name: folded(
            f"**{option['name']}**" if option.get("required") else option["name"]
            for option in command.get("options", ())
        )
        for name, command in registered(fake_discord).items()
    }
    assert written == offered


@pytest.mark.usefixtures("dailies")
async def test_the_documentation_lists_exactly_these_values(fake_discord: FakeDiscord) -> None:
    """Each optional option of `/video` has a row, and the row its values."""
    rows = {name: values for name, values, _ in documented("option")}
    options = {option["name"]: option for option in registered(fake_discord)["video"]["options"]}
    assert list(rows) == [name for name, option in options.items() if not option.get("required")]
    assert rows["model"].split(", ") == [model.label for model in MODELS.values()]
    assert set(re.findall(r"\d+p", rows["resolution"])) == set(choices(options["resolution"]))
    ratios = set(re.findall(r"\d+:\d+|auto", rows["aspect_ratio"]))
    assert ratios == set(choices(options["aspect_ratio"]))
    for model in MODELS.values():
        named = f"{model.min_seconds}–{model.max_seconds} s on {model.label.split()[1]}"
        assert named in rows["duration"]


@pytest.mark.usefixtures("dailies")
@pytest.mark.parametrize("command", ["video", "animate"])
async def test_seconds_are_suggested_as_the_chosen_model_makes_them(
    ada: MemberClient, videos: Channel, command: str
) -> None:
    """All of them, in order; typing narrows them down."""
    for model in (None, *MODELS.values()):
        chosen = model or DEFAULT_MODEL
        options = {} if model is None else {"model": model.id.value}

        async def suggested(typed: str, options: dict[str, str] = options) -> list[int]:
            focused = ("duration", typed)
            found = await ada.autocomplete(videos, command, options, focused=focused)
            return [choice["value"] for choice in found]

        every = await suggested("")
        assert every == list(range(chosen.min_seconds, chosen.max_seconds + 1))
        assert await suggested("1") == [n for n in every if str(n).startswith("1")]
        assert await suggested(" 8 ") == [8]


@pytest.mark.usefixtures("dailies")
@pytest.mark.parametrize(
    "typed", ["abc", "-1", "4.5", "٤", "9" * 5000, "%s", "\0", "🎬", 8, 4.0, None, True]
)
async def test_odd_input_suggests_nothing_wrong(
    ada: MemberClient, videos: Channel, typed: Any
) -> None:
    """Discord sends whatever is in the field; the answer still comes, in time."""
    for model in ("seedance-2-0", "no such model", "", "__class__"):
        focused = ("duration", typed)
        found = await ada.autocomplete(videos, "video", {"model": model}, focused=focused)
        assert [choice["value"] for choice in found] in ([], [8])


@pytest.mark.usefixtures("dailies")
async def test_a_stale_client_is_told_which_values_there_are(
    fake_discord: FakeDiscord, ada: MemberClient, videos: Channel, database: Database
) -> None:
    """Every value that is unknown is named, in one private answer; nothing is made or charged."""
    options = {
        "prompt": "a lake",
        "model": "seedance-3-0",
        "duration": 99,
        "resolution": "4k",
        "aspect_ratio": "2:1",
    }
    sent = await send_raw(fake_discord, ada, videos, "video", options)
    answer = await sent.until_answered()
    assert answer.ephemeral
    for named in ("seedance-3-0", "seedance-1-5-pro, seedance-2-0", "not 99.", "4k", "2:1"):
        assert named in answer.text
    assert videos.messages == []
    assert await database.read(jobs.count_by_state) == {}


@pytest.mark.usefixtures("dailies")
async def test_a_stale_value_is_shown_as_text(
    fake_discord: FakeDiscord, ada: MemberClient, videos: Channel
) -> None:
    """A client that lies may send anything as a value."""
    model = "**x** <@1> https://evil.example " * 60
    sent = await send_raw(fake_discord, ada, videos, "video", {"prompt": "a lake", "model": model})
    text = (await sent.until_answered()).text
    assert rendered_markup(text.partition(", not ")[2]) == []


@pytest.mark.usefixtures("dailies")
async def test_a_command_without_its_picture_is_answered(
    fake_discord: FakeDiscord, ada: MemberClient, videos: Channel
) -> None:
    """A stale client may not know a required option; that is told, and not left in silence."""
    sent = await send_raw(fake_discord, ada, videos, "animate", {"prompt": "a lake"})
    answer = await sent.until_answered()
    assert "Run the command again" in answer.text
    assert answer.ephemeral


def test_every_option_reaches_the_draft() -> None:
    """What is left out stays open; a value that no longer exists is named, and left out."""
    options = VideoOptions(
        prompt="a lake",
        model="seedance-2-0",
        duration=9,
        resolution="1080p",
        aspect_ratio="16:9",
        sound=False,
        fixed_lens=True,
        web_search=False,
        preset="noir",
        private=True,
    )
    command = GenerationCommand.VIDEO
    assert build_draft(command, options, LoadedAttachments()) == Draft(
        command=command,
        prompt="a lake",
        model=ModelId.SEEDANCE_2_0,
        seconds=9,
        resolution=Resolution.P1080,
        aspect_ratio=AspectRatio.WIDE,
        sound=False,
        fixed_lens=True,
        web_search=False,
        preset="noir",
        private=True,
    )
    left_out = build_draft(command, VideoOptions(prompt="a lake"), LoadedAttachments())
    assert left_out == Draft(command=command, prompt="a lake")
    stale = VideoOptions(prompt="a lake", model="seedance-9")
    stale_draft = build_draft(command, stale, LoadedAttachments())
    assert stale_draft.model is None
    assert len(stale_draft.violations) == 1


def test_the_documentation_lists_exactly_these_buttons() -> None:
    """By the label that a member sees."""
    labels = {ActionButton(act, "x").item.label for act in ButtonAction} | {
        "Try again",
        "Attach yours",
    }
    labels |= {NotifyButton(1, enabled=wanted).item.label for wanted in (True, False)}
    labels |= {DataButton(action).item.label for action in DataAction}
    labels |= {"Make it at 480p", "Make it public", "Delete all", "Attach yours"}
    written = {row[0].removesuffix(" for $…") for row in documented("button")}
    assert written == labels
