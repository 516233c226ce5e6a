"""Moving landscapes, drawn from a prompt: layers that pass at different speeds."""

# pyright: reportUnknownMemberType=false
# Pillow's types name those of numpy, which is not installed.

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Size = tuple[int, int]

_SHARPNESS: Final = 2
"""Shapes are drawn this much larger and then reduced, for smooth edges."""


@dataclass(frozen=True, slots=True)
class _Palette:
    """The colours of one hour; `far` and `near` are the ends of the layers' colours."""

    words: tuple[str, ...]
    sky: tuple[Colour, Colour, Colour]
    light: Colour
    far: Colour
    near: Colour
    is_night: bool = False


_PALETTES: Final = (
    _Palette(
        ("sunset", "dusk", "evening", "golden", "autumn", "desert"),
        ((58, 44, 98), (214, 98, 104), (255, 190, 120)),
        (255, 226, 168),
        (190, 96, 112),
        (38, 26, 58),
    ),
    _Palette(
        ("sunrise", "dawn", "morning", "spring", "pink"),
        ((112, 146, 206), (240, 186, 190), (255, 226, 190)),
        (255, 246, 220),
        (168, 150, 188),
        (44, 58, 92),
    ),
    _Palette(
        ("night", "moon", "star", "dark", "dream", "lantern", "sleep"),
        ((10, 14, 40), (30, 42, 92), (84, 98, 158)),
        (236, 240, 255),
        (56, 68, 122),
        (8, 12, 32),
        is_night=True,
    ),
    _Palette(
        ("neon", "cyber", "rain", "club", "synth"),
        ((20, 10, 46), (92, 28, 120), (236, 84, 150)),
        (255, 176, 208),
        (112, 42, 140),
        (14, 8, 34),
        is_night=True,
    ),
    _Palette(
        ("day", "sun", "summer", "beach", "tropical"),
        ((46, 128, 204), (126, 192, 226), (222, 240, 236)),
        (255, 252, 226),
        (132, 178, 190),
        (22, 74, 84),
    ),
    _Palette(
        ("fog", "mist", "snow", "winter", "grey", "cloud"),
        ((120, 146, 168), (176, 194, 206), (228, 232, 230)),
        (255, 252, 244),
        (164, 182, 192),
        (44, 66, 82),
    ),
    _Palette(
        ("aurora", "magic", "forest", "green", "jungle"),
        ((8, 26, 46), (18, 92, 98), (138, 204, 160)),
        (214, 255, 224),
        (46, 122, 118),
        (6, 28, 36),
        is_night=True,
    ),
)


@dataclass(frozen=True, slots=True)
class _Layer:
    """A strip that repeats after `period` pixels and is one frame's width longer than that."""

    paint: Image.Image
    mask: Image.Image
    period: int
    top: int
    speed: float

    def paste_on(self, frame: Image.Image, seconds: float) -> None:
        """Lay the part that is in view at that moment over a frame."""
        left = int(seconds * self.speed) % self.period
        box = (left, 0, left + frame.width, self.paint.height)
        frame.paste(self.paint.crop(box), (0, self.top), self.mask.crop(box))


@dataclass(frozen=True, slots=True)
class Landscape:
    """A landscape that one travels along."""

    backdrop: Image.Image
    layers: tuple[_Layer, ...]

    def frame_at(self, seconds: float) -> Image.Image:
        """Draw the frame of that moment."""
        frame = self.backdrop.copy()
        for layer in self.layers:
            layer.paste_on(frame, seconds)
        return frame


def draw_landscape(prompt: str, size: Size) -> Landscape:
    """Invent the landscape of a prompt; the same prompt always gives the same one."""
    rng = random.Random(prompt)
    palette = _PALETTES[_match([palette.words for palette in _PALETTES], prompt, rng)]
    stage = _Stage(size, palette, rng)
    _, build = _GROUNDS[_match([words for words, _ in _GROUNDS], prompt, rng)]
    return Landscape(stage.sky(), (stage.clouds(), *build(stage)))


def _match(choices: Sequence[tuple[str, ...]], prompt: str, rng: random.Random) -> int:
    chance = rng.randrange(len(choices))
    for word in prompt.lower().split():
        for index, names in enumerate(choices):
            if word.startswith(names):
                return index
    return chance


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _gradient(size: Size, stops: Sequence[Colour]) -> Image.Image:
    column = Image.new("RGB", (1, len(stops)))
    for y, stop in enumerate(stops):
        column.putpixel((0, y), stop)
    tall = column.resize((1, size[1] + 2 * (size[1] // len(stops))), Image.Resampling.BICUBIC)
    edge = size[1] // len(stops)
    return tall.crop((0, edge, 1, edge + size[1])).resize(size)


def _glow(diameter: int) -> Image.Image:
    middle = ImageChops.invert(Image.radial_gradient("L")).resize((diameter, diameter))
    return middle.point([max(0.0, (value / 255 - 0.3) / 0.7) * 255 for value in range(256)])


class _Stage:
    """Draws the parts of one landscape."""

    def __init__(self, size: Size, palette: _Palette, rng: random.Random) -> None:
        self.width, self.height = size
        self.palette = palette
        self.rng = rng
        self.sun = (rng.uniform(0.25, 0.75) * self.width, rng.uniform(0.28, 0.42) * self.height)

    def sky(self) -> Image.Image:
        """Draw the sky with its sun or moon."""
        sky = _gradient((self.width, self.height), self.palette.sky)
        if self.palette.is_night:
            self._sprinkle_stars(sky)
        unit = min(self.width, self.height)
        self._shine(sky, round(unit * 1.5), 0.75)
        self._shine(sky, round(unit * 0.5), 0.9)
        self._place_disc(sky, round(unit * (0.11 if self.palette.is_night else 0.15)))
        return sky

    def clouds(self) -> _Layer:
        """Draw thin clouds that drift above the horizon."""
        height = round(self.height * 0.45)
        mask = Image.new("L", (self.width * 2, height))
        draw = ImageDraw.Draw(mask)
        for _ in range(14):
            x, y = self.rng.uniform(0, mask.width), self.rng.uniform(0.15, 0.85) * height
            across, down = self.rng.uniform(0.1, 0.32) * self.width, height * 0.035
            draw.ellipse((x - across, y - down, x + across, y + down), self.rng.randint(30, 90))
        soft = mask.filter(ImageFilter.GaussianBlur(height / 26))
        paint = Image.new("RGB", mask.size, _mix(self.palette.light, self.palette.sky[1], 0.35))
        return self._looped(paint, soft, round(self.height * 0.04), 6)

    def ridge(self, depth: float, base: float, rough: float) -> _Layer:
        """Draw hills at `depth` (0 far, 1 near) that rise around `base` of the height."""
        return self._silhouette(depth, self._outline(base, rough))

    def pines(self, depth: float, base: float) -> _Layer:
        """Draw a row of pines on a low rise."""
        outline = self._outline(base, 0.035)
        mask = self._filled(outline)
        draw = ImageDraw.Draw(mask)
        x = 0.0
        while x < mask.width:
            tall = self.rng.uniform(0.1, 0.2) * (0.6 + depth) * mask.height
            self._plant(draw, x, outline[int(x)] + tall * 0.1, tall)
            x += tall * self.rng.uniform(0.16, 0.5)
        return self._painted(depth, mask)

    def skyline(self, depth: float, base: float) -> _Layer:
        """Draw a row of houses with some windows lit."""
        layer = self._silhouette(depth, self._roofs(base))
        lamps = ImageDraw.Draw(layer.paint)
        pane = max(2, round(self.height / 130 * (0.6 + depth)))
        for x in range(0, layer.period, pane * 3):
            for y in range(0, layer.paint.height, pane * 4):
                if self.rng.random() < 0.22:
                    self._light(lamps, layer, (x, y, x + pane - 1, y + pane))
        return layer

    def water(self, top: float) -> tuple[_Layer, ...]:
        """Draw a sea below `top` of the height, with light that plays on it."""
        size = (self.width * 2, round(self.height * (1 - top)))
        low, high = self.palette.near, _mix(self.palette.sky[2], self.palette.far, 0.45)
        sea = _gradient(size, (high, _mix(high, low, 0.55), low))
        full = Image.new("L", size, 255)
        top_px = self.height - size[1]
        glints = [
            self._looped(Image.new("RGB", size, self.palette.light), self._glints(size), top_px, v)
            for v in (12, -24)
        ]
        return (self._looped(sea, full, top_px, 0), *glints)

    def _sprinkle_stars(self, sky: Image.Image) -> None:
        draw = ImageDraw.Draw(sky)
        for _ in range(140):
            x, y = self.rng.uniform(0, self.width), self.rng.uniform(0, 0.6) ** 1.4 * self.height
            shade = _mix(self.palette.sky[1], (255, 255, 255), self.rng.uniform(0.3, 1))
            draw.point((x, y), shade)

    def _shine(self, sky: Image.Image, diameter: int, strength: float) -> None:
        mask = _glow(diameter).point([(value / 255) ** 2 * 255 * strength for value in range(256)])
        corner = (round(self.sun[0] - diameter / 2), round(self.sun[1] - diameter / 2))
        sky.paste(self.palette.light, (*corner, corner[0] + diameter, corner[1] + diameter), mask)

    def _place_disc(self, sky: Image.Image, diameter: int) -> None:
        large = diameter * 4
        disc = Image.new("L", (large, large))
        ImageDraw.Draw(disc).ellipse((0, 0, large - 1, large - 1), 235)
        disc = disc.resize((diameter, diameter), Image.Resampling.LANCZOS)
        corner = (round(self.sun[0] - diameter / 2), round(self.sun[1] - diameter / 2))
        sky.paste(_mix(self.palette.light, (255, 255, 255), 0.5), corner, disc)

    def _outline(self, base: float, rough: float) -> list[float]:
        width, height = self.width * 2 * _SHARPNESS, self.height * _SHARPNESS
        waves = [
            (2 * math.pi * k / width, rough / k**0.9, self.rng.uniform(0, 7))
            for k in (2, 3, 5, 7, 11, 17, 29, 43)
        ]
        return [
            height * (base - sum(high * math.sin(turn * x + shift) for turn, high, shift in waves))
            for x in range(width)
        ]

    def _roofs(self, base: float) -> list[float]:
        outline: list[float] = []
        height = self.height * _SHARPNESS
        while len(outline) < self.width * 2 * _SHARPNESS:
            roof = height * (base - self.rng.uniform(0, 0.3) * self.rng.random())
            outline += [roof] * round(height * self.rng.uniform(0.06, 0.16))
        return outline[: self.width * 2 * _SHARPNESS]

    def _filled(self, outline: Sequence[float]) -> Image.Image:
        mask = Image.new("L", (len(outline), self.height * _SHARPNESS))
        corners = [(0.0, float(mask.height)), *enumerate(outline), (mask.width, mask.height)]
        ImageDraw.Draw(mask).polygon([(float(x), float(y)) for x, y in corners], fill=255)
        return mask

    def _silhouette(self, depth: float, outline: Sequence[float]) -> _Layer:
        return self._painted(depth, self._filled(outline))

    def _painted(self, depth: float, mask: Image.Image) -> _Layer:
        mask = mask.reduce(_SHARPNESS)
        box = mask.getbbox() or (0, 0, *mask.size)
        mask = mask.crop((0, box[1], mask.width, mask.height))
        colour = _mix(self.palette.far, self.palette.near, depth)
        haze = _mix(colour, self.palette.sky[2], 0.42 * (1 - depth))
        paint = _gradient(mask.size, (colour, _mix(colour, haze, 0.5), haze))
        return self._looped(paint, mask, box[1], round(12 * (1 + 7 * depth**2)))

    def _plant(self, draw: ImageDraw.ImageDraw, x: float, foot: float, tall: float) -> None:
        for share in (0.0, 0.28, 0.52):
            top, bottom = foot - tall * (1 - share * 0.9), foot - tall * (0.42 - share * 0.75)
            half = tall * (0.13 + share * 0.14)
            draw.polygon([(x, top), (x - half, bottom), (x + half, bottom)], fill=255)

    def _light(
        self, lamps: ImageDraw.ImageDraw, layer: _Layer, box: tuple[int, int, int, int]
    ) -> None:
        x, y, *_ = box
        inside = y > 6 and layer.mask.crop((x - 2, y - 5, x + 5, y + 2)).getextrema()[0] == 255
        if inside:
            warm = _mix(self.palette.light, (255, 196, 110), self.rng.random())
            lamps.rectangle(box, warm)
            if x < self.width:
                lamps.rectangle((x + layer.period, *box[1:2], box[2] + layer.period, box[3]), warm)

    def _glints(self, size: Size) -> Image.Image:
        mask = Image.new("L", size)
        draw = ImageDraw.Draw(mask)
        for _ in range(900):
            depth = self.rng.random() ** 1.5
            x, y = self.rng.uniform(0, size[0]), depth * size[1]
            half = (0.004 + 0.03 * depth) * self.width * self.rng.random()
            draw.line((x - half, y, x + half, y), self.rng.randint(25, 120 - int(60 * depth)))
        return mask

    def _looped(self, paint: Image.Image, mask: Image.Image, top: int, speed: float) -> _Layer:
        return _Layer(self._continued(paint), self._continued(mask), paint.width, top, speed)

    def _continued(self, strip: Image.Image) -> Image.Image:
        longer = Image.new(strip.mode, (strip.width + self.width, strip.height))
        longer.paste(strip, (0, 0))
        longer.paste(strip.crop((0, 0, self.width, strip.height)), (strip.width, 0))
        return longer


def _hills(stage: _Stage) -> tuple[_Layer, ...]:
    rows = ((0.0, 0.56, 0.06), (0.3, 0.66, 0.055), (0.62, 0.78, 0.05), (1.0, 0.92, 0.04))
    return tuple(stage.ridge(*row) for row in rows)


def _coast(stage: _Stage) -> tuple[_Layer, ...]:
    return (stage.ridge(0.1, 0.585, 0.03), *stage.water(0.6), stage.ridge(1.0, 0.985, 0.045))


def _woods(stage: _Stage) -> tuple[_Layer, ...]:
    rows = ((0.25, 0.72), (0.6, 0.84), (1.0, 0.97))
    return (stage.ridge(0.0, 0.56, 0.07), *(stage.pines(*row) for row in rows))


def _town(stage: _Stage) -> tuple[_Layer, ...]:
    return tuple(stage.skyline(*row) for row in ((0.15, 0.64), (0.5, 0.76), (0.9, 0.9)))


_GROUNDS: Final[tuple[tuple[tuple[str, ...], Callable[[_Stage], tuple[_Layer, ...]]], ...]] = (
    (
        (
            "sea",
            "ocean",
            "beach",
            "lake",
            "water",
            "wave",
            "boat",
            "ship",
            "coast",
            "river",
            "harbo",
        ),
        _coast,
    ),
    (("city", "street", "town", "car", "building", "skyline", "neon", "club", "robot"), _town),
    (("forest", "tree", "pine", "wood", "jungle", "fox", "deer", "bear", "snow"), _woods),
    (("mountain", "hill", "desert", "valley", "landscape", "cloud", "bird", "field"), _hills),
)
