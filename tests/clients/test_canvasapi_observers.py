"""canvasapi, unmodified and over a socket, with observers and pairing codes."""

from __future__ import annotations

import pytest
from canvasapi import Canvas
from canvasapi.exceptions import CanvasException, Forbidden, ResourceDoesNotExist, Unauthorized
from canvasapi.user import User
from tests.support.cast import PASSWORD
from tests.support.live import LiveServer


def me(live_server: LiveServer, who: str) -> User:
    return Canvas(live_server.url, live_server.token(who)).get_current_user()


@pytest.mark.spec("identity.md#9")
def test_an_admin_links_and_unlinks(live_server: LiveServer) -> None:
    admin = Canvas(live_server.url, live_server.token("admin"))
    observer, student = admin.get_user(live_server.id("outsider")), live_server.id("classmate")
    assert observer.add_observee(student).name == "Claude Mate"
    assert [user.name for user in observer.get_observees()] == ["Claude Mate"]
    assert observer.show_observee(student).id == student
    assert [user.name for user in admin.get_user(student).get_observers()] == ["Otto Outsider"]
    assert observer.remove_observee(student).id == student
    with pytest.raises(ResourceDoesNotExist):
        observer.show_observee(student)
    with pytest.raises(Forbidden):
        me(live_server, "outsider").add_observee(student)


@pytest.mark.spec("identity.md#9")
def test_a_parent_pairs_with_a_code(live_server: LiveServer) -> None:
    parent, student = me(live_server, "outsider"), me(live_server, "student")
    code = student.create_pairing_code()
    assert (code.user_id, code.workflow_state, len(code.code)) == (student.id, "active", 6)
    assert parent.add_observee_with_credentials(pairing_code=code.code).id == student.id
    courses = Canvas(live_server.url, live_server.token("outsider")).get_courses()
    assert [course.name for course in courses] == ["Biology"]
    with pytest.raises(CanvasException, match="Invalid pairing code"):
        parent.add_observee_with_credentials(pairing_code=code.code)
    Canvas(live_server.url, live_server.token("admin")).get_user(parent.id).remove_observee(student.id)


@pytest.mark.spec("identity.md#9")
def test_a_parent_pairs_with_the_students_credentials(live_server: LiveServer) -> None:
    parent = me(live_server, "outsider")
    login = {"unique_id": "classmate@school.test", "password": PASSWORD}
    with pytest.raises(Unauthorized):
        parent.add_observee_with_credentials(observee={**login, "password": "wrong"})
    assert parent.add_observee_with_credentials(observee=login).name == "Claude Mate"
