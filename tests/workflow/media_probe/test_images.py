"""What is told of pictures, whole and damaged, by the code that runs in a process of its own."""

import io
from random import Random

import pytest
from PIL import ExifTags, Image

from workflow.media_probe.images import probe
from workflow.media_probe.types import MediaFault, PictureInfo, UnusableMedia


def picture(kind: str, size: tuple[int, int] = (320, 300), orientation: int = 1) -> bytes:
    """Draw a picture with some noise, that a camera held it so."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    data = io.BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(data, kind, exif=exif)
    return data.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_width_and_height_are_those_of_the_upright_picture(kind: str, orientation: int) -> None:
    """A phone stores a portrait lying on its side, and writes beside it how to turn it."""
    size = (400, 900) if orientation > 4 else (900, 400)
    found = probe(picture(kind, (900, 400), orientation))
    assert found == PictureInfo(format=kind, width=size[0], height=size[1])


@pytest.mark.parametrize(("size", "fits"), [((6000, 300), True), ((6001, 300), False)])
def test_a_side_has_6000_pixels_at_most(size: tuple[int, int], fits: bool) -> None:
    """Larger ones are not decoded."""
    if fits:
        assert probe(picture("PNG", size)).width == 6000
        return
    with pytest.raises(UnusableMedia) as refused:
        probe(picture("PNG", size))
    assert refused.value.fault is MediaFault.TOO_MANY_PIXELS


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_is_read_to_its_end(progressive: bool) -> None:
    """Though it is decoded to a small copy only, one without its last tenth is damaged."""
    data = io.BytesIO()
    Image.effect_noise((1600, 1200), 40).save(data, "JPEG", progressive=progressive)
    whole = data.getvalue()
    assert probe(whole).width == 1600
    with pytest.raises(OSError, match="truncated"):
        probe(whole[: len(whole) * 9 // 10])


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damage_gives_a_picture_or_a_fault_and_never_a_wrong_format() -> None:
    """Whatever bytes are changed; the process names every other error a damage."""
    dice = Random(11)  # noqa: S311 - damage, repeatable
    whole = [picture(kind, orientation=6) for kind in ("PNG", "JPEG", "WEBP")]
    outcomes = set[str]()
    for _ in range(400):
        data = bytearray(dice.choice(whole))
        for _ in range(dice.choice((1, 2, 8))):
            data[dice.randrange(dice.choice((64, 400, len(data))))] = dice.randrange(256)
        cut = bytes(data[: dice.choice((len(data), dice.randrange(len(data))))])
        try:
            outcomes.add(probe(cut).format)
        except UnusableMedia as error:
            outcomes.add(error.fault)
        except (OSError, SyntaxError, ValueError):
            outcomes.add("error")
    assert outcomes >= {"JPEG", "WEBP", MediaFault.UNSUPPORTED_FORMAT, "error"}
