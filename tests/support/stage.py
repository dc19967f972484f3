"""What a call needs before it can succeed, made through the API: a person, a course, an enrollment."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from tests.conftest import School
from tests.support.cast import PASSWORD
from tests.support.client import Reply

V1 = "/api/v1"


@dataclass
class Stage:
    """A school that several tests share. Each makes what it changes; everything made has a name of its own."""

    school: School
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def get(self, who: str, path: str) -> Reply:
        return self.school.as_(who).get(V1 + path)

    def post(self, who: str, path: str, form: dict[str, Any] | None = None) -> Reply:
        return self.school.as_(who).post(V1 + path, form)

    def put(self, who: str, path: str, form: dict[str, Any] | None = None) -> Reply:
        return self.school.as_(who).put(V1 + path, form)

    def delete(self, who: str, path: str, form: dict[str, Any] | None = None) -> Reply:
        return self.school.as_(who).delete(V1 + path, form)

    def id(self, who: str) -> int:
        return self.school.id(who)

    def new_name(self, kind: str) -> str:
        return f"{kind} {next(self.numbers)}"

    def made(self, path: str, form: dict[str, Any], who: str = "admin") -> int:
        """The id of what this creates."""
        reply = self.post(who, path, form)
        assert reply.status == 200, reply.text
        return int(reply.json["id"])

    def user(self) -> int:
        login = f"{self.new_name('person').replace(' ', '')}@stage.test"
        form = {"pseudonym": {"unique_id": login, "password": PASSWORD}, "user": {"skip_registration": True}}
        return self.made("/accounts/1/users", form)

    def course(self) -> int:
        form = {"course": {"name": self.new_name("Course")}, "offer": True}
        return self.made("/accounts/1/courses", form)

    def section(self) -> str:
        name = self.new_name("Section")
        return f"/sections/{self.made(f'/courses/{self.course()}/sections', {'course_section': {'name': name}})}"

    def enrollment(self, user: int, state: str = "active") -> str:
        """The path of a new enrollment of this person in a new course."""
        course = self.course()
        form = {"enrollment": {"user_id": user, "type": "StudentEnrollment", "enrollment_state": state}}
        return f"/courses/{course}/enrollments/{self.made(f'/courses/{course}/enrollments', form)}"

    def sub_account(self) -> str:
        form = {"account": {"name": self.new_name("Account")}}
        return f"/accounts/1/sub_accounts/{self.made('/accounts/1/sub_accounts', form)}"

    def role(self) -> str:
        return f"/accounts/1/roles/{self.made('/accounts/1/roles', {'label': self.new_name('Role')})}"

    def term(self) -> str:
        form = {"enrollment_term": {"name": self.new_name("Term")}}
        return f"/accounts/1/terms/{self.made('/accounts/1/terms', form)}"

    def login(self) -> int:
        """A second login of a new person."""
        form = {"user": {"id": self.user()}, "login": {"unique_id": self.new_name("login")}}
        return self.made("/accounts/1/logins", form)

    def provider(self) -> str:
        form = {"auth_type": "github", "client_id": self.new_name("app"), "client_secret": "hush"}
        return f"/accounts/1/authentication_providers/{self.made('/accounts/1/authentication_providers', form)}"

    def channel(self, who: str) -> str:
        """The path of a new channel of one of the cast."""
        path = f"/users/{self.id(who)}/communication_channels"
        address = f"{self.new_name('address').replace(' ', '')}@stage.test"
        form = {"communication_channel": {"address": address, "type": "email"}}
        return f"{path}/{self.made(path, form)}"

    def bookmark(self) -> str:
        form = {"name": self.new_name("Bookmark"), "url": "/courses/1"}
        return f"/users/self/bookmarks/{self.made('/users/self/bookmarks', form, 'teacher')}"

    def observee(self) -> str:
        """The path of a new student whom the observer observes."""
        path = f"/users/{self.id('observer')}/observees/{self.user()}"
        assert self.put("admin", path).status == 200
        return path
