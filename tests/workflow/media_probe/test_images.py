"""What is told of pictures, whole and damaged, by the code that runs in a process of its own."""

import io
from pathlib import Path
from random import Random
from typing import cast

import pytest
from PIL import ExifTags, Image

from workflow.media_probe.images import inspect
from workflow.media_probe.types import MediaFault, PictureInfo, UnusableMedia

FILES = Path(__file__).parents[2] / "media_files"


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
    found, _ = inspect(picture(kind, (900, 400), orientation))
    assert found == PictureInfo(format=kind, width=size[0], height=size[1])


NAMES = sorted(path.name for path in FILES.iterdir() if path.suffix in (".png", ".jpg", ".webp"))


@pytest.mark.parametrize("name", NAMES)
def test_each_real_life_picture_is_taken(name: str) -> None:
    """Large or odd metadata, wrong checksums of it, no end marker; what is sent reads strictly."""
    info, sent = inspect((FILES / name).read_bytes())
    assert (info.width, info.height) == (640, 480)
    with Image.open(io.BytesIO(sent)) as image:
        image.load()
        assert image.size == (640, 480)
        assert image.format == info.format


@pytest.mark.parametrize("size", [(6000, 30), (6001, 30), (30, 9000)])
def test_a_picture_with_longer_sides_is_scaled_down(size: tuple[int, int]) -> None:
    info, sent = inspect(picture("PNG", size))
    assert max(info.width, info.height) == 6000
    assert info.is_converted == (max(size) > 6000)
    with Image.open(io.BytesIO(sent)) as image:
        assert image.size == (info.width, info.height)


def test_a_picture_of_more_than_10_mb_is_made_smaller() -> None:
    """Also where no lossless format makes it so: no dot of this one follows from another."""
    size, dice = (1900, 1800), Random(3)  # noqa: S311 - noise
    data = io.BytesIO()
    noise = Image.frombytes("RGB", size, dice.randbytes(size[0] * size[1] * 3))
    noise.save(data, "PNG", compress_level=0)
    assert len(data.getvalue()) > 10_000_000
    info, sent = inspect(data.getvalue())
    assert (info.format, info.is_converted) == ("JPEG", True)
    assert len(sent) <= 10_000_000


def test_a_picture_of_too_many_pixels_is_not_decoded() -> None:
    head = io.BytesIO()
    Image.new("1", (20_000, 6_001)).save(head, "PNG", compress_level=1)
    with pytest.raises(UnusableMedia) as refused:
        inspect(head.getvalue())
    assert refused.value.fault is MediaFault.TOO_MANY_PIXELS


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "AVIF"])
def test_other_pictures_are_converted(kind: str) -> None:
    data = io.BytesIO()
    Image.effect_noise((320, 300), 40).convert("RGB").save(data, kind)
    info, _ = inspect(data.getvalue())
    assert (info.width, info.height, info.is_converted) == (320, 300, True)


def test_a_phones_heic_is_converted() -> None:
    """The file was made by libheif, with a turn."""
    info, sent = inspect((FILES / "portrait.heic").read_bytes())
    assert (info.format, info.width, info.height) == ("JPEG", 300, 400)
    assert b"Exif" not in sent


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_used(kind: str) -> None:
    frames = [Image.new("RGB", (320, 300), color) for color in ("red", "blue")]
    data = io.BytesIO()
    frames[0].save(data, kind, save_all=True, append_images=frames[1:], duration=100)
    info, sent = inspect(data.getvalue())
    assert info.is_first_frame
    with Image.open(io.BytesIO(sent)) as image:
        red, _, blue = cast("tuple[int, int, int]", image.convert("RGB").getpixel((9, 9)))
        assert red > 200
        assert blue < 50


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_what_tells_of_people_is_taken_off(kind: str) -> None:
    """Camera, place and comments; the picture stays upright."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.BodySerialNumber] = "serial 4711"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    data = io.BytesIO()
    Image.effect_noise((400, 320), 40).convert("RGB").save(data, kind, exif=exif)
    assert b"serial 4711" in data.getvalue()
    info, sent = inspect(data.getvalue())
    assert (info.width, info.height, info.is_converted) == (320, 400, True)
    assert b"serial 4711" not in sent
    with Image.open(io.BytesIO(sent)) as image:
        assert not image.getexif()


@pytest.mark.parametrize("cut", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_part_of_a_picture_is_damaged(kind: str, cut: float) -> None:
    data = picture(kind, (900, 700))
    with pytest.raises(UnusableMedia) as refused:
        inspect(data[: int(len(data) * cut)])
    assert refused.value.fault is MediaFault.DAMAGED
    assert refused.value.format_name == {"PNG": "PNG", "JPEG": "JPEG", "WEBP": "WebP"}[kind]


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_is_read_to_its_end(progressive: bool) -> None:
    """Though it is decoded to a small copy only, one without its last tenth is damaged."""
    data = io.BytesIO()
    Image.effect_noise((1600, 1200), 40).save(data, "JPEG", progressive=progressive)
    whole = data.getvalue()
    assert inspect(whole)[0].width == 1600
    assert inspect(whole[:-2])[0].width == inspect(whole[:-1])[0].width == 1600
    with pytest.raises(UnusableMedia):
        inspect(whole[: len(whole) * 9 // 10])


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
            outcomes.add(inspect(cut)[0].format)
        except UnusableMedia as error:
            outcomes.add(error.fault)
    assert outcomes >= {"JPEG", "WEBP", MediaFault.UNSUPPORTED_FORMAT, MediaFault.DAMAGED}
