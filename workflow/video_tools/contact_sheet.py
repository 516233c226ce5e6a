"""Contact sheet of videos: the first picture of each, numbered, in one picture."""

# pyright: reportUnknownMemberType=false
# The types of PyAV name those of numpy, which is not installed.

from collections.abc import Sequence
from typing import BinaryIO, Final, cast

import av
from av.error import FFmpegError
from PIL import Image, ImageDraw, ImageFont, ImageOps, JpegImagePlugin

from workflow.video_tools.parts import Part

_COLUMNS: Final = 3
_TILE: Final = 240, 180
_GAP: Final = 8
_BADGE: Final = 44
_BACKGROUND: Final = "#1e1f22"
_QUALITY: Final = 82
_FORMAT: Final = JpegImagePlugin.JpegImageFile.format


def draw_contact_sheet(parts: Sequence[Part], out: BinaryIO, *, first_number: int) -> None:
    """Write a JPEG of the videos' first pictures, numbered from `first_number` on.

    One that cannot be read has a number all the same.
    """
    columns = min(_COLUMNS, len(parts))
    rows = -(-len(parts) // columns)
    width, height = _TILE
    size = columns * (width + _GAP) - _GAP, rows * (height + _GAP) - _GAP
    sheet = Image.new("RGB", size, _BACKGROUND)
    for index, part in enumerate(parts):
        row, column = divmod(index, columns)
        tile = _draw_tile(part, str(first_number + index))
        sheet.paste(tile, (column * (width + _GAP), row * (height + _GAP)))
    sheet.save(out, _FORMAT, quality=_QUALITY)


def _draw_tile(part: Part, number: str) -> Image.Image:
    tile = Image.new("RGB", _TILE, "black")
    picture = _first_picture(part)
    if picture is not None:
        fitted = ImageOps.contain(picture, _TILE)
        left, top = (_TILE[0] - fitted.width) // 2, (_TILE[1] - fitted.height) // 2
        tile.paste(fitted, (left, top))
    draw = ImageDraw.Draw(tile)
    draw.rounded_rectangle((6, 6, 6 + _BADGE, 6 + _BADGE), radius=8, fill="#5865f2")
    middle = 6 + _BADGE // 2
    draw.text((middle, middle), number, fill="white", anchor="mm", font=_FONT)
    return tile


def _first_picture(part: Part) -> Image.Image | None:
    try:
        with av.open(part, "r", format="mp4") as source:
            frame = next(source.decode(video=0))
            return cast("Image.Image", frame.to_image())
    except (FFmpegError, StopIteration, IndexError):
        return None


_FONT: Final = ImageFont.load_default(32)
