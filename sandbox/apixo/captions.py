"""Captions: a prompt and a label, set with the one font that Pillow carries."""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from sandbox.apixo.landscapes import Size

_MOST_LINES: Final = 4
_MOST_CHARACTERS: Final = 1_000
"""More than the lines hold; measuring a text of a megabyte would take for ever."""

_UNREADABLE: Final = "(a prompt in letters that the stand-in's font does not have)"
_SPELLINGS: Final = {
    ord(letter): spelling
    for letters, spelling in (
        ("ßẞ", "ss"), ("æÆ", "ae"), ("øØ", "o"), ("łŁ", "l"), ("đĐ", "d"), ("ıİ", "i"),
        ("œŒ", "oe"), ("×", "x"), ("→", "->"), ("€", "EUR"), ("•", "·"), ("–—", "-"), ("’", "'"),
    )
    for letter in letters
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaptionOverlay:
    """Text on dark panels, ready to be laid over every frame of a clip."""

    image: Image.Image
    mask: Image.Image

    def paste_on(self, frame: Image.Image) -> None:
        """Lay it over a frame."""
        frame.paste(self.image, (0, 0), self.mask)


def draw_overlay(prompt: str, label: str, size: Size) -> CaptionOverlay:
    """Draw the prompt at the foot and the label in the upper left corner of a frame."""
    text_size = max(13, round(min(size) / 18))
    paint, mask = Image.new("RGB", size, (10, 12, 20)), Image.new("L", size)
    overlay = _Panels(paint, mask, margin=round(text_size * 0.9))
    overlay.add_label(label, _font(round(text_size * 0.78)))
    if prompt:
        overlay.add_caption(to_supported_glyphs(prompt)[:_MOST_CHARACTERS], _font(text_size))
    return CaptionOverlay(paint, mask)


def to_supported_glyphs(text: str) -> str:
    """Spell a text with the letters that the font has; say so if too few are left."""
    plain = unicodedata.normalize("NFKD", text.translate(_SPELLINGS))
    kept = "".join(char for char in plain if char.isspace() or _has_glyph(char))
    words = " ".join(kept.split())
    letters = sum(char.isalnum() for char in text)
    return words if sum(char.isalnum() for char in words) * 2 > letters else _UNREADABLE


@dataclass(frozen=True, slots=True)
class _Panels:
    """Draws text on panels into a picture and the mask that it shows through."""

    paint: Image.Image
    mask: Image.Image
    margin: int

    def add_label(self, text: str, font: ImageFont.FreeTypeFont) -> None:
        """Write one line into the upper left corner."""
        width, height = round(font.getlength(text)), round(font.size * 1.2)
        left, top = self.margin, self.margin
        self._panel((left, top, left + width + 2 * height // 2, top + height + height // 2))
        self._write((left + height // 2, top + height // 4), text, font)

    def add_caption(self, text: str, font: ImageFont.FreeTypeFont) -> None:
        """Write some lines along the foot."""
        pad, step = round(font.size * 0.7), round(font.size * 1.35)
        width = self.paint.width - 2 * self.margin
        lines = _wrapped(text, font, width - 2 * pad)
        longest = round(max(font.getlength(line) for line in lines))
        bottom = self.paint.height - self.margin
        top = bottom - step * len(lines) - round(pad * 1.3)
        self._panel((self.margin, top, self.margin + longest + 2 * pad, bottom))
        for row, line in enumerate(lines):
            self._write((self.margin + pad, top + round(pad * 0.65) + row * step), line, font)

    def _panel(self, box: tuple[int, int, int, int]) -> None:
        large = Image.new("L", ((box[2] - box[0]) * 4, (box[3] - box[1]) * 4))
        corners = (0, 0, large.width - 1, large.height - 1)
        ImageDraw.Draw(large).rounded_rectangle(corners, self.margin * 2, 158)
        self.mask.paste(large.reduce(4), box[:2])

    def _write(self, at: tuple[int, int], text: str, font: ImageFont.FreeTypeFont) -> None:
        ImageDraw.Draw(self.paint).text(at, text, (246, 247, 250), font)
        ImageDraw.Draw(self.mask).text(at, text, 255, font)


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        for part in _broken(word, font, width):
            longer = f"{lines[-1]} {part}".strip()
            if font.getlength(longer) <= width:
                lines[-1] = longer
            else:
                lines.append(part)
        if len(lines) > _MOST_LINES:
            last = lines[_MOST_LINES - 1]
            while font.getlength(f"{last}…") > width:
                last = last[:-1]
            return [*lines[: _MOST_LINES - 1], f"{last.rstrip()}…"]
    return lines


def _broken(word: str, font: ImageFont.FreeTypeFont, width: int) -> Iterator[str]:
    while word:
        fits = bisect_right(range(1, len(word)), width, key=lambda n: font.getlength(word[: n + 1]))
        yield word[: fits + 1]
        word = word[fits + 1 :]


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("Pillow was built without FreeType")
    return font


@cache
def _has_glyph(char: str) -> bool:
    if not char.isprintable() or unicodedata.category(char) == "Cs":
        return False
    return _drawn(char) != _drawn("\uffff")


@cache
def _drawn(char: str) -> bytes:
    image = Image.new("L", (40, 40))
    ImageDraw.Draw(image).text((8, 8), char, 255, _font(20))
    return image.tobytes()
