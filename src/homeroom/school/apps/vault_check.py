"""Whether stored secrets can be decrypted; for `homeroom doctor`."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from homeroom.school.apps.signing import SIGNING_KEY
from homeroom.school.ground.vault import CannotOpen, Vault
from homeroom.school.schema import AuthenticationProvider, DeveloperKey, SecondFactor, SystemFact


def count_sealed(db: Connection, vault: Vault) -> tuple[int, int]:
    """The number of encrypted secrets, and how many of them this vault cannot decrypt."""
    opened = [_opens(vault, sealed) for sealed in _sealed(db)]
    return len(opened), opened.count(False)


def _sealed(db: Connection) -> Iterator[str]:
    for column in (DeveloperKey.c.sealed_secret, AuthenticationProvider.c.sealed_secrets, SecondFactor.c.sealed_secret):
        yield from filter(None, db.execute(select(column)).scalars())
    yield from db.execute(select(SystemFact.c.value).where(SystemFact.c.name == SIGNING_KEY)).scalars()


def _opens(vault: Vault, sealed: str) -> bool:
    try:
        vault.open(sealed)
    except CannotOpen:
        return False
    return True
