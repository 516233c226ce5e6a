"""`/compose`, and the forms that come back filled when a rule was broken, over the wire."""

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cogs.generation.attachments import LoadedAttachments
from cogs.generation.modals import RETRY_KINDS, ModalKind
from cogs.generation.retry import RetryDraft, RetryModals, merge_frames, with_frames
from domain.guild_settings import AppliesTo, GenerationRules, GuildSettings
from domain.models import ModelId, Resolution
from domain.money import MicroUSD
from domain.quotas import Limits
from domain.requests import Draft, GenerationCommand, Picture
from domain.violations import Source, Violation, ViolationCode
from sandbox.demo.job_posts import job_id_in
from sandbox.discord import FakeDiscord, Interaction, MemberClient, Permission, Upload
from sandbox.discord.interactions import InteractionType
from sandbox.discord.models import walk_components
from storage import guild_settings
from storage.database import Database
from storage.media import MediaFolder
from tests.harness.bot import BotHarness, button_labels
from tests.harness.media_samples import make_audio, make_video
from tests.harness.member_turns import context_with
from workflow.context import Policy

LAKE = Picture(url="", name="lake.png", format="PNG", width=640, height=360, size=9)
ONE, TWO, P480 = ModelId.SEEDANCE_1_5_PRO, ModelId.SEEDANCE_2_0, Resolution.P480
SEA = LAKE.model_copy(update={"name": "sea.png"})

pytestmark = pytest.mark.time_scale(600)


def picture(name: str, size: tuple[int, int] = (640, 360)) -> Upload:
    data = io.BytesIO()
    Image.new("RGB", size, "teal").save(data, "PNG")
    return Upload(name, data.getvalue())


async def compose(harness: BotHarness, person: MemberClient) -> Interaction:
    """Open the form for a new video."""
    form = await (await person.run_command(harness.channel, "compose")).until_answered()
    assert form.modal is not None, form
    return form


async def sent_off(person: MemberClient, form: Interaction, **values: Any) -> Interaction:
    """Send a form off, and wait for the answer, which is private."""
    answer = await (await person.submit_modal(form, values)).until_answered()
    assert answer.ephemeral
    return answer


async def edited_again(person: MemberClient, refusal: Interaction) -> Interaction:
    """Open the form of a refusal."""
    form = await (await person.click(refusal, "Edit again")).until_answered()
    assert form.modal is not None, form.text
    return form


def shown(form: Interaction) -> dict[str, Any]:
    """Read the value of each field of a form; files have none."""
    assert form.modal is not None
    found = dict[str, Any]()
    for field in walk_components(form.modal["components"]):
        if "custom_id" in field:
            chosen = [one["value"] for one in field.get("options", ()) if one.get("default")]
            found[field["custom_id"]] = (chosen or [field.get("value", field.get("default"))])[0]
    return found


def notes(form: Interaction) -> str:
    """Read the descriptions of the fields."""
    assert form.modal is not None
    return " ".join(part.get("description") or "" for part in form.modal["components"])


def raw(
    fake_discord: FakeDiscord,
    person: MemberClient,
    form: Interaction,
    components: Any,
    custom_id: str | None = None,
) -> Interaction:
    """Send a form off as a client would that lies."""
    assert form.modal is not None
    data = {"custom_id": custom_id or form.modal["custom_id"], "components": components}
    return fake_discord.interactions.dispatch(
        InteractionType.MODAL, person.user, form.channel, data
    )


def prompted(text: object) -> list[dict[str, Any]]:
    return [{"type": 18, "component": {"type": 4, "custom_id": "prompt", "value": text}}]


async def test_words_alone_make_a_video_from_words(harness: BotHarness, ada: MemberClient) -> None:
    """The form is empty, and what is left open is as usual."""
    form = await compose(harness, ada)
    assert shown(form) == dict.fromkeys(("prompt", "pictures", "model", "seconds", "resolution"))
    answer = await sent_off(ada, form, prompt="a lake at dusk")
    request = (await harness.job(job_id_in(answer))).request
    assert (request.mode, request.seconds, request.resolution) == ("text-to-video", 4, "720p")


async def test_what_the_form_has_no_room_for_is_an_option_of_the_command(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Shape, sound and *private* are as the command said."""
    options = {"aspect_ratio": "9:16", "sound": True, "private": True}
    form = await (await ada.run_command(harness.channel, "compose", options)).until_answered()
    answer = await sent_off(ada, form, prompt="a lake at dusk")
    job = await harness.job(job_id_in(answer))
    assert (job.request.aspect_ratio, job.request.sound, job.private) == ("9:16", True, True)


async def test_two_pictures_are_first_and_last_in_their_order(
    harness: BotHarness, ada: MemberClient
) -> None:
    """With what was chosen in the menus."""
    files = [picture("first.png"), picture("last.png")]
    answer = await sent_off(
        ada,
        await compose(harness, ada),
        prompt="it drifts",
        pictures=files,
        model=["seedance-2-0"],
        seconds=["15"],
        resolution=["480p"],
    )
    request = (await harness.job(job_id_in(answer))).request
    assert request.mode == "first_and_last_frames"
    assert [one.name for one in request.pictures] == ["first.png", "last.png"]
    assert (request.seconds, request.resolution) == (15, "480p")


async def test_a_form_sent_off_twice_is_one_job(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """At once and later, a new one and one that came back filled."""
    form = await compose(harness, ada)
    twice = [raw(fake_discord, ada, form, prompted("a sea")) for _ in range(2)]
    answers = await asyncio.gather(*(sent.until_answered() for sent in twice))
    assert len({job_id_in(answer) for answer in answers}) == 1
    form = await edited_again(ada, await sent_off(ada, await compose(harness, ada), prompt="x"))
    answers = [await raw(fake_discord, ada, form, prompted("a sea")).until_answered() for _ in "12"]
    assert len({job_id_in(answer) for answer in answers}) == 1
    assert await harness.job_count() == 2


async def test_pictures_that_were_taken_in_need_not_be_attached_again(
    harness: BotHarness, ada: MemberClient
) -> None:
    """A length that the model does not make brings the form back; both pictures are kept."""
    refusal = await sent_off(
        ada,
        await compose(harness, ada),
        prompt="it drifts",
        pictures=[picture("my_lake.png"), picture("sea.png")],
        seconds=["15"],
    )
    assert "4 to 12 seconds" in refusal.text
    form = await edited_again(ada, refusal)
    assert "my_lake.png and sea.png are kept" in notes(form)
    assert (shown(form)["prompt"], shown(form)["seconds"]) == ("it drifts", "15")
    request = (await harness.job(job_id_in(await sent_off(ada, form, seconds=["12"])))).request
    assert [one.name.replace("\\", "") for one in request.pictures] == ["my_lake.png", "sea.png"]


async def test_only_the_picture_that_can_not_be_used_is_attached_again(
    harness: BotHarness, ada: MemberClient
) -> None:
    """It takes the place of the one that was refused; the good one keeps its own."""
    options = {
        "prompt": "it drifts",
        "image": Upload("text.png", b"no picture"),
        "last_image": picture("last.png"),
        "web_search": True,
        "model": "seedance-2-0",
        "resolution": "480p",
    }
    refusal = await (await ada.run_command(harness.channel, "animate", options)).until_answered()
    assert "I can't read text.png as a picture" in refusal.text
    form = await edited_again(ada, refusal)
    assert "last.png is kept as the last frame" in notes(form)
    still = await sent_off(ada, form)
    assert "The first frame is missing" in still.text
    form = await edited_again(ada, still)
    answer = await sent_off(ada, form, pictures=[picture("first.png")])
    request = (await harness.job(job_id_in(answer))).request
    assert [one.name for one in request.pictures] == ["first.png", "last.png"]
    assert request.web_search


async def test_a_refused_video_keeps_what_its_form_does_not_show(
    harness: BotHarness, ada: MemberClient
) -> None:
    """Sound and lens are as they were given; a shape that is unknown to the model can be fixed."""
    options = {"prompt": "ab", "aspect_ratio": "auto", "sound": True, "fixed_lens": True}
    refusal = await (await ada.run_command(harness.channel, "video", options)).until_answered()
    form = await edited_again(ada, refusal)
    assert (shown(form)["prompt"], shown(form)["aspect_ratio"]) == ("ab", "auto")
    answer = await sent_off(ada, form, prompt="a lake", aspect_ratio=["1:1"])
    request = (await harness.job(job_id_in(answer))).request
    assert (request.aspect_ratio, request.sound, request.fixed_lens) == ("1:1", True, True)


async def test_the_shape_is_asked_for_in_the_files_place_when_it_is_wrong(
    harness: BotHarness, ada: MemberClient
) -> None:
    """A form has five fields; the picture is kept meanwhile."""
    options = {"prompt": "it drifts", "image": picture("lake.png"), "aspect_ratio": "auto"}
    refusal = await (await ada.run_command(harness.channel, "animate", options)).until_answered()
    form = await edited_again(ada, refusal)
    assert "pictures" not in shown(form)
    answer = await sent_off(ada, form, aspect_ratio=["1:1"])
    assert len((await harness.job(job_id_in(answer))).request.pictures) == 1


async def test_a_refused_reference_keeps_the_files_that_are_good(
    harness: BotHarness, ada: MemberClient
) -> None:
    """What cannot be used is left out, and the form says so."""
    options = {
        "prompt": " ",
        "image1": picture("small.png", (200, 200)),
        "image2": picture("lake.png"),
        "video1": Upload("dance.mp4", make_video(2_520)),
        "audio1": Upload("long.mp3", make_audio(15_100)),
        "audio2": Upload("none.mp3", b"nothing"),
        "duration": 5,
        "resolution": "480p",
    }
    refusal = await (await ada.run_command(harness.channel, "reference", options)).until_answered()
    form = await edited_again(ada, refusal)
    assert list(shown(form)) == ["prompt", "seconds", "resolution", "aspect_ratio", "sound"]
    assert "3 references didn't work and are left out" in notes(form)
    answer = await sent_off(ada, form, prompt="they dance")
    job = await harness.job(job_id_in(answer))
    assert [one.name for one in job.request.pictures] == ["lake.png"]
    assert job.price == (5_000 + 2_520) * 55


async def test_a_picture_that_is_too_small_is_attached_again(
    harness: BotHarness, ada: MemberClient
) -> None:
    """It was taken in, but breaks a rule; leaving it out would be another video."""
    options = {"prompt": "it drifts", "image": picture("small.png", (200, 200))}
    refusal = await (await ada.run_command(harness.channel, "animate", options)).until_answered()
    form = await edited_again(ada, refusal)
    assert "Attach another one" in notes(form)
    answer = await sent_off(ada, form)
    assert "Attach a PNG, JPEG or WebP to animate" in answer.text
    form = await edited_again(ada, answer)
    job_id_in(await sent_off(ada, form, pictures=[picture("lake.png")]))


FORBIDDING = {
    "not here": GuildSettings(channels=(7,)),
    "role": GuildSettings(roles=(7,)),
    "adults": GuildSettings(age_gate=AppliesTo.ALL),
    "private": GuildSettings(private_allowed=False),
}


@pytest.mark.parametrize("why", ["quota", "channel", "preset", *FORBIDDING])
async def test_no_refusal_loses_the_prompt(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, why: str
) -> None:
    """Also where no form can correct it, and before any file was fetched."""
    options: dict[str, Any] = {}
    match why:
        case "quota":
            limits = Limits(member_day=MicroUSD(1), server_day=None, everything_day=None)
            harness.policy = Policy(limits=limits, max_tasks=5)
            await harness.restart()
        case "channel":
            fake_discord.world.deny(harness.channel, Permission.ATTACH_FILES)
        case "preset":
            options = {"preset": "no such preset"}
        case _:
            options = {"private": True} if why == "private" else {}
            await decide(harness, ada, FORBIDDING[why])
    for name, files in (("video", {}), ("animate", {"image": picture("lake.png")})):
        asked = {"prompt": "a lake", **options, **files}
        refused = await (await ada.run_command(harness.channel, name, asked)).until_answered()
        assert "can't make this yet" in refused.text
        assert button_labels(refused)[-1] == "Edit again"
        assert shown(await edited_again(ada, refused))["prompt"] == "a lake"
    assert await harness.job_count() == 0


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        (GuildSettings(rules=GenerationRules(models=(ONE,))), {"model": TWO}),
        (GuildSettings(rules=GenerationRules(resolutions=(P480,))), {"resolution": "720p"}),
        (GuildSettings(rules=GenerationRules(max_seconds=5)), {"duration": 6}),
        (GuildSettings(banned=("plain",)), {"prompt": "a plain lake"}),
        (GuildSettings(age_gate=AppliesTo.SENSITIVE, sensitive=("lake",)), {}),
    ],
)
async def test_a_rule_of_the_server_about_what_a_form_shows_is_corrected_there(
    harness: BotHarness, ada: MemberClient, settings: GuildSettings, options: dict[str, Any]
) -> None:
    """The model, the resolution, the length, and the words of the prompt."""
    await decide(harness, ada, settings)
    typed = await ada.run_command(harness.channel, "video", {"prompt": "a lake", **options})
    refused = await typed.until_answered()
    assert "can't make this yet" in refused.text
    assert button_labels(refused) == ["Edit again"]


async def decide(harness: BotHarness, person: MemberClient, settings: GuildSettings) -> None:
    """Let a manager have set this on the member's server."""
    text = settings.model_dump_json()
    await harness.database.transact(
        lambda tx: guild_settings.save_settings(tx, person.guild.id, text, 1)
    )


async def test_a_refusal_and_its_form_work_after_restarts(
    harness: BotHarness, ada: MemberClient
) -> None:
    """The picture and the options that the form does not show are there as before."""
    options = {"prompt": "it drifts", "image": picture("lake.png"), "duration": 13, "sound": True}
    refusal = await (await ada.run_command(harness.channel, "animate", options)).until_answered()
    await harness.restart()
    form = await edited_again(ada, refusal)
    assert "lake.png is kept" in notes(form)
    await harness.restart()
    answer = await sent_off(ada, form, seconds=["12"])
    request = (await harness.job(job_id_in(answer))).request
    assert (request.seconds, request.sound) == (12, True)
    assert [one.name for one in request.pictures] == ["lake.png"]


async def test_a_form_that_was_open_too_long_loses_the_files_but_not_the_words(
    harness: BotHarness, ada: MemberClient
) -> None:
    """What is not in the form is gone; *Edit again* shows the prompt, and pictures can be given."""
    options = {"prompt": "it drifts", "image": picture("lake.png"), "duration": 13}
    refusal = await (await ada.run_command(harness.channel, "animate", options)).until_answered()
    form = await edited_again(ada, refusal)
    harness.clock_offset_ms = 16 * 60_000
    answer = await sent_off(ada, form, prompt="it drifts away", seconds=["12"])
    assert "I only kept your files" in answer.text
    form = await edited_again(ada, answer)
    assert shown(form)["prompt"] == "it drifts away"
    answer = await sent_off(ada, form, pictures=[picture("lake.png")])
    assert (await harness.job(job_id_in(answer))).request.seconds == 12


@pytest.mark.parametrize("kind", RETRY_KINDS)
async def test_somebody_elses_draft_is_not_to_be_had(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, kind: ModalKind
) -> None:
    """A forged form about it, of whatever kind, is one about nothing."""
    options = {"prompt": "secret", "image": picture("secret.png"), "duration": 13}
    refusal = await (await ada.run_command(harness.channel, "animate", options)).until_answered()
    ben = fake_discord.member("Ben")
    custom_id = f"mend:{kind}:{refusal.id}:1"
    form = await compose(harness, ben)
    answer = await raw(fake_discord, ben, form, prompted("a sea"), custom_id).until_answered()
    assert "I only kept your files" in answer.text
    assert "secret" not in answer.text
    assert await harness.job_count() == 0


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("\ud800 lake", "characters I can't send"),
        ("\u200b\u2060\u200d\ufeff", "Describe what the video should show"),
        ("a" * 4_001, "up to 2,500 characters"),
        ({"a": 1}, "Describe what the video should show"),
        (None, "Describe what the video should show"),
    ],
)
async def test_an_odd_prompt_gets_a_clear_answer_and_comes_back(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient, prompt: object, said: str
) -> None:
    """Whatever a lying client sends, the form opens again and makes one job."""
    form = await compose(harness, ada)
    refusal = await raw(fake_discord, ada, form, prompted(prompt)).until_answered()
    assert said in refusal.text
    form = await edited_again(ada, refusal)
    job_id_in(await sent_off(ada, form, prompt="a lake"))
    assert await harness.job_count() == 1


async def test_a_forged_form_with_odd_fields_gets_a_clear_answer(
    harness: BotHarness, fake_discord: FakeDiscord, ada: MemberClient
) -> None:
    """Unknown fields are nothing, unknown values are named, files that are none are nothing."""
    fields = [
        {"custom_id": "model", "values": ["seedance-9"]},
        {"custom_id": "seconds", "values": ["many"]},
        {"custom_id": "pictures", "values": ["7", None]},
        {"custom_id": "price", "value": 0},
    ]
    components = [*prompted("a lake"), *({"type": 18, "component": one} for one in fields), 7]
    answer = await raw(fake_discord, ada, await compose(harness, ada), components).until_answered()
    assert "seedance-9" in answer.text
    assert "whole number of seconds" in answer.text
    assert await harness.job_count() == 0


def test_pictures_fill_gaps_and_else_take_all_places() -> None:
    """One for one gap, two for all."""
    assert merge_frames((), (LAKE,)) == (LAKE,)
    assert merge_frames((LAKE, SEA), ()) == (LAKE, SEA)
    assert merge_frames((None, SEA), (LAKE,)) == (LAKE, SEA)
    assert merge_frames((LAKE, None), (SEA,)) == (LAKE, SEA)
    assert merge_frames((LAKE, None), (SEA, LAKE)) == (SEA, LAKE)
    assert merge_frames((LAKE, SEA), (SEA,)) == (SEA,)
    assert merge_frames((None, None), (LAKE,)) == (LAKE, None)
    assert merge_frames((LAKE,), (None,)) == (None,)


def test_a_last_picture_is_never_taken_for_a_first_one() -> None:
    """Alone it breaks a rule, unless the reason has been named."""
    draft = Draft(command=GenerationCommand.ANIMATE, prompt="it drifts")
    missing = Violation.of(ViolationCode.FIRST_PICTURE_MISSING, Source.ATTACHMENT)
    unfit = Violation.of(ViolationCode.FILE_WITHOUT_VIDEO, Source.ATTACHMENT, name="x.png")
    assert with_frames(draft, (None, LAKE), LoadedAttachments()).violations == (missing,)
    assert with_frames(draft, (None, LAKE), LoadedAttachments(violations=(unfit,))).violations == (
        unfit,
    )
    assert with_frames(draft, (LAKE, None), LoadedAttachments()).violations == ()


async def test_a_form_that_is_opened_is_kept_for_as_long_again(
    database: Database, tmp_path: Path
) -> None:
    """Filling it in takes its time."""
    now = [0]
    modals = RetryModals(context_with(database, MediaFolder(tmp_path), lambda: now[0]))
    draft = Draft(command=GenerationCommand.VIDEO, prompt="x")
    await modals.keep(5, RetryDraft(1, ModalKind.VIDEO, draft), draft)
    now[0] = 14 * 60_000
    assert await modals.build_modal("5", 1, 9) is not None
    await modals.renew("5", 1)
    now[0] = 28 * 60_000
    assert (await modals.find("5", 1, ModalKind.VIDEO)).draft == draft
    assert await modals.build_modal("5", 2, 9) is None
