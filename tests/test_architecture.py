"""docs/architecture.md is true: its table is the way of a real request, its words are few."""

import re
import sys
import threading
from io import BytesIO
from pathlib import Path
from types import FrameType

import pytest
from PIL import Image

from sandbox.discord import MemberClient, Upload
from tests.cogs.conftest import ada, apixo, fake_discord, stopped_harness, template
from tests.harness.bot import BotHarness
from workflow.media_probe.probe import ConfinedPlaybackCheck

__all__ = ["ada", "apixo", "fake_discord", "stopped_harness", "template"]

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
MAX_FILES = 40
MAX_WORDS = 25

Step = tuple[str, str]
"""A file, relative to the root, and the qualified name of a function in it."""


def section(title: str) -> str:
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


WALK: list[Step] = re.findall(
    r"^\| [a-z]* ?\| `([\w/.]+)` \| `([\w.]+)` \|$", section("The life of a request"), re.MULTILINE
)


class Recorder:
    """Writes down each call of a function that the table names, in every thread."""

    def __init__(self) -> None:
        self.calls: list[Step] = []
        self._wanted = {(str(ROOT / file), name): (file, name) for file, name in WALK}

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            code = frame.f_code
            if step := self._wanted.get((code.co_filename, code.co_qualname)):
                self.calls.append(step)


@pytest.mark.time_scale(600)
async def test_a_request_passes_every_row_in_order(stopped_harness: BotHarness, ada: MemberClient):
    """One `/animate`, from the command to the video in the channel."""
    stopped_harness.playback = ConfinedPlaybackCheck()
    recorder = Recorder()
    # Threads are profiled from their start only, so the bot starts under the profile, too.
    threading.setprofile(recorder)
    sys.setprofile(recorder)
    try:
        await stopped_harness.start()
        options = {"prompt": "A boat on a lake", "image": picture(), "duration": 4}
        await stopped_harness.make_video(ada, "animate", options)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    calls = iter(recorder.calls)
    assert [step for step in WALK if step not in calls] == []


def test_the_way_is_short():
    """Through few files."""
    assert 8 < len({file for file, _ in WALK}) <= MAX_FILES


def test_the_glossary_is_short():
    """A reader learns a few words, and each once."""
    words = re.findall(r"^\| ([a-z ,]+) \|", section("Glossary"), re.MULTILINE)[1:]
    assert 10 < len(words) == len(set(words)) <= MAX_WORDS


def test_every_file_of_the_page_is_there():
    """In all its tables."""
    for file in re.findall(r"`([a-z]+/[\w/]+\.py)`", PAGE):
        assert (ROOT / file).is_file(), file


def picture() -> Upload:
    file = BytesIO()
    Image.new("RGB", (640, 360), "teal").save(file, "PNG")
    return Upload("boat.png", file.getvalue(), "image/png")
