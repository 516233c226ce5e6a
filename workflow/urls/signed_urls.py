"""Signed URLs of stored files, valid until a given time.

`PUBLIC_URL/media/{signature}.{kind}.{until}.{name}`: the signature covers the rest, `until` is Unix
milliseconds, and the name comes last so that the URL ends with the file's suffix.
"""

from dataclasses import dataclass
from enum import StrEnum

from workflow.urls.signing import Signer

MEDIA_PATH = "/media/"

_MAX_CHARS = 256


class MediaLinkKind(StrEnum):
    """The target of a link: a finished video, or an input file of a member."""

    RESULT = "r"
    INPUT = "i"


@dataclass(frozen=True, slots=True)
class MediaLink:
    """The content of a signed link; `until_ms` (Unix milliseconds) may be past."""

    kind: MediaLinkKind
    name: str
    until_ms: int


class SignedUrls:
    """Makes and parses signed links below `public_url`."""

    def __init__(self, public_url: str, signer: Signer) -> None:
        self._root = public_url.rstrip("/") + MEDIA_PATH
        self._signer = signer

    def url_for_input(self, name: str, until_ms: int) -> str:
        """Return the URL of a kept input, valid until `until_ms`, Unix milliseconds."""
        return self._url(MediaLinkKind.INPUT, name, until_ms)

    def url_for_result(self, name: str, until_ms: int) -> str:
        """Return the URL of a finished video, valid until `until_ms`, Unix milliseconds."""
        return self._url(MediaLinkKind.RESULT, name, until_ms)

    def parse(self, signed: str) -> MediaLink | None:
        """Parse the last part of a link; None if it is not ours."""
        signature, _, text = signed[:_MAX_CHARS].partition(".")
        if not self._signer.verify(signature, text) or len(signed) > _MAX_CHARS:
            return None
        kind, until_ms, name = text.split(".", 2)
        return MediaLink(MediaLinkKind(kind), name, int(until_ms))

    def _url(self, kind: MediaLinkKind, name: str, until_ms: int) -> str:
        text = f"{kind}.{until_ms}.{name}"
        return f"{self._root}{self._signer.sign(text)}.{text}"
