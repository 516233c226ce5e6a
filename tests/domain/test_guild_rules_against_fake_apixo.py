"""Generated requests under generated rules of a server and presets: what is sent is always taken.

A normal run tries 300 of them, always the same ones; `PROPERTY_EXAMPLES=20000` tries more.
"""

import os
from collections import Counter
from typing import Any

from hypothesis import example, given, reject, settings
from hypothesis import strategies as st

from apixo.requests import build_submission
from domain import guild_settings
from domain.errors import RulesViolated
from domain.guild_rules import RequestOrigin, apply_guild_rules
from domain.guild_settings import GenerationRules, GuildSettings
from domain.models import AspectRatio, ModelId, Resolution
from domain.presets import Preset, apply_preset, validate_preset
from domain.requests import Draft, GenerationCommand
from sandbox.apixo.rules import MODELS
from tests.domain.test_requests_against_fake_apixo import drafts, ours, theirs

EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "300"))
HERE = RequestOrigin(channel_id=1)


def some_of(kind: Any) -> st.SearchStrategy[Any]:
    """Draw none, or a few of an enumeration's members in their order."""
    picked = st.sets(st.sampled_from([*kind]), min_size=1)
    return st.none() | picked.map(lambda found: tuple(one for one in kind if one in found))


def one_of(kind: Any) -> st.SearchStrategy[Any]:
    return st.none() | st.sampled_from([*kind])


def rules() -> st.SearchStrategy[GenerationRules]:
    return st.builds(
        GenerationRules,
        models=some_of(ModelId),
        resolutions=some_of(Resolution),
        max_seconds=st.none() | st.integers(4, 15),
        default_model=one_of(ModelId),
        default_seconds=st.none() | st.integers(4, 15),
        default_resolution=one_of(Resolution),
        default_aspect_ratio=one_of(AspectRatio),
        default_sound=st.none() | st.booleans(),
    )


def presets() -> st.SearchStrategy[Preset]:
    return st.builds(
        Preset,
        name=st.just("dusk"),
        suffix=st.sampled_from(["", "at dusk", "x" * 300]),
        model=one_of(ModelId),
        seconds=st.none() | st.integers(4, 15),
        resolution=one_of(Resolution),
        aspect_ratio=one_of(AspectRatio),
        sound=st.none() | st.booleans(),
    )


def as_set(asked: GenerationRules) -> GuildSettings:
    """Give settings as a manager could have made them."""
    made = GuildSettings(rules=asked)
    try:
        guild_settings.validate_settings(made)
    except RulesViolated:
        reject()
    return made


def tidy(preset: Preset | None) -> Preset | None:
    try:
        return preset and validate_preset(preset)
    except RulesViolated:
        return None


def test_what_a_server_fills_in_is_taken_and_what_it_forbids_is_never_sent() -> None:
    """Whatever the member, the preset and the server choose together."""
    verdicts = Counter[str]()

    @settings(max_examples=EXAMPLES, derandomize=True, database=None)
    @given(drafts(), rules(), st.none() | presets())
    def hold(draft: Draft, asked: GenerationRules, preset: Preset | None) -> None:
        server, style = as_set(asked), tidy(preset)
        request = ours(
            apply_guild_rules(server, HERE, apply_preset(draft, style) if style else draft)
        )
        verdicts["refused" if request is None else "taken"] += 1
        if request is None:
            return
        order = theirs(MODELS[request.model], build_submission(request))
        assert order is not None, "what we let through is taken"
        assert asked.models is None or request.model in asked.models
        assert asked.resolutions is None or order.resolution in asked.resolutions
        assert asked.max_seconds is None or order.duration <= asked.max_seconds
        given_ = {"seconds": order.duration, "resolution": order.resolution, "sound": order.sound}
        for name, sent in given_.items():
            assert getattr(draft, name) in (None, sent), name

    hold()
    assert min(verdicts["taken"], verdicts["refused"]) > EXAMPLES / 10


@settings(max_examples=EXAMPLES // 5, derandomize=True, database=None)
@given(rules())
@example(GenerationRules(resolutions=(Resolution.P1080,)))
@example(GenerationRules(resolutions=(Resolution.P1080,), default_model=ModelId.SEEDANCE_1_5_PRO))
def test_words_alone_are_never_refused_for_what_the_server_filled_in(
    asked: GenerationRules,
) -> None:
    """Who chooses nothing breaks no rule."""
    draft = apply_guild_rules(
        as_set(asked), HERE, Draft(command=GenerationCommand.VIDEO, prompt="a lake")
    )
    assert ours(draft) is not None
