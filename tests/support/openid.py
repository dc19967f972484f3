"""An OpenID provider on this machine: it signs RS256 id tokens, wants PKCE and a secret, and takes a code once."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

from homeroom import clock
from tests.support.outside import Outside, outside

CLIENT_ID, CLIENT_SECRET = "homeroom-at-idp", "s3cret/+ &"


@cache
def signing_key(name: str = "idp-1") -> RSAKey:
    return RSAKey.generate_key(2_048, {"kid": name}, auto_kid=False)


@dataclass
class Idp:
    """``people``: code -> what was asked for and who said yes. ``changes`` are made to the id tokens it signs."""

    outside: Outside
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    signed_by: RSAKey = field(default_factory=signing_key)
    # Instead of a signed id token.
    id_token: str | None = None
    userinfo: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.outside.url

    @property
    def discovery_url(self) -> str:
        return f"{self.url}/.well-known/openid-configuration"

    def agree(self, authorize_url: str, **claims: Any) -> dict[str, str]:
        """Somebody signs in there, with these claims; the query that their browser brings back."""
        parts = urlsplit(authorize_url)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.url}/authorize"
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT_ID)
        assert (asked["code_challenge_method"], "openid" in asked["scope"].split()) == ("S256", True)
        code = f"code-{len(self.people)}"
        self.people[code] = {"asked": asked, "claims": {"sub": "u-1", **claims}}
        return {"code": code, "state": asked["state"], "iss": self.url}

    def sign(self, asked: dict[str, str], claims: dict[str, Any]) -> str:
        now = int(clock.real_now().timestamp())
        said = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": asked.get("nonce"), **claims}
        said = {name: value for name, value in {**said, **self.changes}.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": "idp-1"}, said, self.signed_by)

    def answer(self, form: dict[str, str], headers: Any) -> Any:
        """The token endpoint."""
        pair = f"{quote_plus(CLIENT_ID)}:{quote_plus(CLIENT_SECRET)}"
        assert headers["authorization"] == f"Basic {base64.b64encode(pair.encode()).decode()}"
        known = self.people.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if known is None or known["asked"]["code_challenge"] != challenge:
            return None
        assert form["redirect_uri"] == known["asked"]["redirect_uri"]
        token = self.id_token or self.sign(known["asked"], known["claims"])
        return {"access_token": "at-1", "token_type": "Bearer", "id_token": token}


@contextmanager
def idp() -> Iterator[Idp]:
    with outside() as server:
        provider = Idp(server)
        server.documents |= {
            "/.well-known/openid-configuration": {
                "issuer": server.url,
                "authorization_endpoint": f"{server.url}/authorize",
                "token_endpoint": f"{server.url}/token",
                "userinfo_endpoint": f"{server.url}/userinfo",
                "jwks_uri": f"{server.url}/jwks",
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            },
            "/jwks": {"keys": [signing_key().as_dict(private=False)]},
            "/token": provider.answer,
            "/userinfo": lambda _form, _headers: provider.userinfo,
        }
        yield provider


def with_query(url: str, query: dict[str, str]) -> str:
    return f"{url}?{urlencode(query)}"
