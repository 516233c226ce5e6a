"""Signatures of short texts, to distinguish our own URLs from forged ones.

One random secret is created at the first start and stored in the database; each purpose has its own
key derived from it, so a signature for one purpose is invalid for another.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode

from storage.key_value import KeyValueStore

_NOTE = "signing secret"


async def load_signing_secret(notes: KeyValueStore) -> bytes:
    """Return the signing secret of all processes of this database; the first one creates it."""
    return bytes.fromhex(await notes.put_if_absent(_NOTE, secrets.token_hex(32)))


class Signer:
    """Signs texts for one purpose with HMAC-SHA256; a signature has 43 URL-safe characters."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._key = hmac.digest(secret, purpose.encode(), hashlib.sha256)

    def sign(self, text: str) -> str:
        """Return the signature of a text."""
        # Invalid Unicode is signed too, so that verification takes the same time for any text.
        digest = hmac.digest(self._key, text.encode(errors="replace"), hashlib.sha256)
        return urlsafe_b64encode(digest).decode().rstrip("=")

    def verify(self, signature: str, text: str) -> bool:
        """Return whether a signature is that of a text, in constant time."""
        return hmac.compare_digest(signature.encode(errors="replace"), self.sign(text).encode())
