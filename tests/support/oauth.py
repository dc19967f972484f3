"""A client of the OAuth2 provider: its key, and a person's browser on the way through the pages."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.conftest import School
from tests.support.browser import Browser, sign_in, token_in
from tests.support.client import Reply

CALLBACK = "https://app.test/callback"
VERIFIER = "verifier-0123456789-0123456789-0123456789-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@dataclass
class App:
    """An application with a developer key that is switched on."""

    school: School
    key: dict[str, Any]
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.browser = Browser(self.school)

    @property
    def id(self) -> str:
        return str(self.key["id"])

    @property
    def secret(self) -> str:
        return str(self.key["api_key"])

    def ask(self, **values: Any) -> Reply:
        """Send the browser to the provider; parameters given as None are left out."""
        asked = {"client_id": self.id, "response_type": "code", "redirect_uri": CALLBACK, "state": "xyz", **values}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return self.browser.get(f"/login/oauth2/auth?{query}")

    def consent(self, who: str = "student", remember: bool = False, **values: Any) -> Reply:
        """Sign in if need be, ask, and say yes; the answer that leads back to the application."""
        if "homeroom_session" not in self.browser.cookies:
            assert sign_in(self.browser, who).status == 302
        assert self.ask(**values).headers["location"] == "/login/oauth2/confirm"
        page = self.browser.get("/login/oauth2/confirm")
        assert page.status == 200, page.text
        form = {"authenticity_token": token_in(page), **({"remember_access": "1"} if remember else {})}
        return self.browser.post("/login/oauth2/accept", form)

    def code(self, who: str = "student", **values: Any) -> str:
        return query_of(self.consent(who, **values))["code"]

    def token(self, **form: Any) -> Reply:
        """Call the token endpoint with the client's credentials."""
        credentials = {"client_id": self.id, "client_secret": self.secret}
        sent = {**credentials, **form}
        return self.school.as_("anonymous").post(
            "/login/oauth2/token", {name: value for name, value in sent.items() if value is not None}
        )

    def grant(self, who: str = "student", **values: Any) -> dict[str, Any]:
        """The whole way: the token endpoint's answer."""
        reply = self.token(grant_type="authorization_code", code=self.code(who, **values))
        assert reply.status == 200, reply.text
        answer: dict[str, Any] = reply.json
        return answer


def make_app(school: School, *, on: bool = True, **fields: Any) -> App:
    """A new key of the root account."""
    admin = school.as_("admin")
    values = {"name": "Lab Notebook", "redirect_uris": CALLBACK, **fields}
    key = admin.post("/api/v1/accounts/1/developer_keys", {"developer_key": values})
    assert key.status == 200, key.text
    if on:
        url = f"/api/v1/accounts/1/developer_keys/{key.json['id']}/developer_key_account_bindings"
        assert admin.post(url, {"developer_key_account_binding": {"workflow_state": "on"}}).status == 200
    return App(school, key.json)


def query_of(reply: Reply) -> dict[str, str]:
    """What an answer that redirects says in its address."""
    assert reply.status == 302, reply.text
    return {name: values[0] for name, values in parse_qs(urlsplit(reply.headers["location"]).query).items()}
