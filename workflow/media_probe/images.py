"""Format and size of pictures; each is fully decoded, and goes on as it came where it can."""

import hashlib
import io
import struct
import zlib
from typing import Final

from PIL import ExifTags, Image, ImageFile, PngImagePlugin, UnidentifiedImageError

from domain.models import MAX_IMAGE_BYTES, MAX_IMAGE_SIDE
from workflow.media_probe.colours import are_plain, to_srgb
from workflow.media_probe.file_parts import has_other_parts
from workflow.media_probe.formats import identify
from workflow.media_probe.types import MediaFault, PictureFormat, PictureInfo, UnusableMedia

_SENT: Final = ("PNG", "JPEG", "WEBP")
_READ: Final = (*_SENT, "GIF", "BMP", "TIFF")
_LOSSLESS: Final = ("PNG", "GIF", "BMP", "TIFF")
_MAX_PIXELS: Final = 120_000_000
_QUALITIES: Final = (92, 85, 75)
_SMALLER: Final = 0.75
_MAX_METADATA_BYTES: Final = 64 << 20
_END_OF_JPEG: Final = b"\xff\xd9"

_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By the EXIF orientation; a phone held upright writes 6."""

_FORMAT_NAMES: Final = {"WEBP": "WebP"}
_QUARTER_TURNS: Final = (5, 6, 7, 8)
_TECHNICAL_TAGS: Final = frozenset(
    {
        *(ExifTags.Base.Orientation, ExifTags.Base.XResolution, ExifTags.Base.YResolution),
        *(ExifTags.Base.ResolutionUnit, ExifTags.Base.YCbCrPositioning, ExifTags.Base.ExifOffset),
    }
)
"""EXIF that tells nothing of people; with any other a picture is saved without it."""

_PNG_CHANNELS: Final = {2: 3, 4: 2, 6: 4}

_JPEG_SEGMENTS: Final = ("APP0", "APP14")
"""JFIF and Adobe's colour transform."""

# Sides are checked before decoding, and the process has a memory limit besides.
Image.MAX_IMAGE_PIXELS = None
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = _MAX_METADATA_BYTES


def inspect(data: bytes) -> tuple[PictureInfo, bytes]:
    """Return what is sent on for a picture, and its properties.

    Raises:
        UnusableMedia: it is no picture, damaged, or too large to be decoded.
    """
    file_format = identify(data)
    name = file_format and file_format.name
    if name == "HEIC":
        import pi_heif  # noqa: PLC0415 - slow to load, and rarely needed

        pi_heif.register_heif_opener()  # pyright: ignore[reportUnknownMemberType]
    try:
        return _inspect(data)
    except UnusableMedia as error:
        raise UnusableMedia(error.fault, name) from None
    except UnidentifiedImageError:
        is_other = file_format is None or file_format.content not in ("picture", "animation")
        fault = MediaFault.UNSUPPORTED_FORMAT if is_other else MediaFault.DAMAGED
        raise UnusableMedia(fault, name) from None
    except (OSError, SyntaxError, ValueError, zlib.error):
        raise UnusableMedia(MediaFault.DAMAGED, name) from None


def _inspect(data: bytes) -> tuple[PictureInfo, bytes]:
    readable = _make_readable(data)
    with _opened(readable) as image:
        kind, (width, height) = _kind(image), image.size
        if width * height > _MAX_PIXELS:
            raise UnusableMedia(MediaFault.TOO_MANY_PIXELS)
        orientation = _orientation(image)
        is_animated = kind != "JPEG" and bool(getattr(image, "is_animated", False))
        fits = max(width, height) <= MAX_IMAGE_SIDE and len(data) <= MAX_IMAGE_BYTES
        is_plain = readable is data and not is_animated and _is_plain(image)
        is_plain = is_plain and not has_other_parts(data, _FORMAT_NAMES.get(kind, kind))
        if is_plain and kind in _SENT and fits:
            _decode(image)
            if orientation in _QUARTER_TURNS:
                width, height = height, width
            info = PictureInfo(format=kind, width=width, height=height)
            return info, data
        return _convert(image, orientation, is_first_frame=is_animated)


def _opened(data: bytes) -> ImageFile.ImageFile:
    return Image.open(io.BytesIO(data), formats=_readers(data))


def _readers(data: bytes) -> tuple[str, ...]:
    """Return Pillow's readers; those of AVIF and HEIC are slow to load."""
    is_iso = data[4:8] == b"ftyp"
    return ("AVIF", "HEIF") if is_iso and "HEIF" in Image.OPEN else ("AVIF",) if is_iso else _READ


def _kind(image: Image.Image) -> str:
    # A phone's JPEG with a preview inside is a "multi-picture object" to Pillow.
    return "JPEG" if image.format == "MPO" else str(image.format)


def _decode(image: ImageFile.ImageFile) -> None:
    # A draft of a JPEG also reads the whole file, in a fraction of the time and memory.
    image.draft(image.mode, (1, 1))
    image.load()


def _make_readable(data: bytes) -> bytes:
    """Return the file itself where it reads without a fault, else one whose pixels are the same.

    Raises:
        UnusableMedia: pixels are missing.
    """
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with _opened(data) as image:
            if image.size[0] * image.size[1] <= _MAX_PIXELS:
                _decode(image)
    except (OSError, SyntaxError, ValueError):
        if data.startswith(_END_OF_JPEG[:1] + b"\xd8"):
            return _with_end(data)
        if not data.startswith(b"\x89PNG"):
            raise
        # With this Pillow looks over wrong checksums, of what does not change pixels only.
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        if not _has_all_rows(data):
            raise UnusableMedia(MediaFault.DAMAGED) from None
        return bytes(bytearray(data))
    return data


def _with_end(data: bytes) -> bytes:
    """Add the end to a JPEG that lacks nothing else.

    A decoder that has all pixels skips what follows; one that lacks some takes it for pixels.
    """
    data = data.rstrip(_END_OF_JPEG[:1])
    whole = data + _END_OF_JPEG
    probes = (whole, data + b"\x55\xaa" * 512 + _END_OF_JPEG)
    pixels = [_pixels(probe) for probe in probes]
    if pixels[0] != pixels[1]:
        raise UnusableMedia(MediaFault.DAMAGED)
    return whole


def _pixels(data: bytes) -> bytes:
    with _opened(data) as image:
        return hashlib.sha256(image.tobytes()).digest()


def _has_all_rows(data: bytes) -> bool:
    """Return whether the pixels of a PNG are whole: all rows, to the checksum at their end."""
    width, height, depth, color = struct.unpack_from(">IIBB", data, 16)
    bits = width * depth * _PNG_CHANNELS.get(color, 1)
    inflate, rows_bytes, at = zlib.decompressobj(), 0, 8
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4])
        if data[at + 4 : at + 8] == b"IDAT":
            rows_bytes += len(inflate.decompress(data[at + 8 : at + 8 + size]))
        at += size + 12
    return inflate.eof and rows_bytes >= height * (1 + (bits + 7) // 8)


def _orientation(image: Image.Image) -> int:
    """Read the orientation as browsers do: from EXIF, not from XMP; garbage counts as none."""
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif") or b"")
        value = exif.get(ExifTags.Base.Orientation, 1)
    except (SyntaxError, ValueError, struct.error, OSError, KeyError):
        return 1
    return value if value in _TURNS else 1


def _is_plain(image: ImageFile.ImageFile) -> bool:
    """Return whether a picture carries nothing but pixels and orientation."""
    info = image.info
    if image.format == "MPO" or not are_plain(image):
        return False
    if "xmp" in info or "comment" in info or getattr(image, "text", None):
        return False
    segments = {str(name) for name, _ in getattr(image, "applist", [])}
    if segments - {*_JPEG_SEGMENTS, "APP1"}:
        return False
    if "exif" not in info:
        return "APP1" not in segments
    exif = Image.Exif()
    try:
        exif.load(info["exif"])
        others = (exif.get_ifd(ifd) for ifd in (ExifTags.IFD.Exif, ExifTags.IFD.IFD1))
        return not set(exif) - _TECHNICAL_TAGS and not any(others)
    except (SyntaxError, ValueError, struct.error, OSError, KeyError):
        return False


def _convert(
    image: ImageFile.ImageFile, orientation: int, *, is_first_frame: bool
) -> tuple[PictureInfo, bytes]:
    """Save a picture upright, without metadata, as small as APIXO takes it."""
    kind = _kind(image)
    image.draft("RGB", (MAX_IMAGE_SIDE, MAX_IMAGE_SIDE))
    picture = to_srgb(image)
    if max(picture.size) > MAX_IMAGE_SIDE:
        picture.thumbnail((MAX_IMAGE_SIDE, MAX_IMAGE_SIDE), Image.Resampling.LANCZOS)
    if orientation in _TURNS:
        picture = picture.transpose(_TURNS[orientation])
    is_lossless = picture.mode == "RGBA" or kind in _LOSSLESS
    saved, format_, (width, height) = _saved(picture, is_lossless=is_lossless)
    info = PictureInfo(
        format=format_,
        width=width,
        height=height,
        is_converted=True,
        is_first_frame=is_first_frame,
    )
    return info, saved


def _saved(
    picture: Image.Image, *, is_lossless: bool
) -> tuple[bytes, PictureFormat, tuple[int, int]]:
    """Save a picture: lossless if it fits so, else in JPEG, else with fewer pixels."""
    while True:
        if is_lossless and len(png := _bytes(picture, "PNG")) <= MAX_IMAGE_BYTES:
            return png, "PNG", picture.size
        if picture.mode == "RGB":
            for quality in _QUALITIES:
                jpeg = _bytes(picture, "JPEG", quality=quality)
                if len(jpeg) <= MAX_IMAGE_BYTES:
                    return jpeg, "JPEG", picture.size
        width, height = (round(side * _SMALLER) for side in picture.size)
        picture = picture.copy()
        picture.thumbnail((width, height), Image.Resampling.LANCZOS)


def _bytes(picture: Image.Image, format_: PictureFormat, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, format_, **options)
    return out.getvalue()
