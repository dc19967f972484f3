"""Search finds exactly what a model of it finds, whatever the names are written with (users-core.md §2)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, update
from tests.conftest import School

from homeroom.school.people import directory
from homeroom.school.people.users import listing
from homeroom.school.people.users.listing import FEW
from homeroom.school.people.users.search import SHORTEST_TERM
from homeroom.school.schema import CommunicationChannel, Login, User

# Wildcards and quotes of LIKE and FTS5, letters whose case is peculiar, marks, and scripts without case.
LETTERS = st.sampled_from("aAbBxX%_\"*'\\^:(){}-+~ \nßẞſKİıiΣςσÉéÅåﬁ李王明ŽжЖДअािกข์אב𝒳𐐀𐐨👩‍🏫\u0301\u200d0123")
SHORT = st.text(LETTERS, min_size=1, max_size=8)
NAMES = st.lists(SHORT, min_size=6, max_size=6)
TERM = st.text(LETTERS, min_size=SHORTEST_TERM, max_size=4).filter(lambda term: len(term.strip()) >= SHORTEST_TERM)


def fold(text: str) -> str:
    return text.casefold()


def rename(db: Connection, names: dict[int, str], logins: dict[int, str]) -> None:
    for who, name in names.items():
        db.execute(update(User).where(User.c.id == who).values(name=name))
        db.execute(update(Login).where(Login.c.user_id == who).values(unique_id=logins[who], unique_id_key=str(who)))
    directory.refresh(db, names)


@pytest.mark.spec("users-core.md#2")
@pytest.mark.parametrize("few", [0, FEW])  # by walking the order's index, and by the search index first
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(names=["100% sure", "100_", 'the "boss"', "a*b", "back\\slash", "100x"], term="100%", cut=(0, 0))
@example(names=["ab_cd", "abxcd", "ABXCD", "ab", "cd", "_"], term="b_c", cut=(0, 0))
@example(names=["Straße", "STRASSE", "strasse", "straſſe", "x", "y"], term="ße", cut=(0, 0))
@given(names=NAMES, term=TERM, cut=st.tuples(st.integers(0, 5), st.integers(0, 6)))
def test_a_search_finds_what_the_model_finds(
    school: School, monkeypatch: pytest.MonkeyPatch, few: int, names: list[str], term: str, cut: tuple[int, int]
) -> None:
    monkeypatch.setattr(listing, "FEW", few)
    people = [school.id(who) for who in ("student", "classmate", "teacher", "ta", "designer", "outsider")]
    called = dict(zip(people, names, strict=True))
    # Logins read backwards, so that they are found by other terms than the names.
    logins = {who: f"login {name[::-1]}".replace("\n", "") for who, name in called.items()}
    school.write(lambda db: rename(db, called, logins))
    # A term made up, and one cut out of a name, which is sure to be there.
    piece = names[cut[0]][cut[1] :]
    everybody = {row.id: [text for text in row[1:] if text] for row in school.read(lambda db: db.execute(PEOPLE).all())}
    for wanted in (term, piece):
        wanted = wanted.strip()
        if len(wanted) < SHORTEST_TERM:
            continue
        by_id = {int(wanted)} if wanted.isascii() and wanted.isdigit() else set()
        for who, columns in (("admin", 4), ("narrow_admin", 1)):
            model = {
                id_
                for id_, texts in everybody.items()
                if any(fold(wanted) in fold(text) for text in texts[:columns]) or id_ in by_id
            }
            for query in ("per_page=100", "per_page=2", "per_page=100&sort=email"):
                found = school.as_(who).pages(f"/api/v1/accounts/1/users?{query}&search_term={quoted(wanted)}")
                ids = [person["id"] for person in found]
                assert len(ids) == len(set(ids))
                assert set(ids) & set(people) == model & set(people), (wanted, who, query)


PEOPLE = (
    select(User.c.id, User.c.name, Login.c.unique_id, Login.c.sis_user_id, CommunicationChannel.c.address)
    .join(Login, Login.c.user_id == User.c.id)
    .join(CommunicationChannel, CommunicationChannel.c.user_id == User.c.id)
)


def quoted(term: str) -> str:
    return "".join(f"%{byte:02x}" for byte in term.encode())
