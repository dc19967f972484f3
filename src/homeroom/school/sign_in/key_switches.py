"""Whether an account has a developer key switched on (identity.md §3)."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from homeroom.db.prepared import Prepared
from homeroom.school.rights.actor import Root
from homeroom.school.schema import DeveloperKey, DeveloperKeyBinding

_WORDS = Prepared(
    select(DeveloperKey.c.account_id, DeveloperKeyBinding.c.account_id.label("whose"), DeveloperKeyBinding.c.state)
    .join(DeveloperKeyBinding, DeveloperKeyBinding.c.developer_key_id == DeveloperKey.c.id)
    .where(DeveloperKey.c.id == bindparam("key_id"))
)


def is_switched_on(db: Connection, root: Root, key_id: int) -> bool:
    """Whether people of the root account may grant tokens to this key, and use them; one statement.

    The site admin's word counts for every account, unless it is ``allow``; then, and for a key of its own, the account
    decides. The key of tokens made by hand is always on, and not asked about here.
    """
    said = {row.whose: row for row in _WORDS.all(db, key_id=key_id)}
    site, own = said.get(root.site_admin_account_id), said.get(root.id)
    if site is not None and site.account_id is None and site.state != "allow":
        return bool(site.state == "on")
    return own is not None and own.state == "on"
