"""Requests for videos with odd options and prompts, through the rules, the form and the cards."""

import json
from dataclasses import replace
from random import Random
from types import SimpleNamespace
from typing import Any

from discord import ui

from apixo.requests import build_submission
from cogs.generation.modals import apply_input
from cogs.ui import views
from cogs.ui.text import sanitize
from domain.errors import RulesViolated
from domain.guild_rules import RequestOrigin, apply_guild_rules
from domain.guild_settings import AppliesTo, GuildSettings
from domain.jobs import JobState
from domain.models import MODELS, ModelId
from domain.money import ZERO
from domain.pricing import quote
from domain.requests import (
    Clip,
    Draft,
    GenerationCommand,
    Picture,
    VideoRequest,
    build_request,
    dump_request,
    load_request,
)
from domain.violations import Source, Violation, ViolationCode
from domain.word_filter import word_list_violations
from qa.fuzz.mutators import mutate_json, mutate_text, random_text
from qa.fuzz.target import FuzzTarget
from storage.jobs import Job
from tests.harness.rendering import make_job, prompt_on_card, rendered_markup
from workflow.publisher import StatusView

_MOST_SHOWN = 4_000
_FORM: list[dict[str, Any]] = [
    {"component": {"custom_id": "prompt", "value": "a lake"}},
    {"component": {"custom_id": "model", "values": ["seedance-2-0"]}},
    {"component": {"custom_id": "seconds", "values": ["8"]}},
    {"component": {"custom_id": "resolution", "values": ["720p"]}},
    {"component": {"custom_id": "aspect_ratio", "values": ["16:9"]}},
    {"component": {"custom_id": "sound", "value": True}},
]


def _order(dice: Random) -> str:
    """Take a request as a command brings it, for a server with rules of its own."""
    return _pass(_draft(dice), dice)


def _form(dice: Random) -> str:
    """Take a request as a form brings it, that somebody may have forged."""
    data = {"custom_id": "form", "components": _FORM}
    for _ in range(dice.randrange(1, 4)):
        data = {**data, "components": mutate_json(data["components"], dice)}
    return _pass(apply_input(Draft(command=GenerationCommand.VIDEO, prompt="a lake"), data), dice)


VIDEO_REQUEST_TARGETS = (FuzzTarget("orders", 10_000, _order), FuzzTarget("forms", 5_000, _form))


def _pass(draft: Draft, dice: Random) -> str:
    banned = (mutate_text(draft.prompt[:40], dice)[:60],)
    settings = GuildSettings(
        banned=() if word_list_violations(banned) else banned,
        sensitive=("/l[ao]ke/",),
        age_gate=dice.choice([*AppliesTo]),
    )
    try:
        request = build_request(apply_guild_rules(settings, RequestOrigin(channel_id=1), draft))
    except RulesViolated as error:
        _said(views.render_refusal(error.violations))
        return "refused"
    _take(request)
    return "taken"


def _take(request: VideoRequest) -> None:
    """Do with a request what becomes of it: keep it, price it, send it, show it."""
    assert load_request(dump_request(request)) == request
    assert quote(request).amount > ZERO
    json.dumps(build_submission(request, None), ensure_ascii=False).encode()
    status = _said(views.render_status(StatusView(_job(request), queue_position=1)))
    shown = prompt_on_card(status).removeprefix("> ")
    assert rendered_markup(shown.replace("**", "", 2)) == [], shown
    _said(views.render_details(_job(request), None, None, show_task_id=True))


def _said(view: ui.LayoutView) -> str:
    """Give what a card says; all of it is text that Discord takes."""
    json.dumps(view.to_components(), ensure_ascii=False).encode()
    texts = [part.content for part in view.walk_children() if isinstance(part, ui.TextDisplay)]
    assert 0 < sum(map(len, texts)) <= _MOST_SHOWN
    return "\n".join(texts)


def _job(request: VideoRequest) -> Job:
    place: Any = SimpleNamespace(id=2, guild=SimpleNamespace(id=1))
    return replace(make_job(place, place, JobState.QUEUED), request=request)


def _draft(dice: Random) -> Draft:
    """Make a draft that some rule or other refuses, or none; half of them are nearly in order."""
    command, is_wild = dice.choice([*GenerationCommand]), dice.random() < 0.5
    options: dict[str, Any] = {}
    if is_wild:
        some = dice.choice([*MODELS.values()])
        options["model"] = dice.choice((None, *ModelId))
        options["seconds"] = dice.choice((None, 0, -1, 4, 5, 8, 12, 15, 16, 10**9))
        options["resolution"] = dice.choice((None, *some.resolutions))
        options["aspect_ratio"] = dice.choice((None, *some.aspect_ratios))
        options |= {name: dice.random() < 0.5 for name in ("sound", "fixed_lens", "web_search")}
    pictures = (
        dice.choice((0, 1, 2, 9, 10)) if is_wild else int(command is not GenerationCommand.VIDEO)
    )
    return Draft(
        command=command,
        prompt="a lake at dusk" if is_wild else random_text(dice),
        pictures=tuple(_picture(dice, is_wild=is_wild) for _ in range(pictures)),
        videos=tuple(_clip(dice) for _ in range(dice.choice((0, 1, 4)) if is_wild else 0)),
        audios=tuple(_clip(dice) for _ in range(dice.choice((0, 1, 4)) if is_wild else 0)),
        violations=(_unknown(dice),) if dice.random() < 0.1 else (),
        private=dice.random() < 0.1,
        **options,
    )


def _unknown(dice: Random) -> Violation:
    return Violation.of(
        ViolationCode.CHOICE_UNKNOWN,
        Source.FORM,
        option="model",
        values=tuple(ModelId),
        value=random_text(dice, 100),
    )


def _picture(dice: Random, *, is_wild: bool) -> Picture:
    sides = (1, 299, 300, 640, 6000, 6001) if is_wild else (300, 640)
    return Picture(
        url="https://cdn.discordapp.com/a.png",
        name=sanitize(random_text(dice, 60), 60),
        format=dice.choice(("PNG", "JPEG", "WEBP")),
        width=dice.choice(sides),
        height=dice.choice(sides),
        size=dice.choice((0, 10_000, 10_000_001)) if is_wild else 10_000,
    )


def _clip(dice: Random) -> Clip:
    length = dice.choice((0, 1, 1_999, 2_000, 15_000, 15_001, 10**9))
    return Clip(url="https://cdn.discordapp.com/a.mp4", name="a.mp4", duration_ms=length)
