"""The demo, as a newcomer runs it: it ends well, and its videos show what was asked for."""

import asyncio
import re
from pathlib import Path

import av
from PIL import Image, ImageChops, ImageStat

from tests.e2e.theatre import BOT, LAKE

ROOT = Path(__file__).parents[2]
_UPPER_HALF = (0, 60, 640, 190)
"""Between the clip's two captions."""


async def test_one_run_of_the_demo_makes_two_videos_and_proves_its_ledger(tmp_path: Path):
    """Exit code 0, two MP4s that decode, the first showing the picture that was animated."""
    process = await asyncio.create_subprocess_exec(
        *BOT,
        "sandbox",
        "--once",
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said = (await process.communicate())[0].decode()
    assert process.returncode == 0, said
    for step in ("/animate", "/video", "Being made", "charged $0.26", "every invariant holds"):
        assert step in said
    animated, imagined = re.findall(r"^  (/\S+\.mp4)$", said, re.MULTILINE)
    assert _difference(animated) < 20 < _difference(imagined)


def _difference(path: str) -> float:
    """Tell how far a clip's middle is from the picture of the lake, 0 to 255."""
    with av.open(path) as clip:
        frames = [frame.to_image() for frame in clip.decode(video=0)]
    middle = frames[len(frames) // 2].convert("RGB").resize((640, 360)).crop(_UPPER_HALF)
    lake = Image.open(ROOT / LAKE).convert("RGB").resize((640, 360)).crop(_UPPER_HALF)
    return sum(ImageStat.Stat(ImageChops.difference(middle, lake)).mean) / 3
