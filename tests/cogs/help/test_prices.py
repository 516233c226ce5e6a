"""What a video would cost, asked for over the wire: exactly, and how it comes about."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

import cogs.help.price_views
import domain.pricing
from cogs.ui.i18n import format_usd
from domain.models import MODELS, ModelId, Rate, Resolution
from domain.money import MicroUSD
from domain.pricing import quote_options
from domain.quotas import RemainingQuota
from sandbox.discord import ClientActionRefused, Interaction, MemberClient
from sandbox.discord.interactions import InteractionType
from sandbox.discord.models import walk_components
from tests.harness.bot import BotHarness
from tests.harness.rendering import rendered_markup
from tests.harness.workflow import member_limits

NEW = "seedance-2-0-fast"
ON_A_PHONE = 31
"""Characters of a table that stand in a line on a narrow screen."""


async def ask(harness: BotHarness, person: MemberClient, **options: Any) -> str:
    asked = await person.run_command(harness.channel, "price", options)
    return await answer(asked)


async def answer(asked: Interaction) -> str:
    """Read the answer: private, and within what Discord shows."""
    message = (await asked.until_answered()).message
    assert message is not None
    assert asked.ephemeral
    assert len(walk_components(message.components)) <= 40
    assert len(message.text) <= 4_000
    return message.text


async def send_raw(
    harness: BotHarness, person: MemberClient, options: dict[str, Any]
) -> Interaction:
    """Send the command as a client would that has other limits than those registered."""
    found = harness.discord.commands.find(person.guild.id, "price")
    assert found is not None
    kinds = {option["name"]: option["type"] for option in found["options"]}
    given = [{"name": key, "type": kinds[key], "value": value} for key, value in options.items()]
    data = {"id": found["id"], "name": "price", "type": 1, "options": given}
    return harness.discord.interactions.dispatch(
        InteractionType.COMMAND, person.user, harness.channel, data
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"duration": 4}, "4 s × $0.02 per second = $0.08"),
        ({"duration": 8, "sound": True}, "8 s × $0.04 per second = $0.32"),
        ({"duration": 7, "resolution": "480p"}, "7 s × $0.01 per second = $0.07"),
        ({"model": "seedance-2-0"}, "5 s × $0.192 per second = $0.96"),
        (
            {"model": "seedance-2-0", "duration": 4, "resolution": "480p", "sound": False},
            "4 s × $0.091 per second = $0.364",
        ),
        (
            {"duration": 8, "reference_seconds": 7.123},
            "(8 s + 7.123 s of reference video) × $0.115 per second = $1.739145",
        ),
        (
            {"duration": 15, "resolution": "1080p", "reference_seconds": 15},
            "(15 s + 15 s of reference video) × $0.29 per second = $8.70",
        ),
    ],
)
async def test_one_price_is_exact_and_says_how_it_comes_about(
    harness: BotHarness, ada: MemberClient, options: dict[str, Any], said: str
) -> None:
    """Length times rate, to the micro-dollar; the rate says what it depends on."""
    text = await ask(harness, ada, **options)
    assert said in text
    assert f"**{said.rpartition(' = ')[2]}** for Seedance" in text
    assert "ound" in text
    assert ("reference clip changes the rate" in text) == ("reference_seconds" in options)
    assert await harness.job_count() == 0


@pytest.mark.parametrize("thousandths", [2_000, 2_001, 4_099, 7_777, 12_345, 14_999, 15_000])
async def test_each_thousandth_of_a_second_counts(
    harness: BotHarness, ada: MemberClient, thousandths: int
) -> None:
    """What a client sends as a binary fraction is read as it was typed."""
    typed = float(Decimal(thousandths) / 1000)
    expected = quote_options(
        ModelId.SEEDANCE_2_0, Resolution.P720, seconds=5, sound=True, reference_ms=thousandths
    )
    text = await ask(harness, ada, reference_seconds=typed)
    assert f"**{format_usd(expected.amount)}** for" in text


async def test_the_price_is_the_one_that_is_held(harness: BotHarness, ada: MemberClient) -> None:
    """The same choice as a command."""
    options = {"model": "seedance-1-5-pro", "duration": 9, "resolution": "480p", "sound": True}
    told = await ask(harness, ada, **options)
    job = await harness.order_video(ada, "video", {"prompt": "a lake", **options})
    assert f"**{format_usd((await harness.job(job)).price)}** for" in told


async def test_every_broken_rule_is_named(harness: BotHarness, ada: MemberClient) -> None:
    """In one answer; nothing is priced."""
    text = await ask(harness, ada, model="seedance-1-5-pro", resolution="1080p", duration=14)
    assert "not 14." in text
    assert "can't make 1080p" in text
    assert "$" not in text
    text = await ask(harness, ada, model="seedance-1-5-pro", reference_seconds=3)
    assert "Seedance 1.5 Pro can't do /reference. Pick Seedance 2.0." in text
    text = await ask(harness, ada, reference_seconds=2.0005)
    assert "three decimals" in text
    with pytest.raises(ClientActionRefused):
        await ask(harness, ada, reference_seconds=15.001)


async def test_a_stale_client_is_told_every_rule(harness: BotHarness, ada: MemberClient) -> None:
    """Also of what Discord's own client would not send."""
    options = {"model": "**x**", "resolution": "4k", "duration": 99, "reference_seconds": 1e300}
    text = await answer(await send_raw(harness, ada, options))
    for named in ("seedance-1-5-pro, seedance-2-0", "4k", "not 99.", "2 to 15 s"):
        assert named in text
    assert rendered_markup(text.partition(", not ")[2].partition("\n")[0]) == []


@pytest.mark.parametrize("seconds", [-1, 0, 1.999, 15.001, 1e-9])
async def test_what_is_no_reference_is_refused(
    harness: BotHarness, ada: MemberClient, seconds: float
) -> None:
    """Too short, too long, and less than nothing."""
    text = await answer(await send_raw(harness, ada, {"reference_seconds": seconds}))
    assert "2 to 15 s" in text
    assert "**$" not in text


async def test_without_options_all_prices_are_shown(harness: BotHarness, ada: MemberClient) -> None:
    """Each model and resolution, for typical lengths, with and without what changes the rate."""
    text = await ask(harness, ada)
    for model in MODELS.values():
        _, table, rates = text.split(f"**{model.label}**")[1].split("```")[:3]
        rows = table.strip("\n").splitlines()
        assert rows[0].split()[-2:] == [str(model.max_seconds), "s"]
        assert max(map(len, rows)) <= ON_A_PHONE
        for resolution, rate in model.rates.items():
            row = next(row.split() for row in rows if row.startswith(f"{resolution} "))
            most = quote_options(model.id, resolution, seconds=model.max_seconds, sound=False)
            assert row[-1] == format_usd(most.amount)
            for mills in (rate.plain, rate.featured):
                assert f"{resolution} {format_usd(MicroUSD(mills * 1000))}" in rates.splitlines()[1]


async def test_sound_that_costs_has_its_own_prices(harness: BotHarness, ada: MemberClient) -> None:
    """On 1.5 Pro alone."""
    rows = [line.split() for line in (await ask(harness, ada)).splitlines() if " sound " in line]
    assert ["720p", "sound", "$0.16", "$0.32", "$0.48"] in rows
    assert len(rows) == 2 + 1  # and the line that tells its rates


async def test_what_is_left_is_told(harness: BotHarness, ada: MemberClient) -> None:
    """For the table and for one price, after what is on hold."""
    harness.policy = replace(harness.policy, limits=member_limits(member=5))
    await harness.restart()
    await harness.order_video(ada, "video", {"prompt": "a lake", "duration": 4})
    for options in ({}, {"duration": 8}):
        assert "You have $4.92 left today." in await ask(harness, ada, **options)


def test_a_new_model_appears_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes an entry in the data, and nothing else."""
    rates = {Resolution.P480: Rate(plain=31, featured=17)}
    old = MODELS[ModelId.SEEDANCE_2_0]
    new = replace(
        old,
        id=NEW,  # pyright: ignore[reportArgumentType]
        label="Seedance 2.0 Fast",
        resolutions=(Resolution.P480,),
        rates=MappingProxyType(rates),
    )
    for module in (cogs.help.price_views, domain.pricing):
        monkeypatch.setattr(module, "MODELS", {**MODELS, NEW: new})
    shown = json.dumps(
        cogs.help.price_views.render_price_list(RemainingQuota((), MicroUSD(0))).to_components()
    )
    assert "**Seedance 2.0 Fast**" in shown
    assert "$0.031" in shown
    assert "$0.017" in shown
    assert "$0.465" in shown


async def test_the_rates_told_are_the_documented_ones(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The table in docs/money.md."""
    page = (Path(__file__).parents[3] / "docs" / "money.md").read_text()
    text = await ask(harness, ada)
    for model in MODELS.values():
        for resolution, rate in model.rates.items():
            assert f"| {model.label} | {resolution} | {rate.plain} |" in page
            assert format_usd(MicroUSD(rate.plain * 1000)) in text
