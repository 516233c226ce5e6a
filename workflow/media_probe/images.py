"""Format and size of pictures; each is fully decoded, as cheaply as possible."""

import io
from typing import Final, cast

from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from domain.models import IMAGE_FORMATS, MAX_IMAGE_SIDE
from workflow.media_probe.types import MediaFault, PictureFormat, PictureInfo, UnusableMedia

_ROTATED: Final = (5, 6, 7, 8)
"""EXIF orientations with a quarter turn; a phone held upright writes 6."""

# The sides are checked before decoding, and the process has a memory limit besides.
Image.MAX_IMAGE_PIXELS = None


def probe(data: bytes) -> PictureInfo:
    """Return the format of a picture and its size when upright.

    Raises:
        UnusableMedia: it is no picture, animated, damaged, or too large to be decoded.
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
        if image.getexif().get(ExifTags.Base.Orientation) in _ROTATED:
            width, height = height, width
        _decode(image)
    return PictureInfo(format=cast("PictureFormat", kind), width=width, height=height)


def _decode(image: ImageFile.ImageFile) -> None:
    # A draft of a JPEG also reads the whole file, in a fraction of the time and memory.
    image.draft(image.mode, (1, 1))
    image.load()
