"""Avatars: their addresses, and the pictures a person can choose (users-core.md §12)."""

from __future__ import annotations

import hashlib
import hmac
from typing import Literal, NamedTuple
from urllib.parse import quote, urlsplit

from homeroom.school.people.users.queries import Person

NO_PIC = "/images/dotted_pic.png"
DEFAULT = "/images/messages/avatar-50.png"
# An unknown server could log who looks at whom, so only these hosts are allowed.
TRUSTED_HOSTS = frozenset(("secure.gravatar.com", "www.gravatar.com", "gravatar.com"))
LONGEST_URL = 2_048
STATES = frozenset(("none", "submitted", "approved", "locked", "reported", "re_reported"))

Kind = Literal["gravatar", "attachment", "no_pic"]


class Choice(NamedTuple):
    """A picture that a person can choose; ``token`` is sent to PUT /users/:id."""

    type: Kind
    url: str
    display_name: str
    token: str


class Avatar(NamedTuple):
    """A person's picture as it is stored."""

    source: str | None
    url: str | None
    state: str


def url_of(person: Person, base_url: str) -> str:
    """The absolute address of the person's picture; the silhouette when there is none."""
    match person.avatar_source:
        case "gravatar":
            return gravatar_url(person.email or "", base_url)
        case "external" | "attachment" if person.avatar_url:
            return person.avatar_url if "://" in person.avatar_url else base_url + person.avatar_url
    return base_url + DEFAULT


def gravatar_url(email: str, base_url: str) -> str:
    """Gravatar's address for this e-mail, with our silhouette as the default."""
    digest = hashlib.md5(email.strip().lower().encode(), usedforsecurity=False).hexdigest()
    return f"https://secure.gravatar.com/avatar/{digest}?s=128&d={quote(base_url + DEFAULT, safe='')}"


def is_trusted(url: str) -> bool:
    """Whether a picture at this address may be shown (users-core.md §6, ``user[avatar][url]``)."""
    # Not left to urlsplit, which removes line breaks first: the address is stored as it was given.
    if len(url) > LONGEST_URL or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.hostname in TRUSTED_HOSTS and "@" not in parts.netloc


def token_of(secret: str, user_id: int, kind: str, url: str) -> str:
    """The opaque proof that this choice was offered to this user."""
    text = f"avatar\n{user_id}\n{kind}\n{url}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def choices_of(person: Person, base_url: str, secret: str) -> list[Choice]:
    """The person's choices, in the order of the API. ``secret`` is the installation's secret key."""

    def choice(kind: Kind, url: str, display_name: str) -> Choice:
        return Choice(kind, url, display_name, token_of(secret, person.id, kind, url))

    return [
        choice("gravatar", gravatar_url(person.email or "", base_url), "gravatar pic"),
        choice("no_pic", base_url + NO_PIC, "no pic"),
    ]


def choice_with_token(choices: list[Choice], token: str) -> Choice | None:
    """The choice with this token; None if it was not offered to this person."""
    given = token.encode()
    return next((choice for choice in choices if hmac.compare_digest(choice.token.encode(), given)), None)


def changed(
    person: Person, choices: list[Choice], *, token: str | None, url: str | None, state: str | None, by_admin: bool
) -> Avatar:
    """The picture after these parameters (users-core.md §6, ``user[avatar]``); a token wins over an address. An invalid
    token changes nothing; an address that is not allowed clears the picture. Only admins can change a locked picture or
    set a state.
    """
    before = Avatar(person.avatar_source, person.avatar_url, person.avatar_state)
    if before.state == "locked" and not by_admin:
        return before
    after = _picked(before, choices, token, url)
    if after is not before and by_admin:
        after = after._replace(state="locked" if before.state == "locked" else "approved")
    if by_admin and state in STATES:
        after = after._replace(state=state)
    return after


def _picked(before: Avatar, choices: list[Choice], token: str | None, url: str | None) -> Avatar:
    if token:
        choice = choice_with_token(choices, token)
        if choice is None:
            return before
        # A gravatar's address depends on the e-mail and is not stored.
        kept = choice.url if choice.type == "attachment" else None
        return Avatar(choice.type, kept, "none" if choice.type == "no_pic" else "submitted")
    if url is None:
        return before
    return Avatar("external", url, "submitted") if is_trusted(url) else Avatar(None, None, "none")
