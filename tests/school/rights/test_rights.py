"""Roles, overrides and what comes of them (identity.md §10), without a database."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homeroom.school.rights.account_roles import AccountRole
from homeroom.school.rights.account_settings import AccountSettings
from homeroom.school.rights.actor import AccountRef, Actor, Root
from homeroom.school.rights.permissions import ADMIN, GROUPS, MEMBER, PERMISSIONS, STUDENT, TA, TEACHER
from homeroom.school.rights.role_overrides import Decision, Override, decide

SITE, ROOT, MIDDLE, LOW, LOWEST = 2, 1, 3, 4, 5
# From the lowest account up to the top.
CHAIN = (LOWEST, LOW, MIDDLE, ROOT, SITE)
ROLE = 7


def override(
    account: int, enabled: bool | None, *, here: bool = True, below: bool = True, lock: bool = False
) -> Override:
    return Override(account, ROLE, "read_roster", enabled, here, below, lock)


def actor(account: int, base: str, overrides: Sequence[Override]) -> Actor:
    root = Root(ROOT, "", "", SITE, AccountSettings())
    return Actor(root=root, id=9, real_id=9, roles=[AccountRole(account, ROLE, base, "Role")], overrides=overrides)


def account(id: int) -> AccountRef:
    """The site admin's account stands apart: it is in nobody's chain."""
    return AccountRef(id, tuple(a for a in CHAIN[CHAIN.index(id) :] if a != SITE or id == SITE))


def at(id: int, base: str, *said: Override) -> Decision:
    return decide(base, "read_roster", CHAIN[CHAIN.index(id) :], said)


OVERRIDES = st.builds(
    override, st.sampled_from(CHAIN), st.sampled_from([True, False, None]),
    here=st.booleans(), below=st.booleans(), lock=st.booleans(),
)  # fmt: skip


@pytest.mark.spec("identity.md#10")
@given(
    said=st.lists(OVERRIDES, max_size=6, unique_by=lambda said: said.account_id),
    holder=st.sampled_from(CHAIN),
    base=st.sampled_from([ADMIN, MEMBER]),
)
def test_what_is_shown_of_a_role_is_what_its_holder_may(said: list[Override], holder: int, base: str) -> None:
    person = actor(holder, base, said)
    shown = decide(base, "read_roster", CHAIN[CHAIN.index(holder) :], said)
    for asked in CHAIN:
        if CHAIN.index(asked) > CHAIN.index(holder):
            assert not person.holds("read_roster", account(asked)), "Rights never go up."
        else:
            assert person.holds("read_roster", account(asked)) == (shown.here if asked == holder else shown.below)


@given(said=st.lists(OVERRIDES, max_size=6, unique_by=lambda said: said.account_id))
def test_a_locked_word_is_the_last_one(said: list[Override]) -> None:
    decisions = {id: decide(MEMBER, "read_roster", CHAIN[CHAIN.index(id) :], said) for id in CHAIN}
    for place, id in enumerate(CHAIN):
        if decisions[id].readonly:
            above = decisions[CHAIN[place + 1]]
            assert decisions[id][:2] == (above.below, above.below)
            assert not decisions[id].explicit


def test_a_role_has_its_defaults_where_nothing_is_said() -> None:
    assert at(LOW, TEACHER)[:2] == (True, True)
    assert at(LOW, MEMBER)[:2] == (False, False)
    assert at(LOW, ADMIN)[:2] == (True, True)


def test_the_nearest_word_counts() -> None:
    said = override(ROOT, True), override(LOW, False)
    assert at(MIDDLE, MEMBER, *said).here
    assert not at(LOW, MEMBER, *said).here
    assert not at(LOWEST, MEMBER, *said).here
    assert at(LOW, MEMBER, *said).inherited


def test_a_word_for_the_account_alone_is_not_handed_down() -> None:
    said = override(ROOT, True, below=False)
    assert at(ROOT, TEACHER, said)[:2] == (True, False)
    assert not at(LOW, TEACHER, said).here


def test_a_word_for_sub_accounts_alone_holds_only_there() -> None:
    said = override(ROOT, True, here=False)
    assert at(ROOT, MEMBER, said)[:2] == (False, True)
    assert at(LOW, MEMBER, said)[:2] == (True, True)


def test_a_lock_alone_keeps_what_is_inherited() -> None:
    said = override(ROOT, None, lock=True), override(LOW, False)
    assert at(LOW, TEACHER, *said)[:2] == (True, True)
    assert at(LOW, TEACHER, *said).readonly
    assert at(ROOT, TEACHER, *said).locked
    assert not at(ROOT, TEACHER, *said).readonly


def test_an_account_below_cannot_shut_out_the_admins_above() -> None:
    person = actor(ROOT, ADMIN, [override(LOW, False, lock=True)])
    assert person.holds("read_roster", account(LOW))


def test_what_a_base_role_cannot_have_stays_off_whatever_is_said() -> None:
    said = Override(ROOT, ROLE, "manage_grades", True, True, True, False)
    assert decide(STUDENT, "manage_grades", (ROOT, SITE), [said])[:2] == (False, False)
    assert decide(TA, "manage_grades", (ROOT, SITE), [said])[:2] == (True, True)
    assert decide(TEACHER, "become_user", (ROOT, SITE), [said._replace(permission="become_user")]).readonly


def test_only_roles_of_the_site_admins_account_have_the_site_admin_right() -> None:
    said = [Override(ROOT, ROLE, "site_admin", True, True, True, False)]
    assert not actor(ROOT, ADMIN, said).holds("site_admin", account(ROOT))
    assert actor(SITE, ADMIN, ()).holds("site_admin", account(ROOT))


def test_an_unknown_permission_is_nobodys() -> None:
    assert not actor(SITE, ADMIN, ()).holds("fly", account(ROOT))


def test_groups_are_named() -> None:
    assert {permission.group for permission in PERMISSIONS.values()} - {""} == set(GROUPS)
