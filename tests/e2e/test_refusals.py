"""Bad input: a private answer with every broken rule; no job, no hold, nothing public."""

from typing import Any

import pytest

from sandbox.discord import Upload
from tests.harness.service import LAKE, ServiceHarness, make_picture

PRO, TWO = "seedance-1-5-pro", "seedance-2-0"
GIF = Upload("cat.png", b"GIF89a" + bytes(200))
CUT = Upload("cut.jpg", LAKE.read_bytes()[:5_000])

CASES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("video", {"prompt": "x"}, ["prompt"]),
    ("video", {"prompt": "y" * 2_501}, ["2,500"]),
    ("video", {"prompt": "a lake", "model": PRO, "resolution": "1080p"}, ["1080p"]),
    ("video", {"prompt": "a lake", "model": PRO, "duration": 14}, ["12"]),
    ("video", {"prompt": "a lake", "model": PRO, "web_search": True}, ["Web search"]),
    ("video", {"prompt": "a lake", "model": PRO, "aspect_ratio": "auto"}, ["16:9"]),
    ("video", {"prompt": "a lake", "model": TWO, "fixed_lens": True}, ["fixed lens"]),
    (
        "video",
        {"prompt": "x", "model": PRO, "duration": 15, "resolution": "1080p", "web_search": True},
        ["prompt", "1080p", "Web search", "12"],
    ),
    ("animate", {"prompt": "a lake", "image": GIF}, ["cat.png is a damaged or incomplete picture"]),
    ("animate", {"prompt": "a lake", "image": CUT}, ["cut.jpg is a damaged or incomplete picture"]),
    (
        "animate",
        {"prompt": "x", "image": make_picture("tiny.png", size=(20, 20)), "last_image": GIF},
        ["tiny.png", "cat.png", "prompt"],
    ),
    (
        "animate",
        {"prompt": "a lake", "image": make_picture("wide.png", size=(2000, 320))},
        ["wide.png"],
    ),
]


async def test_every_broken_rule_is_named_privately_and_nothing_is_left(harness: ServiceHarness):
    """Each case: an ephemeral refusal that names all; the channel, ledger and APIXO stay empty."""
    async with harness.service.run():
        await harness.wait_until_ready()
        for command, options, named in CASES:
            answer = await harness.run_command(command, options)
            assert "I can't make this yet" in answer.text, (command, options, answer.text)
            for words in named:
                assert words in answer.text, (words, answer.text)
            assert answer.text.count("\n- ") >= len(named), answer.text
    assert [m for m in harness.discord.channel("videos").messages if not m.ephemeral] == []
    assert len(harness.apixo.tasks) == 0
    verdict = await harness.audit()
    assert not any(verdict["jobs"].values())
    assert not any(verdict["ledger"].values())


async def test_a_channel_that_can_not_be_posted_to_is_refused_before_money_is_held(
    harness: ServiceHarness,
):
    """The missing permission is named."""
    async with harness.service.run():
        await harness.wait_until_ready()
        answer = await harness.run_command("video", {"prompt": "a lake"}, where="quiet")
        assert "Send Messages" in answer.text
        thread = await harness.order_video("video", {"prompt": "a lake"}, where="videos-talk")
        await harness.wait_for_result(thread, where="videos-talk")
    assert (await harness.audit())["jobs"]["delivered"] == 1


async def test_a_daily_limit_is_told_with_what_is_left(harness: ServiceHarness):
    """Limit 0.20, two of 0.08 fit, the third is told what is left and when there is more."""
    settings = {"USER_DAILY_LIMIT_USD": "0.20"}
    harness = ServiceHarness.create(
        harness.apixo, harness.discord, harness.service.folder, settings
    )
    options = {"prompt": "a lake", "duration": 4}
    async with harness.service.run():
        await harness.wait_until_ready()
        for _ in range(2):
            await harness.order_video("video", options)
        answer = await harness.run_command("video", options)
        assert "$0.04 left today" in answer.text
        other = await harness.order_video("video", options, who="Ben")
        await harness.wait_for_result(other)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"DISCORD_TOKEN": "wrong"}, "DISCORD_TOKEN: Discord does not accept this token"),
        ({"APIXO_API_KEY": "wrong"}, "APIXO_API_KEY: APIXO does not accept this key"),
    ],
)
async def test_what_keeps_the_service_from_starting_is_said_plainly(
    harness: ServiceHarness, settings: dict[str, str], said: str
):
    """Exit code 1, one sentence, no traceback."""
    harness = ServiceHarness.create(
        harness.apixo, harness.discord, harness.service.folder, settings
    )
    async with harness.service.run() as running:
        assert await running.process.wait() == 1
    log = harness.service.log.read_text()
    assert said in log
    assert "Traceback" not in log
