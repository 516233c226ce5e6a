"""Colours of pictures: what is sent on is sRGB, and says nothing of a screen or a press."""

import io
from typing import Any, cast

import pytest
from PIL import Image, ImageCms

from tests.workflow.media_probe.test_personal_data import RAW
from workflow.media_probe.images import inspect

SIZE = (320, 300)
TEAL = (0, 102, 153)
"""Of the palette that Pillow gives pictures of 256 colours."""


def profile(space: str = "sRGB") -> bytes:
    """Make a profile of a kind of colours."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(cast("Any", space))).tobytes()


def wide_profile() -> bytes:
    """Make a profile of a screen with exchanged primaries, so that a change is seen, and a name."""
    made = bytearray(profile())
    table = {bytes(made[at : at + 4]): at for at in range(132, 132 + 12 * made[131], 12)}
    red, blue = (int.from_bytes(made[table[tag] + 4 :][:4]) for tag in (b"rXYZ", b"bXYZ"))
    made[red : red + 20], made[blue : blue + 20] = made[blue : blue + 20], made[red : red + 20]
    return bytes(made) + RAW


def drawn(mode: str, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture = Image.new("RGB", SIZE, TEAL).convert(mode)
    if mode == "RGBA":
        picture.putpixel((0, 0), (0, 0, 0, 100))
    picture.save(out, kind, **options)
    return out.getvalue()


def seen(data: bytes) -> tuple[Image.Image, tuple[int, ...]]:
    """Return what is sent on for a picture, and the colour of its middle."""
    info, sent = inspect(data)
    assert info.is_converted
    image = Image.open(io.BytesIO(sent))
    assert "icc_profile" not in image.info
    colour = image.convert("RGB").getpixel((160, 150))
    assert isinstance(colour, tuple)
    return image, tuple(map(int, colour))


def is_near(colour: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(abs(one - two) <= 6 for one, two in zip(colour, other, strict=True))


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        *(("RGB", kind) for kind in ("PNG", "JPEG", "WEBP", "TIFF", "AVIF")),
        *(("RGBA", "PNG"), ("P", "PNG"), ("RGBA", "WEBP")),
    ],
)
def test_a_profile_is_applied_and_not_sent_on(mode: str, kind: str) -> None:
    """It may name a screen, its serial number, and who measured it."""
    data = drawn(mode, kind, icc_profile=wide_profile())
    assert RAW in data or kind == "PNG"
    image, colour = seen(data)
    red, green, blue = TEAL
    assert is_near(colour, (blue, green, red))
    assert (image.mode == "RGBA") is (mode == "RGBA")


@pytest.mark.parametrize(
    "profile_bytes", [b"no profile", profile("LAB"), profile() + bytes(256 << 10)]
)
def test_a_profile_that_does_not_fit_is_ignored(profile_bytes: bytes) -> None:
    """Broken, of other colours, or as large as no profile is."""
    _, colour = seen(drawn("RGB", "PNG", icc_profile=profile_bytes))
    assert colour == TEAL


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_inks_become_the_colours_of_a_screen(kind: str) -> None:
    _, colour = seen(drawn("CMYK", kind))
    assert is_near(colour, TEAL)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_of_grey_stay_as_dark_as_they_are(kind: str) -> None:
    out = io.BytesIO()
    options: dict[str, Any] = {"dpi": (72, 72), "icc_profile": b"none"} if kind == "PNG" else {}
    Image.new("I;16", SIZE, 100 << 8).save(out, kind, **options)
    _, colour = seen(out.getvalue())
    assert colour == (100, 100, 100)


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "RGBA", "LA", "I;16"])
def test_what_has_no_profile_goes_as_it_came(mode: str) -> None:
    out = io.BytesIO()
    picture = Image.new(mode, SIZE) if mode == "I;16" else Image.new("RGB", SIZE).convert(mode)
    picture.save(out, "PNG")
    data = out.getvalue()
    assert inspect(data)[1] is data
