"""What it takes to add a model: its name, one entry, and nothing else in the rules."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

NAME = '    SEEDANCE_2_0_FAST = "seedance-2-0-fast"\n'
ENTRY = """
    Model(
        id=ModelId.SEEDANCE_2_0_FAST,
        family=Family.V2_0,
        label="Seedance 2.0 Fast",
        modes=(Mode.TEXT_TO_VIDEO, Mode.FIRST_AND_LAST_FRAMES, Mode.OMNI_REFERENCE),
        animate_mode=Mode.FIRST_AND_LAST_FRAMES,
        resolutions=(Resolution.P480, Resolution.P720),
        default_resolution=Resolution.P720,
        aspect_ratios=(AspectRatio.AUTO, *_SIX_RATIOS),
        default_aspect_ratio=AspectRatio.AUTO,
        min_seconds=4,
        max_seconds=15,
        default_seconds=5,
        min_prompt_chars=1,
        max_prompt_chars=None,
        default_sound=True,
        has_fixed_lens=False,
        has_web_search=True,
        rates=MappingProxyType(
            {
                Resolution.P480: Rate(plain=31, featured=17),
                Resolution.P720: Rate(plain=67, featured=41),
            }
        ),
        featured_by=Feature.REFERENCE_VIDEO,
        polling=PollingProfile(
            tiers=(LatencyTier(4, 100, 200),),
            opening_gaps=(0,),
            gap=15,
            late_gap=20,
            learned_gap=14,
        ),
    ),
)

MODELS:"""

USE = """
import json
from apixo.requests import build_submission
from domain.errors import RulesViolated
from domain.models import ModelId, Resolution
from domain.pricing import quote
from domain.requests import Clip, Draft, GenerationCommand, Picture
from domain.requests import build_request, dump_request, load_request

VIDEO, ANIMATE, REFERENCE = GenerationCommand
FAST = ModelId("seedance-2-0-fast")
PICTURE = Picture(url="https://x/a.png", name="a", format="PNG", width=640, height=360, size=9)
CLIP = Clip(url="https://x/v.mp4", name="v", duration_ms=2500)

def refused(**given):
    try:
        build_request(Draft(prompt="a lake", **given))
    except RulesViolated as broken:
        return [violation.code for violation in broken.violations]

made = [
    build_request(Draft(prompt="a lake", model=FAST, command=VIDEO)),
    build_request(Draft(prompt="a lake", model=FAST, command=ANIMATE, pictures=(PICTURE,))),
    build_request(Draft(prompt="a lake", model=FAST, command=REFERENCE, videos=(CLIP,))),
]
assert [load_request(dump_request(request)) for request in made] == made
print(json.dumps({
    "modes": [request.mode for request in made],
    "resolutions": [build_submission(request)["input"]["resolution"] for request in made],
    "prices": [quote(request).amount for request in made],
    "refused": [
        refused(command=VIDEO, model=FAST, resolution=Resolution.P1080),
        refused(command=VIDEO, web_search=True),
    ],
    "reference": build_request(Draft(prompt="a lake", command=REFERENCE)).model,
}))
"""


def test_a_sibling_is_one_name_and_one_entry(tmp_path: Path) -> None:
    """Its requests are then checked, kept, priced, written for APIXO, and refused."""
    for room in ("domain", "apixo"):
        shutil.copytree(ROOT / room, tmp_path / room)
    table = tmp_path / "domain" / "models.py"
    text = table.read_text()
    last_name, end = '    SEEDANCE_2_0 = "seedance-2-0"\n', "\n)\n\nMODELS:"
    assert text.count(last_name) == text.count(end) == 1
    table.write_text(text.replace(last_name, last_name + NAME).replace(end, ENTRY))
    (tmp_path / "use.py").write_text(USE)
    ran = subprocess.run(
        [sys.executable, "use.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
    assert json.loads(ran.stdout) == {
        "modes": ["text-to-video", "first_and_last_frames", "omni_reference"],
        "resolutions": ["720p", "720p", "720p"],
        "prices": [335_000, 335_000, 307_500],
        "refused": [["resolution_unsupported"], ["option_unsupported"]],
        "reference": "seedance-2-0",
    }
