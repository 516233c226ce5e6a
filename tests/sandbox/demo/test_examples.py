"""What the page offers to try looks like what it says."""

from PIL import ImageStat

from sandbox.apixo.landscapes import draw_landscape
from sandbox.demo.examples import VIDEO_PROMPT


def test_the_lantern_rises_in_the_dark() -> None:
    """Over a harbour: no town in sunshine."""
    frame = draw_landscape(VIDEO_PROMPT, (320, 180)).frame_at(0)
    assert sum(ImageStat.Stat(frame.convert("L")).mean) < 110
