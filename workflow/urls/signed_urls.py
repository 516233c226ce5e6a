"""Knows the signed addresses under which others fetch what we keep, until a moment.

`PUBLIC_URL/media/{mark}.{kind}.{until}.{name}`: the mark signs the rest, `until` is Unix
milliseconds, and the name comes last so that whoever looks at an address's end sees a file's.
"""

from dataclasses import dataclass
from enum import StrEnum

from workflow.urls.signing import Signer

MEDIA_PATH = "/media/"

_MAX_CHARS = 256


class MediaLinkKind(StrEnum):
    """What a link leads to: a finished video, or a file that a member gave."""

    RESULT = "r"
    INPUT = "i"


@dataclass(frozen=True, slots=True)
class MediaLink:
    """What a signed link says; `until_ms` may be past."""

    kind: MediaLinkKind
    name: str
    until_ms: int


class SignedUrls:
    """Makes and reads links below `public_url`, marked with `seal`."""

    def __init__(self, public_url: str, signer: Signer) -> None:
        self._root = public_url.rstrip("/") + MEDIA_PATH
        self._seal = signer

    def url_for_input(self, name: str, until_ms: int) -> str:
        """Give an address of a kept input that is good until then, in Unix milliseconds."""
        return self._address(MediaLinkKind.INPUT, name, until_ms)

    def url_for_result(self, name: str, until_ms: int) -> str:
        """Give an address of a finished video that is good until then, in Unix milliseconds."""
        return self._address(MediaLinkKind.RESULT, name, until_ms)

    def parse(self, signed: str) -> MediaLink | None:
        """Read the last part of an address; None if it is none of ours."""
        mark, _, text = signed[:_MAX_CHARS].partition(".")
        if not self._seal.verify(mark, text) or len(signed) > _MAX_CHARS:
            return None
        kind, until_ms, name = text.split(".", 2)
        return MediaLink(MediaLinkKind(kind), name, int(until_ms))

    def _address(self, kind: MediaLinkKind, name: str, until_ms: int) -> str:
        text = f"{kind}.{until_ms}.{name}"
        return f"{self._root}{self._seal.sign(text)}.{text}"
