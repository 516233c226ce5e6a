"""Nothing is fetched for who may not spend: every rule that needs no file, at every entrance."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from domain.guild_settings import AppliesTo
from domain.quotas import Limit, LimitKind, LimitTarget, Period, period_name
from sandbox.demo.job_posts import job_id_in
from sandbox.discord import (
    DiscordConfig,
    FakeDiscord,
    Interaction,
    MemberClient,
    Message,
    Permission,
    Upload,
)
from storage import fetched_bytes
from storage.media import MediaFolder
from tests.harness.bot import BotHarness, button_labels
from tests.harness.color_videos import colours, make_video
from tests.harness.media_samples import make_video as plain_video
from workflow.billing import quotas
from workflow.billing.quotas import Actor
from workflow.fetch_budget import MAX_BYTES_PER_DAY
from workflow.guilds import settings
from workflow.operator import control
from workflow.results.retention import sweep_pending_inputs
from workflow.video_tools.tools import ConfinedVideoTools

VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
MENU = "Animate this image"
REFER = "Use as reference"
CUT = "Use the first 15 s"
WAITS = "on its way"
_numbers = count(1)

pytestmark = pytest.mark.time_scale(600)


@pytest.fixture
async def fake_discord() -> AsyncIterator[FakeDiscord]:
    """Open a Discord that does not mind how busy this machine is."""
    options = DiscordConfig(sends_per_window=5_000, requests_per_second=5_000, ack_seconds=120)
    async with FakeDiscord(options) as opened:
        yield opened


def picture(colour: str = "teal", size: tuple[int, int] = (640, 360)) -> Upload:
    data = io.BytesIO()
    Image.new("RGB", size, colour).save(data, "PNG")
    return Upload(f"{colour}.png", data.getvalue())


ANIMATE: dict[str, Any] = {**VIDEO, "image": picture()}


class CountingTools(ConfinedVideoTools):
    """The tools, with the names of the videos whose last frame was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.extracted: list[str] = []

    async def extract_last_frame(self, video: Path) -> bytes:
        self.extracted.append(video.stem)
        return await super().extract_last_frame(video)


def fetches(discord: FakeDiscord) -> int:
    """Count the requests to the CDN."""
    return sum("attachments/" in entry.path and entry.method == "GET" for entry in discord.journal)


def files(harness: BotHarness) -> list[str]:
    """List the folders of all files of members that lie in the media folder."""
    found = (harness.folder / "media").glob("*inputs/*")
    return sorted(path.parent.name for path in found)


async def stop(harness: BotHarness) -> None:
    """Let the operator stop submissions: nobody but the service fetches files then."""
    await control.stop_submissions(harness.context, "a test", Actor(1, next(_numbers)))


def guild_id(harness: BotHarness) -> int:
    assert harness.channel.guild is not None
    return harness.channel.guild.id


async def ask(
    harness: BotHarness, person: MemberClient, command: str, options: dict[str, Any]
) -> Interaction:
    return await (await person.run_command(harness.channel, command, options)).until_answered(60)


async def decide(harness: BotHarness, **fields: object) -> None:
    """Let a manager set some fields."""
    manager = Actor(user_id=1, interaction_id=next(_numbers))
    await settings.change(
        harness.context,
        guild_id(harness),
        manager,
        lambda now: now.model_copy(update=fields),
    )


async def limit(
    harness: BotHarness,
    target: LimitTarget,
    kind: LimitKind,
    amount: int | None,
    member: MemberClient | None = None,
) -> None:
    """Let a manager set or, with None, clear a limit."""
    actor = Actor(user_id=1, interaction_id=next(_numbers))
    subject = member.id if member else 0
    chosen = Limit(
        target=target, kind=kind, amount=amount, guild_id=guild_id(harness), subject_id=subject
    )
    change = quotas.clear_limit if amount is None else quotas.set_limit
    await change(harness.context, chosen, actor)


Setting = Callable[[BotHarness], Awaitable[None]]


def setting(before: dict[str, object], after: dict[str, object]) -> tuple[Setting, Setting]:
    return lambda harness: decide(harness, **before), lambda harness: decide(harness, **after)


def limiting(target: LimitTarget, kind: LimitKind, amount: int) -> tuple[Setting, Setting]:
    return (
        lambda harness: limit(harness, target, kind, amount),
        lambda harness: limit(harness, target, kind, None),
    )


RULES: dict[str, tuple[str, tuple[Setting, Setting]]] = {
    "channel": ("Try <#5>", setting({"channels": (5,)}, {"channels": ()})),
    "role": ("one of these roles: <@&77>", setting({"roles": (77,)}, {"roles": ()})),
    "age": ("age-restricted", setting({"age_gate": AppliesTo.ALL}, {"age_gate": AppliesTo.NONE})),
    "private": (
        "Private videos are off",
        setting({"private_allowed": False}, {"private_allowed": True}),
    ),
    "nothing left": (
        "You've used up today's $0.01. It resets",
        limiting(LimitTarget.MEMBERS, LimitKind.DAY, 10_000),
    ),
    "no quota": (
        "Video spending is off for you here.",
        limiting(LimitTarget.MEMBERS, LimitKind.MONTH, 0),
    ),
    "the server's quota": (
        "Video spending is off on this server.",
        limiting(LimitTarget.SERVER, LimitKind.DAY, 0),
    ),
    "cooldown": (
        "You can make your next video",
        limiting(LimitTarget.MEMBERS, LimitKind.COOLDOWN, 3600),
    ),
    "jobs at once": (
        "You can make 1 video at once",
        limiting(LimitTarget.MEMBERS, LimitKind.IN_FLIGHT, 1),
    ),
    "no jobs": ("turned off videos for you", limiting(LimitTarget.MEMBERS, LimitKind.IN_FLIGHT, 0)),
}


async def test_every_rule_that_needs_no_file_comes_before_the_files(
    stopped_harness: BotHarness,
    fake_discord: FakeDiscord,
    ada: MemberClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each refuses in its own words, before a byte is fetched; without it the file is taken."""
    harness = stopped_harness
    harness.policy = replace(harness.policy, max_queued_per_member=2)
    await harness.start()
    await stop(harness)
    await ask(harness, ada, "video", VIDEO)
    for name, (said, (begin, end)) in RULES.items():
        await begin(harness)
        options = {**ANIMATE, **({"private": True} if name == "private" else {})}
        answer = await ask(harness, ada, "animate", options)
        assert said in answer.text, name
        await end(harness)
    preset = await ask(harness, ada, "animate", {**ANIMATE, "preset": "none such"})
    assert "can't find that preset" in preset.text
    with monkeypatch.context() as full:
        full.setattr(MediaFolder, "free_bytes", lambda _: 7)
        assert "short of disk space" in (await ask(harness, ada, "animate", ANIMATE)).text
    assert fetches(fake_discord) == 0
    assert files(harness) == []
    assert WAITS in (await ask(harness, ada, "animate", ANIMATE)).text
    assert "2 videos waiting already" in (await ask(harness, ada, "animate", ANIMATE)).text
    assert fetches(fake_discord) == 1
    assert files(harness) == ["inputs"]


async def test_what_the_bot_may_not_post_has_no_file_fetched(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """All that is known is named at once, the words of the prompt too."""
    quiet = fake_discord.world.add_channel(ada.guild, "quiet")
    fake_discord.world.deny(quiet, Permission.ATTACH_FILES)
    command = await ada.run_command(quiet, "animate", {**ANIMATE, "prompt": "ab"})
    refused = (await command.until_answered(60)).text
    assert "I need *Attach Files*" in refused
    assert "at least 3 characters" in refused
    assert fetches(fake_discord) == 0


async def form_of(person: MemberClient, clicked: Awaitable[Interaction]) -> Interaction:
    form = await (await clicked).until_answered(60)
    assert form.modal is not None, form.text
    return form


async def test_no_entrance_fetches_for_who_may_not_spend(
    stopped_harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """Commands, forms that were open already, the menus of messages, buttons of all kinds."""
    harness = stopped_harness
    harness.video_tools = tools = CountingTools()
    await harness.start()
    first = await harness.make_video(ada, "video", VIDEO)
    shown = await ada.send_message(harness.channel, "look", [picture("navy")])
    narrow = await ask(harness, ada, "animate", {**VIDEO, "image": picture(size=(300, 900))})
    clip = Upload("walk.mp4", plain_video(16_000))
    long = await ask(harness, ada, "reference", {**VIDEO, "video1": clip})
    before, kept = fetches(fake_discord), files(harness)
    run, send = ada.run_command, ada.submit_modal
    compose = await form_of(ada, run(harness.channel, "compose", {}))
    retry = await form_of(ada, ada.click(narrow, "Edit again"))
    menu = await form_of(ada, ada.use_context_menu(shown, MENU))
    refer = await form_of(ada, ada.use_context_menu(shown, REFER))
    extend = await form_of(ada, ada.click(first, "Extend"))
    await limit(harness, LimitTarget.MEMBERS, LimitKind.COOLDOWN, 3600)
    references = {
        **VIDEO,
        "image1": picture(),
        "video1": Upload("walk.mp4", b"not read"),
        "audio1": Upload("bell.wav", b"not read"),
    }
    entrances: dict[str, Awaitable[Interaction]] = {
        "/animate": run(harness.channel, "animate", ANIMATE),
        "/reference": run(harness.channel, "reference", references),
        "/compose": send(compose, {"prompt": "it drifts", "pictures": [picture()]}),
        "Edit again": send(retry, {"prompt": "it drifts", "pictures": [picture()]}),
        MENU: send(menu, {"prompt": "it drifts", "last_picture": [picture("red")]}),
        REFER: send(refer, {"prompt": "it drifts", "seconds": ["5"], "resolution": ["480p"]}),
        CUT: ada.click(long, CUT),
        "Extend": send(extend, {"prompt": "it rains"}),
        "Again": ada.click(first, "Again"),
    }
    for entrance, used in entrances.items():
        answer = await (await used).until_answered(60)
        assert "You can make your next video" in answer.text, entrance
    assert fetches(fake_discord) == before
    assert tools.extracted == []
    assert files(harness) == kept
    assert await harness.job_count() == 1


async def submitted_as(person: MemberClient, form: Interaction, opened: int) -> Interaction:
    """Submit a form as if it were another one about the same video."""
    assert form.modal is not None
    form.modal["custom_id"] = form.modal["custom_id"].rpartition(":")[0] + f":{opened}"
    return await person.submit_modal(form, {"prompt": "it rains"})


async def test_nobody_waits_for_somebody_elses_refused_pile(
    stopped_harness: BotHarness, ada: MemberClient, ben: MemberClient
) -> None:
    """Sixty *Extend* that are refused look into no video; the one that may be is made."""
    harness = stopped_harness
    harness.video_tools = tools = CountingTools()
    await harness.start()
    films = dict[int, Message]()
    for person in (ada, ben):
        films[person.id] = film = await harness.make_video(person, "video", VIDEO)
        path = harness.context.media.video_path(film.attachments[0].filename)
        path.write_bytes(make_video(colours(12), key_every=12))
    form = await form_of(ada, ada.click(films[ada.id], "Extend"))
    own = await form_of(ben, ben.click(films[ben.id], "Extend"))
    await limit(harness, LimitTarget.MEMBER, LimitKind.DAY, 0, ada)
    sent = [await submitted_as(ada, form, opened=10**17 + number) for number in range(60)]
    last = await ben.submit_modal(own, {"prompt": "it rains"})
    job_id_in(await last.until_answered(60))
    assert tools.extracted == [films[ben.id].attachments[0].filename.removesuffix(".mp4")]
    for refused in sent:
        assert "Video spending is off for you" in (await refused.until_answered(60)).text


async def test_a_pile_is_refused_from_the_second_on(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """One request of a member is looked at at a time: the first one's cooldown meets the rest."""
    await stop(harness)
    await limit(harness, LimitTarget.MEMBERS, LimitKind.COOLDOWN, 3600)
    sent = [await ada.run_command(harness.channel, "animate", ANIMATE) for _ in range(6)]
    answers = [(await one.until_answered(60)).text for one in sent]
    assert sum(WAITS in text for text in answers) == 1
    assert sum("You can make your next video" in text for text in answers) == 5
    assert fetches(fake_discord) == 1


async def test_a_file_is_kept_with_an_accepted_order_only(
    harness: BotHarness, ada: MemberClient
) -> None:
    """What is refused leaves none; a form and a question keep theirs for a quarter of an hour."""
    context = harness.context
    await limit(harness, LimitTarget.MEMBERS, LimitKind.DAY, 10_000)
    assert (
        "more than your daily limit of $0.01" in (await ask(harness, ada, "animate", ANIMATE)).text
    )
    assert files(harness) == []
    await limit(harness, LimitTarget.MEMBERS, LimitKind.DAY, None)
    await decide(harness, confirm_above=10_000)
    asked = await ask(harness, ada, "animate", ANIMATE)
    form = await ask(harness, ada, "animate", {**ANIMATE, "image": picture("red"), "prompt": "ab"})
    assert button_labels(form) == ["Edit again"]
    await sweep_pending_inputs(context, 890)
    assert files(harness) == ["pending-inputs"] * 2
    (spend,) = button_labels(asked)
    await ada.click(asked, spend)
    await asked.until_text(lambda text: "on its way" in text)
    assert files(harness) == ["inputs", "pending-inputs"]
    await sweep_pending_inputs(context, -1)
    assert files(harness) == ["inputs"]


async def test_the_bytes_of_a_member_and_day_are_bounded(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, ben: MemberClient
) -> None:
    """A restart does not forget them; others have their own, and tomorrow has another."""
    await stop(harness)
    assert WAITS in (await ask(harness, ada, "animate", ANIMATE)).text
    context, image = harness.context, ANIMATE["image"]
    today = period_name(Period.DAY, context.now_ms())
    used = await context.database.read(lambda tx: fetched_bytes.get(tx, ada.id, today))
    assert used == len(image.content)
    rest = MAX_BYTES_PER_DAY - used
    await context.database.transact(lambda tx: fetched_bytes.correct(tx, ada.id, today, rest))
    await harness.restart()
    refused = (await ask(harness, ada, "animate", ANIMATE)).text
    assert "more than the 2,000 MB of files I can take from you in a day" in refused
    assert fetches(fake_discord) == 1
    assert WAITS in (await ask(harness, ben, "animate", ANIMATE)).text
    harness.clock_offset_ms = 24 * 3_600_000
    assert WAITS in (await ask(harness, ada, "animate", ANIMATE)).text
    assert fetches(fake_discord) == 3


async def test_a_file_announced_as_too_large_is_refused_without_a_request(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """Its size is in the interaction; so says the answer."""
    ada.user.upload_bytes = 64 << 20
    heavy = Upload("walk.mp4", bytes(50_000_001))
    answer = await ask(harness, ada, "reference", {"prompt": "like this", "video1": heavy})
    assert "walk.mp4 is too large (50 MB). Use up to 50 MB." in answer.text
    assert fetches(fake_discord) == 0
