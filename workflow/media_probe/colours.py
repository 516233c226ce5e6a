"""Colours of pictures as sRGB in eight bits, whatever profile, ink or depth they came with."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
# Pillow's types of profiles, and of tables for pixels, are incomplete.

import io
from typing import Final

from PIL import Image, ImageCms

_MAX_PROFILE_BYTES: Final = 256 << 10
_SPACES: Final = {"RGB": "RGB", "RGBA": "RGB", "L": "GRAY", "CMYK": "CMYK"}
"""The colour space of a profile that fits a mode of Pillow's."""

_SENT: Final = ("RGB", "RGBA")
_HIGH_BYTES: Final = [value >> 8 for value in range(1 << 16)]
_TO_BE_CONVERTED: Final = ("CMYK", "LAB")


def are_plain(image: Image.Image) -> bool:
    """Return whether colours are those of a screen, and no profile comes with them."""
    return image.mode not in _TO_BE_CONVERTED and not image.info.get("icc_profile")


def to_srgb(image: Image.Image) -> Image.Image:
    """Return a picture as RGB, or RGBA if parts of it are transparent, without its metadata."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I;16"):
        picture, has_alpha = image.convert("I").point(_HIGH_BYTES, "L"), False
    else:
        has_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
        picture = _readable(image, has_alpha=has_alpha)
    if profile and len(profile) <= _MAX_PROFILE_BYTES:
        picture = _transformed(picture, profile)
    mode = "RGBA" if has_alpha else "RGB"
    picture = picture if picture.mode == mode else picture.convert(mode)
    picture.info = {}  # Pillow writes the comment and the profile, too, that it finds there
    return picture


def _readable(image: Image.Image, *, has_alpha: bool) -> Image.Image:
    """Return a picture in a mode that profiles are made for, where there is one."""
    if image.mode in _SPACES and not has_alpha:
        return image.copy()
    return image.convert("RGBA" if has_alpha else "RGB")


def _transformed(picture: Image.Image, profile: bytes) -> Image.Image:
    """Apply a profile; one that is broken, or of other colours, is ignored, as browsers do."""
    try:
        opened = ImageCms.getOpenProfile(io.BytesIO(profile))
        if _space(opened) != _SPACES[picture.mode]:
            return picture
        srgb = ImageCms.createProfile("sRGB")
        if picture.mode in _SENT:
            ImageCms.profileToProfile(picture, opened, srgb, inPlace=True)
            return picture
        return ImageCms.profileToProfile(picture, opened, srgb, outputMode="RGB") or picture
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture


def _space(profile: ImageCms.ImageCmsProfile) -> str:
    space: str = profile.profile.xcolor_space  # pyright: ignore[reportAttributeAccessIssue]
    return space.strip()
