"""Knows the signed addresses under which others fetch what we keep, until a moment.

`PUBLIC_URL/media/{mark}.{kind}.{until}.{name}`: the mark signs the rest, `until` is Unix
milliseconds, and the name comes last so that whoever looks at an address's end sees a file's.
"""

from dataclasses import dataclass
from enum import StrEnum

from workflow.urls.signing import Seal

PATH = "/media/"

_MAX_CHARS = 256


class Kind(StrEnum):
    """What a link leads to: a finished video, or a file that a member gave."""

    RESULT = "r"
    INPUT = "i"


@dataclass(frozen=True, slots=True)
class Link:
    """What a signed link says; `until_ms` may be past."""

    kind: Kind
    name: str
    until_ms: int


class SignedLinks:
    """Makes and reads links below `public_url`, marked with `seal`."""

    def __init__(self, public_url: str, seal: Seal) -> None:
        self._root = public_url.rstrip("/") + PATH
        self._seal = seal

    def address_of_input(self, name: str, until_ms: int) -> str:
        """Give an address of a kept input that is good until then, in Unix milliseconds."""
        return self._address(Kind.INPUT, name, until_ms)

    def address_of_result(self, name: str, until_ms: int) -> str:
        """Give an address of a finished video that is good until then, in Unix milliseconds."""
        return self._address(Kind.RESULT, name, until_ms)

    def read(self, signed: str) -> Link | None:
        """Read the last part of an address; None if it is none of ours."""
        mark, _, text = signed[:_MAX_CHARS].partition(".")
        if not self._seal.fits(mark, text) or len(signed) > _MAX_CHARS:
            return None
        kind, until_ms, name = text.split(".", 2)
        return Link(Kind(kind), name, int(until_ms))

    def _address(self, kind: Kind, name: str, until_ms: int) -> str:
        text = f"{kind}.{until_ms}.{name}"
        return f"{self._root}{self._seal.mark(text)}.{text}"
