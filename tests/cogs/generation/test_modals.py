"""The form behind *Edit prompt*: filled in, sent off twice, late, wrong, and by strangers."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from discord import ui

import cogs.jobs.cog
from cogs.generation.modals import apply_input, edit_modal
from domain.models import MODELS
from domain.requests import Draft, GenerationCommand
from domain.violations import ViolationCode
from sandbox.demo.job_posts import job_id_in
from sandbox.discord import FakeDiscord, Interaction, MemberClient, Message
from sandbox.discord.interactions import InteractionType
from sandbox.discord.models import walk_components
from storage.database import Database
from tests.harness.bot import BotHarness, button_labels

VIDEO: dict[str, Any] = {"prompt": "a lake at dusk", "duration": 4, "resolution": "480p"}
LAKE = Path("sandbox/demo/pictures/lake.jpg")
FIELDS = ["prompt", "seconds", "resolution", "aspect_ratio", "sound"]

pytestmark = pytest.mark.time_scale(600)


async def opened(person: MemberClient, where: Message | Interaction, button: str) -> Interaction:
    """Click, and wait for the form."""
    form = await (await person.click(where, button)).until_answered()
    assert form.modal is not None, form
    return form


async def sent_off(person: MemberClient, form: Interaction, **values: Any) -> Interaction:
    """Send the form off, and wait for the private answer."""
    answer = await (await person.submit_modal(form, values)).until_answered()
    assert answer.ephemeral
    return answer


def shown(form: Interaction) -> dict[str, Any]:
    """Read what the form shows before anything is typed into it."""
    assert form.modal is not None
    found = dict[str, Any]()
    for field in walk_components(form.modal["components"]):
        if "custom_id" in field:
            chosen = [o["value"] for o in field.get("options", ()) if o.get("default")]
            value = field.get("value", field.get("default"))
            found[field["custom_id"]] = chosen[0] if chosen else value
    return found


def redelivered(fake_discord: FakeDiscord, form: Interaction, person: MemberClient) -> Interaction:
    """Submit a form that the client no longer shows."""
    assert form.modal is not None
    prompt = {"type": 18, "component": {"type": 4, "custom_id": "prompt", "value": "a sea"}}
    data = {"custom_id": form.modal["custom_id"], "components": [prompt]}
    return fake_discord.interactions.dispatch(
        InteractionType.MODAL, person.user, form.channel, data
    )


async def test_the_form_shows_what_was_asked_for(harness: BotHarness, ada: MemberClient) -> None:
    """Five fields, the first answer to the click, with every value that the model takes."""
    options = {**VIDEO, "duration": 7, "aspect_ratio": "9:16", "sound": True}
    form = await opened(ada, await harness.make_video(ada, "video", options), "Edit prompt")
    assert shown(form) == {
        "prompt": "a lake at dusk",
        "seconds": "7",
        "resolution": "480p",
        "aspect_ratio": "9:16",
        "sound": True,
    }
    assert list(shown(form)) == FIELDS


async def test_what_is_typed_is_made_and_the_rest_stays(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The picture and the options that the form does not show are those of the first video."""
    options = {"prompt": "it drifts", "image": LAKE, "duration": 4, "fixed_lens": True}
    form = await opened(ada, await harness.make_video(ada, "animate", options), "Edit prompt")
    answer = await sent_off(
        ada, form, prompt="it sinks", seconds=["5"], resolution=["480p"], sound=True
    )
    assert "**$0.1**" in answer.text or "**$0.10**" in answer.text
    await harness.wait_for_result(job_id_in(answer))
    before, after = harness.submitted_inputs()
    changed = {"prompt": "it sinks", "duration": 5, "resolution": "480p", "sound": True}
    assert after == {**before, **changed}


async def test_a_form_sent_off_twice_is_one_job(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """At once and later; a form that is opened again is another order."""
    result = await harness.make_video(ada, "video", VIDEO)
    form = await opened(ada, result, "Edit prompt")
    twice = [redelivered(fake_discord, form, ada) for _ in range(2)]
    answers = await asyncio.gather(*(sent.until_answered() for sent in twice))
    late = await redelivered(fake_discord, form, ada).until_answered()
    assert len({job_id_in(answer) for answer in (*answers, late)}) == 1
    another = await opened(ada, result, "Edit prompt")
    await sent_off(ada, another, prompt="a sea")
    assert await harness.job_count() == 3


async def test_a_stranger_who_forges_a_form_is_turned_away(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """And so is a form about no job; nothing is made."""
    form = await opened(ada, await harness.make_video(ada, "video", VIDEO), "Extend")
    answer = await redelivered(fake_discord, form, fake_discord.member("Ben")).until_answered()
    assert "Only the person who made this" in answer.text
    assert form.modal is not None
    form.modal["custom_id"] = "form:" + "0" * 20 + ":1"
    answer = await redelivered(fake_discord, form, ada).until_answered()
    assert "I can't find that video" in answer.text
    assert await harness.job_count() == 1


async def test_a_broken_rule_brings_the_form_back_filled(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Every rule is named; *Edit again* shows what was typed, and the corrected form works."""
    form = await opened(ada, await harness.make_video(ada, "video", VIDEO), "Edit prompt")
    typed_in = {"prompt": "ab", "seconds": ["12"], "sound": True}
    refusal = await sent_off(ada, form, **typed_in)
    assert "at least 3 characters" in refusal.text
    assert button_labels(refusal) == ["Edit again"]
    again = await opened(ada, refusal, "Edit again")
    assert (shown(again)["prompt"], shown(again)["seconds"], shown(again)["sound"]) == (
        "ab",
        "12",
        True,
    )
    job = job_id_in(await sent_off(ada, again, prompt="abc"))
    assert (await harness.job(job)).request.seconds == 12


async def test_what_was_typed_is_gone_after_a_while(harness: BotHarness, ada: MemberClient) -> None:
    """After a quarter of an hour; a sentence says what to do."""
    form = await opened(ada, await harness.make_video(ada, "video", VIDEO), "Edit prompt")
    refusal = await sent_off(ada, form, prompt="ab")
    harness.clock_offset_ms = 16 * 60_000
    answer = await (await ada.click(refusal, "Edit again")).until_answered()
    assert "click *Edit prompt*" in answer.text
    assert answer.ephemeral


async def test_a_picture_that_is_not_kept_any_more_can_be_attached_with_the_words_kept(
    harness: BotHarness, ada: MemberClient
) -> None:
    """*Edit again* opens the form that takes pictures, with what was typed."""
    options = {"prompt": "it drifts", "image": LAKE, "duration": 4}
    form = await opened(ada, await harness.make_video(ada, "animate", options), "Edit prompt")
    harness.context.media.remove_old_inputs(-60)
    harness.clock_offset_ms = 30 * 3_600_000
    refusal = await sent_off(ada, form, prompt="it sinks")
    assert "is gone" in refusal.text
    again = await opened(ada, refusal, "Edit again")
    assert shown(again)["prompt"] == "it sinks"
    request = (await harness.job(job_id_in(await sent_off(ada, again, pictures=[LAKE])))).request
    assert (request.prompt, len(request.pictures)) == ("it sinks", 1)


async def test_a_slow_database_is_told_in_time(
    harness: BotHarness, ada: MemberClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A form cannot be deferred, so after two seconds the member hears that it is slow."""
    result = await harness.make_video(ada, "video", VIDEO)

    async def hanging(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Database, "read", hanging)
    monkeypatch.setattr(cogs.jobs.cog, "_MODAL_READ_S", 0.1)
    answer = await (await ada.click(result, "Edit prompt")).until_answered()
    assert not answer.failed
    assert "slow" in answer.text
    monkeypatch.undo()


async def test_a_prompt_longer_than_a_form_is_cut_with_a_note(
    harness: BotHarness, ada: MemberClient
) -> None:
    """4,000 characters fit, counted as Discord does."""
    prompt = "🎬" * 2_500
    options = {**VIDEO, "model": "seedance-2-0", "prompt": prompt}
    form = await opened(ada, await harness.make_video(ada, "video", options), "Edit prompt")
    assert shown(form)["prompt"] == prompt[:2_000]
    assert form.modal is not None
    notes = [field.get("description") for field in form.modal["components"]]
    assert notes[0] is not None
    assert notes[1:] == [None] * 4


def a_draft(**more: Any) -> Draft:
    return Draft(command=GenerationCommand.VIDEO, prompt="a lake", seconds=4, sound=False, **more)


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
async def test_the_menus_offer_what_the_model_makes(model: Any) -> None:
    """And the library is given nothing to keep: the form outlives the process."""
    form = edit_modal(a_draft(model=model.id), "0" * 20, 7)
    menus = [label.component for label in form.children][1:4]
    offered = [[option.value for option in menu.options] for menu in menus]
    assert offered == [
        [
            *(str(seconds) for seconds in range(model.min_seconds, model.max_seconds + 1)),
            *("takes:2", "takes:3", "takes:4"),
        ],
        list(model.resolutions),
        list(model.aspect_ratios),
    ]
    assert form.is_finished()


@pytest.mark.parametrize(
    "components",
    [
        (),
        [{"type": 10}],
        [{"type": 18, "component": {}}],
        [{"type": 18, "component": {"custom_id": "sound", "value": "no"}}],
        [{"type": 18, "component": {"custom_id": "prompt", "value": {"a": 1}}}],
        [{"type": 18, "component": {"custom_id": "seconds", "value": 7}}],
        [{"type": 18, "component": {"custom_id": "no such field", "values": ["x"]}}],
        [None, 7, "text", {"component": None}, {"type": 18, "component": ["x"]}],
        {"type": 18},
        None,
    ],
)
def test_an_odd_form_changes_nothing(components: Any) -> None:
    """What is not there stays as it was."""
    assert apply_input(a_draft(), {"components": components}) == a_draft()


def test_a_menu_that_was_cleared_leaves_open() -> None:
    """The usual length is made then, which the model or the server sets."""
    field = {"custom_id": "seconds", "values": []}
    changed = apply_input(a_draft(), {"components": [{"type": 18, "component": field}]})
    assert (changed.seconds, changed.violations) == (None, ())


@pytest.mark.parametrize("value", ["٤", "4.5", "-4", "9" * 5_000, ""])
def test_a_length_that_is_no_number_is_named(value: str) -> None:
    """A client that lies may send anything as a length."""
    field = {"custom_id": "seconds", "values": [value]}
    changed = apply_input(a_draft(), {"components": [{"type": 18, "component": field}]})
    assert [one.code for one in changed.violations] == [ViolationCode.LENGTH_NOT_WHOLE]


@pytest.mark.parametrize("prompt", ["a \ud800 lake", "a \0 lake", "\udfff"])
def test_what_can_not_be_sent_is_missing_in_the_form_with_a_note(prompt: str) -> None:
    """Or Discord would refuse the form."""
    form = edit_modal(replace(a_draft(), prompt=prompt), "0" * 20, 7)
    label = form.children[0]
    assert isinstance(label, ui.Label)
    assert isinstance(label.component, ui.TextInput)
    shown_text = label.component.default or ""
    shown_text.encode()
    assert "\0" not in shown_text
    assert label.description is not None


def test_a_value_that_is_none_is_named() -> None:
    """A client that lies may send anything."""
    field = {"custom_id": "resolution", "values": ["4k"]}
    changed = apply_input(a_draft(), {"components": [{"type": 18, "component": field}]})
    (unknown,) = changed.violations
    assert unknown.code is ViolationCode.CHOICE_UNKNOWN
    assert dict(unknown.params) == {
        "option": "resolution",
        "value": "4k",
        "values": ("480p", "720p", "1080p"),
    }
