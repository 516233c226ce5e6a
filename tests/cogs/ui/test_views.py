"""Every card, posted for real: Discord takes it, and nothing on it is more than it should be."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import discord
import pytest
from discord.ui import LayoutView

from cogs.publishing.publisher import DiscordPublisher
from cogs.ui import views
from cogs.ui.buttons import ActionButton, ButtonAction
from cogs.ui.violations import format_violation
from domain.failures import FailReason
from domain.job_view import JobAmounts
from domain.jobs import JobState
from domain.models import ModelId
from domain.money import MicroUSD
from domain.quotas import LimitUsage, Period, RemainingQuota, Scope
from domain.violations import Source, Violation, ViolationCode
from sandbox.demo.job_posts import is_about, is_post
from sandbox.discord import Channel, MemberClient, Message
from sandbox.discord.models import walk_components
from storage.jobs import Job
from tests.harness.rendering import (
    HOSTILE_TEXTS,
    NOW_MS,
    longest_request,
    make_job,
    prompt_on_card,
    rendered_markup,
)
from tests.harness.stock_client import StockClient
from workflow.publisher import ResultPayload, StatusView
from workflow.stages.accept import Accepted

_TALKATIVE = "**@everyone** <@1> [a](https://evil.example) ||" * 100


def statuses(job: Job) -> list[StatusView]:
    """Show a job in every way that its state allows, with the most to say."""
    told = replace(job, reason=_TALKATIVE)
    coded = [replace(job, fail_code="Timeout"), replace(job, fail_code="SensitiveContent")]
    return [
        *(StatusView(job, queue_position=place) for place in (None, 1, 500)),
        StatusView(job, ready_at_ms=NOW_MS),
        *(
            StatusView(found, charged=charged)
            for found in (told, *coded)
            for charged in (False, True)
        ),
    ]


async def show(client: StockClient, channel: Channel, card: discord.ui.LayoutView) -> Message:
    """Post a card, and give what became of it."""
    none = discord.AllowedMentions.none()
    posted = await client.get_partial_messageable(channel.id).send(view=card, allowed_mentions=none)
    message = channel.message(posted.id)
    assert message is not None
    return message


def assert_public(message: Message, member: MemberClient) -> None:
    """Demand Discord's limits, no money, and no mention but the member's own."""
    assert len(walk_components(message.components)) <= 40
    assert len(message.text) <= 4000
    assert "$" not in message.text
    said = message.text.replace(f"<@{member.id}>", "Ada").replace(f"<t:{NOW_MS // 1000}:R>", "")
    for line in said.splitlines():
        text = line.removeprefix("> ").removeprefix("-# ")
        bold = text.startswith("**") and text.count("**") == 2
        assert rendered_markup(text.replace("**", "") if bold else text) == []


@pytest.mark.parametrize("state", JobState)
async def test_a_status_card_holds_in_every_state(
    client: StockClient, videos: Channel, ada: MemberClient, state: JobState
) -> None:
    """Whatever there is to say beside the longest prompt."""
    job = replace(make_job(videos, ada, state), request=longest_request("**lake** " * 600))
    for status in statuses(job):
        message = await show(client, videos, views.render_status(status))
        assert_public(message, ada)
        assert is_post(message, job.id, "status")
        assert job.id not in message.text


@pytest.mark.parametrize("state", [state for state in JobState if state.value != "delivered"])
async def test_a_failure_card_holds_in_every_state(
    client: StockClient, videos: Channel, ada: MemberClient, state: JobState
) -> None:
    """It names the member and the job."""
    job = make_job(videos, ada, state)
    for status, tells_why in product(statuses(job), (False, True)):
        view = views.render_failure(status, tells_why=tells_why)
        message = await show(client, videos, view)
        assert_public(message, ada)
        assert f"<@{ada.id}>" in message.text
        assert is_about(message, job.id)


@pytest.mark.parametrize("prompt", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
async def test_a_hostile_prompt_stays_a_prompt(
    publisher: DiscordPublisher, videos: Channel, ada: MemberClient, clip: Path, prompt: str
) -> None:
    """On the status message and on the result it is a quotation, and plain text there."""
    mild = make_job(videos, ada, model=ModelId.SEEDANCE_2_0)
    hostile = make_job(videos, ada, prompt=prompt, model=ModelId.SEEDANCE_2_0)
    for job in (mild, hostile):
        await publisher.post_status(StatusView(job))
        await publisher.post_result(job, ResultPayload(clip))
        await publisher.post_result(replace(job, id=job.id[::-1]), ResultPayload(None))
    for usual, message in zip(videos.messages[:3], videos.messages[3:], strict=True):
        others, same = (
            [line for line in one.text.splitlines() if not line.startswith("> ")]
            for one in (message, usual)
        )
        assert len(others) == len(same)
        assert rendered_markup(prompt_on_card(message.text)) == []
        assert_public(message, ada)


@pytest.mark.parametrize("code", [*(f"odd {reason}" for reason in FailReason), None])
async def test_an_unknown_failure_shows_apixos_words_as_text(
    client: StockClient, videos: Channel, ada: MemberClient, code: str | None
) -> None:
    """What a model says of its refusal is a stranger's text too."""
    for prompt in HOSTILE_TEXTS.values():
        job = make_job(videos, ada, JobState.FAILED, reason=prompt, fail_code=code)
        for card in (views.render_status(StatusView(job)), _failure(job)):
            assert_public(await show(client, videos, card), ada)


def _failure(job: Job) -> LayoutView:
    return views.render_failure(StatusView(job), tells_why=True)


async def test_the_bare_result_has_nothing_of_the_prompt(
    client: StockClient, videos: Channel, ada: MemberClient
) -> None:
    """For channels whose word filter refused it."""
    job = make_job(videos, ada, prompt="a very particular lake")
    message = await show(
        client, videos, views.render_result(job, ResultPayload(None), without_prompt=True)
    )
    assert "particular" not in message.text
    assert is_post(message, job.id, "result")


def left(*, grants: int = 0, **rooms: int) -> RemainingQuota:
    """Make what is left today: of these limits this much, and of the others all."""
    made = (
        LimitUsage(
            scope=scope,
            period=Period.DAY,
            limit=MicroUSD(rooms[scope]) if scope in rooms else None,
            used=MicroUSD(0),
            resets_at_ms=NOW_MS,
        )
        for scope in Scope
    )
    return RemainingQuota(tuple(made), MicroUSD(grants))


@pytest.mark.parametrize(
    "rest",
    [
        left(member=4_920_000, server=50_000_000),
        left(),
        left(member=1, server=0, everything=10**15, grants=5),
    ],
)
async def test_the_private_answer_tells_price_rest_and_cancel(
    client: StockClient, videos: Channel, ada: MemberClient, rest: RemainingQuota
) -> None:
    """Money is told here, and the job can be cancelled while it waits."""
    for state in JobState:
        job = make_job(videos, ada, state)
        card = views.render_accepted(
            Accepted(job, 1, rest), ActionButton(ButtonAction.CANCEL, job.id)
        )
        message = await show(client, videos, card)
        buttons = [
            found["custom_id"]
            for found in walk_components(message.components)
            if found["type"] == 2
        ]
        cancel = [f"cancel:{job.id}"] if state is JobState.QUEUED else []
        assert buttons == [*cancel, f"details:{job.id}"]
        assert job.id not in message.text
        assert "**$0.08**" in message.text


@pytest.mark.parametrize(("rules", "length"), list(product([1, 5, 60], [10, 115])))
async def test_a_refusal_names_whole_rules_and_how_many_more(
    client: StockClient, videos: Channel, rules: int, length: int
) -> None:
    """Every rule that fits; for what does not, a number."""
    names = [f"file {number:02} ".ljust(length, "x") for number in range(rules)]
    violations = [
        Violation.of(ViolationCode.FILE_WITHOUT_VIDEO, Source.ATTACHMENT, name=name)
        for name in names
    ]
    given = [format_violation(violation) for violation in violations]
    message = await show(client, videos, views.render_refusal(violations))
    listed = [line for line in message.text.splitlines() if line.startswith("- ")]
    if sum(map(len, given)) < 3_600:
        assert listed == [f"- {rule}" for rule in given]
    else:
        more = rules - len(listed) + 1
        assert listed == [*(f"- {rule}" for rule in given[:-more]), f"- … and {more} more."]
        assert len(listed) > 20


async def test_a_note_is_one_sentence(client: StockClient, videos: Channel) -> None:
    """And nothing else."""
    assert (await show(client, videos, views.render_text("Cancelled."))).text == "Cancelled."


async def test_the_details_hold_whatever_the_prompt(
    client: StockClient, videos: Channel, ada: MemberClient
) -> None:
    """The longest and the most hostile one; money only where it is given."""
    for prompt in HOSTILE_TEXTS.values():
        job = make_job(videos, ada, prompt=prompt, model=ModelId.SEEDANCE_2_0)
        cost = JobAmounts(charged=MicroUSD(1_234_567))
        for told in (cost, None):
            card = views.render_details(job, told, None, show_task_id=True)
            none = discord.AllowedMentions.none()
            posted = await client.get_partial_messageable(videos.id).send(
                view=card, files=views.prompt_files(job), allowed_mentions=none
            )
            message = videos.message(posted.id)
            assert message is not None
            assert len(message.text) <= 4000
            assert rendered_markup(prompt_on_card(message.text)) == []
            assert ("$1.234567" in message.text) == (told is not None)
            files = [file.path.read_text() for file in message.attachments]
            assert files in ([], [job.request.prompt])


@pytest.mark.parametrize(
    ("cost", "said"),
    [
        (JobAmounts(held=MicroUSD(40_000)), "Reserved: $0.04."),
        (JobAmounts(charged=MicroUSD(90_000), adjusted=MicroUSD(-90_000)), "You weren't charged."),
        (JobAmounts(charged=MicroUSD(90_000), adjusted=MicroUSD(-50_000)), "Cost: $0.04."),
    ],
)
async def test_the_details_tell_what_is_held_or_given_back(
    client: StockClient, videos: Channel, ada: MemberClient, cost: JobAmounts, said: str
) -> None:
    """A job under way, and one that cost nothing in the end."""
    message = await show(
        client, videos, views.render_details(make_job(videos, ada), cost, None, show_task_id=False)
    )
    assert said in message.text
    assert "task" not in message.text


@pytest.mark.parametrize(("after_ms", "said"), [(59_999, "59 s"), (61_000, "1 min 1 s")])
async def test_a_result_tells_how_long_it_took(
    client: StockClient, videos: Channel, ada: MemberClient, after_ms: int, said: str
) -> None:
    """From the request to the post."""
    job = make_job(videos, ada, posting_since_ms=NOW_MS + after_ms)
    message = await show(client, videos, views.render_result(job, ResultPayload(None)))
    assert message.text.endswith(f"made in {said}")


@pytest.mark.parametrize(
    ("is_copy", "link", "said"),
    [
        (False, None, "too large for Discord"),
        (False, "https://videos.example/x", "[Watch or download it](https://videos.example/x)"),
        (True, None, "Compressed to fit Discord."),
        (
            True,
            "https://videos.example/x",
            "Compressed to fit Discord. [Get the original](https://videos.example/x)",
        ),
    ],
    ids=["nothing", "link", "copy", "both"],
)
async def test_a_result_says_what_there_is_of_a_large_video(
    publisher: DiscordPublisher,
    videos: Channel,
    ada: MemberClient,
    clip: Path,
    is_copy: bool,
    link: str | None,
    said: str,
) -> None:
    """A link has the day on which it ends; what is not there is not spoken of."""
    job, video = make_job(videos, ada), clip if is_copy else None
    await publisher.post_result(
        job, ResultPayload(video, is_copy=is_copy, link=link, link_expires_at_ms=NOW_MS)
    )
    (message,) = videos.messages
    assert said in message.text
    assert (f"<t:{NOW_MS // 1000}:D>" in message.text) == (link is not None and not is_copy)
    assert ("Compressed" in message.text, bool(message.attachments)) == (is_copy, is_copy)
