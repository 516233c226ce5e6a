"""Private answers follow their jobs to the end, and a late click on one destroys nothing."""

from typing import Any

import pytest

from domain.jobs import JobState
from sandbox.apixo import Fault
from sandbox.demo.job_posts import job_id_in
from sandbox.discord import Interaction, MemberClient
from tests.harness.bot import BotHarness, button_labels

VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
_SLOW_S = 7_000
SLOW = {**VIDEO, "prompt": f"a lake at dusk [[slow:{_SLOW_S}]]"}
_PATIENCE_S = 120

pytestmark = pytest.mark.time_scale(600)


async def ordered(harness: BotHarness, ada: MemberClient, options: dict[str, Any]) -> Interaction:
    answer = await ada.run_command(harness.channel, "video", options)
    return await answer.until_answered()


async def test_an_answer_follows_its_job_over_a_restart(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Without *Cancel* once that is too late; at the end with a link and what is left."""
    answer = await ordered(harness, ada, SLOW)
    job = job_id_in(answer)
    await answer.until_text(lambda text: "Making your video" in text, _PATIENCE_S)
    assert "Costs **$0.04**" in answer.text
    assert button_labels(answer) == ["DM me when videos are done", "Details"]
    await harness.restart()
    await harness.wait_for_state(job, JobState.GENERATING)
    harness.apixo.scaled_clock.adjust(skip=_SLOW_S)
    result = await harness.wait_for_result(job)
    await answer.until_text(lambda text: "Your video is ready" in text, _PATIENCE_S)
    assert f"/{result.id})" in answer.text
    assert "Paid $0.04" in answer.text
    assert button_labels(answer) == ["DM me when videos are done", "Details"]
    assert answer.followups == []


async def test_an_answer_says_why_there_is_no_video(harness: BotHarness, ada: MemberClient) -> None:
    """What may help is there, too."""
    answer = await ordered(harness, ada, {**VIDEO, "prompt": "a lake [[fail:Timeout]]"})
    await answer.until_text(lambda text: "This took too long" in text, _PATIENCE_S)
    assert "You weren't charged" in answer.text
    assert button_labels(answer) == ["Edit prompt", "Try again", "Details"]
    again = await (await ada.click(answer, "Try again")).until_answered()
    assert job_id_in(again) != job_id_in(answer)


async def test_a_late_cancel_is_told_beside_the_answer(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Clicked while the job is being submitted: the answer stays, and goes on following it."""
    harness.apixo.faults.add_submit(Fault(delay=3, takes_effect=True))
    answer = await ordered(harness, ada, SLOW)
    await harness.wait_for_state(job_id_in(answer), JobState.SUBMITTING)
    clicked = await ada.click(answer, "Cancel")
    await harness.discord.world.changes.wait_until(
        lambda: clicked.followups or None, _PATIENCE_S, "what is told beside it", lambda: "nothing"
    )
    assert "Too late to cancel" in clicked.followups[0].text
    await answer.until_text(lambda text: "Making your video" in text, _PATIENCE_S)
    harness.apixo.scaled_clock.adjust(skip=_SLOW_S)
    await answer.until_text(lambda text: "Your video is ready" in text, _PATIENCE_S)


async def test_an_answer_whose_token_has_run_out_is_left_as_it_is(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Discord is not asked in vain."""
    answer = await ordered(harness, ada, SLOW)
    job = job_id_in(answer)
    await answer.until_text(lambda text: "Making your video" in text, _PATIENCE_S)
    harness.token_clock_offset_ms = 15 * 60_000
    harness.apixo.scaled_clock.adjust(skip=_SLOW_S)
    await harness.wait_for_end(job)
    assert "Making your video" in answer.text


@pytest.mark.time_scale(1)
async def test_no_time_in_the_past_is_shown_where_a_video_is_late(
    harness: BotHarness, ada: MemberClient
) -> None:
    """A bar grows on the status message; then that, the answer and `/jobs` say that it is late."""
    answer = await ordered(harness, ada, SLOW)
    job = job_id_in(answer)
    status = await harness.wait_for_status(job, "ready <t:")
    assert "▱" * 12 in status.text
    await answer.until_text(lambda text: "ready <t:" in text, _PATIENCE_S)
    harness.clock_offset_ms += 20_000
    await harness.wait_for_status(job, "▰▰▰")
    harness.clock_offset_ms += 600_000
    status = await harness.wait_for_status(job, "Almost there, taking a bit longer than usual.")
    await answer.until_text(lambda text: "Almost there" in text, _PATIENCE_S)
    listed = await (await ada.run_command(harness.channel, "jobs")).until_answered()
    assert "taking a bit longer than usual" in listed.text
    assert not any(mark in status.text + answer.text for mark in ("<t:", "▰", "▱"))
