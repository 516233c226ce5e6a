"""Signatures of short texts, to distinguish our own URLs from forged ones.

One random secret is created at the first start and stored in the database; each purpose has its own
key derived from it, so a signature for one purpose is invalid for another. After a rotation the
secret before it is accepted for some time.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import key_value
from storage.key_value import KeyValueStore

_NOTE = "signing secret"
_EARLIER_NOTE = "earlier signing secret"


@dataclass(frozen=True, slots=True)
class SigningSecrets:
    """The secret that signs, and the one before it, accepted until a time in Unix milliseconds."""

    current: bytes
    earlier: bytes | None = None
    earlier_until_ms: int = 0


async def load_signing_secrets(notes: KeyValueStore) -> SigningSecrets:
    """Return the secrets of all processes of this database; the first process creates one."""
    current = bytes.fromhex(await notes.put_if_absent(_NOTE, secrets.token_hex(32)))
    until, _, earlier = (await notes.get(_EARLIER_NOTE) or "0:").partition(":")
    return SigningSecrets(current, bytes.fromhex(earlier) or None, int(until))


async def rotate_signing_secret(tx: AsyncConnection, keep_until_ms: int | None) -> None:
    """Make a new signing secret; the present one is accepted until then, or not at all for None."""
    present = await key_value.get(tx, _NOTE)
    await key_value.put(tx, _NOTE, secrets.token_hex(32))
    if present is None or keep_until_ms is None:
        await key_value.remove(tx, _EARLIER_NOTE)
    else:
        await key_value.put(tx, _EARLIER_NOTE, f"{keep_until_ms}:{present}")


class Signer:
    """Signs texts for one purpose with HMAC-SHA256; a signature has 43 URL-safe characters."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._key = _derive_key(secret, purpose)
        self._earlier_key: bytes | None = None
        self._earlier_until_ms = 0
        self._now_ms: Callable[[], int] = int

    @classmethod
    def of(cls, signing: SigningSecrets, purpose: str, now_ms: Callable[[], int]) -> "Signer":
        """Return what signs with the current secret, and accepts the earlier one for its time."""
        signer = cls(signing.current, purpose)
        if signing.earlier is not None:
            signer._earlier_key = _derive_key(signing.earlier, purpose)
            signer._earlier_until_ms = signing.earlier_until_ms
            signer._now_ms = now_ms
        return signer

    def sign(self, text: str) -> str:
        """Return the signature of a text."""
        return _sign(self._key, text)

    def verify(self, signature: str, text: str) -> bool:
        """Return whether a signature is that of a text, in constant time."""
        given = signature.encode(errors="replace")
        is_ours = hmac.compare_digest(given, self.sign(text).encode())
        if self._earlier_key is None:
            return is_ours
        was_ours = hmac.compare_digest(given, _sign(self._earlier_key, text).encode())
        return is_ours or (was_ours and self._now_ms() < self._earlier_until_ms)


def _derive_key(secret: bytes, purpose: str) -> bytes:
    return hmac.digest(secret, purpose.encode(), hashlib.sha256)


def _sign(key: bytes, text: str) -> str:
    # Invalid Unicode is signed too, so that verification takes the same time for any text.
    digest = hmac.digest(key, text.encode(errors="replace"), hashlib.sha256)
    return urlsafe_b64encode(digest).decode().rstrip("=")
