"""Encryption of interactions' tokens: each speaks for its member, for a quarter of an hour.

The key is made from the bot's token, which is not in the database.
"""

import base64
import os
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_INFO: Final = b"dailies: tokens of interactions"
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


class TokenCipher:
    """AES-GCM with a key derived from `secret`; each text is bound to the row that it lies in."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def encrypt(self, token: str, row: str) -> str:
        """Return a token as text for a row."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._aead.encrypt(nonce, token.encode(), row.encode())
        return base64.b64encode(nonce + sealed).decode()

    def decrypt(self, text: str, row: str) -> str | None:
        """Return the token in a row; None if it is another row's, or of another bot's token."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as below

        try:
            data = base64.b64decode(text, validate=True)
            nonce, sealed = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
            return self._aead.decrypt(nonce, sealed, row.encode()).decode()
        except (InvalidTag, ValueError):
            return None

    @cached_property
    def _aead(self) -> "AESGCM":
        # Many services never see a private answer, and it has an OpenSSL of its own.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

        key = HKDF(SHA256(), _KEY_BYTES, salt=None, info=_INFO).derive(self._secret)
        return AESGCM(key)
