"""Signs short texts, so that an address of ours that comes back can be told from a forged one.

One random secret is made at the first start and kept in the database; each purpose has a key of
its own that is derived from it, so a mark for one is worth nothing for another.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode

from storage.key_value import KeyValueStore

_NOTE = "signing secret"


async def load_signing_secret(notes: KeyValueStore) -> bytes:
    """Read the secret that every process of this database signs with; the first one makes it."""
    return bytes.fromhex(await notes.put_if_absent(_NOTE, secrets.token_hex(32)))


class Signer:
    """Marks texts for one purpose with HMAC-SHA256; a mark is 43 letters, digits, `-` and `_`."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._key = hmac.digest(secret, purpose.encode(), hashlib.sha256)

    def sign(self, text: str) -> str:
        """Make the mark of a text."""
        # What is no Unicode text has some mark too: checking it costs what checking any costs.
        digest = hmac.digest(self._key, text.encode(errors="replace"), hashlib.sha256)
        return urlsafe_b64encode(digest).decode().rstrip("=")

    def verify(self, signature: str, text: str) -> bool:
        """Tell in constant time whether a mark is that of a text."""
        return hmac.compare_digest(signature.encode(errors="replace"), self.sign(text).encode())
