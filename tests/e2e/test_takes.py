"""Takes in the real process: one message for all that is made, exact money, buttons for each."""

import asyncio
from typing import Any

from sandbox.apixo import Fault
from sandbox.discord import Interaction, Message
from tests.harness.service import TIMEOUT_S, ServiceHarness

TAKES: dict[str, Any] = {"prompt": "a red fox", "duration": 4, "resolution": "480p", "sound": False}


async def test_of_four_one_fails_and_one_answer_is_lost(harness: ServiceHarness):
    """One message has the two videos and says what became of the others; two prices are paid."""
    harness.apixo.faults.add_submit(Fault(status=504, takes_effect=True), 1)
    harness.apixo.queued_directives.extend(["", "[[fail:generation_failed]]"])
    async with harness.service.run():
        await harness.wait_until_ready()
        answer = await harness.run_command("video", {**TAKES, "takes": 4})
        assert "Your 4 videos are on their way" in answer.text
        assert "**$0.16**" in answer.text
        result = await wait_for_takes(harness)
        assert len(result.attachments) == 2
        assert "your 2 videos are ready" in result.text
        assert "You weren't charged" in result.text
        assert "lost contact" in result.text
        assert result.notified_user_ids == {harness.discord.member("Ada").id}
        await answer.until_text(lambda text: "2 of 4 ready" in text, within=TIMEOUT_S)
        await until_alone(harness, result)
        assert (await harness.audit())["ledger"]["charged"] == 80_000
        await delete_first(harness, result)
        assert len(result.attachments) == 1


async def wait_for_takes(harness: ServiceHarness) -> Message:
    return await harness.discord.channel("videos").wait_for(
        lambda message: len(message.attachments) > 0, within=TIMEOUT_S, awaited="takes"
    )


async def until_alone(harness: ServiceHarness, result: Message) -> None:
    """Wait until a message is the only one of its channel."""
    channel = harness.discord.channel("videos")
    await harness.discord.world.changes.wait_until(
        lambda: channel.messages == [result] or None, TIMEOUT_S, "the end", lambda: "more"
    )


async def delete_first(harness: ServiceHarness, result: Message) -> Interaction:
    ada = harness.discord.member("Ada")
    question = await (await ada.click(result, "Delete")).until_answered(within=TIMEOUT_S)
    click = await ada.click(question, "Delete it")
    await click.until_text(lambda text: "Deleted" in text, within=TIMEOUT_S)
    return click


async def test_several_are_delivered_with_their_buttons(harness: ServiceHarness):
    """Each take has buttons of its own; *Delete all* takes the message away."""
    async with harness.service.run():
        await harness.wait_until_ready()
        await harness.run_command("video", {**TAKES, "takes": 3})
        result = await wait_for_takes(harness)
        await until_alone(harness, result)
        ids = [file.filename.removesuffix(".mp4") for file in result.attachments]
        for action in ("again", "extend", "delete"):
            assert {f"{action}:{job}" for job in ids} <= set(result.custom_ids)
        ada = harness.discord.member("Ada")
        question = await (await ada.click(result, "Delete all")).until_answered(within=TIMEOUT_S)
        assert "all 3 videos" in question.text
        await ada.click(question, "Delete it")
        async with asyncio.timeout(TIMEOUT_S):
            while harness.discord.channel("videos").messages:
                await asyncio.sleep(0.02)
