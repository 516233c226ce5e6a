"""The documentation names all that the bot shows: subcommands, controls, causes of failure."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.client import DailiesBot
from cogs.jobs.list_views import page_buttons
from cogs.operator.buttons import DECISION_LABELS
from cogs.quotas.views import RevokeButton
from cogs.reports import controls
from cogs.ui.text import format_outcome
from domain.jobs import JobState
from domain.models import ModelId
from sandbox.discord import Channel, FakeDiscord, MemberClient
from tests.harness.rendering import make_job
from workflow.publisher import StatusView

DOCS = Path(__file__).parents[2] / "docs"
COMMANDS, OPERATING = ((DOCS / page).read_text() for page in ("commands.md", "operating.md"))
SUBCOMMAND = 1
CODES = (
    "PromptInvalid",
    "SensitiveContent",
    "ImageFormatIncorrect",
    "RateLimited",
    "Timeout",
    "StreamError",
    "InsufficientBalance",
)


def rows(text: str) -> Iterator[list[str]]:
    """Give the cells of every row of every table."""
    for line in text.splitlines():
        if line.startswith("| "):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def subcommands(fake_discord: FakeDiscord) -> dict[str, list[str]]:
    """List each subcommand that Discord has, with its options, the required ones in bold."""
    return {
        f"`/{command['name']} {sub['name']}`": [_named(one) for one in sub.get("options", ())]
        for command in fake_discord.commands.registered_in(None)
        for sub in command.get("options", ())
        if sub["type"] == SUBCOMMAND
    }


def _named(option: dict[str, Any]) -> str:
    return f"**{option['name']}**" if option.get("required") else option["name"]


@pytest.mark.usefixtures("dailies")
async def test_every_subcommand_is_listed_with_its_options(fake_discord: FakeDiscord) -> None:
    """In a table that begins with it; its options beside it, or in brackets."""
    written = dict[str, list[str]]()
    for first, second, *_ in rows(COMMANDS + OPERATING):
        name, _, inside = first.partition(" (")
        options = inside.removesuffix(")") if name.startswith("`/operator") else second
        written.setdefault(name, [one for one in options.split(", ") if one])
    offered = subcommands(fake_discord)
    assert len(offered) > 5
    assert {name: written.get(name) for name in offered} == offered


def test_every_label_that_stands_in_a_table_of_its_own_is_in_the_docs() -> None:
    """The operator's decisions, the lists' pages, the button of grants and that of reports."""
    decided = {first for first, *_ in rows(OPERATING)}
    assert set(DECISION_LABELS.values()) <= decided
    row: Any = page_buttons(None, None).to_component_dict()
    pages = [button["label"] for button in row["components"]]
    assert pages == ["Previous", "Next"]
    sheet = controls.CsvButton(
        controls.ReportQuery(controls.ReportType.SPEND, controls.ReportPeriod.MONTH)
    ).item.label
    for label in (*pages, sheet, RevokeButton(1).item.label):
        assert str(label) in COMMANDS, label


async def test_every_kind_of_control_is_known_to_the_test_of_the_docs(dailies: DailiesBot) -> None:
    """A new one has to be documented, and then named here."""
    bot: Any = dailies
    kinds = {kind.__name__ for kind in bot._connection._view_store._dynamic_items.values()}
    assert kinds == {
        "ActionButton",
        "FilmButton",
        "ShotButton",
        "StoryboardButton",
        "VideoMenu",
        "NotifyButton",
        "DataButton",
        "RevokeButton",
        "PictureSelect",
        "ReportMenu",
        "CsvButton",
        "PageButton",
        "ListActionButton",
        "SettingsControl",
        "ReopenFormButton",
        "ParkedPageButton",
        "DecisionButton",
        "ReleaseAllButton",
        "ServerButton",
        "ServerPageButton",
    }


@pytest.mark.parametrize("code", CODES)
async def test_every_cause_of_failure_is_told_as_it_is_shown(
    videos: Channel, ada: MemberClient, code: str
) -> None:
    """The sentence of the card is that of the table, for each code of APIXO's."""
    (sentence,) = (second for first, second, *_ in rows(COMMANDS) if first == f"`{code}`")
    job = make_job(videos, ada, JobState.FAILED, fail_code=code, model=ModelId.SEEDANCE_2_0)
    if code == "SensitiveContent":  # what the table says is for a request with a picture
        sentence = sentence.removesuffix(" or another picture.")
    assert sentence in format_outcome(StatusView(job))
