"""Knows how to look into a picture: all of it is decoded, as cheaply as that can be done."""

import io
from typing import Final, cast

from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from domain.models import IMAGE_FORMATS, MAX_IMAGE_SIDE
from workflow.media_probe.types import MediaFault, PictureFormat, PictureInfo, UnusableMedia

_LYING: Final = (5, 6, 7, 8)
"""Orientations that turn the picture by a quarter; a phone held upright writes 6."""

# The sides are checked before anything is decoded, and the process has little memory anyway.
Image.MAX_IMAGE_PIXELS = None


def probe(data: bytes) -> PictureInfo:
    """Tell what a picture is.

    Raises:
        UnusableMedia: it is none, not a still one, damaged, or too large to be decoded.
    """
    try:
        image = Image.open(io.BytesIO(data), formats=tuple(IMAGE_FORMATS))
    except UnidentifiedImageError:
        raise UnusableMedia(MediaFault.UNSUPPORTED_FORMAT) from None
    with image:
        # A phone's JPEG with a preview inside is a "multi-picture object" to Pillow.
        kind = "JPEG" if image.format == "MPO" else str(image.format)
        width, height = image.size
        if max(width, height) > MAX_IMAGE_SIDE:
            raise UnusableMedia(MediaFault.TOO_MANY_PIXELS)
        if kind != "JPEG" and getattr(image, "is_animated", False):
            raise UnusableMedia(MediaFault.ANIMATED)
        if image.getexif().get(ExifTags.Base.Orientation) in _LYING:
            width, height = height, width
        _decode(image)
    return PictureInfo(format=cast("PictureFormat", kind), width=width, height=height)


def _decode(image: ImageFile.ImageFile) -> None:
    # A JPEG is read to its end for a small copy too, in a fraction of the time and memory.
    image.draft(image.mode, (1, 1))
    image.load()
