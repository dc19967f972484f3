"""Checks whether a text is an address for messages."""

import re

ADDRESS_LIMIT = 255
LOCAL_PART_LIMIT = 64

# RFC 5321 without its quoted local parts and address literals, which no provider hands out. An international
# domain comes in its `xn--` form: a mail server that speaks plain SMTP takes no other.
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL = re.compile(rf"(?P<local>{ATOM}(?:\.{ATOM})*)@(?:{LABEL}\.)+(?P<top>{LABEL})")

PHONE = re.compile(r"\+?[0-9 ().-]+")


def is_email(text: str) -> bool:
    """Whether this is one e-mail address and nothing else: no name, no line break, a domain with a dot."""
    if len(text) > ADDRESS_LIMIT:
        return False
    match = EMAIL.fullmatch(text)
    # A last label of digits only would be an IP address.
    return match is not None and len(match["local"]) <= LOCAL_PART_LIMIT and not match["top"].isdigit()


def is_phone(text: str) -> bool:
    """Whether this is a telephone number: 7 to 15 digits (E.164), `+` in front, usual separators between."""
    digits = sum(character.isdigit() for character in text)
    return len(text) <= ADDRESS_LIMIT and PHONE.fullmatch(text) is not None and 7 <= digits <= 15


def address_key(text: str) -> str:
    """The normal form of an address, for comparing and sorting."""
    return text.casefold()
