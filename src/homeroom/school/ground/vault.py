"""Secrets that must be shown or used again, and so cannot be digests, are encrypted with the installation's secret. A
copy of a table without that secret reveals nothing. ``HOMEROOM_SECRET_KEY`` is used if it is set; secrets encrypted
with the database's own secret before that can still be read.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec.json import decode, encode
from sqlalchemy import Connection

from homeroom.school.ground.secret_key import given_secret_key, own_secret_key

_PURPOSE = b"homeroom: secrets at rest"


class CannotOpen(Exception):
    """The text was encrypted with another secret."""


class Vault:
    """Encrypts and decrypts texts. Its representation never shows a secret."""

    def __init__(self, *secrets: str) -> None:
        self._fernet = MultiFernet([_fernet(secret) for secret in secrets])

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text. Raises CannotOpen."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise CannotOpen(
                "A sealed secret does not open with HOMEROOM_SECRET_KEY or the database's secret."
            ) from None

    def seal_json(self, values: dict[str, str]) -> str:
        return self.seal(encode(values).decode())

    def open_json(self, sealed: str) -> dict[str, str]:
        """Raises CannotOpen."""
        return decode(self.open(sealed), type=dict[str, str])


def open_vault(db: Connection) -> Vault:
    """The vault of this installation. One statement."""
    given, own = given_secret_key(db), own_secret_key(db)
    return _vault(given, own) if given else _vault(own)


@lru_cache(maxsize=8)
def _vault(*secrets: str) -> Vault:
    return Vault(*secrets)


def _fernet(secret: str) -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode())
    return Fernet(urlsafe_b64encode(key))
